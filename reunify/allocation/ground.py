"""What a split stands on today: which sources are open, on what terms, and what they may not be charged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.orm import Session

from reunify.allocation.case import FundTerms
from reunify.allocation.pace import Pace, draws_ahead, paces
from reunify.allocation.policy import BUDGET_CATEGORY, LineNeed
from reunify.eligibility.asking import Standing
from reunify.funds import queries as funds
from reunify.funds.changing import today
from reunify.funds.queries import Condition, Fund
from reunify.funds.terms import DEFAULT, Terms, terms_of
from reunify.kernel.ids import FundId


@dataclass(frozen=True, slots=True)
class Ground:
    """On the organisation's day. `paced`: sources released in parts. `paces`: those this trip must wait for;
    one that leaves before the next part could pay for it draws on what the source has."""

    on: date
    held: Mapping[str, Fund]
    terms: Mapping[FundId, Terms]
    conditions: Mapping[FundId, tuple[Condition, ...]]
    paced: tuple[FundId, ...]
    paces: Mapping[FundId, Pace]

    def stands_in_the_way(self, need: LineNeed) -> Condition | None:
        """The funder's prior approval that is missing for this cost (2 CFR 200.407)."""
        found = self.conditions.get(self.held[need.fund_code].id, ())
        return next((c for c in found if c.covers(BUDGET_CATEGORY[need.category])), None)

    def split_terms(self, needs: Sequence[LineNeed]) -> dict[UUID, FundTerms]:
        """Payer order from the rules, everything else from the source's dated terms."""
        tiers = {n.fund_code: n.tier for n in needs}
        return {self.held[code].id: self._of(self.held[code], tier) for code, tier in tiers.items()}

    def _of(self, fund: Fund, tier: int) -> FundTerms:
        said = self.terms.get(fund.id, DEFAULT)
        return FundTerms(
            tier,
            minimum_slice=said.minimum_slice,
            minimum_grant=said.minimum_grant,
            match_percent=said.match_percent,
            expires=fund.period_end,
            soonest_first=said.soonest_first,
            name=fund.public_name,
        )


def ground(session: Session, *, asked: Standing, departs_on: date | None, now: datetime) -> Ground:
    on = today(session, now)
    held = {f.code: f for f in funds.open_held(session, on=on, granted=asked.grants)}
    terms = terms_of(session, on=on)
    found = paces(held.values(), terms, on)
    return Ground(
        on=on,
        held=held,
        terms=terms,
        conditions=funds.conditions(session, on),
        paced=tuple(found),
        paces={
            f: p
            for f, p in found.items()
            if p.next_on is not None and not draws_ahead(departs_on, p.next_on, on)
        },
    )
