"""The issuing balance: top-ups come in, authorisations hold, captures take, refunds come back (API v1)."""

from __future__ import annotations

from reunify.sandbox.stripe_simulator import issuing_shapes as shapes
from reunify.sandbox.stripe_simulator import issuing_wire as wire
from reunify.sandbox.stripe_simulator.problems import Asked, invalid
from reunify.sandbox.stripe_simulator.side import Side
from reunify.sandbox.stripe_simulator.store import Thing

_MOVEMENT = "balance_transaction"


class IssuingBalance(Side):
    """What is available is the sum of every movement; a hold is a movement too, until it is released.

    The SDK's top-up names no balance, so that in this account every top-up funds the cards.
    """

    def open(self, cents: int) -> None:
        """The first top-up, once in the life of this memory."""
        with self.store.work():
            if self.store.get("settings", "issuing_opened") is None:
                self.store.put("settings", {"id": "issuing_opened"})
                if cents:
                    self._arrive(shapes.topup(cents, at=self.now()))

    def now(self) -> int:
        return int(self.clock.time())

    def available(self) -> int:
        return self.store.total(_MOVEMENT, "$.net")

    def balance(self) -> Thing:
        return shapes.balance(self.available())

    # top-ups --------------------------------------------------------------------------------------
    def create_topup(self, asked: wire.TopupCreate, by: Asked) -> Thing:
        """Arrives at once; a real one takes days."""
        made = shapes.topup(asked.amount, at=self.now(), asked=asked)
        with self.store.work():
            self._tell("topup.created", made, by)
            arrived = self._arrive(made)
            self._tell("topup.succeeded", arrived, None)
        return arrived

    def top_up(self, cents: int) -> Thing:
        """Somebody at Stripe or at the bank did it; nobody's call caused it."""
        if cents <= 0:
            raise invalid("cents: a whole number above 0")
        with self.store.work():
            arrived = self._arrive(shapes.topup(cents, at=self.now()))
            self._tell("topup.succeeded", arrived, None)
        return arrived

    def cancel_topup(self, id_: str) -> Thing:
        """Only one that has not arrived; here they all have."""
        raise invalid(f"It is {self.found('topup', id_)['status']}", code="invalid_state")

    def _arrive(self, topup: Thing) -> Thing:
        entry = self._move(topup["amount"], kind="topup", source=topup["id"])
        arrived = {**topup, "status": "succeeded", "balance_transaction": entry["id"]}
        self.store.put("topup", arrived)
        return arrived

    # movements ------------------------------------------------------------------------------------
    def _move(self, cents: int, *, kind: str, source: str | None) -> Thing:
        entry = shapes.balance_transaction(cents, kind=kind, source=source, at=self.now())
        self.store.put(_MOVEMENT, entry, about=source)
        return entry

    def held(self, authorization: str) -> int:
        """What an authorisation still keeps from being spent."""
        kinds = ("issuing_authorization_hold", "issuing_authorization_release")
        found = self.store.concerning(_MOVEMENT, authorization)
        return -sum(int(entry["net"]) for entry in found if entry["type"] in kinds)

    def _hold(self, authorization: str, cents: int) -> Thing:
        return self._move(-cents, kind="issuing_authorization_hold", source=authorization)

    def _release(self, authorization: str, cents: int) -> Thing | None:
        """At most what is held."""
        free = min(cents, self.held(authorization))
        if free <= 0:
            return None
        return self._move(free, kind="issuing_authorization_release", source=authorization)

    def _tell(self, kind: str, about: Thing, by: Asked | None) -> None:
        """A snapshot event, as API v1 sends them."""
        key = by.key if by else None
        event = shapes.event(kind, about, request=by.request if by and key else None, key=key, at=self.now())
        self.store.put("event_of_card", event)
        if self.delivers:
            self.store.post(event, due=self.clock.time())
