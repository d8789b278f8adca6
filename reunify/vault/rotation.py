"""Move everything from older keys of the ring to the active one, in batches, beside a house at work.

Data keys are wrapped anew; what they sealed stays as it is. A value of layout 1 is sealed anew with its
keeper's key, where its table lets a row change. Each batch is one transaction of the caller's: stopped at any
point, the next run goes on with what is left.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.db import Base
from reunify.kernel.refusals import Refused
from reunify.vault import keepers, layout
from reunify.vault.columns import Sealed
from reunify.vault.keyring import KeyRing
from reunify.vault.records import FamilyKey
from reunify.vault.sealing import columns_of

AT_ONCE: Final = 500


class KeyInUse(Refused):
    """Something is still sealed with this key: without it, it could never be read again."""


class KeyNotRetirable(Refused):
    """The active key, or one that is not on the ring."""


@dataclass(frozen=True, slots=True)
class KeyUse:
    """What one key of the ring opens: data keys, and values sealed before families had keys (layout 1)."""

    number: int
    active: bool
    data_keys: int
    first_layout: dict[str, int]  # place -> values

    @property
    def values(self) -> int:
        return self.data_keys + sum(self.first_layout.values())


def usage(session: Session, ring: KeyRing) -> list[KeyUse]:
    """By key id. Reads every sealed table from end to end."""
    wrapped = session.execute(
        sa.select(FamilyKey.ring_key, sa.func.count())
        .where(FamilyKey.ring_key.is_not(None))
        .group_by(FamilyKey.ring_key)
    )
    data_keys = {number: count for number, count in wrapped if number is not None}
    first: dict[int, dict[str, int]] = {}
    for kind, column in sealed_columns():
        raw = _raw(kind, column)
        number = sa.func.get_byte(raw, 1)
        for key, count in session.execute(
            sa.select(number, sa.func.count()).where(_is_first(raw)).group_by(number)
        ):
            first.setdefault(key, {})[column.place] = count
    numbers = sorted({*ring.keys, *first, *data_keys})
    return [KeyUse(n, n == ring.active, data_keys.get(n, 0), first.get(n, {})) for n in numbers]


def destroyed(session: Session) -> int:
    """How many keepers have been erased."""
    return session.scalar(sa.select(sa.func.count()).where(FamilyKey.wrapped.is_(None))) or 0


def left_to_wrap(session: Session, ring: KeyRing) -> int:
    """How many data keys an older key of the ring still wraps."""
    return session.scalar(sa.select(sa.func.count()).where(_wrapped_by_older(ring))) or 0


def wrap_some(session: Session, ring: KeyRing, *, at_most: int = AT_ONCE) -> int:
    """Wrap the next data keys with the active key; how many. Passes over what another run is wrapping."""
    rows = session.execute(
        sa.select(FamilyKey.keeper, FamilyKey.wrapped)
        .where(_wrapped_by_older(ring))
        .order_by(FamilyKey.keeper)
        .limit(at_most)
        .with_for_update(skip_locked=True)
    ).all()
    if rows:
        session.connection().execute(
            sa.update(FamilyKey)
            .where(FamilyKey.keeper == sa.bindparam("whose"))
            .values(wrapped=sa.bindparam("anew"), ring_key=ring.active),
            [
                {
                    "whose": keeper,
                    "anew": keepers.rewrapped(bytes(wrapped or b""), keeper, with_key=ring.active),
                }
                for keeper, wrapped in rows
            ],
        )
    return len(rows)


def left_to_seal(session: Session) -> int:
    """How many values of layout 1 can be sealed anew: append-only tables keep theirs as written."""
    return sum(
        session.scalar(sa.select(sa.func.count()).select_from(kind).where(_is_first(_raw(kind, column)))) or 0
        for kind, column in _changeable(session)
    )


def seal_some(session: Session, *, at_most: int = AT_ONCE) -> int:
    """Seal the next values of layout 1 with their keepers' keys; how many. What was erased is destroyed."""
    for kind, column in _changeable(session):
        rows = session.scalars(
            sa.select(kind)
            .where(_is_first(_raw(kind, column)))
            .limit(at_most)
            .with_for_update(skip_locked=True)
        ).all()
        keys = keepers.keys_to_write(session, {column.keeper_of(row) for row in rows})
        for row in rows:
            if isinstance(keys[column.keeper_of(row)], datetime):
                setattr(row, column.attribute, _noise())
            else:
                column.__set__(row, column.__get__(row, kind))
        if rows:
            session.flush()
            return len(rows)
    return 0


def check_retirable(session: Session, ring: KeyRing, number: int) -> None:
    """Nothing needs this key any more. Until the transaction ends nobody can start to need it.

    Raises KeyNotRetirable, KeyInUse.
    """
    if number not in ring.keys:
        raise KeyNotRetirable(f"Key {number} is not on the ring. See: reunify keys status")
    if number == ring.active:
        raise KeyNotRetirable(f"Key {number} is the active one. First type: reunify keys rotate")
    session.execute(sa.text("LOCK TABLE family_keys IN SHARE ROW EXCLUSIVE MODE"))
    (use,) = (one for one in usage(session, ring) if one.number == number)
    if use.data_keys:
        raise KeyInUse(f"Key {number} still wraps {use.data_keys:,} data keys. Type: reunify keys rotate")
    if use.first_layout:
        raise KeyInUse(
            f"Key {number} still opens {use.values:,} values sealed before families had keys "
            f"({', '.join(sorted(use.first_layout))}). Keep it for as long as those rows are kept."
        )


def sealed_columns() -> Iterator[tuple[type[Any], Sealed[Any]]]:
    """Every sealed column of the house, by table."""
    mappers = sorted(Base.registry.mappers, key=lambda mapper: mapper.class_.__name__)
    for mapper in mappers:
        for column in columns_of(mapper.class_):
            yield mapper.class_, column


def _changeable(session: Session) -> list[tuple[type[Any], Sealed[Any]]]:
    return [
        (kind, column)
        for kind, column in sealed_columns()
        if session.scalar(sa.select(sa.func.has_table_privilege(column.place.partition(".")[0], "UPDATE")))
    ]


def _noise() -> bytes:
    """Sealed with a key that nobody keeps."""
    cipher = layout.cipher(layout.new_key())
    return layout.seal(cipher, b"", key_id=layout.KEEPERS_OWN, about=b"")


def _raw(kind: type[Any], column: Sealed[Any]) -> Any:
    return getattr(kind, column.attribute)


def _is_first(raw: Any) -> Any:
    return sa.func.get_byte(raw, 0) == layout.FIRST


def _wrapped_by_older(ring: KeyRing) -> Any:
    return sa.and_(FamilyKey.wrapped.is_not(None), FamilyKey.ring_key < ring.active)
