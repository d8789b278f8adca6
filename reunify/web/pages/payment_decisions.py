"""What a finance person decides of a payment that does not go its way, each with its button."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response

from reunify.disbursement import policy
from reunify.disbursement.queries import Attempt, Instruction
from reunify.kernel.people import Staff
from reunify.kernel.refusals import Refused
from reunify.payees.policy import Rail
from reunify.web import payment_acts
from reunify.web.audience import AtHouse, Finance, SteppedUpFinance
from reunify.web.pages.view import PostedForm, go, text_of
from reunify.web.scope import PaidCase, ReleasedCase

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class Choice:
    """One form of the page. `asks`: it needs a reason."""

    act: str
    heading: str
    says: str
    button: str
    asks: bool


_CHOICES = {
    "try_again": Choice(
        "try-again", "Try again", "It is sent anew, as the next attempt.", "Send it again", False
    ),
    "pay_otherwise": Choice(
        "pay-otherwise",
        "Pay another way",
        "It leaves Stripe: someone pays it by check, card or transfer and writes it down.",
        "Pay outside Stripe",
        True,
    ),
    "withdraw": Choice(
        "withdraw",
        "Do not pay it",
        "Nothing is paid, and what was set aside for it is free again.",
        "Withdraw this payment",
        False,
    ),
}
_UNSENT = Choice(
    "declare-unsent",
    "Nobody knows whether it went out",
    "Look for it at Stripe first. If it is there, do nothing: we will hear of it. "
    "Only if it is not there, say so; then it can be paid anew.",
    "It is not at Stripe",
    True,
)
_CANCEL = Choice(
    "cancel",
    "Stop it",
    "Stripe is asked to stop this payment. If the bank has it already, it cannot be stopped any more: it is "
    "posted, or comes back, and is shown here.",
    "Stop this payment at Stripe",
    True,
)
_VOID = Choice(
    "void",
    "Written down wrongly?",
    "The entry is struck and stays to be seen; the payment is written down anew.",
    "Strike this entry",
    True,
)


def choices(made: Instruction, tried: list[Attempt], by: Staff, now: datetime) -> list[Choice]:
    """What this person may do now; empty for whoever decides nothing over money."""
    if not _may(lambda: policy.check_decider(by)):
        return []
    found = [_CHOICES[verb] for verb in policy.decisions(made.state, [a.state for a in tried])]
    if tried and _may(lambda: policy.check_lost(tried[-1].state, tried[-1].first_sent_at, now)):
        found.append(_UNSENT)
    if tried and tried[-1].state == "in_flight":
        found.append(_CANCEL)
    if made.rail == Rail.LOGGED and policy.INSTRUCTION.can(made.state, "void"):
        found.append(_VOID)
    return found


def _may(check: Callable[[], None]) -> bool:
    try:
        check()
    except Refused:
        return False
    return True


@router.post("/payments/{instruction_id}/try-again")
def try_again(instruction_id: UUID, by: SteppedUpFinance, at: AtHouse, case: PaidCase) -> Response:
    payment_acts.try_again(at, instruction_id, by)
    return go(f"/payments/{instruction_id}", "sent_again")


@router.post("/payments/{instruction_id}/pay-otherwise")
def pay_otherwise(
    instruction_id: UUID, form: PostedForm, by: SteppedUpFinance, at: AtHouse, case: PaidCase
) -> Response:
    payment_acts.pay_otherwise(at, instruction_id, text_of(form, "reason"), by)
    return go(f"/payments/{instruction_id}", "other_way")


@router.post("/payments/{instruction_id}/withdraw")
def withdraw(instruction_id: UUID, by: SteppedUpFinance, at: AtHouse, case: PaidCase) -> Response:
    payment_acts.withdraw(at, instruction_id, by)
    return go(f"/payments/{instruction_id}", "withdrawn")


@router.post("/payments/{instruction_id}/charge")
def charge(
    instruction_id: UUID, form: PostedForm, by: SteppedUpFinance, at: AtHouse, case: ReleasedCase
) -> Response:
    """Of two bookings of one price on the trip's card: this charge is this one's payment."""
    payment_acts.assign_charge(at, instruction_id, text_of(form, "charge"), by)
    return go(f"/payments/{instruction_id}", "verified")


@router.post("/payments/{instruction_id}/declare-unsent")
def declare_unsent(
    instruction_id: UUID, form: PostedForm, by: SteppedUpFinance, at: AtHouse, case: PaidCase
) -> Response:
    payment_acts.declare_unsent(at, instruction_id, text_of(form, "reason"), by)
    return go(f"/payments/{instruction_id}", "unsent")


@router.post("/payments/{instruction_id}/cancel")
def cancel(
    instruction_id: UUID, form: PostedForm, by: SteppedUpFinance, at: AtHouse, case: PaidCase
) -> Response:
    payment_acts.cancel(at, instruction_id, text_of(form, "reason"), by)
    return go(f"/payments/{instruction_id}", "stopped_at_stripe")


@router.post("/payments/{instruction_id}/approve-anew")
def approve_anew(instruction_id: UUID, by: SteppedUpFinance, at: AtHouse, case: PaidCase) -> Response:
    state = payment_acts.approve_anew(at, instruction_id, by)
    return go(f"/payments/{instruction_id}", f"approved_anew_{'both' if state == 'approved' else 'first'}")


@router.post("/payments/{instruction_id}/void")
def void(instruction_id: UUID, form: PostedForm, by: Finance, at: AtHouse, case: PaidCase) -> Response:
    payment_acts.void(at, instruction_id, text_of(form, "reason"), by)
    return go(f"/payments/{instruction_id}", "struck")
