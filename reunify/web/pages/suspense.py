"""What moved and nobody can explain yet: whose it is, which payment it may be, or that we bear it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlalchemy.orm import Session

from reunify.approval import queries as approval
from reunify.disbursement import cards_borne
from reunify.disbursement.queries import Instruction
from reunify.funds import queries as funds
from reunify.identity.queries import staff_names
from reunify.kernel.may import FINANCE
from reunify.reconciliation import cases, suspense, suspense_queries
from reunify.reconciliation.suspense_finding_policy import MAY_BE_BORNE
from reunify.reconciliation.suspense_policy import Why
from reunify.reconciliation.suspense_queries import Item
from reunify.web import reading, suspense_acts
from reunify.web.audience import AtHouse, Finance, SteppedUpFinance
from reunify.web.pages.cash import ReadsCash, owner_of
from reunify.web.pages.view import PostedForm, go, holds, organisation_now, staff_page, text_of
from reunify.web.scope import PaidItem, ReleasedItem

router = APIRouter(include_in_schema=False)


@router.get("/suspense")
def items(request: Request, by: ReadsCash, at: AtHouse) -> Response:
    """The oldest first, with its age, its owner, and what may be said of it."""
    with at.db.work() as session:
        found = suspense_queries.open_items(session, now=at.now())
        org = organisation_now(session, at)
        findings = suspense_queries.findings(session, [i.id for i in found]) if found else {}
        people = {i.owner for i in found if i.owner} | {f.reporter for f in findings.values()}
        context = _cards(session, found)
        context["names"] = staff_names(session, people)
        context["funds"] = {f.id: f.name for f in funds.funds_of(session, {i.fund_id for i in found})}
        context["people"] = cases.may_own(session)
        reading.many(session, by=by, at=at.now(), subject="suspense_item", ids=[i.id for i in found])
    return staff_page(
        request,
        "staff/suspense.html",
        me=by,
        org=org,
        items=found,
        findings=findings,
        borne=MAY_BE_BORNE,
        bands=suspense_queries.by_age(found),
        acts=holds(by, *FINANCE),
        **context,
    )


def _cards(session: Session, found: list[Item]) -> dict[str, Any]:
    """The award of each charge, and which payments on its card the charge may be, or a refund be of."""
    awards = cards_borne.awards_of(session, [i.object_id for i in found]) if found else {}
    payments = cards_borne.payments_on(session, set(awards.values())) if awards else []
    references = approval.references(session, set(awards.values())) if awards else {}
    may_be = {
        i.id: [p for p in payments if awards.get(i.object_id) == p.award and _fits(i, p)] for i in found
    }
    back = [i.object_id for i in found if i.kind is Why.CARD_REFUND]
    of_borne = cards_borne.may_be(session, back) if back else {}
    return {"awards": awards, "cases": references, "may_be": may_be, "of_borne": of_borne}


def _fits(item: Item, payment: Instruction) -> bool:
    """Of money that came back, one that was paid and at least as much; else one that waits for its charge."""
    if item.left.cents < 0:
        return payment.state == "settled" and payment.amount >= -item.left.cents
    return payment.state == "on_card"


@router.post("/suspense/{item_id}/owner")
def assign(item_id: UUID, form: PostedForm, by: Finance, at: AtHouse) -> Response:
    """Somebody of finance answers for it; nobody chosen: finance as a whole."""
    with at.db.work() as session:
        suspense.assign(session, item_id=item_id, to=owner_of(form), by=by, now=at.now())
    return go("/suspense", "owner_kept")


@router.post("/suspense/{item_id}/finding")
def report(item_id: UUID, form: PostedForm, by: Finance, at: AtHouse, case: PaidItem) -> Response:
    """No booking is behind what the merchant took; a colleague may then let us bear it."""
    suspense_acts.report(at, item_id, text_of(form, "reason"), by)
    return go("/suspense", "suspense_reported")


@router.post("/suspense/{item_id}/bearing")
def bear(item_id: UUID, by: SteppedUpFinance, at: AtHouse, case: ReleasedItem) -> Response:
    """The second person puts it on the organisation's own money."""
    suspense_acts.bear(at, item_id, by)
    return go("/suspense", "suspense_borne")


@router.post("/suspense/{item_id}/own-money")
def take_back(
    item_id: UUID, form: PostedForm, by: SteppedUpFinance, at: AtHouse, case: ReleasedItem
) -> Response:
    """What came back is of a charge that the organisation bore."""
    suspense_acts.take_back(at, item_id, text_of(form, "charge"), by)
    return go("/suspense", "suspense_back")
