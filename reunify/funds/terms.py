"""The dated terms of a source: how fast it is given out, and what a split that uses it must keep to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from sqlalchemy.orm import Session

from reunify.kernel.ids import FundId


class Release(StrEnum):
    """`FIRST_COME`: all of it at once. `PACED`: in equal tranches over the period, by need within each."""

    FIRST_COME = "first_come"
    PACED = "paced"


@dataclass(frozen=True, slots=True)
class Terms:
    """In force on a day; what no row says is the default.

    `minimum_slice` and `minimum_grant` in cents or units of the source: the least it gives to one line, and
    to one trip. `match_percent`: for every 100 it pays of a trip, so many must come from other sources.
    `soonest_first`: of equal splits, the one that uses what lapses first; never for a federal award unless a
    dated row says so (2 CFR 200.405(c)).
    """

    release: Release = Release.FIRST_COME
    tranches: int = 1
    soonest_first: bool = False
    minimum_slice: int = 0
    minimum_grant: int = 0
    match_percent: int = 0


DEFAULT = Terms()


def terms_of(session: Session, *, on: date) -> dict[FundId, Terms]:
    """The terms of every source that has rows in force that day; a source that is absent has DEFAULT."""
    return {}
