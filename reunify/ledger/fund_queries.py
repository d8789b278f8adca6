"""What the books say of one fund or account: its open holds, its sums, and which references are posted."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.kernel.ids import FundId
from reunify.kernel.money import Money
from reunify.ledger.policy import Account, BudgetCategory, Cash, Hold, Kind, Unit
from reunify.ledger.queries import reversed_since
from reunify.ledger.records import LedgerEntry, LedgerEvent, LedgerHold


def open_holds(session: Session, fund_id: FundId) -> list[Hold]:
    """What is still reserved or obligated of this fund, in id order."""
    h = LedgerHold
    rows = session.execute(
        sa.select(h.id, h.budget_category, h.unit, h.ceiling, h.reserved, h.obligated, h.expended)
        .where(h.fund_id == fund_id, h.reserved + h.obligated > sa.literal_column("0"))  # as its index says
        .order_by(h.id)
    )
    return [
        Hold(i, fund_id, BudgetCategory(category), Unit(unit), *amounts)
        for i, category, unit, *amounts in rows
    ]


def funds_of_holds(hold_ids: Collection[UUID]) -> sa.Select[UUID]:
    """The ids of the funds these holds lie on, to be asked for inside another question."""
    return sa.select(LedgerHold.fund_id).where(LedgerHold.id.in_(hold_ids))


def sums(session: Session, fund_id: FundId, accounts: Collection[Account]) -> dict[Account, int]:
    """The sum of each of these accounts of this fund, in cents; an account without entries is 0."""
    e = LedgerEntry
    rows = session.execute(
        sa.select(e.account, sa.func.sum(e.amount))
        .where(e.fund_id == fund_id, e.account.in_([a.value for a in accounts]))
        .group_by(e.account)
    )
    found = {Account(account): int(amount) for account, amount in rows}
    return {account: found.get(account, 0) for account in accounts}


def cash_by_event(
    session: Session, account: Cash, kinds: Collection[Kind] = (Kind.EXPEND, Kind.GIVE_BACK)
) -> dict[tuple[str, Kind], Money]:
    """What each payment, and each return, changed in that account, by reference; none that was reversed."""
    rows = session.execute(
        sa.select(LedgerEvent.external_ref, LedgerEvent.kind, sa.func.sum(LedgerEntry.amount))
        .join(LedgerEntry, LedgerEntry.event_id == LedgerEvent.id)
        .where(
            LedgerEntry.account == account.value,
            LedgerEvent.kind.in_([kind.value for kind in kinds]),
            ~reversed_since(LedgerEvent.id),
        )
        .group_by(LedgerEvent.external_ref, LedgerEvent.kind)
    )
    return {(reference, Kind(kind)): Money(int(cents)) for reference, kind, cents in rows}


def posted(session: Session, references: Collection[str]) -> set[str]:
    """Which of these references were posted, whatever was corrected since."""
    if not references:
        return set()
    ref = LedgerEvent.external_ref
    return set(session.scalars(sa.select(ref).where(ref.in_(references))))
