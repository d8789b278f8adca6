"""Finance's queue: the oldest first, families wait in turn."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlalchemy.orm import Session

from reunify.approval import queries as approval
from reunify.disbursement import cards_said, rail, statements_queries, troubles
from reunify.disbursement import queries as disbursement
from reunify.disbursement.queries import Instruction
from reunify.identity.queries import staff_names
from reunify.intake import queries as intake
from reunify.kernel.ids import StaffId
from reunify.reconciliation import actions as reconciling
from reunify.reconciliation import queries as reconciliation
from reunify.reconciliation import suspense_queries
from reunify.reconciliation.suspense_policy import days_old
from reunify.reporting import money_cases, payout_fees, waiting_cards
from reunify.web import reading
from reunify.web.audience import AtHouse, Finance, SteppedUpFinance
from reunify.web.pages.view import PostedForm, go, organisation_now, staff_page, text_of

router = APIRouter(include_in_schema=False)
# A question about a card that no award shows: what Stripe asked amiss, or asked while our books were away.
SHOWN_FOR = timedelta(days=30)
_PAYMENT_STATES = ("to_log", "recorded")


@dataclass(frozen=True, slots=True)
class PaymentRow:
    made: Instruction
    award: str
    recorder: StaffId | None
    trouble: str | None = None


@router.get("/finance")
def queue(request: Request, by: Finance, at: AtHouse) -> Response:
    """What waits for a finance person, act by act."""
    with at.db.work() as session:
        awards = approval.awards(session, states=["awaiting_approval", "approved"])
        refusals = approval.refusals(session, states=["proposed"])
        rows = {state: _payments(session, state) for state in _PAYMENT_STATES}
        references = intake.references(session, {r.request_id for r in refusals})
        people = {a.requested_by for a in awards} | {a.approved_by for a in awards if a.approved_by}
        people |= {row.recorder for listed in rows.values() for row in listed if row.recorder}
        differences = reconciliation.open_differences(session)
        items = suspense_queries.open_items(session, now=at.now())
        people |= {d.owner for d in differences if d.owner} | {i.owner for i in items if i.owner}
        bills = statements_queries.open_cases(session, now=at.now())
        people |= {line.owner for line in bills if line.owner}
        cards = waiting_cards.need_person(session)
        cards += waiting_cards.late(session, now=at.now()) if at.cards else []
        context: dict[str, Any] = {
            "to_approve": [a for a in awards if a.state == "awaiting_approval"],
            "to_release": [a for a in awards if a.state == "approved"],
            "refusals": [(r, references[r.request_id]) for r in refusals],
            "to_log": rows["to_log"],
            "to_verify": rows["recorded"],
            "troubled": _troubled(session, at.now()),
            "rail": rail.rail_now(session, on=at.gateway is not None),
            "cards": cards,
            "card_awards": approval.references(session, {card.award for card in cards}) if cards else {},
            "unplaced": cards_said.of_no_card(session, since=at.now() - SHOWN_FOR) if at.cards else [],
            "differences": [(d, days_old(d.found_at, at.now())) for d in differences],
            "suspended": items,
            "held": {i.object_id for i in items},
            "bill_cases": bills,
            "unproved": money_cases.unproved(session, accounts=at.accounts, now=at.now()),
            "parked": len(reconciliation.parked(session)),
            "names": staff_names(session, people),
        }
        org = organisation_now(session, at)
        context["fees"] = payout_fees.schedule(org)
        context["fees_borne"] = payout_fees.bearer(session, org, now=at.now()) if context["fees"] else ""
        reading.many(session, by=by, at=at.now(), subject="finance_queue", ids=[a.id for a in awards])
    return staff_page(request, "staff/finance.html", me=by, org=org, **context)


@router.post("/finance/differences/{difference_id}/resolve")
def resolve(difference_id: UUID, form: PostedForm, by: Finance, at: AtHouse) -> Response:
    """A finance person says why the books and Stripe differ here."""
    with at.db.work() as session:
        reconciling.resolve(
            session, difference_id=difference_id, why=text_of(form, "reason"), by=by, now=at.now()
        )
    return go("/finance", "resolved")


@router.post("/finance/payouts/send")
def send_what_waits(by: SteppedUpFinance, at: AtHouse) -> Response:
    """Stripe lets us pay now: what the rail held up is sent by itself."""
    with at.db.work(wake=True) as session:
        rail.send_what_waits(session, by=by, now=at.now())
    return go("/finance", "sent_again")


def _troubled(session: Session, now: datetime) -> list[PaymentRow]:
    found = troubles.need_person(session, now=now)
    awards = approval.references(session, {made.award for made, _ in found})
    return [PaymentRow(made, awards[made.award], None, trouble) for made, trouble in found]


def _payments(session: Session, state: str) -> list[PaymentRow]:
    found = disbursement.in_state(session, state)
    if not found:
        return []
    awards = approval.references(session, {made.award for made in found})
    recorders = troubles.recorders(session, [made.id for made in found])
    return [PaymentRow(made, awards[made.award], recorders.get(made.id)) for made in found]
