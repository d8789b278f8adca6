"""Sealing and unsealing for a session: one pass before each flush, one question for the keys of many rows.

`columns.py` declares what is sealed; this module does it. Bytes that no mapped object holds (a Core insert)
go through `seal` and `unseal` by name.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session, object_session

from reunify.vault import keepers, keyring, layout
from reunify.vault.keepers import HOUSE, Erased
from reunify.vault.layout import CannotUnseal

if TYPE_CHECKING:
    from reunify.vault.columns import Sealed


class ReadOutsideItsSession(Exception):
    """A sealed value is opened while its session lasts; afterwards nobody can ask whether its key stands."""


class KeeperChanged(Exception):
    """A row was given to another keeper without its values: they would never open again."""


def seal(session: Session, *, keeper: UUID, place: str, row: str, plain: bytes) -> bytes:
    """Bytes for a Core statement. `place` is table.column, `row` as `row_name` spells it. Raises Erased."""
    return _seal(keepers.key_to_write(session, keeper), plain, keeper, place, row)


def unseal(session: Session, *, keeper: UUID, place: str, row: str, sealed: bytes) -> bytes:
    """What `seal` or a mapped object sealed. Raises Erased, CannotUnseal."""
    if layout.version(sealed) == layout.FIRST:
        erased_on = keepers.keys_to_read(session, [keeper])[keeper]
        if isinstance(erased_on, datetime):  # its own key would still open it: nobody may
            raise Erased(erased_on)
        return _first(sealed, place)
    if layout.key_id(sealed) != layout.KEEPERS_OWN:
        raise CannotUnseal(f"{place}: not sealed with a keeper's key")
    cipher = layout.cipher(keepers.key_to_read(session, keeper))
    try:
        return layout.unseal(cipher, sealed, about=layout.bound_to(keeper, place, row))
    except CannotUnseal as wrong:
        raise CannotUnseal(f"{place}: {wrong}") from wrong


def row_name(*primary_key: object) -> str:
    """A row's own name: its primary key, as text."""
    return "/".join(str(part) for part in primary_key)


def seal_now(session: Session, instances: Iterable[Any]) -> None:
    """Seal what waits on these objects, without a flush. Raises Erased."""
    waiting = [(one, column) for one in instances for column in _waiting(one)]
    if not waiting:
        return
    ours = {one for one, _ in waiting}
    for one in ours:
        _give_primary_key(one)
    born = {one.id for one in session.new if hasattr(one, "id")} | {one.id for one in ours if _is_new(one)}
    whose = [(one, column, column.keeper_of(one)) for one, column in waiting]
    keys = keepers.keys_to_write(session, {keeper for _, _, keeper in whose}, new=born)
    for one, column, keeper in whose:
        sealed = _seal(
            keepers.standing(keys[keeper]), column.encoded(one), keeper, column.place, column.row_of(one)
        )
        column.take(one, sealed)


def opened(instance: Any, column: Sealed[Any], sealed: bytes) -> bytes:
    """The plain bytes; fetches the keys of all sealed rows in the session. Raises Erased, CannotUnseal."""
    session = object_session(instance)
    if session is None:
        raise ReadOutsideItsSession(column.place)
    keeper = column.keeper_of(instance)
    if keeper not in keepers.keys_to_read(session, ()):
        keepers.keys_to_read(session, {keeper, *_keepers_loaded(session)})
    row = column.row_of(instance)
    return unseal(session, keeper=keeper, place=column.place, row=row, sealed=sealed)


def _seal(key: bytes, plain: bytes, keeper: UUID, place: str, row: str) -> bytes:
    about = layout.bound_to(keeper, place, row)
    return layout.seal(layout.cipher(key), plain, key_id=layout.KEEPERS_OWN, about=about)


def _first(sealed: bytes, place: str) -> bytes:
    try:
        return keyring.having(layout.key_id(sealed)).unseal_first_layout(sealed, place=place)
    except CannotUnseal as wrong:
        raise CannotUnseal(f"{place}: {wrong}") from wrong


def _waiting(instance: Any) -> Iterator[Sealed[Any]]:
    for column in columns_of(type(instance)):
        if column.is_waiting(instance):
            yield column


def columns_of(kind: type) -> tuple[Sealed[Any], ...]:
    """The sealed columns of a mapped class, in the order they are written."""
    found: tuple[Sealed[Any], ...] = getattr(kind, "__sealed__", ())
    return found


def _keepers_loaded(session: Session) -> Iterator[UUID]:
    for one in session.identity_map.values():
        for column in columns_of(type(one)):
            keeper = one.__dict__.get(column.keeper, HOUSE) if column.keeper else HOUSE
            if keeper is not None:
                yield keeper


def _is_new(instance: Any) -> bool:
    return not sa.inspect(instance).has_identity


def _give_primary_key(instance: Any) -> None:
    """A sealed value is bound to its row, so the row needs its name before it is written."""
    mapper = sa.inspect(type(instance))
    for key in mapper.primary_key:
        attribute = mapper.get_property_by_column(key).key
        if getattr(instance, attribute) is None and key.default is not None and key.default.is_callable:
            setattr(instance, attribute, key.default.arg(None))


def _before_flush(session: Session, context: object, instances: object) -> None:
    touched = [one for one in (*session.new, *session.dirty) if columns_of(type(one))]
    for one in touched:
        if not _is_new(one):
            _check_keeper_stays(one)
    seal_now(session, touched)


def _check_keeper_stays(instance: Any) -> None:
    attributes = sa.inspect(instance).attrs
    for column in columns_of(type(instance)):
        if column.keeper is not None and not column.is_waiting(instance):
            sealed_before = getattr(instance, column.attribute) is not None
            if sealed_before and attributes[column.keeper].history.deleted:
                raise KeeperChanged(column.place)


sa.event.listen(Session, "before_flush", _before_flush)
