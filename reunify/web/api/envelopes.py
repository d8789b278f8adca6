"""Money for the night: two people sign an envelope, and a third reviews what one person decided inside it."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from reunify.approval import envelope_queries as queries
from reunify.approval.envelope_policy import MOST_CENTS
from reunify.closeout import bearing
from reunify.funds.queries import all_funds
from reunify.identity.duties import Span
from reunify.kernel.money import Money
from reunify.kernel.text import LongText, SafeText
from reunify.ledger.policy import BudgetCategory
from reunify.web import envelope_acts
from reunify.web.api.awards import Reason
from reunify.web.audience import AtHouse, Finance, SteppedUpFinance
from reunify.web.scope import PaidCase

router = APIRouter(tags=["envelopes"])
Cents = Annotated[int, Field(ge=0, le=MOST_CENTS, strict=True)]


class Signed(BaseModel):
    """`amounts`: cents by budget category; `per_request_cents`: the most one request may draw."""

    model_config = ConfigDict(extra="forbid")
    fund: SafeText
    amounts: dict[BudgetCategory, Cents]
    per_request_cents: Cents
    starts_at: AwareDatetime
    ends_at: AwareDatetime


class Answer(BaseModel):
    """`reason` is needed with a no."""

    model_config = ConfigDict(extra="forbid")
    answer: Literal["yes", "no"]
    reason: LongText | None = None


@router.get("/envelopes")
def listed(by: Finance, at: AtHouse) -> list[dict[str, Any]]:
    """Envelopes that wait for a second signature or are in force, the newest first."""
    with at.db.read() as session:
        codes = {fund.id: fund.code for fund in all_funds(session)}
        return [
            {
                "id": str(e.id),
                "reference": e.reference,
                "fund": codes[e.fund_id],
                "state": e.state,
                "starts_at": e.starts_at,
                "ends_at": e.ends_at,
                "per_request_cents": e.per_request.cents,
                "lines": [
                    {
                        "category": p.budget_category,
                        "amount_cents": p.signed.cents,
                        "left_cents": p.left.cents,
                    }
                    for p in e.parts
                ],
            }
            for e in queries.envelopes(session)
        ]


@router.post("/envelopes", status_code=201)
def propose(body: Signed, by: SteppedUpFinance, at: AtHouse) -> dict[str, str]:
    """Sign first: nothing is held until a colleague signs too."""
    made = envelope_acts.propose(
        at,
        body.fund,
        body.amounts,
        Money(body.per_request_cents),
        Span(body.starts_at, body.ends_at),
        by,
    )
    return {"id": str(made), "state": "proposed"}


@router.post("/envelopes/{envelope_id}/signature")
def sign(envelope_id: UUID, by: SteppedUpFinance, at: AtHouse) -> dict[str, str]:
    """Sign second: the money is held for emergencies from now on."""
    envelope_acts.sign(at, envelope_id, by)
    return {"state": "in_force"}


@router.post("/envelopes/{envelope_id}/withdrawal")
def withdraw(envelope_id: UUID, body: Reason, by: Finance, at: AtHouse) -> dict[str, str]:
    """Take back one that nobody signed second."""
    envelope_acts.withdraw(at, envelope_id, body.reason, by)
    return {"state": "withdrawn"}


@router.post("/envelopes/{envelope_id}/close")
def close(envelope_id: UUID, body: Reason, by: Finance, at: AtHouse) -> dict[str, str]:
    """End it early; what is left is available again."""
    envelope_acts.close(at, envelope_id, body.reason, by)
    return {"state": "closed"}


@router.get("/reviews")
def reviews(by: Finance, at: AtHouse) -> list[dict[str, Any]]:
    """Night decisions a third person has to look at, and refused ones until our own money bears them."""
    with at.db.read() as session:
        return [
            {
                "award_id": str(r.award_id),
                "reference": r.award_reference,
                "due_on": r.due_on,
                "state": r.state,
                "open_cents": bearing.open_cents(session, r.award_id) if r.state == "refused" else 0,
            }
            for r in queries.reviews(session)
        ]


@router.post("/reviews/{award_id}")
def review(award_id: UUID, body: Answer, by: Finance, at: AtHouse, case: PaidCase) -> dict[str, str]:
    """A third person's yes, or no with a reason; the family is never asked."""
    envelope_acts.review(at, award_id, body.answer == "yes", body.reason or "", by)
    return {"state": "agreed" if body.answer == "yes" else "refused"}
