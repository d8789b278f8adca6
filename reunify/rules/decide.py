"""Facts and one rulebook give one determination: an answer, and for every requirement why. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from reunify.rates.fields import Dictionary, FactValue
from reunify.rules.answers import (
    NO_ANSWERS,
    Answer,
    Determination,
    Outcome,
    Question,
    RequirementResult,
    TableResult,
)
from reunify.rules.changes import changes_of
from reunify.rules.judging import is_authority, judge, judge_table, of_a_person
from reunify.rules.model import Decision, Rulebook, suspended_id
from reunify.rules.needed import needed
from reunify.rules.tables import lowest

FAMILY = "family"  # among those who can supply a fact (_fields.yaml: supplied_by)
_INCOME = frozenset({"income_percent_of_limit", "income_percent_of_guideline"})
_OURS = (
    (Outcome.NOT_MET, Answer.INELIGIBLE),
    (Outcome.UNKNOWN, Answer.NEEDS_INFORMATION),
    (Outcome.NEEDS_STAFF, Answer.NEEDS_STAFF_DECISION),
    (Outcome.ATTESTED, Answer.ELIGIBLE_PROVISIONAL),
)
_ELSEWHERE = (
    (Outcome.NOT_MET, Answer.UNLIKELY),
    (Outcome.UNKNOWN, Answer.ASK),
    (Outcome.NEEDS_STAFF, Answer.ASK),
)


def determine(
    book: Rulebook,
    facts: Mapping[str, FactValue],
    dictionary: Dictionary,
    decisions: Mapping[str, Decision] | None = None,
    *,
    suspended: bool = False,
) -> Determination:
    """The answer of one source. `decisions`: recorded staff decisions by requirement id or table id.

    A table with a gap or an overlap, or with a fact that cannot be worked out, asks staff under its id: met
    means no cap from this table, not_met means ineligible. While `suspended`, a person's decision under
    `suspended_id(source)` is the answer, and without one a person is asked; the results and the caps are kept
    for whoever decides. Their yes waives neither the return authority nor a table: what a table still waits
    for is asked then.
    """
    decided = decisions or {}
    results = tuple([judge(r, facts, dictionary, decided) for r in book.requirements])
    tables = tuple([judge_table(t, facts, dictionary, decided) for t in book.tables])
    by_person = suspended or book.card_only
    if by_person:
        authority = [r.outcome for r in results if is_authority(r.requirement)]
        answer = of_a_person(book, decided, authority, [t.outcome for t in tables])
    else:
        answer = _answer(book, results, tables)
    judged = (results, tables, facts, dictionary, decided)
    return Determination(
        rulebook=book,
        answer=answer,
        results=results,
        questions=_asked(book, answer, by_person, *judged),
        provisional=facts.get("guideline_provisional") is True
        and any(_INCOME.intersection(n) for n in _fields(book)),
        tables=tables,
        caps=lowest(tuple([cap for table in tables for cap in table.caps])),
        changes=changes_of(book, *judged) if answer is Answer.INELIGIBLE and not by_person else (),
        suspended=suspended,
    )


def _fields(book: Rulebook) -> Iterable[tuple[str, ...]]:
    yield from (r.fields for r in book.requirements)
    yield from (t.fields for t in book.tables)


def _answer(
    book: Rulebook, results: tuple[RequirementResult, ...], tables: tuple[TableResult, ...]
) -> Answer:
    outcomes = [r.outcome for r in results]
    outcomes += [t.outcome for t in tables]
    for outcome, answer in _ELSEWHERE if book.kind == "elsewhere" else _OURS:
        if outcome in outcomes:
            return answer
    return Answer.WORTH_APPLYING if book.kind == "elsewhere" else Answer.ELIGIBLE


def _asked(
    book: Rulebook,
    answer: Answer,
    by_person: bool,
    results: tuple[RequirementResult, ...],
    tables: tuple[TableResult, ...],
    facts: Mapping[str, FactValue],
    dictionary: Dictionary,
    decisions: Mapping[str, Decision],
) -> tuple[Question, ...]:
    if answer in NO_ANSWERS:
        return ()
    if not by_person:
        return _questions(results, tables, facts, dictionary, decisions)
    said = decisions.get(suspended_id(book.source))
    if book.kind == "elsewhere" or said is None or said.decision != "met":
        return ()
    return _questions((), tables, facts, dictionary, decisions)


def _questions(
    results: tuple[RequirementResult, ...],
    tables: tuple[TableResult, ...],
    facts: Mapping[str, FactValue],
    dictionary: Dictionary,
    decisions: Mapping[str, Decision],
) -> tuple[Question, ...]:
    names: dict[str, None] = {}
    for name in needed(results, tables, facts, dictionary, decisions):
        names.update((n, None) for n in askable(name, facts, dictionary))
    return tuple([question(name, dictionary) for name in names])


def askable(name: str, facts: Mapping[str, FactValue], dictionary: Dictionary) -> list[str]:
    """What to ask for: the missing inputs of a computed fact, or the fact itself when none is missing."""
    inputs = dictionary[name].computed_from or ()
    missing = [
        n for source in inputs if facts.get(source) is None for n in askable(source, facts, dictionary)
    ]
    return missing or [name]


def question(name: str, dictionary: Dictionary) -> Question:
    field = dictionary[name]
    return Question(name, field.pointer, field.question, field.supplied_by, field.family_can_fix)
