"""Judge every frozen version that waits: rules, split, reservation, and whom it waits for next."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from uuid import UUID

from sqlalchemy.orm import Session

from flows.work import Work
from reunify.allocation import actions as allocation
from reunify.allocation.policy import LineNeed
from reunify.approval import actions as approval
from reunify.approval import queries as awards
from reunify.approval import refusing
from reunify.bootstrap import House
from reunify.db import Database
from reunify.eligibility import actions as eligibility
from reunify.eligibility.actions import AssessmentResult
from reunify.eligibility.assessment import AssessmentOutcome
from reunify.eligibility.policy import AlreadyAssessed
from reunify.intake import queries as intake
from reunify.intake.queries import Version
from reunify.kernel.people import System
from reunify.payees import actions as payees
from reunify.rates.queries import organisation
from reunify.reporting import waiting
from reunify.rules import queries as rules

BY = System("assess")
VERBS = (
    eligibility.assess,
    payees.register,
    approval.follow_change,
    approval.replace_open,
    allocation.free,
    refusing.propose_refusal,
    allocation.allocate,
    approval.open_award,
)


def work(house: House) -> Work:
    return Work("assess", find, partial(assess, house), acts_as=BY, verbs=VERBS)


def find(db: Database, limit: int) -> list[UUID]:
    with db.read() as session:
        return waiting.versions_to_assess(session, limit=limit)


def assess(house: House, ids: list[UUID], run: str | None) -> int:
    """One transaction for each version; another worker's version is passed over."""
    done = 0
    for version_id in ids:
        with house.db.work() as session:
            version = intake.lock_version(session, version_id)
            if version is not None:
                done += _assess_one(house, session, version, run)
    return done


def _assess_one(house: House, session: Session, version: Version, run: str | None) -> int:
    if version.number < intake.newest_number(session, version.request_id):
        return 0  # answered again since it was found; the newer version is judged instead
    now = house.now()
    content = version.content
    settings = organisation(session, on=now.date())
    try:
        result = eligibility.assess(
            session,
            version_id=version.id,
            request_id=version.request_id,
            number=version.number,
            content=content,
            organisation=settings,
            rulebooks=rules.in_force(session),
            by=BY,
            now=now,
            run=run,
        )
    except AlreadyAssessed:
        return 0
    payees.register(session, request_id=version.request_id, content=content, by=BY, now=now)
    # Before the first version was checked nothing can stand: neither an award nor anything reserved.
    if version.number > 1 and _meet_what_stands(session, version, result, now):
        return 1
    if result.outcome is AssessmentOutcome.NO_SOURCE:
        refusing.propose_refusal(session, version=version, by=BY, now=now)
    elif result.outcome is AssessmentOutcome.PAYABLE:
        split = allocation.allocate(
            session,
            version_id=version.id,
            scopes=allocation.Scopes(version.request_id, intake.child_of(session, version.request_id)),
            needs=needs_of(version, result),
            by=BY,
            now=now,
        )
        if split is not None:
            approval.open_award(
                session, version=version, allocation_id=split, organisation=settings, by=BY, now=now
            )
    return 1


def _meet_what_stands(session: Session, version: Version, result: AssessmentResult, now: datetime) -> bool:
    """True if money was released on an earlier version: its approval goes on, or waits for a person.

    Otherwise whatever an earlier version had people look at, or reserved, makes way for this one.
    """
    standing = awards.newest_award(session, version.request_id)
    if standing is not None and standing.state == "released":
        approval.follow_change(
            session, award_id=standing.id, version=version, payable=payable(result), by=BY, now=now
        )
        return True
    approval.replace_open(session, request_id=version.request_id, by=BY, now=now)
    ref = f"replace:{version.id}"
    allocation.free(session, request_id=version.request_id, ref=ref, by=BY, now=now)
    return False


def payable(result: AssessmentResult) -> dict[tuple[str, str], int]:
    """What each source may pay of each line, not to exceed: cents, or units in kind."""
    return {(t.key, s.source): t.ceiling for s in result.sources if s.held for t in s.payable()}


def needs_of(version: Version, result: AssessmentResult) -> list[LineNeed]:
    """The payable lines in the split's own words, each with why it may be charged there."""
    lines = {line.key: line for line in version.content.cost_lines}
    return [
        LineNeed(
            key=test.key,
            category=lines[test.key].category,
            settlement=lines[test.key].settled.value,
            payee_key=lines[test.key].payee,
            fund_code=source.source,
            unit=test.unit,
            payable=test.payable,
            ceiling=test.ceiling,
            basis=f"{source.source} {source.determination.rulebook.sha256[:12]}: {test.cite}",
        )
        for source in result.sources
        if source.held
        for test in source.payable()
    ]
