"""A beginning with a one-time code, for somebody new; and the operator's, when nobody can sign in."""

from __future__ import annotations

import secrets
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.audit import actions as audit
from reunify.identity import factors, half_way, policy, tries
from reunify.identity.half_way import Purpose
from reunify.identity.passwords import is_right
from reunify.identity.records import EnrolmentCode, StaffRecord
from reunify.identity.secret import PASSWORDS
from reunify.kernel.ids import SAFE_ALPHABET, StaffId
from reunify.kernel.may import may
from reunify.kernel.people import Actor, Role, System
from reunify.kernel.refusals import NotFound

DOOR = System("sign_in_door")


def new_code(groups: int) -> str:
    """Groups of four safe letters: `7KQ4-MX9R`."""
    return "-".join("".join(secrets.choice(SAFE_ALPHABET) for _ in range(4)) for _ in range(groups))


def as_read(code: str) -> str:
    """What was typed, whatever the case, spaces and dashes."""
    return "".join(c for c in code.upper() if c in SAFE_ALPHABET)


def kept(code: str) -> str:
    """As it is stored: short secrets are hashed slowly (ASVS 6.5.2)."""
    return PASSWORDS.hash(as_read(code))


@may(Role.ADMINISTRATOR, system=True)
def issue_enrolment(session: Session, *, staff_id: StaffId, by: Actor, now: datetime) -> str:
    """A code for somebody new, shown once, valid for an hour; voids earlier ones. Raises AlreadyEnrolled."""
    staff = session.get_one(StaffRecord, staff_id)
    check_not_enrolled(staff)
    return _issue(session, staff, by_operator=False, by=by, now=now)


def check_not_enrolled(staff: StaffRecord) -> None:
    """Raises AlreadyEnrolled."""
    if staff.enrolled_at is not None:
        raise policy.AlreadyEnrolled(
            "This person has signed in before. Two colleagues can help: see Recovery on the menu."
        )


@may(system=True)
def issue_as_operator(session: Session, *, username: str, by: System, now: datetime) -> str:
    """For an administrator, when none can sign in; all of them see it for a week. Raises NotFound."""
    staff = session.scalar(sa.select(StaffRecord).where(StaffRecord.username == username.casefold()))
    if staff is None or not staff.active or Role.ADMINISTRATOR not in staff.roles:
        raise NotFound("There is no active administrator of that name.")
    return _issue(session, staff, by_operator=True, by=by, now=now)


def _issue(session: Session, staff: StaffRecord, *, by_operator: bool, by: Actor, now: datetime) -> str:
    session.execute(
        sa.update(EnrolmentCode)
        .where(
            EnrolmentCode.staff_id == staff.id, EnrolmentCode.used_at.is_(None), EnrolmentCode.ends_at > now
        )
        .values(ends_at=now)
    )
    code = new_code(3)
    session.add(
        EnrolmentCode(
            staff_id=staff.id,
            code_hash=kept(code),
            by_operator=by_operator,
            made_at=now,
            ends_at=now + policy.ENROLMENT,
            tries_left=policy.CODE_TRIES,
        )
    )
    audit.record(
        session,
        by=by,
        at=now,
        subject="staff",
        subject_id=staff.id,
        moved="issue_enrolment",
        detail={"by_operator": by_operator},
    )
    return code


def begin_with_code(session: Session, *, username: str, code: str, place: str, now: datetime) -> str | None:
    """A half-way token to set up with, or None (counted for `place`, one's network address).

    Raises TooManyTries; the same for unknown names.
    """
    tries.check_not_paused(session, tried(username, place), now=now)
    staff, row = by_name(session, username), None
    if staff is not None:
        row = session.scalar(
            sa.select(EnrolmentCode)
            .where(
                EnrolmentCode.staff_id == staff.id,
                EnrolmentCode.used_at.is_(None),
                EnrolmentCode.ends_at > now,
                EnrolmentCode.tries_left > 0,
            )
            .order_by(EnrolmentCode.made_at.desc())
            .limit(1)
            .with_for_update()
        )
    right = is_right(row.code_hash if row else None, as_read(code))
    if staff is None or row is None or not right:
        if row is not None:
            row.tries_left -= 1
        wrong(session, username, place, staff, now)
        return None
    row.used_at = now
    return begun(session, username, place, staff, "enrol", now)


def operator_codes(session: Session, *, now: datetime) -> list[tuple[str, datetime]]:
    """For whom, and when, an operator made a code within the last week."""
    rows = session.execute(
        sa.select(StaffRecord.name, EnrolmentCode.made_at)
        .join(StaffRecord, StaffRecord.id == EnrolmentCode.staff_id)
        .where(EnrolmentCode.by_operator, EnrolmentCode.made_at > now - policy.OPERATOR_SEEN)
        .order_by(EnrolmentCode.made_at.desc())
    )
    return [(row.name, row.made_at) for row in rows]


def by_name(session: Session, username: str) -> StaffRecord | None:
    """Active staff only."""
    return session.scalar(
        sa.select(StaffRecord).where(StaffRecord.username == username.casefold(), StaffRecord.active)
    )


def tried(username: str, place: str) -> str:
    """What wrong codes are counted for: a name, known or not, from one place. Elsewhere it stays open."""
    return f"code:{place}:{username.casefold()}"


def wrong(session: Session, username: str, place: str, staff: StaffRecord | None, now: datetime) -> None:
    tries.count(session, tried(username, place), now=now)
    if staff is not None:
        audit.record(session, by=DOOR, at=now, subject="staff", subject_id=staff.id, moved="wrong_code")


def begun(session: Session, username: str, place: str, staff: StaffRecord, verb: str, now: datetime) -> str:
    """The half-way token. Whatever opened this person's account before opens nothing any more."""
    tries.forget(session, tried(username, place))
    staff_id = StaffId(staff.id)
    factors.end_everything(session, staff_id)
    audit.record(session, by=DOOR, at=now, subject="staff", subject_id=staff_id, moved=verb)
    return half_way.begin(session, purpose=Purpose.SET_UP, staff_id=staff_id, now=now)
