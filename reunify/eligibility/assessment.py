"""All sources together: which lines can be paid, what is still missing, and the overall outcome. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from reunify.eligibility.costs import LineFacts, LineOutcome, LineTest, line_facts, try_line
from reunify.eligibility.facts import Facts, facts_of
from reunify.intake.form import TravelRequest
from reunify.rates.fields import Dictionary
from reunify.rates.published import Published
from reunify.rules.answers import Answer, Determination, Question, plain
from reunify.rules.decide import determine
from reunify.rules.model import Decision, Rulebook, Rulebooks


class AssessmentOutcome(StrEnum):
    PAYABLE = "payable"
    NEEDS_INFORMATION = "needs_information"
    NEEDS_STAFF_DECISION = "needs_staff_decision"
    NO_SOURCE = "no_source"


@dataclass(frozen=True, slots=True)
class Known:
    """Everything an answer depends on besides the rule file. Stored sealed; enough to repeat the answer."""

    facts: Facts
    lines: tuple[LineFacts, ...]
    decisions: Mapping[str, Decision]
    suspended: frozenset[str] = frozenset()

    def content(self) -> dict[str, Any]:
        return {
            "facts": {name: plain(value) for name, value in self.facts.items()},
            "lines": [line.content() for line in self.lines],
            "decisions": {k: d.content() for k, d in sorted(self.decisions.items())},
            "suspended": sorted(self.suspended),
        }

    @classmethod
    def from_content(cls, stored: dict[str, Any], dictionary: Dictionary) -> Known:
        facts = {name: dictionary[name].from_json(value) for name, value in stored["facts"].items()}
        lines = tuple(LineFacts.from_content(line) for line in stored["lines"])
        decisions = {k: Decision.from_content(d) for k, d in stored["decisions"].items()}
        return cls(facts, lines, decisions, frozenset(stored["suspended"]))


@dataclass(frozen=True, slots=True)
class SourceResult:
    """One source: its determination and, when held, what it may pay of every line."""

    determination: Determination
    lines: tuple[LineTest, ...]

    @property
    def source(self) -> str:
        return self.determination.source

    @property
    def held(self) -> bool:
        return self.determination.rulebook.held

    @property
    def loan(self) -> bool:
        return self.determination.rulebook.loan

    @property
    def provisional(self) -> bool:
        return self.determination.provisional or any(t.provisional for t in self.lines if t.payable)

    @property
    def needed(self) -> bool:
        """Whether some line looks to this source."""
        return any(t.outcome is not LineOutcome.NOT_THIS_SOURCE for t in self.lines)

    def payable(self) -> tuple[LineTest, ...]:
        """The lines this source may pay, if its answer is eligible."""
        if not self.determination.may_pay:
            return ()
        return tuple(t for t in self.lines if t.outcome is LineOutcome.PAYABLE and t.ceiling > 0)

    def content(self) -> dict[str, Any]:
        return {
            **self.determination.content(),
            "provisional": self.provisional,
            "lines": [t.content() for t in self.lines],
        }


@dataclass(frozen=True, slots=True)
class Assessment:
    """`questions` hold the request up; `elsewhere_questions` never do."""

    outcome: AssessmentOutcome
    known: Known
    sources: tuple[SourceResult, ...]
    questions: tuple[Question, ...]
    elsewhere_questions: tuple[Question, ...]


def known_facts(
    request: TravelRequest,
    *,
    published: Published,
    guideline_limit_percent: int,
    dictionary: Dictionary,
    decisions: Mapping[str, Decision] | None = None,
) -> Known:
    """Raises UnknownCaseType."""
    facts = facts_of(
        request,
        published=published,
        guideline_limit_percent=guideline_limit_percent,
        dictionary=dictionary,
    )
    return Known(facts, line_facts(request, published=published), decisions or {})


def decide_all(known: Known, rulebooks: Rulebooks) -> Assessment:
    """Every source by the rules in force. Raises NoRulesForDate."""
    books = rulebooks.chosen(known.facts)
    known = replace(known, suspended=rulebooks.suspended.intersection(b.source for b in books))
    sources = tuple(decide_source(book, known, rulebooks.dictionary) for book in books)
    held = [s for s in sources if s.held and s.needed]
    questions = _once(q for s in held for q in _open_questions(s))
    elsewhere = _once(q for s in sources if not s.held and not s.loan for q in s.determination.questions)
    return Assessment(_overall(held, bool(questions)), known, sources, questions, elsewhere)


def decide_source(book: Rulebook, known: Known, dictionary: Dictionary) -> SourceResult:
    suspended = book.source in known.suspended
    determination = determine(book, known.facts, dictionary, known.decisions, suspended=suspended)
    if book.unit is None:
        return SourceResult(determination, ())
    tests = tuple(try_line(line, source=book.source, unit=book.unit) for line in known.lines)
    if determination.answer is Answer.INELIGIBLE:  # an answer about a line could no longer change anything
        tests = tuple(replace(t, questions=()) for t in tests)
    return SourceResult(determination, tests)


def _open_questions(source: SourceResult) -> list[Question]:
    return [*source.determination.questions, *(q for t in source.lines for q in t.questions)]


def _once(questions: Any) -> tuple[Question, ...]:
    return tuple({q.pointer: q for q in questions}.values())


def _overall(held: list[SourceResult], asked: bool) -> AssessmentOutcome:
    if asked:
        return AssessmentOutcome.NEEDS_INFORMATION
    possible = [s for s in held if s.determination.answer is not Answer.INELIGIBLE]
    for_staff = any(
        s.determination.answer is Answer.NEEDS_STAFF_DECISION
        or any(t.outcome is LineOutcome.NEEDS_STAFF_DECISION for t in s.lines)
        for s in possible
    )
    if for_staff:
        return AssessmentOutcome.NEEDS_STAFF_DECISION
    if any(s.payable() for s in held):
        return AssessmentOutcome.PAYABLE
    return AssessmentOutcome.NO_SOURCE
