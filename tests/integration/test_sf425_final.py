"""The final report, what happened in a quarter and is dated later, and closing while something is posted."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from datetime import date
from uuid import uuid4

import pytest
import sqlalchemy as sa

from reunify.adapters.embedded_postgres import Urls
from reunify.db import Database
from reunify.funds import actions as funds
from reunify.funds.policy import FundKind
from reunify.ledger import actions as ledger
from reunify.ledger import periods
from reunify.ledger.policy import Cash, Unit
from reunify.reporting import sf425_actions, sf425_queries
from reunify.reporting.sf425 import Line, NoSuchReport, ToBeRestated
from reunify.reporting.sf425_periods import Quarter, QuarterNotOver, TheFinalReportsIt
from tests.integration.sf425_world import BY, LODGING, Q1, Q2, Q3, TRANSPORT, Award, at, lines, settled, spend
from tests.lasting import lasting_database


@pytest.fixture(scope="module")
def house(server: Urls, administrator: sa.Engine, settled_template: str) -> Iterator[Award]:
    """A database for all of them, in which each opens an award of its own."""
    with lasting_database(server, administrator, settled_template) as db:
        yield Award(db, settled(db))


@pytest.fixture
def spent(house: Award) -> Award:
    mine = Award(house.db, house.ben, code=f"award-{uuid4().hex[:12]}")
    return spend(mine.open({TRANSPORT: 100_000, LODGING: 50_000}, at(1, 2)))


@pytest.fixture
def ended(house: Award) -> Award:
    """Its period was over on 31 August 2026, and it may pay until 29 December; $50 is still obligated."""
    award = Award(house.db, house.ben, code=f"award-{uuid4().hex[:12]}")
    award.open({TRANSPORT: 100_000}, at(1, 2), ends=date(2026, 8, 31))
    award.reserve("fare", 25_000, at(3, 1))
    award.do("obligate", "fare", 25_000, at(3, 10))
    award.do("expend", "fare", 20_000, at(8, 20))
    return award


def test_the_one_final_report_is_through_the_last_day_to_pay_and_prepared_that_day(ended: Award) -> None:
    ended.prepare(Q3, at(10, 1))
    with pytest.raises(QuarterNotOver, match="nothing is obligated any more"):
        ended.prepare(ended.final(), at(12, 28))
    with pytest.raises(TheFinalReportsIt, match="The last day to pay is 2026-12-29"):
        ended.prepare(Quarter(2026, 4), at(1, 5, year=2027))
    ended.do("expend", "fare", 5_000, at(12, 29, 9))
    ended.prepare(ended.final(), at(12, 29, 10))
    final, quarterly = ended.reports()
    assert (final.period.final, final.period.end) == (True, date(2026, 12, 29))
    assert (final.figures[Line.E], final.figures[Line.F]) == (25_000, 0)
    assert not quarterly.period.final
    assert not ended.restated(final)


def test_once_all_is_paid_the_final_report_need_not_wait(ended: Award) -> None:
    ended.do("expend", "fare", 5_000, at(8, 31, 12))
    with pytest.raises(QuarterNotOver):
        ended.prepare(ended.final(), at(8, 31, 23, 59))
    ended.prepare(ended.final(), at(9, 1, 0, 0))
    ended.do("give_back", "fare", 700, at(10, 2), pay_again=False)
    (report,) = ended.reports()
    assert [d.line for d in ended.restated(report).differences if d.line is Line.E] == [Line.E]


def test_when_the_funder_allows_more_time_the_final_report_is_another_and_the_first_stays(
    ended: Award,
) -> None:
    first = ended.final()
    ended.prepare(first, at(12, 29))
    with ended.db.work() as session:
        funds.extend(
            session,
            code=ended.code,
            period_end=date(2026, 8, 31),
            liquidation_date=date(2027, 2, 26),
            document="Notice 2",
            reason="more time",
            by=BY,
            now=at(12, 29),
        )
    ended.prepare(Quarter(2026, 4), at(1, 4, year=2027))
    ended.prepare(ended.final(), at(2, 26, year=2027))
    assert [str(r.period) for r in ended.reports()] == ["final-2027-02-26", "2026Q4", "final-2026-12-29"]
    with ended.db.read() as session:
        fund = sf425_queries.award(session, ended.code)
        assert sf425_queries.asked_for(session, fund, str(first)) == first
        with pytest.raises(NoSuchReport, match="No final report through 2026-12-30"):
            sf425_queries.asked_for(session, fund, "final-2026-12-30")


def test_an_award_that_is_asked_for_is_reported_too(house: Award) -> None:
    asked = Award(house.db, house.ben, code=f"asked-{uuid4().hex[:12]}")
    asked.open({}, at(1, 2), kind=FundKind.ASKED)
    assert asked.figures(Q1) == lines(*[0] * 11)
    with asked.db.work() as session:
        ledger.authorise(
            session,
            external_ref=str(uuid4()),
            fund_id=asked.fund,
            budget_category=TRANSPORT,
            unit=Unit.CENTS,
            amount=30_000,
            by=BY,
            now=at(2, 1),
        )
    asked.draw(30_000, at(2, 2))
    assert asked.figures(Q1) == lines(30_000, 0, 30_000, 30_000, 0, 0, 0, 30_000, 0, 0, 0)
    asked.prepare(Q1, at(4, 1))


def test_what_happened_in_the_quarter_and_is_dated_later_is_said_beside_it(spent: Award) -> None:
    spent.prepare(Q1, at(4, 1))
    spent.draw(7_000, at(4, 2), happened_on=date(2026, 3, 31))
    spent.do("expend", "fare", 1_000, at(4, 3), happened_on=date(2026, 3, 30))
    spent.do("give_back", "fare", 300, at(4, 3), pay_again=False, happened_on=date(2026, 3, 31))
    spent.do("expend", "fare", 50, at(4, 3))  # of the next quarter altogether
    assert not spent.restated(spent.reports()[0])
    assert spent.dated_later(Q1) == {"10a": 7_000, "10b": 700, "10c": 6_300, "10e": 700}
    assert spent.dated_later(Q2) == {}
    with spent.db.read() as session:
        fund = sf425_queries.award(session, spent.code)
        for line, cents in (
            (Line.A, [7_000]),
            (Line.B, [-300, 1_000]),
            (Line.E, [-300, 1_000]),
            (Line.F, []),
        ):
            entries = sf425_queries.dated_later_entries(session, fund, Q1, line)
            assert sorted(e.cents for e in entries) == cents


def test_what_is_dated_into_the_quarter_while_its_books_are_closed_keeps_them_open(
    settled_db: Database,
) -> None:
    award = Award(settled_db, settled(settled_db)).open({TRANSPORT: 100_000, LODGING: 50_000}, at(1, 2))
    spent = spend(award)
    spent.prepare(Q1, at(4, 10))
    refused: list[Exception] = []

    def close() -> None:
        try:
            with spent.db.work() as session:
                sf425_actions.close_books(session, code=spent.code, period=Q1, by=spent.ben, now=at(4, 10))
        except ToBeRestated as error:
            refused.append(error)

    closing = threading.Thread(target=close)
    with spent.db.work() as session:
        ledger.draw_down(
            session,
            external_ref="late",
            fund_id=spent.fund,
            cash=Cash.STRIPE,
            amount=1_000,
            by=BY,
            now=at(3, 31, 23, 0),
        )
        closing.start()
        wait_until_it_waits(spent.db)
    closing.join(30)
    assert len(refused) == 1
    with spent.db.read() as session:
        assert periods.closed_through(session) is None


def wait_until_it_waits(db: Database) -> None:
    """Until somebody in this database waits for an advisory lock."""
    waiting = sa.text(
        "SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'advisory' "
        "AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    )
    until = time.monotonic() + 20
    while time.monotonic() < until:
        with db.engine.connect() as connection:
            if connection.scalar(waiting):
                return
        time.sleep(0.02)
    raise AssertionError("nobody waits")
