"""The pages of the funds: who reads and who changes, every form, and nothing entered lost."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from reunify.bootstrap import House
from reunify.db import Database
from reunify.funds import queries
from reunify.funds.terms import Release, terms_of
from reunify.identity.queries import staff_id
from reunify.intake import actions as intake
from reunify.kernel.people import Staff
from reunify.ledger.policy import Scope
from reunify.sandbox.families import sample_family
from reunify.sandbox.people import PEOPLE_BY_NAME
from tests.web.pages_world import TestClient, house_over, signed_in, text, work_off

NOW = datetime(2026, 11, 25, 14, 0, tzinfo=UTC)
OURS = "/funds/domestic_reunification"
NIGHTS = "/funds/partner_hotel_nights"
MILES = "/funds/partner_airline_miles"
AWARD = {
    "code": "sample_award",
    "name": "Sample award",
    "public_name": "Travel help",
    "kind": "held",
    "unit": "cents",
    "organisation_set": "no",
    "period_start": "2026-11-01",
    "period_end": "2027-10-31",
    "award_number": "15PSAM-00-GG-00001",
    "assistance_listing": "99.999",
    "amount_transport": "6,000.00",
    "amount_meals": "1500",
    "reason": "awarded",
}


@pytest.fixture
def house(settled_db: Database, tmp_path: Path) -> Iterator[House]:
    with house_over(settled_db, tmp_path, lambda: NOW) as found:
        yield found


@pytest.fixture
def ada(house: House) -> TestClient:
    return signed_in(house, "ada")


def fund(house: House, code: str) -> queries.Fund:
    with house.db.read() as session:
        return queries.fund_called(session, code)


def test_staff_read_balances_and_only_finance_auditors_and_managers_read_the_rest(house: House) -> None:
    for username, opens in (("ana", False), ("noor", False), ("ben", True), ("dee", True), ("ada", True)):
        person = signed_in(house, username)
        listed = person.get("/funds")
        assert "Families read: Family Travel Fund." in text(listed)
        assert (f'href="{OURS}"' in listed.text) == opens
        assert person.get(OURS).status_code == (200 if opens else 403)


def test_only_whoever_keeps_the_funds_changes_them(house: House) -> None:
    for username in ("ana", "ben", "dee"):
        person = signed_in(house, username)
        assert person.post(f"{OURS}/freeze", data={"reason": "looked into"}).status_code == 403
        assert person.get("/funds/new").status_code == 403
        assert "Freeze it" not in text(person.get(OURS))
    assert fund(house, "domestic_reunification").state == "open"


def test_an_award_is_opened_and_shown_whole(house: House, ada: TestClient) -> None:
    shown = text(ada.post("/funds/new", data=AWARD))
    for said in (
        "The source is open.",
        "15PSAM-00-GG-00001",
        "99.999",
        "November 1, 2026 to October 31, 2027, 341 days left",
        "Last day to pay February 28, 2028",
        "$7,500.00 left to draw",
    ):
        assert said in shown
    assert fund(house, "sample_award").federal


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"code": "domestic_reunification"}, "Another funding source has this code"),
        ({"assistance_listing": ""}, "Write the assistance listing"),
        ({"period_end": ""}, "A federal award has a last day."),
        ({"amount_meals": "lots"}, "Write dollars and cents"),
        ({"name": "", "reason": ""}, "2 answers need another look"),
        ({"unit": "parsec"}, "Choose one of the list."),
        (
            {"amount_meals": "5", "kind": "elsewhere", "award_number": "", "assistance_listing": ""},
            "Only a held",
        ),
    ],
)
def test_what_does_not_fit_is_said_at_its_field_and_nothing_typed_is_lost(
    house: House, ada: TestClient, change: dict[str, str], said: str
) -> None:
    answer = ada.post("/funds/new", data=AWARD | change)
    assert answer.status_code == 422
    assert said in text(answer)
    assert 'value="Travel help"' in answer.text
    assert 'aria-invalid="true"' in answer.text
    with house.db.read() as session:
        assert "sample_award" not in {f.code for f in queries.all_funds(session)}


def test_terms_begin_as_they_are_and_are_changed(house: House, ada: TestClient) -> None:
    paced = {
        "release": "paced",
        "tranches": "12",
        "minimum_slice": "5.00",
        "minimum_grant": "20.00",
        "match_percent": "25",
        "soonest_first": "yes",
        "effective_from": "2026-11-25",
        "reason": "as the board decided",
    }
    assert "In 12 tranches" in text(ada.post(f"{OURS}/terms", data=paced))
    with house.db.read() as session:
        terms = terms_of(session, on=NOW.date())[fund(house, "domestic_reunification").id]
    assert (terms.release, terms.minimum_slice, terms.soonest_first) == (Release.PACED, 500, True)
    page = ada.get(OURS).text
    assert re.search(r'id="terms-minimum_slice"[^>]*value="5.00"', page)
    refused = ada.post(f"{OURS}/terms", data=paced | {"tranches": "1"})
    assert "Say how many tranches" in text(refused)


def test_a_condition_is_added_and_lifted(house: House, ada: TestClient) -> None:
    condition = {
        "budget_category": "transport",
        "cite": "Special condition 7",
        "effective_from": "2026-11-25",
        "text": "Travel abroad",
    }
    assert "Approval needed" in text(ada.post(f"{OURS}/condition", data=condition))
    lift = {
        "number": "1",
        "document": "Letter 14",
        "approved_on": "2026-11-26",
        "reason": "asked and granted",
    }
    assert "This day has not come yet" in text(ada.post(f"{OURS}/lift", data=lift))
    assert "Letter 14" in text(ada.post(f"{OURS}/lift", data=lift | {"approved_on": "2026-11-24"}))
    with house.db.read() as session:
        (kept,) = queries.conditions(session, NOW.date())[fund(house, "domestic_reunification").id]
    assert kept.lifted


def test_an_amendment_of_a_later_day_waits_for_it(ada: TestClient) -> None:
    said = {"budget_category": "meals", "authorized": "40,000", "reason": "amendment 1"}
    later = text(ada.post(f"{OURS}/amend", data=said | {"effective_from": "2026-12-01"}))
    assert "$40,000.00 December 1, 2026 Later" in later
    assert "Meals $30,000.00" in later
    now = text(ada.post(f"{OURS}/amend", data=said | {"effective_from": "2026-11-25"}))
    assert "Meals $40,000.00" in now


def test_money_is_drawn_up_to_what_is_authorized(ada: TestClient) -> None:
    ada.post("/funds/new", data=AWARD)
    said = {
        "amount": "7,500.01",
        "reference": "P-1",
        "cash": "cash_bank",
        "received_on": "2026-11-24",
        "reason": "needed now",
    }
    refused = ada.post("/funds/sample_award/draw", data=said)
    assert refused.status_code == 409
    assert "No more than $7,500.00 is authorized and not drawn yet." in text(refused)
    assert 'value="P-1"' in refused.text
    drawn = text(ada.post("/funds/sample_award/draw", data=said | {"amount": "500"}))
    assert "$500.00 more is on hand than is needed at once" in drawn


def test_limits_and_values_are_set_by_what_the_source_is_counted_in(house: House, ada: TestClient) -> None:
    from_today = {"effective_from": "2026-11-25", "reason": "agreed"}
    ada.post(f"{NIGHTS}/limit", data=from_today | {"scope": "trip", "budget_category": "", "at_most": "2"})
    ada.post(f"{OURS}/limit", data=from_today | {"scope": "lifetime", "budget_category": "", "at_most": "1"})
    with house.db.read() as session:
        limits = queries.limits(session, on=NOW.date())
    assert limits[fund(house, "partner_hotel_nights").id][Scope.TRIP] == 2
    assert limits[fund(house, "domestic_reunification").id][Scope.LIFETIME] == 1
    value = {"value": "125.50", "basis": "published rate", "effective_from": "2026-11-25"}
    assert "November 25, 2026: $125.50" in text(ada.post(f"{NIGHTS}/value", data=value))
    assert "only nights and miles are valued" in text(ada.post(f"{OURS}/value", data=value))


def test_a_period_is_extended_by_the_funders_paper(ada: TestClient) -> None:
    ada.post("/funds/new", data=AWARD)
    said = {"period_end": "2028-01-31", "liquidation_date": "", "document": "Notice 2", "reason": "more time"}
    shown = text(ada.post("/funds/sample_award/extend", data=said))
    assert "to January 31, 2028" in shown
    assert "Last day to pay May 30, 2028" in shown
    assert "To October 31, 2027, paid by February 28, 2028." in shown


def test_closing_with_something_open_is_refused_with_the_list(house: House, ada: TestClient) -> None:
    reference = submitted(house)
    refused = ada.post(f"{OURS}/close", data={"reason": "the year is over"})
    assert refused.status_code == 409
    assert f"{the_hold(house)}, transport: $" in text(refused)
    assert reference not in refused.text
    assert "the year is over" in refused.text
    assert "Closed for good." in text(ada.post(f"{MILES}/close", data={"reason": "over"}))
    assert fund(house, "partner_airline_miles").state == "closed"


def lists_read(house: House) -> int:
    with house.db.read() as session:
        asked = "SELECT count(*) FROM audit_entries WHERE subject = 'request' AND verb = 'read_list'"
        return int(session.scalar(sa.text(asked)) or 0)


def the_hold(house: House) -> str:
    """As people who may not read the case speak of it."""
    with house.db.read() as session:
        asked = (
            "SELECT hold.id FROM ledger_holds AS hold JOIN funding_sources AS fund ON fund.id = hold.fund_id "
            "WHERE fund.code = 'domestic_reunification' AND hold.budget_category = 'transport'"
        )
        return f"hold {str(session.scalar(sa.text(asked)))[:8]}"


def test_whose_request_lies_on_it_is_read_by_finance_alone_and_the_reading_is_kept(house: House) -> None:
    reference = submitted(house)
    for username in ("ada", "dee"):
        page = signed_in(house, username).get(OURS).text
        assert reference not in page
        assert the_hold(house).capitalize() in page
    before = lists_read(house)
    assert f"{reference}, air fare {the_hold(house)}" in text(signed_in(house, "ben").get(OURS))
    assert lists_read(house) == before + 1


def submitted(house: House) -> str:
    """A sample family's request, checked; its reference."""
    ana = PEOPLE_BY_NAME["ana"]
    with house.db.work() as session:
        by = Staff(staff_id(session, "ana"), ana.name, ana.roles, ana.team)
        made = intake.create(session, draft=sample_family("b", NOW.date()).draft, by=by, now=NOW)
        intake.submit(
            session,
            request_id=made.id,
            case_types=house.case_types,
            going_on="Entered again by a test.",
            by=by,
            now=NOW,
        )
    work_off(house)
    return made.reference


def test_a_frozen_source_is_thawed(house: House, ada: TestClient) -> None:
    for verb, state in (("freeze", "frozen"), ("thaw", "open")):
        ada.post(f"{OURS}/{verb}", data={"reason": "looked into"})
        assert fund(house, "domestic_reunification").state == state
    assert ada.post(f"{OURS}/thaw", data={"reason": "again"}).status_code == 409


def test_what_does_not_exist_is_not_found(ada: TestClient) -> None:
    assert ada.get("/funds/nothing").status_code == 404
    assert ada.get("/funds/a%00b").status_code == 404
    assert ada.post(f"{OURS}/burn", data={"reason": "why not"}).status_code == 404
