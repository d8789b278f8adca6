"""How often each source has helped a child before: the count a rule's lifetime limit is held against."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.allocation.records import AllocationLineRecord, AllocationRecord
from reunify.approval.records import AwardRecord
from reunify.eligibility.records import DeterminationRecord
from reunify.funds.records import FundingSource
from reunify.intake.records import RequestRecord

# A trip counts from the moment its money is set aside; one that was declined or replaced does not.
_COUNTS = ("awaiting_approval", "approved", "released")


def of_child(session: Session, child: UUID | None, *, but: UUID) -> dict[str, int]:
    """By source: the child's other requests that it pays, or is about to. Nothing is unsealed.

    As committed: whoever holds money against the count takes the child's turn first (`allocation.turns`).
    """
    if child is None:
        return {}
    rows = session.execute(
        sa.select(FundingSource.code, sa.func.count(sa.distinct(AwardRecord.request_id)))
        .join(AllocationLineRecord, AllocationLineRecord.fund_id == FundingSource.id)
        .join(AllocationRecord, AllocationRecord.id == AllocationLineRecord.allocation_id)
        .join(AwardRecord, AwardRecord.allocation_id == AllocationRecord.id)
        .join(RequestRecord, RequestRecord.id == AwardRecord.request_id)
        .where(
            RequestRecord.child_person_id == child,
            RequestRecord.id != but,
            AwardRecord.state.in_(_COUNTS),
        )
        .group_by(FundingSource.code)
    )
    return {code: count for code, count in rows}


def before(session: Session, source: str, determinations: Collection[UUID]) -> Mapping[UUID, int]:
    """By request of these determinations: the child's other requests whose money from this source was set
    aside before that answer. A request whose child is not known is left out. Nothing is unsealed.
    """
    d, mine, other = DeterminationRecord, RequestRecord, sa.orm.aliased(RequestRecord)
    paid = (
        sa.select(AwardRecord.request_id, AllocationRecord.at)
        .join(AllocationRecord, AllocationRecord.id == AwardRecord.allocation_id)
        .join(AllocationLineRecord, AllocationLineRecord.allocation_id == AllocationRecord.id)
        .join(FundingSource, FundingSource.id == AllocationLineRecord.fund_id)
        .where(FundingSource.code == source, AwardRecord.state.in_(_COUNTS))
        .subquery()
    )
    rows = session.execute(
        sa.select(d.request_id, sa.func.count(sa.distinct(paid.c.request_id)))
        .join(mine, mine.id == d.request_id)
        .outerjoin(other, (other.child_person_id == mine.child_person_id) & (other.id != mine.id))
        .outerjoin(paid, (paid.c.request_id == other.id) & (paid.c.at < d.at))
        .where(d.id.in_(list(determinations)), mine.child_person_id.is_not(None))
        .group_by(d.request_id)
    )
    return {request_id: count for request_id, count in rows}
