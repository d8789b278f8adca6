"""What a booked price moves in the books: obligated to exactly the price, the rest given back. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from reunify.ledger.policy import Hold


@dataclass(frozen=True, slots=True)
class Moving:
    """By hold, in cents. `obligate`: reserved becomes obligated. `unobligate`: the other way round.
    `fail`: obligated becomes available. `unreserve`: reserved becomes available."""

    obligate: dict[UUID, int] = field(default_factory=dict)
    unobligate: dict[UUID, int] = field(default_factory=dict)
    fail: dict[UUID, int] = field(default_factory=dict)
    unreserve: dict[UUID, int] = field(default_factory=dict)


def limit(holds: Sequence[Hold]) -> int:
    """What a price may be at most: what is still held for the line, in cents; the ceiling, until something
    was given back."""
    return sum(hold.live for hold in holds)


def divided(price: int, holds: Sequence[Hold]) -> dict[UUID, int]:
    """The price over the line's holds in plan order, each filled before the next."""
    shares, left = {}, price
    for hold in holds:
        shares[hold.id] = min(left, hold.live)
        left -= shares[hold.id]
    assert not left, "a price over the limit was let through"
    return shares


def when_ticketed(price: int, holds: Sequence[Hold]) -> Moving:
    """Afterwards each hold has obligated and expended its share of the price, and reserves nothing.

    What was spent already stays spent: a fare that became cheaper after it was paid is money to be returned.
    """
    shares, moving = divided(price, holds), Moving()
    for hold in holds:
        owed = max(shares[hold.id] - hold.expended, 0)
        more = owed - hold.obligated
        _put(moving.obligate, hold, more)
        _put(moving.fail, hold, -more)
        _put(moving.unreserve, hold, hold.reserved - max(more, 0))
    return moving


def when_changed(holds: Sequence[Hold]) -> Moving:
    """What was obligated and not paid is a reservation again."""
    moving = Moving()
    for hold in holds:
        _put(moving.unobligate, hold, hold.obligated)
    return moving


def when_cancelled(holds: Sequence[Hold]) -> Moving:
    """What was not paid is free for others."""
    moving = Moving()
    for hold in holds:
        _put(moving.fail, hold, hold.obligated)
        _put(moving.unreserve, hold, hold.reserved)
    return moving


def to_pay(price: int, holds: Sequence[Hold]) -> int:
    """Cents of the price that nobody has paid yet."""
    shares = divided(price, holds)
    return sum(max(shares[hold.id] - hold.expended, 0) for hold in holds)


def _put(into: dict[UUID, int], hold: Hold, amount: int) -> None:
    if amount > 0:
        into[hold.id] = amount
