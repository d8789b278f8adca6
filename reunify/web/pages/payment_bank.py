"""A payment that waits for its payee's bank details: since when, and the address for whoever has no page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from sqlalchemy.orm import Session

from reunify.bootstrap import House
from reunify.disbursement import bank_details, queries, quiet
from reunify.disbursement.queries import Instruction
from reunify.identity import family_queries
from reunify.intake.reach import Reach
from reunify.kernel.ids import InstructionId, RequestId
from reunify.kernel.may import FINANCE
from reunify.kernel.people import Role, Staff
from reunify.kernel.refusals import OutOfStep
from reunify.kernel.sight import Sight
from reunify.payees import queries as payees
from reunify.payees.queries import Payee
from reunify.web import reading
from reunify.web.audience import AtHouse, staff
from reunify.web.pages import family_bank
from reunify.web.pages import family_plan as plan
from reunify.web.pages.view import holds, organisation_now, staff_page
from reunify.web.scope import case_at

router = APIRouter(include_in_schema=False)
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


def wanted(session: Session, at: House, made: Instruction, by: Staff, *, request_id: UUID) -> Wanted | None:
    """None of a payment that does not wait for bank details."""
    if not bank_details.asks(made):
        return None
    has_page = _has_page(session, payees.payee(session, made.payee), at.now())
    may_give = holds(by, *GIVES) and at.bank_page is not None and not has_page
    may_give = may_give and not quiet.is_held_back(session, made.id)
    return Wanted(bank_details.asked_since(session, made), has_page, may_give)


@router.post("/payments/{instruction_id}/bank-details-address")
def show_once(request: Request, instruction_id: UUID, by: Giver, at: AtHouse, case: GivenPayment) -> Response:
    """The address for the payee, to be sent from one's own e-mail; it is kept nowhere."""
    with at.db.work() as session:
        made = queries.instruction(session, InstructionId(instruction_id))
        payee = payees.payee(session, made.payee)
        if _has_page(session, payee, at.now()):
            raise TheyHaveAPage("They have an open private link: the button is on their own page. Call them.")
        org = organisation_now(session, at)
        reading.one(
            session, by=by, at=at.now(), subject="payment", subject_id=instruction_id, sight=case.sight
        )
    address = bank_details.address(
        at.db,
        at.bank_page,
        instruction_id=made.id,
        return_to=family_bank.return_address(at),
        by=by,
        clock=at.now,
    )
    return staff_page(
        request, "staff/payment_bank_address.html", me=by, org=org, made=made, payee=payee, address=address
    )


def _has_page(session: Session, payee: Payee, now: datetime) -> bool:
    """Somebody who may say where this payee's money goes has an open link."""
    if payee.kind != "person":
        return False
    for reader, link in family_queries.newest(session, payee.request_id, now).items():
        seen = plan.seen_by(session, RequestId(payee.request_id), reader) if link.state == "open" else None
        if seen and payee.key in plan.own_payees(seen) and reader in family_bank.givers(seen, payee.key):
            return True
    return False
