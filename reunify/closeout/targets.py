"""Whether and by which rule a source may take a cost over, and how much of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

from sqlalchemy.orm import Session

from reunify.allocation import limits
from reunify.allocation.limits import Cap, Scopes
from reunify.allocation.policy import RuleCap
from reunify.closeout import target_policy as policy
from reunify.closeout.spent import Cost, Spent, costs
from reunify.closeout.target_policy import Room
from reunify.eligibility import asking
from reunify.eligibility.asking_policy import Grant
from reunify.eligibility.budget import BUDGET_CATEGORY
from reunify.eligibility.explained import SourceView
from reunify.eligibility.queries import explanation
from reunify.funds import queries as funds
from reunify.funds.policy import FundKind
from reunify.funds.queries import Fund
from reunify.intake.form import Category
from reunify.intake.queries import child_of
from reunify.kernel.ids import RequestId
from reunify.kernel.refusals import NotFound
from reunify.ledger import queries as books
from reunify.ledger.hold_queries import counters_of
from reunify.ledger.policy import BudgetCategory, Scope, Unit


@dataclass(frozen=True, slots=True)
class Target:
    """A source that may take the cost over. `basis`: by which rule, None where no rule says so. `rooms`: what
    each rule leaves; their counters are named in the books. `trip`: under which its uses are counted. Within
    one source `kept` and `kept_uses` are the counters that count the cost already."""

    fund: Fund
    category: BudgetCategory
    basis: str | None
    rooms: tuple[Room, ...]
    trip: str
    kept: tuple[UUID, ...] = ()
    kept_uses: tuple[UUID, ...] = ()

    @property
    def caps(self) -> tuple[UUID, ...]:
        return (*self.kept, *(room.cap for room in self.rooms if room.cap and not room.counts_trips))

    @property
    def uses(self) -> tuple[UUID, ...]:
        return (*self.kept_uses, *(room.cap for room in self.rooms if room.cap and room.counts_trips))


def target(
    session: Session,
    request_id: UUID,
    cost: Cost,
    *,
    code: str,
    category: BudgetCategory,
    amount: int,
    on: date,
) -> Target:
    """Every check but the ledger's own. `on`: today, in the organisation's time zone.

    Raises NoSuchFund, TargetUnfit, TargetNotOpen, OutsidePeriod, TooLateToMove, NeedsPriorApproval,
    NotGranted, OverALimit.
    """
    fund = funds.fund_called(session, code)
    policy.check_target(fund)
    policy.check_period(fund, incurred_on=cost.of.incurred_on, on=on)
    policy.check_conditions(fund, funds.conditions(session, on).get(fund.id, ()), category)
    grant = _grant(session, request_id, fund, category, on)
    judged = _judged(session, request_id, fund)
    rooms = [] if grant is None else [_of_grant(fund, grant, category)]
    limits_there = _limits(session, request_id, fund, cost.of, category, judged, on)
    basis = _basis(session, fund, judged, cost, category, amount)
    if fund.id != cost.fund.id:
        rooms += [_room(cap) for cap in limits_there]
        policy.check_rooms([_balance(session, fund, category), *rooms], amount)
        return Target(fund, category, basis, tuple(rooms), str(request_id))
    rooms += [_room(cap) for cap in limits_there if cap.budget_category]
    policy.check_rooms([_balance(session, fund, category), *rooms], amount)
    return _within(session, Target(fund, category, basis, tuple(rooms), str(request_id)), cost.hold_id)


def _within(session: Session, found: Target, from_hold: UUID) -> Target:
    """The cost stays in its source: whatever counts it counts it on, also where a limit was lowered below
    what is used. Only what counts one budget category lets go of it, and that of the new one takes it up."""
    counters = counters_of(session, from_hold)
    stay = {
        cap: key
        for cap, key in counters.caps.items()
        if key.scope is not Scope.CATEGORY and not limits.is_of_one_budget(key)
    }
    uses = tuple(cap for cap, key in stay.items() if key.scope is Scope.LIFETIME)
    return replace(
        found,
        trip=counters.use_ref or found.trip,
        kept=tuple(cap for cap in stay if cap not in uses),
        kept_uses=uses,
    )


def _grant(
    session: Session, request_id: UUID, fund: Fund, category: BudgetCategory, on: date
) -> Grant | None:
    """Of a source that is asked: what its funder granted this request. Raises NotGranted."""
    if fund.kind is not FundKind.ASKED:
        return None
    grant = asking.granted(session, request_id, on).get(fund.code)
    if grant is None or category not in grant.caps:
        raise policy.NotGranted(
            f"The funder of {fund.name} has granted nothing of {category} to this request: record its "
            "decision first."
        )
    return grant


def _of_grant(fund: Fund, grant: Grant, category: BudgetCategory) -> Room:
    name = f"{fund.name}: what its funder granted of {category} for this request"
    return Room(name, grant.left(category), grant.caps[category])


def _balance(session: Session, fund: Fund, category: BudgetCategory) -> Room:
    left = sum(
        b.available
        for b in books.balances(session)
        if (b.key.fund_id, b.key.budget_category) == (fund.id, category)
    )
    return Room(f"{fund.name}: balance of {category}", left)


def _judged(session: Session, request_id: UUID, fund: Fund) -> SourceView | None:
    """The newest determination of this source on this request."""
    try:
        found = explanation(session, request_id)
    except NotFound:
        return None
    return next((s for s in found.sources if s.source == fund.code), None)


def _limits(
    session: Session,
    request_id: UUID,
    fund: Fund,
    line: Spent,
    category: BudgetCategory,
    judged: SourceView | None,
    on: date,
) -> list[Cap]:
    """The counters a split would name for this line: the lower of the fund's row and the rules' cap."""
    rule_caps = [
        RuleCap(fund.code, cap.scope, cap.category, cap.at_most, cap.cite)
        for cap in (judged.caps if judged else ())
    ]
    scopes = Scopes(RequestId(request_id), child_of(session, request_id))
    return [
        cap
        for cap in limits.caps(session, {fund.code: fund}, scopes, rule_caps, on)
        if cap.category in ("", line.line.category) and cap.budget_category in ("", category)
    ]


# While a trip is left, cents do not run out by it.
_NO_END = 10**13


def _room(cap: Cap) -> Room:
    return Room(cap.name, _NO_END if cap.counts_trips and cap.left else cap.left, cap.id, cap.counts_trips)


def _basis(
    session: Session,
    fund: Fund,
    judged: SourceView | None,
    cost: Cost,
    category: BudgetCategory,
    amount: int,
) -> str | None:
    """The rule by which this source may bear so much of this line in this category; None where none says so.

    What it bears of the line already counts towards what its rules allow of it.
    """
    line = cost.of.line
    if judged is None or not judged.may_pay or BUDGET_CATEGORY[Category(line.category)] != category:
        return None
    found = next((t for t in judged.lines if t.key == line.line_key and t.outcome == "payable"), None)
    if found is None or found.unit != Unit.CENTS:
        return None
    borne = sum(there.cents for there in costs(session, [cost.of]) if there.fund.id == fund.id)
    more = 0 if cost.fund.id == fund.id else amount
    if borne + more > found.ceiling:
        return None
    return f"{fund.code} {judged.rule_sha256[:12]}: {found.cite}"
