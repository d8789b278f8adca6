"""A payment that waits for its payee's bank details: since when, and the address for whoever has no page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Depends
from sqlalchemy.orm import Session

from reunify.bootstrap import House
from reunify.disbursement import bank_details, queries, quiet
from reunify.disbursement.queries import Instruction
from reunify.identity import family_queries
from reunify.intake import queries as intake
from reunify.intake import signers
from reunify.intake.reach import Reach
from reunify.kernel.ids import InstructionId
from reunify.kernel.may import FINANCE
from reunify.kernel.people import Role, Staff
from reunify.kernel.refusals import OutOfStep
from reunify.kernel.sight import Sight
from reunify.payees import queries as payees
from reunify.payees.queries import Payee
from reunify.web import reading
from reunify.web.audience import staff
from reunify.web.scope import case_at

PAGE = "/family/bank-details"
GIVES = (Role.CASE_MANAGER, *FINANCE)
# Whoever holds the address says where the money goes: a passkey just now, as for money that goes out.
Giver = Annotated[Staff, Depends(staff(*GIVES, step_up=True))]
GivenPayment = Annotated[Reach, Depends(case_at(Giver, Sight.WHOLE, Sight.MONEY))]


class TheyHaveAPage(OutOfStep):
    """The payee types it through their own private link: nobody needs to carry an address."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """`has_page`: the payee's people have an open link, and the button is on their page."""

    since: datetime
    has_page: bool
    may_give: bool


def wanted(session: Session, at: House, made: Instruction, by: Staff) -> Wanted | None:
    """None of a payment that does not wait for bank details."""
    if not bank_details.asks(made):
        return None
    has_page = _has_page(session, payees.payee(session, made.payee), at.now())
    may_give = bool(by.roles.intersection(GIVES)) and at.bank_page is not None and not has_page
    may_give = may_give and not quiet.is_held_back(session, made.id)
    return Wanted(bank_details.asked_since(session, made), has_page, may_give)


def address(at: House, instruction_id: UUID, by: Staff, case: Reach) -> tuple[Instruction, Payee, str]:
    """The address for the payee, to be sent from one's own e-mail; it is kept nowhere.

    Raises TheyHaveAPage and what `bank_details.address` raises.
    """
    with at.db.work() as session:
        made = queries.instruction(session, InstructionId(instruction_id))
        payee = payees.payee(session, made.payee)
        if _has_page(session, payee, at.now()):
            raise TheyHaveAPage("They have an open private link: the button is on their own page. Call them.")
        reading.one(
            session, by=by, at=at.now(), subject="payment", subject_id=instruction_id, sight=case.sight
        )
    found = bank_details.address(
        at.db, at.bank_page, instruction_id=made.id, return_to=return_address(at), by=by, clock=at.now
    )
    return made, payee, found


def return_address(at: House) -> str:
    """Where Stripe sends the payee afterwards: nothing in it says who they are."""
    return at.settings.own_url + PAGE


def _has_page(session: Session, payee: Payee, now: datetime) -> bool:
    """Somebody who may say where this payee's money goes has an open link."""
    if payee.kind != "person":
        return False
    links = family_queries.newest(session, payee.request_id, now)
    opened = {reader for reader, link in links.items() if link.state == "open"}
    if not opened:
        return False
    content = intake.newest_version(session, payee.request_id).content
    return not opened.isdisjoint(signers.bank_givers(content, payee.key))
