"""A dictionary of five small facts, tables written cell by cell, and books around them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import product

from reunify.rates.fields import Dictionary, FactValue, load_dictionary
from reunify.rules import cells
from reunify.rules.kleene import YES, both, either, opposite
from reunify.rules.library import shipped
from reunify.rules.model import Requirement, Row, Rulebook, Table

Facts = dict[str, FactValue]
_FIELD = """
  {name}:
    type: {type}
    {more}
    label: {{en: {label}, es: {label} en otra lengua}}
    question: {{en: "What is it?", es: "¿Qué es?"}}
    pointer: /{name}
    sensitivity: open
    supplied_by: [family]
    family_can_fix: no
"""
_SHAPES = {
    "age": ("integer", "Age of the child", "range: 0..6"),
    "nights": ("integer", "Nights away", "range: 1..4"),
    "why": (
        "choice",
        "Purpose",
        "values: {home: {en: Home, es: Casa}, court: {en: Court, es: Corte}, visit: {en: Visit, es: Visita}}",
    ),
    "found": ("yes_no", "The child is found", "unit: none"),
    "income": ("money", "Income", "unit: US dollars a year"),
    "begins": ("date", "First day", "unit: day"),
}
SMALL = ("age", "nights", "why", "found")  # few enough values to try all


@lru_cache
def small() -> Dictionary:
    written = "fields:" + "".join(
        _FIELD.format(name=name, type=kind, label=label, more=more)
        for name, (kind, label, more) in _SHAPES.items()
    )
    return load_dictionary(written.encode())


def table(hit: str, heads: str, *rows: str) -> Table:
    """`heads`: facts; each row: its id and its cells, with ` | ` between."""
    fields = tuple(heads.split())
    made = []
    for row in rows:
        name, *written = [part.strip() for part in row.split("|")]
        parsed = tuple(cells.parse(w, small()[f]) for f, w in zip(fields, written, strict=True))
        made.append(Row(name, parsed, (), "1"))
    return Table("CAPS", "caps.csv", hit, fields, ("=> trip_cap",), tuple(made), ())


def requirement(number: int, form: str, *groups: dict[str, str], confidence: str = "HIGH") -> Requirement:
    parsed = tuple(
        tuple(cells.parse(written, small()[name]) for name, written in group.items()) for group in groups
    )
    return replace(
        a_book().requirements[0],
        id=f"TT-{number:02}",
        form=form,
        groups=parsed,
        confidence=confidence,
        owed_within=None,
    )


@lru_cache
def a_book() -> Rulebook:
    return next(b for versions in shipped().versions.values() for b in versions if b.held)


def book(*requirements: Requirement, tables: Sequence[Table] = ()) -> Rulebook:
    return replace(a_book(), requirements=requirements, tables=tuple(tables))


def every_facts(names: Sequence[str]) -> Iterator[Facts]:
    """Each combination of the values of these small facts."""
    domains: list[list[FactValue]] = []
    for name in names:
        field = small()[name]
        if field.type == "integer":
            domains.append(list(range(field.low or 0, (field.high or 0) + 1)))
        else:
            domains.append(list(field.values) if field.type == "choice" else [True, False])
    for values in product(*domains):
        yield dict(zip(names, values, strict=True))


def lawful(facts: Facts, requirements: Sequence[Requirement]) -> bool:
    """Whether no HIGH requirement refuses these facts, said as the rules say it."""
    for r in requirements:
        if r.confidence != "HIGH":
            continue
        truth = either(both(c.holds(facts[c.field]) for c in group) for group in r.groups)
        if (opposite(truth) if r.form == "deny_if" else truth) is not YES:
            return False
    return True


def hits(row: Row, facts: Facts) -> bool:
    return all(c.holds(facts[c.field]) is YES for c in row.cells)
