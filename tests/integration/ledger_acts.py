"""How a wish that was drawn at random becomes an act on the books and on the model."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy.orm import Session

from reunify.ledger import actions as ledger
from reunify.ledger.actions import CostMove
from reunify.ledger.policy import Cash, Kind, Unit
from tests.integration.ledger_model import Act, Change, Line, Model, Posted, correction, of_event, shift
from tests.integration.ledger_world import BY, LODGING, MEALS, TRANSPORT, Books

AUTHORIZED = {
    ("cash", TRANSPORT): 100_000,
    ("cash", LODGING): 50_000,
    ("cash", MEALS): 10_000,
    ("gift", TRANSPORT): 50_000,
    ("gift", LODGING): 50_000,
}
KEYS = list(AUTHORIZED)
# verb -> (taken from, given to); "" is the available balance
VERBS = {
    "unreserve": ("reserved", ""),
    "obligate": ("reserved", "obligated"),
    "unobligate": ("obligated", "reserved"),
    "expend": ("obligated", "expended"),
    "fail": ("obligated", ""),
}
OF_A_FUND = ("authorise", "fee", "draw_down")
KINDS = ("reserve", *VERBS, "give_back", "recover", "cost_transfer", "correct", *OF_A_FUND)
# What the others need comes up more often.
DRAWN = (*KINDS, *("obligate", "expend", "cost_transfer") * 2, "expend")


@dataclass(frozen=True)
class Wish:
    """What somebody wants to do; of which of the lines or events there are, and how much."""

    kind: str
    which: int
    where: int
    size: int  # 0: all of it, 1: half, 2: a cent too much
    yes: bool


class Acts:
    def __init__(self, books: Books, family: UUID, trips: dict[str, UUID]) -> None:
        self.books, self.family, self.trips = books, family, trips

    def of(self, model: Model, now: datetime, wish: Wish) -> Act:
        """What the wish means as things stand in the model."""
        self.model, self.now = model, now
        ref = str(uuid4())
        if wish.kind == "reserve":
            return self._reserve(wish, ref)
        if wish.kind in OF_A_FUND:
            return self._of_fund(wish, ref)
        if wish.kind == "correct":
            known = list(self.model.posted)
            of = known[-1 - wish.which % len(known)]
            return Act(
                wish.kind,
                ref,
                correction(of, ref),
                lambda s, at: ledger.correct(s, event_id=of_event(s, of), external_ref=ref, by=BY, now=at),
            )
        hold = self._hold(wish)
        if wish.kind in VERBS:
            return self._on_hold(wish, ref, hold)
        if wish.kind == "cost_transfer":
            return self._transfer(wish, ref, hold)
        return self._back(wish, ref, hold)

    def _hold(self, wish: Wish) -> UUID:
        """One that has something to take from, if there is one."""
        source = VERBS[wish.kind][0] if wish.kind in VERBS else "expended"
        holds = list(self.model.lines)
        holds = [hold for hold in holds if self.model.of(hold, source)] or holds
        return holds[wish.which % len(holds)]

    def _amount(self, there: int, size: int) -> int:
        return max(1, (there, there // 2, there + 1)[size])

    def _reserve(self, wish: Wish, ref: str) -> Act:
        key = KEYS[wish.where]
        amount = self._amount(self.model.shown(key)[0] // 3, wish.size) + 1_000 * (wish.which % 5)
        trip = f"trip-{wish.which % 4}" if wish.yes else ""
        capped = wish.yes and key[0] == "cash"
        line = self.books.line(
            amount,
            key[1],
            code=key[0],
            caps=(self.family,) if capped else (),
            uses=(self.trips[key[0]],) if trip else (),
            use_ref=trip,
        )
        event = Posted(Kind.RESERVE, shift(line.hold_id, "", "reserved", amount))
        return Act(
            wish.kind,
            ref,
            lambda m: m.take(ref, event, (line.hold_id, Line(key, capped, trip))),
            lambda s, at: ledger.reserve(s, external_ref=ref, plan=[line], by=BY, now=at),
        )

    def _on_hold(self, wish: Wish, ref: str, hold: UUID) -> Act:
        source, target = VERBS[wish.kind]
        amount = self._amount(self.model.of(hold, source), wish.size)
        cash = (Cash.STRIPE if wish.yes else Cash.BANK) if wish.kind == "expend" else None
        more = {} if cash is None else {"cash": cash}
        event = Posted(wish.kind, shift(hold, source, target, amount, cash))
        verb = getattr(ledger, wish.kind)
        return Act(
            wish.kind,
            ref,
            lambda m: m.take(ref, event),
            lambda s, at: verb(s, external_ref=ref, amounts={hold: amount}, by=BY, now=at, **more),
        )

    def _back(self, wish: Wish, ref: str, hold: UUID) -> Act:
        """From wherever the cost lies: the line's own, and what was moved from it."""
        lies = sum(self.model.of(place, "expended") for place in (*self.model.below(hold), hold))
        amount = self._amount(lies, wish.size)
        cash = Cash.STRIPE if wish.where % 2 else Cash.BANK
        again = wish.yes and wish.kind == "give_back"
        more = {"pay_again": again} if wish.kind == "give_back" else {}
        verb = getattr(ledger, wish.kind)

        def expect(model: Model) -> bool:
            change = model.back(hold, amount, pay_again=again, cash=cash)
            return change is not None and model.take(ref, Posted(wish.kind, change))

        return Act(
            wish.kind,
            ref,
            expect,
            lambda s, at: verb(s, external_ref=ref, amounts={hold: amount}, cash=cash, by=BY, now=at, **more),
        )

    def _transfer(self, wish: Wish, ref: str, hold: UUID) -> Act:
        key = KEYS[wish.where]
        amount = self._amount(self.model.of(hold, "expended"), wish.size)
        trip = f"trip-{wish.which % 4}" if wish.yes else ""
        uses = (self.trips[key[0]],) if trip else ()
        move = CostMove(hold, uuid4(), self.books.funds[key[0]], key[1], amount, uses=uses, use_ref=trip)
        change = shift(hold, "expended", "", amount)
        change.add(shift(move.to_hold, "", "expended", amount))
        times: list[datetime] = [self.now]

        def expect(model: Model) -> bool:
            event = Posted(wish.kind, change, moved=(times[-1], hold, move.to_hold))
            line = Line(key, capped=False, trip=trip, bears_moved=True)
            return model.lines[hold].key != key and model.take(ref, event, (move.to_hold, line))

        def do(session: Session, at: datetime) -> object:
            times.append(at)
            return ledger.cost_transfer(session, external_ref=ref, moves=[move], by=BY, now=at)

        return Act(wish.kind, ref, expect, do)

    def _of_fund(self, wish: Wish, ref: str) -> Act:
        code, category = key = KEYS[wish.where]
        fund = self.books.funds[code]
        there = self.model.shown(key)[0]
        if wish.kind == "draw_down":
            change = Change(cash=Counter({Cash.BANK: 1_000}))
            return self._fund_act(
                wish, ref, change, fund_id=fund, cash=Cash.BANK, amount=1_000, verb=ledger.draw_down
            )
        if wish.kind == "fee":
            amount = self._amount(min(there, 150), wish.size) if wish.size < 2 else there + 1
            change = Change(fees=Counter({key: amount}), cash=Counter({Cash.STRIPE: -amount}))
            more = {"fund_id": fund, "budget_category": category, "cash": Cash.STRIPE, "amount": amount}
            return self._fund_act(wish, ref, change, verb=ledger.charge_fee, **more)
        amount = 5_000 if wish.yes else -self._amount(there // 4, 0 if wish.size < 2 else 2)
        if wish.size == 2 and not wish.yes:
            amount = -(there + 1)
        more = {"fund_id": fund, "budget_category": category, "unit": Unit.CENTS, "amount": amount}
        return self._fund_act(
            wish, ref, Change(authorized=Counter({key: amount})), verb=ledger.authorise, **more
        )

    def _fund_act(
        self, wish: Wish, ref: str, change: Change, *, verb: Callable[..., object], **more: object
    ) -> Act:
        event = Posted(wish.kind, change)
        return Act(
            wish.kind,
            ref,
            lambda m: m.take(ref, event),
            lambda s, at: verb(s, external_ref=ref, by=BY, now=at, **more),
        )
