"""What the desk does: open an award's bookings, hold, book and ticket them, change, cancel and use them.

The requester may book: at or under the approved ceiling nobody is asked. A ticket binds us to exactly its
price, and what lies between price and ceiling is free again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from reunify.approval import queries as approval
from reunify.approval.queries import Award
from reunify.bookings import books, policy
from reunify.bookings.changing import in_hand, note, sealed_with
from reunify.bookings.lines import BookedLine, lines_of
from reunify.bookings.policy import ToBook
from reunify.bookings.records import BookingRecord
from reunify.kernel.ids import AwardId, new_id
from reunify.kernel.may import FINANCE, may
from reunify.kernel.money import Money
from reunify.kernel.moves import START
from reunify.kernel.people import Actor, Role
from reunify.kernel.refusals import BadInput, Problem
from reunify.ledger.policy import Hold

# The digest of an award as it stands now, asked inside the transaction that binds us; it may refuse.
StandingDigest = Callable[[Session, AwardId], str]
# Ends the payment of a booking that nobody has made yet; refuses while one may still go out.
LetGo = Callable[[Session, UUID], None]


@may(Role.CASE_MANAGER, system=True)
def open_for(session: Session, *, award_id: AwardId, by: Actor, now: datetime) -> int:
    """One `wanted` booking for each cost line of a released award that somebody books; returns how many are
    new. Saying it twice adds nothing. Raises NotFound, NotReleased."""
    award = approval.award(session, award_id)
    return _open(session, award, lines_of(session, award.allocation_id), by=by, now=now)


@may(Role.CASE_MANAGER)
def book(
    session: Session,
    *,
    award_id: AwardId,
    lines: Sequence[ToBook],
    standing_digest: StandingDigest,
    by: Actor,
    now: datetime,
) -> list[UUID]:
    """Several lines of one released award in one act, all or none; returns the bookings' ids in that order.

    `standing_digest` says, inside this transaction, what the award stands for now. Raises NotFound,
    NotReleased, NoLongerApproved, BadInput, OverCeiling, WrongState, PeriodOver, and what `standing_digest`
    raises.
    """
    standing = standing_digest(session, award_id)
    award = approval.award(session, award_id)
    planned = lines_of(session, award.allocation_id)
    _open(session, award, planned, by=by, now=now)
    if standing != award.digest:
        raise policy.NoLongerApproved(
            "The award changed after it was approved: it needs a new approval before anything is booked."
        )
    records = {
        record.line_key: record
        for record in session.scalars(
            sa.select(BookingRecord)
            .where(BookingRecord.award_id == award_id)
            .order_by(BookingRecord.id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
    }
    _check(lines, records, now)
    named = {told.line for told in lines}
    held = books.holds_by_line(session, [line for line in planned if line.key in named])
    return [
        _book_one(session, records[told.line], told, held[told.line], at=f"/lines/{number}", by=by, now=now)
        for number, told in enumerate(lines)
    ]


@may(Role.CASE_MANAGER)
def change(session: Session, *, booking_id: UUID, why: str, let_go: LetGo, by: Actor, now: datetime) -> None:
    """It will be another seat or room: what was obligated and not paid is a reservation again.

    Raises NoSuchBooking, BadInput, WrongState, and what `let_go` raises.
    """
    _end_ticket(session, booking_id, "change", why, let_go, by=by, now=now)


@may(Role.CASE_MANAGER)
def cancel(session: Session, *, booking_id: UUID, why: str, let_go: LetGo, by: Actor, now: datetime) -> None:
    """Nobody travels or sleeps there: what was not paid is free for others.

    What was paid stays a cost until the vendor returns it. Raises NoSuchBooking, BadInput, WrongState, and
    what `let_go` raises.
    """
    _end_ticket(session, booking_id, "cancel", why, let_go, by=by, now=now)


@may(Role.CASE_MANAGER)
def use(session: Session, *, booking_id: UUID, by: Actor, now: datetime) -> None:
    """It was flown, ridden or slept in. Raises NoSuchBooking, WrongState."""
    record = in_hand(session, booking_id)
    moved = policy.BOOKING.apply(record, "use")
    record.ended_at = now
    note(session, record, moved, by=by, now=now)


@may(Role.CASE_MANAGER)
def keep(session: Session, *, booking_id: UUID, by: Actor, now: datetime) -> None:
    """The answer to its alarm: it is kept past the last moment to cancel without cost.

    Raises NoSuchBooking, WrongState.
    """
    record = in_hand(session, booking_id)
    policy.check_may_be_kept(record.state)
    record.kept_at = now
    note(session, record, "keep", by=by, now=now)


@may(Role.CASE_MANAGER)
def confirm_desk(
    session: Session, *, booking_id: UUID, confirmed_by: str, deposit: str, by: Actor, now: datetime
) -> None:
    """The hotel's desk has the card form: who there said so, and who covers the deposit.

    Raises NoSuchBooking, WrongState, BadInput.
    """
    record = in_hand(session, booking_id)
    policy.check_stands(record.state)
    problems = policy.desk_problems(confirmed_by, deposit)
    if problems:
        raise BadInput(problems)
    record.card_form_confirmed_by, record.card_form_confirmed_at = confirmed_by.strip(), now
    record.deposit = deposit
    record.revision += 1
    note(session, record, "confirm_desk", by=by, now=now)


@may(Role.CASE_MANAGER, system=True)
def instructed(session: Session, *, booking_id: UUID, by: Actor, now: datetime) -> None:
    """A payment was instructed for the ticket: nothing more of it waits for one. Twice is once."""
    record = in_hand(session, booking_id)
    record.to_pay_cents = 0
    session.flush()


@may(*FINANCE, Role.CASE_MANAGER, system=True)
def cost_less(session: Session, *, booking_id: UUID, price: Money, by: Actor, now: datetime) -> None:
    """The vendor took less than the price, and takes no more: that is the price. Its payment moves the money.

    Raises NoSuchBooking.
    """
    record = in_hand(session, booking_id)
    record.price_cents, record.tax_cents = price.cents, min(record.tax_cents, price.cents)
    note(session, record, "cost_less", by=by, now=now)


def _open(session: Session, award: Award, lines: Sequence[BookedLine], *, by: Actor, now: datetime) -> int:
    if award.state != "released":
        raise policy.NotReleased("Nothing is booked before the award is released: ask finance to decide it.")
    known = set(session.scalars(sa.select(BookingRecord.line_key).where(BookingRecord.award_id == award.id)))
    new = [line for line in lines if line.key not in known]
    if not new:
        return 0
    made = session.scalars(
        insert(BookingRecord)
        .values([_wanted(line, award.id, award.request_id) for line in new])
        .on_conflict_do_nothing(index_elements=["award_id", "line_key"])
        .returning(BookingRecord)
    ).all()
    for record in made:
        note(session, record, "want", is_new=True, by=by, now=now)
    session.flush()
    return len(made)


def _check(lines: Sequence[ToBook], records: dict[str, BookingRecord], now: datetime) -> None:
    """Raises BadInput with everything that needs mending, at its field."""
    found: list[Problem] = []
    seen: set[str] = set()
    for number, told in enumerate(lines):
        at = f"/lines/{number}"
        if told.line not in records:
            found.append(Problem(f"{at}/line", "The award has no such line to book: choose another."))
        elif told.line in seen:
            found.append(Problem(f"{at}/line", "This line stands here twice: take one of them out."))
        else:
            found += policy.problems(told, records[told.line].settlement, at=at, now=now)
        seen.add(told.line)
    if not lines:
        found.append(Problem("/lines", "Name at least one line to book."))
    if found:
        raise BadInput(found)


def _book_one(
    session: Session,
    record: BookingRecord,
    told: ToBook,
    holds: Sequence[Hold],
    *,
    at: str,
    by: Actor,
    now: datetime,
) -> UUID:
    policy.BOOKING.check(record.state, policy.VERB[told.step])
    limit = books.limit(record, holds)
    price = Money(told.price_cents)
    policy.check_price(f"Line {record.line_key}", price, limit=limit, field=f"{at}/price_cents")
    sealed_with(record, told, now)
    moved = policy.BOOKING.apply(record, policy.VERB[told.step])
    record.booked_by, record.booked_at = by.id, record.booked_at or now
    if told.step is policy.Step.TICKETED:
        record.ticketed_at, record.tickets = now, record.tickets + 1
    session.flush()
    number = note(session, record, moved, by=by, now=now)
    if told.step is policy.Step.TICKETED and policy.paid_when_ticketed(record.settlement, record.category):
        books.ticket(session, record, holds, number=number, by=by, now=now)
    return record.id


def _end_ticket(
    session: Session, booking_id: UUID, verb: str, why: str, let_go: LetGo, *, by: Actor, now: datetime
) -> None:
    said = policy.check_why(why)
    let_go(session, booking_id)  # locks payments before the request, as whoever pays does
    record = in_hand(session, booking_id)
    moved = policy.BOOKING.apply(record, verb)
    record.to_pay_cents = 0
    record.kept_at = None
    record.revision += 1
    if verb == "cancel":
        record.ended_at = now
    session.flush()
    number = note(session, record, moved, why=said, by=by, now=now)
    if policy.paid_when_ticketed(record.settlement, record.category):
        books.give_up(session, record, is_over=verb == "cancel", number=number, by=by, now=now)


def _wanted(line: BookedLine, award_id: UUID, request_id: UUID) -> dict[str, object]:
    return {
        "id": new_id(),
        "award_id": award_id,
        "request_id": request_id,
        "line_key": line.key,
        "category": line.category,
        "settlement": line.settlement,
        "state": policy.BOOKING.check(START, "want").target,
        "ceiling_cents": line.ceiling.cents,
    }
