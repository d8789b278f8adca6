"""One rulebook as one function that gives the answer and nothing else: for a replay over every past case.

The function is Python that this module writes once for each book. Its text is made of fixed words and of
numbered names (`v3`, `c7`); every value a person typed is an object bound to such a name, so no word of a
rule file is ever part of it. Equal to `determine(...).answer` for any facts; a property test compares.

Each requirement is asked in two ways, which is strong Kleene logic without a third value: `sure`, does it
hold with what is known, and `possible`, could it hold if what is unknown were known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reunify.rates.fields import Dictionary, FactValue
from reunify.rules.answers import Answer, Outcome
from reunify.rules.cells import Cell
from reunify.rules.judging import is_authority, judge_table, of_a_person, outcome_of
from reunify.rules.kleene import NO, UNKNOWN
from reunify.rules.model import Decision, Requirement, Rulebook, Table

Decisions = Mapping[str, Decision]
_NONE: Decisions = {}
_COMPARISONS = ("<=", ">=", "<", ">")


@dataclass(frozen=True, slots=True)
class Status:
    """The answer of one book. `fields`: the facts it reads, in the order `of_row` takes their values."""

    book: Rulebook
    fields: tuple[str, ...]
    by_name: Callable[[Callable[[str], FactValue], Decisions], Answer]
    by_place: Callable[[Sequence[FactValue], Decisions], Answer]
    dictionary: Dictionary

    def __call__(
        self, facts: Mapping[str, FactValue], decisions: Decisions | None = None, *, suspended: bool = False
    ) -> Answer:
        """As `determine(book, facts, dictionary, decisions, suspended=suspended).answer`."""
        if suspended or self.book.card_only:
            return self._of_a_person(facts, decisions or _NONE)
        return self.by_name(facts.get, decisions or _NONE)

    def of_row(
        self, row: Sequence[FactValue], decisions: Decisions | None = None, *, suspended: bool = False
    ) -> Answer:
        """The same from values in the order of `fields`, None where unknown."""
        if suspended or self.book.card_only:
            return self._of_a_person(dict(zip(self.fields, row, strict=True)), decisions or _NONE)
        return self.by_place(row, decisions or _NONE)

    def _of_a_person(self, facts: Mapping[str, FactValue], decisions: Decisions) -> Answer:
        judged = (facts, self.dictionary, decisions)
        authority = (outcome_of(r, *judged) for r in self.book.requirements if is_authority(r))
        tables = (judge_table(table, *judged).outcome for table in self.book.tables)
        return of_a_person(self.book, decisions, authority, tables)


def status(book: Rulebook, dictionary: Dictionary) -> Status:
    """Compile one book: some milliseconds, so keep what it gives."""
    writer = _Writer(book, dictionary)
    by_name, by_place = writer.functions()
    return Status(book, tuple(writer.fields), by_name, by_place, dictionary)


class _Writer:
    """Writes the text of the two functions and keeps the objects its numbered names stand for."""

    def __init__(self, book: Rulebook, dictionary: Dictionary) -> None:
        self._book = book
        self._dictionary = dictionary
        self._kept: dict[str, Any] = {}
        self.fields: dict[str, str] = {}  # fact -> the name of its value
        elsewhere = book.kind == "elsewhere"
        self._no = self._keep(Answer.UNLIKELY if elsewhere else Answer.INELIGIBLE)
        self._yes = self._keep(Answer.WORTH_APPLYING if elsewhere else Answer.ELIGIBLE)
        self._ask = self._keep(Answer.ASK if elsewhere else Answer.NEEDS_INFORMATION)
        self._staff = self._keep(Answer.ASK if elsewhere else Answer.NEEDS_STAFF_DECISION)
        self._owed = self._keep(Answer.WORTH_APPLYING if elsewhere else Answer.ELIGIBLE_PROVISIONAL)

    def functions(self) -> tuple[Any, Any]:
        named, placed = ["def by_name(get, decided):", " ask = staff = owed = False"], list[str]()
        parts: list[Requirement | Table] = [*self._book.requirements, *self._book.tables]
        for part in parts:
            before = len(self.fields)
            lines = list(self._table(part) if isinstance(part, Table) else self._requirement(part))
            # A value is fetched when the first part wants it: a no ends the function early.
            new = list(self.fields.items())[before:]
            named += [f" {value} = get({self._keep(field)})" for field, value in new] + lines
            placed += lines
        end = [
            f" if ask: return {self._ask}",
            f" if staff: return {self._staff}",
            f" return {self._owed} if owed else {self._yes}",
        ]
        row = f" ({', '.join(self.fields.values())},) = row" if self.fields else ""
        first = ["def by_place(row, decided):", " ask = staff = owed = False", row]
        exec("\n".join([*named, *end, *first, *placed, *end]), self._kept)  # noqa: S102 - see the module
        return self._kept["by_name"], self._kept["by_place"]

    def _keep(self, thing: Any) -> str:
        name = f"c{len(self._kept)}"
        self._kept[name] = thing
        return name

    def _value(self, field: str) -> str:
        return self.fields.setdefault(field, f"v{len(self.fields)}")

    def _requirement(self, rule: Requirement) -> Iterator[str]:
        """Nothing when it is met; otherwise what comes of a no and of an unknown."""
        if not rule.groups:
            yield from self._for_a_person(rule.id, " ")
            return
        sure, possible = (
            " or ".join(self._group(group, way) for group in rule.groups) for way in (_sure, _possible)
        )
        if rule.form == "deny_if":  # not sure is the opposite of possible, and the other way about
            yield f" if {possible}:"
            yield f"  if {sure}:"
        else:
            yield f" if not ({sure}):"
            yield f"  if not ({possible}):"
        yield from self._after_no(rule, "   ")
        yield "  else:"
        yield from self._after_unknown(rule, "   ")

    def _group(self, cells: tuple[Cell, ...], way: Callable[[str, Cell, Any], str]) -> str:
        """All of them; nothing to hold is true."""
        tests = [way(self._value(c.field), c, self._keep) for c in cells]
        return f"({' and '.join(tests) or 'True'})"

    def _after_no(self, rule: Requirement, at: str) -> Iterator[str]:
        if rule.form == "decide_by" or rule.confidence == "HIGH":
            yield f"{at}return {self._no}"
        else:
            yield from self._for_a_person(rule.id, at)

    def _after_unknown(self, rule: Requirement, at: str) -> Iterator[str]:
        if rule.form == "decide_by":
            yield f"{at}staff = True"
            return
        if any(self._dictionary[n].computed_from for n in rule.fields):
            yield f"{at}if {self._cannot_be_worked_out(rule)}:"
            yield from self._for_a_person(rule.id, at + " ")
            yield f"{at}else:"
            at += " "
        if rule.owed_within is None:
            yield f"{at}ask = True"
            return
        yield f"{at}d = decided.get({self._keep(rule.id)})"
        yield f"{at}if d is not None and d.decision == {self._keep('attested')}: owed = True"
        yield f"{at}else: ask = True"

    def _for_a_person(self, named: str, at: str) -> Iterator[str]:
        yield f"{at}d = decided.get({self._keep(named)})"
        yield f"{at}d = d and d.decision"
        yield f"{at}if d == {self._keep('not_met')}: return {self._no}"
        yield f"{at}if d != {self._keep('met')}: staff = True"

    def _cannot_be_worked_out(self, rule: Requirement) -> str:
        """A call that asks, of every fact that leaves a group unknown, whether its inputs are all there."""
        read = self._read(rule.fields)
        asks = self._keep(_cannot(rule, self._dictionary, read))
        return f"{asks}({', '.join(self._value(name) for name in read)})"

    def _read(self, fields: tuple[str, ...]) -> tuple[str, ...]:
        """These facts, and those they are computed from."""
        inputs = [n for field in fields for n in self._dictionary[field].computed_from or ()]
        return tuple(dict.fromkeys([*fields, *inputs]))

    def _table(self, table: Table) -> Iterator[str]:
        """Nothing while it gives its caps. With every fact known, rows are counted; else it is applied."""
        rows = " + ".join(self._group(row.cells, _test) for row in table.rows)
        known = " and ".join(f"{self._value(name)} is not None" for name in table.fields) or "True"
        yield f" if {known}:"
        yield f"  n = {rows}"
        yield "  if n != 1:" if table.hit == "unique" else "  if not n:"
        yield from self._for_a_person(table.id, "   ")
        yield " else:"
        read = self._read(table.fields)
        applied = self._keep(_applied(table, self._dictionary, read))
        yield f"  o = {applied}(decided, {', '.join(self._value(name) for name in read)})"
        yield f"  if o is {self._keep(Outcome.UNKNOWN)}: ask = True"
        yield f"  elif o is {self._keep(Outcome.NOT_MET)}: return {self._no}"
        yield f"  elif o is {self._keep(Outcome.NEEDS_STAFF)}: staff = True"


def _sure(value: str, cell: Cell, keep: Callable[[Any], str]) -> str:
    """Known to hold."""
    test = _test(value, cell, keep)
    return test if cell.written == "-" or _false_of_unknown(cell) else f"{value} is not None and {test}"


def _possible(value: str, cell: Cell, keep: Callable[[Any], str]) -> str:
    """Holds, or could once the value is known."""
    return "True" if cell.written == "-" else f"({value} is None or {_test(value, cell, keep)})"


def _test(value: str, cell: Cell, keep: Callable[[Any], str]) -> str:
    """The cell as one comparison with its typed literals, for a value that is known."""
    written, wants = cell.written, cell.wants
    if written == "-":
        return "True"
    if written.startswith(("not in ", "in ")):
        return f"{value} {'not in' if written[0] == 'n' else 'in'} {keep(frozenset(wants))}"
    sign = next((s for s in _COMPARISONS if written.startswith(s)), None)
    if sign is not None:
        return f"{value} {sign} {keep(wants[0])}"
    if len(wants) == 2:  # a..b
        return f"{keep(wants[0])} <= {value} <= {keep(wants[1])}"
    return f"{value} == {keep(wants[0])}"


def _false_of_unknown(cell: Cell) -> bool:
    """Whether the bare comparison is already False of None: that of `= v`, yes, no and `in a, b`."""
    one = len(cell.wants) == 1 and not cell.written.startswith((*_COMPARISONS, "not in "))
    return one or cell.written.startswith("in ")


def _applied(table: Table, dictionary: Dictionary, read: tuple[str, ...]) -> Callable[..., Outcome]:
    def applied(decided: Decisions, *values: FactValue) -> Outcome:
        return judge_table(table, dict(zip(read, values, strict=True)), dictionary, decided).outcome

    return applied


def _cannot(rule: Requirement, dictionary: Dictionary, read: tuple[str, ...]) -> Callable[..., bool]:
    place = {name: at for at, name in enumerate(read)}
    inputs = {f: [place[n] for n in dictionary[f].computed_from or ()] for f in rule.fields}
    groups = [[(c.field, place[c.field], c.holds) for c in group] for group in rule.groups]

    def cannot(*values: FactValue) -> bool:
        for group in groups:
            truths = [(field, holds(values[at])) for field, at, holds in group]
            if any(truth is NO for _, truth in truths):
                continue  # whatever is unknown in it changes nothing
            for field, truth in truths:
                if truth is UNKNOWN and not (
                    inputs[field] and all(values[at] is not None for at in inputs[field])
                ):
                    return False
        return True

    return cannot
