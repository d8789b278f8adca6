"""Fees and top-ups found on the statements of our accounts, and the daily proof of the cards' balance."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from reunify.db import Database
from reunify.kernel.may import may
from reunify.kernel.people import Actor
from reunify.kernel.refusals import Refused
from reunify.ledger import actions as ledger
from reunify.ledger import fund_queries as accounts
from reunify.ledger import suspense as ledger_suspense
from reunify.ledger.policy import Cash
from reunify.reconciliation import actions, books, cash_settings, policy, proofs
from reunify.reconciliation.cash_cases import close, explained, fee_ref, top_up_ref
from reunify.reconciliation.policy import NOTHING, Difference, Kind
from reunify.reconciliation.ports import Movement, Statement
from reunify.reconciliation.suspense_policy import NoSuspenseFund

Clock = Callable[[], datetime]
_FEE, _TOP_UP = "stripe_fee", "topup"


@may(system=True)
def code_fees(
    session: Session, *, movements: Sequence[Movement], account: Cash, by: Actor, now: datetime
) -> set[str]:
    """Post each fee to the fund and category that the settings say; returns those that are in the books.

    What the settings do not say, or what the fund cannot bear, stays a difference. One that a person has
    explained is that person's.
    """
    fees = [m for m in movements if m.category.startswith(_FEE) and m.status == "posted"]
    there = accounts.posted(session, [fee_ref(m) for m in fees])
    coded = {m.id for m in fees if fee_ref(m) in there}
    told = explained(session, Kind.FEE_NOT_CODED)
    new = [m for m in fees if m.id not in coded and m.id not in told and m.amount < NOTHING]
    try:
        borne_by = cash_settings.fees_of(session, account, now=now) if new else None
    except cash_settings.NoFeePolicy:
        borne_by = None
    for fee in new if borne_by is not None else ():
        assert borne_by is not None
        try:
            with session.begin_nested():
                ledger.charge_fee(
                    session,
                    external_ref=fee_ref(fee),
                    fund_id=borne_by[0],
                    budget_category=borne_by[1],
                    cash=account,
                    amount=-fee.amount.cents,
                    by=by,
                    now=now,
                )
        except Refused:
            continue
        coded.add(fee.id)
    close(session, Kind.FEE_NOT_CODED, coded, now=now)
    return coded


@may(system=True)
def record_top_ups(session: Session, *, movements: Sequence[Movement], by: Actor, now: datetime) -> set[str]:
    """Money that came from our bank to the cards' balance; returns the movements that are in the books."""
    tops = [m for m in movements if m.category == _TOP_UP]
    there = accounts.posted(session, [top_up_ref(m) for m in tops])
    posted = {m.id for m in tops if top_up_ref(m) in there}
    told = explained(session, Kind.TOP_UP_NOT_POSTED)
    new = [m for m in tops if m.id not in posted and m.id not in told and m.amount > NOTHING]
    try:
        fund_id = cash_settings.suspense_fund(session, now=now) if new else None
    except NoSuspenseFund:
        fund_id = None
    for top in new if fund_id is not None else ():
        assert fund_id is not None
        ledger_suspense.top_up(
            session,
            external_ref=top_up_ref(top),
            fund_id=fund_id,
            source=Cash.BANK,
            target=Cash.CARD,
            amount=top.amount.cents,
            by=by,
            now=now,
        )
        posted.add(top.id)
    close(session, Kind.TOP_UP_NOT_POSTED, posted, now=now)
    return posted


@may(system=True)
def prove_card(db: Database, statement: Statement, *, by: Actor, clock: Clock) -> list[Difference]:
    """The cards' balance, from the first day on: movements = closing = ledger; differences become rows.

    Raises GatewayUnavailable.
    """
    movements = statement.movements(since=None)
    balance = statement.balance()
    with db.work() as session:
        now = clock()
        topped = record_top_ups(session, movements=movements, by=by, now=now)
        coded = code_fees(session, movements=movements, account=Cash.CARD, by=by, now=now)
        found = policy.compare_card(
            balance=balance, movements=movements, ledger_cash=books.cash_of_cards(session)
        )
        for m in movements:
            if m.category == _TOP_UP and m.id not in topped:
                found.append(Difference(Kind.TOP_UP_NOT_POSTED, m.id, NOTHING, m.amount))
            elif m.category.startswith(_FEE) and m.id not in coded:
                found.append(Difference(Kind.FEE_NOT_CODED, m.id, NOTHING, m.amount))
        actions.report(session, differences=found, now=now)
        actions.agreed(session, still=found, now=now, cards=True)
        proofs.keep(
            session,
            account=Cash.CARD,
            held=policy.held_for_cards(balance, movements),
            differences=found,
            now=now,
        )
    return found
