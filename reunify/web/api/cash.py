"""What lies in suspense, for finance's own lists; and what two people say of it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from fastapi import APIRouter

from reunify.reconciliation import suspense_queries
from reunify.reconciliation.suspense_queries import Item
from reunify.web import reading, suspense_acts
from reunify.web.api.awards import Reason
from reunify.web.api.cards import ChargeNamed
from reunify.web.audience import AtHouse, Finance, SteppedUpFinance
from reunify.web.scope import PaidItem, ReleasedItem

router = APIRouter(tags=["cash"])


@router.get("/suspense")
def items(by: Finance, at: AtHouse) -> dict[str, Any]:
    """The oldest first. Cents: above zero left the account, below zero came into it. `days`: whole days."""
    with at.db.work() as session:
        found = suspense_queries.open_items(session, now=at.now())
        reading.many(session, by=by, at=at.now(), subject="suspense_item", ids=[i.id for i in found])
        reported = suspense_queries.findings(session, [i.id for i in found])
    return {"items": [_shown(item) | {"reported": item.id in reported} for item in found]}


@router.post("/suspense/{item_id}/finding")
def report(item_id: UUID, body: Reason, by: Finance, at: AtHouse, case: PaidItem) -> dict[str, str]:
    """Say that no booking is behind what a merchant took from a travel card; it stays in suspense."""
    suspense_acts.report(at, item_id, body.reason, by)
    return {"state": "reported"}


@router.post("/suspense/{item_id}/bearing")
def bear(item_id: UUID, by: SteppedUpFinance, at: AtHouse, case: ReleasedItem) -> dict[str, str]:
    """Put it, as another person, on the organisation's own money."""
    suspense_acts.bear(at, item_id, by)
    return {"state": "borne"}


@router.post("/suspense/{item_id}/own-money")
def take_back(
    item_id: UUID, body: ChargeNamed, by: SteppedUpFinance, at: AtHouse, case: ReleasedItem
) -> dict[str, str]:
    """Say that this refund is of a charge the organisation bore: it goes back to that fund."""
    suspense_acts.take_back(at, item_id, body.charge, by)
    return {"state": "back"}


def _shown(i: Item) -> dict[str, Any]:
    return {
        "id": str(i.id),
        "object": i.object_id,
        "kind": i.kind.value,
        "account": i.cash.value,
        "fund": str(i.fund_id),
        "held_cents": i.held.cents,
        "left_cents": i.left.cents,
        "days": i.days,
        "age": i.age.value,
        "owner": str(i.owner) if i.owner else None,
    }
