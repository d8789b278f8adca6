"""What may be charged where, before any sum is done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reunify.eligibility.budget import BUDGET_CATEGORY as BUDGET_CATEGORY
from reunify.eligibility.explained import cap_words
from reunify.intake.form import Category
from reunify.kernel.refusals import Retryable


class FundsKeptChanging(Retryable):
    """Other requests took the money while the split was made, several times over."""


@dataclass(frozen=True, slots=True)
class LineNeed:
    """This source may pay this line. `payable` as quoted, `ceiling` not to exceed; cents, or units in kind.

    `basis` says by which rule it may be charged there (2 CFR 200.405, allocability). `tier`: of the rules'
    payer order, lower pays first. `traveler` and `leg`: whose and which, where the line says so.
    """

    key: str
    category: Category
    settlement: str
    payee_key: str
    fund_code: str
    unit: str
    payable: int
    ceiling: int
    basis: str
    tier: int = 0
    traveler: str | None = None
    leg: str | None = None


@dataclass(frozen=True, slots=True)
class RuleCap:
    """The most a source's rules let it pay (cents or units), as found for this request.

    `scope`: trip, family, child, traveler, leg; or lifetime_uses, then `used` counts earlier trips of the
    child. `category` None: all its cost categories together.
    """

    fund_code: str
    scope: str
    category: str | None
    at_most: int
    cite: str
    used: int = 0


def rule_words(cap: RuleCap, public_name: str, unit: str, *, child_known: bool = True) -> str:
    """For the certificate: what the rule allows, and where it is written.

    While it is not known whose trip it is, a cap of a child or family can only count over that one trip.
    """
    if not child_known and cap.scope in ("child", "family"):
        allowed = cap_words("trip", cap.category, cap.at_most, unit)
        return (
            f"{public_name}: its rules allow {allowed}; they count it for one {cap.scope}, and whose trip "
            f"this is is not known ({cap.cite})"
        )
    allowed = cap_words(cap.scope, cap.category, cap.at_most, unit)
    if cap.scope == "lifetime_uses":
        return f"{public_name}: its rules help {allowed}, and that is used up ({cap.cite})"
    return f"{public_name}: its rules allow {allowed} ({cap.cite})"


def counted(cap: RuleCap) -> bool:
    """Whether a counter over several requests exists for it; the others count within one split only."""
    return cap.scope in ("trip", "family", "child")


def within_split(
    cap: RuleCap, needs: Sequence[LineNeed], *, travelers: int, legs: int
) -> list[tuple[tuple[int, ...], int]]:
    """What the cap means inside one split: (places in `needs`, the most over them together).

    Of a traveler or a leg: each by its own lines, and all lines together by the number there is, so that a
    cost shared by several, or over both legs, never takes more than everyone's part.
    """
    mine = [
        i
        for i, n in enumerate(needs)
        if n.fund_code == cap.fund_code and cap.category in (None, n.category.value)
    ]
    if cap.scope == "lifetime_uses":
        return [(tuple(mine), 0)] if cap.used >= cap.at_most else []
    if cap.scope not in ("traveler", "leg"):
        return [(tuple(mine), cap.at_most)]
    count = travelers if cap.scope == "traveler" else legs
    by_one: dict[str, list[int]] = {}
    for i in mine:
        whose = needs[i].traveler if cap.scope == "traveler" else needs[i].leg
        if whose is not None:
            by_one.setdefault(whose, []).append(i)
    each = [(tuple(places), cap.at_most) for _, places in sorted(by_one.items())]
    return [*each, (tuple(mine), cap.at_most * count)]


def over_the_caps(
    amounts: Sequence[tuple[LineNeed, int]], caps: Sequence[RuleCap], *, travelers: int, legs: int
) -> bool:
    """Whether what was granted before is more than today's rules let a source pay."""
    needs = [need for need, _ in amounts]
    return any(
        sum(amounts[i][1] for i in places) > most
        for cap in caps
        for places, most in within_split(cap, needs, travelers=travelers, legs=legs)
    )
