"""One trip's card with one trouble at Stripe, one way its events come, one ending, and one place to die at.

A card is made, a merchant asks and our answer is heard, the desk writes down what it bought, the merchant
takes its money, and perhaps gives it back. Each story begins with the same released trip, in a database and a
simulator of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import sqlalchemy as sa

from flows import bookings, cards, reconcile
from flows.work import Work
from flows.worker import Worker
from reunify.adapters.stripe_card_balance import StripeCardBalance
from reunify.adapters.stripe_cards import StripeCards
from reunify.bootstrap import House
from reunify.db import Database
from reunify.kernel.ids import AwardId
from reunify.kernel.people import System
from reunify.reconciliation import cards as charges
from reunify.reconciliation import cash
from reunify.reconciliation import queries as differences
from reunify.reporting import invariants, waiting_cards
from reunify.sandbox.stripe_simulator.options import Options
from reunify.sandbox.stripe_simulator.serving import running
from tests import databases
from tests.integration.crash.boundaries import Died, MortalDatabase, Trace, like, make_mortal
from tests.integration.crash.card_street import BACK, CARDS, CHARGES, HOLDERS, PAID, Bought, CardPlot, Street
from tests.integration.crash.second_hand import CARDS as CARDS_PLANTED
from tests.integration.crash.second_hand import unnoticed
from tests.integration.crash.story import LATER, LONGER
from tests.integration.desk_world import award_of, released, to_book
from tests.town import KEY, Town

STRIKES = {"holder": HOLDERS, "card": CARDS, "charge": CHARGES}
ENDINGS = ("captured", "refunded")
TWO_DAYS = timedelta(days=2)
_SWEEP = System("reconcile")


@dataclass
class Trip:
    """A released award of which nothing is booked and no card is made: every story's beginning."""

    town: Town
    administrator: sa.Engine
    bought: Bought
    data: Path
    told: int = 0

    def tell(self, plot: CardPlot) -> Trace:
        """Whole, what must be true at its end, and that a second hand on it is found. Returns what its first
        worker passed."""
        self.told += 1
        house = self.town.house
        template = str(house.db.engine.url.database)
        with (
            databases.copy_of(self.administrator, template) as name,
            running(Options(data=self.data / str(self.told), settle_after=None)) as stripe,
        ):
            url = house.db.engine.url.set(database=name).render_as_string(hide_password=False)
            db = like(house.db, Database(url))
            story = _Story(house, self.bought, plot, db, stripe)
            try:
                story.first_life()
                story.recover()
                if story.is_given_up():
                    return story.trace
                story.holds()
                if plot.ending == "refunded":  # there is one of everything
                    assert unnoticed(self.administrator.url.set(database=name), CARDS_PLANTED) == []
            finally:
                db.dispose()
        return story.trace


@contextmanager
def one_trip(town: Town, administrator: sa.Engine, data: Path) -> Iterator[Trip]:
    """`town`: one without cards so far, and whose database nobody else is connected to: it is copied."""
    request = released(town)
    booking = to_book(town, request)[0]
    award = AwardId(UUID(award_of(town, request)))
    town.house.db.dispose()
    yield Trip(town, administrator, Bought(award, booking["line"], booking["ceiling_cents"] - 50), data)


class _Story(Street):
    # the lives ------------------------------------------------------------------------------------
    def first_life(self) -> None:
        """Until the story is over, or until it dies."""
        plot = self.plot
        if plot.trouble not in ("none", "in_use"):
            path, method = STRIKES[plot.strikes], "GET" if plot.strikes == "charge" else "POST"
            self.stripe.faults.order(plot.trouble, path=path, method=method, seconds=LONGER)
        db, issuer = MortalDatabase(self.db, self.trace), self.issuer()
        in_use = STRIKES[plot.strikes] if plot.trouble == "in_use" else None
        make_mortal(issuer, self.trace, in_use=in_use, answered=self.answered)
        try:
            self._live(db, issuer, rounds=6)
        except Died:
            self.trace.wait_for_stripe()
        finally:
            issuer.close()
            db.dispose()

    def recover(self) -> None:
        """A fresh worker, once the call must be over; then whatever events are late."""
        issuer = self.issuer()
        for _ in range(3):
            self.later += LATER
            self._live(self.db, issuer, rounds=3 if self._waits else 8)
            if self.over():
                break
            if self._waits:  # Stripe still gives the answer it had kept for that key
                self.later += TWO_DAYS
                if self.plot.strikes == "holder":
                    self._is_finances()
        if self.plot.events == "late":
            self.deliver(copies=1)
        if self.plot.events == "early":  # the hourly look, had the worker died just when the card was ours
            self._sweep(self.house(self.db, issuer))
        self.later += LATER  # what could not be looked up is asked after once more
        self._work(self.db, issuer, rounds=4)
        issuer.close()
        self.gateway.close()

    def _live(self, db: Database, issuer: StripeCards, *, rounds: int) -> None:
        """The worker as long as it moves something; the merchant and the desk do their next thing then."""
        for _ in range(rounds):
            self._work(db, issuer, rounds=2)
            if self.over():
                return
            moved = self.next(db)
            if self.plot.events in ("early", "duplicated"):
                self.deliver(copies=2 if self.plot.events == "duplicated" else 1)
            if not moved:
                self.later += timedelta(seconds=70)

    def _work(self, db: Database, issuer: StripeCards, *, rounds: int) -> None:
        house = self.house(db, issuer)
        swept = Work(
            "sweep", lambda *_: [UUID(int=0)], lambda *_: self._sweep(house), acts_as=_SWEEP, verbs=()
        )
        found = [*cards.works(house), *bookings.works(house), reconcile.works(house)[0]]
        found += [swept] if self.plot.events in ("late", "never") else []
        worker = Worker(
            db, found, lambda work, ids: work.run(ids, None), clock=lambda: self.later.total_seconds()
        )
        for _ in range(rounds):
            if worker.once() == 0:
                return

    def _sweep(self, house: House) -> int:
        assert house.cards is not None
        return charges.sweep(house.db, house.cards, by=_SWEEP, clock=self.now)

    # what must be true -----------------------------------------------------------------------------
    @property
    def refused(self) -> bool:
        """Stripe keeps its own failure, and gives it again to the same key."""
        return self.plot.trouble == "error_500" and self.plot.strikes in ("holder", "card")

    def _is_finances(self) -> None:
        """A trip that waits for its card for long is shown to somebody."""
        with self.db.read() as session:
            (waits,) = waiting_cards.late(session, now=self.now())
        assert (waits.award, waits.state) == (self.bought.award, "late")

    @property
    def _waits(self) -> bool:
        return self.refused and self.ours() != "active"

    def is_given_up(self) -> bool:
        """Nobody knows whether a card was made, and a person looks: nothing was bought, or asked again."""
        if not self.refused or self.plot.strikes == "holder":
            return False
        with self.db.read() as session:
            (asked,) = waiting_cards.need_person(session)
            assert (asked.award, asked.state) == (self.bought.award, "stuck")
            assert invariants.check(session) == []
        assert self.all("card") == []
        return True

    def holds(self) -> None:
        """One holder, one card, one promise that was kept, one payment at its price; the money where it
        belongs, and nobody asked to look at anything."""
        plot, price = self.plot, self.bought.price
        back = BACK if plot.ending == "refunded" else 0
        (card,), (holder,) = self.all("card"), self.all("cardholder")
        ours = self.said("SELECT stripe_id, state FROM travel_cards WHERE award_id = :award")
        assert ours == (card["id"], "active"), plot
        asked = "SELECT stripe_id FROM card_holders WHERE stripe_id IS NOT NULL"
        assert self.said(asked) == (holder["id"],), plot
        (promise,) = [a for a in self.all("authorization") if a["approved"]]
        taken = sorted(t["amount"] for t in self.all("transaction_of_card"))
        assert taken == sorted([-price, *([back] if back else [])]), plot
        assert self.said(PAID) == ("settled", price, price), plot
        assert self.said(HELD) == (0, price - back), plot
        assert self.said("SELECT count(*) FROM suspense_items WHERE left_cents <> 0") == (0,), plot
        assert self.said(UNHEARD) == (0,), plot
        kept = self.said("SELECT count(*) FROM card_answers WHERE approved")
        assert kept >= (1,), plot
        balance = StripeCardBalance(key=KEY, base=self.stripe.url)
        found = cash.prove_card(self.db, balance, by=_SWEEP, clock=self.now)
        balance.close()
        with self.db.read() as session:
            assert (found, differences.open_differences(session)) == ([], []), (plot, promise["id"])
            assert invariants.check(session) == [], plot


HELD = """SELECT sum(h.reserved + h.obligated), sum(h.expended) FROM awards a
  JOIN allocation_lines l ON l.allocation_id = a.allocation_id AND l.line_key = :line
  JOIN ledger_holds h ON h.id = l.hold_id WHERE a.id = :award"""
UNHEARD = "SELECT count(*) FROM webhook_inbox WHERE handled_at IS NULL OR parked IS NOT NULL"
