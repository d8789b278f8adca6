"""Ana at the doors of the house, verb by verb."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta

import pyotp

from reunify.db import Database
from reunify.identity import actions as identity
from reunify.identity import sessions, totp
from reunify.identity.passkeys import Site
from reunify.kernel.ids import StaffId
from reunify.kernel.people import Staff, System
from reunify.sandbox.authenticator import SoftwarePasskey
from reunify.sandbox.people import PEOPLE_BY_NAME

SITE = Site("localhost", "http://localhost")
ANA = PEOPLE_BY_NAME["ana"]
BROWSER = "Firefox on Linux"


def half(db: Database, now: datetime, password: str = ANA.password) -> identity.HalfWayIn | None:
    with db.work() as session:
        return identity.sign_in(session, username="Ana", password=password, now=now)


def with_passkey(db: Database, now: datetime, token: str, key: SoftwarePasskey | None = None) -> str | None:
    with db.work() as session:
        asked = identity.ask_passkey(session, token=token, site=SITE, now=now)
    if asked is None:
        return None
    answer = (key or SoftwarePasskey("ana")).sign(json.loads(asked), SITE.origin)
    with db.work() as session:
        return identity.finish_with_passkey(
            session, token=token, site=SITE, answer=answer, browser=BROWSER, now=now
        )


def in_house(db: Database, now: datetime) -> str:
    made = half(db, now)
    assert made is not None
    token = with_passkey(db, now, made.token)
    assert token is not None
    return token


def who(db: Database, token: str, now: datetime) -> Staff | None:
    with db.work() as session:
        return sessions.staff_of(session, token=token, now=now)


def app_for(db: Database, staff_id: StaffId, now: datetime) -> Callable[[datetime], str]:
    """Ana sets up an app for codes; what it shows at a moment."""
    with db.work() as session:
        secret = totp.begin_set_up(session, staff_id=staff_id, now=now)
    shown = pyotp.TOTP(secret)
    before = now - timedelta(minutes=10)
    with db.work() as session:
        by = System("test")
        assert totp.confirm(session, staff_id=staff_id, code=shown.at(before), by=by, now=before)
    return shown.at


def with_code(db: Database, now: datetime, code: str) -> str | None:
    made = half(db, now)
    assert made is not None
    with db.work() as session:
        return identity.finish_with_code(session, token=made.token, code=code, browser=BROWSER, now=now)
