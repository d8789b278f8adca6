"""How a booking moves the ledger: one posting of each kind, under the booking's own references."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from reunify.approval import queries as approval
from reunify.bookings import policy, prices
from reunify.bookings.lines import BookedLine, lines_of
from reunify.bookings.prices import Moving
from reunify.bookings.records import BookingRecord
from reunify.funds import paying
from reunify.kernel.ids import AwardId
from reunify.kernel.may import may
from reunify.kernel.money import Money
from reunify.kernel.people import Actor, Role
from reunify.ledger import actions as ledger
from reunify.ledger import queries as balances
from reunify.ledger.policy import Hold


def holds_by_line(session: Session, lines: Sequence[BookedLine]) -> dict[str, list[Hold]]:
    """What each fund holds in cents for each line, in plan order, locked until the transaction ends."""
    ids = {line.key: [share.hold_id for share in line.shares if share.unit == "cents"] for line in lines}
    every = [hold_id for listed in ids.values() for hold_id in listed]
    held = {hold.id: hold for hold in balances.read_holds(session, every, lock=True)}
    return {key: [held[hold_id] for hold_id in listed] for key, listed in ids.items()}


def limit(record: BookingRecord, holds: Sequence[Hold]) -> Money:
    """What the line may cost: its ceiling; where its ticket pays, no more than is still held for it."""
    if policy.paid_when_ticketed(record.settlement, record.category):
        return Money(min(record.ceiling_cents, prices.limit(holds)))
    return Money(record.ceiling_cents)


@may(Role.CASE_MANAGER)
def ticket(
    session: Session, record: BookingRecord, holds: Sequence[Hold], *, number: int, by: Actor, now: datetime
) -> None:
    """We are bound to exactly the price; the rest is free. Raises PeriodOver, and the ledger's refusals."""
    assert record.price_cents is not None
    moving = prices.when_ticketed(record.price_cents, holds)
    if moving.obligate:
        paying.check_may_obligate(session, moving.obligate, now=now)
    _post(session, record, moving, number=number, by=by, now=now)
    record.to_pay_cents = prices.to_pay(record.price_cents, holds)
    session.flush()


@may(Role.CASE_MANAGER)
def give_up(
    session: Session, record: BookingRecord, *, is_over: bool, number: int, by: Actor, now: datetime
) -> None:
    """What was not paid: reserved again while it is to be booked anew, else free for others."""
    award = approval.award(session, AwardId(record.award_id))
    lines = [line for line in lines_of(session, award.allocation_id) if line.key == record.line_key]
    holds = holds_by_line(session, lines)[record.line_key]
    moving = prices.when_cancelled(holds) if is_over else prices.when_changed(holds)
    _post(session, record, moving, number=number, by=by, now=now)


def _post(
    session: Session, record: BookingRecord, moving: Moving, *, number: int, by: Actor, now: datetime
) -> None:
    at = f"booking:{record.id}:{number}"
    for verb, amounts in (
        (ledger.obligate, moving.obligate),
        (ledger.unobligate, moving.unobligate),
        (ledger.fail, moving.fail),
        (ledger.unreserve, moving.unreserve),
    ):
        if amounts:
            verb(session, external_ref=f"{at}:{verb.__name__}", amounts=amounts, by=by, now=now)
