"""Money that came to the balance payouts are made from: of a source, from our bank, or a case.

A source's payment into this balance is written down by a person (`draw_down`), so that most of what comes is
in the books already. What no draw-down of the same amount explains came from our own bank, when the bank held
it and our books lack it. The rest is a case: somebody writes the draw-down, and the case closes by itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from reunify.kernel.ids import FundId
from reunify.kernel.may import may
from reunify.kernel.money import Money
from reunify.kernel.people import Actor
from reunify.ledger import fund_queries as accounts
from reunify.ledger import suspense as ledger_suspense
from reunify.ledger.policy import Account, Cash
from reunify.reconciliation import books, cash_settings
from reunify.reconciliation.cash_cases import close, explained, top_up_ref
from reunify.reconciliation.policy import NOTHING, Difference, Kind
from reunify.reconciliation.ports import Movement
from reunify.reconciliation.suspense_policy import NoSuspenseFund

_CAME_IN = ("received_credit", "inbound_transfer")


@may(system=True)
def record_payout_top_ups(
    session: Session, *, movements: Sequence[Movement], held: Money, by: Actor, now: datetime
) -> list[Difference]:
    """Post what came from our bank; returns what nobody can place. `held`: all that Stripe says is there."""
    came = [m for m in movements if m.category in _CAME_IN and m.status == "posted" and m.amount > NOTHING]
    there = accounts.posted(session, [top_up_ref(m) for m in came])
    placed = {m.id for m in came if top_up_ref(m) in there}
    open_ = unexplained([m for m in came if m.id not in placed], books.drawn(session, Cash.STRIPE))
    told = explained(session, Kind.TOP_UP_NOT_POSTED) if open_ else set()
    missing = held - books.cash_at_stripe(session)
    left = []
    fund_id, in_bank = _bank(session, now=now) if open_ else (None, NOTHING)
    for credit in open_:
        if credit.id in told:
            continue
        if fund_id is None or credit.amount > min(missing, in_bank):
            left.append(credit)
            continue
        ledger_suspense.top_up(
            session,
            external_ref=top_up_ref(credit),
            fund_id=fund_id,
            source=Cash.BANK,
            target=Cash.STRIPE,
            amount=credit.amount.cents,
            by=by,
            now=now,
        )
        missing, in_bank = missing - credit.amount, in_bank - credit.amount
    if not missing:  # all that came is in the books, whatever it was called there
        left = []
    waits = {m.id for m in left}
    close(session, Kind.TOP_UP_NOT_POSTED, {m.id for m in came} - waits, now=now)
    return [Difference(Kind.TOP_UP_NOT_POSTED, m.id, NOTHING, m.amount) for m in left]


def unexplained(came: Sequence[Movement], drawn: Sequence[Money]) -> list[Movement]:
    """What no draw-down of the same amount stands for, one for one, the oldest first. Pure."""
    waiting = Counter(drawn)
    found = []
    for credit in came:
        if waiting[credit.amount]:
            waiting[credit.amount] -= 1
        else:
            found.append(credit)
    return found


def _bank(session: Session, *, now: datetime) -> tuple[FundId | None, Money]:
    """Whose money moves between our accounts, and how much of it the bank holds."""
    try:
        fund_id = cash_settings.suspense_fund(session, now=now)
    except NoSuspenseFund:
        return None, NOTHING
    return fund_id, Money(accounts.sums(session, fund_id, [Account.CASH_BANK])[Account.CASH_BANK])
