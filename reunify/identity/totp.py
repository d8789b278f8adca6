"""Six-digit codes from an app (RFC 6238). Each step counts once: the last accepted is kept (ASVS 6.5.1)."""

from __future__ import annotations

import hmac
from datetime import datetime

import pyotp
import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.audit import actions as audit
from reunify.identity import factors, policy, tries
from reunify.identity.records import StaffRecord, TotpSecret
from reunify.kernel.ids import StaffId
from reunify.kernel.may import ANYBODY, may
from reunify.kernel.people import Actor, Staff

_STEP_SECONDS = 30
_DRIFT = (0, -1, 1)  # a phone's clock may be half a minute off
_ISSUER = "Reunify"


def begin_set_up(session: Session, *, staff_id: StaffId, now: datetime) -> str:
    """A new secret (base32); the one in use, if any, holds until the new one is confirmed elsewhere."""
    secret = pyotp.random_base32()
    session.execute(
        sa.delete(TotpSecret).where(TotpSecret.staff_id == staff_id, TotpSecret.confirmed_at.is_(None))
    )
    if _of(session, staff_id) is not None:
        raise policy.LastFactor("You have an app for codes. Remove it first, then set up the new one.")
    session.add(TotpSecret(staff_id=staff_id, secret=secret, made_at=now))
    session.flush()
    return secret


def pending(session: Session, *, staff_id: StaffId) -> str | None:
    """The secret that waits to be confirmed."""
    row = _of(session, staff_id)
    return row.secret if row and row.confirmed_at is None else None


def in_groups(secret: str) -> str:
    """To type by hand: groups of four."""
    return " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))


def address(session: Session, *, staff_id: StaffId, secret: str) -> str:
    """`otpauth:` link that a phone's app opens."""
    staff = session.get_one(StaffRecord, staff_id)
    return pyotp.TOTP(secret).provisioning_uri(name=staff.username, issuer_name=_ISSUER)


@may(*ANYBODY, system=True)
def confirm(session: Session, *, staff_id: StaffId, code: str, by: Actor, now: datetime) -> bool:
    """The first code from the app; False for a wrong one (counted). Raises TooManyTries."""
    row = _of(session, staff_id, lock=True)
    if row is None or row.confirmed_at is not None:
        return False
    if not _right(session, row, code, now):
        return False
    row.confirmed_at = now
    audit.record(session, by=by, at=now, subject="staff", subject_id=staff_id, moved="add_totp")
    return True


def prove(session: Session, *, staff_id: StaffId, code: str, now: datetime) -> bool:
    """False for a wrong or used code (counted over all sign-ins of the person). Raises TooManyTries."""
    row = _of(session, staff_id, lock=True)
    if row is None or row.confirmed_at is None:
        return False
    return _right(session, row, code, now)


@may(*ANYBODY)
def remove(session: Session, *, by: Staff, now: datetime) -> None:
    """Raises StepUpFirst, LastFactor."""
    policy.check_proved(by, now=now)
    session.get_one(StaffRecord, by.id, with_for_update=True)
    has = factors.of(session, by.id)
    policy.check_may_end_factor(passkeys=has.passkeys, totp=has.totp)
    session.execute(sa.delete(TotpSecret).where(TotpSecret.staff_id == by.id))
    audit.record(session, by=by, at=now, subject="staff", subject_id=by.id, moved="remove_totp")


def _of(session: Session, staff_id: StaffId, *, lock: bool = False) -> TotpSecret | None:
    question = sa.select(TotpSecret).where(TotpSecret.staff_id == staff_id)
    return session.scalar(question.with_for_update() if lock else question)


def _right(session: Session, row: TotpSecret, code: str, now: datetime) -> bool:
    who = f"totp:{row.staff_id}"
    tries.check_not_paused(session, who, now=now)
    typed = "".join(code.split())
    shown = pyotp.TOTP(row.secret)
    here = int(now.timestamp()) // _STEP_SECONDS
    for step in (here + drift for drift in _DRIFT):
        fits = hmac.compare_digest(shown.generate_otp(step).encode(), typed.encode())
        if fits and step > (row.last_step or 0):
            row.last_step = step
            tries.forget(session, who)
            return True
    tries.count(session, who, now=now)
    return False
