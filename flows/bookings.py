"""A released award's seats and rooms are put on the desk's list, and each is paid when it is ticketed."""

from __future__ import annotations

from functools import partial
from uuid import UUID

from sqlalchemy.orm import Session

from flows.disburse import line_to_pay
from flows.work import Work
from reunify.approval import queries as awards
from reunify.bookings import actions, queries
from reunify.bootstrap import House
from reunify.db import Database
from reunify.disbursement import actions as payments
from reunify.disbursement import cards_queries as cards
from reunify.disbursement.award import AwardToPay, Ticket
from reunify.disbursement.policy import check_digest
from reunify.kernel.ids import AwardId
from reunify.kernel.people import System
from reunify.payees import queries as payees
from reunify.reporting import waiting

OPENS = System("open_bookings")
PAYS = System("instruct_tickets")


def works(house: House) -> list[Work]:
    return [
        Work(
            "open_bookings",
            find_awards,
            partial(open_bookings, house),
            acts_as=OPENS,
            verbs=(actions.open_for,),
        ),
        Work(
            "instruct_tickets",
            find_tickets,
            partial(instruct_tickets, house),
            acts_as=PAYS,
            verbs=(payments.instruct, actions.instructed),
        ),
    ]


def find_awards(db: Database, limit: int) -> list[UUID]:
    with db.read() as session:
        return waiting.awards_to_book(session, limit=limit)


def open_bookings(house: House, ids: list[UUID], run: str | None) -> int:
    """Each award in a transaction of its own; the desk may have opened them meanwhile, which is the same."""
    for award_id in ids:
        with house.db.work(wake=True) as session:
            actions.open_for(session, award_id=AwardId(award_id), by=OPENS, now=house.now())
    return len(ids)


def find_tickets(db: Database, limit: int) -> list[UUID]:
    with db.read() as session:
        return waiting.tickets_to_instruct(session, limit=limit)


def instruct_tickets(house: House, ids: list[UUID], run: str | None) -> int:
    """One instruction for each ticket, with the booked price."""
    for booking_id in ids:
        with house.db.work(wake=True) as session:
            award_id = queries.booking(session, booking_id).award_id
            standing = house.standing_digest(session, award_id)  # from here on nobody changes the booking
            award = ticket_to_pay(session, booking_id)
            check_digest(award.digest, standing)
            if award.lines:
                rail_on, card_on = house.gateway is not None, cards.pays(session, award_id)
                payments.instruct(
                    session, award=award, rail_on=rail_on, card_on=card_on, by=PAYS, now=house.now()
                )
            actions.instructed(session, booking_id=booking_id, by=PAYS, now=house.now())
    return len(ids)


def ticket_to_pay(session: Session, booking_id: UUID) -> AwardToPay:
    """The lines of one ticketed booking, each with what we are bound to and have not paid; none once they
    were instructed, or where it is no longer ticketed."""
    found = queries.booking(session, booking_id)
    award = awards.award(session, found.award_id)
    assert award.digest is not None  # released awards have one, the table says so
    paid = payees.newest(session, award.request_id)
    owed = queries.ticket_to_pay(session, booking_id) if found.to_pay else []
    lines = tuple(line_to_pay(share, paid, cents, found.paid_with) for share, cents in owed)
    return AwardToPay(award.id, award.digest, lines, Ticket(booking_id, found.tickets))
