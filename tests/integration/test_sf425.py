"""The federal financial report against numbers worked out by hand, and what it says when the past changes."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import date
from uuid import uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from reunify.adapters.embedded_postgres import Urls
from reunify.db import Database
from reunify.funds.policy import NoSuchFund
from reunify.kernel.people import Role, Staff
from reunify.kernel.refusals import NotAllowed
from reunify.ledger import periods
from reunify.ledger.policy import PeriodClosed, Unit
from reunify.reporting.sf425 import Line, NotFederal, NothingNew
from reunify.reporting.sf425_periods import BeforeTheAward, Quarter, QuarterNotOver
from tests.integration.sf425_world import LODGING, Q1, Q2, Q3, TRANSPORT, Award, at, lines, settled, spend
from tests.lasting import lasting_database


@pytest.fixture(scope="module")
def house(server: Urls, administrator: sa.Engine, settled_template: str) -> Iterator[Award]:
    """A database for all of them, in which each opens an award of its own."""
    with lasting_database(server, administrator, settled_template) as db:
        yield Award(db, settled(db))


@pytest.fixture
def award(house: Award) -> Award:
    """$1,000 for transport and $500 for lodging, from 2 January on."""
    mine = Award(house.db, house.ben, code=f"award-{uuid4().hex[:12]}")
    return mine.open({TRANSPORT: 100_000, LODGING: 50_000}, at(1, 2))


@pytest.fixture
def spent(award: Award) -> Award:
    return spend(award)


def test_each_line_is_what_the_ledger_says_by_the_quarters_end(spent: Award) -> None:
    #                          a       b       c        d       e       f       g       h        i  j  k
    assert spent.figures(Q1) == lines(
        30_000, 12_000, 18_000, 150_000, 12_000, 13_000, 25_000, 125_000, 0, 0, 0
    )  # fmt: skip


def test_what_is_only_reserved_is_no_obligation_and_still_unobligated(award: Award) -> None:
    award.reserve("fare", 100_000, at(3, 1))
    assert award.figures(Q1) == lines(0, 0, 0, 150_000, 0, 0, 0, 150_000, 0, 0, 0)
    award.do("obligate", "fare", 1, at(3, 2))
    assert award.figures(Q1)["10f"] == 1


def test_the_last_minute_of_a_quarter_and_the_first_of_the_next_are_the_organisations_own(
    spent: Award,
) -> None:
    spent.do("expend", "fare", 1_000, at(3, 31, 23, 59))  # it is 1 April in Greenwich already
    spent.do("expend", "fare", 2_000, at(4, 1, 0, 0))
    assert (spent.figures(Q1)["10e"], spent.figures(Q1)["10f"]) == (13_000, 12_000)
    assert (spent.figures(Q2)["10e"], spent.figures(Q2)["10f"]) == (15_000, 10_000)


def test_a_quarter_counts_everything_before_it_and_what_came_back_within_it(spent: Award) -> None:
    spent.do("give_back", "fare", 5_000, at(4, 5), pay_again=False)
    spent.do("give_back", "fare", 1_000, at(4, 6), pay_again=True)
    spent.fee(150, at(5, 1))
    spent.amend(120_000, at(6, 30, 23, 30))
    assert spent.figures(Q1)["10d"] == 150_000
    assert spent.figures(Q2) == lines(
        30_000, 6_150, 23_850, 170_000, 6_150, 14_000, 20_150, 149_850, 0, 0, 0
    )  # fmt: skip
    assert spent.figures(Q3) == spent.figures(Q2)


def test_more_may_be_paid_than_was_drawn_down_and_then_the_funder_owes_us(award: Award) -> None:
    award.reserve("fare", 40_000, at(3, 1))
    award.do("obligate", "fare", 40_000, at(3, 1))
    award.do("expend", "fare", 40_000, at(3, 1))
    assert award.figures(Q1)["10c"] == -40_000


def test_the_entries_behind_a_line_sum_to_it(spent: Award) -> None:
    figures = spent.figures(Q1)
    for line in (Line.A, Line.B, Line.C, Line.D, Line.E, Line.F, Line.G, Line.H):
        assert sum(spent.drilled(Q1, line)) == figures[line], line
    assert spent.drilled(Q1, Line.E) == [12_000]
    assert sorted(spent.drilled(Q1, Line.F)) == [-12_000, 25_000]


def test_what_is_given_in_kind_is_never_in_it(spent: Award) -> None:
    before = spent.figures(Q1)
    nights = Award(spent.db, spent.ben, code="nights")
    nights.open({LODGING: 40}, at(1, 2), number=None, unit=Unit.NIGHT)
    assert spent.figures(Q1) == before
    with pytest.raises(NotFederal, match="not a federal award"):
        nights.figures(Q1)


def test_only_federal_awards_are_reported_and_only_from_their_beginning(spent: Award) -> None:
    own = Award(spent.db, spent.ben, code="own").open({TRANSPORT: 1}, at(1, 2), number=None)
    with pytest.raises(NotFederal, match="not a federal award"):
        own.figures(Q1)
    with pytest.raises(NoSuchFund):
        Award(spent.db, spent.ben, code="none").figures(Q1)
    with pytest.raises(BeforeTheAward, match="2026Q1 or later"):
        spent.figures(Quarter(2025, 4))


def test_a_report_is_prepared_when_its_quarter_is_over_on_the_organisations_clock(spent: Award) -> None:
    with pytest.raises(QuarterNotOver, match="ends on 2026-03-31"):
        spent.prepare(Q1, at(3, 31, 23, 59))
    spent.prepare(Q1, at(4, 1, 0, 0))
    (report,) = spent.reports(Q1)
    assert (report.number, report.period.final, report.prepared_by) == (1, False, "Ben Castellanos")
    assert {line.value: report.figures[line] for line in Line} == spent.figures(Q1)
    assert not spent.restated(report)


def test_what_is_posted_later_into_the_quarter_restates_it_and_says_which_events(spent: Award) -> None:
    spent.prepare(Q1, at(4, 10))
    late = spent.do("expend", "fare", 1_000, at(3, 31, 23, 0))  # a commit that came late
    spent.do("expend", "fare", 500, at(4, 11))  # of the next quarter
    spent.do("obligate", "fare", 200, at(3, 31, 23, 30))
    spent.do("unreserve", "room", 10_000, at(3, 31, 23, 40))  # changes no line
    (report,) = spent.reports(Q1)
    said = spent.restated(report)
    assert {d.line.value: (d.prepared, d.now) for d in said.differences} == {
        "10b": (12_000, 13_000),
        "10c": (18_000, 17_000),
        "10e": (12_000, 13_000),
        "10f": (13_000, 12_200),
        "10g": (25_000, 25_200),
        "10h": (125_000, 124_800),
    }
    assert said.events[0].id == late
    assert [event.kind for event in said.events] == ["expend", "obligate"]
    for difference in said.differences:
        assert sum(event.changes[difference.line] for event in said.events) == difference.cents


def test_a_restatement_is_a_report_of_its_own_and_the_first_stays(spent: Award) -> None:
    spent.prepare(Q1, at(4, 10))
    first = spent.figures(Q1)
    with pytest.raises(NothingNew, match="nothing to restate"):
        spent.prepare(Q1, at(4, 11))
    spent.do("expend", "fare", 1_000, at(3, 31, 23, 0))
    spent.prepare(Q1, at(4, 12))
    newest, oldest = spent.reports(Q1)
    assert (newest.number, oldest.number) == (2, 1)
    assert {line.value: oldest.figures[line] for line in Line} == first
    assert not spent.restated(newest)
    assert [event.kind for event in spent.restated(oldest).events] == ["expend"]


def test_a_later_quarter_counts_what_an_earlier_report_did_not_know_and_that_one_still_says_so(
    spent: Award,
) -> None:
    spent.prepare(Q1, at(4, 10))
    spent.do("expend", "fare", 1_000, at(3, 31, 23, 0))
    spent.prepare(Q2, at(7, 2))
    second, first = spent.reports()
    assert not spent.restated(second)
    assert [event.kind for event in spent.restated(first).events] == ["expend"]


def test_once_the_books_are_closed_a_quarter_stays_as_it_was_prepared(settled_db: Database) -> None:
    award = Award(settled_db, settled(settled_db)).open({TRANSPORT: 100_000, LODGING: 50_000}, at(1, 2))
    spent = spend(award)
    spent.prepare(Q1, at(4, 10))
    with spent.db.work() as session:
        periods.close_period(session, through=Q1.end, reason="SF-425 sent", by=spent.ben, now=at(4, 10))
    with pytest.raises(PeriodClosed):
        spent.do("expend", "fare", 1_000, at(3, 31, 23, 0))
    spent.do("expend", "fare", 1_000, at(4, 11), happened_on=date(2026, 3, 31))
    (report,) = spent.reports(Q1)
    assert not spent.restated(report)
    assert spent.figures(Q2)["10e"] == 13_000


def test_only_finance_and_fund_managers_prepare(spent: Award) -> None:
    spent.ben = Staff(spent.ben.id, "Ben", frozenset({Role.AUDITOR, Role.ADMINISTRATOR}))
    with pytest.raises(NotAllowed):
        spent.prepare(Q1, at(4, 10))


def test_what_was_prepared_is_never_changed(spent: Award) -> None:
    spent.prepare(Q1, at(4, 10))
    for table in ("sf425_reports", "sf425_events"):
        with spent.db.engine.connect() as connection, pytest.raises(DBAPIError, match="denied"):
            connection.execute(sa.text(f"DELETE FROM {table}"))


def test_reports_prepared_at_once_count_each_event_once(spent: Award) -> None:
    quarters = (Q1, Q2, Q3, Quarter(2026, 4))
    together = threading.Barrier(len(quarters))

    def one(quarter: Quarter) -> None:
        together.wait(30)
        spent.prepare(quarter, at(1, 5, year=2027))

    threads = [threading.Thread(target=one, args=(quarter,)) for quarter in quarters]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(str(r.period) for r in spent.reports()) == [str(q) for q in quarters]
    assert not any(spent.restated(report) for report in spent.reports())


def test_an_award_that_asks_no_share_of_us_counts_none(spent: Award) -> None:
    assert spent.drilled(Q1, Line.J) == []
    assert spent.drilled(Q1, Line.K) == []
