"""The trip's own card: where it stands and what was bought with it; which booking a charge pays."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict

from reunify.intake.reach import Reach
from reunify.kernel.sight import Sight
from reunify.kernel.text import SafeText
from reunify.web import award_acts, card_shown, payment_acts, reading
from reunify.web.api.awards import Reason
from reunify.web.audience import AnyStaff, AtHouse, SteppedUpFinance
from reunify.web.scope import ReleasedCase, case_at

router = APIRouter(tags=["cards"])
CardCase = Annotated[Reach, Depends(case_at(AnyStaff, Sight.WHOLE, Sight.MONEY))]


class ChargeNamed(BaseModel):
    """`charge`: Stripe's id of a capture on this trip's card."""

    model_config = ConfigDict(extra="forbid")
    charge: SafeText


@router.get("/awards/{award_id}/card")
def card(award_id: UUID, by: AnyStaff, at: AtHouse, case: CardCase) -> dict[str, Any]:
    """The card's state in a word and in a sentence; cents; its last four digits, never its number."""
    with at.db.work() as session:
        shown = card_shown.of_award(session, at, award_id)
        reading.one(session, by=by, at=at.now(), subject="award", subject_id=award_id, sight=case.sight)
    found = shown.card
    return {
        "state": shown.state,
        "sentence": shown.sentence,
        "card": found.at_stripe if found else None,
        "last4": found.last4 if found else None,
        "limit_cents": found.limit.cents if found else 0,
        "authorised_cents": found.authorised.cents if found else 0,
        "charged_cents": found.charged.cents if found else 0,
        "unexplained": [c.id for c in found.unexplained] if found else [],
        "address": shown.address,
        "answers": [
            {
                "approved": answer.approved,
                "reason": answer.reason.value,
                "cents": answer.amount.cents if answer.amount else None,
                "answered_at": answer.answered_at.isoformat(),
            }
            for answer in shown.answers
        ],
    }


@router.post("/awards/{award_id}/card/closing")
def close(
    award_id: UUID, body: Reason, by: SteppedUpFinance, at: AtHouse, case: ReleasedCase
) -> dict[str, str]:
    """Nobody knows whether it was made: a person has looked at Stripe, and cancelled what was there."""
    award_acts.close_card(at, award_id, body.reason, by)
    return {"state": "closed"}


@router.post("/payments/{instruction_id}/charge")
def charge(
    instruction_id: UUID, body: ChargeNamed, by: SteppedUpFinance, at: AtHouse, case: ReleasedCase
) -> dict[str, str]:
    """Of two bookings of one price: this charge is this one's payment; or this refund came back of it."""
    payment_acts.assign_charge(at, instruction_id, body.charge, by)
    return {"state": "settled"}
