"""What open envelopes offer one emergency, what it draws, and what it puts back when its split is given up.

Whoever draws, puts back or ends an envelope locks the rows of all open ones first, in id order, then holds,
balances and caps as every posting does: nobody waits in a ring.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType
from typing import Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.allocation.case import Limit
from reunify.allocation.ground import Ground
from reunify.allocation.limits import Cap
from reunify.allocation.policy import LineNeed
from reunify.allocation.records import AllocationLineRecord, AllocationRecord, EnvelopeDraw, EnvelopeHold
from reunify.allocation.solving import Solved, solve
from reunify.kernel.ids import FundId
from reunify.kernel.may import FINANCE, may
from reunify.kernel.people import Actor
from reunify.ledger import actions as ledger
from reunify.ledger import queries as books
from reunify.ledger.actions import HoldLine
from reunify.ledger.policy import BudgetCategory, Unit
from reunify.ledger.queries import Balance

_Key = tuple[FundId, BudgetCategory]


@dataclass(frozen=True, slots=True)
class Offer:
    """One envelope's hold of one budget category, and the cents that are left in it."""

    hold_id: UUID
    left: int


@dataclass(frozen=True, slots=True)
class Offers:
    """What one request may take now. `per_request`: by source, the cents its envelope still lets it have."""

    holds: Mapping[_Key, Offer] = field(default_factory=dict)
    per_request: Mapping[FundId, int] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.holds)

    def instead_of(self, balances: Sequence[Balance]) -> list[Balance]:
        """The balances as this request sees them inside the envelopes: cents that envelopes hold alone, and
        what is given in kind as ever."""
        return [b if b.key.unit is not Unit.CENTS else self._offered(b) for b in balances]

    def _offered(self, balance: Balance) -> Balance:
        offer = self.holds.get((balance.key.fund_id, balance.key.budget_category))
        return replace(balance, available=offer.left if offer else 0)

    def limits(self, needs: Sequence[LineNeed], ground: Ground) -> list[Limit]:
        """The limit of one request of each envelope, over the lines its source may pay."""
        found = []
        for fund in ground.held.values():
            mine = tuple(i for i, n in enumerate(needs) if n.fund_code == fund.code and n.unit == Unit.CENTS)
            if mine and fund.id in self.per_request:
                name = f"{fund.public_name}: limit of one request in its envelope"
                found.append(Limit(name, mine, self.per_request[fund.id]))
        return found

    def drawn_by(self, plan: Sequence[HoldLine]) -> dict[UUID, UUID]:
        """By hold of a plan that was solved inside: the envelope's hold it is filled from."""
        return {
            line.hold_id: self.holds[line.fund_id, line.budget_category].hold_id
            for line in plan
            if line.unit is Unit.CENTS
        }


@dataclass(frozen=True, slots=True)
class EnvelopeTerms:
    """As two people signed them; copied beside each hold."""

    envelope_id: UUID
    fund_id: FundId
    per_request_cents: int
    starts_at: datetime
    ends_at: datetime


NONE: Final = Offers(MappingProxyType({}), MappingProxyType({}))


def lock_open(session: Session) -> None:
    """Every open envelope until the transaction ends. Before any hold or balance is locked."""
    session.execute(
        sa.select(EnvelopeHold.hold_id)
        .where(EnvelopeHold.ended_at.is_(None))
        .order_by(EnvelopeHold.hold_id)
        .with_for_update()
    )


def set_aside(session: Session, terms: EnvelopeTerms, plan: Sequence[HoldLine]) -> None:
    """What was reserved for an envelope is offered to emergencies from its time on."""
    session.add_all(
        EnvelopeHold(
            hold_id=line.hold_id,
            envelope_id=terms.envelope_id,
            fund_id=terms.fund_id,
            budget_category=line.budget_category.value,
            per_request_cents=terms.per_request_cents,
            starts_at=terms.starts_at,
            ends_at=terms.ends_at,
        )
        for line in plan
    )
    session.flush()


def end(session: Session, envelope_id: UUID, *, now: datetime) -> dict[UUID, int]:
    """Nothing is drawn or put back any more. By hold, the cents left in it, for the caller to give back."""
    lock_open(session)
    rows = session.scalars(
        sa.select(EnvelopeHold)
        .where(EnvelopeHold.envelope_id == envelope_id, EnvelopeHold.ended_at.is_(None))
        .order_by(EnvelopeHold.hold_id)
        .execution_options(populate_existing=True)
    ).all()
    for row in rows:
        row.ended_at = now
    session.flush()
    left = books.holds(session, [row.hold_id for row in rows])
    return {hold: found.reserved for hold, found in left.items() if found.reserved}


def left_in(session: Session, envelope_ids: Collection[UUID]) -> dict[tuple[UUID, str], int]:
    """By envelope and budget category: the cents it still holds."""
    e = EnvelopeHold
    rows = session.execute(
        sa.select(e.envelope_id, e.budget_category, e.hold_id).where(e.envelope_id.in_(envelope_ids))
    ).all()
    held = books.holds(session, [row.hold_id for row in rows])
    return {(row.envelope_id, row.budget_category): held[row.hold_id].reserved for row in rows}


def envelopes_of(session: Session, allocation_id: UUID) -> set[UUID]:
    """Which envelopes this split drew on."""
    rows = session.scalars(
        sa.select(EnvelopeHold.envelope_id)
        .join(EnvelopeDraw, EnvelopeDraw.from_hold == EnvelopeHold.hold_id)
        .where(EnvelopeDraw.allocation_id == allocation_id)
    )
    return set(rows)


def is_open(session: Session, allocation_id: UUID, *, now: datetime) -> bool:
    """Whether every envelope this split drew on is open now, and nothing was put back."""
    d, h = EnvelopeDraw, EnvelopeHold
    over = sa.or_(h.ended_at.is_not(None), d.returned > 0, h.starts_at > now, h.ends_at <= now)
    closed = sa.exists().where(d.allocation_id == allocation_id, d.from_hold == h.hold_id, over)
    return not session.scalar(sa.select(closed))


def offers(session: Session, request_id: UUID, *, now: datetime) -> Offers:
    """What this emergency may draw on now; the caller holds `lock_open`, so that it stays so."""
    e, d = EnvelopeHold, EnvelopeDraw
    rows = session.execute(
        sa.select(e).where(e.ended_at.is_(None), e.starts_at <= now, e.ends_at > now).order_by(e.hold_id)
    ).scalars()
    found = list(rows)
    if not found:
        return NONE
    left = books.holds(session, [row.hold_id for row in found])
    took = session.execute(
        sa.select(e.envelope_id, sa.func.sum(d.amount - d.returned))
        .join(e, e.hold_id == d.from_hold)
        .where(d.request_id == request_id, e.envelope_id.in_({row.envelope_id for row in found}))
        .group_by(e.envelope_id)
    )
    used = {envelope: int(cents) for envelope, cents in took}
    holds: dict[_Key, Offer] = {}
    per_request: dict[FundId, int] = {}
    for row in found:  # of one source one envelope is open at a time
        fund = FundId(row.fund_id)
        holds[fund, BudgetCategory(row.budget_category)] = Offer(row.hold_id, left[row.hold_id].reserved)
        per_request[fund] = max(0, row.per_request_cents - used.get(row.envelope_id, 0))
    return Offers(holds, per_request)


def solve_inside(
    offers: Offers,
    needs: Sequence[LineNeed],
    wanted: Mapping[str, int],
    ground: Ground,
    caps: Sequence[Cap],
    rule_limits: Sequence[Limit],
    balances: Sequence[Balance],
) -> Solved:
    """The best split with nothing but what the envelopes hold; what is in them was paced when it was set
    aside."""
    limits = [*rule_limits, *offers.limits(needs, ground)]
    return solve(needs, wanted, replace(ground, paces={}), caps, limits, offers.instead_of(balances))


def gives_as_much(inside: Solved, ordinary: Solved) -> bool:
    """Whether no line is shorter inside the envelopes: the family never gets less for one person's act."""
    other = ordinary.split.uncovered
    return all(short <= other.get(line, 0) for line, short in inside.split.uncovered.items())


def keep_draws(
    session: Session,
    allocation_id: UUID,
    request_id: UUID,
    plan: Sequence[HoldLine],
    drawn_by: Mapping[UUID, UUID],
    now: datetime,
) -> None:
    """Which line was filled from which envelope."""
    for line in plan:
        if line.hold_id in drawn_by:
            session.add(
                EnvelopeDraw(
                    hold_id=line.hold_id,
                    from_hold=drawn_by[line.hold_id],
                    allocation_id=allocation_id,
                    request_id=request_id,
                    amount=line.amount,
                    at=now,
                )
            )
    session.flush()


@may(*FINANCE, system=True)
def give_up(session: Session, *, request_id: UUID, ref: str, by: Actor, now: datetime) -> None:
    """What earlier splits of this request still reserve is available again, or back in the envelope it was
    drawn from while that is open; obligations stay."""
    d = EnvelopeDraw
    rows = session.execute(
        sa.select(AllocationLineRecord.hold_id, d.from_hold)
        .join(AllocationRecord, AllocationRecord.id == AllocationLineRecord.allocation_id)
        .outerjoin(d, d.hold_id == AllocationLineRecord.hold_id)
        .where(AllocationRecord.request_id == request_id)
    ).all()
    reserved = books.holds(session, [row.hold_id for row in rows])
    amounts = {hold: found.reserved for hold, found in reserved.items() if found.reserved}
    if not amounts:
        return
    drawn = {row.hold_id for row in rows if row.from_hold is not None and row.hold_id in amounts}
    back = _put_back(session, drawn, amounts) if drawn else {}
    if back:
        ledger.put_back(session, external_ref=ref, amounts=amounts, back=back, by=by, now=now)
    else:
        ledger.unreserve(session, external_ref=ref, amounts=amounts, by=by, now=now)


def _put_back(session: Session, holds: set[UUID], amounts: Mapping[UUID, int]) -> dict[UUID, int]:
    """By envelope's hold, what goes back into it; each draw says so."""
    lock_open(session)
    draws = session.execute(
        sa.select(EnvelopeDraw)
        .join(EnvelopeHold, EnvelopeHold.hold_id == EnvelopeDraw.from_hold)
        .where(EnvelopeDraw.hold_id.in_(holds), EnvelopeHold.ended_at.is_(None))
        .order_by(EnvelopeDraw.hold_id)
        .execution_options(populate_existing=True)
    ).scalars()
    back: dict[UUID, int] = {}
    for draw in draws:
        amount = min(amounts[draw.hold_id], draw.amount - draw.returned)
        if amount > 0:
            draw.returned += amount
            back[draw.from_hold] = back.get(draw.from_hold, 0) + amount
    session.flush()
    return back
