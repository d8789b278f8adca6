"""Make and open a family's private link."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from argon2.exceptions import VerifyMismatchError
from sqlalchemy.orm import Session

from reunify.audit import actions as audit
from reunify.identity import policy
from reunify.identity.family_records import FamilyLink, FamilySession
from reunify.identity.secret import PASSWORDS, hashed
from reunify.kernel.ids import RequestId
from reunify.kernel.people import Family, Staff, System


@dataclass(frozen=True, slots=True)
class NewLink:
    """Shown to staff once; only hashes are kept."""

    token: str
    pin: str


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
        token_hash=hashed(new.token),
        pin_hash=PASSWORDS.hash(new.pin),
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
        sa.select(FamilyLink).where(FamilyLink.token_hash == hashed(token)).with_for_update()
    )
    policy.check_link_open(
        ends_at=link.ends_at if link else now,
        revoked_at=link.revoked_at if link else now,
        tries_left=link.tries_left if link else 0,
        now=now,
    )
    assert link is not None
    try:
        PASSWORDS.verify(link.pin_hash, pin.strip())
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
        FamilySession(token_hash=hashed(opened), link_id=link.id, ends_at=now + policy.FAMILY_SESSION)
    )
    audit.record(session, by=Family(link.id), at=now, subject="family_link", subject_id=link.id, moved="open")
    return opened


def family_of(session: Session, *, token: str, now: datetime) -> tuple[Family, RequestId] | None:
    """Which family, and which request, this session token opens; nothing once the link is revoked."""
    row = session.execute(
        sa.select(FamilyLink)
        .join(FamilySession, FamilySession.link_id == FamilyLink.id)
        .where(
            FamilySession.token_hash == hashed(token),
            FamilySession.ends_at > now,
            FamilyLink.revoked_at.is_(None),
        )
    ).scalar()
    return (Family(row.id), RequestId(row.request_id)) if row else None
