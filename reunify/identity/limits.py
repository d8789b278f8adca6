"""How often one place may call, counted in the database: it holds over all processes (ASVS 2.4.1, 6.3.1).

A limit by address only slows down somebody who tries many doors. What protects one account or one link is its
own count of wrong tries.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from math import ceil

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from reunify.db import Database
from reunify.identity.limit_records import CallCount
from reunify.kernel.refusals import Refused
from reunify.vault import keyring

_SWEPT_AT_ONCE = 50


class Kind(StrEnum):
    """What is counted, each by itself."""

    SIGN_IN = "sign_in"
    FAMILY_DOOR = "family_door"
    SHORT_CODE = "short_code"
    GENUINE = "genuine"
    API = "api"
    UPLOAD = "upload"


@dataclass(frozen=True, slots=True)
class Allowance:
    """So many calls from one place in a window that starts with the first."""

    calls: int
    within: timedelta


# A shelter, a courthouse or a phone company may stand behind one address: wide enough for all its families.
ALLOWED = {
    Kind.SIGN_IN: Allowance(120, timedelta(minutes=10)),
    Kind.FAMILY_DOOR: Allowance(120, timedelta(minutes=10)),
    Kind.SHORT_CODE: Allowance(30, timedelta(minutes=10)),
    Kind.GENUINE: Allowance(60, timedelta(minutes=10)),
    Kind.API: Allowance(3000, timedelta(minutes=1)),
    Kind.UPLOAD: Allowance(120, timedelta(minutes=10)),
}


class TooManyCalls(Refused):
    """One place called too often. `seconds` until it is heard again."""

    def __init__(self, seconds: int) -> None:
        number, unit = (seconds, "second") if seconds < 60 else (ceil(seconds / 60), "minute")
        wait = f"{number} {unit}{'' if number == 1 else 's'}"
        super().__init__(f"Too many tries came from your network. Please wait {wait} and try again.")
        self.seconds = seconds


def check(db: Database, *, kind: Kind, place: str, now: datetime, times: int = 1, calls: int = 1) -> None:
    """Count the calls in a short transaction of its own. Raises TooManyCalls past the allowance.

    `place` is a network address or another name for who calls (a token's hash); only its keyed hash is kept.
    `times` widens the allowance where everybody shares one address, as in the sandbox.
    """
    allowed = ALLOWED[kind]
    key = keyring.current().blind_index(place, place=f"call_counts.{kind}")
    with db.work() as session:
        so_far, ends_at = session.execute(_counted(kind, key, now, now + allowed.within, calls)).one()
        session.execute(_swept(now))
    if so_far > allowed.calls * times:
        raise TooManyCalls(max(1, ceil((ends_at - now).total_seconds())))


def _counted(kind: Kind, key: bytes, now: datetime, ends_at: datetime, calls: int) -> sa.Executable:
    """One statement: callers of several processes are counted one after the other by the row's lock."""
    over = CallCount.ends_at <= now
    return (
        insert(CallCount)
        .values(kind=kind.value, place=key, calls=calls, ends_at=ends_at)
        .on_conflict_do_update(
            index_elements=["kind", "place"],
            set_={
                "calls": sa.case((over, calls), else_=CallCount.calls + calls),
                "ends_at": sa.case((over, ends_at), else_=CallCount.ends_at),
            },
        )
        .returning(CallCount.calls, CallCount.ends_at)
    )


def _swept(now: datetime) -> sa.Executable:
    """Windows that are over go, some at a time; rows others hold are left to them."""
    gone = (
        sa.select(CallCount.kind, CallCount.place)
        .where(CallCount.ends_at <= now)
        .limit(_SWEPT_AT_ONCE)
        .with_for_update(skip_locked=True)
    )
    return sa.delete(CallCount).where(sa.tuple_(CallCount.kind, CallCount.place).in_(gone))
