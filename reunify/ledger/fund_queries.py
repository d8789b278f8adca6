"""What the books say of one fund or account: its open holds, its sums, and which references are posted."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.kernel.ids import FundId
from reunify.kernel.money import Money
from reunify.ledger.policy import Account, BudgetCategory, Cash, Hold, Kind, Unit
from reunify.ledger.queries import read_holds, reversed_since
from reunify.ledger.records import LedgerBalance, LedgerEntry, LedgerEvent, LedgerHold


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


def lock_for_several(session: Session, hold_ids: Collection[UUID]) -> None:
    """Before several postings in one transaction: these holds and their balances, all in the order in which
    one posting takes its own (`ledger.statement`). In another order two groups would wait for each other."""
    read_holds(session, hold_ids, lock=True)
    b, h = LedgerBalance, LedgerHold
    theirs = sa.select(h.fund_id, h.budget_category, h.unit).where(h.id.in_(hold_ids))
    session.execute(
        sa.select(b.id)
        .where(sa.tuple_(b.fund_id, b.budget_category, b.unit).in_(theirs))
        .order_by(b.id)
        .with_for_update(key_share=True)
    )


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


def holds_paid(session: Session, reference: str) -> list[UUID]:
    """The holds that were spent under this reference, in id order."""
    e = LedgerEntry
    rows = session.scalars(
        sa.select(e.hold_id)
        .join(LedgerEvent, LedgerEvent.id == e.event_id)
        .where(
            LedgerEvent.external_ref == reference,
            LedgerEvent.kind == Kind.EXPEND.value,
            e.account == Account.EXPENDED.value,
        )
        .order_by(e.hold_id)
    )
    return [hold for hold in rows if hold is not None]
