"""What Stripe says of the trips' cards: each authorisation and charge is taken once, or given an owner."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.db import Database
from reunify.disbursement import cards_charges, cards_queries
from reunify.disbursement.cards_policy import ChargeKind
from reunify.disbursement.cards_ports import Authorisation, CardIssuer, Charge
from reunify.disbursement.ports import GatewayUnavailable
from reunify.kernel.ids import InstructionId
from reunify.kernel.may import FINANCE, may
from reunify.kernel.people import Actor
from reunify.kernel.refusals import NotFound, Refused
from reunify.reconciliation import actions
from reunify.reconciliation.policy import Difference, Kind, Notice
from reunify.reconciliation.queries import RETURNS_WITHIN
from reunify.reconciliation.records import DifferenceRecord

Clock = Callable[[], datetime]
_BOOKED_SINCE = "A booking of this trip with this price was ticketed on the card."


@may(system=True)
def take(session: Session, *, found: Authorisation | Charge, by: Actor, now: datetime) -> str | None:
    """Write it down, and a difference for what no booking explains; a word for a card that is not ours.

    Raises the ledger's refusals.
    """
    if isinstance(found, Authorisation):
        is_ours = cards_charges.record_authorisation(session, found=found, by=by, now=now)
        return None if is_ours else "not_ours"
    explained = cards_charges.record_charge(session, found=found, by=by, now=now)
    if explained:
        close_explained(session, charges=[found.id], now=now)
        return None
    kind = Kind.CARD_CHARGE_UNEXPLAINED
    if explained is None:
        kind = Kind.CARD_CHARGE_NOT_OURS
    elif found.kind is ChargeKind.REFUND:
        kind = Kind.CARD_REFUND
    actions.report(session, differences=[Difference(kind, found.id, None, found.amount)], now=now)
    return "not_ours" if explained is None else None


@may(system=True)
def match(session: Session, *, card_id: UUID, by: Actor, now: datetime) -> int:
    """A booking may have been ticketed since a charge came; returns how many charges are explained now."""
    explained = cards_charges.match_charges(session, card_id=card_id, by=by, now=now)
    close_explained(session, charges=explained, now=now)
    return len(explained)


@may(*FINANCE)
def assign(
    session: Session, *, charge_id: str, instruction_id: InstructionId, by: Actor, now: datetime
) -> None:
    """Of two bookings of one price, a finance person says which this charge pays.

    Raises NotAllowed, NotFound, ChargeTaken, NotOfThisTrip, and the ledger's refusals.
    """
    cards_charges.assign(session, charge_id=charge_id, instruction_id=instruction_id, by=by, now=now)
    close_explained(session, charges=[charge_id], now=now)


def close_explained(session: Session, *, charges: Collection[str], now: datetime) -> None:
    """The difference of a charge that has become a booking's payment is closed by itself; also the one made
    while nobody had heard yet that its card was ours."""
    for row in session.scalars(
        sa.select(DifferenceRecord)
        .where(
            DifferenceRecord.kind.in_((Kind.CARD_CHARGE_UNEXPLAINED.value, Kind.CARD_CHARGE_NOT_OURS.value)),
            DifferenceRecord.object_id.in_(charges),
            DifferenceRecord.resolved_at.is_(None),
        )
        .with_for_update()
    ):
        row.resolved_at, row.resolution = now, _BOOKED_SINCE


@may(system=True)
def hear(db: Database, issuer: CardIssuer, notice: Notice, *, by: Actor, clock: Clock) -> None:
    """One event of a card: look up what it speaks of as it is now, take it, finish the event."""
    about = str(notice.card_object_id)
    try:
        found = issuer.charge(about) if about.startswith("ipi_") else issuer.authorisation(about)
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
            word = take(session, found=found, by=by, now=clock())
            actions.handle(session, event_id=notice.id, payment=None, by=by, now=clock())
            if word is not None:
                actions.park(session, event_id=notice.id, reason=word)
    except Refused as refused:
        with db.work() as session:
            actions.park(session, event_id=notice.id, reason=type(refused).__name__)
            _not_posted(session, found, now=clock())


@may(system=True)
def sweep(db: Database, issuer: CardIssuer, *, by: Actor, clock: Clock) -> int:
    """List the charges of the last 45 days, and look up the promises whose end nobody has heard, in case an
    event never came; returns how many charges were news.

    Raises GatewayUnavailable.
    """
    theirs = issuer.charges(since=clock() - RETURNS_WITHIN)
    with db.read() as session:
        known = cards_queries.charges_known(session, [charge.id for charge in theirs])
        promises = cards_queries.pending(session)
    news = [charge for charge in theirs if charge.id not in known]
    for charge in news:
        try:
            with db.work(wake=True) as session:
                take(session, found=charge, by=by, now=clock())
        except Refused:
            with db.work() as session:
                _not_posted(session, charge, now=clock())
    for promise in promises:
        try:
            found = issuer.authorisation(promise)
        except NotFound:
            continue
        if found.state != "pending":
            with db.work(wake=True) as session:
                take(session, found=found, by=by, now=clock())
    return len(news)


def _not_posted(session: Session, found: Authorisation | Charge, *, now: datetime) -> None:
    """The books would not take it: a difference with an owner."""
    if isinstance(found, Charge):
        difference = Difference(Kind.CARD_CHARGE_UNEXPLAINED, found.id, None, found.amount)
        actions.report(session, differences=[difference], now=now)
