"""A split is reserved and written down, with its reasons; one that pays nothing, with its reasons alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from reunify.allocation import enveloped
from reunify.allocation.enveloped import Offers
from reunify.allocation.ground import Ground
from reunify.allocation.limits import Cap, Scopes
from reunify.allocation.policy import LineNeed
from reunify.allocation.records import AllocationLineRecord, AllocationRecord, EmptySplitRecord
from reunify.allocation.solving import Solved
from reunify.allocation.split import Piece
from reunify.audit import actions as audit
from reunify.kernel.ids import AllocationId, FundId, VersionId, new_id
from reunify.kernel.may import may
from reunify.kernel.people import Actor
from reunify.ledger import actions as ledger
from reunify.ledger.actions import HoldLine
from reunify.ledger.policy import BudgetCategory, Unit


@dataclass(frozen=True, slots=True)
class Kept:
    """Of which version of which trip, with what certificate, and when."""

    version_id: VersionId
    scopes: Scopes
    certificate: Mapping[str, Any]
    now: datetime

    def columns(self) -> dict[str, Any]:
        return {
            "id": new_id(),
            "request_id": self.scopes.trip,
            "version_id": self.version_id,
            "certificate": dict(self.certificate),
            "at": self.now,
        }


def _reserved(
    solved: Solved, ground: Ground, caps: Sequence[Cap], scopes: Scopes
) -> list[tuple[HoldLine, Piece, LineNeed]]:
    by_pair = {(n.key, ground.held[n.fund_code].id): n for n in solved.needs}
    found = []
    for piece in solved.split.pieces:
        need = by_pair[piece.line, FundId(piece.fund)]
        mine = [c for c in caps if c.id is not None and c.counts(piece.fund, need.category)]
        hold = HoldLine(
            hold_id=new_id(),
            fund_id=FundId(piece.fund),
            budget_category=BudgetCategory(piece.budget_category),
            unit=Unit(piece.unit),
            amount=piece.amount,
            caps=tuple(c.id for c in mine if c.id is not None and not c.counts_trips),
            uses=tuple(c.id for c in mine if c.id is not None and c.counts_trips),
            use_ref=str(scopes.trip),
        )
        found.append((hold, piece, need))
    return found


@may(system=True)
def keep(
    session: Session,
    kept: Kept,
    found: Solved,
    ground: Ground,
    caps: Sequence[Cap],
    offers: Offers,
    *,
    by: Actor,
) -> AllocationId | None:
    """None where the split pays nothing. The reservation comes first: if it falls short, nothing has been
    written yet, and nothing is undone. `offers`: of the envelopes it was solved inside, if it was.

    Raises InsufficientFunds, CapReached.
    """
    if not found.split.pieces:
        session.add(EmptySplitRecord(**kept.columns()))
        session.flush()
        return None
    allocation = AllocationRecord(**kept.columns())
    taken = _reserved(found, ground, caps, kept.scopes)
    plan = [hold for hold, _, _ in taken]
    drawn_by = offers.drawn_by(plan) if offers else {}
    ledger.reserve(
        session,
        external_ref=f"reserve:{allocation.id}",
        plan=plan,
        drawn=_drawn(plan, drawn_by),
        by=by,
        now=kept.now,
    )
    session.add(allocation)
    session.flush()
    left = {n.key: n.payable for n in found.needs}
    for hold, piece, need in taken:
        payable = min(piece.amount, left[piece.line])
        left[piece.line] -= payable
        session.add(_line(allocation.id, hold.hold_id, piece, need, payable))
    session.flush()
    if drawn_by:
        enveloped.keep_draws(session, allocation.id, kept.scopes.trip, plan, drawn_by, kept.now)
    audit.record(
        session,
        by=by,
        at=kept.now,
        subject="request",
        subject_id=kept.scopes.trip,
        moved="allocate",
        detail={"allocation": str(allocation.id)},
    )
    return AllocationId(allocation.id)


def _drawn(plan: Sequence[HoldLine], drawn_by: Mapping[UUID, UUID]) -> dict[UUID, int]:
    """By envelope's hold, all that the plan takes of it."""
    found: dict[UUID, int] = {}
    for line in plan:
        if line.hold_id in drawn_by:
            source = drawn_by[line.hold_id]
            found[source] = found.get(source, 0) + line.amount
    return found


def _line(
    allocation_id: UUID, hold: UUID, piece: Piece, need: LineNeed, payable: int
) -> AllocationLineRecord:
    return AllocationLineRecord(
        allocation_id=allocation_id,
        line_key=piece.line,
        fund_id=piece.fund,
        budget_category=piece.budget_category,
        category=need.category.value,
        settlement=need.settlement,
        payee_key=need.payee_key,
        unit=piece.unit,
        ceiling=piece.amount,
        payable=payable,
        hold_id=hold,
        basis=need.basis,
    )
