"""One virtual card for each trip: what it may buy, and which booking a charge pays. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from uuid import UUID

from reunify.bookings.policy import ENDED as BOOKING_ENDED
from reunify.bookings.policy import OPEN as BOOKING_OPEN
from reunify.intake.form import Category
from reunify.kernel.money import Money, total
from reunify.kernel.moves import START, Move, Moves
from reunify.kernel.refusals import OutOfStep, Refused

CARD = Moves(
    "travel card",
    Move(START, "open", "opening", "system"),
    Move("opening", "lose", "unknown", "system"),
    Move("opening", "refuse", "refused", "Stripe"),
    Move("opening", "take_up", "active", "Stripe"),
    Move("unknown", "take_up", "active", "Stripe"),
    Move("opening", "jam", "stuck", "system"),
    Move("unknown", "jam", "stuck", "system"),
    Move("stuck", "close", "closed", "finance"),
    Move("active", "end", "ending", "system"),
    Move("ending", "cancel", "cancelled", "Stripe"),
)
# Nobody has heard yet whether Stripe made it: asked again with the same key.
UNHEARD = ("opening", "unknown")
# It buys nothing any more; another may be made for the same trip only after the first of these.
ENDED = ("cancelled", "refused", "closed")
# It exists at Stripe, or did: what is charged to it is this trip's.
MADE = ("active", "ending", "cancelled")
# A hotel may charge for some days after the guest has left.
KEPT_AFTER_TRIP = timedelta(days=14)
# Stripe keeps what it answered to a key of its v1 calls, its own failures too, for at least a day
# (docs.stripe.com/api/idempotent_requests).
HOLDER_ASKED_FOR = timedelta(hours=25)
# Of a promise: the merchant takes no more, or said so by letting it lapse.
PROMISE_OVER = ("closed", "reversed", "expired")
# Somebody is told of a trip that has waited for its card for longer.
LATE = timedelta(hours=1)
# After so many tries a person looks why Stripe does not cancel it.
MANY_TRIES = 8

# Stripe's merchant categories (docs.stripe.com/issuing/categories) that sell what a line was approved for.
_AIR = ("airlines_air_carriers", "travel_agencies_tour_operators")
MERCHANTS: dict[Category, tuple[str, ...]] = {
    Category.AIR_FARE: _AIR,
    Category.UNACCOMPANIED_MINOR_FEE: _AIR,
    Category.BUS_FARE: ("bus_lines",),
    Category.RAIL_FARE: ("passenger_railways", "railroads"),
    Category.LODGING: ("hotels_motels_and_resorts", "travel_agencies_tour_operators"),
}

_SENTENCES = {
    "none": "No card is needed: nothing of this trip is booked by the organisation.",
    "waiting": "The card is being asked for.",
    "late": "Stripe has not made a card yet; it is asked again each minute. What cannot wait: pay with the "
    "organisation's own means and log it. Look at Stripe why it does not answer.",
    "opening": "The card is being asked for.",
    "unknown": "Stripe has not said yet whether the card was made; it is asked again with the same key.",
    "active": "The card is ready. Read its number at Stripe: it is never shown or kept here.",
    "ending": "The trip's bookings are over: the card is being cancelled.",
    "cancelled": "The card is cancelled. What was bought with it stays listed.",
    "refused": "Stripe would not make a card: pay with the organisation's own means and log it.",
    "closed": "Finance looked at Stripe and closed it: pay with the organisation's own means and log it.",
    "stuck": "Nobody knows whether a card was made. Finance looks at Stripe, cancels what is there and "
    "closes it here; until then pay another way and log it.",
}
OFF = "Travel cards are switched off: pay with the organisation's own means and log it."


class ChargeKind(StrEnum):
    CAPTURE = "capture"
    REFUND = "refund"


class Trip(StrEnum):
    """How far the journey is. `LONG_OVER`: for longer than a hotel takes to charge."""

    GOING = "going"
    OVER = "over"
    LONG_OVER = "long_over"


class NothingToBuy(Refused):
    """The trip has no line that a card could pay."""


class ChargeTaken(OutOfStep):
    """This charge is already the payment of a booking, or it is none that pays one."""


class NotOfThisTrip(Refused):
    """A charge never pays a booking of another trip, or less than its price."""


@dataclass(frozen=True, slots=True)
class Line:
    """One booking as a card sees it: its category and the ceiling that was approved."""

    category: Category
    ceiling: Money
    state: str


@dataclass(frozen=True, slots=True)
class Bought:
    """A line with what the card paid of it and has not got back, and what it still holds.

    `by_card`: nobody said that it is paid another way.
    """

    line: Line
    paid: Money
    held: Money
    by_card: bool


@dataclass(frozen=True, slots=True)
class Limits:
    """All that the card may ever buy, and from whom."""

    all_time: Money
    merchants: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Owed:
    """A ticketed booking that waits for its charge."""

    instruction: UUID
    booking: UUID
    price: Money


def limits(lines: Iterable[Line]) -> Limits:
    """The sum of the approved ceilings, and the merchants of the approved lines. Raises NothingToBuy.

    Cancelled lines count no more. What was used keeps its part: the limit counts all the card ever paid.
    """
    kept = [line for line in lines if line.state != "cancelled" and line.category in MERCHANTS]
    if not any(line.ceiling.cents for line in kept):
        raise NothingToBuy("Nothing of this trip is booked by the organisation: it needs no card.")
    merchants = sorted({name for line in kept for name in MERCHANTS[line.category]})
    return Limits(total(line.ceiling for line in kept), tuple(merchants))


def lowered(lines: Iterable[Bought], standing: Money) -> Limits | None:
    """What the card may buy in all since lines were given up, and from whom; None when that is not less than
    `standing`, or nothing is left to buy: then the card ends.

    A line given up counts with what the card paid for it, one that is booked anew also with what it holds.
    It is never more than before: only another approval makes another card.
    """
    most, merchants = Money(0), set[str]()
    for one in lines:
        if one.line.category not in MERCHANTS:
            continue
        if one.line.state == "cancelled" or not one.by_card:
            most += one.paid
            continue
        most += one.paid + one.held if one.line.state == "changed" else one.line.ceiling
        merchants.update(MERCHANTS[one.line.category])
    if not merchants or not Money(0) < most < standing:
        return None
    return Limits(most, tuple(sorted(merchants)))


def may_end(trip: Trip, states: Collection[str], *, owed: bool, promised: bool) -> bool:
    """Whether the card may be cancelled. `owed`: a ticket waits for its charge. `promised`: a merchant holds
    some of it.

    After the last leg as soon as nothing is to be booked or charged any more; before it once every booking it
    was made for has ended; long after it in any case.
    """
    if trip is Trip.LONG_OVER:
        return True
    if owed:
        return False
    if trip is Trip.OVER and not promised:
        return not any(state in BOOKING_OPEN for state in states)
    return all(state in BOOKING_ENDED for state in states)


def back_to(cents: int, left: Mapping[UUID, int]) -> dict[UUID, int] | None:
    """Which holds a refund relieves: the last in plan order first, none by more than it still bears.

    `left`: in plan order, what each paid and has not come back. None when that is less than `cents`.
    """
    if cents > sum(left.values()):
        return None
    found: dict[UUID, int] = {}
    for hold, there in reversed(list(left.items())):
        part = min(cents, there)
        if part:
            found[hold] = part
            cents -= part
    return found


def sentence(state: str, *, on: bool) -> str:
    """What the award page says of the card. A card that was made stays to be seen when the rail is off."""
    return OFF if not on and state not in MADE else _SENTENCES[state]
