"""Issuing: a cardholder, cards with limits, what merchants ask for and take."""

from __future__ import annotations

from reunify.sandbox.stripe_simulator import issuing_shapes as shapes
from reunify.sandbox.stripe_simulator import issuing_wire as wire
from reunify.sandbox.stripe_simulator.issuing_balance import IssuingBalance
from reunify.sandbox.stripe_simulator.issuing_desk import Desk
from reunify.sandbox.stripe_simulator.issuing_shapes import Price
from reunify.sandbox.stripe_simulator.options import Options
from reunify.sandbox.stripe_simulator.problems import Asked, invalid
from reunify.sandbox.stripe_simulator.recipients import merged
from reunify.sandbox.stripe_simulator.store import Store, Thing

NOBODY = Asked("req_merchant", None)


class Issuing(IssuingBalance):
    """Cards of one account; limits and balance come before the question to the organisation, as at Stripe."""

    def __init__(self, store: Store, options: Options) -> None:
        super().__init__(store, delivers=options.webhook_url is not None)
        self.fee_cents = options.card_fee_cents
        self.desk = Desk(store.clock, url=options.authorisation_url, secret=options.authorisation_secret)
        self.open(options.issuing_opening_cents)

    def create_cardholder(self, asked: wire.CardholderCreate, by: Asked) -> Thing:
        made = shapes.cardholder(asked, at=self.now())
        self.store.put("cardholder", made)
        return made

    def create_card(self, asked: wire.CardCreate, by: Asked) -> Thing:
        made = shapes.card(asked, self.found("cardholder", asked.cardholder), at=self.now())
        with self.store.work():
            self.store.put("card", made)
            if self.fee_cents:
                self._move(-self.fee_cents, kind="stripe_fee", source=None)
            self._tell("issuing_card.created", made, by)
        return made

    def update_card(self, id_: str, asked: wire.CardUpdate, by: Asked) -> Thing:
        with self.store.work():
            card = self.found("card", id_)
            if card["status"] == "canceled" and asked.status not in (None, "canceled"):
                raise invalid("A canceled card stays canceled", code="card_canceled")
            card["status"] = asked.status or card["status"]
            card["cancellation_reason"] = asked.cancellation_reason or card.get("cancellation_reason")
            card["metadata"] = merged(card["metadata"], asked.metadata)
            if asked.spending_controls is not None:
                card["spending_controls"] |= {
                    name: value
                    for name, value in shapes.controls(asked.spending_controls).items()
                    if name in asked.spending_controls.model_fields_set
                }
            self.store.put("card", card)
            self._tell("issuing_card.updated", card, by)
        return card

    # what merchants ask ---------------------------------------------------------------------------
    def authorise(self, asked: wire.AuthorizationCreate, by: Asked) -> Thing:
        """The organisation is asked outside any transaction: it may ask back meanwhile."""
        price = Price.of(asked.amount, asked.merchant_amount, asked.merchant_currency)
        card = self.found("card", asked.card)
        made = shapes.authorization(price, shapes.merchant(asked.merchant_data), card, at=self.now())
        with self.store.work():
            refused = self._refused(card, price.cents, asked.merchant_data.category)
            if refused is None:
                self._hold(made["id"], price.cents)
                self.store.put("authorization", made)
        return self._answered(made, price, refused, "created", by)

    def increment(self, id_: str, asked: wire.AuthorizationIncrement, by: Asked) -> Thing:
        """The merchant asks for more under the same authorisation."""
        with self.store.work():
            held = self._pending(id_)
            more = _price_of(held).part(asked.increment_amount)
            card = self.found("card", held["card"]["id"])
            refused = self._refused(card, more.cents, held["merchant_data"]["category"])
            held["pending_request"] = {**more.shown(), "is_amount_controllable": False}
            if refused is None:
                self._hold(id_, more.cents)
        return self._answered(held, more, refused, "updated", by)

    def _answered(self, made: Thing, price: Price, refused: str | None, what: str, by: Asked) -> Thing:
        approved, reason = (False, refused) if refused else self.desk.decide(made)
        with self.store.work():
            made["pending_request"] = None
            made["request_history"] = [
                shapes.request(price, reason=reason, approved=approved, at=self.now()),
                *made["request_history"],
            ]
            if approved:
                made["approved"] = True
                made["amount"] += price.cents
                made["merchant_amount"] += price.merchant_amount
            else:
                self._release(made["id"], 0 if refused else price.cents)
            if what == "created" and not approved:
                made |= {"status": "closed", "amount": price.cents, "merchant_amount": price.merchant_amount}
            self.store.put("authorization", made)
            if approved:
                self._count(made["card"]["id"])
            self._tell(f"issuing_authorization.{what}", made, by)
        return made

    def reverse(self, id_: str, by: Asked, cents: int | None = None) -> Thing:
        """All that is still held, or a part of it."""
        with self.store.work():
            held = self._pending(id_)
            left = self.held(id_)
            freed = left if cents is None else cents
            if freed > left:
                raise invalid("reverse_amount: more than is held")
            self._release(id_, freed)
            if freed == left:
                held["status"] = "reversed"
            else:
                held["amount"] -= freed
            self._keep(held, by)
        return held

    def expire(self, id_: str, by: Asked) -> Thing:
        with self.store.work():
            held = self._pending(id_)
            held["status"] = "expired"
            self._release(id_, self.held(id_))
            self._keep(held, by)
        return held

    # what they take -------------------------------------------------------------------------------
    def capture(self, id_: str, asked: wire.AuthorizationCapture, by: Asked) -> Thing:
        """More than was asked for, if they like; several times, unless it is closed."""
        held = self._pending(id_)
        price = _price_of(held).part(asked.capture_amount or self.held(id_) or held["amount"])
        return self.capture_at(id_, price, by, close=asked.close_authorization)

    def capture_at(self, id_: str, price: Price, by: Asked, *, close: bool) -> Thing:
        """At the rate of the day of the capture."""
        with self.store.work():
            held = self._pending(id_)
            card = self.found("card", held["card"]["id"])
            self._release(id_, price.cents)
            taken = self._book(price.negative, card, held["merchant_data"], id_, by)
            held["transactions"] = [*held["transactions"], taken]
            if close:
                held["status"] = "closed"
                self._release(id_, self.held(id_))
            self._keep(held, by)
        return held

    def force_capture(self, asked: wire.ForceCapture, by: Asked, price: Price | None = None) -> Thing:
        """Taken without asking first, as some merchants do."""
        with self.store.work():
            card = self.found("card", asked.card)
            said = shapes.merchant(asked.merchant_data)
            taken = self._book((price or Price.of(asked.amount)).negative, card, said, None, by)
            self._count(card["id"])
        return taken

    def refund(self, id_: str, asked: wire.Refund, by: Asked) -> Thing:
        """Money comes back in a transaction of its own."""
        with self.store.work():
            taken = self.found("transaction_of_card", id_)
            card = self.found("card", taken["card"])
            back = _price_of(taken).negative
            back = back.part(asked.refund_amount or back.cents)
            return self._book(back, card, taken["merchant_data"], taken["authorization"], by)

    def refund_unlinked(self, asked: wire.UnlinkedRefund, by: Asked) -> Thing:
        with self.store.work():
            card = self.found("card", asked.card)
            return self._book(Price.of(asked.amount), card, shapes.merchant(asked.merchant_data), None, by)

    def pay(
        self, id_: str, cents: int, category: str, *, capture: bool, merchant: tuple[int, str] | None = None
    ) -> Thing:
        """The booking desk at a merchant: asked for and, unless refused, taken at once.

        `merchant`: amount and currency where the merchant sells in another.
        """
        amount, currency = merchant or (None, None)
        wanted = wire.AuthorizationCreate(
            amount=cents,
            card=id_,
            merchant_amount=amount,
            merchant_currency=currency,
            merchant_data=wire.MerchantData(category=category),
        )
        held = self.authorise(wanted, NOBODY)
        taken = None
        if held["approved"] and capture:
            taken = self.capture(held["id"], wire.AuthorizationCapture(), NOBODY)["transactions"][-1]["id"]
        return {
            "authorization": held["id"],
            "approved": held["approved"],
            "reason": held["request_history"][0]["reason"],
            "transaction": taken,
        }

    # ----------------------------------------------------------------------------------------------
    def _book(self, price: Price, card: Thing, said: Thing, authorization: str | None, by: Asked) -> Thing:
        made = shapes.transaction(price, card, said=said, authorization=authorization, at=self.now())
        entry = self._move(price.cents, kind="issuing_transaction", source=made["id"])
        made["balance_transaction"] = entry["id"]
        self.store.put("transaction_of_card", made, about=card["id"])
        self._tell("issuing_transaction.created", made, by)
        return made

    def _keep(self, held: Thing, by: Asked) -> None:
        self.store.put("authorization", held)
        self._tell("issuing_authorization.updated", held, by)

    def _pending(self, id_: str) -> Thing:
        held = self.found("authorization", id_)
        if held["status"] != "pending" or not held["approved"]:
            raise invalid(f"It is {held['status']}, and approved: {held['approved']}", code="invalid_state")
        return held

    def _refused(self, card: Thing, cents: int, category: str) -> str | None:
        if card["status"] != "active":
            return "card_inactive" if card["status"] == "inactive" else "card_canceled"
        controls = card["spending_controls"]
        allowed = controls["allowed_categories"]
        if allowed is not None and category not in allowed:
            return "spending_controls"
        used = self.used(card["id"])
        limits = [(lim["interval"], lim["amount"]) for lim in controls["spending_limits"]]
        over = any(
            cents > most if interval == "per_authorization" else used + cents > most
            for interval, most in limits
        )
        if over:
            return "spending_controls"
        return "insufficient_funds" if self.available() < cents else None

    def used(self, card: str) -> int:
        """Held and taken, less what came back."""
        held = sum(
            self.held(a["id"])
            for a in self.store.all("authorization")
            if a["card"]["id"] == card and a["status"] == "pending"
        )
        taken = sum(t["amount"] for t in self.store.concerning("transaction_of_card", card))
        return int(held - taken)

    def _count(self, card_id: str) -> None:
        """A card that ends after so many payments ends now, if this was the last."""
        card = self.found("card", card_id)
        ends = card.get("lifecycle_controls")
        if ends is None or card["status"] == "canceled":
            return
        asked = [a for a in self.store.all("authorization") if a["card"]["id"] == card_id and a["approved"]]
        taken = self.store.concerning("transaction_of_card", card_id)
        forced = [t for t in taken if t["authorization"] is None and t["type"] == "capture"]
        if len(asked) + len(forced) >= ends["cancel_after"]["payment_count"]:
            card["status"] = "canceled"
            self.store.put("card", card)
            self._tell("issuing_card.updated", card, None)


def _price_of(said: Thing) -> Price:
    return Price(said["amount"], said["merchant_amount"], said["merchant_currency"])
