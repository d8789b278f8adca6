"""Values a fact would have to take, written as one cell of the grammar."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from reunify.rates.fields import FactValue, Field
from reunify.rules.cells import Cell
from reunify.rules.cut_points import Stretch, ends, number, stretches
from reunify.rules.kleene import YES

_LISTED = 6  # values a `not in` may name before a range reads better


def wanted(field: Field, parts: Sequence[Stretch], cells: Sequence[Cell], now: FactValue) -> str:
    """A cell that holds for values of `parts` only; a rule's own cell where it says just that.

    Where one cell cannot say all of them (under 500 or over 1000), the ones nearer to `now` are told.
    """
    domain = stretches(field, cells)
    if (own := _own(parts, cells, domain)) is not None:
        return own
    inside = {part.low for part in parts}
    outside = [part for part in domain if part.low not in inside]
    if field.type == "yes_no":
        return "yes" if True in inside else "no"
    if field.type == "choice":
        return _choice([str(p.low) for p in domain if p.low in inside], [str(p.low) for p in outside])
    runs = list(_runs(sorted(parts, key=lambda part: number(part.low))))
    if len(runs) > 1 and len(outside) <= _LISTED and all(p.low == p.high for p in outside):
        return f"not in {', '.join(_written(field, number(p.low)) for p in outside)}"
    run = _nearest(runs, now)
    return _own(run, cells, domain) or _between(field, number(run[0].low), number(run[-1].high))


def _own(parts: Sequence[Stretch], cells: Sequence[Cell], domain: Sequence[Stretch]) -> str | None:
    low_ends = {part.low for part in parts}
    for cell in cells:
        if {part.low for part in domain if cell.holds(part.low) is YES} == low_ends:
            return cell.written
    return None


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


def _nearest(runs: list[list[Stretch]], now: FactValue) -> list[Stretch]:
    if now is None:
        return runs[0]
    here = number(now)
    return min(runs, key=lambda run: min(abs(number(run[0].low) - here), abs(number(run[-1].high) - here)))


def _runs(parts: Sequence[Stretch]) -> Iterator[list[Stretch]]:
    """Stretches that follow each other without a gap."""
    run: list[Stretch] = []
    for part in parts:
        if run and number(part.low) != number(run[-1].high) + 1:
            yield run
            run = []
        run.append(part)
    yield run
