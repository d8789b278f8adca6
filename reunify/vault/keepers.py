"""The data key of each keeper: made when first written for, asked of the database, destroyed at erasure.

A keeper is whose data it is: a request (its family), a person (who may be named by several requests), or
HOUSE, for what belongs to no family.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, SessionTransaction

from reunify.kernel.refusals import Refused
from reunify.vault import keyring, layout
from reunify.vault.layout import CannotUnseal
from reunify.vault.records import FamilyKey

HOUSE: Final = UUID(int=0)
ERASED: Final = "(erased)"  # what staff read in a list where a family's words were
_PLACE: Final = "family_keys.wrapped"
_HERE: Final = "reunify.vault.keys"  # in session.info: what this transaction knows
Known = dict[UUID, "bytes | datetime | None"]  # the data key, or when it was destroyed; None: never made

_KEYS: Final = sa.select(FamilyKey.keeper, FamilyKey.wrapped, FamilyKey.destroyed_at).where(
    FamilyKey.keeper.in_(sa.bindparam("keepers", expanding=True))
)


class Erased(Refused):
    """What was asked for has been erased: its key is destroyed, nobody can read it again."""

    def __init__(self, on: datetime) -> None:
        super().__init__(f"This was erased on {on:%B} {on.day}, {on.year}, as the retention schedule says.")
        self.on = on


class HouseKeepsItsKey(Exception):
    """The house's own key is never destroyed: what it seals belongs to no family."""


def destroy(session: Session, *, keeper: UUID, now: datetime) -> bool:
    """Destroy this keeper's data key; whatever it sealed can never be read again. False if it was so already.

    A keeper that never had a key gets none afterwards. The caller writes the audit row. Until PostgreSQL
    vacuums the table and old backups are gone, the wrapped key can still be dug out of them (ADR 10).
    """
    if keeper == HOUSE:
        raise HouseKeepsItsKey
    gone: dict[str, Any] = {"wrapped": None, "ring_key": None, "destroyed_at": now}
    done = session.connection().execute(
        insert(FamilyKey)
        .values(keeper=keeper, made_at=now, **gone)
        .on_conflict_do_update(
            index_elements=["keeper"], set_=gone, where=FamilyKey.__table__.c.wrapped.is_not(None)
        )
        .returning(FamilyKey.__table__.c.keeper)
    )
    destroyed = done.first() is not None
    if destroyed:
        _known(session)[keeper] = now
        _unwrapped.cache_clear()
    return destroyed


def erased_on(session: Session, keeper: UUID) -> datetime | None:
    """When this keeper's key was destroyed; None while it stands, or was never needed."""
    return session.connection().scalar(sa.select(FamilyKey.destroyed_at).where(FamilyKey.keeper == keeper))


def is_destroyed(keeper: Any) -> sa.ColumnElement[bool]:
    """SQL: this keeper's key was destroyed."""
    return sa.exists().where(FamilyKey.keeper == keeper, FamilyKey.destroyed_at.is_not(None))


def keys_to_read(session: Session, keepers: Iterable[UUID]) -> Known:
    """The data keys of these keepers, in at most one question. None for a keeper without any."""
    known = _known(session)
    missing = {keeper for keeper in keepers if keeper not in known}
    if missing:
        known.update(dict.fromkeys(missing) | _asked(session, missing))
    return known


def key_to_read(session: Session, keeper: UUID) -> bytes:
    """Raises Erased, and CannotUnseal for a keeper that never had a key."""
    key = keys_to_read(session, [keeper])[keeper]
    if key is None:  # it may have been made since we asked
        key = _asked(session, [keeper]).get(keeper)
    return standing(key)


def keys_to_write(session: Session, keepers: Iterable[UUID], *, new: Iterable[UUID] = ()) -> Known:
    """The same, made for those who have none. `new`: they cannot have one yet, so nobody is asked."""
    known = _known(session)
    missing = {keeper for keeper in keepers if known.get(keeper) is None}
    to_ask = missing - set(new)
    if to_ask:
        known.update(_asked(session, to_ask))
    lacking = sorted(keeper for keeper in missing if known.get(keeper) is None)
    if lacking:
        _make(session, lacking)
        known.update(_asked(session, lacking) if lacking else {})
    return known


def key_to_write(session: Session, keeper: UUID) -> bytes:
    """Raises Erased: nothing is written for a family whose key was destroyed."""
    return standing(keys_to_write(session, [keeper])[keeper])


def standing(key: bytes | datetime | None) -> bytes:
    """Raises Erased, CannotUnseal."""
    if isinstance(key, datetime):
        raise Erased(key)
    if key is None:
        raise CannotUnseal("no key was ever made for this keeper")
    return key


def _known(session: Session) -> Known:
    """What this transaction has been told. The next one asks anew: a key may have been destroyed."""
    known: Known = session.info.setdefault(_HERE, {})
    return known


def _asked(session: Session, keepers: Iterable[UUID]) -> Known:
    """Asked past the session, so that reading an attribute never flushes."""
    rows = session.connection().execute(_KEYS, {"keepers": list(keepers)})
    found: Known = {}
    for keeper, wrapped, destroyed_at in rows:
        found[keeper] = destroyed_at if wrapped is None else _unwrapped(bytes(wrapped), keeper)
    return found


def _make(session: Session, keepers: list[UUID]) -> None:
    """Insert new keys under the newest ring key in use, in one statement. Takes what it made off the list.

    A process that has not yet heard of a rotation would wrap with a key about to be retired: the statement
    writes nothing once a newer ring key is in use, and we fetch that one.
    """
    ring_key = keyring.current().active
    while keepers:
        made = {keeper: layout.new_key() for keeper in keepers}
        done = set(session.connection().scalars(_insert(made, ring_key)))
        _known(session).update({keeper: made[keeper] for keeper in done})
        keepers[:] = [keeper for keeper in keepers if keeper not in done]
        newest = session.connection().scalar(sa.select(sa.func.max(FamilyKey.ring_key))) if keepers else None
        if newest is None or newest <= ring_key:
            return  # somebody else has just made the others
        ring_key = newest


def _insert(made: dict[UUID, bytes], ring_key: int) -> Any:
    """INSERT ... SELECT from a list of values, unless a newer ring key is in use."""
    ring = keyring.having(ring_key)
    offered = sa.values(
        sa.column("keeper", sa.Uuid()),
        sa.column("wrapped", sa.LargeBinary()),
        sa.column("ring_key", sa.SmallInteger()),
        name="offered",
    ).data(
        [
            (keeper, ring.wrap(key, about=_about(keeper), with_key=ring_key), ring_key)
            for keeper, key in made.items()
        ]
    )
    rotated = sa.exists().where(FamilyKey.ring_key > ring_key)
    rows = sa.select(offered.c.keeper, offered.c.wrapped, offered.c.ring_key).where(~rotated)
    return (
        insert(FamilyKey)
        .from_select(["keeper", "wrapped", "ring_key"], rows)
        .on_conflict_do_nothing(index_elements=["keeper"])
        .returning(FamilyKey.__table__.c.keeper)
    )


@lru_cache(maxsize=8192)
def _unwrapped(wrapped: bytes, keeper: UUID) -> bytes:
    """Remembered by the wrapped bytes. Whether they still stand is asked of the database each time."""
    return keyring.having(layout.key_id(wrapped)).unwrap(wrapped, about=_about(keeper))


def rewrapped(wrapped: bytes, keeper: UUID, *, with_key: int) -> bytes:
    """The same data key under another key of the ring."""
    return keyring.having(with_key).wrap(_unwrapped(wrapped, keeper), about=_about(keeper), with_key=with_key)


def _about(keeper: UUID) -> bytes:
    return layout.bound_to(keeper, _PLACE, str(keeper))


def _forget(session: Session, *_: object) -> None:
    session.info.pop(_HERE, None)


def _forget_at_end(session: Session, transaction: SessionTransaction) -> None:
    if transaction.parent is None:
        _forget(session)


sa.event.listen(Session, "after_transaction_end", _forget_at_end)
sa.event.listen(Session, "after_soft_rollback", _forget)
