"""The address at which a payee without a page of ours types their bank details, shown once."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import Response

from reunify.web import payee_bank
from reunify.web.audience import AtHouse
from reunify.web.pages.view import organisation_now, staff_page
from reunify.web.payee_bank import GivenPayment, Giver

router = APIRouter(include_in_schema=False)


@router.post("/payments/{instruction_id}/bank-details-address")
def show_once(request: Request, instruction_id: UUID, by: Giver, at: AtHouse, case: GivenPayment) -> Response:
    """The address for the payee, to be sent from one's own e-mail; it is kept nowhere."""
    made, payee, address = payee_bank.address(at, instruction_id, by, case)
    with at.db.read() as session:
        org = organisation_now(session, at)
    return staff_page(
        request, "staff/payment_bank_address.html", me=by, org=org, made=made, payee=payee, address=address
    )
