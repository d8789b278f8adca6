"""Register persons and staff; sign in and out; make and open a family's private link."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa
from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from reunify.audit import actions as audit
from reunify.identity import policy
from reunify.identity.records import (
    FamilyLink,
    FamilySession,
    PersonKey,
    PersonRecord,
    SignInFailure,
    StaffRecord,
    StaffSession,
)
from reunify.kernel.ids import PersonId, RequestId, StaffId
from reunify.kernel.people import Actor, Family, Role, Staff, System
from reunify.vault import keyring

_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
# Verified against for unknown names, so that the answer takes as long as for known ones.
_DECOY = _hasher.hash("no such person has this password")


@dataclass(frozen=True, slots=True)
class NewLink:
    """Shown to staff once; only hashes are kept."""

    token: str
    pin: str


def _hashed(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def register_person(
    session: Session, *, name: str, birth_date: date | None, case_number: str, now: datetime
) -> PersonId:
    """The person of that name with that birth date, or named in that case; a new one if never met."""
    ring = keyring.current()
    keys = [ring.blind_index(name, case_number, place="person_keys.case")]
    if birth_date is not None:
        keys.append(ring.blind_index(name, birth_date.isoformat(), place="person_keys.birth"))
    found = session.scalar(sa.select(PersonKey.person_id).where(PersonKey.index.in_(keys)).limit(1))
    if found is None:
        person = PersonRecord(name=name, registered_at=now)
        session.add(person)
        session.flush()
        found = person.id
    rows = [{"index": key, "person_id": found} for key in keys]
    session.execute(insert(PersonKey).values(rows).on_conflict_do_nothing())
    return PersonId(found)


def add_staff(
    session: Session, *, username: str, name: str, password: str, roles: set[Role], by: Actor, now: datetime
) -> StaffId:
    """Raises WeakPassword."""
    policy.check_password_strength(password)
    staff = StaffRecord(
        username=username.casefold(),
        name=name,
        password_hash=_hasher.hash(password),
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
    who = _hashed("sign-in:" + username.casefold())
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
        _hasher.verify(known.password_hash if known else _DECOY, password)
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
            token_hash=_hashed(token),
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
    session.execute(sa.delete(StaffSession).where(StaffSession.token_hash == _hashed(token)))


def staff_of(session: Session, *, token: str, now: datetime) -> Staff | None:
    """Who holds this session token now; a disabled person loses it at once."""
    row = session.execute(
        sa.select(StaffSession, StaffRecord)
        .join(StaffRecord, StaffRecord.id == StaffSession.staff_id)
        .where(StaffSession.token_hash == _hashed(token), StaffRecord.active)
    ).first()
    if row is None:
        return None
    live, staff = row
    if not policy.session_is_live(seen_at=live.seen_at, ends_at=live.ends_at, now=now):
        return None
    if (now - live.seen_at).total_seconds() > 60:  # not a write for every page read
        live.seen_at = now
    return Staff(StaffId(staff.id), staff.name, frozenset(Role(r) for r in staff.roles))


def make_family_link(session: Session, *, request_id: RequestId, by: Staff, now: datetime) -> NewLink:
    """A new link voids the old ones of the same request. The PIN is told by voice, never sent with it."""
    session.execute(
        sa.update(FamilyLink)
        .where(FamilyLink.request_id == request_id, FamilyLink.revoked_at.is_(None))
        .values(revoked_at=now)
    )
    new = NewLink(secrets.token_urlsafe(32), f"{secrets.randbelow(10**6):06d}")
    link = FamilyLink(
        request_id=request_id,
        token_hash=_hashed(new.token),
        pin_hash=_hasher.hash(new.pin),
        tries_left=policy.PIN_TRIES,
        made_by=by.id,
        made_at=now,
        ends_at=now + policy.FAMILY_LINK,
    )
    session.add(link)
    session.flush()
    audit.record(session, by=by, at=now, subject="family_link", subject_id=link.id, moved="make")
    return new


def open_family_link(session: Session, *, token: str, pin: str, now: datetime) -> str | None:
    """A family session token, or None for a wrong PIN (the try is counted). Raises LinkNotOpen."""
    link = session.scalar(
        sa.select(FamilyLink).where(FamilyLink.token_hash == _hashed(token)).with_for_update()
    )
    policy.check_link_open(
        ends_at=link.ends_at if link else now,
        revoked_at=link.revoked_at if link else now,
        tries_left=link.tries_left if link else 0,
        now=now,
    )
    assert link is not None
    try:
        _hasher.verify(link.pin_hash, pin.strip())
    except VerifyMismatchError:
        link.tries_left -= 1
        audit.record(
            session,
            by=System("family_door"),
            at=now,
            subject="family_link",
            subject_id=link.id,
            moved="wrong_pin",
        )
        return None
    link.tries_left = policy.PIN_TRIES
    opened = secrets.token_urlsafe(32)
    session.add(
        FamilySession(token_hash=_hashed(opened), link_id=link.id, ends_at=now + policy.FAMILY_SESSION)
    )
    audit.record(session, by=Family(link.id), at=now, subject="family_link", subject_id=link.id, moved="open")
    return opened


def family_of(session: Session, *, token: str, now: datetime) -> tuple[Family, RequestId] | None:
    """Which family, and which request, this session token opens; nothing once the link is revoked."""
    row = session.execute(
        sa.select(FamilyLink)
        .join(FamilySession, FamilySession.link_id == FamilyLink.id)
        .where(
            FamilySession.token_hash == _hashed(token),
            FamilySession.ends_at > now,
            FamilyLink.revoked_at.is_(None),
        )
    ).scalar()
    return (Family(row.id), RequestId(row.request_id)) if row else None
