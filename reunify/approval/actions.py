"""Open an award for approval, approve, release, decline. Refusals are in `refusing.py`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.allocation import actions as allocation
from reunify.allocation import enveloped
from reunify.allocation import queries as plans
from reunify.approval import envelope_reviews, policy
from reunify.approval.behind import authors_of, deciders, with_lenders
from reunify.approval.bound import digest_of, letter_of
from reunify.approval.envelope_queries import why_not_alone
from reunify.approval.records import AwardRecord, RefusalRecord
from reunify.audit import actions as audit
from reunify.eligibility import queries as eligibility
from reunify.funds import paying
from reunify.intake import queries as intake
from reunify.intake.queries import Version
from reunify.kernel.ids import AllocationId, AwardId, RequestId, StaffId, new_reference
from reunify.kernel.may import FINANCE, may
from reunify.kernel.money import Money
from reunify.kernel.moves import START
from reunify.kernel.people import Actor, Role, Staff
from reunify.kernel.refusals import NotFound
from reunify.ledger import actions as ledger
from reunify.rates.policy import Organisation
from reunify.rates.queries import organisation_now as organisation_today


@may(system=True)
def open_award(
    session: Session,
    *,
    version: Version,
    allocation_id: AllocationId,
    organisation: Organisation,
    by: Actor,
    now: datetime,
) -> AwardId:
    """A split waits for people. The requester and the small-amount limit are copied with their keys."""
    written = intake.authorship(session, version.request_id)
    move = policy.AWARD_MOVES.check(START, "open")
    reserved = plans.reserved(session, allocation_id)
    record = AwardRecord(
        reference=new_reference("A"),
        request_id=version.request_id,
        version_id=version.id,
        version_number=version.number,
        allocation_id=allocation_id,
        requested_by=written.requested_by,
        submitted_by=version.submitted_by,
        authors=sorted(with_lenders(session, written, now)),
        state=move.target,
        ceiling_cents=reserved.cents,
        enveloped=0 < reserved.cents == reserved.drawn,
        limit_setting_id=organisation.small_amount_setting_id,
        small_limit_cents=organisation.small_amount_limit.cents,
        opened_at=now,
    )
    session.add(record)
    session.flush()
    audit.record(session, by=by, at=now, subject="award", subject_id=record.id, moved=move.verb)
    return AwardId(record.id)


@may(system=True)
def replace_open(session: Session, *, request_id: RequestId, by: Actor, now: datetime) -> None:
    """A newer version was checked: what waited for people on the old one no longer does."""
    waiting: list[AwardRecord | RefusalRecord] = [
        *session.scalars(
            sa.select(AwardRecord).where(AwardRecord.request_id == request_id).with_for_update()
        ),
        *session.scalars(
            sa.select(RefusalRecord).where(RefusalRecord.request_id == request_id).with_for_update()
        ),
    ]
    for record in waiting:
        moves = policy.AWARD_MOVES if isinstance(record, AwardRecord) else policy.REFUSAL_MOVES
        if moves.can(record.state, "replace"):
            moved = moves.apply(record, "replace")
            audit.record(session, by=by, at=now, subject=moves.name, subject_id=record.id, moved=moved)
    session.flush()


@may(Role.FINANCE_APPROVER)
def approve(
    session: Session, *, award_id: AwardId, templates: Mapping[str, str], by: Actor, now: datetime
) -> None:
    """Yes to exactly what stands now: the letter is frozen and the digest taken."""
    record = _locked(session, award_id)
    policy.check_can_approve(by, authors=authors_of(session, record.request_id, now))
    _check_newest(session, record)
    moved = policy.AWARD_MOVES.apply(record, "approve")
    assert isinstance(by, Staff)
    plan = plans.award_plan(session, record.allocation_id)
    judged = eligibility.explanation_of_version(session, plan.version_id)
    record.letter = letter_of(session, record, plan, judged, now)
    record.template_hashes = dict(templates)
    record.digest = digest_of(session, record, templates, plan, judged)
    record.approved_by, record.approved_at, record.approved_for = by.id, now, sorted(by.stands_for)
    session.flush()
    audit.record(
        session,
        by=by,
        at=now,
        subject="award",
        subject_id=award_id,
        moved=moved,
        detail={"digest": record.digest, "ceiling_cents": record.ceiling_cents},
    )


@may(Role.FINANCE_RELEASER)
def release(session: Session, *, award_id: AwardId, by: Actor, now: datetime) -> None:
    """Let the money go: the same digest, another person, and the obligation is made.

    The letter keeps the Word template it was approved with, whatever has come into force since.
    Above the small-amount limit one person may do both on call and inside an open envelope: a third reviews.
    """
    record = _locked(session, award_id)
    policy.AWARD_MOVES.check(record.state, "release")
    assert record.approved_by is not None
    assert record.digest is not None
    policy.check_can_release(
        by,
        authors=authors_of(session, record.request_id, now),
        approved_by=StaffId(record.approved_by),
        approved_for=record.approved_for,
        ceiling=Money(record.ceiling_cents),
        small_limit=Money(record.small_limit_cents),
        not_alone=_why_not_alone(session, record, by, now),
    )
    _check_newest(session, record)
    plan = plans.award_plan(session, record.allocation_id)
    policy.check_digest(record.digest, digest_of(session, record, record.template_hashes or {}, plan))
    moved = policy.AWARD_MOVES.apply(record, "release")
    assert isinstance(by, Staff)
    record.released_by, record.released_at, record.released_for = by.id, now, sorted(by.stands_for)
    if policy.one_person(by, record.approved_by, record.approved_for) and _is_above(record):
        envelope_reviews.open_review(session, award=record, by=by, now=now)
    session.flush()
    by_release = organisation_today(session, now=now).obligated_by_release
    amounts = {
        line.hold_id: line.payable
        for line in plan.lines
        if line.settlement in by_release and line.payable > 0
    }
    if amounts:
        paying.check_may_obligate(session, amounts, now=now)
        ledger.obligate(session, external_ref=f"release:{record.id}", amounts=amounts, by=by, now=now)
    audit.record(session, by=by, at=now, subject="award", subject_id=award_id, moved=moved)


@may(*FINANCE)
def approve_and_release(
    session: Session, *, award_id: AwardId, templates: Mapping[str, str], by: Actor, now: datetime
) -> None:
    """Both in one act. Above the small-amount limit only on call and wholly inside an open envelope; else it
    is refused, in Python and by the table."""
    approve(session, award_id=award_id, templates=templates, by=by, now=now)
    release(session, award_id=award_id, by=by, now=now)


@may(Role.FINANCE_APPROVER)
def decline(session: Session, *, award_id: AwardId, reason: str, by: Actor, now: datetime) -> None:
    """No, with a reason. What was reserved is free for others."""
    policy.check_reason(reason)
    record = _locked(session, award_id)
    policy.check_can_approve(by, authors=authors_of(session, record.request_id, now))
    moved = policy.AWARD_MOVES.apply(record, "decline")
    record.closed_reason = reason.strip()
    session.flush()
    allocation.free(
        session, request_id=RequestId(record.request_id), ref=f"decline:{record.id}", by=by, now=now
    )
    audit.record(session, by=by, at=now, subject="award", subject_id=award_id, moved=moved)


@may(system=True)
def follow_change(
    session: Session,
    *,
    award_id: AwardId,
    version: Version,
    payable: Mapping[tuple[str, str], int],
    by: Actor,
    now: datetime,
) -> bool:
    """A released award meets a newer version. True if the approval goes on, bound to it.

    It does when every line may still be paid in full by the same fund to the same payee, nothing payable was
    added, and whoever changed it did not decide on its money; otherwise nothing is paid until people look.
    `payable` is by line key and fund code: cents, or units in kind.
    """
    record = _locked(session, award_id)
    plan = plans.award_plan(session, record.allocation_id)
    said = {line.key: line for line in version.content.cost_lines}
    authors = authors_of(session, record.request_id, now)
    known = {line.line_key for line in plan.lines} | set(plan.certificate["uncovered"])
    unchanged = (
        record.digest == digest_of(session, record, record.template_hashes or {}, plan)
        and authors.isdisjoint(deciders(record))
        and {key for key, _ in payable} <= known
        and all(
            payable.get((line.line_key, line.fund_code), 0) >= line.ceiling
            and said[line.line_key].payee == line.payee_key
            and said[line.line_key].settled.value == line.settlement
            for line in plan.lines
        )
    )
    if unchanged:
        record.version_id, record.version_number = version.id, version.number
        record.submitted_by, record.authors = version.submitted_by, sorted(authors)
        session.flush()
    verb = "rebind" if unchanged else "hold_for_person"
    detail = {"version": version.number}
    audit.record(session, by=by, at=now, subject="award", subject_id=award_id, moved=verb, detail=detail)
    return unchanged


def digest_to_pay(session: Session, *, award_id: AwardId) -> str:
    """What stands now, for the paying transaction. Raises NewerVersionWaiting while a change is unchecked."""
    record = _locked(session, award_id)
    _check_newest(session, record)
    plan = plans.award_plan(session, record.allocation_id)
    return digest_of(session, record, record.template_hashes or {}, plan)


def _locked(session: Session, award_id: AwardId) -> AwardRecord:
    """The request first, then the award, as the check of a newer version locks them."""
    request_id = session.scalar(sa.select(AwardRecord.request_id).where(AwardRecord.id == award_id))
    if request_id is None:
        raise NotFound("There is no such award.")
    intake.lock_request(session, request_id)
    return session.get_one(AwardRecord, award_id, with_for_update=True, populate_existing=True)


def _is_above(record: AwardRecord) -> bool:
    return record.ceiling_cents > record.small_limit_cents


def _why_not_alone(session: Session, record: AwardRecord, by: Actor, now: datetime) -> str | None:
    """Asked only where one person would do both above the limit."""
    assert record.approved_by is not None
    if not _is_above(record) or not policy.one_person(by, record.approved_by, record.approved_for):
        return ""
    enveloped.lock_open(session)  # nobody ends it between this question and the release
    return why_not_alone(
        session, enveloped=record.enveloped, allocation_id=record.allocation_id, by=by, now=now
    )


def _check_newest(session: Session, record: AwardRecord) -> None:
    policy.check_newest(
        assessed=record.version_number, newest=intake.newest_number(session, record.request_id)
    )
