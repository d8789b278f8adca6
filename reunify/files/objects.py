"""The sealed bytes of a row, in the object store: put before the row is written, removed after it is gone.

A store cannot take part in a transaction. So the object comes first and the row after it: what fails between
leaves an object nobody can open, which the daily look removes. To let go is the other way round: written down
in the transaction, done once it is committed.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from reunify.files.ports import ObjectStore, StoreSilent
from reunify.files.records import Leaving
from reunify.kernel.refusals import Refused
from reunify.vault import keepers, sealing

if TYPE_CHECKING:
    from reunify.files.evidence_records import EvidenceBytes
    from reunify.files.records import FileBlob

_GOING: Final = "reunify.files.going"  # in session.info: keys this transaction lets go
_store: ObjectStore | None = None


class FileLost(Refused):
    """The row says that the file is kept, and the store has not got it, or not as it was put."""

    def __init__(self) -> None:
        super().__init__(
            "This file is lost: it is not where it was kept, or it was changed there. Whoever runs this "
            "machine is told so and can bring it back from a backup. Call us meanwhile."
        )


@dataclass(frozen=True, slots=True)
class Put:
    """What the row says of its object."""

    object_key: str
    object_sha256: str


def use(store: ObjectStore) -> None:
    """Set the process's store; called once by bootstrap, beside the key ring."""
    global _store
    _store = store


def current() -> ObjectStore:
    if _store is None:
        raise RuntimeError("no object store: call reunify.files.objects.use() first")
    return _store


def put(session: Session, *, keeper: UUID, place: str, row: str, plain: bytes) -> Put:
    """Sealed as the column `place` of this row would be, then kept. Raises vault's Erased, StoreSilent."""
    return put_sealed(sealing.seal(session, keeper=keeper, place=place, row=row, plain=plain))


def put_sealed(sealed: bytes) -> Put:
    """Bytes that are sealed already. Raises StoreSilent."""
    name = secrets.token_hex(16)
    key = f"{name[:2]}/{name[2:]}"
    current().put(key, sealed)
    return Put(key, hashlib.sha256(sealed).hexdigest())


def opened(session: Session, kept: FileBlob | EvidenceBytes) -> bytes:
    """The plain bytes. Raises vault's Erased (before the store is asked), FileLost, StoreSilent."""
    if kept.object_key is None:
        return kept.content or b""
    keepers.key_to_read(session, kept.keeper)
    sealed = current().get(kept.object_key)
    if sealed is None or not is_whole(sealed, kept.object_sha256):
        raise FileLost
    column = type(kept).content
    return sealing.unseal(
        session, keeper=kept.keeper, place=column.place, row=column.row_of(kept), sealed=sealed
    )


def is_whole(sealed: bytes, sha256: str | None) -> bool:
    """Whether these are the sealed bytes that were put."""
    return hashlib.sha256(sealed).hexdigest() == sha256


def let_go(session: Session, keys: Iterable[str | None], *, now: datetime) -> None:
    """Nobody reads these again: removed from the store when this transaction is committed, or at the next
    look if the store is silent then."""
    going = sorted({key for key in keys if key is not None})
    if not going:
        return
    rows = [{"object_key": key, "since": now} for key in going]
    session.execute(insert(Leaving).values(rows).on_conflict_do_nothing())
    session.info.setdefault(_GOING, []).extend(going)


def _remove(session: Session) -> None:
    """After the commit, so that nothing is removed that a rollback would want back."""
    if session.in_nested_transaction():
        return  # only a savepoint was released
    going: list[str] = session.info.pop(_GOING, [])
    if going:
        try:
            current().delete(going)
        except StoreSilent:
            return  # they stand in `files_leaving`


def _forget(session: Session, *_: Any) -> None:
    session.info.pop(_GOING, None)


sa.event.listen(Session, "after_commit", _remove)
sa.event.listen(Session, "after_rollback", _forget)
