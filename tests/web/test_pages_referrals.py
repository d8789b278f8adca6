"""Others who can help, and the words no family reads: added, checked again and ended by staff, over HTTP."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
import sqlalchemy as sa

from reunify.adapters.embedded_postgres import Urls
from reunify.bootstrap import House
from reunify.documents import trips
from reunify.intake import queries as intake
from reunify.referrals import queries
from reunify.sandbox.families import sample_family
from tests.lasting import lasting_database
from tests.web.pages_world import TestClient, browser, house_over, signed_in, text

NOW = datetime(2026, 11, 25, 14, 0, tzinfo=UTC)
SHELTER = {
    "/kind": "lodging",
    "/what_en": "Lantern House: a bed for tonight",
    "/what_es": "Casa Linterna: una cama para esta noche",
    "/phone": "1-800-555-0172",
    "/hours_en": "day and night",
    "/hours_es": "de día y de noche",
    "/area": "",
    "/speaks": "en",
    "/told": "paper",
    "/note": "Marta answered",
}
PARENTS = SHELTER | {
    "/kind": "peer_support",
    "/what_en": "Parents who have been through it",
    "/what_es": "Padres que ya pasaron por esto",
    "/phone": "1-800-555-0173",
    "/told": "private",
}


class Clock:
    at = NOW

    def __call__(self) -> datetime:
        return self.at


@pytest.fixture(scope="module")
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="module")
def house(
    clock: Clock,
    server: Urls,
    administrator: sa.Engine,
    settled_template: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[House]:
    """One house for all; the tests are read in their order."""
    data: Path = tmp_path_factory.mktemp("referrals")
    with (
        lasting_database(server, administrator, settled_template) as db,
        house_over(db, data, clock) as built,
    ):
        yield built


@pytest.fixture(scope="module")
def ana(house: House) -> TestClient:
    return signed_in(house, "ana")


def ids(house: House) -> list[UUID]:
    with house.db.read() as session:
        return [r.id for r in queries.kept(session)]


def test_what_would_tell_a_stranger_or_hurt_a_family_is_not_added(house: House, ana: TestClient) -> None:
    tells = PARENTS | {"/told": "paper", "/hours_es": "", "/phone": "ask me", "/area": "tx", "/speaks": ""}
    tells |= {"/hours_en": "nights, for teens"}
    refused = ana.post("/referrals", data=tells | {"/what_es": "Ayuda a víctimas"})
    assert refused.status_code == 422
    said = text(refused)
    for sentence in (
        '"Parents" tells a stranger why the family travels',
        '"teens" tells a stranger why the family travels',
        'Not "víctimas": safety, dignity, strangers.',
        "Write it in both languages",
        "Write the number as it is dialled",
        "Write two capital letters like TX",
        "Choose in which language somebody answers",
    ):
        assert sentence in said
    assert "Remove hidden" in text(ana.post("/referrals", data=SHELTER | {"/hours_en": "at\x00night"}))
    for note in ("", "Marta\x00", "x" * 201):
        assert "Say how it was checked" in text(ana.post("/referrals", data=SHELTER | {"/note": note}))
    assert ids(house) == []


def test_paper_has_the_neutral_ones_the_page_behind_the_pin_all_of_them(
    house: House, ana: TestClient
) -> None:
    for entry in (SHELTER, PARENTS, SHELTER | {"/what_en": "Only in Idaho", "/area": "ID"}):
        assert "Added." in text(ana.post("/referrals", data=entry))
    kept = ana.post("/api/v1/requests", json=sample_family("b", NOW.date()).draft).json()["id"]
    assert ana.post(f"/api/v1/requests/{kept}/submission").status_code == 202
    made = ana.post(f"/requests/{kept}/links", data={"reader": "mother"})
    _, code, pin = re.findall(r'class="(?:secret|code)[^"]*">([^<]+)<', made.text)
    with browser(house) as phone:
        inside = phone.post("/go", data={"code": code, "pin": pin, "lang": "es"})
    assert "Padres que ya pasaron por esto 1-800-555-0173 de día y de noche Contestan en inglés." in text(
        inside
    )
    assert "Comprobamos este número el 25 de noviembre de 2026." in text(inside)
    with house.db.read() as session:
        version = intake.newest_version(session, intake.request(session, UUID(kept)).id)
        heading = trips.heading_of(session, version.request_id, version.content, signer="Ana", now=NOW)
    assert [r.entry.what_en for r in heading.support if r.entry.neutral] == [SHELTER["/what_en"]]


def test_a_word_staff_add_is_found_where_it_stands_and_refused_until_it_is_taken_back(
    house: House, ana: TestClient
) -> None:
    assert "In none of the" in text(ana.get("/words"))
    word = {"/language": "en", "/word": "Bed*", "/because": "a test of ours", "/say": "a place to sleep"}
    assert "five words of letters" in text(ana.post("/words", data=word | {"/word": ".*"}))
    assert "bed*" in text(ana.post("/words", data=word))
    refused = ana.post("/referrals", data=SHELTER)
    assert 'Not "bed": a test of ours. Say: a place to sleep.' in text(refused)
    added = re.findall(r"/words/([0-9a-f-]{36})/taken-back", ana.get("/words").text)
    for why in ("", "It\x00was"):
        assert "Say why" in text(ana.post(f"/words/{added[0]}/taken-back", data={"because": why}))
    assert "may be said again" in text(ana.post(f"/words/{added[0]}/taken-back", data={"because": "It was"}))
    assert ana.post(f"/words/{added[0]}/taken-back", data={"because": "Twice"}).status_code == 404
    assert "Added." in text(ana.post("/referrals", data=SHELTER))
    assert "Plane in letters (phrases _COSTS): “Plane ticket”" in text(
        ana.post("/words", data=word | {"/word": "plane"})
    )


def test_one_that_nobody_checks_is_asked_for_then_told_to_nobody_and_told_again_once_checked(
    house: House, clock: Clock
) -> None:
    clock.at = NOW + timedelta(days=211)
    again = signed_in(house, "ana")
    with house.db.read() as session:
        assert queries.for_family(session, states=["ID"], on=clock.at.date()) == []
    assert "Others who can help (4) 4 to be called again" in text(again.get("/"))
    assert text(again.get("/referrals")).count("Told to nobody") == 4
    first, second, *_ = ids(house)
    assert "Say how it was checked" in text(again.post(f"/referrals/{first}/verified", data={"note": ""}))
    assert "right today" in text(again.post(f"/referrals/{first}/verified", data={"note": "Marta again"}))
    assert "Taken off" in text(again.post(f"/referrals/{second}/retired", data={"note": "No such number"}))
    late = again.post(f"/referrals/{second}/verified", data={"note": "I was slower"})
    assert late.status_code == 409
    assert "A colleague has taken it off the list" in text(late)
    with house.db.read() as session:
        assert [r.id for r in queries.for_family(session, states=["ID"], on=clock.at.date())] == [first]
    assert signed_in(house, "ben").post(f"/referrals/{first}/retired", data={"note": "x"}).status_code == 403
