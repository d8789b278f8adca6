"""After a one-time code: a password, then a passkey or an app for codes, and with it the first session.

Every verb takes the half-way token that the code gave, and answers None (or False) once it is worth nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from reunify.identity import half_way, passkeys, passwords, policy, sessions, totp
from reunify.identity.actions import finish
from reunify.identity.half_way import Purpose
from reunify.identity.passkeys import Site
from reunify.identity.records import StaffRecord
from reunify.kernel.ids import StaffId
from reunify.kernel.people import Staff


@dataclass(frozen=True, slots=True)
class Beginning:
    """How far the person has come. `secret`: an app for codes is being set up.

    `needs_passkey`: their work asks for one, and an app is no beginning.
    """

    name: str
    has_password: bool
    needs_passkey: bool
    secret: str | None
    address: str | None


def seen(session: Session, *, token: str, provider: bool, now: datetime) -> Beginning | None:
    """`provider`, here and below: the house has an identity provider."""
    staff_id = _who(session, token, now)
    if staff_id is None:
        return None
    staff = session.get_one(StaffRecord, staff_id)
    secret = totp.pending(session, staff_id=staff_id)
    address = totp.address(session, staff_id=staff_id, secret=secret) if secret else None
    roles = _self(session, staff_id, now).roles
    needs_passkey = policy.needs_passkey(roles, provider=provider)
    return Beginning(staff.name, staff.password_hash is not None, needs_passkey, secret, address)


def choose_password(
    session: Session,
    *,
    token: str,
    new: str,
    about: Iterable[str],
    breached: Path | None,
    now: datetime,
) -> bool:
    """Raises WeakPassword."""
    staff_id = _who(session, token, now)
    if staff_id is None:
        return False
    by = _self(session, staff_id, now)
    passwords.choose(session, new=new, staff_id=staff_id, about=about, breached=breached, by=by, now=now)
    return True


def ask_passkey(session: Session, *, token: str, site: Site, now: datetime) -> str | None:
    """Options (JSON) to make the first passkey with."""
    staff_id = _who(session, token, now, with_password=True)
    if staff_id is None:
        return None
    return passkeys.ask_new(session, token=token, site=site, staff_id=staff_id, now=now)


def add_passkey(
    session: Session,
    *,
    token: str,
    site: Site,
    answer: Mapping[str, Any],
    name: str,
    browser: str,
    now: datetime,
) -> str | None:
    """The first session's token."""
    staff_id = _who(session, token, now, with_password=True)
    if staff_id is None:
        return None
    made = passkeys.add(
        session,
        token=token,
        site=site,
        answer=answer,
        name=name,
        proved=True,
        staff_id=staff_id,
        by=_self(session, staff_id, now),
        now=now,
    )
    if made is None:
        return None
    return finish(
        session,
        token=token,
        staff_id=staff_id,
        ways=["one_time_code", "passkey"],
        proved_at=now,
        browser=browser,
        now=now,
    )


def begin_app(session: Session, *, token: str, provider: bool, now: datetime) -> bool:
    """Raises PasskeyFirst."""
    staff_id = _who(session, token, now, with_password=True)
    if staff_id is not None:
        policy.check_app_is_enough(_self(session, staff_id, now).roles, provider=provider)
        totp.begin_set_up(session, staff_id=staff_id, now=now)
    return staff_id is not None


def confirm_app(
    session: Session, *, token: str, code: str, provider: bool, browser: str, now: datetime
) -> str | None:
    """The first session's token. Raises PasskeyFirst, TooManyTries."""
    staff_id = _who(session, token, now, with_password=True)
    if staff_id is None:
        return None
    by = _self(session, staff_id, now)
    policy.check_app_is_enough(by.roles, provider=provider)
    if not totp.confirm(session, staff_id=staff_id, code=code, by=by, now=now):
        return None
    return finish(
        session,
        token=token,
        staff_id=staff_id,
        ways=["one_time_code", "totp"],
        proved_at=None,
        browser=browser,
        now=now,
    )


def _who(session: Session, token: str, now: datetime, *, with_password: bool = False) -> StaffId | None:
    at = half_way.find(session, token=token, now=now, lock=True)
    if at is None or at.purpose is not Purpose.SET_UP or at.staff_id is None:
        return None
    staff = session.get_one(StaffRecord, at.staff_id)
    if not staff.active or (with_password and staff.password_hash is None):
        return None
    return at.staff_id


def _self(session: Session, staff_id: StaffId, now: datetime) -> Staff:
    return sessions.acting(session, session.get_one(StaffRecord, staff_id), proved_at=None, now=now)
