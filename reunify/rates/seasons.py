"""Parts of a year that come back every year, those over the new year included. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

MonthDay = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Season:
    """Both ends count. A season that begins after it ends runs over the new year: 10/01 to 03/31."""

    start: MonthDay
    end: MonthDay

    @classmethod
    def between(cls, start: date, end: date) -> Season:
        return cls((start.month, start.day), (end.month, end.day))

    def holds(self, day: date) -> bool:
        """29 February counts as the 28th where a season ends there: no night is left without a rate."""
        at = (day.month, day.day)
        if at == (2, 29) and self.end == (2, 28):
            at = (2, 28)
        if self.start <= self.end:
            return self.start <= at <= self.end
        return at >= self.start or at <= self.end

    def overlaps(self, other: Season) -> bool:
        return any(a <= d and c <= b for a, b in self._pieces() for c, d in other._pieces())

    def _pieces(self) -> list[tuple[MonthDay, MonthDay]]:
        if self.start <= self.end:
            return [(self.start, self.end)]
        return [(self.start, (12, 31)), ((1, 1), self.end)]


def same_day_in(day: date, year: int) -> date:
    """The same month and day in another fiscal year; 29 February becomes the 28th."""
    calendar = year - 1 if day.month >= 10 else year
    try:
        return day.replace(year=calendar)
    except ValueError:
        return day.replace(year=calendar, day=28)
