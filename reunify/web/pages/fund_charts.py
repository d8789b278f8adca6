"""A chart of months as one SVG: lying bars, so that a month and its amount can be read on a phone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reunify.reporting.forecast import Month
from reunify.web.pages.view import amount

LONGEST, STEP = 150, 22


@dataclass(frozen=True, slots=True)
class MonthBar:
    """Whole units of the drawing. `words` says what the bar shows."""

    y: int
    name: str
    spent: int
    estimated: int
    said: str
    words: str
    ends: str


@dataclass(frozen=True, slots=True)
class MonthChart:
    """`words`: every bar in a sentence, for whoever cannot see them."""

    bars: tuple[MonthBar, ...]
    height: int
    words: tuple[str, ...]


def month_chart(months: Sequence[Month], unit: str) -> MonthChart:
    """As long as the largest month allows; a month without anything has no bar."""
    most = max([1, *(m.total for m in months)])
    bars = []
    for number, month in enumerate(months):
        spent = max(0, month.spent) * LONGEST // most
        whole = month.total * LONGEST // most
        bars.append(
            MonthBar(
                y=number * STEP,
                name=f"{month.first:%b} {month.first.year}",
                spent=spent,
                estimated=whole - spent,
                said=_said(month, unit),
                words=_words(month, unit),
                ends=month.ends,
            )
        )
    return MonthChart(tuple(bars), len(bars) * STEP, tuple(bar.words for bar in bars))


def _said(month: Month, unit: str) -> str:
    return f"~{amount(month.total, unit)}" if month.estimated else amount(month.spent, unit)


def _words(month: Month, unit: str) -> str:
    """`Dec 2026: $1,200.00 spent, about $300.00 more at the pace; period ends`."""
    parts = []
    if month.spent or not month.estimated:
        parts.append(f"{amount(month.spent, unit)} spent")
    if month.estimated:
        parts.append(f"about {amount(month.estimated, unit)}{' more' if parts else ''} at the pace")
    ends = f"; {month.ends}" if month.ends else ""
    return f"{month.first:%b} {month.first.year}: {', '.join(parts)}{ends}"
