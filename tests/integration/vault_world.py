"""A few rows with sealed columns, and how their bytes looked before families had keys."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy.orm import Session

from reunify.db import Database
from reunify.identity.records import StaffRecord
from reunify.intake import actions as intake
from reunify.kernel.ids import StaffId
from reunify.kernel.people import Role, Staff
from reunify.payees.records import PayeeRecord
from reunify.vault.keyring import KeyRing


def case_manager(db: Database) -> Staff:
    with db.work() as session:
        record = StaffRecord(username="ana", name="Ana", password_hash=None, roles=[Role.CASE_MANAGER.value])
        session.add(record)
        session.flush()
        return Staff(StaffId(record.id), record.name, frozenset({Role.CASE_MANAGER}))


def family(db: Database, by: Staff, now: datetime) -> UUID:
    """A request with a draft; its id is the keeper of everything the family says."""
    with db.work() as session:
        return intake.create(session, draft={"told": "Rosa's words"}, by=by, now=now).id


def payee(request_id: UUID, now: datetime, key: str = "mother", **more: Any) -> PayeeRecord:
    told: dict[str, Any] = {"legal_name": f"Rosa {key}", "email": f"{key}@example.org"}
    return PayeeRecord(
        request_id=request_id,
        key=key,
        version=1,
        kind="person",
        country="US",
        stripe_consent=False,
        registered_at=now,
        **(told | more),
    )


def first_layout(ring: KeyRing, plain: bytes, place: str, number: int | None = None) -> bytes:
    """As values were sealed before families had keys: by the ring itself, bound to the column."""
    number, nonce = number or ring.active, os.urandom(12)
    return bytes((1, number)) + nonce + AESGCM(ring.keys[number]).encrypt(nonce, plain, place.encode())


@contextmanager
def statements(session_or_db: Session | Database) -> Iterator[list[str]]:
    """Every statement that is sent meanwhile."""
    engine = session_or_db.engine if isinstance(session_or_db, Database) else session_or_db.get_bind()
    heard: list[str] = []

    def hear(_: Any, __: Any, statement: str, *___: Any) -> None:
        heard.append(statement)

    sa.event.listen(engine, "before_cursor_execute", hear)
    try:
        yield heard
    finally:
        sa.event.remove(engine, "before_cursor_execute", hear)


def about_keys(heard: list[str]) -> list[str]:
    return [one for one in heard if "family_keys" in one]


def payees_of(request_id: UUID) -> sa.Select[tuple[PayeeRecord]]:
    return sa.select(PayeeRecord).where(PayeeRecord.request_id == request_id)
