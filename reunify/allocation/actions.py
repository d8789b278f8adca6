"""Split the payable lines over what is available, and reserve the ceilings: all of them or none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.allocation.policy import (
    BUDGET_CATEGORY,
    FundsKeptChanging,
    LineNeed,
    RuleCap,
    counted,
    rule_words,
    within_split,
)
from reunify.allocation.records import AllocationLineRecord, AllocationRecord
from reunify.allocation.split import Limit, Pair, Piece, Split, best_split
from reunify.audit import actions as audit
from reunify.funds import queries as funds
from reunify.funds.queries import Fund
from reunify.intake.form import Category
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
    """Whom a limit counts for: this trip, this child, and the child's family; and among how many travelers
    and legs a limit of each is shared.

    A family has no id of its own: it is known by the child's, over all the requests for that child.
    """

    trip: RequestId
    child: PersonId | None
    travelers: int = 1
    legs: int = 1

    def ids(self) -> dict[Scope, str]:
        if self.child is None:
            return {Scope.TRIP: str(self.trip), Scope.FAMILY: str(self.trip)}
        child = str(self.child)
        return {Scope.TRIP: str(self.trip), Scope.FAMILY: child, Scope.CHILD: child}


@dataclass(frozen=True, slots=True)
class _Cap:
    """A limit of one source for this trip or child, with its counter row. `category` empty: of all costs."""

    id: UUID | None
    fund: FundId
    category: str
    name: str
    left: int

    def counts(self, fund: UUID, category: Category) -> bool:
        return self.fund == fund and self.category in ("", category.value)


@may(system=True)
def allocate(
    session: Session,
    *,
    version_id: VersionId,
    scopes: Scopes,
    needs: Sequence[LineNeed],
    by: Actor,
    now: datetime,
    rule_caps: Sequence[RuleCap] = (),
) -> AllocationId | None:
    """The split kept and reserved; None if no source has anything left for these lines.

    Of a fund's own limit and its rules' cap the lower counts. A plan made stale by another request is
    solved again. Raises FundsKeptChanging after several times.
    """
    held = {f.code: f for f in funds.open_held(session, on=now.date())}
    usable = [n for n in needs if n.fund_code in held and n.ceiling > 0]
    for _ in range(_TRIES):
        caps = _caps(session, held, scopes, rule_caps, now)
        split = _split(session, usable, held, caps, _rule_limits(usable, held, scopes, rule_caps))
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


def _caps(
    session: Session,
    held: Mapping[str, Fund],
    scopes: Scopes,
    rule_caps: Sequence[RuleCap],
    now: datetime,
) -> list[_Cap]:
    """The counter rows of every limit that applies, made on first use, in a fixed order.

    Each counts to the lower of the fund's row and the rules' cap.
    """
    limits = funds.limits(session, on=now.date())
    ids = scopes.ids()
    applies: list[tuple[CapKey, int, str]] = []
    for fund in held.values():
        found = {
            (scope, ""): (at_most, _limit_words(fund, scope, scopes))
            for scope, at_most in limits.get(fund.id, {}).items()
        }
        for cap in rule_caps:
            if cap.fund_code != fund.code or not counted(cap):
                continue
            of = (Scope(cap.scope), cap.category or "")
            if of not in found or cap.at_most <= found[of][0]:
                found[of] = (cap.at_most, _rule_words(cap, fund, scopes))
        applies += [
            (CapKey(fund.id, scope, ids[scope], fund.unit, category), *found[scope, category])
            for scope, category in sorted(found)
            if scope in ids
        ]
    counters = set_caps(session, [(key, at_most) for key, at_most, _ in applies])
    return [
        # None: the limit was lowered below what is used, and nothing more comes from this source.
        _Cap(c.id if c else None, key.fund_id, key.category, name, max(0, at_most - c.used) if c else 0)
        for (key, at_most, name), c in zip(applies, counters, strict=True)
    ]


def _limit_words(fund: Fund, scope: Scope, scopes: Scopes) -> str:
    alone = scope is Scope.FAMILY and scopes.child is None
    return f"{fund.public_name}: {scope} limit" + (", for this trip alone" if alone else "")


def _rule_words(cap: RuleCap, fund: Fund, scopes: Scopes) -> str:
    return rule_words(cap, fund.public_name, fund.unit, child_known=scopes.child is not None)


def _rule_limits(
    needs: Sequence[LineNeed], held: Mapping[str, Fund], scopes: Scopes, rule_caps: Sequence[RuleCap]
) -> list[Limit]:
    """What the rules' caps mean inside this split alone. A child without an id is capped here, too."""
    return [
        Limit(_rule_words(cap, held[cap.fund_code], scopes), places, most)
        for cap in rule_caps
        if cap.fund_code in held
        for places, most in within_split(cap, needs, travelers=scopes.travelers, legs=scopes.legs)
    ]


def _split(
    session: Session,
    needs: Sequence[LineNeed],
    held: Mapping[str, Fund],
    caps: Sequence[_Cap],
    rule_limits: Sequence[Limit],
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
        Limit(
            cap.name,
            tuple(i for i, n in enumerate(needs) if cap.counts(held[n.fund_code].id, n.category)),
            cap.left,
        )
        for cap in caps
    ]
    limits += rule_limits
    wanted: dict[str, int] = {}
    for need in needs:
        wanted[need.key] = max(wanted.get(need.key, 0), need.ceiling)
    tiers: dict[UUID, int] = {held[n.fund_code].id: n.tier for n in needs}
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
    by_pair = {(n.key, held[n.fund_code].id): n for n in needs}
    taken = [(new_id(), piece, by_pair[piece.line, FundId(piece.fund)]) for piece in split.pieces]
    plan = [
        HoldLine(
            hold_id=hold,
            fund_id=FundId(piece.fund),
            budget_category=BudgetCategory(piece.budget_category),
            unit=Unit(piece.unit),
            amount=piece.amount,
            caps=tuple(c.id for c in caps if c.id is not None and c.counts(piece.fund, need.category)),
        )
        for hold, piece, need in taken
    ]
    ledger.reserve(session, external_ref=f"reserve:{allocation.id}", plan=plan, by=by, now=now)
    session.add(allocation)
    session.flush()
    left = {n.key: n.payable for n in needs}
    for hold, piece, need in taken:
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
