"""Split the payable lines over what is available, and reserve the ceilings: all of them or none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.allocation.policy import BUDGET_CATEGORY, FundsKeptChanging, LineNeed, payer_order
from reunify.allocation.records import AllocationLineRecord, AllocationRecord
from reunify.allocation.split import Limit, Pair, Piece, Split, best_split
from reunify.audit import actions as audit
from reunify.funds import queries as funds
from reunify.funds.queries import Fund
from reunify.kernel.ids import AllocationId, FundId, PersonId, RequestId, VersionId, new_id
from reunify.kernel.may import FINANCE, may
from reunify.kernel.people import Actor
from reunify.ledger import actions as ledger
from reunify.ledger import queries as books
from reunify.ledger.actions import HoldLine
from reunify.ledger.caps import CapKey, set_caps
from reunify.ledger.policy import BudgetCategory, CapReached, InsufficientFunds, Scope, Unit

_TRIES = 4


@dataclass(frozen=True, slots=True)
class Scopes:
    """Whom a limit counts for: this trip (the request, which is one family's) and this child."""

    trip: RequestId
    child: PersonId | None

    def ids(self) -> dict[Scope, str]:
        found = {Scope.TRIP: str(self.trip), Scope.FAMILY: str(self.trip)}
        return found | ({Scope.CHILD: str(self.child)} if self.child else {})


@dataclass(frozen=True, slots=True)
class _Cap:
    """A limit of one source for this trip or child, with its counter row."""

    id: UUID | None
    fund: FundId
    name: str
    left: int


@may(system=True)
def allocate(
    session: Session,
    *,
    version_id: VersionId,
    scopes: Scopes,
    needs: Sequence[LineNeed],
    by: Actor,
    now: datetime,
) -> AllocationId | None:
    """The split kept and reserved; None if no source has anything left for these lines.

    A plan made stale by another request is solved again. Raises FundsKeptChanging after several times.
    """
    held = {f.code: f for f in funds.open_held(session, on=now.date())}
    usable = [n for n in needs if n.fund_code in held and n.ceiling > 0]
    for _ in range(_TRIES):
        caps = _caps(session, held, scopes, now)
        split = _split(session, usable, held, caps)
        if not split.pieces:
            return None
        try:
            return _keep(session, split, usable, held, caps, scopes, version_id=version_id, by=by, now=now)
        except (InsufficientFunds, CapReached):
            continue
    raise FundsKeptChanging("Many requests are using these funds right now; this one is tried again.")


@may(*FINANCE, system=True)
def free(session: Session, *, request_id: RequestId, ref: str, by: Actor, now: datetime) -> None:
    """What earlier splits of this request still reserve is available again; obligations stay."""
    ids = session.scalars(
        sa.select(AllocationLineRecord.hold_id)
        .join(AllocationRecord, AllocationRecord.id == AllocationLineRecord.allocation_id)
        .where(AllocationRecord.request_id == request_id)
    )
    amounts = {h.id: h.reserved for h in books.holds(session, list(ids)).values() if h.reserved}
    if amounts:
        ledger.unreserve(session, external_ref=ref, amounts=amounts, by=by, now=now)


def _caps(session: Session, held: Mapping[str, Fund], scopes: Scopes, now: datetime) -> list[_Cap]:
    """The counter rows of every limit that applies, made on first use, in a fixed order."""
    limits = funds.limits(session, on=now.date())
    ids = scopes.ids()
    applies = [
        (fund, scope, at_most)
        for fund in held.values()
        for scope, at_most in sorted(limits.get(fund.id, {}).items())
        if scope in ids
    ]
    counters = set_caps(
        session,
        [(CapKey(fund.id, scope, ids[scope], fund.unit), at_most) for fund, scope, at_most in applies],
    )
    found = []
    for (fund, scope, at_most), counter in zip(applies, counters, strict=True):
        name = f"{fund.public_name}: {scope} limit"
        if counter is None:  # the limit was lowered below what is used: nothing more from this source
            found.append(_Cap(None, fund.id, name, 0))
        else:
            found.append(_Cap(counter.id, fund.id, name, max(0, at_most - counter.used)))
    return found


def _split(
    session: Session, needs: Sequence[LineNeed], held: Mapping[str, Fund], caps: Sequence[_Cap]
) -> Split:
    pairs = [Pair(n.key, held[n.fund_code].id, BUDGET_CATEGORY[n.category], n.unit, n.ceiling) for n in needs]
    left = {(b.key.fund_id, b.key.budget_category): b.available for b in books.balances(session)}
    limits = [
        Limit(
            f"{fund.public_name}: {category} balance",
            tuple(i for i, p in enumerate(pairs) if (p.fund, p.budget_category) == (fund.id, category)),
            left.get((fund.id, category), 0),
        )
        for fund in held.values()
        for category in sorted({BudgetCategory(p.budget_category) for p in pairs if p.fund == fund.id})
    ]
    limits += [
        Limit(cap.name, tuple(i for i, p in enumerate(pairs) if p.fund == cap.fund), cap.left) for cap in caps
    ]
    wanted: dict[str, int] = {}
    for need in needs:
        wanted[need.key] = max(wanted.get(need.key, 0), need.ceiling)
    tiers = {UUID(str(fund.id)): payer_order(fund.unit) for fund in held.values()}
    return best_split(wanted, pairs, [limit for limit in limits if limit.pairs], tiers)


def _keep(
    session: Session,
    split: Split,
    needs: Sequence[LineNeed],
    held: Mapping[str, Fund],
    caps: Sequence[_Cap],
    scopes: Scopes,
    *,
    version_id: VersionId,
    by: Actor,
    now: datetime,
) -> AllocationId:
    """The reservation comes first: if it falls short, nothing has been written yet, and nothing is undone."""
    allocation = AllocationRecord(
        id=new_id(), request_id=scopes.trip, version_id=version_id, certificate=split.certificate(), at=now
    )
    taken = [(new_id(), piece) for piece in split.pieces]
    plan = [
        HoldLine(
            hold_id=hold,
            fund_id=FundId(piece.fund),
            budget_category=BudgetCategory(piece.budget_category),
            unit=Unit(piece.unit),
            amount=piece.amount,
            caps=tuple(cap.id for cap in caps if cap.fund == piece.fund and cap.id is not None),
        )
        for hold, piece in taken
    ]
    ledger.reserve(session, external_ref=f"reserve:{allocation.id}", plan=plan, by=by, now=now)
    session.add(allocation)
    session.flush()
    by_pair = {(n.key, held[n.fund_code].id): n for n in needs}
    left = {n.key: n.payable for n in needs}
    for hold, piece in taken:
        need = by_pair[piece.line, FundId(piece.fund)]
        payable = min(piece.amount, left[piece.line])
        left[piece.line] -= payable
        session.add(_line(allocation.id, hold, piece, need, payable))
    session.flush()
    detail = {"allocation": str(allocation.id)}
    audit.record(
        session, by=by, at=now, subject="request", subject_id=scopes.trip, moved="allocate", detail=detail
    )
    return AllocationId(allocation.id)


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
