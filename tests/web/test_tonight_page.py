"""The emergency form on a phone: one page without a script, nothing typed is lost, one press submits."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest

from reunify.bootstrap import House
from reunify.db import Database
from reunify.intake import queries as intake
from reunify.intake import tonight
from reunify.intake.policy import Lane
from tests.emergencies import night_answers, typed
from tests.web.pages_world import TestClient, as_sent, house_over, signed_in, text

NIGHT = datetime(2026, 11, 26, 7, 7, tzinfo=UTC)  # 02:07 in Atlanta


@pytest.fixture
def house(settled_db: Database, tmp_path: Path) -> Iterator[House]:
    with house_over(settled_db, tmp_path, lambda: NIGHT) as house:
        yield house


@pytest.fixture
def ana(house: House) -> TestClient:
    return signed_in(house, "ana")


def test_the_page_asks_twelve_answers_and_the_return_authority_and_nothing_else(ana: TestClient) -> None:
    page = ana.get("/requests/tonight")
    asked = {name for name in as_sent(page) if name.startswith("/")}
    assert {name for name in asked if not name.startswith("/return_authority/")} == {
        f"/{name}" for name in tonight.ANSWERS
    }
    assert "12 answers" in text(page)


def test_one_press_submits_it_into_the_emergency_lane(ana: TestClient, house: House) -> None:
    page = ana.post("/requests/tonight", data=typed(night_answers()))
    assert page.status_code == 200, text(page)
    assert "Submitted for tonight" in text(page)
    request_id = UUID(page.url.path.split("/")[-1])
    with house.db.read() as session:
        kept = intake.request(session, request_id)
        assert (kept.state, kept.lane) == ("submitted", Lane.EMERGENCY)
        assert intake.newest_number(session, request_id) == 1


def test_what_is_wrong_is_named_at_its_field_and_nothing_typed_is_lost(ana: TestClient, house: House) -> None:
    said = typed(night_answers()) | {"/adult_home": "El Paso, TX", "/seat_cents": "about three hundred"}
    page = ana.post("/requests/tonight", data=said)
    assert page.status_code == 422
    assert "One seat, one way: Write dollars and cents, like 1284.50." in text(page)
    shown = as_sent(page)
    assert {name: shown[name] for name in said} == said
    page = ana.post("/requests/tonight", data=said | {"/seat_cents": "318.20"})
    assert "Where the adult sets out: Two clocks divide this state: add the ZIP code" in text(page)
    with house.db.read() as session:
        assert intake.requests(session) == []


def test_a_decision_without_its_facts_is_refused_beside_the_fact(ana: TestClient, house: House) -> None:
    said = typed(night_answers(authority={"called_back": "unknown"}))
    page = ana.post("/requests/tonight", data=said)
    assert page.status_code == 422
    assert "Called back on a number we looked up: Answer yes or no" in text(page)
    with house.db.read() as session:
        assert intake.requests(session) == []


def test_the_same_boy_twice_goes_on_only_with_a_reason_and_keeps_what_was_typed(ana: TestClient) -> None:
    said = typed(night_answers())
    ana.post("/requests/tonight", data=said)
    page = ana.post("/requests/tonight", data=said)
    assert page.status_code == 422
    again = as_sent(page)
    assert {name: again[name] for name in said} == said
    assert again["/overlap_reason"] == ""
    page = ana.post("/requests/tonight", data=again | {"/overlap_reason": "The first one was for a bus."})
    assert "Submitted for tonight" in text(page)


def test_the_api_keeps_nothing_of_what_it_refuses(ana: TestClient, house: House) -> None:
    answer = ana.post("/api/v1/emergencies", json=night_answers(departs="2026-11-26T00:06"))
    assert answer.status_code == 422
    assert answer.json()["errors"] == [
        {"pointer": "/departs", "detail": "This flight has left. Name the next one."}
    ]
    with house.db.read() as session:
        assert intake.requests(session) == []


def test_only_a_case_manager_opens_it(house: House) -> None:
    for who in ("ben", "dee", "ada"):
        assert signed_in(house, who).get("/requests/tonight").status_code == 403, who
