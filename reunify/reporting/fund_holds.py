"""Whose request each open hold of a source is for, told to who may read the case; what waits elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.allocation.records import AllocationLineRecord, AllocationRecord
from reunify.closeout.records import CostTransferRecord
from reunify.eligibility.asking_records import FunderAsk
from reunify.funds.queries import Fund
from reunify.intake.records import RequestRecord
from reunify.kernel.ids import FundId
from reunify.ledger.records import LedgerHold


@dataclass(frozen=True, slots=True)
class HeldFor:
    """What a hold is for: `R-7KQ4MX, air fare`. For finance alone, and the reading is written down."""

    request_id: UUID
    reference: str
    category: str

    def __str__(self) -> str:
        return f"{self.reference}, {self.category.replace('_', ' ')}"


def held_for(session: Session, fund_id: FundId) -> dict[UUID, HeldFor]:
    """By hold, of everything reserved or obligated of this source."""
    line, split, request, hold = AllocationLineRecord, AllocationRecord, RequestRecord, LedgerHold
    rows = session.execute(
        sa.select(line.hold_id, request.id, request.reference, line.category)
        .join(hold, hold.id == line.hold_id)
        .join(split, split.id == line.allocation_id)
        .join(request, request.id == split.request_id)
        .where(hold.fund_id == fund_id, hold.reserved + hold.obligated > 0)
    )
    return {
        hold_id: HeldFor(request_id, reference, category) for hold_id, request_id, reference, category in rows
    }


def open_elsewhere(session: Session, fund: Fund) -> list[str]:
    """What other rooms still wait for on this source, in words and without saying whose it is.

    Whoever closes a source may not read cases: finance and case managers see these in their own lists.
    """
    ask, transfer = FunderAsk, CostTransferRecord
    asked = sa.select(sa.func.count()).select_from(ask).where(ask.fund_id == fund.id, ask.state == "open")
    moving = (
        sa.select(sa.func.count())
        .select_from(transfer)
        .where(transfer.state == "asked", sa.or_(transfer.to_fund == fund.id, transfer.from_fund == fund.id))
    )
    counted = (
        (session.scalar(asked) or 0, "asked of the funder and not answered"),
        (session.scalar(moving) or 0, "a cost transfer that waits for a second person"),
    )
    return [f"{_requests(number)}: {what}" for number, what in counted if number]


def _requests(number: int) -> str:
    return "1 request" if number == 1 else f"{number} requests"
