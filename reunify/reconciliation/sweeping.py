"""Independent loops that call Stripe outside every transaction: inbox, poller, sweep, proof."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from reunify.db import Database, LostTheTurn
from reunify.disbursement import queries as disbursement
from reunify.disbursement.cards_ports import CardIssuer
from reunify.disbursement.outcomes import Payment
from reunify.disbursement.ports import GatewayUnavailable, PaymentGateway
from reunify.disbursement.queries import Attempt
from reunify.kernel.ids import AttemptId
from reunify.kernel.may import may
from reunify.kernel.people import Actor, System
from reunify.kernel.refusals import NotFound, Refused
from reunify.kernel.together import CALLS_AT_ONCE, by_commit, together
from reunify.ledger.policy import Cash
from reunify.reconciliation import actions, books, cards, cash, cash_in, policy, proofs, queries
from reunify.reconciliation.policy import Difference, Kind, Notice
from reunify.reconciliation.ports import Statement

Clock = Callable[[], datetime]
_PROOF = System("prove")


@may(system=True)
def work_inbox(
    db: Database,
    gateway: PaymentGateway,
    issuer: CardIssuer | None = None,
    *,
    by: Actor,
    clock: Clock,
    limit: int = 100,
) -> int:
    """Handle what has arrived; returns how many. One poisoned event never stops the others."""
    with db.read() as session:
        notices = actions.unhandled(session, now=clock(), limit=limit)
    for group in by_commit(notices):
        found = _answers(gateway, [n.payment_id for n in group if n.payment_id is not None])
        done = _work_together(db, group, found, by=by, clock=clock)
        for notice in group:
            if issuer is not None and notice.card_object_id is not None:
                cards.hear(db, issuer, notice, by=by, clock=clock)
            elif notice.id not in done:
                answer = None if notice.payment_id is None else found[notice.payment_id]
                _work_one(db, notice, answer, by=by, clock=clock)
    return len(notices)


@may(system=True)
def poll(db: Database, gateway: PaymentGateway, *, by: Actor, clock: Clock, limit: int = 500) -> int:
    """Ask after payments in flight, in case an event never came; returns how many answered."""
    with db.read() as session:
        flying = queries.open_attempts(session, now=clock(), limit=limit)

    return sum(_poll_group(db, gateway, group, by=by, clock=clock) for group in by_commit(flying))


@may(system=True)
def _poll_group(
    db: Database, gateway: PaymentGateway, flying: Sequence[Attempt], *, by: Actor, clock: Clock
) -> int:
    """One commit for what is as it should be; the rest, or all where one is refused, is taken alone."""

    found = _answers(gateway, [str(attempt.payment) for attempt in flying])
    answered = [(a, p) for a in flying if isinstance(p := found[str(a.payment)], Payment)]
    taken: set[str] = set()
    if len(answered) > 1:
        try:
            with db.work() as session:
                taken = actions.take_payments(session, payments=[p for _, p in answered], by=by, now=clock())
        except (Refused, LostTheTurn):
            taken = set()
    for attempt, payment in answered:
        if payment.id in taken:
            continue
        try:
            _take(db, payment, key=attempt.key, attempt_id=attempt.id, by=by, clock=clock)
        except LostTheTurn:
            continue  # asked after again at the next look
    return len(answered)


@may(system=True)
def sweep(db: Database, statement: Statement, *, by: Actor, clock: Clock) -> int:
    """List every payment of the last 45 days: late returns, lost answers, payments made past us.

    One that the books refuse is written down as a difference and never stops the others.
    Returns how many were new to us in some way. Raises GatewayUnavailable.
    """
    theirs = statement.payments(since=clock() - queries.RETURNS_WITHIN)
    with db.read() as session:
        known = disbursement.payments_known(session)
        short = queries.short_returns(session)
    changed = [
        p for p in theirs if p.id not in known or policy.is_news(known[p.id].state, p.status) or p.id in short
    ]
    for payment in changed:
        _take(db, payment, key=None, by=by, clock=clock)
    return len(changed)


def prove(db: Database, statement: Statement, *, clock: Clock) -> list[Difference]:
    """Opening + transactions = closing = ledger cash, from the first day on; differences become rows.

    Run it after the other loops. Raises GatewayUnavailable.
    """
    movements = statement.movements(since=None)
    balance = statement.balance()
    with db.work() as session:
        now = clock()
        coded = cash.code_fees(session, movements=movements, account=Cash.STRIPE, by=_PROOF, now=now)
        unplaced = cash_in.record_payout_top_ups(
            session, movements=movements, held=balance.held, by=_PROOF, now=now
        )
        found = policy.compare(
            opening=policy.NOTHING,
            balance=balance,
            movements=movements,
            ours=books.asked_for(session),
            booked=books.booked(session),
            ledger_cash=books.cash_at_stripe(session),
            returned=books.returned(session),
        )
        found = [d for d in found if d.kind is not Kind.FEE_NOT_CODED or d.object_id not in coded]
        found += unplaced
        actions.report(session, differences=found, now=now)
        actions.agreed(session, still=found, now=now)
        proofs.keep(session, account=Cash.STRIPE, held=balance.held, differences=found, now=now)
    return found


@may(system=True)
def _take(
    db: Database,
    payment: Payment,
    *,
    key: str | None,
    attempt_id: AttemptId | None = None,
    by: Actor,
    clock: Clock,
) -> None:
    try:
        with db.work() as session:
            actions.take_payment(session, payment=payment, key=key, by=by, now=clock())
    except Refused as refused:
        with db.work() as session:
            actions.set_aside(
                session,
                payment=payment,
                refused=type(refused).__name__,
                attempt_id=attempt_id,
                by=by,
                now=clock(),
            )


_Answer = Payment | NotFound | GatewayUnavailable


def _answers(gateway: PaymentGateway, payment_ids: Iterable[str]) -> dict[str, _Answer]:
    """How each of these stands now, or why nobody says; each is asked after once."""

    def look_up(payment_id: str) -> _Answer:
        try:
            return gateway.look_up(payment_id)
        except (NotFound, GatewayUnavailable) as unsaid:
            return unsaid

    asked = list(dict.fromkeys(payment_ids))
    return dict(zip(asked, together(look_up, asked, at_most=CALLS_AT_ONCE), strict=True))


def _work_together(
    db: Database, notices: Sequence[Notice], found: dict[str, _Answer], *, by: Actor, clock: Clock
) -> set[str]:
    """Events of payments that are as they should be, under one commit; returns their ids. The others are
    worked one by one: all of them where one is refused."""
    heard = {
        notice.id: answer
        for notice in notices
        if notice.payment_id is not None and isinstance(answer := found[notice.payment_id], Payment)
    }
    if len(heard) < 2:
        return set()
    try:
        with db.work(wake=True) as session:
            return actions.handle_together(session, heard=heard, by=by, now=clock())
    except (Refused, LostTheTurn):
        return set()


def _work_one(db: Database, notice: Notice, answer: _Answer | None, *, by: Actor, clock: Clock) -> None:
    """`answer`: of the payment it speaks of; None for other events."""
    if isinstance(answer, GatewayUnavailable):
        with db.work() as session:
            actions.postpone(session, event_id=notice.id, now=clock())
        return
    if isinstance(answer, NotFound):
        with db.work() as session:
            actions.park(session, event_id=notice.id, reason="no_such_payment")
        return
    try:
        with db.work(wake=True) as session:
            actions.handle(session, event_id=notice.id, payment=answer, by=by, now=clock())
    except Refused as refused:
        with db.work() as session:
            reason = type(refused).__name__
            actions.park(session, event_id=notice.id, reason=reason)
            if answer is not None:
                actions.set_aside(session, payment=answer, refused=reason, by=by, now=clock())
