"""Sessions: begun with two proofs, rotated at every step-up, listed, ended. One browser knows the token.

A token is 256 random bits (ASVS 7.2.3), kept as SHA-256. Idle 30 minutes, never longer than 12 hours.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.audit import actions as audit
from reunify.identity import delegation, policy, recovery
from reunify.identity.records import StaffRecord, StaffSession
from reunify.identity.secret import hashed
from reunify.kernel.ids import StaffId
from reunify.kernel.may import ANYBODY, may
from reunify.kernel.people import Actor, Role, Staff


@dataclass(frozen=True, slots=True)
class OpenSession:
    """One line of the person's own list."""

    id: UUID
    browser: str
    created_at: datetime
    seen_at: datetime
    here: bool


def begin(
    session: Session,
    *,
    staff_id: StaffId,
    ways: Sequence[str],
    browser: str,
    proved_at: datetime | None,
    now: datetime,
) -> str:
    """A new session's token. `ways` and `browser`: as in StaffSession. The caller has checked the proofs."""
    staff = session.get_one(StaffRecord, staff_id)
    token = secrets.token_urlsafe(32)
    row = StaffSession(
        token_hash=hashed(token),
        staff_id=staff_id,
        created_at=now,
        seen_at=now,
        ends_at=now + policy.SESSION_LONGEST,
        ways=list(ways),
        browser=browser,
        proved_at=proved_at,
    )
    session.add(row)
    if staff.enrolled_at is None:
        staff.enrolled_at = now
    session.flush()
    audit.record(
        session,
        by=acting(session, staff, proved_at=proved_at, now=now),
        at=now,
        subject="staff",
        subject_id=staff_id,
        moved="sign_in",
        detail={"ways": list(ways), "session": str(row.id)},
    )
    return token


def acting(session: Session, staff: StaffRecord, *, proved_at: datetime | None, now: datetime) -> Staff:
    """The person as they stand at this moment: roles, and whom they count as one with."""
    staff_id = StaffId(staff.id)
    lent = delegation.standing(session, staff_id, now)
    held = frozenset(Role(r) for r in staff.roles)
    own = {staff.team} if staff.team and Role.SUPERVISOR in held else set()
    return Staff(
        staff_id,
        staff.name,
        held | lent.roles,
        team=staff.team,
        stands_for=lent.stands_for | recovery.vouched_for(session, staff_id, now),
        covers=lent.covers,
        supervises=lent.supervises | own,
        proved_at=proved_at,
    )


def standing(session: Session, staff_id: UUID, *, now: datetime) -> Staff:
    """The person as their next request would find them, without a proof; a disabled one without a role."""
    record = session.get_one(StaffRecord, staff_id, populate_existing=True)
    person = acting(session, record, proved_at=None, now=now)
    return person if record.active else replace(person, roles=frozenset())


def staff_of(session: Session, *, token: str, now: datetime) -> Staff | None:
    """Who holds this session token now; a disabled or demoted person loses what they had at once."""
    row = session.execute(
        sa.select(StaffSession, StaffRecord)
        .join(StaffRecord, StaffRecord.id == StaffSession.staff_id)
        .where(StaffSession.token_hash == hashed(token), StaffRecord.active)
    ).first()
    if row is None:
        return None
    live, staff = row
    if not policy.session_is_live(seen_at=live.seen_at, ends_at=live.ends_at, now=now):
        return None
    if (now - live.seen_at).total_seconds() > 60:  # not a write for every page read
        live.seen_at = now
    return acting(session, staff, proved_at=live.proved_at, now=now)


@may(*ANYBODY)
def mark_proved(session: Session, *, token: str, by: Staff, now: datetime) -> str:
    """The new token, after a passkey or a provider's phishing-resistant proof; the old one is dead.

    Raises WrongSignIn if the session has ended meanwhile.
    """
    fresh = secrets.token_urlsafe(32)
    live = session.scalars(
        sa.select(StaffSession).where(StaffSession.token_hash == hashed(token)).with_for_update()
    ).one_or_none()
    if live is None:  # ended, or proved by another call, since this one was let in
        raise policy.WrongSignIn("Your session has ended. Please sign in again.")
    live.token_hash, live.proved_at, live.seen_at = hashed(fresh), now, now
    audit.record(session, by=by, at=now, subject="staff", subject_id=live.staff_id, moved="step_up")
    return fresh


@may(*ANYBODY)
def sign_out(session: Session, *, token: str, by: Staff, now: datetime) -> None:
    session.execute(sa.delete(StaffSession).where(StaffSession.token_hash == hashed(token)))
    audit.record(session, by=by, at=now, subject="staff", subject_id=by.id, moved="sign_out")


def drop(session: Session, *, token: str) -> None:
    """The browser has signed in anew: what it carried before opens nothing."""
    session.execute(sa.delete(StaffSession).where(StaffSession.token_hash == hashed(token)))


def begun_at(session: Session, *, token: str) -> datetime | None:
    """When the session began, with whatever proofs it took."""
    return session.scalar(sa.select(StaffSession.created_at).where(StaffSession.token_hash == hashed(token)))


def open_sessions(session: Session, *, staff_id: StaffId, token: str, now: datetime) -> list[OpenSession]:
    """The person's live sessions, the newest first."""
    rows = session.scalars(
        sa.select(StaffSession)
        .where(StaffSession.staff_id == staff_id)
        .order_by(StaffSession.created_at.desc())
    )
    here = hashed(token)
    return [
        OpenSession(r.id, r.browser, r.created_at, r.seen_at, r.token_hash == here)
        for r in rows
        if policy.session_is_live(seen_at=r.seen_at, ends_at=r.ends_at, now=now)
    ]


@may(*ANYBODY)
def end_one(session: Session, *, session_id: UUID, by: Staff, now: datetime) -> None:
    """One of the person's own; somebody else's is not touched."""
    session.execute(
        sa.delete(StaffSession).where(StaffSession.id == session_id, StaffSession.staff_id == by.id)
    )
    audit.record(session, by=by, at=now, subject="staff", subject_id=by.id, moved="end_session")


@may(*ANYBODY, system=True)
def end_all(session: Session, *, staff_id: StaffId, by: Actor, now: datetime, but: str | None = None) -> None:
    """Every session of one person, except the one that holds the token `but`."""
    gone = sa.delete(StaffSession).where(StaffSession.staff_id == staff_id)
    if but is not None:
        gone = gone.where(StaffSession.token_hash != hashed(but))
    session.execute(gone)
    audit.record(session, by=by, at=now, subject="staff", subject_id=staff_id, moved="end_sessions")
