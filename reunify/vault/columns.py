"""Declare a sealed column of a row: `name = sealed_text(keeper="id")`.

The attribute reads and writes like any other, in the constructor too. Setting it keeps the plain value aside
until the flush seals it; reading it opens it once and remembers. A JSON value is read, changed as a copy and
set again: a change inside the value that was read is not seen.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Generic, Literal, Self, TypeVar, overload
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapper, mapped_column
from sqlalchemy.types import TypeDecorator

from reunify.kernel.canonical import canonical
from reunify.vault import layout, sealing
from reunify.vault.keepers import HOUSE, Erased

T = TypeVar("T")


class NotSealed(Exception):
    """A plain value was about to be written into a sealed column. `str()` never tells it."""


class SealedColumn(TypeDecorator[bytes]):
    """Bytes in a sealed layout; anything else is refused on its way into the database."""

    impl = sa.LargeBinary
    cache_ok = True

    def process_bind_param(self, value: bytes | None, dialect: Any) -> bytes | None:
        if value is None:
            return None
        if isinstance(value, Waiting) or not isinstance(value, bytes):
            raise NotSealed("seal the value first: reunify.vault.sealing.seal")
        try:
            layout.version(value)
        except layout.CannotUnseal:
            raise NotSealed("seal the value first: reunify.vault.sealing.seal") from None
        return value


class Waiting(bytes):
    """A plain value between being set and being sealed. Looks empty to whoever prints it."""

    plain: Any

    def __new__(cls, plain: Any) -> Self:
        made = super().__new__(cls)
        made.plain = plain
        return made

    def __eq__(self, other: object) -> bool:
        return self is other

    __hash__ = bytes.__hash__


class Sealed(Generic[T]):
    """One sealed column of a mapped class: the attribute people use, over the bytes the table keeps.

    Bound to its place (table.column), its row (the primary key) and its keeper (ADR 10).
    """

    def __init__(
        self,
        encode: Callable[[T], bytes],
        decode: Callable[[bytes], T],
        *,
        keeper: str | None,
        optional: bool,
        row: Callable[[Any], str] | None = None,
    ) -> None:
        """`keeper`: the attribute that holds the keeper's id; None, or None in it: the house."""
        self._encode, self._decode = encode, decode
        self.keeper = keeper
        self._optional = optional
        self._row = row
        self._primary_key: tuple[str, ...] | None = None  # asked of the mapper once it is complete

    def __set_name__(self, owner: type, name: str) -> None:
        table: str = owner.__tablename__  # type: ignore[attr-defined]
        self.place = f"{table}.{name}"
        self.attribute = f"{name}_sealed"
        self._seen = f"_{name}_opened"
        setattr(owner, self.attribute, mapped_column(name, SealedColumn(), nullable=self._optional))
        owner.__sealed__ = (*owner.__dict__.get("__sealed__", ()), self)  # type: ignore[attr-defined]

    @overload
    def __get__(self, instance: None, owner: type) -> Self: ...
    @overload
    def __get__(self, instance: object, owner: type) -> T: ...
    def __get__(self, instance: object | None, owner: type) -> Self | T:
        """Raises vault.keepers.Erased, vault.layout.CannotUnseal."""
        if instance is None:
            return self
        raw = getattr(instance, self.attribute)
        if raw is None:
            return None  # type: ignore[return-value]  # only where the column is optional
        if isinstance(raw, Waiting):
            return raw.plain  # type: ignore[no-any-return]
        seen = instance.__dict__.get(self._seen)
        if seen is not None and seen[0] == raw:
            return seen[1]  # type: ignore[no-any-return]
        plain = self._decode(sealing.opened(instance, self, raw))
        instance.__dict__[self._seen] = (raw, plain)
        return plain

    def __set__(self, instance: object, value: T) -> None:
        setattr(instance, self.attribute, None if value is None else Waiting(value))

    def told(self, instance: object, *, erased: T) -> T:
        """The value, or `erased` where its key is destroyed: for a list in which one family is gone."""
        try:
            return self.__get__(instance, type(instance))
        except Erased:
            return erased

    def is_waiting(self, instance: object) -> bool:
        return isinstance(instance.__dict__.get(self.attribute), Waiting)

    def encoded(self, instance: object) -> bytes:
        """What waits, as bytes to seal."""
        return self._encode(instance.__dict__[self.attribute].plain)

    def take(self, instance: object, sealed: bytes) -> None:
        """Put the sealed bytes where the plain value waited."""
        plain = instance.__dict__[self.attribute].plain
        setattr(instance, self.attribute, sealed)
        instance.__dict__[self._seen] = (sealed, plain)

    def bytes_of(self, instance: object) -> bytes | None:
        """The bytes as kept, without opening them."""
        kept: bytes | None = getattr(instance, self.attribute)
        return kept

    def keeper_of(self, instance: object) -> UUID:
        found: UUID | None = getattr(instance, self.keeper) if self.keeper else None
        return HOUSE if found is None else found

    def row_of(self, instance: object) -> str:
        if self._row is not None:
            return self._row(instance)
        if self._primary_key is None:
            mapper: Mapper[Any] = sa.inspect(type(instance))
            self._primary_key = tuple(mapper.get_property_by_column(c).key for c in mapper.primary_key)
        return sealing.row_name(*(getattr(instance, key) for key in self._primary_key))


@overload
def sealed_text(
    *, keeper: str | None = None, optional: Literal[False] = False, row: Callable[[Any], str] | None = None
) -> Sealed[str]: ...
@overload
def sealed_text(
    *, keeper: str | None = None, optional: Literal[True], row: Callable[[Any], str] | None = None
) -> Sealed[str | None]: ...
def sealed_text(
    *, keeper: str | None = None, optional: bool = False, row: Callable[[Any], str] | None = None
) -> Any:
    """Text. `keeper`: the attribute with the request's or person's id; without one the house keeps it."""
    return Sealed(str.encode, bytes.decode, keeper=keeper, optional=optional, row=row)


def sealed_json(*, keeper: str | None = None, optional: bool = False) -> Sealed[Any]:
    """A JSON document, kept in canonical form."""
    return Sealed(canonical, json.loads, keeper=keeper, optional=optional)


@overload
def sealed_bytes(*, keeper: str | None = None, optional: Literal[False] = False) -> Sealed[bytes]: ...
@overload
def sealed_bytes(*, keeper: str | None = None, optional: Literal[True]) -> Sealed[bytes | None]: ...
def sealed_bytes(*, keeper: str | None = None, optional: bool = False) -> Any:
    """Bytes (a document, a secret)."""
    return Sealed(bytes, bytes, keeper=keeper, optional=optional)
