"""Values a fact would have to take, written as one cell of the grammar."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from reunify.rates.fields import FactValue, Field
from reunify.rules.cells import Cell
from reunify.rules.cut_points import Stretch, ends, number, stretches
from reunify.rules.kleene import YES

_LISTED = 6  # values a `not in` may name before a range reads better

Said = tuple[tuple[str, int, int], ...]  # cells, each with the least and greatest number it is about


@dataclass(frozen=True, slots=True)
class Sayable:
    """One fact of a book: its domain, cut by the book's cells, and what each of those cells says of it: as
    written, and the stretches where it holds, by their low ends."""

    field: Field
    domain: tuple[Stretch, ...]
    said: tuple[tuple[str, frozenset[FactValue]], ...]

    def own(self, parts: Sequence[Stretch]) -> str | None:
        """A rule's own cell that says just these stretches."""
        lows = {part.low for part in parts}
        return next((written for written, holds in self.said if holds == lows), None)


def sayable(field: Field, cells: Sequence[Cell]) -> Sayable:
    domain = stretches(field, cells)
    said = [(c.written, frozenset(part.low for part in domain if c.holds(part.low) is YES)) for c in cells]
    return Sayable(field, domain, tuple(said))


def wanted(fact: Sayable, parts: Sequence[Stretch]) -> Said:
    """A cell that holds for values of `parts` only; a rule's own cell where it says just that.

    Where one cell cannot say all of them (under 500 or over 1000), one for each run of them.
    """
    field, domain = fact.field, fact.domain
    if (own := fact.own(parts)) is not None:
        return ((own, 0, 0),)
    inside = {part.low for part in parts}
    outside = [part for part in domain if part.low not in inside]
    if field.type == "yes_no":
        return (("yes" if True in inside else "no", 0, 0),)
    if field.type == "choice":
        return (
            (_choice([str(p.low) for p in domain if p.low in inside], [str(p.low) for p in outside]), 0, 0),
        )
    runs = list(_runs(sorted(parts, key=lambda part: number(part.low))))
    if len(runs) > 1 and len(outside) <= _LISTED and all(p.low == p.high for p in outside):
        return ((f"not in {', '.join(_written(field, number(p.low)) for p in outside)}", 0, 0),)
    limits = [(run, number(run[0].low), number(run[-1].high)) for run in runs]
    return tuple([(fact.own(run) or _between(field, low, high), low, high) for run, low, high in limits])


def nearest(said: Said, now: FactValue) -> str:
    """Of several runs the one nearer to what the fact is now; the lowest where that is not known."""
    if now is None or len(said) == 1:
        return said[0][0]
    here = number(now)
    return min(said, key=lambda one: min(abs(one[1] - here), abs(one[2] - here)))[0]


def _choice(inside: list[str], outside: list[str]) -> str:
    if len(inside) == 1:
        return f"= {inside[0]}"
    if len(outside) < len(inside):
        return f"not in {', '.join(outside)}" if outside else "-"
    return f"in {', '.join(inside)}"


def _between(field: Field, low: int, high: int) -> str:
    least, greatest = ends(field)
    if low == high:
        return f"= {_written(field, low)}"
    if low > least and high < greatest:
        return f"{_written(field, low)}..{_written(field, high)}"
    if low > least:
        return f">= {_written(field, low)}"
    return f"<= {_written(field, high)}" if high < greatest else "-"


def _written(field: Field, value: int) -> str:
    if field.type == "money":
        return f"{value // 100}.{value % 100:02d}"
    return date.fromordinal(value).isoformat() if field.type == "date" else str(value)


def _runs(parts: Sequence[Stretch]) -> Iterator[list[Stretch]]:
    """Stretches that follow each other without a gap."""
    run: list[Stretch] = []
    for part in parts:
        if run and number(part.low) != number(run[-1].high) + 1:
            yield run
            run = []
        run.append(part)
    yield run
