"""When a person may add a factor to those they have, and from when a first passkey counts as proof."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.identity import factors, policy, sessions
from reunify.identity.records import Passkey
from reunify.kernel.ids import StaffId
from reunify.kernel.people import Staff
from reunify.kernel.refusals import NotAllowed


def check_may_add(session: Session, *, token: str, by: Staff, now: datetime) -> None:
    """To add a factor (ASVS 7.5.1): a passkey just proved; without one yet, a session begun just now.

    Raises StepUpFirst, SignInAgain.
    """
    if policy.is_fresh(by.proved_at, now=now):
        return
    if factors.of(session, by.id).passkeys:
        policy.check_proved(by, now=now)
    if not policy.is_fresh(sessions.begun_at(session, token=token), now=now):
        raise policy.SignInAgain("Sign out and in again; within five minutes you can then add it.")


def may_add(session: Session, *, token: str, by: Staff, now: datetime) -> bool:
    try:
        check_may_add(session, token=token, by=by, now=now)
    except NotAllowed:
        return False
    return True


def trusted_later(session: Session, *, staff_id: StaffId, now: datetime) -> datetime | None:
    """When the person's first passkey begins to count as proof; None if one does, or there is none."""
    first = session.scalar(sa.select(sa.func.min(Passkey.trusted_from)).where(Passkey.staff_id == staff_id))
    return first if first is not None and first > now else None
