"""Which ticketed bookings of its own trip a card's charges pay, and with how much. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from uuid import UUID

from reunify.disbursement.cards_policy import Owed
from reunify.kernel.money import Money, total

# Of more open tickets than this a person says which a charge paid: the sets of them grow too fast to look at.
MOST_TICKETS = 12


@dataclass(frozen=True, slots=True)
class Taken:
    """A capture, or what is left of one. `authorisation`: None where the merchant did not ask first."""

    charge: str
    left: Money
    authorisation: str | None = None


@dataclass(frozen=True, slots=True)
class Paid:
    """A booking paid with its price, or for less: by charge, in the order they came, its cents."""

    owed: Owed
    parts: tuple[tuple[str, int], ...]

    @property
    def cents(self) -> int:
        return sum(cents for _, cents in self.parts)


def match(
    taken: Sequence[Taken],
    owed: Sequence[Owed],
    promised: Mapping[str, UUID],
    closed: Collection[str] = (),
) -> list[Paid]:
    """What is beyond doubt. `promised`: by authorisation, the booking a merchant asked for with its price;
    `closed`: those of which nothing more is taken, and all that was taken is here.

    What was promised to a booking pays that one alone, once its captures reach the price, or once it is
    closed below it; more than the price stays over. Of the others: as many charges of one price as bookings
    of it; captures of one authorisation that sum to one price; one charge that is the sum of one set of
    prices only. The rest waits.
    """
    found: list[Paid] = []
    by_booking = {one.booking: one for one in owed}
    for authorisation in dict.fromkeys(t.authorisation for t in taken if t.authorisation in promised):
        due = by_booking.get(promised[str(authorisation)])
        of_it = [t for t in taken if t.authorisation == authorisation]
        paid = due and pay(due, of_it, closed=authorisation in closed)
        if paid:
            found.append(paid)
            del by_booking[paid.owed.booking]
    free = [t for t in taken if t.authorisation not in promised]
    for step in (_of_one_price, _of_one_authorisation, _of_one_set):
        done = {charge for paid in found for charge, _ in paid.parts}
        open_ = [one for one in owed if one.booking in by_booking]
        new = step([t for t in free if t.charge not in done], open_)
        found += new
        for paid in new:
            del by_booking[paid.owed.booking]
    return found


def pay(due: Owed, taken: Sequence[Taken], *, closed: bool = False) -> Paid | None:
    """Its price, taken of these in their order; None when they are less than the price.

    `closed`: nothing more will be taken: then less than the price is what it cost.
    """
    left, parts = due.price.cents, []
    for one in taken:
        part = min(left, one.left.cents)
        if part:
            parts.append((one.charge, part))
            left -= part
    return Paid(due, tuple(parts)) if parts and (closed or not left) else None


def _of_one_price(taken: Sequence[Taken], owed: Sequence[Owed]) -> list[Paid]:
    """Two seats of one price are charged alike, and told apart by nobody: they are paired once there is a
    charge for each; until then a person says which."""
    found = []
    for price in dict.fromkeys(one.left for one in taken):
        alike = [one for one in taken if one.left == price]
        waiting = [one for one in owed if one.price == price]
        if len(alike) == len(waiting):
            found += [Paid(b, ((t.charge, price.cents),)) for t, b in zip(alike, waiting, strict=True)]
    return found


def _of_one_authorisation(taken: Sequence[Taken], owed: Sequence[Owed]) -> list[Paid]:
    """A merchant that takes one price in several steps."""
    sums: dict[str, list[Taken]] = {}
    for one in taken:
        if one.authorisation is not None:
            sums.setdefault(one.authorisation, []).append(one)
    whole = {a: total(t.left for t in ts) for a, ts in sums.items() if len(ts) > 1}
    found = []
    for authorisation, amount in whole.items():
        waiting = [one for one in owed if one.price == amount]
        if len(waiting) == 1 and list(whole.values()).count(amount) == 1:
            found += [paid for paid in [pay(waiting[0], sums[authorisation])] if paid]
    return found


def _of_one_set(taken: Sequence[Taken], owed: Sequence[Owed]) -> list[Paid]:
    """One charge for several tickets. A set that another charge could be as well pays for neither."""
    if len(owed) > MOST_TICKETS:
        return []
    only: dict[str, tuple[Owed, ...]] = {}
    for one in taken:
        sets = _sets(one.left, owed)
        if len(sets) == 1 and len(sets[0]) > 1:
            only[one.charge] = sets[0]
    claims = [due.booking for chosen in only.values() for due in chosen]
    return [
        Paid(due, ((charge, due.price.cents),))
        for charge, chosen in only.items()
        if all(claims.count(due.booking) == 1 for due in chosen)
        for due in chosen
    ]


def _sets(amount: Money, owed: Sequence[Owed]) -> list[tuple[Owed, ...]]:
    """At most two of the sets of tickets that sum to this: one more than one is one too many."""
    found: list[tuple[Owed, ...]] = []
    for size in range(1, len(owed) + 1):
        for chosen in combinations(owed, size):
            if total(one.price for one in chosen) == amount:
                found.append(chosen)
                if len(found) == 2:
                    return found
    return found
