"""What was taken and no award can bear becomes the cost of the fund that `unallowable_costs` names."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy.orm import Session

from reunify.funds import paying
from reunify.kernel.ids import new_id
from reunify.kernel.may import FINANCE, may
from reunify.kernel.people import Actor
from reunify.ledger import actions as ledger
from reunify.ledger import fund_queries as accounts
from reunify.ledger.actions import HoldLine
from reunify.ledger.policy import Cash, Unit
from reunify.reconciliation import cash_settings


@may(*FINANCE)
def bear(
    session: Session,
    *,
    reference: str,
    cents: int,
    cash: Cash,
    happened: date | None,
    by: Actor,
    now: datetime,
) -> None:
    """So many cents that left `cash` are that fund's cost, on the day they were paid; once per `reference`.

    Raises NobodyBears, PeriodOver, InsufficientFunds, and the ledger's other refusals.
    """
    fund_id, category = cash_settings.bears_unallowable(session, now=now)
    hold = new_id()
    plan = [HoldLine(hold, fund_id, category, Unit.CENTS, cents)]
    ledger.reserve(session, external_ref=f"{reference}:held", plan=plan, by=by, now=now)
    paying.check_may_obligate(session, [hold], now=now)
    ledger.obligate(session, external_ref=f"{reference}:bound", amounts={hold: cents}, by=by, now=now)
    ledger.expend(
        session,
        external_ref=reference,
        amounts={hold: cents},
        cash=cash,
        happened_on=happened,
        by=by,
        now=now,
    )


@may(*FINANCE, system=True)
def take_back(
    session: Session,
    *,
    borne: str,
    reference: str,
    cents: int,
    cash: Cash,
    happened: date | None,
    by: Actor,
    now: datetime,
) -> None:
    """So many cents of what was borne under `borne` came back to `cash`: available again in the fund that
    bears the cost now; once per `reference`. Raises MoreThanExpended and the ledger's other refusals.
    """
    (hold,) = accounts.holds_paid(session, borne)
    ledger.give_back(
        session,
        external_ref=reference,
        amounts={hold: cents},
        pay_again=False,
        cash=cash,
        happened_on=happened,
        by=by,
        now=now,
    )
