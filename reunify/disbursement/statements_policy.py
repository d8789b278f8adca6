"""Which booking each line of a vendor's bill is of, and what of it may be paid. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from uuid import UUID

from reunify.bookings.policy import Days
from reunify.disbursement.statements_likeness import is_same_vendor
from reunify.kernel.may import FINANCE
from reunify.kernel.money import Money
from reunify.kernel.people import Actor, Staff, check_role
from reunify.kernel.refusals import NotAllowed, OutOfStep, Refused
from reunify.kernel.text import is_safe

LONGEST_VENDOR = 200
# A bill comes within weeks of the stay; a booking that ended longer ago is looked for by a person.
LOOKED_BACK_DAYS = 730
PAID = ("recorded", "settled")  # of an instruction: written down, or paid, already
_BETWEEN = re.compile(r"[\W_]+")


class Verdict(StrEnum):
    """What one line is. Only `MATCHED` is ever paid; every other one is a case."""

    MATCHED = "matched"
    OTHER_AMOUNT = "other_amount"
    OTHER_VENDOR = "other_vendor"
    OTHER_DAYS = "other_days"
    BILLED_TWICE = "billed_twice"
    UNKNOWN = "unknown"
    CANCELLED_BOOKING = "cancelled_booking"


# What a person may accept: the confirmation number and the price are exactly ours.
ACCEPTABLE = (Verdict.OTHER_VENDOR, Verdict.OTHER_DAYS)


class SameStatement(OutOfStep):
    """This very file was taken in before."""

    field = "/file"


class NotThatBill(Refused):
    """What was said of the bill beside its lines cannot stand."""


class NothingToRecord(OutOfStep):
    """No matched line waits to be written down."""


class NothingToVerify(OutOfStep):
    """No payment of this statement waits for a second look."""


class LineCannotBePaid(OutOfStep):
    """One matched line cannot be written down as a payment: nothing of the act is kept."""


class NotACase(OutOfStep):
    """The line is no open case."""


class NotThatBooking(OutOfStep):
    """The line cannot be accepted as the bill of that booking any more."""


class OwnerNotFinance(Refused):
    """A case is answered for by a person of finance."""

    field = "/owner"


@dataclass(frozen=True, slots=True)
class Billed:
    """One line as the vendor wrote it. `number`: its line in the file; `amount` above zero."""

    number: int
    locator: str = field(repr=False)
    amount: Money
    on: date
    reference: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class Bookable:
    """A booking a vendor may bill. `price`: what binds us. `billed`: a bill for it stands, or is paid."""

    id: UUID
    locator: str = field(repr=False)
    price: Money
    cancelled: bool = False
    billed: bool = False
    vendor: str = field(default="", repr=False)
    days: Days | None = None  # on which it is used


@dataclass(frozen=True, slots=True)
class Now:
    """A matched line's booking today. `payments`: the states of what is to be paid for it."""

    price: Money
    cancelled: bool
    payments: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Judged:
    """A line and what it is; `booking` is the one it is of, or the likeliest, None if nobody knows."""

    line: Billed
    verdict: Verdict
    booking: UUID | None


def plain_locator(written: str) -> str:
    """Letters and digits only, whichever case: `qk7-p2m` is `QK7P2M`."""
    return _BETWEEN.sub("", written).casefold()


def match(lines: Sequence[Billed], bookings: Iterable[Bookable], *, vendor: str = "") -> list[Judged]:
    """In the order of the lines. Each booking is matched at most once, and only by exactly its price, by the
    vendor it was booked with and on one of its days.

    Several bookings may share a locator (travelers of one ticket, nights of one stay): a line takes one of
    its own amount, rather one that begins on its day. `vendor`: whose bill it is.
    """
    by_locator: dict[str, list[Bookable]] = {}
    for booking in sorted(bookings, key=lambda b: (b.days.last if b.days else date.max, b.id)):
        by_locator.setdefault(plain_locator(booking.locator), []).append(booking)
    whole = [b for found in by_locator.values() for b in found if not (b.billed or b.cancelled)]
    open_still = {b.id for b in whole if is_same_vendor(vendor, b.vendor)}
    others = {b.id for b in whole} - open_still
    matched: dict[int, UUID] = {}
    for locator, cents in sorted({(plain_locator(line.locator), line.amount.cents) for line in lines}):
        billed = [b for b in lines if (plain_locator(b.locator), b.amount.cents) == (locator, cents)]
        waiting = [b for b in by_locator.get(locator, ()) if b.id in open_still and b.price.cents == cents]
        matched |= _placed(sorted(billed, key=lambda one: (one.on, one.number)), waiting)
    open_still -= set(matched.values())
    return [
        Judged(line, Verdict.MATCHED, matched[line.number])
        if line.number in matched
        else _left_over(line, by_locator.get(plain_locator(line.locator), []), open_still, others)
        for line in lines
    ]


def again(line: Billed, booking: Now) -> Verdict:
    """What a matched line that nobody has paid is by now: the booking may have moved since the upload."""
    if booking.cancelled:
        return Verdict.CANCELLED_BOOKING
    if booking.price != line.amount:
        return Verdict.OTHER_AMOUNT
    if any(state in PAID for state in booking.payments):
        return Verdict.BILLED_TWICE
    return Verdict.MATCHED


def _placed(lines: Sequence[Billed], waiting: Sequence[Bookable]) -> dict[int, UUID]:
    """Of one number and one price, both in the order of their days: rather the booking that begins on its
    day; where more find one otherwise (nights billed on the morning after), the one that ends first."""
    ways = [(_to_the_day, _within, _of_no_day), (_within, _of_no_day)]
    tried = []
    for way in ways:
        free, found = list(waiting), dict[int, UUID]()
        for fits in way:
            for line in lines:
                booking = next((b for b in free if line.number not in found and fits(line, b)), None)
                if booking:
                    found[line.number] = booking.id
                    free.remove(booking)
        tried.append(found)
    return max(tried, key=len)  # the first of two that are as good


def _to_the_day(line: Billed, booking: Bookable) -> bool:
    return booking.days is not None and booking.days.first == line.on


def _within(line: Billed, booking: Bookable) -> bool:
    return booking.days is not None and line.on in booking.days


def _of_no_day(_line: Billed, booking: Bookable) -> bool:
    return booking.days is None


def _left_over(
    line: Billed, found: Sequence[Bookable], open_still: Collection[UUID], others: Collection[UUID]
) -> Judged:
    """What nothing of exactly this price, this vendor and this day waits for."""
    waiting = [b for b in found if b.id in open_still]
    elsewhere = [b for b in found if b.id in others]
    for verdict, near in ((Verdict.OTHER_DAYS, waiting), (Verdict.OTHER_VENDOR, elsewhere)):
        exactly = [b for b in near if b.price == line.amount]
        if exactly:
            return Judged(line, verdict, exactly[0].id)
    waiting += elsewhere
    taken = [b for b in found if not b.cancelled and b not in waiting]
    same = [b for b in taken if b.price == line.amount]
    if same:
        return Judged(line, Verdict.BILLED_TWICE, same[0].id)
    cancelled = [b for b in found if b.cancelled]
    for booking in cancelled:
        if booking.price == line.amount or not (waiting or taken):
            return Judged(line, Verdict.CANCELLED_BOOKING, booking.id)
    if waiting:
        return Judged(line, Verdict.OTHER_AMOUNT, waiting[0].id)
    if taken:
        return Judged(line, Verdict.BILLED_TWICE, taken[0].id)
    return Judged(line, Verdict.UNKNOWN, None)


def check_bill(vendor: str, billed_on: date, *, today: date) -> str:
    """The vendor's name, trimmed. Raises NotThatBill with the field."""
    name = vendor.strip()
    if not 2 <= len(name) <= LONGEST_VENDOR or not is_safe(name):
        raise NotThatBill("Write whose bill it is, 2 to 200 plain characters.", field="/vendor")
    if billed_on > today:
        raise NotThatBill("Write the day of the bill, today or earlier.", field="/billed_on")
    return name


def check_finance(by: Actor) -> Staff:
    """Raises NotAllowed."""
    if not isinstance(by, Staff):
        raise NotAllowed("Only a person of finance handles vendors' bills.")
    check_role(by, *FINANCE)
    return by


def check_sum(lines: Sequence[Billed], owed_cents: int) -> None:
    """The lines of one payment bill exactly what is obligated for it. Raises LineCannotBePaid."""
    billed = sum(line.amount.cents for line in lines)
    if billed != owed_cents:
        raise cannot(
            lines,
            f"they bill {Money(billed)}, and {Money(owed_cents)} is obligated for their payment. "
            "Set them aside as a case, or wait until all of it is billed.",
        )


def cannot(lines: Sequence[Billed], why: str) -> LineCannotBePaid:
    """Names the lines by their number in the file, never by what stands in them."""
    numbers = ", ".join(str(line.number) for line in lines)
    return LineCannotBePaid(f"Line {numbers} of the bill cannot be written down: {why}")


def in_words(vendor: str, billed_on: date, sha256: str, lines: Sequence[Billed]) -> str:
    """The lines as the vendor wrote them, and the file they stand in: what the verifier reads."""
    said = [
        f"Line {line.number}: locator {line.locator}, {line.amount}, {line.on.isoformat()}"
        + (f", reference {line.reference}" if line.reference else "")
        for line in lines
    ]
    head = f"Bill of {vendor} of {billed_on.isoformat()}, file with SHA-256 {sha256}."
    return "\n".join([head, *said])


def external_reference(statement: UUID, lines: Sequence[Billed]) -> str:
    """The statement's id and the locators of the lines, at most 300 characters."""
    locators = "+".join(dict.fromkeys(line.locator for line in lines))
    return f"{statement}/{locators}"[:300]
