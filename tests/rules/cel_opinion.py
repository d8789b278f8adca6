"""A second opinion on a rulebook: its cells read again from their text, compiled to CEL, judged by CEL.

A fact nobody knows is a variable that is not there. CEL absorbs the error it raises: false && error is false,
true || error is true, in either order; what is left of it is unknown. This is strong Kleene logic again,
written by other people. Nothing here calls `cells`, `kleene`, `judging`, `tables` or `decide`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import product

import cel

from reunify.rates.fields import Dictionary, FactValue, Field
from reunify.rules.model import Requirement, Rulebook, Table

Facts = Mapping[str, FactValue]
_SIGNED = re.compile(r"(<=|>=|<|>|=) +(.+)")
_GAP, _OVERLAP = "no row", "two rows"
_ABSENT = "Undefined variable or function"


class Unreadable(AssertionError):
    """A cell in a form that this reading does not know."""


def compiled(expression: str) -> cel.Program:
    return cel.compile(expression)


def said_by(program: cel.Program, facts: cel.Context) -> bool | None:
    """True, False, or None where an absent fact decides. Any other error is a mistake and is raised."""
    try:
        found = program.execute(facts)
    except RuntimeError as absent:
        if _ABSENT not in str(absent):
            raise
        return None
    assert isinstance(found, bool)
    return found


def context(facts: Facts) -> cel.Context:
    known = {name: _value(value) for name, value in facts.items() if value is not None}
    return cel.Context(variables=known)


def _value(value: FactValue) -> str | int | bool:
    """Days as their text: `2026-01-31` sorts as it should."""
    return value.isoformat() if isinstance(value, date) else (value if value is not None else "")


def test_of(name: str, written: str, field: Field) -> str:
    """One cell as CEL."""
    text = " ".join(written.split())
    if text == "-":
        return "true"
    if text in ("yes", "no"):
        return f"{name} == {_literal(text, field)}"
    if text.startswith("not in "):
        return f"!({name} in {_list(text[7:], field)})"
    if text.startswith("in "):
        return f"{name} in {_list(text[3:], field)}"
    if found := _SIGNED.fullmatch(text):
        sign = "==" if found[1] == "=" else found[1]
        return f"{name} {sign} {_literal(found[2], field)}"
    low, dots, high = text.partition("..")
    if not dots:
        raise Unreadable(written)
    return f"({name} >= {_literal(low, field)} && {name} <= {_literal(high, field)})"


def _list(text: str, field: Field) -> str:
    return f"[{', '.join(_literal(part, field) for part in text.split(','))}]"


def _literal(text: str, field: Field) -> str:
    text = text.strip()
    match field.type:
        case "yes_no":
            return {"yes": "true", "no": "false"}[text]
        case "integer":
            return str(int(text))
        case "money":
            dollars, _, cents = text.replace("$", "").replace(",", "").partition(".")
            return str(int(dollars) * 100 + int(cents or 0))
        case _:
            assert re.fullmatch(r"[\w-]+", text)
            return f"'{text}'"


@dataclass(frozen=True, slots=True)
class RuleOpinion:
    """`whole`: the requirement. `groups`: each group with the facts of its cells, to see what is missing."""

    requirement: Requirement
    whole: cel.Program | None
    groups: tuple[tuple[cel.Program, tuple[str, ...]], ...]

    def truth(self, facts: cel.Context) -> bool | None:
        return said_by(self.whole, facts) if self.whole is not None else None


@dataclass(frozen=True, slots=True)
class TableOpinion:
    """A program for each row, and one for all rows at once, for facts that are all known."""

    table: Table
    rows: tuple[cel.Program, ...]
    together: cel.Program

    def matches(self, facts: cel.Context) -> tuple[bool | None, ...]:
        return tuple(said_by(row, facts) for row in self.rows)


class Opinion:
    """Everything CEL says of one book."""

    def __init__(self, book: Rulebook, dictionary: Dictionary) -> None:
        self.book, self._dictionary = book, dictionary
        self.rules = tuple(self._rule(r) for r in book.requirements)
        self.tables = tuple(self._table(t) for t in book.tables)
        self._seen: dict[tuple[str, tuple[FactValue, ...]], str] = {}

    def _all(self, cells: Sequence[tuple[str, str]]) -> str:
        tests = [test_of(name, written, self._dictionary[name]) for name, written in cells]
        return " && ".join(f"({test})" for test in tests) or "true"

    def _rule(self, requirement: Requirement) -> RuleOpinion:
        groups = [[(c.field, c.written) for c in group] for group in requirement.groups]
        written = [self._all(group) for group in groups]
        whole = " || ".join(f"({one})" for one in written)
        if requirement.form == "deny_if":
            whole = f"!({whole})"
        fields = [tuple(name for name, cell in group if cell != "-") for group in groups]
        parts = tuple((compiled(one), names) for one, names in zip(written, fields, strict=True))
        return RuleOpinion(requirement, compiled(whole) if groups else None, parts)

    def _table(self, table: Table) -> TableOpinion:
        rows = [
            self._all([(name, cell.written) for name, cell in zip(table.fields, row.cells, strict=True)])
            for row in table.rows
        ]
        return TableOpinion(table, tuple(compiled(row) for row in rows), compiled(f"[{', '.join(rows)}]"))

    def answer(self, facts: Facts) -> str:
        """The answer to facts without a recorded decision, from what CEL says."""
        known = context(facts)
        outcomes = {self._outcome(rule, facts, known) for rule in self.rules}
        outcomes |= {self._table_outcome(table, facts) for table in self.tables}
        elsewhere = self.book.kind == "elsewhere"
        if self.book.card_only:
            return "ask"
        for outcome, ours, theirs in (
            ("no", "ineligible", "unlikely"),
            ("unknown", "needs_information", "ask"),
            ("staff", "needs_staff_decision", "ask"),
        ):
            if outcome in outcomes:
                return theirs if elsewhere else ours
        return "worth_applying" if elsewhere else "eligible"

    def _outcome(self, rule: RuleOpinion, facts: Facts, known: cel.Context) -> str:
        requirement, truth = rule.requirement, rule.truth(known)
        if truth is True:
            return "yes"
        if requirement.form == "decide_by":
            return "no" if truth is False else "staff"
        if truth is False:
            return "no" if requirement.confidence == "HIGH" else "staff"
        missing = {
            name
            for group, names in rule.groups
            if said_by(group, known) is None
            for name in names
            if facts.get(name) is None
        }
        return "staff" if all(self._hopeless(name, facts) for name in missing) else "unknown"

    def _hopeless(self, name: str, facts: Facts) -> bool:
        """Worked out from facts that are all there, and there is still no value."""
        inputs = self._dictionary[name].computed_from
        return bool(inputs) and all(facts.get(i) is not None for i in inputs or ())

    def _table_outcome(self, opinion: TableOpinion, facts: Facts) -> str:
        table = opinion.table
        key = (table.id, tuple(facts.get(name) for name in table.fields))
        if key not in self._seen:
            self._seen[key] = self._settled(opinion, facts)
        found = self._seen[key]
        if found != "open":
            return found
        missing = self._deciding(opinion, facts)
        return "staff" if all(self._hopeless(name, facts) for name in missing) else "unknown"

    def _settled(self, opinion: TableOpinion, facts: Facts) -> str:
        results = set(self._completions(opinion, facts, free=None))
        return "open" if len(results) > 1 else ("staff" if results & {_GAP, _OVERLAP} else "yes")

    def _deciding(self, opinion: TableOpinion, facts: Facts) -> list[str]:
        """The missing facts of which two values, the others alike, give different caps."""
        missing = [name for name in opinion.table.fields if facts.get(name) is None]
        deciding = []
        for name in missing:
            others = [other for other in missing if other != name]
            for values in product(*(self._samples(opinion.table, other) for other in others)):
                fixed = {**facts, **dict(zip(others, values, strict=True))}
                if len(set(self._completions(opinion, fixed, free=name))) > 1:
                    deciding.append(name)
                    break
        return deciding

    def _completions(self, opinion: TableOpinion, facts: Facts, *, free: str | None) -> list[object]:
        """What the table gives for every value that the missing facts may take."""
        table = opinion.table
        missing = [name for name in table.fields if facts.get(name) is None]
        assert free is None or missing == [free]
        found = []
        for values in product(*(self._samples(table, name) for name in missing)):
            whole = {**{n: facts.get(n) for n in table.fields}, **dict(zip(missing, values, strict=True))}
            hits = opinion.together.execute(context(whole))
            found.append(self._given(table, [n for n, hit in enumerate(hits) if hit]))
        return found

    def _given(self, table: Table, rows: list[int]) -> object:
        if not rows:
            return _GAP
        if table.hit == "unique" and len(rows) > 1:
            return _OVERLAP
        caps: dict[tuple[str, str | None], int] = {}
        for n in rows[:1] if table.hit == "first" else rows:
            for cap in table.rows[n].gives:
                at = (cap.scope, cap.category)
                caps[at] = min(cap.at_most, caps.get(at, cap.at_most))
        return tuple(sorted(caps.items(), key=str))

    def _samples(self, table: Table, name: str) -> Sequence[FactValue]:
        """A value at, under and over each limit the column names."""
        field = self._dictionary[name]
        if field.type == "yes_no":
            return [True, False]
        if field.type == "choice":
            return list(field.values)
        column = table.fields.index(name)
        return around([want for row in table.rows for want in row.cells[column].wants], field)


def around(wants: Sequence[FactValue], field: Field) -> Sequence[FactValue]:
    """Each limit, one under and one over, within the range of the fact."""
    if field.type == "date":
        days = {w.toordinal() + step for w in wants if isinstance(w, date) for step in (-1, 0, 1)}
        return [date.fromordinal(day) for day in sorted(days or {date(2026, 1, 1).toordinal()})]
    low = 0 if field.low is None else field.low
    high = 10**12 if field.high is None else field.high
    numbers = {w + step for w in wants if isinstance(w, int) for step in (-1, 0, 1)} or {low}
    return sorted(n for n in numbers if low <= n <= high)
