"""Hear what Stripe says: signed events first, then payments in flight whose event never came, then notes.

Once an hour every payment of the last 45 days is listed: late returns, and payments made past us.
Once a day the proof: opening + transactions = closing = ledger. Every difference becomes a row with an owner.
"""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from flows.work import Every, Work
from reunify.bootstrap import House
from reunify.db import Database
from reunify.disbursement import queries as disbursement
from reunify.disbursement import sending
from reunify.kernel.people import System
from reunify.reconciliation import cards, cash, queries, sweeping

BY = System("reconcile")
SWEEP_EVERY = timedelta(hours=1)
PROVE_EVERY = timedelta(days=1)
# The loops work on everything that is due, so one token stands for "there is something".
SOMETHING = UUID(int=0)


def works(house: House) -> list[Work]:
    """Nothing to hear while the Stripe rail is off."""
    if house.gateway is None:
        return []
    ear, proof = Ear(house), Proof(house)
    return [
        Work(
            "reconcile",
            ear.find,
            ear.reconcile,
            acts_as=BY,
            verbs=(sweeping.work_inbox, sweeping.poll, sending.note_in_stripe),
        ),
        Work(
            "prove", proof.find, proof.prove, acts_as=BY, verbs=(sweeping.sweep, cards.sweep, cash.prove_card)
        ),
    ]


class Ear:
    def __init__(self, house: House) -> None:
        self._house = house

    def find(self, db: Database, limit: int) -> list[UUID]:
        now = self._house.now()
        with db.read() as session:
            due = bool(queries.unhandled(session, now=now, limit=1))
            due = due or bool(disbursement.in_flight(session, due_by=now, limit=1))
            due = due or (self._house.settings.log_to_stripe and bool(disbursement.to_note(session, limit=1)))
        return [SOMETHING] if due else []

    def reconcile(self, ids: list[UUID], run: str | None) -> int:
        """Returns how many events, answers and notes there were."""
        house = self._house
        assert house.gateway is not None
        heard = sweeping.work_inbox(house.db, house.gateway, house.cards, by=BY, clock=house.now)
        heard += sweeping.poll(house.db, house.gateway, by=BY, clock=house.now)
        if house.settings.log_to_stripe:
            heard += sending.note_in_stripe(house.db, house.gateway, by=BY, clock=house.now)
        return heard


class Proof:
    """Remembers when it last looked; a worker that starts looks at once, and again harms nothing."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._sweeps, self._proofs = Every(SWEEP_EVERY), Every(PROVE_EVERY)

    def find(self, db: Database, limit: int) -> list[UUID]:
        return [SOMETHING] if self._sweeps.is_due(self._house.now()) else []

    def prove(self, ids: list[UUID], run: str | None) -> int:
        """Returns how many payments were news and how many differences stand."""
        house = self._house
        if house.statement is None or not self._sweeps.begin(house.now()):
            return 0
        found = sweeping.sweep(house.db, house.statement, by=BY, clock=house.now)
        if house.cards is not None:
            found += cards.sweep(house.db, house.cards, by=BY, clock=house.now)
        if self._proofs.begin(house.now()):
            found += len(sweeping.prove(house.db, house.statement, clock=house.now))
            if house.card_statement is not None:
                found += len(cash.prove_card(house.db, house.card_statement, by=BY, clock=house.now))
        return found
