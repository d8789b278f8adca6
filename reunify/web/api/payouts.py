"""How the payout rail stands, what waits for it, and how a payout that does not go its way stands."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from fastapi import APIRouter

from reunify.disbursement import queries, rail, reapproving
from reunify.kernel.ids import InstructionId
from reunify.web import payee_bank, reading
from reunify.web.audience import AtHouse, Finance, ReadsPayment, SteppedUpFinance
from reunify.web.payee_bank import GivenPayment, Giver
from reunify.web.scope import SeenPayment

router = APIRouter(tags=["payments"])


@router.get("/payouts")
def standing(by: Finance, at: AtHouse) -> dict[str, Any]:
    """off, not_enabled, lacks_capability or ready, in a word and in a sentence; cents that wait for it."""
    with at.db.read() as session:
        now = rail.rail_now(session, on=at.gateway is not None)
    return {
        "state": now.state.value,
        "sentence": now.sentence,
        "held_up": now.held_up,
        "held_up_cents": now.cents,
        "unreachable": now.unreachable,
    }


@router.post("/payouts/sending")
def send_what_waits(by: SteppedUpFinance, at: AtHouse) -> dict[str, int]:
    """Say that Stripe lets us pay now: what the rail held up is sent by itself."""
    with at.db.work(wake=True) as session:
        return {"sent_anew": rail.send_what_waits(session, by=by, now=at.now())}


@router.get("/payments/{instruction_id}")
def payment(instruction_id: UUID, by: ReadsPayment, at: AtHouse, case: SeenPayment) -> dict[str, Any]:
    """What is paid and how, its attempts, and what it waits for: bank details, or two people's approval."""
    with at.db.work() as session:
        made = queries.instruction(session, InstructionId(instruction_id))
        tried = queries.attempts(session, made.id)
        bank = payee_bank.wanted(session, at, made, by)
        anew = reapproving.waiting(session, made.id)
        reading.one(
            session, by=by, at=at.now(), subject="payment", subject_id=instruction_id, sight=case.sight
        )
    return {
        "state": made.state,
        "rail": made.rail,
        "unit": made.unit,
        "amount": made.amount,
        "trouble": made.trouble,
        "attempts": [{"number": a.number, "state": a.state, "payment": a.payment} for a in tried],
        "bank_details": {"since": bank.since, "on_their_page": bank.has_page} if bank else None,
        "new_bank": {"payout_method": anew.payout_method, "approval": anew.state} if anew else None,
    }


@router.post("/payments/{instruction_id}/bank-details-address")
def bank_details_address(instruction_id: UUID, by: Giver, at: AtHouse, case: GivenPayment) -> dict[str, str]:
    """Stripe's address for a payee who has no page of ours; send it to them alone, it is kept nowhere."""
    _, _, address = payee_bank.address(at, instruction_id, by, case)
    return {"address": address}
