"""Issuing: a cardholder, cards with limits, what merchants ask for and take. No balance is kept."""

from __future__ import annotations

import time

from reunify.sandbox.stripe_simulator import issuing_shapes as shapes
from reunify.sandbox.stripe_simulator import issuing_wire as wire
from reunify.sandbox.stripe_simulator.bank import Asked, Problem
from reunify.sandbox.stripe_simulator.store import Store, Thing


class Issuing:
    """Cards of one account; spending controls are checked before anything is approved, as Stripe does."""

    def __init__(self, store: Store, *, delivers: bool) -> None:
        self.store = store
        self._delivers = delivers

    def create_cardholder(self, asked: wire.CardholderCreate, by: Asked) -> Thing:
        made = shapes.cardholder(asked)
        self.store.put("cardholder", made)
        return made

    def create_card(self, asked: wire.CardCreate, by: Asked) -> Thing:
        made = shapes.card(asked, self.found("cardholder", asked.cardholder))
        with self.store.work():
            self.store.put("card", made)
            self._announce("issuing_card.created", made, by)
        return made

    def update_card(self, id_: str, asked: wire.CardUpdate, by: Asked) -> Thing:
        with self.store.work():
            card = self.found("card", id_)
            if card["status"] == "canceled" and asked.status != "canceled":
                raise Problem(400, "invalid_request_error", "card_canceled", "A canceled card stays canceled")
            card["status"] = asked.status
            self.store.put("card", card)
            self._announce("issuing_card.updated", card, by)
        return card

    # what merchants do ----------------------------------------------------------------------------
    def authorise(self, asked: wire.AuthorizationCreate, by: Asked) -> Thing:
        with self.store.work():
            card = self.found("card", asked.card)
            made = shapes.authorization(asked, card, refused=self._refused(card, asked))
            self.store.put("authorization", made)
            self._announce("issuing_authorization.created", made, by)
        return made

    def capture(self, id_: str, asked: wire.AuthorizationCapture, by: Asked) -> Thing:
        with self.store.work():
            held = self._pending(id_)
            card = self.found("card", held["card"]["id"])
            cents = asked.capture_amount or held["amount"]
            taken = shapes.transaction(-cents, card, said=held["merchant_data"], authorization=id_)
            held["transactions"] = [*held["transactions"], taken]
            if asked.close_authorization:
                held["status"] = "closed"
            self.store.put("transaction_of_card", taken)
            self.store.put("authorization", held)
            self._announce("issuing_transaction.created", taken, by)
            self._announce("issuing_authorization.updated", held, by)
        return held

    def reverse(self, id_: str, by: Asked) -> Thing:
        with self.store.work():
            held = self._pending(id_)
            held["status"] = "reversed"
            self.store.put("authorization", held)
            self._announce("issuing_authorization.updated", held, by)
        return held

    def force_capture(self, asked: wire.ForceCapture, by: Asked) -> Thing:
        """Taken without asking first, as some merchants do."""
        with self.store.work():
            card = self.found("card", asked.card)
            said = shapes.merchant(asked.merchant_data)
            taken = shapes.transaction(-asked.amount, card, said=said, authorization=None)
            self.store.put("transaction_of_card", taken)
            self._announce("issuing_transaction.created", taken, by)
        return taken

    def refund(self, id_: str, asked: wire.Refund, by: Asked) -> Thing:
        """Money comes back in a transaction of its own."""
        with self.store.work():
            taken = self.found("transaction_of_card", id_)
            card = self.found("card", taken["card"])
            back = shapes.transaction(
                asked.refund_amount or -taken["amount"],
                card,
                said=taken["merchant_data"],
                authorization=taken["authorization"],
            )
            self.store.put("transaction_of_card", back)
            self._announce("issuing_transaction.created", back, by)
        return back

    def pay(self, id_: str, cents: int, category: str, *, capture: bool) -> Thing:
        """The booking desk at a merchant: asked for and, unless refused, taken at once."""
        nobody = Asked("req_merchant", None)
        wanted = wire.AuthorizationCreate(
            amount=cents, card=id_, merchant_data=wire.MerchantData(category=category)
        )
        held = self.authorise(wanted, nobody)
        taken = None
        if held["approved"] and capture:
            taken = self.capture(held["id"], wire.AuthorizationCapture(), nobody)["transactions"][-1]["id"]
        return {"authorization": held["id"], "approved": held["approved"], "transaction": taken}

    # ----------------------------------------------------------------------------------------------
    def transactions(self, *, since: int, after: str | None, limit: int) -> Thing:
        found = [t for t in self.store.all("transaction_of_card") if t["created"] >= since]
        if after is not None:
            ids = [t["id"] for t in found]
            found = found[ids.index(after) + 1 :] if after in ids else []
        return {
            "object": "list",
            "data": found[:limit],
            "has_more": len(found) > limit,
            "url": "/v1/issuing/transactions",
        }

    def found(self, kind: str, id_: str) -> Thing:
        thing = self.store.get(kind, id_)
        if thing is None:
            raise Problem(404, "invalid_request_error", "resource_missing", f"No such {kind}: {id_}")
        return thing

    def _pending(self, id_: str) -> Thing:
        held = self.found("authorization", id_)
        if held["status"] != "pending":
            raise Problem(400, "invalid_request_error", "invalid_state", f"It is {held['status']}")
        return held

    def _refused(self, card: Thing, asked: wire.AuthorizationCreate) -> str | None:
        if card["status"] != "active":
            return "card_inactive" if card["status"] == "inactive" else "card_canceled"
        controls = card["spending_controls"]
        allowed = controls["allowed_categories"]
        if allowed is not None and asked.merchant_data.category not in allowed:
            return "spending_controls"
        used = self.used(card["id"])
        limits = [(lim["interval"], lim["amount"]) for lim in controls["spending_limits"]]
        over = any(
            asked.amount > most if interval == "per_authorization" else used + asked.amount > most
            for interval, most in limits
        )
        return "spending_controls" if over else None

    def used(self, card: str) -> int:
        """Held and taken, less what came back."""
        held = sum(
            a["amount"]
            for a in self.store.all("authorization")
            if a["card"]["id"] == card and a["status"] == "pending"
        )
        taken = sum(t["amount"] for t in self.store.all("transaction_of_card") if t["card"] == card)
        return int(held - taken)

    def _announce(self, kind: str, about: Thing, by: Asked) -> None:
        event = shapes.event(kind, about, request=by.request if by.key else None, key=by.key)
        self.store.put("event_of_card", event)
        if self._delivers:
            self.store.post(event, due=time.time())
