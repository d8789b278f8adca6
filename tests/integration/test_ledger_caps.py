"""Limits that are changed while others post, and caps that are named for what they do not count."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from uuid import UUID

import pytest
import sqlalchemy as sa

from reunify.db import Database
from reunify.ledger import actions as ledger
from reunify.ledger.caps import CapKey, set_caps
from reunify.ledger.policy import CapMisused, Scope, Unit
from tests.integration.ledger_world import BY, LODGING, TRANSPORT, Books, open_books


@pytest.fixture
def books(db: Database, now: datetime) -> Books:
    books = open_books(db, now)
    books.open("gift", {TRANSPORT: 50_000})
    return books


def key(books: Books, scope: Scope = Scope.FAMILY, *, code: str = "cash", unit: Unit = Unit.CENTS) -> CapKey:
    return CapKey(books.funds[code], scope, "one", unit)


def cap(books: Books, of: CapKey, at_most: int = 50_000) -> UUID:
    with books.db.work() as session:
        (found,) = set_caps(session, [(of, at_most)])
    assert found is not None
    return found.id


def used(books: Books, cap_id: UUID) -> tuple[int, int]:
    with books.db.read() as session:
        asked = sa.text("SELECT used, at_most FROM ledger_caps WHERE id = :id")
        return tuple(session.execute(asked, {"id": cap_id}).one())


def test_who_changes_a_limit_and_then_reserves_stops_nobody_who_reserves_meanwhile(books: Books) -> None:
    """One holds a balance and wants the cap; if the other held the cap and wanted the balance, one would
    be ended by the database."""
    counter = cap(books, key(books))
    with ThreadPoolExecutor(1) as pool, books.db.work() as other:
        ledger.reserve(other, external_ref="first", plan=[books.line(100, LODGING)], by=BY, now=books.now)
        changed = threading.Event()

        def change() -> None:
            with books.db.work() as session:
                changed.set()
                set_caps(session, [(key(books), 60_000)])
                line = books.line(100, LODGING, caps=(counter,))
                ledger.reserve(session, external_ref="changed", plan=[line], by=BY, now=books.now)

        changing = pool.submit(change)
        changed.wait(5)
        with pytest.raises(TimeoutError):
            changing.result(0.3)
        line = books.line(100, LODGING, caps=(counter,))
        ledger.reserve(other, external_ref="second", plan=[line], by=BY, now=books.now)
        other.commit()
        changing.result(10)
    assert used(books, counter) == (200, 60_000)
    assert books.sound()


def test_who_finds_a_limit_somebody_else_just_made_locks_nothing_either(books: Books) -> None:
    """Two requests of one family reserve for the first time at one moment; a third comes a little later."""
    made, waiting = threading.Event(), threading.Event()
    with ThreadPoolExecutor(1) as pool, books.db.work() as first:
        (counter,) = set_caps(first, [(key(books), 50_000)])
        assert counter is not None

        def second() -> UUID | None:
            with books.db.work() as session:
                waiting.set()
                (found,) = set_caps(session, [(key(books), 50_000)])
                made.wait(5)
            return found and found.id

        finding = pool.submit(second)
        waiting.wait(5)
        with pytest.raises(TimeoutError):
            finding.result(0.3)
        first.commit()
        third = books.line(100, caps=(counter.id,))
        with books.db.work() as session:
            session.execute(sa.text("SET LOCAL lock_timeout = '2s'"))
            ledger.reserve(session, external_ref="third", plan=[third], by=BY, now=books.now)
        made.set()
        assert finding.result(10) == counter.id
    assert books.sound()


def test_many_who_change_one_limit_and_reserve_all_finish(books: Books) -> None:
    counter = cap(books, key(books))

    def one(number: int) -> None:
        with books.db.work() as session:
            if number % 3 == 0:
                set_caps(session, [(key(books), 50_000 + number)])
            lines = [books.line(1, category, caps=(counter,)) for category in (LODGING, TRANSPORT)]
            lines.append(books.line(1, code="gift"))
            ledger.reserve(session, external_ref=f"r{number}", plan=lines, by=BY, now=books.now)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(one, range(60)))
    assert used(books, counter)[0] == 120
    assert books.sound()


def test_a_limit_below_what_is_used_locks_nothing_and_gives_nothing(books: Books) -> None:
    counter = cap(books, key(books))
    books.reserve(books.line(10_000, caps=(counter,)))
    with books.db.work() as session:
        assert set_caps(session, [(key(books), 9_999)]) == [None]
        books.reserve(books.line(1, caps=(counter,)))  # another transaction, while this one is open
    assert used(books, counter) == (10_001, 50_000)


def test_a_cap_named_twice_counts_once(books: Books) -> None:
    counter, trips = cap(books, key(books)), cap(books, key(books, Scope.LIFETIME), 1)
    books.reserve(books.line(100, caps=(counter, counter), uses=(trips, trips), use_ref="trip"))
    assert used(books, counter)[0] == 100
    assert used(books, trips)[0] == 1
    assert books.sound()


def test_a_cap_of_an_amount_is_not_a_cap_of_a_trip_too(books: Books) -> None:
    trips = cap(books, key(books, Scope.LIFETIME), 1)
    with pytest.raises(CapMisused, match="name it once"):
        books.reserve(books.line(100, caps=(trips,), uses=(trips,), use_ref="trip"))
    assert books.amounts()[1] == 0


def test_a_cap_counts_lines_of_its_own_source_and_unit_only(books: Books) -> None:
    wrong = [cap(books, key(books, code="gift")), cap(books, key(books, unit=Unit.NIGHT))]
    for counter in wrong:
        with pytest.raises(CapMisused, match="its own source and unit"):
            books.reserve(books.line(100, caps=(counter,)))
        assert used(books, counter)[0] == 0
    hold = books.spent(1_000)
    with pytest.raises(CapMisused):
        books.transfer(books.cost(hold, 100, caps=(cap(books, key(books)),)))
    assert books.amounts() == (99_000, 0, 0, 1_000)
    assert books.sound()
