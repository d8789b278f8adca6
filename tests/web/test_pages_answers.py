"""The request's page: each source's answer in words, what a person may decide, and loans last and closed."""

from __future__ import annotations

import copy
import re
from datetime import date
from typing import Any
from uuid import UUID

import pytest

from reunify.bootstrap import House
from reunify.intake import queries as intake
from reunify.rules.library import shipped
from reunify.sandbox.families import sample_family
from tests.web.pages_world import AGAIN, TestClient, as_sent, signed_in, text, work_off

BOY, FATHER, ABOVE, NO_REPORT = (sample_family(x, date(2026, 11, 25)).draft for x in "bdef")
LOANS = sorted(s for s, versions in shipped().versions.items() if versions[-1].loan)


@pytest.fixture
def ana(house: House) -> TestClient:  # its own: nothing else has been asked of this browser
    return signed_in(house, "ana")


def submitted(ana: TestClient, house: House, draft: dict[str, Any], **told: str) -> str:
    kept = ana.post("/api/v1/requests", json=copy.deepcopy(draft) | {"told": told}).json()
    answer = ana.post(f"/api/v1/requests/{kept['id']}/submission", json=AGAIN)
    assert answer.status_code == 202, answer.text
    work_off(house)
    return f"/requests/{kept['id']}"


def decide(ana: TestClient, house: House, page: str, requirement: str, decision: str) -> str:
    body = {"requirement": requirement, "decision": decision, "reason": "Officer Diaz read it to me."}
    answer = ana.post(f"{page}/decisions", data=body)
    assert answer.status_code == 200, answer.text
    work_off(house)
    return text(ana.get(page))


def test_each_source_says_its_answer_in_words_with_its_limits_and_order(
    ana: TestClient, house: House
) -> None:
    said = text(ana.get(submitted(ana, house, BOY)))
    assert "This fund may pay what is listed below." in said
    assert "Unlikely to pay. It never refuses anyone here." in said
    assert "(lower first)" in said
    assert "Hand-off." in said


def test_loans_stand_last_closed_with_what_they_cost(ana: TestClient, house: House) -> None:
    assert LOANS
    page = ana.get(submitted(ana, house, BOY)).text
    _, _, after = page.partition("Repayable loans: only when a person asks")
    assert after
    assert re.findall(r"<details([^>]*)>\s*<summary>Repayable loans", page) == [' class="part"']  # closed
    assert "What it costs whoever signs" in after
    assert 'aria-labelledby="source-' not in after  # nothing comes after them


def test_what_may_be_attested_is_offered_kept_shown_and_taken_back(ana: TestClient, house: House) -> None:
    page = submitted(ana, house, NO_REPORT)
    assert "and it may be attested" in text(ana.get(page))
    said = decide(ana, house, page, "DR-04", "attested")
    assert "Awaiting approval" in said
    assert "This fund may pay now; something is still owed." in said
    assert "by December 5, 2026" in said
    assert "Take it back" in said
    assert "Question open" in decide(ana, house, page, "DR-04", "not_met")


def test_a_decision_nobody_may_take_is_refused_in_words(ana: TestClient, house: House) -> None:
    page = submitted(ana, house, NO_REPORT)
    for requirement, decision in (
        ("DR-07", "met"),
        ("DR-02", "not_met"),
        ("DR-07", "attested"),
        ("ZZ-01", "met"),
    ):
        body = {"requirement": requirement, "decision": decision, "reason": "Because I say so."}
        assert ana.post(f"{page}/decisions", data=body).status_code == 422
    assert "Question open" in text(ana.get(page))


def test_what_would_change_a_no_is_shown_to_staff_and_marked_for_whom(ana: TestClient, house: House) -> None:
    said = text(ana.get(submitted(ana, house, ABOVE)))
    assert "What would change it" in said
    assert "for staff only" in said


def test_a_fact_without_a_field_is_asked_by_its_type_and_its_answer_is_kept(
    ana: TestClient, house: House
) -> None:
    page = submitted(ana, house, BOY)
    shown = ana.get(page)
    assert 'type="radio" id="f-told-violent_crime-yes" name="/told/violent_crime" value="yes"' in shown.text
    assert as_sent(shown)["/told/violent_crime"] == "unknown"
    answer = ana.post(f"{page}/answers", data={"/told/crime_place": "texas", "/told/violent_crime": "yes"})
    assert "The answers are kept." in text(answer)
    with house.db.read() as session:
        newest = intake.newest_version(session, UUID(page.rpartition("/")[2]))
    assert newest.content.told == {"crime_place": "texas", "violent_crime": "yes"}


@pytest.mark.parametrize(
    ("pointer", "value", "remedy"),
    [
        ("/told/violent_crime", "perhaps-4711", "Write yes or no."),
        ("/told/one_way_miles", "4711 km", "Write a whole number 0..20000."),
        ("/told/shoe_size", "4711", "No rule asks for this fact."),
    ],
)
def test_the_api_refuses_a_wrong_answer_at_its_place_and_never_repeats_it(
    ana: TestClient, house: House, pointer: str, value: str, remedy: str
) -> None:
    page = submitted(ana, house, BOY)
    answer = ana.post(f"/api/v1{page}/answers", json={"answers": {pointer: value}})
    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert (error["pointer"], error["detail"].startswith(remedy)) == (pointer, True)
    assert "4711" not in answer.text


def test_the_api_tells_each_answer_with_its_reasons_and_none_of_the_familys_own_values(
    ana: TestClient, house: House
) -> None:
    page = submitted(ana, house, ABOVE)
    told = ana.get(f"/api/v1{page}/progress").json()["sources"]
    by_name = {s["source"]: s for s in told}
    assert [s["source"] for s in told][-len(LOANS) :] == LOANS
    fund = by_name["domestic_reunification"]
    assert (fund["answer"], fund["in_words"]) == ("ineligible", "This fund cannot pay.")
    assert fund["payer_order"]["tier"] > by_name["partner_hotel_nights"]["payer_order"]["tier"]
    assert {r["id"]: r["outcome"] for r in fund["requirements"]}["DR-05"] == "not_met"
    assert any(not c["for_family"] for c in fund["changes"])
    assert by_name["interstate_compact"]["hand_off"]["staff"]
    ben = signed_in(house, "ben").get(f"/api/v1{page}/progress").json()
    assert ben["sources"] == []
