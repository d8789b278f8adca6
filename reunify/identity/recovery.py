"""A new beginning for somebody who lost what they sign in with, day or night.

Nobody can give it alone. Two colleagues vouch: one opens it after calling the person back on the number on
file, another confirms, and each reads out one half of the code.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.audit import actions as audit
from reunify.identity import brought_in, policy, tries
from reunify.identity.enrolment import as_read, begun, by_name, kept, new_code, tried, wrong
from reunify.identity.passwords import is_right
from reunify.identity.records import Recovery, StaffRecord
from reunify.kernel.ids import StaffId
from reunify.kernel.may import may
from reunify.kernel.people import Staff, check_role
from reunify.kernel.refusals import NotFound

__all__ = [
    "begin_with_halves",
    "confirm_recovery",
    "open_recovery",
    "vouched_for",
    "waiting",
]


@dataclass(frozen=True, slots=True)
class Waiting:
    """A recovery a second colleague may confirm, or whose halves are being read out."""

    id: UUID
    staff_id: StaffId
    opened_by: StaffId
    opened_at: datetime
    confirmed_by: StaffId | None
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class OnFile:
    """Whom to call back, and on which number; None: none is on file."""

    staff_id: StaffId
    name: str
    phone: str | None


@may(*policy.OPENS_RECOVERY)
def on_file(session: Session, *, staff_id: StaffId, by: Staff, now: datetime) -> OnFile:
    """For whoever opens a recovery; that it was read is kept. Raises NotAllowed, NotFound."""
    check_role(by, *policy.OPENS_RECOVERY)
    staff = session.get(StaffRecord, staff_id)
    if staff is None or not staff.active:
        raise NotFound("There is no such member of staff.")
    audit.record(session, by=by, at=now, subject="staff", subject_id=staff_id, moved="read")
    return OnFile(staff_id, staff.name, staff.phone_on_file)


@may(*policy.OPENS_RECOVERY)
def open_recovery(
    session: Session, *, staff_id: StaffId, called_back: bool, by: Staff, now: datetime
) -> tuple[UUID, str]:
    """The first half, for whoever opened it to read out. Raises NotAllowed, StepUpFirst, NotCalledBack."""
    check_role(by, *policy.OPENS_RECOVERY)
    policy.check_proved(by, now=now)
    if staff_id in by.selves:
        raise policy.CannotVouch(
            "Two other people must vouch: not the person, nor whoever stands in or vouched for them today."
        )
    if not called_back:
        raise policy.NotCalledBack(
            "First call the person on the number on file, not one they gave you.", field="/called_back"
        )
    staff = session.get(StaffRecord, staff_id)
    if staff is None or not staff.active:
        raise NotFound("There is no such member of staff.")
    session.execute(
        sa.update(Recovery)
        .where(Recovery.staff_id == staff_id, Recovery.used_at.is_(None), Recovery.ends_at > now)
        .values(ends_at=now)
    )
    half = new_code(2)
    row = Recovery(
        staff_id=staff_id,
        opened_by=by.id,
        opened_at=now,
        first_hash=kept(half),
        ends_at=now + policy.RECOVERY,
        tries_left=policy.CODE_TRIES,
    )
    session.add(row)
    session.flush()
    audit.record(session, by=by, at=now, subject="recovery", subject_id=row.id, moved="open")
    return row.id, half


@may(*policy.CONFIRMS_RECOVERY)
def confirm_recovery(session: Session, *, recovery_id: UUID, by: Staff, now: datetime) -> str:
    """The second half, for whoever confirmed. Raises NotAllowed, StepUpFirst, CannotVouch, NotFound."""
    check_role(by, *policy.CONFIRMS_RECOVERY)
    policy.check_proved(by, now=now)
    row = session.scalar(
        sa.select(Recovery)
        .join(StaffRecord, StaffRecord.id == Recovery.opened_by)
        .where(
            Recovery.id == recovery_id,
            Recovery.confirmed_by.is_(None),
            Recovery.ends_at > now,
            StaffRecord.active,
        )
        .with_for_update(of=Recovery)
    )
    if row is None:
        raise NotFound("Nothing waits to be confirmed here any more. Open it again.")
    if by.selves & {StaffId(row.staff_id), StaffId(row.opened_by)}:
        raise policy.CannotVouch("Somebody else must confirm: three different people are needed.")
    if brought_in.lately(session, by.id, StaffId(row.opened_by), now=now):
        raise policy.CannotVouch(brought_in.SAID)
    half = new_code(2)
    row.confirmed_by, row.confirmed_at = by.id, now
    row.second_hash, row.ends_at = kept(half), now + policy.RECOVERY
    audit.record(session, by=by, at=now, subject="recovery", subject_id=row.id, moved="confirm")
    return half


def begin_with_halves(
    session: Session, *, username: str, first: str, second: str, place: str, now: datetime
) -> str | None:
    """A half-way token once both halves are right; then nothing the person had before opens anything.

    None for a wrong half (counted for `place`, one's network address), without saying which. The recovery
    itself has fewer tries left only if one half was right: a name alone must not end it at night.
    Raises TooManyTries.
    """
    tries.check_not_paused(session, tried(username, place), now=now)
    staff, row = by_name(session, username), None
    if staff is not None:
        row = session.scalar(
            sa.select(Recovery)
            .where(
                Recovery.staff_id == staff.id,
                Recovery.confirmed_by.is_not(None),
                Recovery.used_at.is_(None),
                Recovery.ends_at > now,
                Recovery.tries_left > 0,
            )
            .limit(1)
            .with_for_update()
        )
    halves = [
        is_right(row.first_hash if row else None, as_read(first)),
        is_right(row.second_hash if row else None, as_read(second)),
    ]
    if staff is None or row is None or not all(halves):
        if row is not None and any(halves):
            row.tries_left -= 1
        wrong(session, username, place, staff, now)
        return None
    row.used_at = now
    return begun(session, username, place, staff, "recover", now)


def vouched_for(session: Session, staff_id: StaffId, now: datetime) -> set[StaffId]:
    """Whom this person counts as one with for a day: whom they vouched for, and who vouched for them.

    Both ways round, so that nobody decides about money together with an access they had a hand in.
    """
    rows = session.execute(
        sa.select(Recovery.staff_id, Recovery.opened_by, Recovery.confirmed_by).where(
            Recovery.used_at > now - policy.VOUCHED,
            sa.or_(
                Recovery.staff_id == staff_id,
                Recovery.opened_by == staff_id,
                Recovery.confirmed_by == staff_id,
            ),
        )
    )
    found: set[StaffId] = set()
    for person, opener, confirmer in rows:
        vouchers = {StaffId(who) for who in (opener, confirmer) if who is not None}
        found |= vouchers if person == staff_id else {StaffId(person)}
    return found


def waiting(session: Session, *, now: datetime) -> list[Waiting]:
    """Recoveries in progress, the newest first."""
    rows = session.scalars(
        sa.select(Recovery)
        .where(Recovery.used_at.is_(None), Recovery.ends_at > now)
        .order_by(Recovery.opened_at.desc())
    )
    return [
        Waiting(
            r.id,
            StaffId(r.staff_id),
            StaffId(r.opened_by),
            r.opened_at,
            StaffId(r.confirmed_by) if r.confirmed_by else None,
            r.ends_at,
        )
        for r in rows
    ]
