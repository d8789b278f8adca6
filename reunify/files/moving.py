"""Bring bytes kept in rows to the object store, and read every object once to see whether it is whole."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.db import Database
from reunify.files import objects
from reunify.files.evidence_records import EvidenceBytes
from reunify.files.records import FileBlob, InStore
from reunify.kernel.may import may
from reunify.kernel.people import System
from reunify.vault import keepers, layout
from reunify.vault.columns import Sealed

AT_ONCE: Final = 20  # each may be 20 MB
_KINDS: Final = (FileBlob, EvidenceBytes)


@dataclass(frozen=True, slots=True)
class NotWhole:
    """`keeper`: whose it is, in most cases a request. `why`: lost or changed."""

    object_key: str
    keeper: UUID
    why: str


def left_to_move(session: Session) -> int:
    """How many rows that can still be read hold their bytes themselves."""
    return sum(
        session.scalar(sa.select(sa.func.count()).select_from(kind).where(_in_row(kind))) or 0
        for kind in _KINDS
    )


def _in_row(kind: type[FileBlob] | type[EvidenceBytes]) -> sa.ColumnElement[bool]:
    return sa.and_(kind.object_key.is_(None), ~keepers.is_destroyed(kind.keeper))


@may(system=True)
def move_some(session: Session, *, by: System) -> int:
    """The next rows' bytes, sealed as they are; how many. What was erased stays there.

    Passes over rows another run is moving. Raises StoreSilent: then nothing was moved.
    """
    for kind in _KINDS:
        column = kind.content
        rows = session.scalars(
            sa.select(kind).where(_in_row(kind)).limit(AT_ONCE).with_for_update(skip_locked=True)
        ).all()
        for row in (one for one in rows if isinstance(one, InStore)):
            there = _put(session, row, column)
            row.object_key, row.object_sha256 = there.object_key, there.object_sha256
            setattr(row, column.attribute, None)
        if rows:
            session.flush()
            return len(rows)
    return 0


def _put(session: Session, row: InStore, column: Sealed[bytes | None]) -> objects.Put:
    """Bytes from before families had keys are sealed anew: nobody looks for their old key in the store."""
    sealed = column.bytes_of(row) or b""
    if sealed[:1] != bytes((layout.FIRST,)):
        return objects.put_sealed(sealed)
    plain = column.__get__(row, type(row)) or b""
    about = {"place": column.place, "row": column.row_of(row)}
    return objects.put(session, keeper=column.keeper_of(row), plain=plain, **about)


def not_whole(db: Database) -> Iterator[NotWhole]:
    """Every object that can still be opened and is not there as it was put. Raises StoreSilent."""
    with db.read() as session:
        kept = [
            row
            for kind in _KINDS
            for row in session.execute(
                sa.select(kind.object_key, kind.object_sha256, kind.keeper).where(
                    kind.object_key.is_not(None), ~keepers.is_destroyed(kind.keeper)
                )
            )
        ]
    for key, sha256, keeper in kept:
        sealed = objects.current().get(key or "")
        if sealed is None or not objects.is_whole(sealed, sha256):
            yield NotWhole(key or "", keeper, "lost" if sealed is None else "changed")
