"""At night: what can wait is attested in the act that submits, under its rule and owed by its date."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.orm import Session

from reunify.audit.actions import record
from reunify.eligibility import policy
from reunify.eligibility.assessment import Assessment, Known, decide_all, known_facts
from reunify.eligibility.counting import Decidable
from reunify.eligibility.records import StaffDecision
from reunify.intake.form import TravelRequest
from reunify.kernel.ids import RequestId, new_id
from reunify.kernel.may import may
from reunify.kernel.people import Role, Staff
from reunify.rates.policy import Organisation
from reunify.rates.published import Published, published
from reunify.rules.answers import Outcome, RequirementResult
from reunify.rules.model import Decision, Rulebooks


@dataclass(frozen=True, slots=True)
class Owed:
    """One fact attested now. `owed_by`: the organisation's day by which it must be in."""

    requirement: str
    name: str
    owed_by: date


def can_wait(result: Assessment, rulebooks: Rulebooks) -> list[RequirementResult]:
    """What is unknown to our own sources and may be attested; each requirement once. Pure.

    Identity, custody and safety are never among it: the dictionary says so of each fact, and a rule that
    rests on one allows nobody's word.
    """
    dictionary = rulebooks.dictionary
    found = [
        r
        for source in result.sources
        if source.held and source.needed
        for r in source.determination.results
        if r.outcome is Outcome.UNKNOWN
        and r.requirement.owed_within is not None
        and r.requirement.form != "decide_by"
        and all(dictionary[name].attestable for name in r.unknown)
    ]
    return list({r.requirement.id: r for r in found}.values())


@may(Role.CASE_MANAGER)
def attest_what_can_wait(
    session: Session,
    *,
    request_id: RequestId,
    content: TravelRequest,
    organisation: Organisation,
    rulebooks: Rulebooks,
    reason: str,
    by: Staff,
    now: datetime,
    rates: Published | None = None,
) -> list[Owed]:
    """Record the case manager's word for each fact that can wait, before the version is judged by the flow.

    `reason`: who says so, and why it can wait. Raises ReasonMissing, UnknownCaseType, NoRulesForDate.
    """
    policy.check_reason(reason)
    day = now.astimezone(organisation.zone).date()
    known = known_facts(
        content,
        published=rates or published(),
        guideline_limit_percent=organisation.guideline_limit_percent,
        dictionary=rulebooks.dictionary,
        day=day,
    )
    waiting = can_wait(decide_all(known, rulebooks), rulebooks)
    about = _about(known, rulebooks)
    for one in waiting:
        _record(session, request_id, one.requirement.id, about.about(one.requirement.id), reason, by, now)
    word = Decision("attested", day)
    return [Owed(r.requirement.id, r.requirement.name, word.owed_by(r.requirement)) for r in waiting]


def _about(known: Known, rulebooks: Rulebooks) -> Decidable:
    books = rulebooks.chosen(known.facts)
    off = [b.source for b in books if b.source in rulebooks.suspended]
    return Decidable(books, known.lines, {s: rulebooks.suspensions.get(s, "") for s in off})


def _record(
    session: Session,
    request_id: UUID,
    requirement: str,
    about: str | None,
    reason: str,
    by: Staff,
    now: datetime,
) -> None:
    session.add(
        StaffDecision(
            id=new_id(),
            request_id=request_id,
            requirement=requirement,
            decision="attested",
            about=about,
            reason=reason.strip(),
            decided_by=by.id,
            at=now,
        )
    )
    session.flush()
    record(
        session,
        by=by,
        at=now,
        subject="request",
        subject_id=request_id,
        moved="decide_requirement",
        detail={"requirement": requirement, "decision": "attested"},
    )
