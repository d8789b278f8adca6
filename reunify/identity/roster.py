"""The on-call roster: who is called at night for a case, and who for its money. Never the same person.

A duty needs roles a person holds themselves: a night that hangs on a lent role would end with the loan.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.audit import actions as audit
from reunify.identity import delegation, duties
from reunify.identity.duties import Duty, Span
from reunify.identity.records import StaffRecord
from reunify.identity.roster_records import HandOverRecord, ShiftRecord
from reunify.kernel.ids import StaffId
from reunify.kernel.may import may
from reunify.kernel.people import Actor, Role, Staff
from reunify.kernel.refusals import NotFound, OutOfStep, Refused

PLANS = (Role.SUPERVISOR, Role.ADMINISTRATOR)
CALLED = (Role.CASE_MANAGER, Role.FINANCE_APPROVER, Role.FINANCE_RELEASER)


class ShiftTaken(Refused):
    """Two shifts of one duty would overlap."""


class ShiftOver(OutOfStep):
    """The shift has ended or was withdrawn."""


@may(*PLANS)
def add_shift(
    session: Session,
    *,
    duty: Duty,
    person_id: StaffId,
    backup_id: StaffId | None,
    span: Span,
    by: Staff,
    now: datetime,
) -> UUID:
    """Raises ShiftDoesNotFit, ShiftTaken, NotForThisDuty, BothDuties, BackupIsTheSame, NotFound."""
    duties.check_span(span, now=now)
    take_turns(session)
    if _overlapping(session, span, duty):
        raise ShiftTaken(
            "Somebody is on call for this duty in that time already. Withdraw that shift, or choose other "
            "times.",
            field="/starts_at",
        )
    check_people(session, duty=duty, span=span, person_id=person_id, backup_id=backup_id)
    shift = ShiftRecord(
        duty=duty.value,
        person_id=person_id,
        backup_id=backup_id,
        starts_at=span.starts_at,
        ends_at=span.ends_at,
        made_by=by.id,
        made_at=now,
    )
    session.add(shift)
    session.flush()
    _audit(session, shift, "add", by, now)
    return shift.id


@may(*PLANS)
def assign(
    session: Session,
    *,
    shift_id: UUID,
    person_id: StaffId,
    backup_id: StaffId | None,
    by: Staff,
    now: datetime,
) -> None:
    """Fill an open shift, or give it to others; what has passed of it keeps its people.

    Raises ShiftOver, NotForThisDuty, BothDuties, BackupIsTheSame, NotFound.
    """
    take_turns(session)
    shift = from_now_on(session, locked_shift(session, shift_id, now), now)
    check_people(
        session,
        duty=Duty(shift.duty),
        span=Span(shift.starts_at, shift.ends_at),
        person_id=person_id,
        backup_id=backup_id,
        but=shift.id,
    )
    shift.person_id, shift.backup_id = person_id, backup_id
    session.flush()
    close_offers(session, shift.id, now)
    _audit(session, shift, "assign", by, now)


@may(*PLANS)
def withdraw_shift(session: Session, *, shift_id: UUID, by: Staff, now: datetime) -> None:
    """The rest of the shift is off the roster; its time may become a hole. Raises ShiftOver, NotFound."""
    take_turns(session)
    shift = from_now_on(session, locked_shift(session, shift_id, now), now)
    shift.withdrawn_at = now
    session.flush()
    close_offers(session, shift.id, now)
    _audit(session, shift, "withdraw", by, now)


@may(Role.ADMINISTRATOR, system=True)
def open_unfit(
    session: Session, *, staff_id: StaffId, held: Collection[Role], by: Actor, now: datetime
) -> None:
    """From now on a person is not on call for what they no longer hold: those shifts are open, and holes."""
    take_turns(session)
    mine = session.scalars(
        sa.select(ShiftRecord).where(
            sa.or_(ShiftRecord.person_id == staff_id, ShiftRecord.backup_id == staff_id),
            ShiftRecord.ends_at > now,
            ShiftRecord.withdrawn_at.is_(None),
        )
    ).all()
    for found in mine:
        if duties.NEEDED[Duty(found.duty)] <= frozenset(held):
            continue
        shift = from_now_on(session, found, now)
        if shift.person_id == staff_id:
            shift.person_id = None
        else:
            shift.backup_id = None
        session.flush()
        close_offers(session, shift.id, now)
        _audit(session, shift, "open", by, now)
    offered = sa.select(HandOverRecord).where(
        HandOverRecord.to_id == staff_id, HandOverRecord.outcome.is_(None)
    )
    for offer in session.scalars(offered):
        offer.outcome, offer.closed_at = "withdrawn", now
    session.flush()


# Shared with hand_overs ---------------------------------------------------------------------------------
def take_turns(session: Session) -> None:
    """One change of the roster at a time: the rule over both duties looks at more than one row."""
    session.execute(sa.text("LOCK TABLE shifts IN SHARE ROW EXCLUSIVE MODE"))


def locked_shift(session: Session, shift_id: UUID, now: datetime) -> ShiftRecord:
    """Raises NotFound, ShiftOver."""
    shift = session.get(ShiftRecord, shift_id, with_for_update=True, populate_existing=True)
    if shift is None:
        raise NotFound("There is no such shift.")
    if shift.withdrawn_at is not None or shift.ends_at <= now:
        raise ShiftOver("This shift is over, or was taken off the roster.")
    return shift


def from_now_on(session: Session, shift: ShiftRecord, now: datetime) -> ShiftRecord:
    """The part of the shift still to come. What has passed stays as it was: who was on call is a fact."""
    if shift.starts_at >= now:
        return shift
    rest = ShiftRecord(
        duty=shift.duty,
        person_id=shift.person_id,
        backup_id=shift.backup_id,
        starts_at=now,
        ends_at=shift.ends_at,
        made_by=shift.made_by,
        made_at=now,
    )
    shift.ends_at = now
    session.flush()
    session.add(rest)
    session.flush()
    session.execute(
        sa.update(HandOverRecord)
        .where(HandOverRecord.shift_id == shift.id, HandOverRecord.outcome.is_(None))
        .values(shift_id=rest.id)
    )
    return rest


def close_offers(session: Session, shift_id: UUID, now: datetime) -> None:
    """The shift has changed hands another way: what was offered of it is off the table."""
    session.execute(
        sa.update(HandOverRecord)
        .where(HandOverRecord.shift_id == shift_id, HandOverRecord.outcome.is_(None))
        .values(outcome="withdrawn", closed_at=now)
    )


def check_people(
    session: Session,
    *,
    duty: Duty,
    span: Span,
    person_id: StaffId,
    backup_id: StaffId | None,
    but: UUID | None = None,
) -> None:
    """Raises NotForThisDuty, BothDuties, BackupIsTheSame, NotFound. `but`: the shift being changed."""
    duties.check_holds(duty, _own_roles(session, person_id), field="/person")
    asked = _selves(session, person_id, span)
    if backup_id is not None:
        duties.check_holds(duty, _own_roles(session, backup_id), field="/backup")
        stepping_in = _selves(session, backup_id, span)
        duties.check_backup(asked, stepping_in)
        asked |= stepping_in
    for other in _overlapping(session, span):
        if other.duty != duty.value and other.id != but:
            called = {StaffId(i) for i in (other.person_id, other.backup_id) if i}
            for one in called:
                duties.check_not_both(asked, _selves(session, one, span))


def _own_roles(session: Session, staff_id: StaffId) -> list[Role]:
    """Raises NotFound for who does not work here any more."""
    held = session.scalar(sa.select(StaffRecord.roles).where(StaffRecord.id == staff_id, StaffRecord.active))
    if held is None:
        raise NotFound("There is no such active member of staff.")
    return [Role(r) for r in held]


def _selves(session: Session, staff_id: StaffId, span: Span) -> set[StaffId]:
    """Everyone the person counts as at any time of the shift."""
    lenders = delegation.stood_for(session, people=[staff_id], since=span.starts_at, until=span.ends_at)
    return {staff_id} | lenders


def _overlapping(session: Session, span: Span, duty: Duty | None = None) -> list[ShiftRecord]:
    asked = sa.select(ShiftRecord).where(
        ShiftRecord.starts_at < span.ends_at,
        ShiftRecord.ends_at > span.starts_at,
        ShiftRecord.withdrawn_at.is_(None),
    )
    if duty is not None:
        asked = asked.where(ShiftRecord.duty == duty.value)
    return list(session.scalars(asked))


def _audit(session: Session, shift: ShiftRecord, verb: str, by: Actor, now: datetime) -> None:
    detail = {
        "duty": shift.duty,
        "person": str(shift.person_id) if shift.person_id else None,
        "backup": str(shift.backup_id) if shift.backup_id else None,
        "from": shift.starts_at.isoformat(),
        "to": shift.ends_at.isoformat(),
    }
    audit.record(session, by=by, at=now, subject="shift", subject_id=shift.id, moved=verb, detail=detail)
