"""Wrong tries are counted per person, so that guessing ends after a few (ASVS 6.3.1, 6.6.3)."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from reunify.identity import policy
from reunify.identity.records import SignInFailure
from reunify.identity.secret import hashed


def check_not_paused(session: Session, who: str, *, now: datetime) -> None:
    """`who`: what is tried and against whom, such as `password:ana`. Raises TooManyTries while paused."""
    failure = session.get(SignInFailure, hashed(who), with_for_update=True)
    if failure is None or failure.failures < policy.PASSWORD_TRIES:
        return
    if now - failure.since < policy.PASSWORD_PAUSE:
        raise policy.TooManyTries("Too many tries. Wait 15 minutes, or ask an administrator.")
    session.delete(failure)
    session.flush()


def count(session: Session, who: str, *, now: datetime) -> None:
    """One more wrong try."""
    row = insert(SignInFailure).values(who_hash=hashed(who), failures=1, since=now)
    session.execute(
        row.on_conflict_do_update(
            index_elements=["who_hash"], set_={"failures": SignInFailure.failures + 1, "since": now}
        )
    )


def forget(session: Session, who: str) -> None:
    """After a right one."""
    session.execute(sa.delete(SignInFailure).where(SignInFailure.who_hash == hashed(who)))
