"""Money is reserved, obligated, paid, returned; never twice, never more than there is, never half."""

from __future__ import annotations

from datetime import UTC, date, datetime
from uuid import uuid4

import pytest
import sqlalchemy as sa

from reunify.db import Database
from reunify.kernel.money import Money
from reunify.ledger import actions as ledger
from reunify.ledger import policy, queries
from reunify.ledger.policy import Cash, Scope, Unit
from tests.integration.ledger_world import BY, LODGING, MEALS, TRANSPORT, Books, open_books


@pytest.fixture
def books(db: Database, now: datetime) -> Books:
    return open_books(db, now)


def test_a_line_goes_from_available_to_spent_and_cash_leaves(books: Books) -> None:
    line = books.line(40_000)
    books.reserve(line)
    assert books.amounts() == (60_000, 40_000, 0, 0)
    books.do("obligate", line.hold_id, 40_000)
    assert books.amounts() == (60_000, 0, 40_000, 0)
    books.do("expend", line.hold_id, 34_400)
    assert books.amounts() == (60_000, 0, 5_600, 34_400)
    books.do("fail", line.hold_id, 5_600)
    assert books.amounts() == (65_600, 0, 0, 34_400)
    with books.db.read() as session:
        assert queries.cash(session, Cash.STRIPE) == Money(-34_400)
        assert queries.cash(session, Cash.BANK) == Money(0)


@pytest.mark.parametrize(("pay_again", "left"), [(True, (60_000, 0, 40_000, 0)), (False, (100_000, 0, 0, 0))])
def test_a_returned_payment_brings_the_cash_back(
    books: Books, pay_again: bool, left: tuple[int, ...]
) -> None:
    line = books.line(40_000)
    books.reserve(line)
    books.do("obligate", line.hold_id, 40_000)
    books.do("expend", line.hold_id, 40_000)
    books.do("give_back", line.hold_id, 40_000, pay_again=pay_again)
    assert books.amounts() == left
    with books.db.read() as session:
        assert queries.cash(session) == Money(0)


def test_nights_are_counted_apart_and_no_money_moves(books: Books) -> None:
    line = books.line(1, LODGING, code="nights", unit=Unit.NIGHT)
    books.reserve(line)
    books.do("obligate", line.hold_id, 1)
    books.do("expend", line.hold_id, 1, cash=Cash.BANK)
    assert books.amounts(LODGING, "nights") == (4, 0, 0, 1)
    assert books.amounts(LODGING) == (50_000, 0, 0, 0)
    with books.db.read() as session:
        lines = queries.history(session, [line.hold_id])
        assert queries.cash(session, Cash.BANK) == Money(0)
    assert {e.book for e in lines} == {"units"}
    assert sorted(e.kind for e in lines) == sorted(["reserve", "obligate", "expend"] * 2)


def test_a_plan_is_reserved_whole_or_not_at_all(books: Books) -> None:
    plan = [books.line(90_000), books.line(10_001, MEALS)]
    with pytest.raises(policy.InsufficientFunds) as short:
        books.reserve(*plan)
    assert (short.value.fund_id, short.value.budget_category) == (books.funds["cash"], MEALS)
    assert (short.value.available, short.value.asked) == (10_000, 10_001)
    assert books.amounts() == (100_000, 0, 0, 0)
    with books.db.read() as session:
        assert queries.holds(session, [line.hold_id for line in plan]) == {}


def test_after_a_shortage_the_same_transaction_may_try_another_plan(books: Books) -> None:
    with books.db.work() as session:
        with pytest.raises(policy.InsufficientFunds):
            ledger.reserve(session, external_ref="r", plan=[books.line(100_001)], by=BY, now=books.now)
        ledger.reserve(session, external_ref="r", plan=[books.line(100_000)], by=BY, now=books.now)
    assert books.amounts() == (0, 100_000, 0, 0)


def test_two_lines_on_one_balance_are_added_up(books: Books) -> None:
    with pytest.raises(policy.InsufficientFunds):
        books.reserve(books.line(60_000), books.line(60_000))
    books.reserve(books.line(60_000), books.line(40_000))
    assert books.amounts() == (0, 100_000, 0, 0)


def test_a_category_the_fund_does_not_have_is_short(books: Books) -> None:
    with pytest.raises(policy.InsufficientFunds, match="0 night available for transport"):
        books.reserve(books.line(1, code="nights", unit=Unit.NIGHT))


def test_the_same_reference_with_the_same_content_is_posted_once(books: Books) -> None:
    line = books.line(40_000)
    first = books.reserve(line, ref="reserve-1")
    assert books.reserve(line, ref="reserve-1") == first
    books.do("obligate", line.hold_id, 40_000)
    paid = books.do("expend", line.hold_id, 40_000, ref="obp_1:posted")
    assert books.do("expend", line.hold_id, 40_000, ref="obp_1:posted") == paid
    assert books.amounts() == (60_000, 0, 0, 40_000)


def test_the_same_reference_with_other_content_is_refused(books: Books) -> None:
    line = books.line(40_000)
    books.reserve(line, ref="one")
    with pytest.raises(policy.ReferenceUsed):
        books.reserve(books.line(1), ref="one")
    books.do("obligate", line.hold_id, 20_000, ref="two")
    for verb, amount in (("obligate", 19_999), ("unreserve", 20_000)):
        with pytest.raises(policy.ReferenceUsed):
            books.do(verb, line.hold_id, amount, ref="two")


def test_nothing_is_paid_beyond_what_was_obligated(books: Books) -> None:
    line = books.line(40_000)
    books.reserve(line)
    with pytest.raises(policy.MoreThanObligated):
        books.do("expend", line.hold_id, 1)
    books.do("obligate", line.hold_id, 30_000)
    with pytest.raises(policy.MoreThanObligated, match="30000 cents are obligated"):
        books.do("expend", line.hold_id, 30_001)
    with pytest.raises(policy.MoreThanReserved):
        books.do("unreserve", line.hold_id, 10_001)
    with pytest.raises(policy.MoreThanExpended):
        books.do("give_back", line.hold_id, 1, pay_again=False)
    assert books.amounts() == (60_000, 10_000, 30_000, 0)


def test_an_obligation_written_in_error_is_a_reservation_again(books: Books) -> None:
    line = books.line(2, LODGING, code="nights", unit=Unit.NIGHT)
    books.reserve(line)
    books.do("obligate", line.hold_id, 2)
    books.do("unobligate", line.hold_id, 2)
    assert books.amounts(LODGING, "nights") == (3, 2, 0, 0)


def test_a_hold_that_does_not_exist_is_refused(books: Books) -> None:
    with pytest.raises(policy.NoSuchHold):
        books.do("obligate", uuid4(), 1)


def test_a_cap_counts_what_is_live_and_lets_go_of_what_is_given_up(books: Books) -> None:
    fund, child = books.funds["cash"], str(uuid4())
    with books.db.work() as session:
        cap = ledger.set_cap(
            session, fund_id=fund, scope=Scope.CHILD, scope_id=child, unit=Unit.CENTS, at_most=30_000
        )
    first = books.line(20_000, caps=(cap,))
    books.reserve(first)
    with pytest.raises(policy.CapReached, match="child cap is 30000, 20000 of it is used"):
        books.reserve(books.line(10_001, LODGING, caps=(cap,)))
    assert books.amounts(LODGING) == (50_000, 0, 0, 0)
    books.do("obligate", first.hold_id, 20_000)
    books.do("expend", first.hold_id, 15_000)
    books.do("fail", first.hold_id, 5_000)
    books.reserve(books.line(10_000, MEALS, caps=(cap,)))
    with pytest.raises(policy.StillInUse), books.db.work() as session:
        ledger.set_cap(
            session, fund_id=fund, scope=Scope.CHILD, scope_id=child, unit=Unit.CENTS, at_most=24_999
        )


def test_a_fee_comes_out_of_what_is_available(books: Books) -> None:
    with books.db.work() as session:
        ledger.draw_down(
            session,
            external_ref="bank-1",
            fund_id=books.funds["cash"],
            cash=Cash.STRIPE,
            amount=5_000,
            by=BY,
            now=books.now,
        )
        ledger.charge_fee(
            session,
            external_ref="fee-1",
            fund_id=books.funds["cash"],
            budget_category=TRANSPORT,
            cash=Cash.STRIPE,
            amount=150,
            by=BY,
            now=books.now,
        )
    assert books.amounts() == (99_850, 0, 0, 150)
    with books.db.read() as session:
        assert queries.cash(session) == Money(4_850)


def test_an_event_is_dated_in_the_organisations_time_zone(books: Books) -> None:
    line = books.line(1)
    late = datetime(2026, 11, 26, 3, 30, tzinfo=UTC)  # the evening before in New York
    with books.db.work() as session:
        ledger.reserve(session, external_ref="late", plan=[line], by=BY, now=late)
    with books.db.read() as session:
        assert {e.day for e in queries.history(session, [line.hold_id])} == {date(2026, 11, 25)}


def test_an_unbalanced_event_cannot_be_committed_by_any_route(books: Books) -> None:
    line = books.line(1)
    event = books.reserve(line)
    more = (
        "INSERT INTO ledger_entries "
        "(id, event_id, book, fund_id, budget_category, account, unit, amount, fingerprint) "
        "VALUES (gen_random_uuid(), :event, 'budget', :fund, 'meals', 'available', 'cents', 1, '')"
    )
    with pytest.raises(sa.exc.IntegrityError, match="not balanced"), books.db.work() as session:
        session.execute(sa.text(more), {"event": event, "fund": books.funds["cash"]})


def test_an_event_without_entries_cannot_be_committed(books: Books) -> None:
    bare = (
        "INSERT INTO ledger_events "
        "(id, kind, external_ref, content_hash, day, at, by, happened_on, fingerprint) "
        "VALUES (gen_random_uuid(), 'fee', 'x', '', '2026-01-01', now(), 'x', '2026-01-01', '')"
    )
    with pytest.raises(sa.exc.IntegrityError, match="no entries"), books.db.work() as session:
        session.execute(sa.text(bare))


def test_what_is_posted_is_never_changed_not_even_by_the_owner(books: Books, owner_url: str) -> None:
    books.reserve(books.line(1))
    owner = sa.create_engine(owner_url)
    for engine in (books.db.engine, owner):
        for table in ("ledger_events", "ledger_entries", "fund_amounts"):
            for change in ("UPDATE {} SET id = id", "DELETE FROM {}", "TRUNCATE {} CASCADE"):
                with pytest.raises(sa.exc.DBAPIError), engine.begin() as connection:
                    connection.execute(sa.text(change.format(table)))
    owner.dispose()
    assert books.amounts() == (99_999, 1, 0, 0)
