"""What we do: assess a version, and record a person's decision on a requirement."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.audit.actions import record
from reunify.eligibility import asking, policy, queries
from reunify.eligibility.assessment import (
    Assessment,
    AssessmentOutcome,
    SourceResult,
    decide_all,
    known_facts,
)
from reunify.eligibility.judged import Judged, last_judged
from reunify.eligibility.keeping import keep_files
from reunify.eligibility.records import AssessmentRecord, DeterminationRecord, StaffDecision
from reunify.intake.form import TravelRequest
from reunify.kernel.canonical import digest_of
from reunify.kernel.ids import RequestId, VersionId, new_id
from reunify.kernel.may import may
from reunify.kernel.people import Actor, Role, Staff
from reunify.rates.policy import Organisation
from reunify.rates.published import Published, published
from reunify.rules import current
from reunify.rules.answers import ENGINE_VERSION, Question
from reunify.rules.decide import FAMILY
from reunify.rules.model import Decision, Rulebook, Rulebooks


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
    if queries.assessed(session, [version_id]):
        raise policy.AlreadyAssessed("This version has been assessed already. A change is a new version.")
    known = known_facts(
        content,
        published=rates or published(),
        guideline_limit_percent=organisation.guideline_limit_percent,
        dictionary=rulebooks.dictionary,
        decisions=_decisions(session, request_id, organisation.zone),
        day=now.astimezone(organisation.zone).date(),
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
        owed_by=_owed_by(result),
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


def _owed_by(result: Assessment) -> date | None:
    """Kept in the open, so that a list can say what is overdue."""
    owed = [r.owed_by for source in result.sources for r in source.determination.owed]
    return min((day for day in owed if day), default=None)


def _decisions(session: Session, request_id: RequestId, zone: ZoneInfo) -> dict[str, Decision]:
    """The newest of each name, with its day on the organisation's clock."""
    asked = sa.select(StaffDecision).where(StaffDecision.request_id == request_id)
    rows = session.scalars(asked.order_by(StaffDecision.sequence))
    return {r.requirement: Decision(r.decision, r.at.astimezone(zone).date(), r.about) for r in rows}


def _keep_determinations(
    session: Session, kept: AssessmentRecord, result: Assessment, rulebooks: Rulebooks
) -> dict[str, UUID]:
    parameters = keep_files(session, result, rulebooks)
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
            parameters_sha256=parameters,
            engine_version=ENGINE_VERSION,
            answer_hash=digest_of(content),
            at=kept.at,
            run=kept.run,
        )
        session.add(row)
        ids[source.source] = row.id
    session.flush()
    return ids


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
    """Record `met`, `not_met` or `attested` for what the rules leave to people (a requirement, a table, a
    suspended source, a funder's no); the next version's assessment uses it, if it still asks the same.

    `reason` says who attests, and why it can wait. Raises NotAllowed, NoSuchRequirement, NotYoursToWaive,
    NotAttestable, ReasonMissing.
    """
    if policy.is_funder(requirement):
        policy.check_no_ask(requirement, asking.sources_asked(session, request_id))
    judged = last_judged(session, request_id)
    policy.check_can_decide(
        by,
        requirement=requirement,
        decision=decision,
        reason=reason,
        books=judged.books(rulebooks),
        dictionary=rulebooks.dictionary,
        suspended=rulebooks.suspended,
        unknown=judged.unknown,
        attested=judged.attested,
        lines=judged.lines,
    )
    row = StaffDecision(
        id=new_id(),
        request_id=request_id,
        requirement=requirement,
        decision=decision,
        about=judged.decidable(rulebooks, _judging(session, judged)).about(requirement),
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


def _judging(session: Session, judged: Judged) -> list[Rulebook]:
    """The versions it was judged by, also those no longer in force."""
    books, _ = current.compiled(session, judged.rules)
    return list(books.values())
