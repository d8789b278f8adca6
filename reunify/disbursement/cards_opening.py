"""Ask Stripe for a card, and cancel one: commit, call outside every transaction, record."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from reunify.db import Database
from reunify.disbursement import cards
from reunify.disbursement.cards_policy import Limits, Trip
from reunify.disbursement.cards_ports import CardIssuer
from reunify.kernel.ids import AwardId
from reunify.kernel.may import may
from reunify.kernel.people import Actor

Clock = Callable[[], datetime]


@may(system=True)
def ensure_holder(db: Database, issuer: CardIssuer, *, by: Actor, clock: Clock) -> str:
    """The organisation as Stripe's cardholder, made once; its id there.

    Raises GatewayUnavailable, RecipientRefused.
    """
    with db.work() as session:
        holder = cards.holder_to_ask(session, prepare=issuer.prepare_holder, by=by, now=clock())
    if holder.stripe_id is not None:
        return holder.stripe_id
    made = issuer.ensure_holder(holder.params, key=holder.key)
    with db.work() as session:
        cards.record_holder(session, number=holder.number, stripe_id=made, by=by, now=clock())
    return made


@may(system=True)
def open_card(db: Database, issuer: CardIssuer, *, award_id: AwardId, by: Actor, clock: Clock) -> str | None:
    """One card for one award; its state, or None when it has one. Raises NothingToBuy and the above."""
    holder = ensure_holder(db, issuer, by=by, clock=clock)

    def prepare(reference: UUID, limits: Limits) -> dict[str, object]:
        return issuer.prepare(holder=holder, reference=reference, limits=limits)

    with db.work() as session:
        wanted = cards.open_card(session, award_id=award_id, prepare=prepare, by=by, now=clock())
    return None if wanted is None else _ask(db, issuer, wanted, by=by, clock=clock)


@may(system=True)
def open_again(db: Database, issuer: CardIssuer, *, card_id: UUID, by: Actor, clock: Clock) -> str | None:
    """The same bytes under the same key, for a card nobody heard of; None when a person must look."""
    with db.work() as session:
        wanted = cards.reopen(session, card_id=card_id, by=by, now=clock())
    return None if wanted is None else _ask(db, issuer, wanted, by=by, clock=clock)


@may(system=True)
def end_card(db: Database, issuer: CardIssuer, *, card_id: UUID, trip: Trip, by: Actor, clock: Clock) -> bool:
    """Cancelled at Stripe; False while it is still needed. Raises GatewayUnavailable, NotFound."""
    with db.work() as session:
        wanted = cards.end(session, card_id=card_id, trip=trip, by=by, now=clock())
    if wanted is None:
        return False
    issuer.cancel(wanted.stripe_id, key=wanted.key)
    with db.work() as session:
        cards.record_cancelled(session, card_id=wanted.card, by=by, now=clock())
    return True


def _ask(db: Database, issuer: CardIssuer, wanted: cards.ToIssue, *, by: Actor, clock: Clock) -> str:
    outcome = issuer.issue(wanted.params, key=wanted.key)
    with db.work(wake=True) as session:
        return cards.record_issue(session, card_id=wanted.card, outcome=outcome, by=by, now=clock())
