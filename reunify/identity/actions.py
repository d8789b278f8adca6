"""Register staff; sign in and out."""

from __future__ import annotations

import secrets
from datetime import datetime

import sqlalchemy as sa
from argon2.exceptions import VerifyMismatchError
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from reunify.audit import actions as audit
from reunify.identity import policy
from reunify.identity.records import SignInFailure, StaffRecord, StaffSession
from reunify.identity.secret import PASSWORDS, hashed
from reunify.kernel.ids import StaffId
from reunify.kernel.people import Actor, Role, Staff

# Verified against for unknown names, so that the answer takes as long as for known ones.
_DECOY = PASSWORDS.hash("no such person has this password")


def add_staff(
    session: Session, *, username: str, name: str, password: str, roles: set[Role], by: Actor, now: datetime
) -> StaffId:
    """Raises WeakPassword."""
    policy.check_password_strength(password)
    staff = StaffRecord(
        username=username.casefold(),
        name=name,
        password_hash=PASSWORDS.hash(password),
        roles=sorted(roles),
        active=True,
    )
    session.add(staff)
    session.flush()
    audit.record(
        session,
        by=by,
        at=now,
        subject="staff",
        subject_id=staff.id,
        moved="add",
        detail={"roles": sorted(roles)},
    )
    return StaffId(staff.id)


def sign_in(session: Session, *, username: str, password: str, now: datetime) -> str | None:
    """A new session token, or None for a wrong pair (the failure is counted in this transaction).

    Raises TooManyTries while the name is paused.
    """
    who = hashed("sign-in:" + username.casefold())
    failure = session.get(SignInFailure, who, with_for_update=True)
    if failure and failure.failures >= policy.PASSWORD_TRIES:
        if now - failure.since < policy.PASSWORD_PAUSE:
            raise policy.TooManyTries("Too many tries. Wait 15 minutes, or ask an administrator.")
        session.delete(failure)
        session.flush()
        failure = None
    staff = session.scalar(sa.select(StaffRecord).where(StaffRecord.username == username.casefold()))
    known = staff if staff and staff.active else None
    try:
        PASSWORDS.verify(known.password_hash if known else _DECOY, password)
    except VerifyMismatchError:
        known = None
    if known is None:
        _count_failure(session, who, now)
        return None
    if failure:
        session.delete(failure)
    token = secrets.token_urlsafe(32)
    session.add(
        StaffSession(
            token_hash=hashed(token),
            staff_id=known.id,
            created_at=now,
            seen_at=now,
            ends_at=now + policy.SESSION_LONGEST,
        )
    )
    actor = Staff(StaffId(known.id), known.name, frozenset(Role(r) for r in known.roles))
    audit.record(session, by=actor, at=now, subject="staff", subject_id=known.id, moved="sign_in")
    return token


def _count_failure(session: Session, who: str, now: datetime) -> None:
    row = insert(SignInFailure).values(username_hash=who, failures=1, since=now)
    session.execute(
        row.on_conflict_do_update(
            index_elements=["username_hash"],
            set_={"failures": SignInFailure.failures + 1, "since": now},
        )
    )


def sign_out(session: Session, *, token: str) -> None:
    session.execute(sa.delete(StaffSession).where(StaffSession.token_hash == hashed(token)))


def staff_of(session: Session, *, token: str, now: datetime) -> Staff | None:
    """Who holds this session token now; a disabled person loses it at once."""
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
    return Staff(StaffId(staff.id), staff.name, frozenset(Role(r) for r in staff.roles))
