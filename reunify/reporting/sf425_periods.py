"""What one federal financial report is of: a quarter, or the whole award once it is paid out. Pure.

Quarters are reported while the award may still pay; the final report, through the last day to pay, is the
last of them and takes the place of the quarter that day lies in (2 CFR 200.344).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Protocol

from reunify.kernel.refusals import OutOfStep, Refused

_QUARTER = re.compile(r"(\d{4})-?Q([1-4])", re.IGNORECASE)
_FINAL = re.compile(r"final(?:-(\d{4}-\d{2}-\d{2}))?", re.IGNORECASE)
_REPORT_WITHIN = timedelta(days=30)  # GR-006: 30 April, 30 July, 30 October, 30 January
_LIQUIDATE_WITHIN = timedelta(days=120)  # 2 CFR 200.344, unless the award's own row says otherwise


class NotAQuarter(Refused):
    """What was typed names no reporting period."""


class BeforeTheAward(Refused):
    """The quarter ended before the award began."""


class TheFinalReportsIt(Refused):
    """That quarter is reported by the final report, or the final report is through another day now."""


class QuarterNotOver(OutOfStep):
    """A report is prepared when its reporting period is over."""


class Dates(Protocol):
    """What is read of an award: its period of performance, and the last day to pay."""

    @property
    def period_start(self) -> date: ...
    @property
    def period_end(self) -> date | None: ...
    @property
    def liquidation_date(self) -> date | None: ...


@dataclass(frozen=True, slots=True, order=True)
class Quarter:
    """A quarter of the calendar year."""

    year: int
    number: int

    @classmethod
    def parse(cls, written: str) -> Quarter:
        """Read `2026Q3`. Raises NotAQuarter."""
        found = _QUARTER.fullmatch(written.strip())
        if not found or not 1 <= int(found[1]) < 9999:
            raise NotAQuarter("Write a quarter like 2026Q3, or `final`.", field="/quarter")
        return cls(int(found[1]), int(found[2]))

    @classmethod
    def of(cls, day: date) -> Quarter:
        return cls(day.year, (day.month + 2) // 3)

    @property
    def start(self) -> date:
        return date(self.year, 3 * self.number - 2, 1)

    @property
    def end(self) -> date:
        return self.next.start - timedelta(days=1)

    @property
    def next(self) -> Quarter:
        return Quarter(self.year + self.number // 4, self.number % 4 + 1)

    @property
    def final(self) -> bool:
        return False

    @property
    def due(self) -> date:
        return self.end + _REPORT_WITHIN

    def __str__(self) -> str:
        return f"{self.year}Q{self.number}"


@dataclass(frozen=True, slots=True)
class FinalPeriod:
    """From the award's first day through the last day to pay, which is also the day the report is due."""

    start: date
    end: date

    @property
    def final(self) -> bool:
        return True

    @property
    def due(self) -> date:
        return self.end

    def __str__(self) -> str:
        return f"final-{self.end}"


ReportingPeriod = Quarter | FinalPeriod


def final_of(award: Dates) -> FinalPeriod | None:
    """None for an award without a last day."""
    if award.liquidation_date is not None:
        return FinalPeriod(award.period_start, award.liquidation_date)
    if award.period_end is not None:
        return FinalPeriod(award.period_start, award.period_end + _LIQUIDATE_WITHIN)
    return None


def parse(written: str, award: Dates) -> ReportingPeriod:
    """Read `2026Q3`, `final`, or `final-2026-12-29`, through another last day to pay. Raises NotAQuarter."""
    found = _FINAL.fullmatch(written.strip())
    last = final_of(award)
    if found is None or last is None:
        return Quarter.parse(written)
    if found[1] is None:
        return last
    try:
        return FinalPeriod(award.period_start, date.fromisoformat(found[1]))
    except ValueError:
        raise NotAQuarter("Write a quarter like 2026Q3, or `final`.", field="/quarter") from None


def choices(award: Dates, today: date) -> list[ReportingPeriod]:
    """Every report of this award, the newest first; the one that runs is among them.

    The final one is offered as soon as nothing new may be obligated.
    """
    last = final_of(award)
    running = Quarter.of(today)
    quarter = Quarter.of(award.period_start)
    found: list[ReportingPeriod] = []
    while (quarter <= running or not found) and (last is None or quarter.end < last.end):
        found.append(quarter)
        quarter = quarter.next
    over = award.period_end is not None and today > award.period_end
    if last is not None and (over or not found or running.end >= last.end):
        found.append(last)
    return found[::-1]


def check_reportable(period: ReportingPeriod, award: Dates) -> None:
    """Raises BeforeTheAward."""
    if period.end < award.period_start:
        raise BeforeTheAward(
            f"The award began on {award.period_start}: choose {Quarter.of(award.period_start)} or later.",
            field="/quarter",
        )


def check_reported_so(period: ReportingPeriod, award: Dates) -> None:
    """Raises TheFinalReportsIt."""
    last = final_of(award)
    if last is None or period == last or (not period.final and period.end < last.end):
        return
    raise TheFinalReportsIt(
        f"The last day to pay is {last.end}: what is reported last is the final report through that day. "
        "Choose `final`.",
        field="/quarter",
    )


def is_over(period: ReportingPeriod, today: date) -> bool:
    """A quarter on the day after it; the final period on its last day, when its report is due."""
    return today >= period.end if period.final else today > period.end


def may_prepare(period: ReportingPeriod, award: Dates, today: date, *, unliquidated: int) -> bool:
    """Once it is over. The final report also as soon as the award's period is over and all of it is paid:
    `unliquidated`, in cents, is line 10f."""
    ended = award.period_end is not None and today > award.period_end
    return is_over(period, today) or (period.final and ended and not unliquidated)


def check_over(period: ReportingPeriod, award: Dates, today: date, *, unliquidated: int) -> None:
    """Raises QuarterNotOver."""
    if may_prepare(period, award, today, unliquidated=unliquidated):
        return
    if period.final:
        raise QuarterNotOver(
            f"The final report is prepared on {period.end}, or as soon as the award's period is over and "
            "nothing is obligated any more (line 10f)."
        )
    raise QuarterNotOver(f"{period} ends on {period.end}: prepare its report on the day after or later.")
