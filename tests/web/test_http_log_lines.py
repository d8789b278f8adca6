"""The lines the pages write: which route, how long, by whom; never the address or a word typed."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, NoReturn

import pytest
import sqlalchemy as sa

from reunify.adapters.embedded_postgres import Urls
from reunify.bootstrap import House
from reunify.db import Database
from reunify.logs import Line
from reunify.web.app import create
from tests.lasting import lasting_database
from tests.web.pages_world import TestClient, browser, house_over, signed_in

CLOCK = datetime(2026, 11, 25, 14, 0, tzinfo=UTC)
SECRET = "Qvortexquillfeather"


@pytest.fixture(scope="module")
def house(
    server: Urls, administrator: sa.Engine, settled_template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[House]:
    data = tmp_path_factory.mktemp("lines")
    with (
        lasting_database(server, administrator, settled_template) as db,
        house_over(db, data, lambda: CLOCK) as built,
    ):
        yield built


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> Iterator[list[dict[str, Any]]]:
    """Our own lines since the test began, filled as they are written."""
    found: list[dict[str, Any]] = []

    class Gathers(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if isinstance(record.msg, Line):
                found.append(dict(record.msg))

    gathers, ours = Gathers(), logging.getLogger("reunify")
    ours.addHandler(gathers)
    before, _ = ours.level, ours.setLevel(logging.INFO)
    yield found
    ours.removeHandler(gathers)
    ours.setLevel(before)


def answered(lines: list[dict[str, Any]]) -> list[tuple[str, str, int]]:
    return [(e["method"], e["route"], e["status"]) for e in lines if e["event"] == "answered"]


@pytest.mark.asvs("14.2.1", "16.2.5")
def test_a_line_names_the_pattern_and_never_the_address(house: House, lines: list[dict[str, Any]]) -> None:
    with browser(house) as client:
        client.get(f"/f/{SECRET}", follow_redirects=False)
        client.get(f"/{SECRET}", headers={"user-agent": SECRET, "referer": SECRET})
        client.get(f"/api/v1/requests/{SECRET}/progress?q={SECRET}")
        client.get(f"/static/{SECRET}")
        client.request("TRACE", f"/{SECRET}")
        client.post("/sign-in", data={"username": SECRET, "password": SECRET})
    assert answered(lines) == [
        ("GET", "/f/{token}", 303),
        ("GET", "none", 404),
        ("GET", "/api/v1/requests/{request_id}/progress", 401),
        ("GET", "/static", 404),
        ("other", "none", 405),
        ("POST", "/sign-in", 401),
    ]
    assert SECRET not in str(lines)


@pytest.mark.asvs("16.2.1", "16.3.1", "16.3.2")
def test_who_came_in_and_who_was_turned_away_is_told_by_id(house: House, lines: list[dict[str, Any]]) -> None:
    ana = signed_in(house, "ana")
    assert ana.get("/finance").status_code == 403
    with house.db.read() as session:
        ana_id = str(session.scalar(sa.text("SELECT id FROM staff WHERE username = 'ana'")))
    signed = [e for e in lines if e["event"] == "at_the_door"]
    assert [(e["verb"], e["piece"]) for e in signed] == [("sign_in", ana_id)]
    refused = [e for e in lines if e["event"] == "refused"]
    assert [(e["status"], e["route"]) for e in refused] == [(403, "/finance")]
    last = lines[-1]
    assert (last["event"], last["staff"], last["route"]) == ("answered", ana_id, "/finance")
    assert last["ms"] >= 0
    assert last["call"] == refused[0]["call"]
    assert "Ana" not in str(lines)


@pytest.mark.asvs("16.3.1")
def test_a_wrong_password_is_told_by_id_and_an_unknown_name_by_nothing(
    house: House, lines: list[dict[str, Any]]
) -> None:
    with browser(house) as client:
        client.post("/sign-in", data={"username": "ben", "password": "this is not it at all"})
        client.post("/sign-in", data={"username": SECRET, "password": "this is not it at all"})
    assert [e["verb"] for e in lines if e["event"] == "at_the_door"] == ["wrong_password"]
    assert answered(lines) == [("POST", "/sign-in", 401)] * 2


class BrokenDatabase(Database):
    def read(self) -> NoReturn:
        raise RuntimeError(f"the row of {SECRET} is in the way")

    work = read  # type: ignore[assignment]


@pytest.mark.asvs("16.5.1", "16.5.3")
def test_the_number_on_an_error_page_is_the_number_of_its_lines(
    house: House, lines: list[dict[str, Any]]
) -> None:
    broken = dataclasses.replace(house, db=BrokenDatabase(house.db.url))
    with TestClient(create(broken), base_url="https://testserver") as client:
        answer = client.get("/api/v1/requests", headers={"authorization": f"Bearer {SECRET}"})
    number = answer.headers["x-request-id"]
    assert answer.status_code == 500
    assert answer.json()["instance"] == number
    assert number in answer.json()["detail"]
    assert [(e["event"], e["call"]) for e in lines] == [("unexpected", number), ("answered", number)]
    assert lines[0]["kind"] == "RuntimeError"
    assert lines[0]["route"] == "/api/v1/requests"
    assert SECRET not in str(lines) + answer.text


@pytest.mark.asvs("16.4.1")
@pytest.mark.parametrize("path", ["/a%0d%0a{}", "/%1b[31m", "/\u2028", '/"},{"event":"forged"}'])
def test_nothing_a_caller_sends_can_forge_a_line(
    house: House, lines: list[dict[str, Any]], path: str
) -> None:
    with browser(house) as client:
        client.get(path, headers={"x-request-id": "forged", "user-agent": "forged\tforged"})
    assert len(lines) in (1, 2)
    assert "forged" not in str(lines)
    assert "\n" not in str(lines)
