"""Whatever is done in whatever order: the books agree with a plain model, and every invariant holds."""

from __future__ import annotations

import random
from datetime import datetime
from uuid import UUID, uuid4

import pytest

from reunify.db import Database
from reunify.kernel.refusals import Refused
from reunify.ledger import actions as ledger
from reunify.ledger.policy import BudgetCategory, Cash, Scope, Unit
from reunify.reporting import invariants
from tests.integration.ledger_world import LODGING, MEALS, TRANSPORT, Books, open_books

STEPS = 60
# verb -> (taken from, given to); "" is the available balance
MOVES = {
    "unreserve": ("reserved", ""),
    "obligate": ("reserved", "obligated"),
    "unobligate": ("obligated", "reserved"),
    "expend": ("obligated", "expended"),
    "fail": ("obligated", ""),
    "give_back": ("expended", ""),
    "pay_again": ("expended", "obligated"),
}


class Model:
    """What the books must say, kept in the plainest way."""

    def __init__(self, authorized: dict[BudgetCategory, int], cap: int) -> None:
        self.authorized, self.cap = authorized, cap
        self.holds: dict[UUID, tuple[BudgetCategory, dict[str, int]]] = {}
        self.capped: set[UUID] = set()

    def live(self, holds: set[UUID] | None = None, category: BudgetCategory | None = None) -> int:
        return sum(
            sum(amounts.values())
            for hold, (place, amounts) in self.holds.items()
            if (holds is None or hold in holds) and category in (None, place)
        )

    def may_reserve(self, category: BudgetCategory, amount: int, *, capped: bool) -> bool:
        fits = self.live(category=category) + amount <= self.authorized[category]
        return fits and (not capped or self.live(self.capped) + amount <= self.cap)

    def reserve(self, hold: UUID, category: BudgetCategory, amount: int, *, capped: bool) -> None:
        self.holds[hold] = (category, {"reserved": amount, "obligated": 0, "expended": 0})
        if capped:
            self.capped.add(hold)

    def move(self, hold: UUID, verb: str, amount: int) -> bool:
        source, target = MOVES[verb]
        amounts = self.holds[hold][1]
        if amounts[source] < amount:
            return False
        amounts[source] -= amount
        if target:
            amounts[target] += amount
        return True

    def shown(self, category: BudgetCategory) -> tuple[int, int, int, int]:
        sums = {
            k: sum(a[k] for place, a in self.holds.values() if place == category)
            for k in ("reserved", "obligated", "expended")
        }
        return (self.authorized[category] - sum(sums.values()), *sums.values())  # type: ignore[return-value]


def accepted(books: Books, verb: str, hold: UUID, amount: int, ref: str) -> bool:
    more: dict[str, object] = {}
    if verb in ("give_back", "pay_again"):
        more, verb = {"pay_again": verb == "pay_again", "cash": Cash.BANK}, "give_back"
    try:
        books.do(verb, hold, amount, ref=ref, **more)
    except Refused:
        return False
    return True


def reserved(books: Books, hold: UUID, category: BudgetCategory, amount: int, cap: UUID | None) -> bool:
    line = ledger.HoldLine(
        hold, books.funds["cash"], category, Unit.CENTS, amount, (cap,) if cap is not None else ()
    )
    try:
        books.reserve(line)
    except Refused:
        return False
    return True


def prove(books: Books, model: Model) -> None:
    for category in model.authorized:
        assert books.amounts(category) == model.shown(category)
    with books.db.read() as session:
        assert invariants.check(session) == []


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_the_books_agree_with_a_plain_model_after_every_step(db: Database, now: datetime, seed: int) -> None:
    books = open_books(db, now)
    with db.work() as session:
        cap = ledger.set_cap(
            session,
            fund_id=books.funds["cash"],
            scope=Scope.LIFETIME,
            scope_id="child",
            unit=Unit.CENTS,
            at_most=60_000,
        )
    chance = random.Random(seed)
    model = Model({TRANSPORT: 100_000, LODGING: 50_000, MEALS: 10_000}, 60_000)
    seen = {True: 0, False: 0}
    last: tuple[str, UUID, int, str] | None = None
    for _ in range(STEPS):
        if not model.holds or chance.random() < 0.3:
            category, amount = chance.choice(list(model.authorized)), chance.randint(1, 30_000)
            hold, capped = uuid4(), chance.random() < 0.5
            expected = model.may_reserve(category, amount, capped=capped)
            assert reserved(books, hold, category, amount, cap if capped else None) == expected
            if expected:
                model.reserve(hold, category, amount, capped=capped)
        elif last is not None and chance.random() < 0.15:
            expected = accepted(books, *last)  # a repeat: accepted, and nothing may change
            assert expected
        else:
            hold, verb = chance.choice(list(model.holds)), chance.choice(list(MOVES))
            there = model.holds[hold][1][MOVES[verb][0]]
            amount, ref = chance.choice([there, max(1, there // 2), there + 1]) or 1, str(uuid4())
            expected = model.move(hold, verb, amount)
            assert accepted(books, verb, hold, amount, ref) == expected
            if expected:
                last = (verb, hold, amount, ref)
        seen[expected] += 1
        prove(books, model)
    assert min(seen.values()) > 3, "the history must hold both yes and no"
