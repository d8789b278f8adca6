"""The page of the federal financial report: figures, their entries, the workbook, and why it is restated."""

from __future__ import annotations

import io
from datetime import date
from typing import Any

import openpyxl
import pytest
import sqlalchemy as sa

from reunify.bootstrap import House
from reunify.kernel.people import Role
from reunify.ledger.policy import PeriodClosed
from reunify.reporting import sf425_queries
from reunify.reporting.sf425 import Line
from reunify.sandbox.money import ASKED, open_asked_award
from tests.integration.sf425_world import LODGING, Q1, TRANSPORT, Award, at, settled
from tests.web.doors_world import Clock, newcomer
from tests.web.pages_world import TestClient, as_sent, signed_in, step_up, text

_codes = iter(range(1, 1000))


@pytest.fixture
def award(staffed: House, clock: Clock) -> Award:
    """$300 drawn down, $250 obligated, $120 of it paid by the end of March."""
    made = Award(staffed.db, settled(staffed.db), code=f"award-{next(_codes)}")
    made.open({TRANSPORT: 100_000, LODGING: 50_000}, at(1, 2))
    made.draw(30_000, at(2, 1))
    made.reserve("fare", 40_000, at(3, 1))
    made.do("obligate", "fare", 25_000, at(3, 10))
    made.do("expend", "fare", 12_000, at(3, 20))
    return made


def reader(house: House, role: Role) -> TestClient:
    return signed_in(house, newcomer(house, "Rae Moss", role).username)


def test_every_line_is_shown_with_its_arithmetic_and_leads_to_its_entries(
    staffed: House, award: Award
) -> None:
    carla = signed_in(staffed, "carla")
    page = carla.get(f"/funds/{award.code}/sf425?quarter=2026Q1")
    said = text(page)
    assert "10f Federal share of unliquidated obligations" in said
    assert "10d - 10g = $1,500.00 - $250.00 $1,250.00" in said
    assert "due Apr" in said.replace("April", "Apr")
    for line in Line:
        entries = carla.get(f"/funds/{award.code}/sf425/2026Q1/{line}")
        assert entries.status_code == 200
        assert f"/funds/{award.code}/sf425/2026Q1/{line}" in page.text
    drilled = text(carla.get(f"/funds/{award.code}/sf425/2026Q1/10f"))
    assert "Together $130.00" in drilled
    assert "Obligated" in drilled
    assert "-$120.00" in drilled


def test_the_quarter_that_ended_last_is_shown_first_and_the_running_one_cannot_be_prepared(
    staffed: House, award: Award
) -> None:
    carla = signed_in(staffed, "carla")
    said = text(carla.get(f"/funds/{award.code}/sf425"))
    assert "2026Q3: " in said
    assert "This report was due on" in said
    running = carla.get(f"/funds/{award.code}/sf425?quarter=2026Q4")
    assert "figures so far" in text(running)
    assert "keep these figures" not in running.text
    refused = carla.post(f"/funds/{award.code}/sf425", data={"quarter": "2026Q4"})
    assert refused.status_code == 409


def test_a_report_is_prepared_then_restated_and_the_page_says_why(staffed: House, award: Award) -> None:
    carla = signed_in(staffed, "carla")
    address = f"/funds/{award.code}/sf425?quarter=2026Q1"
    done = carla.post(f"/funds/{award.code}/sf425", data={"quarter": "2026Q1"})
    assert "The report is kept as it stands" in text(done)
    assert "Preparing a report closes nothing" in text(done)
    assert "keep these figures" not in done.text
    award.do("expend", "fare", 1_000, at(3, 31, 23, 0))
    changed = carla.get(address)
    said = text(changed)
    assert "Why it is restated" in said
    assert "10e Federal share of expenditures $120.00 $130.00 $10.00" in said
    assert "10e +$10.00" in said
    assert "10f -$10.00" in said
    assert set(as_sent(changed)["quarter"]) == {"2026Q1"}  # of the choice, and of what is prepared
    again = text(carla.post(f"/funds/{award.code}/sf425", data={"quarter": "2026Q1"}))
    assert "2026Q1, report 2" in again
    assert "Why it is restated" not in again
    first = text(carla.get(f"{address}&report=1"))
    assert "Against report 1" in first
    twice = carla.post(f"/funds/{award.code}/sf425", data={"quarter": "2026Q1"})
    assert twice.status_code == 409


def test_the_workbook_says_the_same_cents_and_holds_every_entry(staffed: House, award: Award) -> None:
    award.prepare(Q1, at(4, 10))
    sent = signed_in(staffed, "carla").get(f"/funds/{award.code}/sf425/2026Q1/workbook")
    assert sent.headers["content-disposition"] == 'attachment; filename="sf-425-2026Q1.xlsx"'
    book = openpyxl.load_workbook(io.BytesIO(sent.content))
    assert book.sheetnames == [
        "SF-425",
        "Award",
        "Prepared",
        "10a",
        "10b",
        "10d",
        "10e",
        "10f",
        "10j",
        "Dated later",
    ]
    rows = list(book["SF-425"].iter_rows(min_row=2, values_only=True))
    assert {row[0]: round(row[2] * 100) for row in rows} == award.figures(Q1)
    for line in ("10a", "10b", "10d", "10e", "10f"):
        amounts = [round(row[7] * 100) for row in book[line].iter_rows(min_row=2, values_only=True)]
        assert sum(amounts) == award.figures(Q1)[line]
    prepared = list(book["Prepared"].iter_rows(values_only=True))
    assert prepared[1][:1] == (1,)


@pytest.mark.parametrize("role", [Role.FUND_MANAGER, Role.AUDITOR, Role.ADMINISTRATOR], ids=str)
def test_who_reads_the_report(staffed: House, award: Award, role: Role) -> None:
    page = reader(staffed, role).get(f"/funds/{award.code}/sf425?quarter=2026Q1")
    assert page.status_code == 200
    assert ("keep these figures" in page.text) == (role is Role.FUND_MANAGER)


def test_who_does_not(staffed: House, award: Award) -> None:
    for role in (Role.CASE_MANAGER, Role.SUPERVISOR, Role.RULES_AUTHOR):
        assert reader(staffed, role).get(f"/funds/{award.code}/sf425").status_code == 403
    auditor = reader(staffed, Role.AUDITOR)
    assert auditor.post(f"/funds/{award.code}/sf425", data={"quarter": "2026Q1"}).status_code == 403


@pytest.mark.parametrize(
    ("address", "status", "said"),
    [
        ("sf425?quarter=2026", 422, "Write a quarter like 2026Q3, or `final`."),
        ("sf425?quarter=2025Q4", 422, "choose 2026Q1 or later"),
        ("sf425?quarter=2026Q1&report=7", 404, "No report with this number"),
        ("sf425/2026Q1/10z", 404, "10a to 10k"),
        ("sf425/final-2026-12-30/10a", 404, "No final report through 2026-12-30"),
        ("sf425/final-2026-12-30/workbook", 404, "No final report through 2026-12-30"),
    ],
)
def test_what_is_not_there_is_said_in_words(
    staffed: House, award: Award, address: str, status: int, said: str
) -> None:
    answer = signed_in(staffed, "carla").get(f"/funds/{award.code}/{address}")
    assert answer.status_code == status
    assert said in text(answer)


def test_a_source_that_is_no_federal_award_has_no_such_report(staffed: House, award: Award) -> None:
    own = Award(staffed.db, award.ben, code=f"{award.code}-own").open({TRANSPORT: 1}, at(1, 2), number=None)
    answer = signed_in(staffed, "carla").get(f"/funds/{own.code}/sf425")
    assert answer.status_code == 404
    assert "not a federal award" in text(answer)


def test_what_happened_in_the_quarter_and_is_dated_later_is_said_beside_the_figure(
    staffed: House, award: Award
) -> None:
    award.do("expend", "fare", 1_000, at(4, 3), happened_on=date(2026, 3, 31))
    carla = signed_in(staffed, "carla")
    said = text(carla.get(f"/funds/{award.code}/sf425?quarter=2026Q1"))
    assert "10e Federal share of expenditures" in said
    assert said.count("and $10.00 dated later") == 2  # 10b and 10e
    assert "and -$10.00 dated later" in said  # 10c
    assert "it is not in these figures" in said
    assert "dated later" not in text(carla.get(f"/funds/{award.code}/sf425?quarter=2026Q2"))
    drilled = text(carla.get(f"/funds/{award.code}/sf425/2026Q1/10e"))
    assert "Together $120.00" in drilled
    assert "Dated later: $10.00" in drilled
    book = openpyxl.load_workbook(io.BytesIO(carla.get(f"/funds/{award.code}/sf425/2026Q1/workbook").content))
    beside = {row[0]: row[4] for row in book["SF-425"].iter_rows(min_row=2, values_only=True)}
    assert {line: beside[line] for line in ("10a", "10b", "10c", "10d", "10e")} == {
        "10a": 0,
        "10b": 10,
        "10c": -10,
        "10d": None,
        "10e": 10,
    }
    later = [row[0] for row in book["Dated later"].iter_rows(min_row=2, values_only=True)]
    assert later == ["10b", "10e"]


def test_the_final_report_is_one_and_says_when_it_is_prepared(staffed: House, clock: Clock) -> None:
    mine = Award(staffed.db, settled(staffed.db), code=f"award-{next(_codes)}")
    mine.open({TRANSPORT: 100_000}, at(1, 2), ends=date(2026, 8, 31))
    mine.reserve("fare", 5_000, at(3, 1))
    mine.do("obligate", "fare", 5_000, at(3, 2))
    carla = signed_in(staffed, "carla")
    address = f"/funds/{mine.code}/sf425"
    third = text(carla.get(f"{address}?quarter=2026Q3"))
    assert "Quarterly report, due Oct" in third.replace("October", "Oct")
    waiting = text(carla.get(f"{address}?quarter=final"))
    assert "Final report, due Dec" in waiting.replace("December", "Dec")
    assert "A final report has none left" in waiting
    assert "keep these figures" not in waiting
    refused = carla.post(address, data={"quarter": "final"})
    assert refused.status_code == 409
    assert "prepared on 2026-12-29" in text(refused)
    mine.do("fail", "fare", 5_000, at(9, 2))
    assert "keep these figures" in text(carla.get(f"{address}?quarter=final"))
    done = text(carla.post(address, data={"quarter": "final"}))
    assert "Final, through" in done
    assert "Close the books through" not in text(carla.get(f"{address}?quarter=final")).split("Prepared")[-1]
    early = carla.post(f"{address}/final/close")
    assert early.status_code in (409, 422)
    assert "is not over yet" in text(early)


def test_the_demos_award_that_is_asked_for_has_its_report(staffed: House) -> None:
    with staffed.db.work() as session:
        open_asked_award(session, now=staffed.now())
    carla = signed_in(staffed, "carla")
    address = f"/funds/{ASKED}"
    assert f"{address}/sf425" in carla.get(address).text
    page = carla.get(f"{address}/sf425")
    assert page.status_code == 200
    assert "SAMPLE-2026-VRT-0001" in text(page)
    period = as_sent(page)["quarter"][0]
    for line in Line:
        assert carla.get(f"{address}/sf425/{period}/{line}").status_code == 200
    assert carla.get(f"{address}/sf425/{period}/workbook").status_code == 200


def test_the_workbook_is_of_one_moment_and_written_down(
    staffed: House, award: Award, monkeypatch: pytest.MonkeyPatch
) -> None:
    figures = sf425_queries.current

    def meanwhile(*args: Any, **kwargs: Any) -> Any:
        """As soon as the figures are read, somebody posts into the quarter."""
        found = figures(*args, **kwargs)
        award.do("expend", "fare", 100, at(3, 31, 23, 0))
        return found

    monkeypatch.setattr(sf425_queries, "current", meanwhile)
    sent = signed_in(staffed, "carla").get(f"/funds/{award.code}/sf425/2026Q1/workbook")
    book = openpyxl.load_workbook(io.BytesIO(sent.content))
    rows = {row[0]: row[2] for row in book["SF-425"].iter_rows(min_row=2, values_only=True)}
    for line in ("10b", "10e", "10f"):
        amounts = [round(row[7] * 100) for row in book[line].iter_rows(min_row=2, values_only=True)]
        assert sum(amounts) == round(rows[line] * 100)
    said = sa.text("SELECT count(*) FROM audit_entries WHERE verb = 'download_sf425' AND subject_id = :fund")
    with staffed.db.read() as session:
        assert session.scalar(said, {"fund": award.fund}) == 1


def test_preparing_and_closing_need_a_passkey_proved_just_now(house: House) -> None:
    mine = Award(house.db, settled(house.db)).open({TRANSPORT: 100_000}, at(1, 2))
    carla = signed_in(house, "carla")
    with house.db.engine.begin() as connection:
        connection.execute(sa.text("UPDATE staff_sessions SET proved_at = NULL"))
    carla.post(f"/funds/{mine.code}/sf425", data={"quarter": "2026Q1"})
    assert mine.reports() == []
    step_up(carla, house, "carla")
    carla.post(f"/funds/{mine.code}/sf425", data={"quarter": "2026Q1"})
    assert len(mine.reports()) == 1


def test_a_long_line_is_shown_page_by_page(
    staffed: House, award: Award, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reunify.web.pages.sf425.ON_A_PAGE", 1)
    carla = signed_in(staffed, "carla")
    first = carla.get(f"/funds/{award.code}/sf425/2026Q1/10f")
    assert "1 to 1 of 2" in text(first)
    assert "All 2 entries $130.00" in text(first)
    second = text(carla.get(f"/funds/{award.code}/sf425/2026Q1/10f?page=2"))
    assert "2 to 2 of 2" in second
    assert "Later entries" not in second


def test_the_books_are_closed_with_a_passkey_once_the_report_stands(house: House) -> None:
    mine = Award(house.db, settled(house.db)).open({TRANSPORT: 100_000}, at(1, 2))
    carla = signed_in(house, "carla")
    address = f"/funds/{mine.code}/sf425/2026Q1/close"
    assert "prepare it first" in text(carla.post(address))
    mine.prepare(Q1, at(4, 10))
    mine.draw(1_000, at(3, 31, 23, 0))
    assert carla.post(address).status_code == 409
    mine.prepare(Q1, at(4, 11))
    done = text(carla.post(address))
    assert "The books are closed. Nothing more is dated into that quarter." in done
    assert "The books are closed through this quarter." in done
    with pytest.raises(PeriodClosed):
        mine.draw(1_000, at(3, 31, 23, 0))
