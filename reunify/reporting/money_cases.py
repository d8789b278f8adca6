"""What finance has to explain: items in suspense and differences with Stripe, and a proof that is overdue."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from reunify.kernel.ids import StaffId
from reunify.kernel.money import Money
from reunify.ledger.policy import Cash
from reunify.reconciliation import proofs, suspense_queries
from reunify.reconciliation import queries as reconciliation
from reunify.reconciliation.queries import OpenDifference
from reunify.reconciliation.suspense_policy import days_old
from reunify.reconciliation.suspense_queries import Item

MOST = 50


@dataclass(frozen=True, slots=True)
class MoneyCase:
    """`what`: the code of its kind. `amount`: what is left of it. `owner`: None is finance as a whole."""

    what: str
    object_id: str
    amount: Money | None
    since: datetime
    days: int
    owner: StaffId | None
    path: str


@dataclass(frozen=True, slots=True)
class MoneyCases:
    """`cases`: the oldest first, at most 50. `unproved`: accounts whose last proof is too long ago."""

    cases: list[MoneyCase]
    unproved: list[Cash]


NONE = MoneyCases([], [])


def waiting(session: Session, *, accounts: Collection[Cash], now: datetime) -> MoneyCases:
    """`accounts`: those we have at Stripe, each to be proved daily."""
    items = suspense_queries.open_items(session, now=now)
    found = in_turn(reconciliation.open_differences(session), items, now=now)
    return MoneyCases(found[:MOST], unproved(session, accounts=accounts, now=now))


def unproved(session: Session, *, accounts: Collection[Cash], now: datetime) -> list[Cash]:
    """Accounts never proved, or not for a day and a half."""
    return proofs.overdue(proofs.last(session), expected=accounts, now=now) if accounts else []


def in_turn(
    differences: Collection[OpenDifference], items: Collection[Item], *, now: datetime
) -> list[MoneyCase]:
    """Both together, the oldest first. Pure."""
    cases = [
        MoneyCase(
            d.kind.value,
            d.object_id,
            d.found,
            d.found_at,
            days_old(d.found_at, now),
            d.owner,
            "/cash#cases",
        )
        for d in differences
    ]
    cases += [
        MoneyCase(i.kind.value, i.object_id, i.left, i.held_at, i.days, i.owner, "/suspense") for i in items
    ]
    return sorted(cases, key=lambda case: (case.since, case.object_id))
