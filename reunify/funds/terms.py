"""The dated terms of a source: how fast it is given out, and what a split that uses it must keep to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.funds.policy import Release
from reunify.funds.records import FundTerms
from reunify.kernel.ids import FundId

__all__ = ["DEFAULT", "Release", "Terms", "terms_of"]


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
    t = FundTerms
    rows = session.scalars(sa.select(t).where(t.effective_from <= on).order_by(t.effective_from, t.number))
    return {FundId(row.fund_id): _as_terms(row) for row in rows}  # the last of each fund counts


def _as_terms(row: FundTerms) -> Terms:
    return Terms(
        release=Release(row.release),
        tranches=row.tranches,
        soonest_first=row.soonest_first,
        minimum_slice=row.minimum_slice,
        minimum_grant=row.minimum_grant,
        match_percent=row.match_percent,
    )
