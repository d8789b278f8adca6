"""When a reservation nobody approved is given up: never unannounced, and never while something is open. Pure.

Whoever has the case is warned at least three working days before. The caller passes in what is open.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

from reunify.eligibility.asking_policy import working_days_after

WARNED_BEFORE: Final = 3  # working days
ANNOUNCED_AHEAD_DAYS: Final = 8  # three working days are a week at most; one more, so that none is missed


class Block(StrEnum):
    """What keeps a reservation, however old."""

    FUNDER = "a funder has not decided yet"
    CHANGE = "a change of the request is being looked at"
    BOOKING = "a booking is open"
    DEPARTURE = "the trip begins soon, or is not over"


class Step(StrEnum):
    KEEP = "keep"
    WARN = "warn"
    RUN_OUT = "run_out"


@dataclass(frozen=True, slots=True)
class Look:
    """What is to be done today. `on`: when it is given up, or would be; `because`: what keeps it."""

    step: Step
    on: date | None = None
    because: tuple[Block, ...] = ()


def travels(departs_on: date | None, arrives_on: date | None, *, today: date, days: int) -> bool:
    """From so many days before the first departure through the day of the last arrival."""
    if departs_on is None or arrives_on is None:
        return False
    return departs_on - timedelta(days=days) <= today <= arrives_on


def look(
    *, reserved_on: date, days: int, runs_out_on: date | None, blocks: Collection[Block], today: date
) -> Look:
    """`days`: how long a reservation waits for approval; `runs_out_on`: what was announced, if it was.

    While something is open nothing is announced, nor given up. An announcement counts through its day: what
    was kept past it is announced anew.
    """
    because = tuple(sorted(blocks))
    if runs_out_on is not None and today <= runs_out_on:
        step = Step.RUN_OUT if today == runs_out_on and not because else Step.KEEP
        return Look(step, runs_out_on, because)
    soonest = working_days_after(today, WARNED_BEFORE)
    end = reserved_on + timedelta(days=days)
    if soonest < end:
        return Look(Step.KEEP)
    on = max(end, soonest)
    return Look(Step.KEEP, on, because) if because else Look(Step.WARN, on)
