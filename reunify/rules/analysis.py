"""What can be known of a decision table without a single case: gaps, overlaps, rows that never count. Exact.

Every field's domain is cut at each boundary a cell names. Within a piece no cell can tell two values apart,
so one value stands for all of them, and pieces no cell tells apart are one. The grid of these classes is
searched whole. Facts that the requirements refuse are left out; an unknown fact is not a gap but a question.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from math import prod

import numpy as np
import numpy.typing as npt

from reunify.rates.fields import Dictionary, FactValue, Field
from reunify.rules.cells import Cell
from reunify.rules.cut_points import stretches
from reunify.rules.kleene import YES
from reunify.rules.model import Requirement, Row, Rulebook, Table

LARGEST_GRID = 20_000_000
_MOST_GAPS = 3

Mask = npt.NDArray[np.bool_]
Facts = dict[str, FactValue]


@dataclass(frozen=True, slots=True)
class Overlap:
    """Two rows of a unique table that match the same facts."""

    rows: tuple[str, str]
    example: Facts


@dataclass(frozen=True, slots=True)
class TableFindings:
    """`gaps`: one example each, without the facts that do not matter. `never`: rows whose cells cannot all
    hold. `refused`: rows that only match what the requirements refuse. `shadowed`: rows of a first table that
    earlier rows always win from. `too_many`: the number of combinations when it is over LARGEST_GRID; gaps
    and shadowed rows were then not looked for.
    """

    table: str
    gaps: tuple[Facts, ...] = ()
    overlaps: tuple[Overlap, ...] = ()
    never: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    shadowed: tuple[str, ...] = ()
    too_many: int | None = None


@dataclass(frozen=True, slots=True)
class Axis:
    """One fact: a value for each class, and for each cell the classes where it holds."""

    field: str
    values: tuple[FactValue, ...]
    holds: Mapping[str, Mask]

    def where(self, cells: Iterable[Cell]) -> Mask:
        masks = [self.holds[c.written] for c in cells if c.field == self.field]
        return reduce(np.logical_and, masks, np.ones(len(self.values), bool))


@dataclass(frozen=True, slots=True)
class Part:
    """Facts that some requirements bind together, and which combinations of their classes they let pass.

    None in `allowed`: too many combinations to look at, so all are let pass.
    """

    fields: tuple[str, ...]
    requirements: tuple[str, ...]
    allowed: Mask | None


class Space:
    """The classes of every fact that a table and the binding requirements use."""

    def __init__(self, book: Rulebook, rows: Sequence[Row], dictionary: Dictionary) -> None:
        self._binding = tuple(r for r in book.requirements if _binds(r))
        cells: dict[str, dict[str, Cell]] = {}
        for cell in _cells(rows, self._binding):
            cells.setdefault(cell.field, {})[cell.written] = cell
        self.axes = {name: _axis(dictionary[name], tuple(found.values())) for name, found in cells.items()}
        self.parts = tuple(self._part(group) for group in _components(self._binding))

    def size(self, fields: Iterable[str]) -> int:
        return prod(len(self.axes[name].values) for name in fields)

    def spread(self, mask: Mask, field: str, fields: Sequence[str]) -> Mask:
        """A vector of one fact laid along its own direction of the grid over `fields`."""
        return mask.reshape([-1 if name == field else 1 for name in fields])

    def box(self, cells: Sequence[Cell], fields: Sequence[str]) -> Mask:
        """Where all cells on these facts hold, as a grid that broadcasts over `fields`."""
        box: Mask = np.ones([1] * len(fields), bool)
        for name in fields:
            where = self.axes[name].where(cells)
            if not where.all():
                box = box & self.spread(where, name, fields)
        return box

    def allowed(self, fields: Sequence[str]) -> Mask:
        """What the requirements let pass, over `fields`; facts beyond them may be anything that fits."""
        grid: Mask = np.ones([1] * len(fields), bool)
        for part in self.parts:
            if part.allowed is None:
                continue
            beyond = tuple(n for n, name in enumerate(part.fields) if name not in fields)
            kept = [name for name in part.fields if name in fields]
            mask = np.asarray(part.allowed.any(axis=beyond))
            order = sorted(range(len(kept)), key=lambda n: fields.index(kept[n]))
            shape = [len(self.axes[name].values) if name in kept else 1 for name in fields]
            grid = grid & mask.transpose(order).reshape(shape)
        return grid

    def witness(self, cells: Sequence[Cell], *, lawful: bool = True) -> Facts | None:
        """Facts where every cell holds and, if `lawful`, every requirement too; None when there are none."""
        facts: Facts = {}
        for name in dict.fromkeys(c.field for c in cells):
            where = self.axes[name].where(cells)
            if not where.any():
                return None
            facts[name] = self.axes[name].values[int(where.argmax())]
        for part in self.parts if lawful else ():
            if part.allowed is None:
                continue
            grid = part.allowed & self.box(cells, part.fields)
            if not grid.any():
                return None
            at = np.unravel_index(int(grid.argmax()), grid.shape)
            for name, n in zip(part.fields, at, strict=True):
                if name in facts:
                    facts[name] = self.axes[name].values[int(n)]
        return facts

    def _part(self, group: tuple[Requirement, ...]) -> Part:
        fields = tuple(dict.fromkeys(name for r in group for name in r.fields))
        names = tuple(r.id for r in group)
        if self.size(fields) > LARGEST_GRID:
            return Part(fields, names, None)
        allowed: Mask = np.ones([len(self.axes[name].values) for name in fields], bool)
        for requirement in group:
            boxes = [self.box(cells, fields) for cells in requirement.groups]
            met = reduce(np.logical_or, boxes)
            allowed &= ~met if requirement.form == "deny_if" else met
        return Part(fields, names, allowed)


def analyse(table: Table, book: Rulebook, dictionary: Dictionary) -> TableFindings:
    """Everything that is wrong with one table. Pure."""
    space = Space(book, table.rows, dictionary)
    never = tuple(r.id for r in table.rows if space.witness(r.cells, lawful=False) is None)
    refused = tuple(r.id for r in table.rows if r.id not in never and space.witness(r.cells) is None)
    overlaps = tuple(_overlaps(table, space)) if table.hit == "unique" else ()
    fields = [name for name in table.fields if name in space.axes and len(space.axes[name].values) > 1]
    fields = [name for name in fields if not all(space.axes[name].where(r.cells).all() for r in table.rows)]
    size = space.size(fields)
    unlooked = any(part.allowed is None and set(part.fields) & set(table.fields) for part in space.parts)
    if size > LARGEST_GRID or unlooked:
        size = max([size, *(space.size(part.fields) for part in space.parts)])
        return TableFindings(table.id, (), overlaps, never, refused, (), size)
    left = np.broadcast_to(space.allowed(fields), [len(space.axes[n].values) for n in fields]).copy()
    shadowed = []
    for row in table.rows:
        box = space.box(row.cells, fields)
        if table.hit == "first" and row.id not in (*never, *refused) and not (left & box).any():
            shadowed.append(row.id)
        left &= ~box if _can_hold(row, space) else True
    gaps = tuple(_gaps(left, fields, space))
    return TableFindings(table.id, gaps, overlaps, never, refused, tuple(shadowed))


def contradictions(book: Rulebook, dictionary: Dictionary) -> tuple[tuple[str, ...], ...]:
    """Requirements that no facts can meet together, by id: a source that can never say yes."""
    parts = Space(book, (), dictionary).parts
    return tuple(p.requirements for p in parts if p.allowed is not None and not p.allowed.any())


def _overlaps(table: Table, space: Space) -> Iterator[Overlap]:
    for n, first in enumerate(table.rows):
        for second in table.rows[n + 1 :]:
            example = space.witness((*first.cells, *second.cells))
            if example is not None:
                yield Overlap((first.id, second.id), example)


def _gaps(left: Mask, fields: Sequence[str], space: Space) -> Iterator[Facts]:
    """The first uncovered combination, widened over each fact while it stays uncovered; then the next."""
    for _ in range(_MOST_GAPS):
        if not left.any():
            return
        at = np.unravel_index(int(left.argmax()), left.shape)
        wide = [np.array([int(n)]) for n in at]
        for n in range(len(fields)):
            around = left[np.ix_(*wide[:n], np.arange(left.shape[n]), *wide[n + 1 :])]
            others = tuple(k for k in range(len(fields)) if k != n)
            wide[n] = np.flatnonzero(around.all(axis=others))
        yield {
            name: space.axes[name].values[int(at[n])]
            for n, name in enumerate(fields)
            if len(wide[n]) < left.shape[n]
        }
        left[np.ix_(*wide)] = False


def _can_hold(row: Row, space: Space) -> bool:
    """A row with a cell that holds for no value covers nothing, also where its fact is not in the grid."""
    return all(space.axes[cell.field].where([cell]).any() for cell in row.cells)


def _binds(requirement: Requirement) -> bool:
    """Whether a fact set that fails it never gets as far as a table: a HIGH rule refuses, a recorded staff
    decision too; a MEDIUM rule may still be decided as met."""
    if not requirement.groups:
        return False
    return requirement.confidence == "HIGH" or requirement.form == "decide_by"


def _cells(rows: Sequence[Row], requirements: Sequence[Requirement]) -> Iterator[Cell]:
    for row in rows:
        yield from row.cells
    for requirement in requirements:
        for group in requirement.groups:
            yield from group


def _components(requirements: Sequence[Requirement]) -> Iterator[tuple[Requirement, ...]]:
    """Requirements that share a fact, directly or through others, stand together."""
    groups: list[tuple[set[str], list[Requirement]]] = []
    for requirement in requirements:
        fields, together = set(requirement.fields), [requirement]
        for group in [g for g in groups if g[0] & fields]:
            fields |= group[0]
            together = [*group[1], *together]
            groups.remove(group)
        groups.append((fields, together))
    for _, together in groups:
        yield tuple(together)


def _axis(field: Field, cells: Sequence[Cell]) -> Axis:
    classes: dict[tuple[bool, ...], FactValue] = {}
    for value in _representatives(field, cells):
        classes.setdefault(tuple(cell.holds(value) is YES for cell in cells), value)
    columns = np.array(list(classes), bool).reshape(len(classes), len(cells))
    holds = {cell.written: columns[:, n] for n, cell in enumerate(cells)}
    return Axis(field.name, tuple(classes.values()), holds)


def _representatives(field: Field, cells: Sequence[Cell]) -> Iterator[FactValue]:
    """One value of every stretch, next to a limit rather than at the far end of the domain."""
    listed = stretches(field, cells)
    for n, part in enumerate(listed):
        yield part.high if n == 0 and len(listed) > 1 else part.low
