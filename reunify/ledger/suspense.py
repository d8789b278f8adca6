"""Money between our own accounts, and money that nobody can explain yet. It touches no budget."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy.orm import Session

from reunify.kernel.ids import FundId
from reunify.kernel.may import FINANCE, may
from reunify.kernel.people import Actor, Role
from reunify.ledger import policy, postings
from reunify.ledger.policy import Cash, Kind
from reunify.ledger.posting import Days, write


@may(*FINANCE, Role.FUND_MANAGER, system=True)
def top_up(
    session: Session,
    *,
    external_ref: str,
    fund_id: FundId,
    source: Cash,
    target: Cash,
    amount: int,
    happened_on: date | None = None,
    by: Actor,
    now: datetime,
) -> UUID:
    """So many cents of this fund's money from one of our accounts to another; returns the event.

    Raises AmountNotWhole, MovesNowhere, ReferenceUsed, NotYet, PeriodClosed.
    """
    policy.check_amount(amount)
    if source is target:
        raise policy.MovesNowhere("Name two different accounts: money was to go from one to the other.")
    days = Days(happened_on=happened_on)
    content = [fund_id, source, target, amount, *days.said()]
    entries = postings.top_up(fund_id, source, target, amount)
    return write(session, Kind.TOP_UP, external_ref, content, entries, days=days, by=by, now=now)


@may(*FINANCE, Role.CASE_MANAGER, system=True)
def suspend(
    session: Session,
    *,
    external_ref: str,
    fund_id: FundId,
    cash: Cash,
    amount: int,
    happened_on: date | None = None,
    by: Actor,
    now: datetime,
) -> UUID:
    """Cents that left `cash` (negative: came into it) and whose cost nobody knows; returns the event.

    `fund_id`: whose books show it until it is explained: the organisation's own money.
    Raises AmountNotWhole, ReferenceUsed, NotYet, PeriodClosed.
    """
    policy.check_amount(abs(amount))
    days = Days(happened_on=happened_on)
    content = [fund_id, cash, amount, *days.said()]
    entries = postings.suspend(fund_id, cash, amount)
    return write(session, Kind.SUSPEND, external_ref, content, entries, days=days, by=by, now=now)


@may(*FINANCE, Role.CASE_MANAGER, system=True)
def explain(
    session: Session,
    *,
    external_ref: str,
    fund_id: FundId,
    cash: Cash,
    amount: int,
    happened_on: date | None = None,
    by: Actor,
    now: datetime,
) -> UUID:
    """So much of what was held in suspense is known now: it leaves suspense, with `suspend`'s sign.

    What it was is posted beside this as an event of its own, in the same transaction.
    Raises AmountNotWhole, ReferenceUsed, NotYet, PeriodClosed.
    """
    policy.check_amount(abs(amount))
    days = Days(happened_on=happened_on)
    content = [fund_id, cash, amount, *days.said()]
    entries = postings.suspend(fund_id, cash, -amount)
    return write(session, Kind.EXPLAIN, external_ref, content, entries, days=days, by=by, now=now)
