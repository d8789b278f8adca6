"""The desk's form: one block of fields for each line that is still to be booked, shown and read back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo

from starlette.datastructures import FormData

from reunify.bookings import policy
from reunify.bookings.policy import Step, ToBook
from reunify.bookings.queries import Booking
from reunify.kernel.money import Money, NotMoney
from reunify.kernel.refusals import BadInput, Problem
from reunify.web.pages.form_fields import Field, Options
from reunify.web.pages.form_showing import ShownField, short_form
from reunify.web.pages.labels import label
from reunify.web.pages.view import text_of

DEPOSITS: Options = (
    ("", "Not asked yet"),
    ("none", "The desk asks for none"),
    ("travel_card", "The trip's card"),
    ("organisation", "We pay it"),
    ("partner", "A partner"),
    ("traveler", "The traveler"),
)
_STEPS: Options = (
    ("ticketed", "Ticketed: bought, the price is final"),
    ("booked", "Booked, not ticketed yet"),
    ("held", "Only held for us"),
)
_ROOM = "lodging"
_OF_PAGE = {"price_cents": "price", "tax_cents": "tax"}  # the verb's words, and the page's


@dataclass(frozen=True, slots=True)
class Block:
    """One line still to be booked, with its fields."""

    booking: Booking
    fields: list[ShownField]


def blocks(form: FormData, bookings: Sequence[Booking], wrong: Sequence[Problem]) -> list[Block]:
    """`bookings`: all of the award. Those still to be booked, numbered among all: a number never comes to
    mean another line, however much is booked between the page and its answer."""
    return [
        Block(booking, short_form(form, _fields(number, booking), wrong))
        for number, booking in enumerate(bookings)
        if booking.state in policy.OPEN
    ]


def told(form: FormData, bookings: Sequence[Booking], zone: tzinfo) -> tuple[list[ToBook], list[int]]:
    """The lines something was written for, and the number of each one's block; also of a line that somebody
    booked meanwhile, which the desk's verb refuses. Raises BadInput."""
    lines, numbers = [], []
    found: list[Problem] = []
    for number, booking in enumerate(bookings):
        at = f"/lines/{number}"
        if any(text_of(form, f"{at}/{name}") for name in ("vendor", "locator", "price")):
            lines.append(_line(form, at, booking, zone, found))
            numbers.append(number)
    if not lines:
        still = [number for number, booking in enumerate(bookings) if booking.state in policy.OPEN]
        at = f"/lines/{still[0]}/vendor" if still else "/lines"
        found.append(Problem(at, "Write what you booked, for at least one line."))
    if found:
        raise BadInput(found)
    return lines, numbers


def at_their_blocks(problems: Sequence[Problem], numbers: Sequence[int]) -> list[Problem]:
    """What the desk's verb found, at the fields of the page: lines left empty were not sent to it."""
    moved = []
    for problem in problems:
        _, _, number, field = problem.pointer.split("/", 3)
        pointer = f"/lines/{numbers[int(number)]}/{_OF_PAGE.get(field, field)}"
        moved.append(replace(problem, pointer=pointer))
    return moved


def _fields(number: int, booking: Booking) -> tuple[Field, ...]:
    at, is_room = f"lines/{number}", booking.category == _ROOM
    ways: Options = tuple((way, label(f"paid_with_{way}")) for way in policy.ways_to_pay(booking.settlement))
    fields = [
        Field(f"{at}/vendor", "Hotel" if is_room else "Carrier or agency"),
        Field(f"{at}/locator", "Confirmation number", hint="As the vendor wrote it"),
    ]
    if booking.settlement != "partner_gives":
        fields += [
            Field(f"{at}/price", "Price with tax", "dollars", f"At most {booking.ceiling}"),
            Field(f"{at}/tax", "Of it tax", "dollars"),
        ]
    fields += [
        Field(f"{at}/step", "How far it is", "choice", options=_STEPS, start="ticketed"),
        Field(f"{at}/paid_with", "Paid with", "choice", options=ways, start=ways[0][0]),
        Field(f"{at}/vendor_phone", "Vendor's telephone", "phone"),
        Field(f"{at}/cancel_by", "Cancel without cost until", "moment", "On the organisation's clock"),
        Field(f"{at}/fare_rules", "Fare or cancellation rules", "long"),
    ]
    if is_room:
        fields += [
            Field(f"{at}/vendor_address", "Address"),
            Field(f"{at}/late_arrival", "Late arrival is guaranteed", "tick"),
            Field(f"{at}/card_form_confirmed_by", "Who at the desk has our card form"),
            Field(f"{at}/deposit", "Who covers the deposit", "choice", options=DEPOSITS),
        ]
    return tuple(fields)


def _line(form: FormData, at: str, booking: Booking, zone: tzinfo, wrong: list[Problem]) -> ToBook:
    """As typed; what cannot be read is added to `wrong`."""
    step = text_of(form, f"{at}/step")
    if step not in list(Step):
        wrong.append(Problem(f"{at}/step", "Choose how far it is."))
    elif booking.settlement != "partner_gives" and step != Step.HELD and not text_of(form, f"{at}/price"):
        wrong.append(Problem(f"{at}/price", "Write what it costs, with tax."))
    return ToBook(
        line=booking.line_key,
        step=Step(step) if step in list(Step) else Step.BOOKED,
        vendor=text_of(form, f"{at}/vendor"),
        locator=text_of(form, f"{at}/locator"),
        price_cents=_cents(form, f"{at}/price", wrong),
        tax_cents=_cents(form, f"{at}/tax", wrong),
        paid_with=text_of(form, f"{at}/paid_with"),
        vendor_phone=text_of(form, f"{at}/vendor_phone") or None,
        vendor_address=text_of(form, f"{at}/vendor_address") or None,
        fare_rules=text_of(form, f"{at}/fare_rules") or None,
        cancel_by=_moment(form, f"{at}/cancel_by", zone, wrong),
        late_arrival=bool(text_of(form, f"{at}/late_arrival")),
        card_form_confirmed_by=text_of(form, f"{at}/card_form_confirmed_by") or None,
        deposit=text_of(form, f"{at}/deposit") or None,
    )


def _cents(form: FormData, name: str, wrong: list[Problem]) -> int:
    written = text_of(form, name)
    try:
        return Money.parse(written).cents if written else 0
    except NotMoney:
        wrong.append(Problem(name, "Write dollars and cents, like 312.40."))
        return 0


def _moment(form: FormData, name: str, zone: tzinfo, wrong: list[Problem]) -> datetime | None:
    written = text_of(form, name)
    try:
        return datetime.fromisoformat(written).replace(tzinfo=zone) if written else None
    except ValueError:
        wrong.append(Problem(name, "Write a day and a time, like 2026-12-01 17:00."))
        return None
