"""What we show: why a request got the answer it got, and whether a stored answer can be repeated."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.eligibility.assessment import Known, decide_source
from reunify.eligibility.records import AssessmentRecord, DeterminationRecord, RuleFile
from reunify.kernel.canonical import canonical, digest_of
from reunify.kernel.ids import RequestId, VersionId
from reunify.kernel.refusals import NotFound
from reunify.rates.fields import Dictionary, Words, dictionary, load_dictionary
from reunify.rules.answers import ENGINE_VERSION
from reunify.rules.decide import FAMILY
from reunify.rules.reading import compile_rulebook


@dataclass(frozen=True, slots=True)
class SeenView:
    """One fact with the test it met, for staff."""

    field: str
    label: Words
    value: str
    cell: str
    truth: str


@dataclass(frozen=True, slots=True)
class RequirementView:
    """`say` is the family's sentence; None while nobody knows or a person must decide."""

    id: str
    name: str
    outcome: str
    confidence: str
    seen: tuple[SeenView, ...]
    cite_doc: str
    cite_at: str
    cite_link: str | None
    say: Words | None


@dataclass(frozen=True, slots=True)
class QuestionView:
    field: str
    pointer: str
    text: Words
    supplied_by: tuple[str, ...]
    family_can_fix: str


@dataclass(frozen=True, slots=True)
class LineView:
    """`payable` and `ceiling` in cents or nights, as `unit` says."""

    key: str
    outcome: str
    unit: str
    payable: int
    ceiling: int
    reason: Words
    cite: str
    provisional: bool


@dataclass(frozen=True, slots=True)
class HandOffView:
    staff: Words
    family: Words
    deadline: str


@dataclass(frozen=True, slots=True)
class SourceView:
    """One determination. `rule_sha256` and `answer_hash` bind an approval to it."""

    id: UUID
    source: str
    name: str
    public_name: Words
    kind: str
    unit: str | None
    organisation_set: bool
    answer: str
    provisional: bool
    requirements: tuple[RequirementView, ...]
    lines: tuple[LineView, ...]
    hand_off: HandOffView | None
    rule_sha256: str
    answer_hash: str

    @property
    def held(self) -> bool:
        return self.kind == "held"

    @property
    def not_met(self) -> tuple[RequirementView, ...]:
        return tuple(r for r in self.requirements if r.outcome == "not_met")


@dataclass(frozen=True, slots=True)
class Explanation:
    """The newest assessed version of a request. `questions` hold it up, `elsewhere_questions` never do."""

    assessment_id: UUID
    request_id: RequestId
    version_id: VersionId
    number: int
    outcome: str
    at: datetime
    run: str | None
    sources: tuple[SourceView, ...]
    questions: tuple[QuestionView, ...]
    elsewhere_questions: tuple[QuestionView, ...]

    @property
    def family_questions(self) -> tuple[QuestionView, ...]:
        """What holds it up and a family can know; page and letter ask nothing else."""
        return tuple(q for q in self.questions if FAMILY in q.supplied_by)


def explanation(session: Session, request_id: UUID) -> Explanation:
    """Raises NotFound while no version has been assessed."""
    kept = session.scalar(
        sa.select(AssessmentRecord)
        .where(AssessmentRecord.request_id == request_id)
        .order_by(AssessmentRecord.number.desc())
        .limit(1)
    )
    return _explained(session, kept)


def explanation_of_version(session: Session, version_id: UUID) -> Explanation:
    """Raises NotFound while this version has not been assessed."""
    return _explained(
        session,
        session.scalar(sa.select(AssessmentRecord).where(AssessmentRecord.version_id == version_id)),
    )


def assessed(session: Session, version_ids: Collection[UUID]) -> frozenset[VersionId]:
    """Which of these versions have an assessment."""
    rows = session.scalars(
        sa.select(AssessmentRecord.version_id).where(AssessmentRecord.version_id.in_(version_ids))
    )
    return frozenset(VersionId(i) for i in rows)


def outcomes(session: Session, request_ids: Collection[UUID]) -> dict[RequestId, str]:
    """The outcome of the newest assessed version of each request, for lists. Nothing is unsealed."""
    rows = session.execute(
        sa.select(AssessmentRecord.request_id, AssessmentRecord.outcome)
        .where(AssessmentRecord.request_id.in_(request_ids))
        .order_by(AssessmentRecord.number)
    )
    return {RequestId(request): outcome for request, outcome in rows}


def reproduce(session: Session, determination_id: UUID) -> bool:
    """Decide again from the stored rule bytes and facts; True if every byte of the answer is the same.

    Raises NotFound. An answer of another engine version is not comparable, so it is not reproduced.
    """
    kept = session.get(DeterminationRecord, determination_id)
    if kept is None:
        raise NotFound("There is no such determination.")
    fields = session.get_one(RuleFile, kept.fields_sha256)
    rules = session.get_one(RuleFile, kept.rule_sha256)
    words = load_dictionary(fields.body)
    book = compile_rulebook(rules.body, words, f"{rules.source} {rules.sha256[:8]}")
    again = canonical(decide_source(book, Known.from_content(kept.facts, words), words).content())
    return (
        kept.engine_version == ENGINE_VERSION
        and book.sha256 == kept.rule_sha256
        and digest_of(kept.facts) == kept.facts_hash
        and again == canonical(kept.content)
        and digest_of(kept.content) == kept.answer_hash
    )


def _explained(session: Session, kept: AssessmentRecord | None) -> Explanation:
    if kept is None:
        raise NotFound("This request has not been assessed yet.")
    rows = session.scalars(
        sa.select(DeterminationRecord)
        .where(DeterminationRecord.assessment_id == kept.id)
        .order_by(DeterminationRecord.source)
    )
    words = dictionary()
    return Explanation(
        assessment_id=kept.id,
        request_id=RequestId(kept.request_id),
        version_id=VersionId(kept.version_id),
        number=kept.number,
        outcome=kept.outcome,
        at=kept.at,
        run=kept.run,
        sources=tuple(_source(row, words) for row in rows),
        questions=tuple(_question(q) for q in kept.questions["blocking"]),
        elsewhere_questions=tuple(_question(q) for q in kept.questions["elsewhere"]),
    )


def _source(row: DeterminationRecord, words: Dictionary) -> SourceView:
    content: dict[str, Any] = row.content
    hand_off = content["hand_off"]
    return SourceView(
        id=row.id,
        source=row.source,
        name=content["name"],
        public_name=_words(content["public_name"]),
        kind=content["kind"],
        unit=content["unit"],
        organisation_set=content["organisation_set"],
        answer=row.answer,
        provisional=row.provisional,
        requirements=tuple(_requirement(r, words) for r in content["requirements"]),
        lines=tuple(_line(line) for line in content["lines"]),
        hand_off=(
            HandOffView(_words(hand_off["staff"]), _words(hand_off["family"]), hand_off["deadline"])
            if hand_off
            else None
        ),
        rule_sha256=row.rule_sha256,
        answer_hash=row.answer_hash,
    )


def _requirement(stored: dict[str, Any], words: Dictionary) -> RequirementView:
    cite = stored["cite"]
    return RequirementView(
        id=stored["id"],
        name=stored["name"],
        outcome=stored["outcome"],
        confidence=stored["confidence"],
        seen=tuple(_seen(s, words) for s in stored["seen"]),
        cite_doc=cite["doc"],
        cite_at=cite["at"],
        cite_link=cite["link"],
        say=_words(stored["say"]) if stored["say"] else None,
    )


def _seen(stored: dict[str, Any], words: Dictionary) -> SeenView:
    """A field may have left today's dictionary; the stored answer is still shown."""
    name = stored["field"]
    field = words.fields.get(name)
    if field is None:
        return SeenView(name, Words(name, name), str(stored["value"]), stored["cell"], stored["truth"])
    value = field.shown(field.from_json(stored["value"]))
    return SeenView(name, field.label, value, stored["cell"], stored["truth"])


def _line(stored: dict[str, Any]) -> LineView:
    return LineView(
        key=stored["key"],
        outcome=stored["outcome"],
        unit=stored["unit"],
        payable=stored["payable"],
        ceiling=stored["ceiling"],
        reason=Words(stored["en"], stored["es"]),
        cite=stored["cite"],
        provisional=stored["provisional"],
    )


def _question(stored: dict[str, Any]) -> QuestionView:
    return QuestionView(
        field=stored["field"],
        pointer=stored["pointer"],
        text=Words(stored["en"], stored["es"]),
        supplied_by=tuple(stored["supplied_by"]),
        family_can_fix=stored["family_can_fix"],
    )


def _words(stored: dict[str, str]) -> Words:
    return Words(stored["en"], stored["es"])
