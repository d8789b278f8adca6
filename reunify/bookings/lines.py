"""Which cost lines of a split somebody books, and with which of its holds, in plan order."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from reunify.allocation.queries import PlanLine, award_plan
from reunify.bookings import policy
from reunify.kernel.money import Money


@dataclass(frozen=True, slots=True)
class BookedLine:
    """One cost line over all of its funds. `ceiling` is zero where a partner gives nights or miles."""

    key: str
    category: str
    settlement: str
    ceiling: Money
    shares: tuple[PlanLine, ...]


def lines_of(session: Session, allocation_id: UUID) -> list[BookedLine]:
    """In the order of their keys. Raises NotFound."""
    by_key: dict[str, list[PlanLine]] = {}
    for line in award_plan(session, allocation_id).lines:
        if policy.is_booked(line.settlement, line.category):
            by_key.setdefault(line.line_key, []).append(line)
    return [
        BookedLine(
            key,
            shares[0].category,
            shares[0].settlement,
            Money(sum(share.ceiling for share in shares if share.unit == "cents")),
            tuple(shares),
        )
        for key, shares in sorted(by_key.items())
    ]
