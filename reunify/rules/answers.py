"""What a judgement is made of, and how it is stored: one source's answer with every reason in it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any, NamedTuple

from reunify.rates.fields import FactValue, Words
from reunify.rules.kleene import Truth
from reunify.rules.model import Cap, Cite, Requirement, Rulebook, Table

ENGINE_VERSION = "2"


class Answer(StrEnum):
    ELIGIBLE = "eligible"
    ELIGIBLE_PROVISIONAL = "eligible_provisional"  # something attested is still owed
    INELIGIBLE = "ineligible"
    NEEDS_INFORMATION = "needs_information"
    NEEDS_STAFF_DECISION = "needs_staff_decision"
    WORTH_APPLYING = "worth_applying"
    UNLIKELY = "unlikely"
    ASK = "ask"


YES_ANSWERS = (Answer.ELIGIBLE, Answer.ELIGIBLE_PROVISIONAL)
NO_ANSWERS = (Answer.INELIGIBLE, Answer.UNLIKELY)


class Outcome(StrEnum):
    """What became of one requirement."""

    MET = "met"
    ATTESTED = "attested"
    NOT_MET = "not_met"
    UNKNOWN = "unknown"
    NEEDS_STAFF = "needs_staff_decision"


@dataclass(frozen=True, slots=True)
class Question:
    """A fact that can still change the answer. `pointer` says where the answer goes.

    `family_can_fix`: by what (document, date, route), or no.
    """

    field: str
    pointer: str
    text: Words
    supplied_by: tuple[str, ...]
    family_can_fix: str

    def content(self) -> dict[str, Any]:
        return {
            "field": self.field,
            "pointer": self.pointer,
            "en": self.text.en,
            "es": self.text.es,
            "supplied_by": list(self.supplied_by),
            "family_can_fix": self.family_can_fix,
        }


class CellSeen(NamedTuple):
    """One cell with the value it met. A tuple, as a determination makes dozens of them."""

    field: str
    cell: str
    value: FactValue
    truth: Truth


class RequirementResult(NamedTuple):
    """`owed_by`: when an attested fact must be in. A tuple for the same reason."""

    requirement: Requirement
    outcome: Outcome
    seen: tuple[CellSeen, ...]
    unknown: tuple[str, ...]
    owed_by: date | None = None

    @property
    def say(self) -> Words | None:
        """The family's sentence; None while the requirement is neither met nor not met."""
        if self.outcome is Outcome.MET:
            return self.requirement.met
        return self.requirement.not_met if self.outcome is Outcome.NOT_MET else None

    def content(self) -> dict[str, Any]:
        rule = self.requirement
        return {
            "id": rule.id,
            "name": rule.name,
            "form": rule.form,
            "confidence": rule.confidence,
            "outcome": self.outcome.value,
            "seen": [
                {"field": s.field, "cell": s.cell, "value": plain(s.value), "truth": s.truth.name.lower()}
                for s in self.seen
            ],
            "cite": cite_content(rule.cite),
            "say": words_content(self.say) if self.say else None,
            "question": words_content(rule.question) if rule.question else None,
            "owed_by": self.owed_by.isoformat() if self.owed_by else None,
            "attestable": rule.owed_within is not None,
        }


@dataclass(frozen=True, slots=True)
class TableResult:
    """What one table gave. `rows`: the ids that hit whatever is still unknown; `possible`: those that may.

    `unknown`: facts that still decide between different caps. `fault`: gap (no row) or overlap (two rows of a
    unique table), which a person decides under the table's id. `outcome`: MET once the caps are settled.
    """

    table: Table
    rows: tuple[str, ...]
    caps: tuple[Cap, ...]
    possible: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    fault: str | None = None
    outcome: Outcome = Outcome.MET

    def content(self) -> dict[str, Any]:
        return {
            "id": self.table.id,
            "hit": self.table.hit,
            "outcome": self.outcome.value,
            "rows": list(self.rows),
            "possible": list(self.possible),
            "unknown": list(self.unknown),
            "fault": self.fault,
        }


class Change(NamedTuple):
    """One smallest set of facts that, changed together, would end the no: fact -> the cell it would have to
    meet. `for_family`: every fact is one the family can mend by a document, a date or a route."""

    facts: tuple[tuple[str, str], ...]
    for_family: bool

    def content(self) -> dict[str, Any]:
        return {"facts": [list(pair) for pair in self.facts], "for_family": self.for_family}


@dataclass(frozen=True, slots=True)
class Determination:
    """One source's answer. `content()` is what is stored and hashed.

    `provisional`: a rate or guideline of the year is still missing. `caps`: the most this source pays, the
    lowest of each scope and category.
    """

    rulebook: Rulebook
    answer: Answer
    results: tuple[RequirementResult, ...]
    questions: tuple[Question, ...]
    provisional: bool
    tables: tuple[TableResult, ...] = ()
    caps: tuple[Cap, ...] = ()
    changes: tuple[Change, ...] = field(default=())
    suspended: bool = False

    @property
    def source(self) -> str:
        return self.rulebook.source

    @property
    def may_pay(self) -> bool:
        return self.answer in YES_ANSWERS

    @property
    def owed(self) -> tuple[RequirementResult, ...]:
        return tuple(r for r in self.results if r.outcome is Outcome.ATTESTED)

    def content(self) -> dict[str, Any]:
        """Plain JSON values in a fixed shape."""
        book = self.rulebook
        order = book.payer_order
        return {
            "source": book.source,
            "name": book.name,
            "public_name": words_content(book.public_name),
            "kind": book.kind,
            "unit": book.unit,
            "organisation_set": book.organisation_set,
            "federal": book.federal,
            "loan": book.loan,
            "effective_from": book.effective_from.isoformat(),
            "answer": self.answer.value,
            "provisional": self.provisional,
            "suspended": self.suspended,
            "requirements": [r.content() for r in self.results],
            "tables": [t.content() for t in self.tables],
            "caps": [c.content() for c in self.caps],
            "payer_order": {"tier": order.tier, "because": order.because} if order else None,
            "questions": [q.content() for q in self.questions],
            "changes": [c.content() for c in self.changes],
            "hand_off": _hand_off_content(book),
        }


def words_content(text: Words) -> dict[str, str]:
    return {"en": text.en, "es": text.es}


def cite_content(cite: Cite) -> dict[str, str | None]:
    return {"doc": cite.doc, "at": cite.at, "link": cite.link}


def plain(value: FactValue) -> str | int | bool | None:
    """A fact as JSON keeps it."""
    return value.isoformat() if isinstance(value, date) else value


def _hand_off_content(book: Rulebook) -> dict[str, Any] | None:
    card = book.hand_off
    if card is None:
        return None
    return {
        "staff": words_content(card.staff),
        "family": words_content(card.family),
        "deadline": card.deadline,
        "follow_up_days": card.follow_up_days,
        "phone": card.phone,
        "form": card.form,
        "link": card.link,
        "consequence": words_content(card.consequence) if card.consequence else None,
        "cite": cite_content(card.cite),
    }
