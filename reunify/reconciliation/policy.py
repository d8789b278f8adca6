"""Is this event really Stripe's, and do the books agree? Pure."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from reunify.disbursement.outcomes import Payment, Status
from reunify.disbursement.policy import steps
from reunify.kernel.money import Money, total
from reunify.kernel.refusals import Refused
from reunify.reconciliation.ports import Balance, Movement

TOLERANCE_SECONDS = 300
LARGEST_EVENT = 256 * 1024
PAYMENT_EVENT = "v2.money_management.outbound_payment."
_CARD_EVENTS = {
    "issuing_card.updated": re.compile(r"ic_[A-Za-z0-9_]{1,64}"),
    "issuing_authorization.created": re.compile(r"iauth_[A-Za-z0-9_]{1,64}"),
    "issuing_authorization.updated": re.compile(r"iauth_[A-Za-z0-9_]{1,64}"),
    "issuing_transaction.created": re.compile(r"ipi_[A-Za-z0-9_]{1,64}"),
}
_PAYMENT_ID = re.compile(r"obp_[A-Za-z0-9_]{1,64}")
_MOST_TRIES = 12
NOTHING = Money(0)


class Kind(StrEnum):
    """What can differ."""

    PAYMENT_NOT_OURS = "payment_not_ours"  # somebody paid from the Dashboard, past our two people
    PAYMENT_NOT_IN_LEDGER = "payment_not_in_ledger"
    LEDGER_WITHOUT_PAYMENT = "ledger_without_payment"
    STATEMENT_DOES_NOT_ADD_UP = "statement_does_not_add_up"
    CASH_DIFFERS = "cash_differs"
    FEE_NOT_CODED = "fee_not_coded"
    OTHER_AMOUNT = "other_amount"
    RETURNED_AFTER_RECOVERY = "returned_after_recovery"  # owed to whoever paid the cost, or they never did
    CARD_CHARGE_UNEXPLAINED = (
        "card_charge_unexplained"  # on a trip's card, and no booking of it has this price
    )
    CARD_CHARGE_NOT_OURS = "card_charge_not_ours"  # on a card that we did not ask for
    CARD_REFUND = "card_refund"  # came back to a card: a person says to which cost
    CARD_APPROVED_WITHOUT_US = "card_approved_without_us"  # Stripe said yes before our ledger could
    CARD_CHANGED_PAST_US = "card_changed_past_us"  # a person stopped or widened it in the Dashboard
    CARD_DRIFT = "card_drift"  # a foreign charge differs from the price written down
    TOP_UP_NOT_POSTED = "top_up_not_posted"  # money came to an account, and the books do not hold it


# Timing alone makes these come and go; the others are somebody's doing.
CLOSES_ITSELF = frozenset(
    {
        Kind.PAYMENT_NOT_IN_LEDGER,
        Kind.LEDGER_WITHOUT_PAYMENT,
        Kind.STATEMENT_DOES_NOT_ADD_UP,
        Kind.CASH_DIFFERS,
        Kind.RETURNED_AFTER_RECOVERY,
    }
)

# The two sentences of the daily proof of the cards' balance; the payouts' has `cash` and `statement`.
CARD_CASH, CARD_STATEMENT = "card_cash", "card_statement"
_PROMISES = ("issuing_authorization_hold", "issuing_authorization_release")


class NotStripe(Refused):
    """The event is not signed by a secret we know, or not lately."""


class NotAnEvent(Refused):
    """The signed body is not an event we can keep."""


@dataclass(frozen=True, slots=True)
class Notice:
    """What happened to what, and by which of our keys if a call of ours caused it. `card`: on which card."""

    id: str
    type: str
    object_id: str | None
    idem_key: str | None
    card: str | None = None

    @property
    def payment_id(self) -> str | None:
        """The payment to look up. The address Stripe sends along is never used."""
        if not self.type.startswith(PAYMENT_EVENT) or self.object_id is None:
            return None
        return self.object_id if _PAYMENT_ID.fullmatch(self.object_id) else None

    @property
    def card_object_id(self) -> str | None:
        """The authorisation (`iauth_`) or charge (`ipi_`) of a card, or the card (`ic_`), to look up."""
        form = _CARD_EVENTS.get(self.type)
        return self.object_id if form and self.object_id and form.fullmatch(self.object_id) else None


@dataclass(frozen=True, slots=True)
class Difference:
    kind: Kind
    object_id: str
    expected: Money | None = None
    found: Money | None = None


@dataclass(frozen=True, slots=True)
class Booked:
    """What our ledger says of one payment, in cents of the bank account: leaving is negative."""

    spent: Money
    given_back: Money


def check_signature(raw: bytes, header: str, secrets: Sequence[str], now: datetime) -> None:
    """Any of the secrets (two while one is being replaced), at most 300 s away, in either direction.

    Raises NotStripe without saying which part was wrong.
    """
    refused = NotStripe("This event is not signed by Stripe.")
    stamps = re.findall(r"(?:^|,)t=(\d{1,12})(?=,|$)", header)
    signatures = re.findall(r"(?:^|,)v1=([0-9a-f]{64})(?=,|$)", header)
    if len(stamps) != 1 or not signatures:
        raise refused
    signed = stamps[0].encode() + b"." + raw
    expected = [hmac.digest(s.encode(), signed, hashlib.sha256).hex() for s in secrets if s.strip()]
    if not any([hmac.compare_digest(e, s) for e in expected for s in signatures]):
        raise refused
    if abs(now.timestamp() - int(stamps[0])) > TOLERANCE_SECONDS:
        raise refused


def read(raw: bytes, *, live: bool) -> Notice:
    """The event in the signed bytes: a thin one, or a snapshot of Issuing, which has no thin ones.

    Raises NotAnEvent, also for the other mode (live or test).
    """
    if len(raw) > LARGEST_EVENT:
        raise NotAnEvent("The event is larger than any Stripe sends.")
    try:
        said = json.loads(raw)
    except (ValueError, RecursionError) as wrong:
        raise NotAnEvent("The event is not JSON.") from wrong
    if not isinstance(said, dict) or said.get("object") not in ("v2.core.event", "event"):
        raise NotAnEvent("Only Stripe's events are taken here.")
    is_snapshot = said["object"] == "event"
    if said.get("livemode") is not live:
        raise NotAnEvent("The event belongs to the other mode.")
    id_, type_ = _word(said, "id"), _word(said, "type")
    if id_ is None or type_ is None:
        raise NotAnEvent("The event names no id or type.")
    if is_snapshot:
        if not type_.startswith("issuing_"):
            raise NotAnEvent("Only thin v2 events are taken here, and those of Issuing.")
        about, request = _within(_within(said, "data"), "object"), _within(said, "request")
        whole = about if type_.startswith("issuing_card.") else _within(about, "card")
        card = _word(about, "card") or _word(whole, "id")
        return Notice(id_, type_, _word(about, "id"), _word(request, "idempotency_key"), card)
    request = _within(_within(said, "reason"), "request")
    return Notice(id_, type_, _word(_within(said, "related_object"), "id"), _word(request, "idempotency_key"))


def to_keep(raw: bytes, notice: Notice) -> bytes:
    """What is kept of an event. A snapshot tells where something was bought: only its ids are kept."""
    if not notice.type.startswith("issuing_"):
        return raw
    kept = {"id": notice.id, "object": "event", "type": notice.type, "about": notice.object_id}
    return json.dumps(kept, sort_keys=True).encode()


def try_after(tries: int, now: datetime) -> datetime | None:
    """When to look again at an event that could not be handled; None: set it aside."""
    if tries >= _MOST_TRIES:
        return None
    seconds: int = 2**tries
    return now + timedelta(seconds=min(seconds, 600))


def is_news(state: str, status: Status) -> bool:
    """True when Stripe says more of a payment than our attempt does."""
    return bool(steps(state, status))


def compare(
    *,
    opening: Money,
    balance: Balance,
    movements: Sequence[Movement],
    ours: Mapping[str, Money],
    booked: Mapping[str, Booked],
    ledger_cash: Money,
    returned: Collection[str] = (),
) -> list[Difference]:
    """Opening + movements = closing = ledger cash, payment by payment.

    `ours`: the amount of each payment we asked for. `booked`: what the ledger says of it. One period.
    `returned`: the payments whose return we have taken note of, to the last cent or not.
    """
    found: list[Difference] = []
    posted = [m for m in movements if m.status == "posted"]
    closing = opening + total(m.amount for m in posted)
    if closing != balance.held:
        found.append(Difference(Kind.STATEMENT_DOES_NOT_ADD_UP, "statement", closing, balance.held))
    left: dict[str, Money] = {}
    back: dict[str, Money] = {}
    for movement in posted:
        if movement.payment is not None:
            side = back if movement.category == "outbound_payment_reversal" else left
            side[movement.payment] = side.get(movement.payment, Money(0)) + movement.amount
        elif movement.category.startswith("stripe_fee"):
            found.append(Difference(Kind.FEE_NOT_CODED, movement.id, Money(0), movement.amount))
    for payment in sorted({m.payment for m in movements if m.payment} - set(ours)):
        found.append(Difference(Kind.PAYMENT_NOT_OURS, payment, None, NOTHING - left.get(payment, NOTHING)))
    for payment in sorted(ours):
        said = Booked(left.get(payment, Money(0)), back.get(payment, Money(0)))
        known = booked.get(payment, Booked(Money(0), Money(0)))
        found += _payment_differs(payment, said, known, is_returned=payment in returned)
    if ledger_cash != balance.held:
        found.append(Difference(Kind.CASH_DIFFERS, "cash", ledger_cash, balance.held))
    return found


def compare_card(*, balance: Balance, movements: Sequence[Movement], ledger_cash: Money) -> list[Difference]:
    """The cards' balance: movements = what can be spent; that and what is promised to merchants = ledger."""
    found: list[Difference] = []
    closing = NOTHING + total(m.amount for m in movements)
    if closing != balance.available:
        found.append(Difference(Kind.STATEMENT_DOES_NOT_ADD_UP, CARD_STATEMENT, closing, balance.available))
    held = held_for_cards(balance, movements)
    if ledger_cash != held:
        found.append(Difference(Kind.CASH_DIFFERS, CARD_CASH, ledger_cash, held))
    return found


def held_for_cards(balance: Balance, movements: Sequence[Movement]) -> Money:
    """What can be spent, and what is promised to merchants and has not left yet."""
    return balance.available - total(m.amount for m in movements if m.category in _PROMISES)


def is_of_cards(object_id: str) -> bool:
    """True for what only the proof of the cards' balance finds, and closes."""
    return object_id in (CARD_CASH, CARD_STATEMENT)


def not_posted(payment: Payment) -> Difference:
    """What the ledger refused to post of a payment, as the proof would say it: leaving is negative."""
    is_back = payment.status is Status.RETURNED
    return Difference(
        Kind.PAYMENT_NOT_IN_LEDGER,
        payment.id,
        NOTHING,
        payment.amount if is_back else NOTHING - payment.amount,
    )


def short_return(payment: Payment, missing: Money) -> Difference:
    """`missing`: what came back and was no cost of ours any more, because it was recovered from elsewhere."""
    return Difference(Kind.RETURNED_AFTER_RECOVERY, payment.id, payment.amount - missing, payment.amount)


def _payment_differs(payment: str, theirs: Booked, ours: Booked, *, is_returned: bool) -> list[Difference]:
    found = []
    for stripe, ledger in ((theirs.spent, ours.spent), (theirs.given_back, ours.given_back)):
        if stripe == ledger:
            continue
        kind = Kind.OTHER_AMOUNT
        if is_returned and NOTHING <= ledger < stripe:
            kind = Kind.RETURNED_AFTER_RECOVERY
        elif not ledger:
            kind = Kind.PAYMENT_NOT_IN_LEDGER
        elif not stripe:
            kind = Kind.LEDGER_WITHOUT_PAYMENT
        found.append(Difference(kind, payment, ledger, stripe))
    return found


def _word(said: dict[str, Any], name: str) -> str | None:
    value = said.get(name)
    return value if isinstance(value, str) and 0 < len(value) <= 255 and value.isprintable() else None


def _within(said: Any, name: str) -> dict[str, Any]:
    inner = said.get(name) if isinstance(said, dict) else None
    return inner if isinstance(inner, dict) else {}
