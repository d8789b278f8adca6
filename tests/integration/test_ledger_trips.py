"""A source that helps a child so many times counts trips, each once, while anything of it is live."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from uuid import UUID, uuid4

import pytest

from reunify.db import Database
from reunify.ledger import actions as ledger
from reunify.ledger import policy, queries
from reunify.ledger.policy import Scope, Unit
from tests.integration.ledger_world import LODGING, TRANSPORT, Books, faults, open_books


@pytest.fixture
def books(db: Database, now: datetime) -> Books:
    books = open_books(db, now)
    books.open("gift", {TRANSPORT: 50_000})
    return books


@pytest.fixture
def cap(books: Books) -> UUID:
    return twice(books)


def twice(books: Books, code: str = "cash", at_most: int = 2) -> UUID:
    """One child is helped at most so often by this fund."""
    with books.db.work() as session:
        return ledger.set_cap(
            session,
            fund_id=books.funds[code],
            scope=Scope.LIFETIME,
            scope_id="child",
            unit=Unit.CENTS,
            at_most=at_most,
        )


def trips(books: Books, cap: UUID) -> set[str]:
    with books.db.read() as session:
        assert faults(session) == []
        return set(queries.trips(session, [cap]).get(cap, ()))


def test_a_trip_is_counted_once_however_many_lines_it_has(books: Books, cap: UUID) -> None:
    books.reserve(
        books.line(1_000, uses=(cap,), use_ref="one"), books.line(500, LODGING, uses=(cap,), use_ref="one")
    )
    books.reserve(books.line(700, uses=(cap,), use_ref="one"))
    assert trips(books, cap) == {"one"}
    books.reserve(books.line(700, uses=(cap,), use_ref="two"))
    with pytest.raises(policy.CapReached, match="lifetime cap is 2, 2 of it is used and 1 more"):
        books.reserve(books.line(1, uses=(cap,), use_ref="three"))
    books.reserve(books.line(1, uses=(cap,), use_ref="two"))
    assert trips(books, cap) == {"one", "two"}


def test_a_trip_of_which_nothing_is_live_any_more_counts_no_longer(books: Books, cap: UUID) -> None:
    first, second = (books.line(1_000, uses=(cap,), use_ref="one") for _ in range(2))
    books.reserve(first, second)
    books.do("unreserve", first.hold_id, 1_000)
    assert trips(books, cap) == {"one"}
    books.do("obligate", second.hold_id, 1_000)
    books.do("expend", second.hold_id, 1_000)
    assert trips(books, cap) == {"one"}
    back = books.give_back(second.hold_id, 1_000, pay_again=False)
    assert trips(books, cap) == set()
    books.correct(back.event)
    assert trips(books, cap) == {"one"}


def test_a_correction_may_not_count_a_trip_too_many(books: Books, cap: UUID) -> None:
    line = books.line(1_000, uses=(cap,), use_ref="one")
    books.reserve(line)
    books.do("obligate", line.hold_id, 1_000)
    books.do("expend", line.hold_id, 1_000)
    back = books.give_back(line.hold_id, 1_000, pay_again=False)
    for trip in ("two", "three"):
        books.reserve(books.line(1, uses=(cap,), use_ref=trip))
    with pytest.raises(policy.CapReached):
        books.correct(back.event)
    assert trips(books, cap) == {"two", "three"}


def test_a_moved_cost_is_a_use_of_the_fund_that_bears_it(books: Books, cap: UUID) -> None:
    other = twice(books, "gift", 1)
    line = books.line(1_000, uses=(cap,), use_ref="one")
    books.reserve(line)
    books.do("obligate", line.hold_id, 1_000)
    books.do("expend", line.hold_id, 1_000)
    books.transfer(books.cost(line.hold_id, 400, uses=(other,), use_ref="one"))
    assert (trips(books, cap), trips(books, other)) == ({"one"}, {"one"})
    books.transfer(books.cost(line.hold_id, 600, uses=(other,), use_ref="one"))
    assert (trips(books, cap), trips(books, other)) == (set(), {"one"})


def test_a_cap_of_trips_counts_a_trip_and_no_cents(books: Books, cap: UUID) -> None:
    with pytest.raises(policy.TripMissing, match="name the trip"):
        books.reserve(books.line(1, uses=(cap,)))
    with pytest.raises(policy.NoSuchCap):
        books.reserve(books.line(1, caps=(cap,)))
    with pytest.raises(policy.NoSuchCap):
        books.reserve(books.line(1, uses=(uuid4(),), use_ref="one"))
    assert books.amounts() == (100_000, 0, 0, 0)


def test_the_limit_of_trips_is_not_set_below_what_is_counted(books: Books, cap: UUID) -> None:
    books.reserve(books.line(1, uses=(cap,), use_ref="one"))
    books.reserve(books.line(1, uses=(cap,), use_ref="two"))
    with pytest.raises(policy.StillInUse):
        twice(books, at_most=1)


def test_fifty_trips_at_once_for_one_child_and_only_as_many_as_allowed(books: Books, cap: UUID) -> None:
    """Each with two lines, in two postings: the trip that is counted already is never refused."""

    def try_one(number: int) -> bool:
        try:
            books.reserve(books.line(1, uses=(cap,), use_ref=str(number % 25)))
        except policy.CapReached:
            return False
        return True

    with ThreadPoolExecutor(50) as pool:
        made = [number % 25 for number, good in enumerate(pool.map(try_one, range(50))) if good]
    assert {str(trip) for trip in made} == trips(books, cap)
    assert len(set(made)) == 2
    assert books.amounts()[1] == len(made)


def test_the_first_lines_of_one_trip_at_once_count_it_once(books: Books) -> None:
    cap = twice(books, at_most=1)

    def one(_: int) -> UUID:
        return books.reserve(books.line(1, uses=(cap,), use_ref="one"))

    with ThreadPoolExecutor(20) as pool:
        assert len(set(pool.map(one, range(20)))) == 20
    assert trips(books, cap) == {"one"}
