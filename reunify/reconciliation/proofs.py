"""When each account at Stripe was last proved, what was held then, and whether that is too long ago."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.kernel.money import Money
from reunify.ledger.policy import Cash
from reunify.reconciliation.policy import Difference
from reunify.reconciliation.records import ProofRecord

# A proof is made each day; half a day more is for a worker that was restarted or a Stripe that was away.
OVERDUE_AFTER = timedelta(hours=36)


@dataclass(frozen=True, slots=True)
class Proof:
    """`held`: what Stripe said. `differences`: how many were found then."""

    account: Cash
    at: datetime
    held: Money
    differences: int


def keep(
    session: Session, *, account: Cash, held: Money, differences: Collection[Difference], now: datetime
) -> None:
    """One proof was made, whatever it found."""
    session.add(
        ProofRecord(
            account=account.value,
            proved_at=now,
            cents=held.cents,
            differences=len(differences),
        )
    )


def last(session: Session) -> dict[Cash, Proof]:
    """The newest of each account; none of one that was never proved."""
    row = ProofRecord
    at = sa.select(row.account, sa.func.max(row.proved_at)).group_by(row.account)
    newest = sa.select(row).where(sa.tuple_(row.account, row.proved_at).in_(at)).order_by(row.id)
    return {
        Cash(r.account): Proof(Cash(r.account), r.proved_at, Money(r.cents), r.differences)
        for r in session.scalars(newest)
    }


def overdue(proved: dict[Cash, Proof], *, expected: Collection[Cash], now: datetime) -> list[Cash]:
    """Accounts that were never proved, or not for 36 hours. `expected`: those we have. Pure."""
    return [
        account for account in expected if account not in proved or now - proved[account].at > OVERDUE_AFTER
    ]
