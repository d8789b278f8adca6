"""The financial account payments leave from: its transactions, top-ups, fees and what it holds."""

from __future__ import annotations

from reunify.sandbox.stripe_simulator import shapes
from reunify.sandbox.stripe_simulator.problems import invalid
from reunify.sandbox.stripe_simulator.side import Side
from reunify.sandbox.stripe_simulator.store import Thing

_CREDITS = "/v2/money_management/received_credits"


class Funds(Side):
    """`fee_cents`: what each payment costs, in a transaction of its own, never netted from the payment."""

    fee_cents = 0

    def open(self, cents: int) -> None:
        """The first top-up, once in the life of this memory."""
        with self.store.work():
            if self.store.get("settings", "opened") is None:
                credit = shapes.received_credit(cents, at=self.clock.now())
                self.store.put("settings", {"id": "opened", "created": credit["created"]})
                self._credit(credit)

    def top_up(self, cents: int) -> Thing:
        """Money pushed from the organisation's bank; nobody's call caused it."""
        if cents <= 0:
            raise invalid("cents: a whole number above 0")
        credit = shapes.received_credit(cents, at=self.clock.now())
        with self.store.work():
            self._credit(credit)
            for what in ("available", "succeeded"):
                self._announce(f"v2.money_management.received_credit.{what}", credit, _CREDITS, None)
        return credit

    def _credit(self, credit: Thing) -> None:
        self.store.put("received_credit", credit)
        cents = credit["amount"]["value"]
        self._book(cents, category="received_credit", credit=credit["id"])

    def _book(
        self,
        cents: int,
        *,
        category: str,
        payment: str | None = None,
        credit: str | None = None,
        pending: bool = False,
    ) -> Thing:
        entry = shapes.transaction(
            cents, category=category, payment=payment, credit=credit, pending=pending, at=self.clock.now()
        )
        self.store.put("transaction", entry, about=payment)
        return entry

    def _charge_fee(self) -> None:
        if self.fee_cents:
            self._book(-self.fee_cents, category="stripe_fee")

    def _conclude(self, payment_id: str, status: str, now: str) -> None:
        """The pending transaction of a payment is posted, or void and its money available again."""
        for entry in self.store.concerning("transaction", payment_id):
            if entry["status"] == "pending":
                entry["status"] = status
                entry["status_transitions"] = {f"{status}_at": now}
                entry["balance_impact"]["outbound_pending"] = shapes.usd(0)
                if status == "void":
                    entry["balance_impact"]["available"] = shapes.usd(0)
                self.store.put("transaction", entry)

    def financial_account(self) -> Thing:
        created = self.found("settings", "opened")["created"]
        return shapes.account_holding({part: self._part(part) for part in shapes.PARTS}, created=created)

    def available(self) -> int:
        return self._part("available")

    def _part(self, part: str) -> int:
        return self.store.total("transaction", f"$.balance_impact.{part}.value")
