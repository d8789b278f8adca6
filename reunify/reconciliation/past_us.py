"""What somebody paid at Stripe past our two people: in suspense while it is away, back when it returns."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy.orm import Session

from reunify.disbursement.outcomes import Payment, Status
from reunify.kernel.may import may
from reunify.kernel.people import Actor
from reunify.kernel.refusals import Refused
from reunify.ledger import fund_queries as accounts
from reunify.ledger.policy import Cash
from reunify.rates.queries import organisation_now
from reunify.reconciliation import own_money, suspense, suspense_queries
from reunify.reconciliation.suspense_policy import Why

_RETURNED = "It came back."


@may(system=True)
def follow(session: Session, *, payment: Payment, by: Actor, now: datetime) -> None:
    """The books show what it did to our cash; again with the same payment nothing happens.

    What the books refuse now (nobody has said whose they are) the difference alone shows; the hourly sweep
    tries again.
    """
    try:
        with session.begin_nested():
            if payment.status is Status.POSTED:
                _hold(session, payment, by=by, now=now)
            elif payment.status is Status.RETURNED:
                _take_back(session, payment, by=by, now=now)
    except Refused:
        return


@may(system=True)
def _hold(session: Session, payment: Payment, *, by: Actor, now: datetime) -> None:
    if suspense_queries.is_held(session, payment.id):
        return
    suspense.hold(
        session,
        object_id=payment.id,
        cash=Cash.STRIPE,
        cents=payment.amount.cents,
        kind=Why.PAYMENT_NOT_OURS,
        happened=_day(session, payment.posted_at, now),
        by=by,
        now=now,
    )


@may(system=True)
def _take_back(session: Session, payment: Payment, *, by: Actor, now: datetime) -> None:
    """Out of suspense, or to the fund that bore it meanwhile."""
    held = suspense.left(session, payment.id)
    borne = f"{payment.id}:borne"
    if held:
        suspense.explain(
            session, object_id=payment.id, cents=held, part="returned", why=_RETURNED, by=by, now=now
        )
    elif accounts.posted(session, [borne]):
        own_money.take_back(
            session,
            borne=borne,
            reference=f"{payment.id}:returned",
            cents=payment.amount.cents,
            cash=Cash.STRIPE,
            happened=_day(session, payment.returned_at, now),
            by=by,
            now=now,
        )


def _day(session: Session, said: datetime | None, now: datetime) -> date:
    return min(said or now, now).astimezone(organisation_now(session, now=now).zone).date()
