"""What limits a split beside the balances: each source's limits and its rules' caps, and their counters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy.orm import Session

from reunify.allocation.case import Limit
from reunify.allocation.policy import BUDGET_CATEGORY, LineNeed, RuleCap, counted, rule_words, within_split
from reunify.eligibility.asking import Standing
from reunify.eligibility.asking_policy import grant_limits
from reunify.funds import queries as funds
from reunify.funds.queries import Fund
from reunify.intake.form import Category
from reunify.kernel.ids import FundId, PersonId, RequestId
from reunify.ledger import queries as books
from reunify.ledger.caps import Cap as Counter
from reunify.ledger.caps import CapKey, set_caps
from reunify.ledger.policy import BudgetCategory, Scope

_LIFETIME = "lifetime_uses"  # as the rules call it
_BUDGET = "budget:"  # a counter of a whole budget category, apart from those of one cost category


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
        return {
            Scope.TRIP: str(self.trip),
            Scope.FAMILY: child,
            Scope.CHILD: child,
            Scope.LIFETIME: child,
        }


@dataclass(frozen=True, slots=True)
class Cap:
    """A limit of one source for this trip or child, with its counter row. `category` and `budget_category`
    empty: of all costs. `counts_trips`: what is left is trips, and a trip that is left takes any amount."""

    id: UUID | None
    fund: FundId
    category: str
    name: str
    left: int
    budget_category: str = ""
    counts_trips: bool = False

    def counts(self, fund: UUID, category: Category) -> bool:
        of_budget = self.budget_category in ("", BUDGET_CATEGORY[category])
        return self.fund == fund and self.category in ("", category.value) and of_budget


def caps_of_grants(held: Mapping[str, Fund], asked: Standing) -> list[Cap]:
    """What each funder granted, counted by the counters its decisions made."""
    names = {code: fund.public_name for code, fund in held.items()}
    return [
        Cap(found.cap, found.fund_id, "", found.name, found.left, found.budget_category)
        for found in grant_limits(asked.grants, names)
    ]


def caps(
    session: Session,
    held: Mapping[str, Fund],
    scopes: Scopes,
    rule_caps: Sequence[RuleCap],
    on: date,
) -> list[Cap]:
    """The counter rows of every limit that applies, made on first use, in a fixed order.

    Each counts to the lower of the fund's row and the rules' cap.
    """
    limits = funds.limits_by_category(session, on=on)
    applies = [
        found
        for fund in held.values()
        for found in _applying(fund, limits.get(fund.id, {}), scopes, rule_caps)
    ]
    counters = set_caps(session, [(key, at_most) for key, at_most, _ in applies])
    ours = _trips_counted(session, applies, counters, scopes)
    return [
        _cap(key, name, at_most, counter, is_ours=counter is not None and counter.id in ours)
        for (key, at_most, name), counter in zip(applies, counters, strict=True)
    ]


def _applying(
    fund: Fund,
    limits: Mapping[tuple[Scope, BudgetCategory | None], int],
    scopes: Scopes,
    rule_caps: Sequence[RuleCap],
) -> Iterator[tuple[CapKey, int, str]]:
    """Key, the most, and its name in the certificate."""
    ids = scopes.ids()
    found = {
        (scope, f"{_BUDGET}{category}" if category else ""): (
            at_most,
            _limit_words(fund, scope, category, at_most, scopes),
        )
        for (scope, category), at_most in limits.items()
    }
    for cap in rule_caps:
        if cap.fund_code != fund.code or not (counted(cap) or cap.scope == _LIFETIME):
            continue
        of = (Scope.LIFETIME if cap.scope == _LIFETIME else Scope(cap.scope), cap.category or "")
        if of == (Scope.LIFETIME, cap.category):
            continue  # trips of one cost category have no counter: they count within the split alone
        if of not in found or cap.at_most <= found[of][0]:
            found[of] = (cap.at_most, _rule_words(cap, fund, scopes))
    for scope, category in sorted(found):
        if scope in ids:
            yield CapKey(fund.id, scope, ids[scope], fund.unit, category), *found[scope, category]


def _trips_counted(
    session: Session,
    applies: Sequence[tuple[CapKey, int, str]],
    counters: Sequence[Counter | None],
    scopes: Scopes,
) -> set[UUID]:
    """Of the counters of trips that are full: those in which this very trip counts already."""
    full = [
        counter.id
        for (key, at_most, _), counter in zip(applies, counters, strict=True)
        if counter is not None and key.scope is Scope.LIFETIME and counter.used >= at_most
    ]
    found = books.trips(session, full) if full else {}
    return {cap for cap, trips in found.items() if str(scopes.trip) in trips}


def _cap(key: CapKey, name: str, at_most: int, counter: Counter | None, *, is_ours: bool) -> Cap:
    """Without a counter the limit was lowered below what is used, and nothing more comes from the source."""
    left = max(0, at_most - counter.used) if counter else 0
    of_budget = key.category.startswith(_BUDGET)
    return Cap(
        id=counter.id if counter else None,
        fund=key.fund_id,
        category="" if of_budget else key.category,
        name=name,
        left=max(left, 1) if is_ours else left,
        budget_category=key.category.removeprefix(_BUDGET) if of_budget else "",
        counts_trips=key.scope is Scope.LIFETIME,
    )


def is_of_one_budget(key: CapKey) -> bool:
    """Whether it counts one whole budget category alone."""
    return key.category.startswith(_BUDGET)


def limits_of_caps(needs: Sequence[LineNeed], held: Mapping[str, Fund], caps: Sequence[Cap]) -> list[Limit]:
    """A cap of trips limits nothing while a trip is left, and then everything."""
    return [
        Limit(
            cap.name,
            tuple(i for i, n in enumerate(needs) if cap.counts(held[n.fund_code].id, n.category)),
            cap.left,
        )
        for cap in caps
        if not (cap.counts_trips and cap.left)
    ]


def limits_of_rules(
    needs: Sequence[LineNeed], held: Mapping[str, Fund], scopes: Scopes, rule_caps: Sequence[RuleCap]
) -> list[Limit]:
    """What the rules' caps mean inside this split alone. A child without an id is capped here, too."""
    return [
        Limit(_rule_words(cap, held[cap.fund_code], scopes), places, most)
        for cap in rule_caps
        if cap.fund_code in held
        for places, most in within_split(cap, needs, travelers=scopes.travelers, legs=scopes.legs)
    ]


def _limit_words(
    fund: Fund, scope: Scope, category: BudgetCategory | None, at_most: int, scopes: Scopes
) -> str:
    if scope is Scope.LIFETIME:
        return f"{fund.public_name}: limit of {at_most} trip{'' if at_most == 1 else 's'} of one child"
    alone = scope is Scope.FAMILY and scopes.child is None
    of = f"{scope} limit of {category}" if category else f"{scope} limit"
    return f"{fund.public_name}: {of}" + (", for this trip alone" if alone else "")


def _rule_words(cap: RuleCap, fund: Fund, scopes: Scopes) -> str:
    return rule_words(cap, fund.public_name, fund.unit, child_known=scopes.child is not None)
