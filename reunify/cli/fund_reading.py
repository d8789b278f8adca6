"""`reunify funds list` and `funds show`, in lines."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy.orm import Session

from reunify.funds import drawing, history, policy, queries
from reunify.funds.changing import today
from reunify.funds.policy import FundKind
from reunify.funds.queries import Fund
from reunify.funds.terms import DEFAULT, Release, terms_of
from reunify.kernel.money import Money
from reunify.ledger.policy import Scope, Unit


def listed(session: Session, now: datetime) -> list[str]:
    """A line for each source."""
    day = today(session, now)
    balances = queries.held_balances(session)
    lines = []
    for fund in queries.all_funds(session):
        own = [b for b in balances if b.fund.id == fund.id]
        left = policy.written(sum(b.available for b in own), fund.unit) if own else "no balance"
        word = "lapsed" if policy.lapses(fund, day) else "available"
        lines.append(
            f"{fund.code}: {fund.kind}, {fund.state}, {left}{f' {word}' if own else ''}, {_until(fund)}"
        )
    return lines or ["There is no source yet."]


def shown(session: Session, code: str, now: datetime) -> list[str]:
    """Raises NoSuchFund."""
    fund, day = queries.fund_called(session, code), today(session, now)
    return [
        f"{fund.name} ({fund.kind}, {fund.state}). Families read: {fund.public_name}.",
        f"Federal award {fund.award_number}, listing {fund.assistance_listing}."
        if fund.federal
        else "No award.",
        f"From {fund.period_start.isoformat()}, {_until(fund)}.",
        *_budget(session, fund),
        *_amendments(session, fund, day),
        *_cash(session, fund),
        *_bound(session, fund, day),
        *(f"open: {hold}" for hold in queries.open_holds(session, fund.id)),
    ]


def _until(fund: Fund) -> str:
    if fund.period_end is None:
        return "without an end"
    pay = f", paid by {fund.liquidation_date.isoformat()}" if fund.liquidation_date else ""
    return f"until {fund.period_end.isoformat()}{pay}"


def _budget(session: Session, fund: Fund) -> list[str]:
    def of(amount: int) -> str:
        return policy.written(amount, fund.unit)

    return [
        f"{b.budget_category}: {of(b.authorized)} authorized, {of(b.available)} available, "
        f"{of(b.reserved)} reserved, {of(b.obligated)} obligated, {of(b.expended)} expended"
        for b in queries.held_balances(session)
        if b.fund.id == fund.id
    ]


def _amendments(session: Session, fund: Fund, day: date) -> list[str]:
    return [
        f"amendment {a.number} of {a.budget_category}: {policy.written(a.authorized, fund.unit)} from "
        f"{a.effective_from.isoformat()} ({a.state.replace('_', ' ')}): {a.reason}"
        for a in history.amendments(session, fund.id, on=day)
    ]


def _cash(session: Session, fund: Fund) -> list[str]:
    if fund.kind is FundKind.ELSEWHERE or fund.unit is not Unit.CENTS:
        return []
    money = drawing.money_of(session, fund.id)
    return [
        f"drawn {Money(money.drawn)}, {Money(money.left_to_draw)} left to draw; on hand "
        f"{Money(money.on_hand)}, needed at once {Money(money.needed_now)}",
        *(
            [f"{Money(money.above_authorized)} more was drawn than is authorized: it goes back to the funder"]
            if money.above_authorized
            else []
        ),
        *(
            f"drawdown {d.reference}: {Money(d.cents)} on {d.received_on.isoformat()}"
            for d in drawing.drawdowns(session, fund.id)
        ),
    ]


def _bound(session: Session, fund: Fund, day: date) -> list[str]:
    terms = terms_of(session, on=day).get(fund.id, DEFAULT)
    paced = f"in {terms.tranches} tranches" if terms.release is Release.PACED else "first come"
    least = policy.written(terms.minimum_slice, fund.unit), policy.written(terms.minimum_grant, fund.unit)
    lines = [
        f"terms: {paced}; least line {least[0]}, least trip {least[1]}; match {terms.match_percent} percent; "
        f"soonest first: {'yes' if terms.soonest_first else 'no'}"
    ]
    for c in queries.conditions(session, date.max).get(fund.id, ()):
        state = f"approved {c.approved_on.isoformat()}, {c.document}" if c.approved_on else "stands"
        lines.append(f"condition {c.number} ({c.budget_category or 'all'}): {c.text} [{c.cite}]: {state}")
    for (scope, category), most in queries.limits_by_category(session, on=day).get(fund.id, {}).items():
        much = f"{most} trips" if scope is Scope.LIFETIME else policy.written(most, fund.unit)
        lines.append(f"limit for one {scope}, {category or 'all categories'}: {much}")
    value = queries.unit_values(session, day).get(fund.id)
    return [*lines, f"one {fund.unit} is worth {Money(value)}, for reports"] if value else lines
