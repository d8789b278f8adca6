"""How a funder's decision comes into force: the one before it ends, and the ledger follows by the difference.

Spending authority of an asked source is exactly the sum of its decisions in force, each drawn on by its own
request alone: the ledger counts what a request uses of each category, inside its reserve statement.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.eligibility import asking_checks as checks
from reunify.eligibility.asking import cap_key
from reunify.eligibility.asking_policy import DECISION_MOVES, gives_more
from reunify.eligibility.asking_records import FunderAsk, FunderDecision, FunderDecisionAmount
from reunify.funds.keeping import kept_as_it_is
from reunify.kernel.ids import FundId
from reunify.kernel.people import System
from reunify.ledger import actions as ledger
from reunify.ledger.caps import CapKey, caps_of, set_caps
from reunify.ledger.policy import BudgetCategory, Unit

# Two people decided; what follows in the books follows by rule. The decision is named by the reference.
BY = System("decision of a funder")
Granted = dict[BudgetCategory, int]


@dataclass(frozen=True, slots=True)
class Fund:
    """Of one request: the source, and what its decisions granted before."""

    id: FundId
    unit: Unit
    request_id: UUID
    before: Mapping[BudgetCategory, int]

    def cap(self, category: BudgetCategory) -> CapKey:
        return cap_key(self.id, self.unit, self.request_id, category)


def end_the_one_before(session: Session, ask: FunderAsk) -> Fund:
    """The decision in force ends; what all decisions of this fund granted until now is remembered."""
    fund = Fund(FundId(ask.fund_id), Unit(ask.unit), ask.request_id, granted_now(session, ask))
    in_force = sa.select(FunderDecision).where(
        FunderDecision.ask_id == ask.id, FunderDecision.state == "in_force"
    )
    for old in session.scalars(in_force):
        DECISION_MOVES.apply(old, "supersede")
    session.flush()
    return fund


def follow_in_books(
    session: Session, fund: Fund, ask: FunderAsk, decision: FunderDecision, now: datetime
) -> Granted:
    """Authorise the difference and set the counters. Raises SourceOver where it gives more, GrantInUse, the
    ledger's InsufficientFunds.

    Balances are posted before counters are changed, in the ledger's own order of locks.
    """
    source = kept_as_it_is(session, ask.source)
    after = granted_now(session, ask)
    if gives_more(after, fund.before):
        checks.check_source(source, decision.decided_on)
    categories = sorted({*fund.before, *after})
    counters = caps_of(session, [fund.cap(category) for category in categories])
    used = {c: counters[fund.cap(c)].used for c in categories if fund.cap(c) in counters}
    checks.check_not_below(after, used, unit=fund.unit.value)
    for category in categories:
        change = after.get(category, 0) - fund.before.get(category, 0)
        if change:
            ledger.authorise(
                session,
                external_ref=f"asked:{decision.id}:{category}",
                fund_id=fund.id,
                budget_category=category,
                unit=fund.unit,
                amount=change,
                by=BY,
                now=now,
            )
    kept = set_caps(session, [(fund.cap(c), after.get(c, 0)) for c in categories], after_balances=True)
    if None in kept:  # a cost was moved onto the grant between the two statements
        raise checks.GrantInUse("The grant has just been used. Look at it again, then decide anew.")
    return after


def granted_now(session: Session, ask: FunderAsk) -> Granted:
    """What all decisions in force of this fund grant to this request, by category."""
    d, a, amount = FunderDecision, FunderAsk, FunderDecisionAmount
    rows = session.execute(
        sa.select(amount.budget_category, sa.func.sum(amount.amount))
        .join(d, d.id == amount.decision_id)
        .join(a, a.id == d.ask_id)
        .where(a.request_id == ask.request_id, a.fund_id == ask.fund_id, d.state == "in_force")
        .group_by(amount.budget_category)
    )
    return {BudgetCategory(category): int(total) for category, total in rows}
