"""Facts and one rulebook give one determination: an answer, and for every requirement why. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from reunify.rates.fields import Dictionary, FactValue
from reunify.rules.answers import (
    NO_ANSWERS,
    Answer,
    CellSeen,
    Determination,
    Outcome,
    Question,
    RequirementResult,
)
from reunify.rules.kleene import NO, UNKNOWN, YES, Truth, both, either, opposite
from reunify.rules.model import Decision, Requirement, Rulebook, suspended_id

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
    """The answer of one source. `decisions`: recorded staff decisions by requirement id.

    While `suspended`, a person's decision under `suspended_id(source)` is the answer, and without one a
    person is asked; the results are kept for whoever decides.
    """
    decided = decisions or {}
    results = tuple(_judge(r, facts, dictionary, decided) for r in book.requirements)
    if suspended or book.card_only:
        answer = _answer_of_a_person(book, decided.get(suspended_id(book.source)))
    else:
        answer = _answer(book, results)
    settled = answer in NO_ANSWERS or suspended
    questions = () if settled else _questions(results, facts, dictionary)
    provisional = facts.get("guideline_provisional") is True and any(
        _INCOME.intersection(r.fields) for r in book.requirements
    )
    return Determination(book, answer, results, questions, provisional, suspended=suspended)


def _judge(
    requirement: Requirement,
    facts: Mapping[str, FactValue],
    dictionary: Dictionary,
    decisions: Mapping[str, Decision],
) -> RequirementResult:
    groups: list[Truth] = []
    seen: list[CellSeen] = []
    unknown: dict[str, None] = {}
    for cells in requirement.groups:
        truths: list[Truth] = []
        for cell in cells:
            value = facts.get(cell.field)
            truth = cell.holds(value)
            truths.append(truth)
            seen.append(CellSeen(cell.field, cell.written, value, truth))
        group = both(truths)
        groups.append(group)
        if group is UNKNOWN:
            unknown.update((c.field, None) for c, t in zip(cells, truths, strict=True) if t is UNKNOWN)
    truth = either(groups) if requirement.groups else UNKNOWN
    if requirement.form == "deny_if":
        truth = opposite(truth)
    cannot = truth is UNKNOWN and all(_cannot_be_worked_out(n, facts, dictionary) for n in unknown)
    decision = decisions.get(requirement.id)
    outcome = _outcome(requirement, truth, cannot, decision)
    owed_by = decision.owed_by(requirement) if decision and outcome is Outcome.ATTESTED else None
    asked = tuple(unknown) if outcome is Outcome.UNKNOWN else ()
    return RequirementResult(requirement, outcome, tuple(seen), asked, owed_by)


def _cannot_be_worked_out(name: str, facts: Mapping[str, FactValue], dictionary: Dictionary) -> bool:
    """Every input is known and there is still no value, as where no guideline is published."""
    inputs = dictionary[name].computed_from
    return bool(inputs) and all(facts.get(n) is not None for n in inputs or ())


def _outcome(requirement: Requirement, truth: Truth, cannot: bool, decision: Decision | None) -> Outcome:
    """A rule that is not HIGH never refuses: it asks a person. A fact nobody knows is asked for, unless a
    person attests it where the rule allows that."""
    if truth is YES:
        return Outcome.MET
    decided = decision.decision if decision else None
    if requirement.form == "decide_by" and requirement.groups:
        return Outcome.NOT_MET if truth is NO else Outcome.NEEDS_STAFF
    if requirement.form != "decide_by":
        if truth is UNKNOWN and not cannot:
            attested = decided == "attested" and requirement.owed_within is not None
            return Outcome.ATTESTED if attested else Outcome.UNKNOWN
        if truth is NO and requirement.confidence == "HIGH":
            return Outcome.NOT_MET
    return Outcome(decided) if decided in ("met", "not_met") else Outcome.NEEDS_STAFF


def _answer(book: Rulebook, results: tuple[RequirementResult, ...]) -> Answer:
    outcomes = {r.outcome for r in results}
    for outcome, answer in _ELSEWHERE if book.kind == "elsewhere" else _OURS:
        if outcome in outcomes:
            return answer
    return Answer.WORTH_APPLYING if book.kind == "elsewhere" else Answer.ELIGIBLE


def _answer_of_a_person(book: Rulebook, decision: Decision | None) -> Answer:
    if book.kind == "elsewhere":
        return Answer.ASK
    if decision is None or decision.decision not in ("met", "not_met"):
        return Answer.NEEDS_STAFF_DECISION
    return Answer.ELIGIBLE if decision.decision == "met" else Answer.INELIGIBLE


def _questions(
    results: tuple[RequirementResult, ...], facts: Mapping[str, FactValue], dictionary: Dictionary
) -> tuple[Question, ...]:
    names: dict[str, None] = {}
    for result in results:
        for name in result.unknown:
            names.update((n, None) for n in askable(name, facts, dictionary))
    return tuple(question(name, dictionary) for name in names)


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
