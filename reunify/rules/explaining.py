"""Why a source answers as it does, for facts written by hand. Pure: nothing is looked up or kept."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import date
from difflib import get_close_matches
from typing import Any

from reunify.kernel.refusals import Refused
from reunify.kernel.text import cleaned
from reunify.rates.fields import Dictionary, FactValue, NotAValue
from reunify.rules import cells, readable
from reunify.rules.answers import (
    CellSeen,
    Change,
    Determination,
    Outcome,
    Question,
    RequirementResult,
    TableResult,
)
from reunify.rules.kleene import NO, UNKNOWN, YES
from reunify.rules.model import Decision, Requirement, Rulebook, Table, covering

LARGEST_FACTS = 200_000
_DECIDED = ("met", "not_met", "attested")
_DECIDED_WORDS = "met, not_met or attested"
_UNKNOWN_WORD = "unknown"
_TRUTHS = {YES: "holds", NO: "does not hold", UNKNOWN: "not known yet"}


class FactsNotRead(Refused):
    """The facts cannot be used as written. Names each one, and what is allowed."""


class DecisionNotRead(Refused):
    """A decision names nothing a person may decide, or no word of theirs."""


def facts_of(written: str, dictionary: Dictionary) -> dict[str, FactValue]:
    """Facts by name, from JSON: `{"child_age_now": 9, "household_income": "1284.50", "purpose": null}`.

    `null` and `unknown` both mean that nobody knows. Amounts are dollars as written, never a float. Raises
    FactsNotRead with every mistake at once.
    """
    document = _document(written)
    facts: dict[str, FactValue] = {}
    wrong: list[str] = []
    for name, value in document.items():
        field = dictionary.fields.get(name)
        if field is None:
            near = get_close_matches(name, dictionary.fields, 1)
            meant = f" Did you mean {near[0]}?" if near else " See _fields.yaml for the names."
            wrong.append(f"There is no fact named `{cleaned(name[:60])}`.{meant}")
            continue
        try:
            facts[name] = None if value in (None, _UNKNOWN_WORD) else field.parse(_as_written(value))
        except NotAValue as refused:
            wrong.append(f"{name}: write {refused}, or unknown.")  # what was told is not repeated
    if wrong:
        raise FactsNotRead("\n".join(wrong))
    return facts


def decisions_of(written: Iterable[str], books: Iterable[Rulebook], *, on: date) -> dict[str, Decision]:
    """Recorded words as `DR-08=met`: a requirement or a table by its id. Raises DecisionNotRead."""
    known: dict[str, Requirement | Table] = {}
    for book in books:
        known.update((r.id, r) for r in book.requirements)
        known.update((t.id, t) for t in book.tables)
    found: dict[str, Decision] = {}
    for one in written:
        name, _, word = one.partition("=")
        if word not in _DECIDED:
            raise DecisionNotRead(
                f"Write a decision as an id and its word, like DR-08=met: {_DECIDED_WORDS}."
            )
        if name not in known:
            near = get_close_matches(name, known, 1)
            meant = f" Did you mean {near[0]}?" if near else ""
            raise DecisionNotRead(f"No requirement or table has the id `{cleaned(name[:60])}`.{meant}")
        part = known[name]
        if word == "attested" and (isinstance(part, Table) or part.owed_within is None):
            raise DecisionNotRead(f"{name} may not be attested. Write {name}=met or {name}=not_met.")
        found[name] = Decision(word, on)
    return found


def version_for(
    books: Iterable[Rulebook], facts: Mapping[str, FactValue], *, on: date | None, today: date
) -> Rulebook | None:
    """The version of the day `on`; else of its basis fact, the first travel day, or today."""
    versions = sorted(books, key=lambda b: b.effective_from)
    if on is not None:
        return covering(versions, dict.fromkeys((b.basis for b in versions), on))
    return covering(versions, {**facts, "travel_start": facts.get("travel_start") or today})


def in_words(found: Determination, dictionary: Dictionary) -> tuple[str, ...]:
    """Lines for a terminal: the answer, then every reason, then what is asked and what would change it."""
    book = found.rulebook
    lines = [f"{book.name} ({book.source}), version {book.effective_from}"]
    flags = [" (provisional: the poverty guideline of the year is missing)"] if found.provisional else []
    flags += [" (suspended: a person decides)"] if found.suspended else []
    lines.append(f"Answer: {_plain(found.answer.value)}{''.join(flags)}")
    for result in found.results:
        lines += _requirement(result, dictionary)
    for table in found.tables:
        lines += _table(table, dictionary)
    if found.caps:
        lines.append("Caps:")
        lines += [f"  {readable.cap_in_words(c, book.unit)} ({c.row}; {c.cite})" for c in found.caps]
    if found.questions:
        lines.append("Asked:")
        lines += [f"  {_question(question)}" for question in found.questions]
    lines += _changes(found.changes, dictionary)
    if book.hand_off is not None:
        lines.append(f"Hand-off: {book.hand_off.staff.en} (deadline: {book.hand_off.deadline})")
    return tuple(lines)


def _requirement(result: RequirementResult, dictionary: Dictionary) -> list[str]:
    rule = result.requirement
    owed = f", owed by {result.owed_by}" if result.owed_by else ""
    lines = [f"{rule.id}  {_plain(result.outcome.value)}{owed}: {rule.name} [{rule.confidence}]"]
    lines += [f"    {_seen(seen, dictionary)}" for seen in result.seen]
    if result.outcome is Outcome.NEEDS_STAFF and rule.question is not None:
        lines.append(f"    Staff are asked: {rule.question.en}")
    lines.append(f"    Where it is written: {readable.cite_in_words(rule.cite)}")
    if result.say is not None:
        lines.append(f"    The family reads: {result.say.en}")
    return lines


def _seen(seen: CellSeen, dictionary: Dictionary) -> str:
    field = dictionary[seen.field]
    test = readable.test_in_words(cells.parse(seen.cell, field), field)
    value = readable.value_in_words(field, seen.value)
    return f"{test}; {_TRUTHS[seen.truth]}" + (f" ({value})" if seen.value is not None else "")


def _table(table: TableResult, dictionary: Dictionary) -> list[str]:
    said = f"row {', '.join(table.rows)}" if table.rows else "no row for sure"
    said += f"; perhaps {', '.join(table.possible)}" if table.possible else ""
    said += f"; {table.fault}: a member of staff decides" if table.fault else ""
    lines = [f"Table {table.table.id}  {_plain(table.outcome.value)}: {said}"]
    missing = [readable.fact_in_words(dictionary[name]) for name in table.unknown]
    return lines + ([f"    Not known yet: {', '.join(missing)}"] if missing else [])


def _question(question: Question) -> str:
    mended = "" if question.family_can_fix == "no" else f"; mended by a {question.family_can_fix}"
    return f"{question.text.en} ({question.field}, from {' or '.join(question.supplied_by)}{mended})"


def _changes(changes: tuple[Change, ...], dictionary: Dictionary) -> list[str]:
    lines: list[str] = []
    for head, family in (
        ("What would change it, and the family can mend:", True),
        ("What would change it, for staff only:", False),
    ):
        sets = [c for c in changes if c.for_family is family]
        if sets:
            lines.append(head)
            lines += [f"  {' and '.join(_would(pair, dictionary) for pair in c.facts)}" for c in sets]
    return lines


def _would(pair: tuple[str, str], dictionary: Dictionary) -> str:
    field = dictionary[pair[0]]
    return readable.test_in_words(cells.parse(pair[1], field), field)


def _plain(word: str) -> str:
    return word.replace("_", " ")


def _document(written: str) -> dict[str, Any]:
    """A flat JSON object; every number stays the text it was written as."""
    if len(written) > LARGEST_FACTS:
        raise FactsNotRead(
            f"The facts have over {LARGEST_FACTS:,} characters. Give only facts the rules use."
        )
    try:
        found = json.loads(
            written,
            parse_int=str,
            parse_float=str,
            parse_constant=_refuse_constant,
            object_pairs_hook=_once,
        )
    except (json.JSONDecodeError, RecursionError) as wrong:
        at = "nested too deeply"
        if isinstance(wrong, json.JSONDecodeError):
            at = f"line {wrong.lineno}, column {wrong.colno}"
        raise FactsNotRead(f'The facts are not JSON ({at}). Write `{{"child_located": "yes"}}`.') from None
    if not isinstance(found, dict):
        raise FactsNotRead(
            'The facts are one JSON object of names and values, like {"child_located": "yes"}.'
        )
    return found


def _refuse_constant(constant: str) -> Any:
    raise FactsNotRead(f"`{constant}` is not a value of any fact. Write a number, or unknown.")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        twice = next(name for n, (name, _) in enumerate(pairs) if name in dict(pairs[:n]))
        raise FactsNotRead(f"`{cleaned(twice[:60])}` is written twice. Write each fact once.")
    return found


def _as_written(value: Any) -> str:
    """JSON's true and false are the dictionary's yes and no. Raises NotAValue for a list or an object."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if not isinstance(value, str):
        raise NotAValue("one value")
    return value.strip()
