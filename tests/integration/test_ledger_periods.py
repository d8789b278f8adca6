"""Nothing is dated into a closed period, in Python or in the database; what comes late is posted today."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa

from reunify.db import Database
from reunify.kernel.refusals import NotAllowed
from reunify.ledger import actions as ledger
from reunify.ledger import periods, policy, queries
from reunify.ledger.moving import BeforeItWasPaid
from reunify.ledger.policy import Cash
from tests.integration.ledger_world import BY, KEEPER, Books, open_books

TODAY = date(2026, 11, 25)
YESTERDAY = date(2026, 11, 24)


@pytest.fixture
def books(db: Database, now: datetime) -> Books:
    books = open_books(db, now)
    books.open("gift", dict.fromkeys(policy.BudgetCategory, 50_000))
    return books


def days(books: Books, hold: UUID, kind: str) -> set[tuple[date, date]]:
    """When it was posted, and when it happened."""
    with books.db.read() as session:
        return {(e.day, e.happened_on) for e in queries.history(session, [hold]) if e.kind == kind}


def spent_yesterday(books: Books, amount: int) -> UUID:
    books.now -= timedelta(1)
    hold = books.spent(amount)
    books.now += timedelta(1)
    return hold


def test_a_cost_is_not_moved_on_a_day_on_which_it_had_not_been_paid(books: Books) -> None:
    hold = books.spent(10_000)
    with pytest.raises(BeforeItWasPaid, match="paid on 2026-11-25 and cannot be moved on 2026-11-24"):
        books.transfer(books.cost(hold, 1_000), day=YESTERDAY)
    books.transfer(books.cost(hold, 1_000), day=TODAY)
    assert books.sound()


def test_books_are_closed_through_a_day_that_is_over_once_and_forward_only(books: Books) -> None:
    with books.db.read() as session:
        assert periods.closed_through(session) is None
    with pytest.raises(policy.NotYet, match="2026-11-25 is not over yet"):
        books.close("2026-11-25")
    books.close("2026-09-30")
    for again in ("2026-09-30", "2026-06-30"):
        with pytest.raises(policy.PeriodClosed):
            books.close(again)
    books.close("2026-11-24")
    with books.db.read() as session:
        assert periods.closed_through(session) == YESTERDAY
    assert books.sound()


def test_the_day_is_over_in_the_organisations_time_zone(books: Books) -> None:
    books.now = datetime(2026, 11, 25, 4, 30, tzinfo=UTC)  # still the evening of the 24th in New York
    with pytest.raises(policy.NotYet):
        books.close("2026-11-24")
    books.close("2026-11-23")


def test_closing_needs_a_person_and_a_reason(books: Books) -> None:
    with books.db.work() as session:
        with pytest.raises(NotAllowed):
            periods.close_period(session, through=YESTERDAY, reason="SF-425", by=BY, now=books.now)
        with pytest.raises(policy.WhyMissing):
            periods.close_period(session, through=YESTERDAY, reason=" ", by=KEEPER, now=books.now)


def test_nothing_is_dated_into_a_closed_period(books: Books) -> None:
    hold = spent_yesterday(books, 10_000)
    books.transfer(books.cost(hold, 1_000), day=YESTERDAY)
    books.close("2026-11-24")
    with pytest.raises(policy.PeriodClosed, match="closed through 2026-11-24: post it today"):
        books.transfer(books.cost(hold, 1_000), day=YESTERDAY)
    books.transfer(books.cost(hold, 1_000), day=TODAY)
    with pytest.raises(policy.NotYet):
        books.transfer(books.cost(hold, 1_000), day=TODAY + timedelta(1))
    assert books.hold(hold).expended == 8_000
    assert books.sound()


def test_the_database_itself_refuses_a_back_dated_event(books: Books, owner_url: str) -> None:
    books.close("2026-11-24")
    bare = (
        "INSERT INTO ledger_events (id, kind, external_ref, content_hash, day, at, by, happened_on) "
        "VALUES (gen_random_uuid(), 'fee', 'x', '', '2026-11-24', now(), 'x', '2026-11-24')"
    )
    owner = sa.create_engine(owner_url)
    for engine in (books.db.engine, owner):
        refused = pytest.raises(sa.exc.IntegrityError, match="closed accounting period")
        with refused, engine.begin() as connection:
            connection.execute(sa.text(bare))
    owner.dispose()


def test_a_return_after_the_close_is_posted_today_with_the_day_it_happened(books: Books) -> None:
    """A race known from others: news of the bank older than the close is neither lost nor back-dated."""
    hold = books.spent(10_000)
    books.now += timedelta(3)
    books.close("2026-11-26")
    with books.db.work() as session:
        ledger.give_back(
            session,
            external_ref="obp_1:returned",
            amounts={hold: 10_000},
            pay_again=True,
            happened_on=date(2026, 11, 26),
            by=BY,
            now=books.now,
        )
    assert days(books, hold, "give_back") == {(date(2026, 11, 28), date(2026, 11, 26))}
    assert books.amounts() == (90_000, 0, 10_000, 0)
    assert books.sound()


def test_what_happened_cannot_lie_after_the_day_it_is_posted(books: Books) -> None:
    hold = books.spent(10)
    with pytest.raises(policy.NotYet, match="give the day it happened"):
        books.do("recover", hold, 10, cash=Cash.BANK, happened_on=TODAY + timedelta(1))
    books.do("recover", hold, 10, cash=Cash.BANK, happened_on=YESTERDAY)
    assert days(books, hold, "recover") == {(TODAY, YESTERDAY)}


def test_a_correction_is_posted_today_and_restates_the_day_it_corrects(books: Books) -> None:
    hold = books.spent(10)
    wrong = books.do("recover", hold, 10, cash=Cash.BANK, happened_on=YESTERDAY)
    books.now += timedelta(2)
    books.close("2026-11-26")
    books.correct(wrong)
    assert days(books, hold, "correct") == {(date(2026, 11, 27), YESTERDAY)}
    assert books.sound()


def test_a_posting_under_way_is_waited_for_and_one_that_waits_is_refused(books: Books) -> None:
    """Whichever comes first: the period holds what its digest says."""
    hold = spent_yesterday(books, 10_000)
    with ThreadPoolExecutor(1) as pool, books.db.work() as session:
        ledger.cost_transfer(
            session, external_ref="t", moves=[books.cost(hold, 1)], day=YESTERDAY, by=BY, now=books.now
        )
        closing = pool.submit(books.close, "2026-11-24")
        with pytest.raises(TimeoutError):
            closing.result(0.3)
        session.commit()
        closing.result(10)
    assert books.sound()
    begun, outcome = threading.Event(), []

    def late() -> None:
        begun.set()
        try:
            books.transfer(books.cost(hold, 1), day=TODAY)
        except policy.PeriodClosed as refused:
            outcome.append(refused)

    tomorrow = books.now + timedelta(1)
    with books.db.work() as session:
        periods.close_period(session, through=TODAY, reason="SF-425", by=KEEPER, now=tomorrow)
        thread = threading.Thread(target=late)
        thread.start()
        begun.wait()
        thread.join(0.3)
        assert thread.is_alive(), "it should wait for the closing"
    thread.join(10)
    assert len(outcome) == 1
    assert books.hold(hold).expended == 9_999
    assert books.sound()


@pytest.mark.parametrize("verb", ["draw_down", "charge_fee"])
def test_facts_of_the_bank_carry_their_day(books: Books, verb: str) -> None:
    more = {"budget_category": policy.BudgetCategory.MEALS} if verb == "charge_fee" else {}
    with books.db.work() as session:
        event = getattr(ledger, verb)(
            session,
            external_ref="bank",
            fund_id=books.funds["cash"],
            cash=Cash.BANK,
            amount=5,
            happened_on=YESTERDAY,
            by=BY,
            now=books.now,
            **more,
        )
        asked = sa.text("SELECT day, happened_on FROM ledger_events WHERE id = :id")
        assert tuple(session.execute(asked, {"id": event}).one()) == (TODAY, YESTERDAY)


def test_what_is_posted_into_a_period_while_it_is_read_is_in_its_digest(
    books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A year is read before the lock is taken; a day that changed meanwhile is read again."""
    hold = spent_yesterday(books, 10_000)
    read = periods._read
    seen: list[object] = []

    def one_comes_between(*args: object, **more: object) -> object:
        found = read(*args, **more)  # type: ignore[arg-type]
        if not seen:
            books.transfer(books.cost(hold, 1), day=YESTERDAY)
        seen.append(more.get("days"))
        return found

    monkeypatch.setattr(periods, "_read", one_comes_between)
    books.close("2026-11-24")
    assert seen == [None, [YESTERDAY]]
    assert books.sound()
