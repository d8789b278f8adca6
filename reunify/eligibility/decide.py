"""Facts and one rulebook give one determination: an answer, and for every requirement why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from reunify.eligibility.kleene import NO, UNKNOWN, YES, Truth, both, either, opposite
from reunify.eligibility.rulebook import Cite, Requirement, Rulebook
from reunify.rates.fields import Dictionary, FactValue, Words

ENGINE_VERSION = "1"
FAMILY = "family"  # among those who can supply a fact (_fields.yaml: supplied_by)
_INCOME = frozenset({"income_percent_of_limit", "income_percent_of_guideline"})


class Answer(StrEnum):
    ELIGIBLE = "eligible"
    INELIGIBLE = "ineligible"
    NEEDS_INFORMATION = "needs_information"
    NEEDS_STAFF_DECISION = "needs_staff_decision"
    WORTH_APPLYING = "worth_applying"
    UNLIKELY = "unlikely"
    ASK = "ask"


class Outcome(StrEnum):
    """What became of one requirement."""

    MET = "met"
    NOT_MET = "not_met"
    UNKNOWN = "unknown"
    NEEDS_STAFF = "needs_staff_decision"


@dataclass(frozen=True, slots=True)
class Question:
    """A fact that can still change the answer. `pointer` says where the answer goes."""

    field: str
    pointer: str
    text: Words
    supplied_by: tuple[str, ...]
    family_can_fix: bool

    def content(self) -> dict[str, Any]:
        return {
            "field": self.field,
            "pointer": self.pointer,
            "en": self.text.en,
            "es": self.text.es,
            "supplied_by": list(self.supplied_by),
            "family_can_fix": self.family_can_fix,
        }


@dataclass(frozen=True, slots=True)
class CellSeen:
    """One cell with the value it met."""

    field: str
    cell: str
    value: FactValue
    truth: Truth


@dataclass(frozen=True, slots=True)
class RequirementResult:
    requirement: Requirement
    outcome: Outcome
    seen: tuple[CellSeen, ...]
    unknown: tuple[str, ...]

    @property
    def say(self) -> Words | None:
        """The family's sentence; None while the requirement is neither met nor not met."""
        if self.outcome is Outcome.MET:
            return self.requirement.met
        return self.requirement.not_met if self.outcome is Outcome.NOT_MET else None


@dataclass(frozen=True, slots=True)
class Determination:
    """One source's answer. `content()` is what is stored and hashed."""

    rulebook: Rulebook
    answer: Answer
    results: tuple[RequirementResult, ...]
    questions: tuple[Question, ...]
    provisional: bool

    @property
    def source(self) -> str:
        return self.rulebook.source

    def content(self) -> dict[str, Any]:
        """Plain JSON values in a fixed shape."""
        book = self.rulebook
        return {
            "source": book.source,
            "name": book.name,
            "public_name": _words(book.public_name),
            "kind": book.kind,
            "unit": book.unit,
            "organisation_set": book.organisation_set,
            "effective_from": book.effective_from.isoformat(),
            "answer": self.answer.value,
            "provisional": self.provisional,
            "requirements": [_result_content(r) for r in self.results],
            "questions": [q.content() for q in self.questions],
            "hand_off": _hand_off_content(book),
        }


def determine(
    book: Rulebook,
    facts: Mapping[str, FactValue],
    dictionary: Dictionary,
    decisions: Mapping[str, str] | None = None,
) -> Determination:
    """The answer of one source. `decisions`: recorded staff decisions, requirement id -> met or not_met."""
    results = tuple(_judge(r, facts, dictionary, decisions or {}) for r in book.requirements)
    answer = _answer(book, results)
    settled = answer in (Answer.INELIGIBLE, Answer.UNLIKELY)
    questions = () if settled else _questions(results, facts, dictionary)
    provisional = facts.get("guideline_provisional") is True and any(
        _INCOME.intersection(r.fields) for r in book.requirements
    )
    return Determination(book, answer, results, questions, provisional)


def _judge(
    requirement: Requirement,
    facts: Mapping[str, FactValue],
    dictionary: Dictionary,
    decisions: Mapping[str, str],
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
    truth = either(groups)
    if requirement.kind == "deny_if":
        truth = opposite(truth)
    cannot = truth is UNKNOWN and all(_cannot_be_worked_out(n, facts, dictionary) for n in unknown)
    outcome = _outcome(requirement, truth, cannot, decisions.get(requirement.id))
    asked = tuple(unknown) if outcome is Outcome.UNKNOWN else ()
    return RequirementResult(requirement, outcome, tuple(seen), asked)


def _cannot_be_worked_out(name: str, facts: Mapping[str, FactValue], dictionary: Dictionary) -> bool:
    """Every input is known and there is still no value, as where no guideline is published."""
    inputs = dictionary[name].computed_from
    return bool(inputs) and all(facts.get(n) is not None for n in inputs or ())


def _outcome(requirement: Requirement, truth: Truth, cannot: bool, decided: str | None) -> Outcome:
    """A rule that is not HIGH never refuses: it asks a person. A fact nobody knows is asked for."""
    if truth is YES:
        return Outcome.MET
    if requirement.kind == "decide_by":
        return Outcome.NOT_MET if truth is NO else Outcome.NEEDS_STAFF
    if truth is UNKNOWN and not cannot:
        return Outcome.UNKNOWN
    if truth is NO and requirement.confidence == "HIGH":
        return Outcome.NOT_MET
    return Outcome(decided) if decided in ("met", "not_met") else Outcome.NEEDS_STAFF


def _answer(book: Rulebook, results: tuple[RequirementResult, ...]) -> Answer:
    outcomes = {r.outcome for r in results}
    if book.held:
        ranked = (Answer.INELIGIBLE, Answer.NEEDS_INFORMATION, Answer.NEEDS_STAFF_DECISION, Answer.ELIGIBLE)
    else:
        ranked = (Answer.UNLIKELY, Answer.ASK, Answer.ASK, Answer.WORTH_APPLYING)
    for outcome, answer in zip((Outcome.NOT_MET, Outcome.UNKNOWN, Outcome.NEEDS_STAFF), ranked, strict=False):
        if outcome in outcomes:
            return answer
    return ranked[-1]


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


def _words(text: Words) -> dict[str, str]:
    return {"en": text.en, "es": text.es}


def cite_content(cite: Cite) -> dict[str, str | None]:
    return {"doc": cite.doc, "at": cite.at, "link": cite.link}


def _result_content(result: RequirementResult) -> dict[str, Any]:
    rule = result.requirement
    return {
        "id": rule.id,
        "name": rule.name,
        "kind": rule.kind,
        "confidence": rule.confidence,
        "outcome": result.outcome.value,
        "seen": [
            {"field": s.field, "cell": s.cell, "value": plain(s.value), "truth": s.truth.name.lower()}
            for s in result.seen
        ],
        "cite": cite_content(rule.cite),
        "say": _words(result.say) if result.say else None,
    }


def _hand_off_content(book: Rulebook) -> dict[str, Any] | None:
    if book.hand_off is None:
        return None
    return {
        "staff": _words(book.hand_off.staff),
        "family": _words(book.hand_off.family),
        "deadline": book.hand_off.deadline,
        "cite": cite_content(book.hand_off.cite),
    }


def plain(value: FactValue) -> str | int | bool | None:
    """A fact as JSON keeps it."""
    return value.isoformat() if isinstance(value, date) else value
