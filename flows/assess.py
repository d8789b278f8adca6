"""Judge every frozen version that waits: rules, split, reservation, and whom it waits for next.

What no rule can judge is kept with its reason for the case manager, and the others go on.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from functools import partial
from uuid import UUID

from sqlalchemy.orm import Session

from flows.work import Work
from reunify.allocation import actions as allocation
from reunify.allocation import enveloped
from reunify.allocation import queries as plans
from reunify.allocation.policy import LineNeed, RuleCap, over_the_caps
from reunify.allocation.turns import take_turn, take_turns_of_paced
from reunify.approval import actions as approval
from reunify.approval import queries as awards
from reunify.approval import refusing
from reunify.bootstrap import House
from reunify.db import Database
from reunify.eligibility import actions as eligibility
from reunify.eligibility import asking, unjudged
from reunify.eligibility.actions import AssessmentResult
from reunify.eligibility.assessment import AssessmentOutcome, SourceResult
from reunify.eligibility.hand_off_queries import helped
from reunify.eligibility.policy import AlreadyAssessed
from reunify.funds.changing import today
from reunify.intake import queries as intake
from reunify.intake.policy import Lane
from reunify.intake.queries import Version
from reunify.intake.when import departs_on
from reunify.kernel.ids import AllocationId, PersonId
from reunify.kernel.people import System
from reunify.kernel.refusals import OutOfStep, Refused
from reunify.ledger.caps import lock_balances
from reunify.payees import actions as payees
from reunify.rates.queries import organisation
from reunify.reporting import scarce, uses, waiting
from reunify.rules import queries as rules
from reunify.rules.policy import NoRulesApproved, RulesDoNotCompile
from reunify.vault.keepers import Erased

BY = System("assess")
# Not this version's fault: it is tried again when the machine, or another worker, has come to rest.
_LATER = (NoRulesApproved, RulesDoNotCompile, OutOfStep, Erased)
VERBS = (
    eligibility.assess,
    unjudged.keep_unjudged,
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
    """While no rules are approved nothing is tried: the versions wait, as health and the doctor say."""
    with db.read() as session:
        found = waiting.versions_to_assess(session, limit=limit)
        return found if found and rules.any_in_force(session) else []


def assess(house: House, ids: list[UUID], run: str | None) -> int:
    """One transaction for each version, in turn where a source is released in parts; another worker's
    version is passed over.

    None waits for another's fault: the first that broke off is raised after all were tried.
    """
    done = 0
    broken: Exception | None = None
    for version_id in _in_turn(house, ids):
        try:
            done += _assess_or_say_why(house, version_id, run)
        except Exception as wrong:
            broken = broken or wrong
    if broken is not None:
        raise broken
    return done


def _in_turn(house: House, ids: list[UUID]) -> list[UUID]:
    if len(ids) < 2:
        return ids
    with house.db.read() as session:
        on = house.now().astimezone(organisation(session, on=house.now().date()).zone).date()
        return scarce.order(session, ids, on=on)


def _assess_or_say_why(house: House, version_id: UUID, run: str | None) -> int:
    try:
        with house.db.work() as session:
            rules.keep_in_force(session)
            version = intake.lock_newest_version(session, version_id)
            return _assess_one(house, session, version, run) if version is not None else 0
    except _LATER:
        raise
    except Refused as wrong:
        return _keep_unjudged(house, version_id, wrong, run)


def _keep_unjudged(house: House, version_id: UUID, wrong: Refused, run: str | None) -> int:
    with house.db.work() as session:
        version = intake.lock_newest_version(session, version_id)
        if version is None:
            return 0
        return unjudged.keep_unjudged(
            session,
            version_id=version.id,
            request_id=version.request_id,
            number=version.number,
            content=version.content,
            wrong=wrong,
            by=BY,
            now=house.now(),
            run=run,
        )


def _assess_one(house: House, session: Session, version: Version, run: str | None) -> int:
    child, lane = intake.child_and_lane(session, version.request_id)
    take_turn(session, child)
    is_emergency = lane is Lane.EMERGENCY
    if is_emergency:  # before anything is given back: see allocation.enveloped
        enveloped.lock_open(session)
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
    if is_emergency and version.number > 1:
        lock_balances(session)
    if version.number > 1 and _meet_what_stands(session, version, result, now):
        return 1
    if result.outcome is AssessmentOutcome.NO_SOURCE:
        if not helped(session, version.request_id):  # else it ends kindly: another payer helps
            refusing.propose_refusal(session, version=version, by=BY, now=now)
    elif result.outcome is AssessmentOutcome.PAYABLE:
        split = allocation.allocate(
            session,
            version_id=version.id,
            scopes=allocation.Scopes(version.request_id, child, len(content.travelers), len(content.legs)),
            needs=needs_of(version, result),
            rule_caps=rule_caps(session, version, result, child),
            asked=_asked(session, version, result, now.astimezone(settings.zone).date()),
            departs_on=departs_on(content),
            emergency=is_emergency,
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
        may_pay = {} if _over(session, standing.allocation_id, version, result) else payable(result)
        approval.follow_change(
            session, award_id=standing.id, version=version, payable=may_pay, by=BY, now=now
        )
        return True
    take_turns_of_paced(session, today(session, now))
    approval.replace_open(session, request_id=version.request_id, by=BY, now=now)
    ref = f"replace:{version.id}"
    allocation.free(session, request_id=version.request_id, ref=ref, by=BY, now=now)
    return False


def _asked(session: Session, version: Version, result: AssessmentResult, on: date) -> asking.Standing:
    """Read only where some line looks to a funder that was, or may be, asked."""
    if not any(s.said_yes or s.worth_writing for s in result.sources):
        return asking.Standing()
    return asking.standing(session, version.request_id, on)


def payable(result: AssessmentResult) -> dict[tuple[str, str], int]:
    """What each source may pay of each line, not to exceed: cents, or units in kind."""
    return {(t.key, s.source): t.ceiling for s in result.sources if s.in_split for t in s.payable()}


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
            tier=_tier(source),
            traveler=lines[test.key].traveler,
            leg=lines[test.key].leg,
        )
        for source in result.sources
        if source.in_split
        for test in source.payable()
    ]


def _tier(source: SourceResult) -> int:
    order = source.determination.rulebook.payer_order
    assert order is not None  # no rule file of ours loads without it
    return order.tier


def rule_caps(
    session: Session, version: Version, result: AssessmentResult, child: PersonId | None
) -> list[RuleCap]:
    """What the rules let each of our sources pay. Earlier trips are counted only where a rule asks."""
    caps = _caps(result, {})
    if not any(cap.scope == "lifetime_uses" for cap in caps):
        return caps
    return _caps(result, uses.of_child(session, child, but=version.request_id))


def _caps(result: AssessmentResult, used: Mapping[str, int]) -> list[RuleCap]:
    return [
        RuleCap(s.source, cap.scope, cap.category, cap.at_most, cap.cite, used.get(s.source, 0))
        for s in result.sources
        if s.in_split
        for cap in s.determination.caps
    ]


def _over(session: Session, allocation_id: AllocationId, version: Version, result: AssessmentResult) -> bool:
    """Whether a released award is more than the rules let its sources pay by what is known now."""
    needs = {(n.key, n.fund_code): n for n in needs_of(version, result)}
    granted = [
        (needs[line.line_key, line.fund_code], line.ceiling)
        for line in plans.award_plan(session, allocation_id).lines
        if (line.line_key, line.fund_code) in needs
    ]
    told = version.content
    return over_the_caps(granted, _caps(result, {}), travelers=len(told.travelers), legs=len(told.legs))
