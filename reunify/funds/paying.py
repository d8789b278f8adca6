"""May this be obligated, may this be paid, today: asked of the sources behind the holds of a payment."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from reunify.funds import policy
from reunify.funds.changing import today
from reunify.funds.queries import Fund, funds_of
from reunify.ledger.fund_queries import funds_of_holds

_TWO_DAYS = timedelta(days=2)


def check_may_obligate(
    session: Session, hold_ids: Collection[UUID], *, now: datetime, bound_on: date | None = None
) -> None:
    """Raises PeriodOver where one of these lies on a source whose period does not cover today.

    `bound_on`: the day it bound us, where that is written down later; without it, today.
    """
    for fund in funds_of(session, funds_of_holds(hold_ids)):
        if bound_on is not None:
            policy.check_may_obligate(fund, bound_on)
        elif fund.period_start >= _tomorrow(now) - _TWO_DAYS or _may_be_over(fund.period_end, now):
            policy.check_may_obligate(fund, today(session, now))


def check_may_pay(
    session: Session, hold_ids: Collection[UUID], *, now: datetime, paid_on: date | None = None
) -> None:
    """Raises LiquidationOver where one of these lies on a source whose last day to pay has passed.

    `paid_on`: the day of a payment that was made elsewhere; without it, today.
    """
    check_sources_may_pay(session, funds_of(session, funds_of_holds(hold_ids)), now=now, paid_on=paid_on)


def check_sources_may_pay(
    session: Session, sources: Iterable[Fund], *, now: datetime, paid_on: date | None = None
) -> None:
    """The same of sources that have been read."""
    for fund in sources:
        if paid_on is not None:
            policy.check_may_pay(fund, paid_on)
        elif _may_be_over(fund.liquidation_date, now):
            policy.check_may_pay(fund, today(session, now))


def _may_be_over(ends: date | None, now: datetime) -> bool:
    """Whether it matters whose calendar is asked; most often it does not, and no settings are read."""
    return ends is not None and ends < _tomorrow(now)


def _tomorrow(now: datetime) -> date:
    return (now.astimezone(UTC) + timedelta(days=1)).date()
