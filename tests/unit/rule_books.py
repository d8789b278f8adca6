"""A small dictionary; books, facts and decisions at random; every value of a fact listed by hand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cache

from hypothesis import strategies as st

from reunify.rates.fields import Dictionary, FactValue, load_dictionary
from reunify.rules.model import Decision, Rulebook
from tests.unit.rule_texts import book, decided, requirement

# Every value, or, where there are too many, one on each side of every limit a cell below names.
DOMAINS: dict[str, tuple[FactValue, ...]] = {
    "age": tuple(range(7)),
    "size": tuple(range(4)),
    "held": (False, True),
    "report": (False, True),
    "kind": ("lost", "taken", "runaway"),
    "income": (0, 9_999, 10_000, 10_001, 19_999, 20_000, 20_001),
    "travel_start": tuple(date(2026, 3, d) for d in (1, 9, 10, 11, 19, 20, 21)),
    "return_authority_decision": ("safe_and_lawful", "not_safe_or_lawful"),
}
_CELLS = {
    "age": ("= 3", "< 2", "<= 4", "> 1", ">= 3", "2..4", "in 1, 5", "not in 0, 6", "<= 6", "-"),
    "size": ("= 0", "< 2", ">= 2", "1..2", "not in 1, 3"),
    "held": ("yes", "no"),
    "report": ("yes", "no", "= yes"),
    "kind": ("= lost", "in lost, taken", "not in lost", "not in lost, taken"),
    "income": ("<= 100.00", "> 100.00", "< 200.00", "100.00..200.00"),
    "travel_start": (">= 2026-03-10", "< 2026-03-20", "2026-03-10..2026-03-20"),
}
_TYPES = {
    "age": "type: integer, range: 0..6",
    "size": "type: integer, range: 0..3",
    "held": "type: yes_no",
    "report": "type: yes_no",
    "kind": "type: choice, values: {lost: {en: a, es: b}, taken: {en: a, es: b}, runaway: {en: a, es: b}}",
    "income": "type: money",
    "travel_start": "type: date",
    "return_authority_decision": "type: choice, attestable: no, "
    "values: {safe_and_lawful: {en: a, es: b}, not_safe_or_lawful: {en: a, es: b}}",
}
FACTS = tuple(_CELLS)


@cache
def words() -> Dictionary:
    """`report` a document mends and the family may see; `travel_start` a date; the rest nothing."""
    lines = ["fields:"]
    mended = {"report": "document", "travel_start": "date", "held": "document"}
    for name, kind in _TYPES.items():
        seen = "open" if name in ("report", "travel_start") else "staff_only"
        by = "[staff]" if name == "return_authority_decision" else "[family, staff]"
        lines.append(
            f"  {name}: {{{kind}, label: {{en: a, es: b}}, question: {{en: a, es: b}}, pointer: /{name}, "
            f"sensitivity: {seen}, supplied_by: {by}, family_can_fix: {mended.get(name, 'no')}}}"
        )
    return load_dictionary("\n".join(lines).encode())


@dataclass(frozen=True)
class Case:
    """`facts`: a value or None for every fact of the dictionary."""

    book: Rulebook
    facts: dict[str, FactValue]
    decisions: dict[str, Decision]

    @property
    def used(self) -> tuple[str, ...]:
        named = [n for r in self.book.requirements for n in r.fields]
        return tuple(dict.fromkeys([*named, *(n for t in self.book.tables for n in t.fields)]))


def _group(draw: st.DrawFn, facts: tuple[str, ...]) -> str:
    names = draw(st.lists(st.sampled_from(facts), min_size=1, max_size=3, unique=True))
    return "{" + ", ".join(f'{n}: "{draw(st.sampled_from(_CELLS[n]))}"' for n in names) + "}"


def _requirement(draw: st.DrawFn, number: int, facts: tuple[str, ...]) -> str:
    form = draw(st.sampled_from(("require", "require_any", "deny_if", "require_any")))
    confidence = draw(st.sampled_from(("HIGH", "HIGH", "HIGH", "MEDIUM")))
    groups = [_group(draw, facts) for _ in range(draw(st.integers(1, 3)))]
    condition = f"require_any: [{', '.join(groups)}]" if form == "require_any" else f"{form}: {groups[0]}"
    attest = draw(st.sampled_from(("", "", "attest: {owed_within: 5 days}")))
    return requirement(condition, confidence=confidence, name=f"XX-{number:02d}", more=attest)


def _table(draw: st.DrawFn, facts: tuple[str, ...]) -> str:
    names = draw(st.lists(st.sampled_from(facts), min_size=1, max_size=2, unique=True))
    lines = [",".join(["row", *names, "=> trip_cap", "=> lifetime_uses", "cite"])]
    for row in range(draw(st.integers(1, 4))):
        cells = [f'"{draw(st.sampled_from(_CELLS[n]))}"' for n in names]
        gives = [draw(st.sampled_from(("-", "100", "200"))), draw(st.sampled_from(("-", "1")))]
        lines.append(",".join([f"R{row}", *cells, *gives, "Policy 1"]))
    return "\n".join(lines) + "\n"


@st.composite
def cases(draw: st.DrawFn, *, unknown: int = 3, tables: bool = True) -> Case:
    """A book over at most four facts; at most `unknown` of its facts are unknown."""
    facts = tuple(draw(st.lists(st.sampled_from(FACTS), min_size=1, max_size=4, unique=True)))
    rules = [_requirement(draw, n, facts) for n in range(draw(st.integers(1, 4)))]
    given_tables = {"XX-CAPS": _table(draw, facts)} if tables and draw(st.booleans()) else {}
    hit = draw(st.sampled_from(("unique", "first", "collect")))
    made = book(*rules, tables=given_tables, hit=hit, words=words())
    values = {name: draw(st.sampled_from(DOMAINS[name])) for name in DOMAINS}
    hidden = draw(
        st.lists(st.sampled_from([*facts, "return_authority_decision"]), max_size=unknown, unique=True)
    )
    says = st.sampled_from(("met", "not_met", "attested"))
    ids = [r.id for r in made.requirements] + list(given_tables)
    decisions = {i: decided(draw(says)) for i in ids if draw(st.integers(0, 3)) == 0}
    return Case(made, {n: None if n in hidden else v for n, v in values.items()}, decisions)
