"""What we do: assess a version, and record a person's decision on a requirement."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from reunify.audit.actions import record
from reunify.eligibility import policy
from reunify.eligibility.assessment import (
    Assessment,
    AssessmentOutcome,
    SourceResult,
    decide_all,
    known_facts,
)
from reunify.eligibility.records import AssessmentRecord, DeterminationRecord, RuleFile, StaffDecision
from reunify.intake.form import TravelRequest
from reunify.kernel.canonical import digest_of
from reunify.kernel.ids import RequestId, VersionId, new_id
from reunify.kernel.may import may
from reunify.kernel.people import Actor, Role, Staff
from reunify.rates.policy import Organisation
from reunify.rates.published import Published, published
from reunify.rules.answers import ENGINE_VERSION, Question
from reunify.rules.decide import FAMILY
from reunify.rules.model import Decision, Rulebooks


@dataclass(frozen=True, slots=True)
class AssessmentResult:
    """What the next room works on. `sources` carry determinations and line tests; ids are of stored rows."""

    assessment_id: UUID
    request_id: RequestId
    version_id: VersionId
    number: int
    outcome: AssessmentOutcome
    sources: tuple[SourceResult, ...]
    questions: tuple[Question, ...]
    elsewhere_questions: tuple[Question, ...]
    determination_ids: dict[str, UUID]


@may(system=True)
def assess(
    session: Session,
    *,
    version_id: VersionId,
    request_id: RequestId,
    number: int,
    content: TravelRequest,
    organisation: Organisation,
    rulebooks: Rulebooks,
    by: Actor,
    now: datetime,
    run: str | None,
    rates: Published | None = None,
) -> AssessmentResult:
    """Judge one frozen version by every source, once, and keep all that made the answer.

    Raises AlreadyAssessed, UnknownCaseType, NoRulesForDate.
    """
    if session.scalar(sa.select(AssessmentRecord.id).where(AssessmentRecord.version_id == version_id)):
        raise policy.AlreadyAssessed("This version has been assessed already. A change is a new version.")
    known = known_facts(
        content,
        published=rates or published(),
        guideline_limit_percent=organisation.guideline_limit_percent,
        dictionary=rulebooks.dictionary,
        decisions=_decisions(session, request_id),
    )
    result = decide_all(known, rulebooks)
    kept = AssessmentRecord(
        id=new_id(),
        request_id=request_id,
        version_id=version_id,
        number=number,
        outcome=result.outcome.value,
        asks_family=any(FAMILY in q.supplied_by for q in result.questions),
        questions={
            "blocking": [q.content() for q in result.questions],
            "elsewhere": [q.content() for q in result.elsewhere_questions],
        },
        at=now,
        run=run,
    )
    session.add(kept)
    session.flush()
    ids = _keep_determinations(session, kept, result, rulebooks)
    answers = {s.source: s.determination.answer.value for s in result.sources}
    detail: dict[str, Any] = {"version": number, "outcome": result.outcome.value, "answers": answers}
    record(session, by=by, at=now, subject="request", subject_id=request_id, moved="assess", detail=detail)
    return AssessmentResult(
        assessment_id=kept.id,
        request_id=request_id,
        version_id=version_id,
        number=number,
        outcome=result.outcome,
        sources=result.sources,
        questions=result.questions,
        elsewhere_questions=result.elsewhere_questions,
        determination_ids=ids,
    )


def _decisions(session: Session, request_id: RequestId) -> dict[str, Decision]:
    rows = session.execute(
        sa.select(StaffDecision.requirement, StaffDecision.decision, StaffDecision.at)
        .where(StaffDecision.request_id == request_id)
        .order_by(StaffDecision.sequence)
    )
    return {requirement: Decision(decision, at.date()) for requirement, decision, at in rows}


def _keep_determinations(
    session: Session, kept: AssessmentRecord, result: Assessment, rulebooks: Rulebooks
) -> dict[str, UUID]:
    _keep_rule_files(session, result, rulebooks)
    facts = result.known.content()
    facts_hash = digest_of(facts)
    ids: dict[str, UUID] = {}
    for source in result.sources:
        content = source.content()
        row = DeterminationRecord(
            id=new_id(),
            assessment_id=kept.id,
            request_id=kept.request_id,
            version_id=kept.version_id,
            number=kept.number,
            source=source.source,
            answer=source.determination.answer.value,
            provisional=source.provisional,
            content=content,
            facts=facts,
            facts_hash=facts_hash,
            rule_sha256=source.determination.rulebook.sha256,
            fields_sha256=rulebooks.dictionary_sha256,
            engine_version=ENGINE_VERSION,
            answer_hash=digest_of(content),
            at=kept.at,
            run=kept.run,
        )
        session.add(row)
        ids[source.source] = row.id
    session.flush()
    return ids


def _keep_rule_files(session: Session, result: Assessment, rulebooks: Rulebooks) -> None:
    """Only what is new is written; fingerprints never change their bytes."""
    books = [s.determination.rulebook for s in result.sources]
    files = [
        {"sha256": rulebooks.dictionary_sha256, "source": "_fields", "body": rulebooks.dictionary.body},
        *({"sha256": b.sha256, "source": b.source, "body": b.body} for b in books),
    ]
    known = set(
        session.scalars(sa.select(RuleFile.sha256).where(RuleFile.sha256.in_([f["sha256"] for f in files])))
    )
    missing = [f for f in files if f["sha256"] not in known]
    if missing:
        session.execute(insert(RuleFile).values(missing).on_conflict_do_nothing())


@may(Role.CASE_MANAGER)
def decide_requirement(
    session: Session,
    *,
    request_id: RequestId,
    requirement: str,
    decision: str,
    reason: str,
    rulebooks: Rulebooks,
    by: Staff,
    now: datetime,
) -> UUID:
    """Record `met` or `not_met` for a requirement the rules leave to people; the next version's assessment
    uses it.

    Raises NotAllowed, NoSuchRequirement, NotYoursToWaive, ReasonMissing.
    """
    policy.check_can_decide(
        by, requirement=requirement, decision=decision, reason=reason, rulebooks=rulebooks
    )
    row = StaffDecision(
        id=new_id(),
        request_id=request_id,
        requirement=requirement,
        decision=decision,
        reason=reason.strip(),
        decided_by=by.id,
        at=now,
    )
    session.add(row)
    session.flush()
    detail = {"requirement": requirement, "decision": decision}
    record(
        session,
        by=by,
        at=now,
        subject="request",
        subject_id=request_id,
        moved="decide_requirement",
        detail=detail,
    )
    return row.id
