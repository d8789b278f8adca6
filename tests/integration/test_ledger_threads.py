"""Fifty real threads on one fund: nothing leaks, nothing deadlocks, a repeat is posted once."""

from __future__ import annotations

import random
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from uuid import UUID

import pytest

from reunify.db import Database
from reunify.kernel.refusals import Refused
from reunify.ledger import actions as ledger
from reunify.ledger.correcting_policy import AlreadyCorrected
from reunify.ledger.policy import CapReached, Cash, InsufficientFunds, Scope, Unit
from tests.integration.ledger_world import LODGING, MEALS, TRANSPORT, Books, faults, open_books

THREADS = 50


@pytest.fixture
def books(db: Database, now: datetime) -> Books:
    return open_books(db, now)


def findings(db: Database) -> list[str]:
    with db.read() as session:
        return [str(f) for f in faults(session)]


@pytest.mark.asvs("2.3.4", "15.4.2")
def test_fifty_people_reserving_from_one_fund_never_reserve_a_cent_too_much(books: Books) -> None:
    def try_one(number: int) -> int:
        amount = 1 + random.Random(number).randrange(2_000)
        try:
            books.reserve(books.line(amount))
        except InsufficientFunds:
            return 0
        return amount

    with ThreadPoolExecutor(THREADS) as pool:
        taken = sum(pool.map(try_one, range(300)))
    available, reserved, obligated, expended = books.amounts()
    assert (reserved, obligated, expended) == (taken, 0, 0)
    assert available == 100_000 - taken
    assert available < 2_000, "somebody was refused although the money was there"
    assert findings(books.db) == []


def test_plans_over_many_balances_and_a_cap_finish_in_whatever_order_they_name_them(books: Books) -> None:
    with books.db.work() as session:
        cap = ledger.set_cap(
            session,
            fund_id=books.funds["cash"],
            scope=Scope.FAMILY,
            scope_id="one",
            unit=Unit.CENTS,
            at_most=20_000,
        )

    def try_one(number: int) -> int:
        chance = random.Random(number)
        plan = [
            books.line(1 + chance.randrange(400), category, caps=(cap,))
            for category in chance.sample([TRANSPORT, LODGING, MEALS], 3)
        ]
        try:
            books.reserve(*plan)
        except (InsufficientFunds, CapReached):
            return 0
        hold = chance.choice(plan)
        books.do("obligate", hold.hold_id, hold.amount)
        if chance.random() < 0.5:
            books.do("fail", hold.hold_id, hold.amount)
            return sum(line.amount for line in plan) - hold.amount
        books.do("expend", hold.hold_id, hold.amount)
        return sum(line.amount for line in plan)

    with ThreadPoolExecutor(THREADS) as pool:
        live = sum(pool.map(try_one, range(120)))
    held = sum(sum(books.amounts(c)[1:]) for c in (TRANSPORT, LODGING, MEALS))
    assert held == live <= 20_000
    assert findings(books.db) == []


@pytest.mark.parametrize("verb", ["reserve", "expend"])
@pytest.mark.asvs("15.4.1")
def test_the_same_payment_posted_by_fifty_threads_is_one_payment(books: Books, verb: str) -> None:
    line = books.line(1_000)
    if verb == "expend":
        books.reserve(line)
        books.do("obligate", line.hold_id, 1_000)

    def post(_: int) -> UUID:
        if verb == "reserve":
            return books.reserve(line, ref="same")
        return books.do("expend", line.hold_id, 1_000, ref="same")

    with ThreadPoolExecutor(THREADS) as pool:
        events = set(pool.map(post, range(THREADS)))
    assert len(events) == 1
    expected = (99_000, 1_000, 0, 0) if verb == "reserve" else (99_000, 0, 0, 1_000)
    assert books.amounts() == expected


def test_paying_moving_recovering_and_reversing_at_once_leaks_nothing_and_stops_nobody(books: Books) -> None:
    """Two funds, a cap of trips in each, and fifty people who do it all in whatever order."""
    books.open("gift", {TRANSPORT: 30_000, LODGING: 30_000})
    with books.db.work() as session:
        trips = {
            code: ledger.set_cap(
                session,
                fund_id=books.funds[code],
                scope=Scope.LIFETIME,
                scope_id="child",
                unit=Unit.CENTS,
                at_most=5,
            )
            for code in ("cash", "gift")
        }
    holds: list[UUID] = []

    def try_one(number: int) -> str:
        chance = random.Random(number)
        trip = f"trip-{number % 8}"
        line = books.line(1 + chance.randrange(1_000), uses=(trips["cash"],), use_ref=trip)
        at = chance.choice([*holds, line.hold_id])
        try:
            books.reserve(line)
            books.do("obligate", line.hold_id, line.amount)
            books.do("expend", line.hold_id, line.amount)
            holds.append(line.hold_id)
            move = books.cost(at, 1 + chance.randrange(500), uses=(trips["gift"],), use_ref=trip)
            moved = books.transfer(move)
            holds.append(move.to_hold)
            if chance.random() < 0.3:
                books.correct(moved)
            back = books.give_back(at, 1 + chance.randrange(200), pay_again=chance.random() < 0.5)
            if chance.random() < 0.3:
                books.correct(back.event)
            books.do("recover", at, 1, cash=Cash.BANK)
        except Refused as refused:
            return type(refused).__name__
        return "done"

    with ThreadPoolExecutor(THREADS) as pool:
        came = Counter(pool.map(try_one, range(150)))
    assert came["done"] > 5, came
    assert came["CapReached"] > 0, came
    assert findings(books.db) == []


def test_two_approvers_and_one_dollar(books: Books) -> None:
    """A race known from others: both see the last dollar, and one of them has it."""
    books.reserve(books.line(99_900))
    ready = threading.Barrier(2)

    def approve(_: int) -> bool:
        line = books.line(100)
        ready.wait()
        try:
            books.reserve(line)
            books.do("obligate", line.hold_id, 100)
        except InsufficientFunds:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(approve, range(2))) == [False, True]
    assert books.amounts() == (0, 99_900, 100, 0)
    assert findings(books.db) == []


def test_two_people_reverse_one_payment_once(books: Books) -> None:
    line = books.line(1_000)
    books.reserve(line)
    books.do("obligate", line.hold_id, 1_000)
    wrong = books.do("expend", line.hold_id, 1_000)

    def reverse(_: int) -> bool:
        try:
            books.correct(wrong)
        except AlreadyCorrected:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(reverse, range(8))) == 1
    assert books.amounts() == (99_000, 0, 1_000, 0)
    assert findings(books.db) == []
