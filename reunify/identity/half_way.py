"""Between the first proof and a session: five minutes, used once, wrong tries counted."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.identity import policy
from reunify.identity.records import HalfWay, PasskeyChallenge
from reunify.identity.secret import hashed
from reunify.kernel.ids import StaffId


class Purpose(StrEnum):
    PASSKEY = "passkey"  # a passkey alone is asked for; nobody is known yet
    SECOND_FACTOR = "second_factor"  # the password was right, or the provider vouched
    SET_UP = "set_up"  # a one-time code was right: a password and a factor are to be chosen


@dataclass(frozen=True, slots=True)
class Standing:
    """Who stands half-way. `staff_id` is None only for PASSKEY. `provider`: as in HalfWay."""

    purpose: Purpose
    staff_id: StaffId | None
    provider: bool = False

    @property
    def first_way(self) -> str:
        """How the first proof was given, as a session's `ways` say it."""
        return "oidc" if self.provider else "password"


def begin(
    session: Session, *, purpose: Purpose, staff_id: StaffId | None, provider: bool = False, now: datetime
) -> str:
    """The token of a new half-way state; what has run out is swept on the way."""
    session.execute(sa.delete(HalfWay).where(HalfWay.ends_at < now))
    session.execute(sa.delete(PasskeyChallenge).where(PasskeyChallenge.ends_at < now))
    token = secrets.token_urlsafe(32)
    longest = policy.SET_UP if purpose is Purpose.SET_UP else policy.HALF_WAY
    session.add(
        HalfWay(
            token_hash=hashed(token),
            purpose=purpose,
            provider=provider,
            staff_id=staff_id,
            tries_left=policy.CODE_TRIES,
            ends_at=now + longest,
        )
    )
    session.flush()
    return token


def find(session: Session, *, token: str | None, now: datetime, lock: bool = False) -> Standing | None:
    """Who holds this token, if it still counts."""
    if not token:
        return None
    question = sa.select(HalfWay).where(
        HalfWay.token_hash == hashed(token), HalfWay.ends_at > now, HalfWay.tries_left > 0
    )
    row = session.scalar(question.with_for_update() if lock else question)
    if row is None:
        return None
    staff_id = StaffId(row.staff_id) if row.staff_id else None
    return Standing(Purpose(row.purpose), staff_id, row.provider)


def wrong_try(session: Session, *, token: str) -> None:
    """One try less; at none the state is dead."""
    session.execute(
        sa.update(HalfWay)
        .where(HalfWay.token_hash == hashed(token), HalfWay.tries_left > 0)
        .values(tries_left=HalfWay.tries_left - 1)
    )


def spend(session: Session, *, token: str) -> None:
    """It has led to a session, and leads nowhere any more."""
    session.execute(sa.delete(HalfWay).where(HalfWay.token_hash == hashed(token)))
