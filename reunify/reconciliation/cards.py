"""What Stripe says of the trips' cards: each authorisation and charge is taken once, or given an owner."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.db import Database
from reunify.disbursement import cards_answers, cards_charges, cards_queries, cards_refunds
from reunify.disbursement.cards_policy import ChargeKind
from reunify.disbursement.cards_ports import PAST_US, Authorisation, CardIssuer, CardNow, Charge
from reunify.disbursement.ports import GatewayUnavailable
from reunify.kernel.ids import InstructionId
from reunify.kernel.may import FINANCE, may
from reunify.kernel.money import Money
from reunify.kernel.people import Actor
from reunify.kernel.refusals import NotFound, Refused
from reunify.ledger.policy import Cash
from reunify.rates.queries import organisation_now
from reunify.reconciliation import actions, cards_past_us, suspense, suspense_queries
from reunify.reconciliation.policy import Difference, Kind, Notice
from reunify.reconciliation.queries import RETURNS_WITHIN
from reunify.reconciliation.records import DifferenceRecord, InboxRecord
from reunify.reconciliation.suspense_policy import Why

Clock = Callable[[], datetime]
_CLOSED_WITH_THEIR_CHARGE = (
    Kind.CARD_CHARGE_UNEXPLAINED.value,
    Kind.CARD_CHARGE_NOT_OURS.value,
    Kind.CARD_DRIFT.value,
    Kind.CARD_REFUND.value,
)
NOT_OURS = "not_ours"
_OURS = "Stripe has said since that this card is ours."
_FOUND = "Its payment was found."
_GIVEN_BACK = "It went back to the funds that had paid."
_EXCESS_BACK = "What was taken beyond the price came back."
_BOOKED_SINCE = "A booking of this trip with this price was ticketed on the card."


@may(system=True)
def take(
    session: Session,
    *,
    found: Authorisation | Charge | CardNow,
    listed: Sequence[str] = (),
    by: Actor,
    now: datetime,
) -> str | None:
    """Write it down, and a difference for what no booking explains, or what the books refuse now; a word for
    a card that is not ours. `listed`: the charges of its authorisation in Stripe's order, where that matters.
    """
    if isinstance(found, CardNow):
        return None if cards_past_us.take_card(session, found=found, by=by, now=now) else NOT_OURS
    if isinstance(found, Authorisation):
        closed = cards_charges.record_authorisation(session, found=found, by=by, now=now)
        if closed:
            _close(session, closed, by=by, now=now)
        if found.approved and _without_us(session, found):
            past_us = Difference(Kind.CARD_APPROVED_WITHOUT_US, found.id, None, found.amount)
            actions.report(session, differences=[past_us], now=now)
        return NOT_OURS if closed is None else None
    explained = cards_charges.record_charge(session, found=found, listed=listed, by=by, now=now)
    if explained is not None:
        _close(session, explained, by=by, now=now)
        cards_past_us.close(session, object_id=found.id, kind=Kind.CARD_CHARGE_NOT_OURS, why=_OURS, now=now)
    rest = cards_queries.rest_of(session, [found.id]).get(found.id, found.amount.cents)
    if not rest:
        return None
    kind = Kind.CARD_CHARGE_UNEXPLAINED
    if explained is None:
        kind = Kind.CARD_CHARGE_NOT_OURS
    elif found.kind is ChargeKind.REFUND:
        kind = Kind.CARD_REFUND
    elif found.foreign and rest != found.amount.cents:
        kind = Kind.CARD_DRIFT
    paid = found.amount.cents - rest
    over = Difference(kind, found.id, Money(paid) if paid else None, found.amount)
    actions.report(session, differences=[over], now=now)
    if explained is not None:
        _hold(session, found, rest, by=by, now=now)
    return NOT_OURS if explained is None else None


@may(system=True)
def hear_again(session: Session, *, by: Actor, now: datetime) -> None:
    """Events that were set aside as of a card not ours, and whose card has become ours: heard once more."""
    i = InboxRecord
    theirs = sa.and_(i.parked == NOT_OURS, i.card.is_not(None))
    ours = cards_charges.ours(session, set(session.scalars(sa.select(i.card).where(theirs).distinct())))
    if ours:
        again = sa.update(i).where(theirs, i.card.in_(ours))
        session.execute(again.values(parked=None, handled_at=None, try_after=now))


@may(system=True)
def match(session: Session, *, card_id: UUID, by: Actor, now: datetime) -> tuple[int, int]:
    """A booking may have been ticketed since a charge came; returns how many charges are explained now, and
    how many are that the books refuse."""
    explained, refused = cards_charges.match_charges(session, card_id=card_id, by=by, now=now)
    _close(session, explained, by=by, now=now)
    return len(explained), len(refused)


@may(*FINANCE)
def assign(
    session: Session, *, charge_id: str, instruction_id: InstructionId, by: Actor, now: datetime
) -> None:
    """Of two bookings of one price, a finance person says which this charge pays; or what a refund is of.

    Raises NotAllowed, NotFound, ChargeTaken, NotOfThisTrip, and the ledger's refusals.
    """
    placed = cards_charges.assign(session, charge_id=charge_id, instruction_id=instruction_id, by=by, now=now)
    _close(session, placed, by=by, now=now)


def _close(session: Session, charges: Collection[str], *, by: Actor, now: datetime) -> None:
    """What is explained now, and the refunds that had come before the charge they are of."""
    placed = [r for c in charges for r in cards_refunds.place_waiting(session, beside=c, by=by, now=now)]
    rest = cards_queries.rest_of(session, [*charges, *placed])
    for charge, over in rest.items():
        held = suspense.left(session, charge)
        known = max(held - over, 0) if over else held  # a refund is below zero, and placed whole
        if known:
            suspense.explain(
                session, object_id=charge, cents=known, part=f"but {over}", why=_FOUND, by=by, now=now
            )
    whole = {charge for charge, over in rest.items() if not over}
    pairs = cards_refunds.paired(session, whole)
    close_explained(session, charges=whole - pairs, now=now)
    close_explained(session, charges=pairs, now=now, why=_EXCESS_BACK)


def _hold(session: Session, found: Charge, rest: int, *, by: Actor, now: datetime) -> None:
    """In suspense from the first minute: the books show that the cash has left, or is here. Once.

    Until the organisation has said whose books hold it, or while the day's books are closed, the difference
    alone shows it; the hourly sweep tries again.
    """
    if suspense_queries.is_held(session, found.id):
        return
    refund = found.kind is ChargeKind.REFUND
    kind = Why.CARD_CHARGE if rest == found.amount.cents else Why.CARD_OVER_CAPTURE
    zone = organisation_now(session, now=now).zone
    try:
        with session.begin_nested():
            suspense.hold(
                session,
                object_id=found.id,
                cash=Cash.CARD,
                cents=-rest if refund else rest,
                kind=Why.CARD_REFUND if refund else kind,
                happened=min(found.at, now).astimezone(zone).date(),
                by=by,
                now=now,
            )
    except Refused:
        return


def close_explained(
    session: Session, *, charges: Collection[str], now: datetime, why: str | None = None
) -> None:
    """The difference of a charge that has become a booking's payment is closed by itself; also the one made
    while nobody had heard yet that its card was ours."""
    for row in session.scalars(
        sa.select(DifferenceRecord)
        .where(
            DifferenceRecord.kind.in_(_CLOSED_WITH_THEIR_CHARGE),
            DifferenceRecord.object_id.in_(charges),
            DifferenceRecord.resolved_at.is_(None),
        )
        .with_for_update()
    ):
        back = row.kind == Kind.CARD_REFUND.value
        row.resolved_at, row.resolution = now, why or (_GIVEN_BACK if back else _BOOKED_SINCE)


@may(system=True)
def hear(db: Database, issuer: CardIssuer, notice: Notice, *, by: Actor, clock: Clock) -> None:
    """One event of a card: look up what it speaks of as it is now, take it, finish the event."""
    about = str(notice.card_object_id)
    try:
        found = _look_up(issuer, about)
        listed = _listed(db, issuer, found)
    except GatewayUnavailable:
        with db.work() as session:
            actions.postpone(session, event_id=notice.id, now=clock())
        return
    except NotFound:
        with db.work() as session:
            actions.park(session, event_id=notice.id, reason="no_such_object")
        return
    try:
        with db.work(wake=True) as session:
            word = take(session, found=found, listed=listed, by=by, now=clock())
            actions.handle(session, event_id=notice.id, payment=None, by=by, now=clock())
            if word is not None:
                actions.park(session, event_id=notice.id, reason=word)
    except Refused as refused:
        with db.work() as session:
            actions.park(session, event_id=notice.id, reason=type(refused).__name__)
            _not_posted(session, found, now=clock())


@may(system=True)
def sweep(db: Database, issuer: CardIssuer, *, by: Actor, clock: Clock) -> int:
    """List the charges of the last 45 days, look up the promises whose beginning or end nobody has heard, and
    hear again what is of cards that have become ours; returns how many charges were news.

    Raises GatewayUnavailable.
    """
    theirs = issuer.charges(since=clock() - RETURNS_WITHIN)
    with db.read() as session:
        ids = [charge.id for charge in theirs]
        known = cards_queries.charges_known(session, ids)
        unheld = {
            id_
            for id_ in cards_queries.unexplained(session, ids)
            if not suspense_queries.is_held(session, id_)
        }
        promises = cards_queries.pending(session)
        unheard = cards_answers.unheard(session)
    news = [charge for charge in theirs if charge.id not in known]
    for charge in [*news, *(charge for charge in theirs if charge.id in unheld)]:
        try:
            listed = _listed(db, issuer, charge)
            with db.work(wake=True) as session:
                take(session, found=charge, listed=listed, by=by, now=clock())
        except NotFound:
            continue
        except Refused:
            with db.work() as session:
                _not_posted(session, charge, now=clock())
    for promise in [*promises, *unheard]:
        try:
            found = issuer.authorisation(promise)
        except NotFound:
            continue
        if found.state != "pending" or promise in unheard:
            with db.work(wake=True) as session:
                take(session, found=found, by=by, now=clock())
    with db.work(wake=True) as session:
        hear_again(session, by=by, now=clock())
    return len(news)


def _listed(db: Database, issuer: CardIssuer, found: Authorisation | Charge | CardNow) -> tuple[str, ...]:
    """Stripe's own order of what it charged in one second; asked for only then. Raises
    GatewayUnavailable, NotFound."""
    if not isinstance(found, Charge) or found.authorisation is None:
        return ()
    with db.read() as session:
        alike = cards_charges.in_one_second(session, found)
    return issuer.authorisation(found.authorisation).charges if alike else ()


def _look_up(issuer: CardIssuer, about: str) -> Authorisation | Charge | CardNow:
    """Raises NotFound, GatewayUnavailable."""
    if about.startswith("ipi_"):
        return issuer.charge(about)
    return issuer.card(about) if about.startswith("ic_") else issuer.authorisation(about)


def _without_us(session: Session, found: Authorisation) -> bool:
    """Stripe or the network said yes without our answer, or against it."""
    return found.reason in PAST_US or cards_answers.declined_by_us(session, found.id)


def _not_posted(session: Session, found: Authorisation | Charge | CardNow, *, now: datetime) -> None:
    """The books would not take it: a difference with an owner."""
    if isinstance(found, Charge):
        refund = found.kind is ChargeKind.REFUND
        kind = Kind.CARD_REFUND if refund else Kind.CARD_CHARGE_UNEXPLAINED
        difference = Difference(kind, found.id, None, found.amount)
        actions.report(session, differences=[difference], now=now)
