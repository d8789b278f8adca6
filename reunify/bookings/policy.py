"""What may happen to a booking, by whom, and what it may cost. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final

from reunify.intake.form import Category, Settlement
from reunify.kernel.money import Money
from reunify.kernel.moves import START, Move, Moves, WrongState
from reunify.kernel.refusals import BadInput, NotFound, OutOfStep, Problem, Refused
from reunify.kernel.text import is_safe

BOOKING = Moves(
    "booking",
    Move(START, "want", "wanted", "system"),
    Move("wanted", "hold", "held", "whoever books"),
    Move("wanted", "book", "booked", "whoever books"),
    Move("held", "book", "booked", "whoever books"),
    Move("wanted", "ticket", "ticketed", "whoever books"),
    Move("held", "ticket", "ticketed", "whoever books"),
    Move("booked", "ticket", "ticketed", "whoever books"),
    Move("booked", "change", "changed", "whoever books"),
    Move("ticketed", "change", "changed", "whoever books"),
    Move("changed", "ticket", "ticketed", "whoever books"),
    Move("wanted", "cancel", "cancelled", "whoever books"),
    Move("held", "cancel", "cancelled", "whoever books"),
    Move("booked", "cancel", "cancelled", "whoever books"),
    Move("ticketed", "cancel", "cancelled", "whoever books"),
    Move("changed", "cancel", "cancelled", "whoever books"),
    Move("ticketed", "use", "used", "whoever books"),
)
# A seat or room that stands: the itinerary says "confirmed" on its line.
CONFIRMED = ("booked", "ticketed", "used")
# The price is final: what it costs is known, and the rest of the ceiling is free.
PRICED = ("ticketed", "used")
ENDED = ("cancelled", "used")
# Something is still to be done: the reservation behind it is kept, and free of every clock.
OPEN = ("wanted", "held", "booked", "changed")

# What somebody books; the rest of a trip is paid, not booked.
BOOKED: Final = frozenset(
    {
        Category.AIR_FARE,
        Category.BUS_FARE,
        Category.RAIL_FARE,
        Category.LODGING,
        Category.UNACCOMPANIED_MINOR_FEE,
    }
)
BY_SOMEBODY: Final = frozenset(
    {Settlement.ORGANISATION_BOOKS, Settlement.VENDOR_BILLED, Settlement.PARTNER_GIVES}
)
# How long before the last moment to cancel without cost somebody is told.
ALARM_AHEAD: Final = timedelta(hours=24)
_WITH: Final = {
    Settlement.ORGANISATION_BOOKS: ("travel_card", "invoice"),
    Settlement.VENDOR_BILLED: ("invoice",),
    Settlement.PARTNER_GIVES: ("partner",),
}
PAID_WITH: Final = ("travel_card", "invoice", "partner")
DEPOSITS: Final = ("none", "travel_card", "organisation", "partner", "traveler")
_DEPOSIT: Final = "Say who covers the deposit: nobody, the card, the organisation, a partner or the traveler."


class Step(StrEnum):
    """How far the desk got. `held`: kept for us, not bought. `booked`: ours, price may move. `ticketed`:
    ours, and the price is final."""

    HELD = "held"
    BOOKED = "booked"
    TICKETED = "ticketed"


VERB: Final = {Step.HELD: "hold", Step.BOOKED: "book", Step.TICKETED: "ticket"}


class NoSuchBooking(NotFound):
    """The booking does not exist."""


class NotReleased(OutOfStep):
    """Nothing is booked before the award's money is released."""


class NoLongerApproved(OutOfStep):
    """The award changed after it was approved."""


class OverCeiling(Refused):
    """The price is over what was approved for the line."""

    def __init__(self, line: str, price: Money, limit: Money, *, field: str) -> None:
        self.over = price - limit
        super().__init__(
            f"{line} costs {price}, which is {self.over} more than the {limit} approved and still held for "
            f"it: find a price at or under {limit}, or change the request and have it approved again.",
            field=field,
        )


@dataclass(frozen=True, slots=True)
class Days:
    """On which what was booked is used: from the first to the last, both local to where they are."""

    first: date
    last: date

    def __contains__(self, day: date) -> bool:
        return self.first <= day <= self.last


@dataclass(frozen=True, slots=True)
class ToBook:
    """What the desk says of one line, as told. `price_cents` includes `tax_cents`; both whole cents.

    `cancel_by`: the last moment to cancel without cost; of what is only held, when the hold ends.
    """

    line: str
    step: Step
    vendor: str
    locator: str
    price_cents: int
    tax_cents: int
    paid_with: str
    vendor_phone: str | None = None
    vendor_address: str | None = None
    fare_rules: str | None = None
    cancel_by: datetime | None = None
    late_arrival: bool = False
    card_form_confirmed_by: str | None = None
    deposit: str | None = None


def is_booked(settlement: str, category: str) -> bool:
    """Whether somebody books this cost line."""
    return settlement in BY_SOMEBODY and category in BOOKED


def paid_when_ticketed(settlement: str, category: str) -> bool:
    """Whether the line is paid when it is ticketed, with the booked price, and not at the release."""
    return settlement == Settlement.ORGANISATION_BOOKS and category in BOOKED


def ways_to_pay(settlement: str) -> tuple[str, ...]:
    return _WITH[Settlement(settlement)]


def problems(told: ToBook, settlement: str, *, at: str, now: datetime) -> list[Problem]:
    """Each with its remedy, at its field below the pointer `at`."""
    found = [*_texts(told), *_money(told, settlement), *_times(told, now)]
    return [Problem(f"{at}/{field}", remedy) for field, remedy in found]


def check_price(line: str, price: Money, *, limit: Money, field: str) -> None:
    """At or under the ceiling nobody is asked. Raises OverCeiling, which names the cents over."""
    if price > limit:
        raise OverCeiling(line, price, limit, field=field)


def alarms(state: str, cancel_by: datetime | None, kept_at: datetime | None, *, now: datetime) -> bool:
    """Whether somebody must say now: keep it or cancel it. What is only held ends by itself, so it goes on
    being said."""
    if cancel_by is None or kept_at is not None or now < cancel_by - ALARM_AHEAD:
        return False
    return state in ("held", "booked") or (state in ("ticketed", "changed") and now < cancel_by)


def check_why(why: str) -> str:
    """A reason in plain words, at most 4,000 characters. Raises BadInput."""
    said = why.strip()
    if not said or len(said) > 4000 or not is_safe(said):
        raise BadInput([Problem("/reason", "Write why, in plain words of at most 4,000 characters.")])
    return said


def check_may_be_kept(state: str) -> None:
    """Raises WrongState."""
    if state not in ("held", "booked", "ticketed", "changed"):
        raise WrongState(f"This booking is {state}: there is nothing to keep.")


def check_stands(state: str) -> None:
    """Raises WrongState."""
    if state not in ("held", "booked", "ticketed"):
        raise WrongState(f"This booking is {state}: book the room first, then ask its desk.")


def desk_problems(confirmed_by: str, deposit: str) -> list[Problem]:
    """What is missing of who at the desk has the card form, and who covers the deposit."""
    found = []
    if not confirmed_by.strip() or len(confirmed_by) > 300 or not is_safe(confirmed_by):
        found.append(Problem("/card_form_confirmed_by", "Write who at the desk said so."))
    if deposit not in DEPOSITS:
        found.append(Problem("/deposit", _DEPOSIT))
    return found


def _texts(told: ToBook) -> Iterator[tuple[str, str]]:
    if not told.vendor.strip():
        yield "vendor", "Write who the seat or room is booked with."
    if told.step is Step.TICKETED and not told.locator.strip():
        yield "locator", "Write the confirmation number: without it nothing is ticketed."
    more: Iterable[tuple[str, str | None, int]] = (
        ("vendor", told.vendor, 300),
        ("locator", told.locator, 60),
        ("vendor_phone", told.vendor_phone, 60),
        ("vendor_address", told.vendor_address, 300),
        ("fare_rules", told.fare_rules, 2000),
        ("card_form_confirmed_by", told.card_form_confirmed_by, 300),
    )
    for field, text, most in more:
        if text is not None and (len(text) > most or not is_safe(text)):
            yield field, f"Write at most {most} plain characters."


def _money(told: ToBook, settlement: str) -> Iterator[tuple[str, str]]:
    if told.price_cents < 0:
        yield "price_cents", "A price is zero or more, in whole cents."
    if not 0 <= told.tax_cents <= max(told.price_cents, 0):
        yield "tax_cents", "The tax is part of the price: it is at most the whole price."
    ways = ways_to_pay(settlement)
    if told.paid_with not in ways:
        said = " or ".join(way.replace("_", " ") for way in ways)
        yield "paid_with", f"By what was approved this is paid by {said}."
    if settlement == Settlement.PARTNER_GIVES and told.price_cents:
        yield "price_cents", "A partner gives this: it costs nothing."
    if told.deposit is not None and told.deposit not in DEPOSITS:
        yield "deposit", _DEPOSIT


def _times(told: ToBook, now: datetime) -> Iterator[tuple[str, str]]:
    if told.cancel_by is None:
        if told.step is Step.HELD:
            yield "cancel_by", "Say until when it is held for us."
    elif told.cancel_by.tzinfo is None:
        yield "cancel_by", "Say the zone of the time, like 2026-11-26T18:00-06:00."
    elif told.cancel_by <= now:
        yield "cancel_by", "This moment has passed; check the day and the hour."
