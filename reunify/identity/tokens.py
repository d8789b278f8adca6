"""Tokens for programs of partners: narrow, ending, shown once. What a program enters, its owner has entered.

`rfy_` + 43 characters (256 random bits) + 6 characters that show a mistyped or invented token without a look
into the database. Kept as SHA-256.
"""

from __future__ import annotations

import secrets
import zlib
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.audit import actions as audit
from reunify.identity.records import StaffRecord
from reunify.identity.roster_records import ApiTokenRecord
from reunify.identity.secret import hashed
from reunify.kernel.ids import StaffId
from reunify.kernel.may import may
from reunify.kernel.people import Actor, Role, Service, Staff
from reunify.kernel.refusals import NotFound, OutOfStep, Refused
from reunify.kernel.text import is_safe

PREFIX = "rfy_"
USUAL, LONGEST = timedelta(days=90), timedelta(days=365)
_SECRET, _CHECK = 43, 6
_USED_EVERY = timedelta(minutes=1)  # not a write for every call


class Scope(StrEnum):
    """What a token may do. None of it decides on money."""

    ENTER_REQUESTS = "requests:write"
    READ_PROGRESS = "requests:read_progress"


class TokenDoesNotFit(Refused):
    """A token without a name, scope or end, or for longer than a year."""


class OwnerCannotAnswer(Refused):
    """The owner answers for what the program enters: an active case manager, not the administrator."""


class TokenEnded(OutOfStep):
    """It was revoked before."""


@dataclass(frozen=True, slots=True)
class Token:
    """One line of the list. Nothing here opens anything."""

    id: UUID
    name: str
    hint: str
    scopes: tuple[Scope, ...]
    owner_id: StaffId
    made_by: StaffId
    made_at: datetime
    ends_at: datetime
    used_at: datetime | None
    revoked_at: datetime | None


@may(Role.ADMINISTRATOR)
def make(
    session: Session,
    *,
    name: str,
    scopes: Collection[Scope],
    owner_id: StaffId,
    days: int,
    by: Staff,
    now: datetime,
) -> tuple[UUID, str]:
    """The token itself is returned once, for the administrator to hand over.

    Raises TokenDoesNotFit, OwnerCannotAnswer.
    """
    said = " ".join(name.split())
    if not said or len(said) > 100 or not is_safe(said):
        raise TokenDoesNotFit("Name the program and whose it is.", field="/name")
    if not scopes:
        raise TokenDoesNotFit("Choose at least one thing the program may do.", field="/scopes")
    if not 1 <= days <= LONGEST.days:
        raise TokenDoesNotFit(f"A token lasts 1 to {LONGEST.days} days.", field="/days")
    owner = session.get(StaffRecord, owner_id)
    if owner is None or not owner.active or Role.CASE_MANAGER not in owner.roles or owner_id in by.selves:
        raise OwnerCannotAnswer(
            "The owner answers for what the program enters: choose an active case manager.", field="/owner"
        )
    token = _new()
    row = ApiTokenRecord(
        name=said,
        token_hash=hashed(token),
        hint=token[-4:],
        scopes=sorted(scopes),
        owner_id=owner_id,
        made_by=by.id,
        made_at=now,
        ends_at=now + timedelta(days=days),
    )
    session.add(row)
    session.flush()
    detail = {"scopes": sorted(scopes), "owner": str(owner_id), "days": days}
    audit.record(session, by=by, at=now, subject="api_token", subject_id=row.id, moved="make", detail=detail)
    return row.id, token


@may(Role.ADMINISTRATOR)
def revoke(session: Session, *, token_id: UUID, by: Staff, now: datetime) -> None:
    """Dead at once. Raises NotFound, TokenEnded."""
    row = session.get(ApiTokenRecord, token_id, with_for_update=True)
    if row is None:
        raise NotFound("There is no such token.")
    if row.revoked_at is not None:
        raise TokenEnded("This token has been revoked already.")
    _end(session, row, by=by, now=now)


@may(Role.ADMINISTRATOR, system=True)
def revoke_all(session: Session, *, owner_id: StaffId, by: Actor, now: datetime) -> None:
    """Nobody answers for these programs any more."""
    for row in session.scalars(
        sa.select(ApiTokenRecord)
        .where(ApiTokenRecord.owner_id == owner_id, ApiTokenRecord.revoked_at.is_(None))
        .with_for_update()
    ):
        _end(session, row, by=by, now=now)


def looks_right(token: str) -> bool:
    """True for what could be a token of ours."""
    body, check = token[:-_CHECK], token[-_CHECK:]
    whole = len(token) == len(PREFIX) + _SECRET + _CHECK and token.startswith(PREFIX)
    return whole and secrets.compare_digest(check.encode(), _check(body).encode())


def acting(session: Session, *, token: str, scope: str, now: datetime) -> Staff | None:
    """The owner, acting through the program; None unless the token is live and reaches this far.

    As a case manager and nothing else, whatever other roles the owner has: no token decides on money.
    The owner's team comes along only where a case is entered, never to read what the team does.
    """
    if not looks_right(token):
        return None
    found = session.execute(
        sa.select(ApiTokenRecord, StaffRecord)
        .join(StaffRecord, StaffRecord.id == ApiTokenRecord.owner_id)
        .where(
            ApiTokenRecord.token_hash == hashed(token),
            ApiTokenRecord.revoked_at.is_(None),
            ApiTokenRecord.ends_at > now,
            StaffRecord.active,
        )
    ).first()
    if found is None or scope not in found[0].scopes or Role.CASE_MANAGER not in found[1].roles:
        return None
    row, owner = found
    if row.used_at is None or now - row.used_at > _USED_EVERY:
        row.used_at = now
    return Staff(
        StaffId(owner.id),
        row.name,
        frozenset({Role.CASE_MANAGER}),
        team=owner.team if scope == Scope.ENTER_REQUESTS else None,
        through=Service(row.id, row.name, frozenset(row.scopes)),
    )


def tokens(session: Session) -> list[Token]:
    """The newest first."""
    rows = session.scalars(sa.select(ApiTokenRecord).order_by(ApiTokenRecord.made_at.desc()))
    return [
        Token(
            r.id,
            r.name,
            r.hint,
            tuple(Scope(s) for s in r.scopes),
            StaffId(r.owner_id),
            StaffId(r.made_by),
            r.made_at,
            r.ends_at,
            r.used_at,
            r.revoked_at,
        )
        for r in rows
    ]


def _new() -> str:
    body = PREFIX + secrets.token_urlsafe(32)
    return body + _check(body)


def _check(body: str) -> str:
    """CRC-32 in seven-bit-safe letters: not a secret, only a spelling check."""
    return f"{zlib.crc32(body.encode()):08x}"[:_CHECK]


def _end(session: Session, row: ApiTokenRecord, *, by: Actor, now: datetime) -> None:
    row.revoked_at = now
    session.flush()
    audit.record(session, by=by, at=now, subject="api_token", subject_id=row.id, moved="revoke")
