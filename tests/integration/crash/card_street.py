"""What goes on around a trip's card: Stripe's events, a merchant that asks and takes, the desk that books."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import sqlalchemy as sa

from flows import reconcile
from reunify.adapters.stripe_cards import CardHolder, StripeCards
from reunify.adapters.stripe_client import API_VERSION
from reunify.adapters.stripe_gateway import StripeGateway
from reunify.bookings import actions as desk
from reunify.bookings.policy import Step, ToBook
from reunify.bootstrap import House
from reunify.db import Database
from reunify.kernel.ids import AwardId, StaffId
from reunify.kernel.people import Role, Staff, System
from reunify.reconciliation import actions as inbox
from reunify.reconciliation import cards_asked
from reunify.sandbox.stripe_simulator.issuing import NOBODY
from reunify.sandbox.stripe_simulator.issuing_wire import AuthorizationCapture, Refund
from reunify.sandbox.stripe_simulator.postman import signature
from reunify.sandbox.stripe_simulator.serving import Running
from reunify.sandbox.stripe_simulator.shapes import FINANCIAL_ACCOUNT
from tests.integration.crash.boundaries import Died, Trace
from tests.integration.crash.story import READ_SECONDS, Plot
from tests.town import CARDHOLDER, KEY

SECRET = "whsec_story"
HOLDERS, CARDS, CHARGES = "/v1/issuing/cardholders", "/v1/issuing/cards", "/v1/issuing/transactions"
BACK = 700  # cents of the price
_WHOLE = AuthorizationCapture()


@dataclass(frozen=True, order=True)
class CardPlot(Plot):
    """The same of a trip's card."""

    strikes: str = "card"
    ending: str = "captured"

    def __str__(self) -> str:
        return f"card: {super().__str__()}"


@dataclass(frozen=True)
class Bought:
    """What the trip's card is for: one line of a released award, at this price."""

    award: AwardId
    line: str
    price: int


class Street:
    """One story's surroundings. `trace`: of the worker, and of the door that answers Stripe."""

    def __init__(self, house: House, bought: Bought, plot: CardPlot, db: Database, stripe: Running) -> None:
        self.built, self.bought, self.plot, self.db, self.stripe = house, bought, plot, db, stripe
        self.trace = Trace(plot.dies_at)
        self.chance = random.Random(str(plot))
        self.later = timedelta()
        self.heard: set[str] = set()
        self.gateway = StripeGateway(key=KEY, financial_account=FINANCIAL_ACCOUNT, base=stripe.url)

    def now(self) -> datetime:
        return self.built.now() + self.later

    def house(self, db: Database, issuer: StripeCards) -> House:
        return replace(
            self.built,
            db=db,
            gateway=self.gateway,
            statement=None,
            cards=issuer,
            webhook_secrets=(SECRET,),
            now=self.now,
        )

    def issuer(self) -> StripeCards:
        holder = CardHolder.read(CARDHOLDER)
        return StripeCards(key=KEY, holder=holder, base=self.stripe.url, read_seconds=READ_SECONDS)

    # Stripe's side, the merchant's and the desk's --------------------------------------------------
    def answered(self, method: str, path: str) -> None:
        """Early: the merchant asks, and its events are worked on, before the card's maker hears of it."""
        if self.plot.events == "early" and (method, path) == ("POST", CARDS):
            self._merchant_asks(self.db)
            self.deliver(copies=1)
            issuer = self.issuer()
            ear = reconcile.works(self.house(self.db, issuer))[0]
            ear.run(ear.find(self.db, 10), None)
            issuer.close()

    def next(self, db: Database) -> bool:
        """False where nothing is to be done just now."""
        promised = [a for a in self.all("authorization") if a["approved"]]
        taken = [t for t in self.all("transaction_of_card") if t["type"] == "capture"]
        if not promised:
            return self.ours() == "active" and self._merchant_asks(db)
        if not taken and (self._booked() or self.plot.events == "early"):
            self.stripe.issuing.capture(promised[0]["id"], _WHOLE, NOBODY)
        elif not self._booked():
            self._books()
        elif self.plot.ending == "refunded" and len(self.all("transaction_of_card")) == 1:
            self.stripe.issuing.refund(taken[0]["id"], Refund(refund_amount=BACK), NOBODY)
        else:
            return False
        return True

    def _merchant_asks(self, db: Database) -> bool:
        """Our house is asked as Stripe asks it; whoever should answer may be dead."""

        def ask(body: bytes, _: str) -> tuple[int, Mapping[str, str], bytes]:
            signed = signature(body.decode(), secrets=[SECRET], at=int(self.now().timestamp()))
            try:
                said = cards_asked.answer(
                    db,
                    raw=body,
                    signature=signed,
                    secrets=(SECRET,),
                    live=False,
                    by=System("cards"),
                    clock=self.now,
                )
            except Died:
                return 500, {}, b""
            return 200, {"Stripe-Version": API_VERSION}, json.dumps({"approved": said}).encode()

        self.stripe.issuing.desk.ask = ask
        (card,) = self.all("card")
        category = next(iter(card["spending_controls"]["allowed_categories"]))
        self.stripe.issuing.pay(card["id"], self.bought.price, category, capture=False)
        if self.trace.dead and db is not self.db:
            raise Died("while answering")
        return True

    def _books(self) -> None:
        """The requester writes down what was bought with the card."""
        bought, by = self.bought, self._ana()
        told = ToBook(bought.line, Step.TICKETED, "Prairie Air", "QK7P2M", bought.price, 0, "travel_card")
        with self.db.work() as session:
            desk.book(
                session,
                award_id=bought.award,
                lines=[told],
                standing_digest=self.built.standing_digest,
                by=by,
                now=self.now(),
            )

    def deliver(self, *, copies: int) -> None:
        """Signed and in any order. Twice: once more by its id, and once more as another event."""
        fresh = [e for e in self.all("event_of_card") if e["id"] not in self.heard]
        self.heard |= {e["id"] for e in fresh}
        bodies = [json.dumps(e) for e in fresh] * copies
        if copies > 1:
            bodies += [json.dumps({**e, "id": f"evt_test_{uuid4().hex}"}) for e in fresh]
        self.chance.shuffle(bodies)
        for body in bodies:
            signed = signature(body, secrets=[SECRET], at=int(self.now().timestamp()))
            with self.db.work() as session:
                inbox.receive(session, raw=body.encode(), signature=signed, secrets=(SECRET,), now=self.now())

    def _ana(self) -> Staff:
        with self.db.read() as session:
            id_ = session.execute(sa.text("SELECT id FROM staff WHERE username = 'ana'")).scalar_one()
        return Staff(StaffId(id_), "ana", frozenset({Role.CASE_MANAGER}))

    # what is there ---------------------------------------------------------------------------------
    def all(self, kind: str) -> list[dict[str, Any]]:
        return self.stripe.simulator.store.all(kind)

    def said(self, asked: str) -> tuple[Any, ...]:
        """The one row; nothing where there is none."""
        with self.db.read() as session:
            found = session.execute(sa.text(asked), {"award": self.bought.award, "line": self.bought.line})
            row = found.one_or_none()
        return () if row is None else tuple(row)

    def ours(self) -> str | None:
        return next(iter(self.said("SELECT state FROM travel_cards WHERE award_id = :award")), None)

    def _booked(self) -> bool:
        return self.said(BOOKED) == ("ticketed",)

    def over(self) -> bool:
        back = self.said("SELECT count(*) FROM card_refunds")
        return self.said(PAID)[:1] == ("settled",) and (self.plot.ending == "captured" or back == (1,))


PAID = """SELECT i.state, i.amount,
    (SELECT sum(p.cents) FROM card_charge_parts p WHERE p.instruction_id = i.id)
  FROM instructions i WHERE i.award_id = :award AND i.rail = 'travel_card'"""
BOOKED = "SELECT state FROM bookings WHERE award_id = :award AND line_key = :line"
