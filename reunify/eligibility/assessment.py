"""All sources together: which lines can be paid, what is still missing, and the overall outcome. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from typing import Any

from reunify.eligibility.costs import LineFacts, LineOutcome, LineTest, line_facts, try_line
from reunify.eligibility.counting import Decidable, terms_of, told_of
from reunify.eligibility.facts import Facts, facts_of
from reunify.eligibility.ground import with_ground_rule
from reunify.eligibility.policy import funder_id
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
    NOT_JUDGED = "not_judged"  # no rule can judge this version; a person mends it


@dataclass(frozen=True, slots=True)
class Known:
    """Everything an answer depends on besides the rule file. Stored sealed; enough to repeat the answer.

    `decisions` are by requirement, by table, by `line_decision_id` of a cost line, by `suspended_id` of a
    source, and by `funder_id` of one; once judged, those that counted. `suspended`: of each suspended source
    which suspension it is. `day`: of the organisation; None where nothing can be overdue.
    """

    facts: Facts
    lines: tuple[LineFacts, ...]
    decisions: Mapping[str, Decision]
    suspended: Mapping[str, str] = field(default_factory=dict)
    day: date | None = None

    def content(self) -> dict[str, Any]:
        return {
            "facts": {name: plain(value) for name, value in self.facts.items()},
            "lines": [line.content() for line in self.lines],
            "decisions": {k: d.content() for k, d in sorted(self.decisions.items())},
            "suspended": dict(sorted(self.suspended.items())),
            "day": self.day.isoformat() if self.day else None,
        }

    @classmethod
    def from_content(cls, stored: dict[str, Any], dictionary: Dictionary) -> Known:
        facts = {name: dictionary[name].from_json(value) for name, value in stored["facts"].items()}
        lines = tuple(LineFacts.from_content(line) for line in stored["lines"])
        decisions = {k: Decision.from_content(d) for k, d in stored["decisions"].items()}
        day = date.fromisoformat(stored["day"]) if stored["day"] else None
        return cls(facts, lines, decisions, dict(stored["suspended"]), day)


@dataclass(frozen=True, slots=True)
class SourceResult:
    """One source: its determination and, when held or asked, what it may pay of every line.

    `said_no`: a person recorded that the funder was asked and will not pay; `said_yes`: two people put in
    force what it granted.
    """

    determination: Determination
    lines: tuple[LineTest, ...]
    said_no: bool = False
    said_yes: bool = False

    @property
    def source(self) -> str:
        return self.determination.source

    @property
    def held(self) -> bool:
        return self.determination.rulebook.held

    @property
    def asked(self) -> bool:
        return self.determination.rulebook.kind == "asked"

    @property
    def in_split(self) -> bool:
        """Our own balance, or what a funder granted to this request."""
        return self.held or self.said_yes

    @property
    def provisional(self) -> bool:
        return self.determination.provisional or any(t.provisional for t in self.lines if t.payable)

    @property
    def needed(self) -> bool:
        """Whether some line looks to this source."""
        return any(t.outcome is not LineOutcome.NOT_THIS_SOURCE for t in self.lines)

    @property
    def worth_writing(self) -> bool:
        """Someone else's money that may still pay a line: a person writes to the funder."""
        no = self.determination.answer is Answer.INELIGIBLE or self.said_no
        return self.asked and self.needed and not no

    def payable(self) -> tuple[LineTest, ...]:
        """The lines this source may pay, if its answer is eligible."""
        if not self.determination.may_pay:
            return ()
        return tuple(t for t in self.lines if t.outcome is LineOutcome.PAYABLE and t.ceiling > 0)

    def content(self) -> dict[str, Any]:
        return {
            **self.determination.content(),
            "provisional": self.provisional,
            "awaits_guideline": self.determination.provisional,
            "said_no": self.said_no,
            **({"said_yes": True} if self.said_yes else {}),
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
    day: date | None = None,
) -> Known:
    """`day`: the organisation's, on which it is judged. Raises UnknownCaseType."""
    facts = facts_of(
        request,
        published=published,
        guideline_limit_percent=guideline_limit_percent,
        dictionary=dictionary,
    )
    found_lines = with_ground_rule(line_facts(request, published=published), request, facts, published)
    priced = zip(found_lines, request.cost_lines, strict=True)
    lines = tuple(
        replace(found, told=told_of(request, line), terms=terms_of(request, line)) for found, line in priced
    )
    return Known(facts, lines, decisions or {}, day=day)


def decide_all(known: Known, rulebooks: Rulebooks) -> Assessment:
    """Every source by the rules in force, with the decisions that still count. Raises NoRulesForDate."""
    books = rulebooks.chosen(known.facts)
    off = [b.source for b in books if b.source in rulebooks.suspended]
    suspended = {source: rulebooks.suspensions.get(source, "") for source in off}
    counting = Decidable(books, known.lines, suspended).counting(known.decisions, known.day)
    known = replace(known, suspended=suspended, decisions=counting)
    sources = tuple(decide_source(book, known, rulebooks.dictionary) for book in books)
    held = [s for s in sources if s.held and s.needed]
    questions = _once(q for s in held for q in _open_questions(s))
    elsewhere = _once(q for s in sources if not s.held for q in _open_questions(s))
    return Assessment(_overall(sources, bool(questions)), known, sources, questions, elsewhere)


def decide_source(book: Rulebook, known: Known, dictionary: Dictionary) -> SourceResult:
    """A loan, or a source whose card a person reads, asks nobody anything."""
    suspended = book.source in known.suspended
    determination = determine(book, known.facts, dictionary, known.decisions, suspended=suspended)
    if book.loan or book.card_only:
        determination = replace(determination, questions=())
    if book.unit is None:
        return SourceResult(determination, ())
    said = known.decisions.get(funder_id(book.source))
    said_no = said is not None and said.decision == "not_met"
    said_yes = book.kind == "asked" and said is not None and said.decision == "met"
    tests = tuple(try_line(line, book, known.decisions) for line in known.lines)
    if said_no or determination.answer is Answer.INELIGIBLE:
        tests = tuple(replace(t, questions=()) for t in tests)  # no answer to them could change anything
    return SourceResult(determination, tests, said_no, said_yes)


def _open_questions(source: SourceResult) -> list[Question]:
    if source.said_no:
        return []
    return [*source.determination.questions, *(q for t in source.lines for q in t.questions)]


def _once(questions: Any) -> tuple[Question, ...]:
    return tuple({q.pointer: q for q in questions}.values())


def _overall(sources: Sequence[SourceResult], asked: bool) -> AssessmentOutcome:
    """No refusal while a funder who could still be asked may pay: then a person writes to them."""
    if asked:
        return AssessmentOutcome.NEEDS_INFORMATION
    held = [s for s in sources if s.held and s.needed]
    for_staff = any(
        s.determination.answer is Answer.NEEDS_STAFF_DECISION
        or any(t.outcome is LineOutcome.NEEDS_STAFF_DECISION for t in s.lines)
        for s in held
        if s.determination.answer is not Answer.INELIGIBLE
    )
    if for_staff:
        return AssessmentOutcome.NEEDS_STAFF_DECISION
    if any(s.payable() for s in sources if s.in_split):
        return AssessmentOutcome.PAYABLE
    if any(s.worth_writing for s in sources):
        return AssessmentOutcome.NEEDS_STAFF_DECISION
    return AssessmentOutcome.NO_SOURCE
