"""What lies in suspense, for finance's own lists."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from reunify.reconciliation import suspense_queries
from reunify.reconciliation.suspense_queries import Item
from reunify.web import reading
from reunify.web.audience import AtHouse, Finance

router = APIRouter(tags=["cash"])


@router.get("/suspense")
def items(by: Finance, at: AtHouse) -> dict[str, Any]:
    """The oldest first. Cents: above zero left the account, below zero came into it. `days`: whole days."""
    with at.db.work() as session:
        found = suspense_queries.open_items(session, now=at.now())
        reading.many(session, by=by, at=at.now(), subject="suspense_item", ids=[i.id for i in found])
    return {"items": [_shown(item) for item in found]}


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
