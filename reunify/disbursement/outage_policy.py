"""What was paid in an outage, before anybody approved it: what becomes of it, and by whom. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from uuid import UUID

from reunify.disbursement.policy import check_why
from reunify.kernel.ids import RequestId
from reunify.kernel.may import FINANCE
from reunify.kernel.money import Money
from reunify.kernel.moves import START, Move, Moves
from reunify.kernel.people import Actor, Role, Staff, check_role
from reunify.kernel.refusals import NotAllowed, OutOfStep, Refused
from reunify.kernel.text import is_safe

OUTAGE = Moves(
    "payment made in an outage",
    Move(START, "record", "recorded", "staff"),
    Move("recorded", "propose", "proposed", "finance"),
    Move("proposed", "send_back", "recorded", "finance"),
    Move("proposed", "ratify", "ratified", "another person of finance"),
    Move("proposed", "ratify_part", "reported", "another person of finance"),
    Move("recorded", "report", "reported", "finance"),
    Move("proposed", "report", "reported", "finance"),
    Move("recorded", "strike", "struck", "another person of finance: it was not paid, or not so"),
    Move("proposed", "strike", "struck", "another person of finance: it was not paid, or not so"),
    Move("reported", "bear", "borne", "another person of finance: the organisation's own money"),
)
# While one is in these states nothing else pays what it may have paid.
OPEN = ("recorded", "proposed")
LONGEST = 200
_BETWEEN = re.compile(r"[\W_]+")


class Instrument(StrEnum):
    """`ORGANISATION_CARD`: the plastic card in the drawer, which draws on the organisation's bank."""

    CHECK = "check"
    VOUCHER = "voucher"
    VENDOR_PAYMENT = "vendor_payment"
    ORGANISATION_CARD = "organisation_card"
    PETTY_CASH = "petty_cash"


@dataclass(frozen=True, slots=True)
class Paid:
    """What was paid. `payee_key`: whom of the request's payees; None where `to_whom` says it in words."""

    request: RequestId
    instrument: Instrument
    paid_on: date
    cents: int
    payee_key: str | None
    to_whom: str | None = field(repr=False)
    reference: str = field(repr=False)
    why: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Held:
    """What a released award holds for one payee, and one payment may have paid: whole `unit`s."""

    amount: int
    unit: str
    is_theirs: bool  # of that request, to the payee that was paid


class NotWhatWasPaid(Refused):
    """What was written down cannot have been paid so."""


class PaidInOutage(OutOfStep):
    """It may have been paid in an outage already: nothing pays it again before people have looked."""


class SameSlip(OutOfStep):
    """This check, slip or receipt was written down before: its money would be in suspense twice."""

    field = "/reference"


class NotHeldForIt(Refused):
    """The award does not hold exactly this money for this payee."""

    field = "/instructions"


class NoPaper(Refused):
    """Nobody ratifies a payment whose check, slip or receipt they cannot open."""

    field = "/files"


class RatifierIsRecorder(NotAllowed):
    """Who wrote the payment down does not ratify it."""


class RatifierIsAuthor(NotAllowed):
    """Who wrote the request does not ratify its payments."""


class RatifierIsFirst(NotAllowed):
    """The second person is another one than the first."""


class BearerIsReporter(NotAllowed):
    """Who says that no award can bear it does not also put it on the organisation's own money."""


def check_recorder(by: Actor) -> Staff:
    """Raises NotAllowed."""
    check_role(by, *FINANCE, Role.CASE_MANAGER)
    if not isinstance(by, Staff):
        raise NotAllowed("Only a member of staff can write down what was paid in an outage.")
    return by


def check_paid(said: Paid, *, today: date, keys: Collection[str]) -> Paid:
    """Trimmed. `keys`: the request's payees. Raises NotWhatWasPaid with the field, NoWhy."""
    to_whom, reference = (said.to_whom or "").strip() or None, said.reference.strip()
    if said.cents <= 0:
        raise NotWhatWasPaid("Write how much was paid, above zero.", field="/cents")
    if said.paid_on > today:
        raise NotWhatWasPaid("Write the day it was paid, today or earlier.", field="/paid_on")
    if (said.payee_key is None) == (to_whom is None):
        raise NotWhatWasPaid(
            "Choose a payee of the request, or write to whom it was paid: one of the two.", field="/payee"
        )
    if said.payee_key is not None and said.payee_key not in keys:
        raise NotWhatWasPaid("Choose a payee of this request.", field="/payee")
    if to_whom is not None and (len(to_whom) > LONGEST or not is_safe(to_whom)):
        raise NotWhatWasPaid("Write to whom, at most 200 plain characters.", field="/to_whom")
    if not reference or len(reference) > LONGEST or not is_safe(reference):
        raise NotWhatWasPaid(
            "Write the check, slip or receipt number, at most 200 plain characters.", field="/reference"
        )
    return Paid(
        said.request,
        said.instrument,
        said.paid_on,
        said.cents,
        said.payee_key,
        to_whom,
        reference,
        check_why(said.why),
    )


def check_ratifier(
    by: Actor, *, recorded: Collection[UUID], first: Collection[UUID], authors: Collection[UUID]
) -> Staff:
    """`recorded`, `first`: who wrote it down, and who proposed it, with all they stood for.

    Raises RatifierIsRecorder, RatifierIsAuthor, RatifierIsFirst, NotAllowed.
    """
    check_role(by, *FINANCE)
    if not isinstance(by, Staff):
        raise NotAllowed("Only a person of finance can ratify what was paid in an outage.")
    if not by.selves.isdisjoint(recorded):
        raise RatifierIsRecorder(
            "You, or a colleague you stand in for, wrote this payment down: ask two other people of finance."
        )
    if not by.selves.isdisjoint(authors):
        raise RatifierIsAuthor(
            "You, or a colleague you stand in for, entered or changed this request: ask another colleague."
        )
    if not by.selves.isdisjoint(first):
        raise RatifierIsFirst(
            "You, or a colleague you stand in for, proposed this: ask another colleague to ratify it."
        )
    return by


def check_bearer(
    by: Actor, *, recorded: Collection[UUID], reported: Collection[UUID], authors: Collection[UUID]
) -> Staff:
    """As `check_ratifier`; `reported`: who said that no award can bear it, with all they stood for.

    Raises BearerIsReporter, RatifierIsRecorder, RatifierIsAuthor, NotAllowed.
    """
    person = check_ratifier(by, recorded=recorded, first=(), authors=authors)
    if not person.selves.isdisjoint(reported):
        raise BearerIsReporter(
            "You, or a colleague you stand in for, reported this: ask another colleague of finance to put it "
            "on the organisation's own money."
        )
    return person


def check_fits(*, paid: int, parts: Sequence[Held], why_rest: str | None) -> str | None:
    """Each payment whole, to the cent, and no more than was paid; returns why the rest is reported, trimmed.

    `why_rest`: why no award can bear what is left over. Raises NotHeldForIt, NoWhy.
    """
    if not parts or any(part.unit != "cents" or not part.is_theirs for part in parts):
        raise NotHeldForIt("Choose payments of this request to the payee that was paid.")
    held = sum(part.amount for part in parts)
    if paid < held:
        raise NotHeldForIt(
            f"{Money(paid)} was paid and {Money(held)} is held for it: choose fewer payments, or have the "
            "award changed to what was paid first, so that the rest is free again."
        )
    if paid == held:
        return None
    if not (why_rest or "").strip():
        raise NotHeldForIt(
            f"{Money(paid)} was paid and {Money(held)} is held for it: choose every payment it was, or say "
            f"why no award can bear the other {Money(paid - held)}; it is then reported.",
            field="/reason",
        )
    return check_why(why_rest or "")


def plain_reference(written: str) -> str:
    """Letters and digits only, whichever case: `Slip No. 77` is `slipno77`."""
    return _BETWEEN.sub("", written).casefold()


def same_slip(*, paid_on: date, cents: int, same_request: bool) -> SameSlip:
    """What is said of a number that was written down before."""
    before = f"{Money(cents)}, paid on {paid_on.isoformat()}"
    if same_request:
        return SameSlip(
            f"This number was written down before for this request: {before}. One slip is one payment, "
            "however many costs it paid; finance finds it under Paid in outages. If this is another payment, "
            "write what tells the two apart, like `77, second receipt`."
        )
    return SameSlip(
        f"This number was written down before for another request: {before}. Ask finance, who sees both. If "
        "this is another payment, write what tells the two apart, like `77, second receipt`."
    )


def no_paper() -> NoPaper:
    """What is asked for where nothing was attached."""
    return NoPaper(
        "Attach the check copy, slip or receipt first, as a photo or a PDF: whoever ratifies has to see it."
    )
