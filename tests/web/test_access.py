"""Every door of the house: who may pass, what a stranger gets, and what no answer ever gives away."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NoReturn
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from httpx import Response

from reunify.adapters.embedded_postgres import Urls
from reunify.bootstrap import House
from reunify.db import Database
from reunify.identity import queries
from reunify.kernel.people import System
from reunify.notices import outbox
from reunify.notices.policy import Channel, Kind
from reunify.sandbox.families import sample_families
from reunify.sandbox.people import PEOPLE
from reunify.web.audience import STAFF_COOKIE, anyone
from reunify.web.shield import HEADERS, LARGEST_BODY
from tests.apps import app_of
from tests.lasting import lasting_database
from tests.web.doors import OWN_SESSION, PUBLIC, Door, doors
from tests.web.pages_world import AGAIN, TestClient, browser, house_over, signed_in, work_off

CLOCK = datetime(2026, 11, 25, 14, 0, tzinfo=UTC)
SAFE = {"GET", "HEAD"}
BOOKS = ("/awards/{award_id}/bookings", "/awards/{award_id}/acknowledgement")
MARK = "Zyxwvut-Quillfeather"


# The house, lived in ------------------------------------------------------------------------------------
@dataclass
class Manor:
    """A house with a paid family, one waiting for approval and one to be refused; an id for each address."""

    house: House
    ids: dict[str, str]
    link: str
    pin: str

    def address(self, door: Door) -> str:
        """A page to edit is a draft's; everything else is of the family on its way."""
        request = self.ids["draft_id" if door.path.endswith("/edit") else "request_id"]
        return door.path.format(**door.invented_ids() | self.ids | {"request_id": request})

    def everything(self) -> dict[str, str]:
        """A fingerprint of every table's rows."""
        with self.house.db.read() as session:
            ours = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> :not_ours"
            tables = session.scalars(sa.text(ours), {"not_ours": "alembic_version"})
            return {
                t: session.scalar(
                    sa.text(
                        f"SELECT count(*) || md5(coalesce(string_agg(x::text, '' ORDER BY x::text), ''))"
                        f' FROM "{t}" x'
                    )
                )
                for t in tables.all()
            }


@pytest.fixture(scope="module")
def manor(
    server: Urls, administrator: sa.Engine, settled_template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Manor]:
    data = tmp_path_factory.mktemp("manor")
    with (
        lasting_database(server, administrator, settled_template) as db,
        house_over(db, data, lambda: CLOCK) as house,
    ):
        yield _lived_in(house)


def _lived_in(house: House) -> Manor:
    told = {f.letter: f.draft for f in sample_families(CLOCK.date())}
    ana, ben, carla = (signed_in(house, name) for name in ("ana", "ben", "carla"))
    requests = {}
    for letter in ("b", "d", "e"):
        requests[letter] = ana.post("/api/v1/requests", json=told[letter]).json()["id"]
        assert ana.post(f"/api/v1/requests/{requests[letter]}/submission", json=AGAIN).status_code == 202
    work_off(house)
    progress = {k: ana.get(f"/api/v1/requests/{r}/progress").json() for k, r in requests.items()}
    award = progress["b"]["award"]["id"]
    assert ben.post(f"/api/v1/awards/{award}/approval").status_code == 200
    assert carla.post(f"/api/v1/awards/{award}/release").status_code == 200
    work_off(house)
    paid = ana.get(f"/api/v1/requests/{requests['b']}/progress").json()
    link = ana.post(f"/api/v1/requests/{requests['b']}/family-link").json()
    ids = {
        "request_id": requests["b"],
        "draft_id": ana.post("/api/v1/requests", json=told["f"]).json()["id"],
        "award_id": progress["d"]["award"]["id"],
        "refusal_id": progress["e"]["refusal"]["id"],
        "instruction_id": paid["instructions"][0]["id"],
        "document_id": paid["documents"][0]["id"],
        "notice_id": _told_of(house, progress["d"]),
        "difference_id": str(uuid4()),
        "format": "pdf",
        "token": "a-link-nobody-made",
    }
    return Manor(house, ids, link["token"], link["pin"])


def _told_of(house: House, progress: dict[str, Any]) -> str:
    """A text that reached nobody, about the award that waits."""
    request_id, award_id = progress["id"], progress["award"]["id"]
    with house.db.work() as session:
        outbox.plan(
            session,
            move="doors",
            kind=Kind.CANCEL_BY,
            channel=Channel.TEXT,
            staff_id=queries.staff_id(session, "ana"),
            request_id=UUID(request_id),
            award_id=UUID(award_id),
            never="no_number",
            by=System("notices"),
            now=CLOCK,
        )
        return str(session.scalar(sa.text("SELECT id FROM notices WHERE move = 'doors'")))


@contextmanager
def stranger(house: House) -> Iterator[TestClient]:
    with TestClient(app_of(house), base_url="https://testserver", follow_redirects=False) as client:
        yield client


# Who may pass -------------------------------------------------------------------------------------------
def test_every_route_says_who_may_pass_and_the_public_ones_are_these(manor: Manor) -> None:
    found = doors(manor.house)
    assert len(found) > 40
    for door in found:
        if anyone in door.calls:
            assert door.public, f"{door.name} is open to everybody: is that meant?"
        elif not door.public:
            assert door.audiences or door.for_family, f"{door.name} does not say who may pass"
    assert {d.name for d in found} >= PUBLIC


def test_every_address_of_the_walk_exists(manor: Manor) -> None:
    """So that the walks below test doors and not walls."""
    people = [signed_in(manor.house, name) for name in ("ana", "ben")]
    for door in doors(manor.house):
        passes = not door.roles or any(door.roles & p.roles for p in PEOPLE if p.username in ("ana", "ben"))
        if (
            door.method == "GET"
            and door.audiences
            and passes
            and door.invented_ids().keys() <= manor.ids.keys()
        ):
            assert 200 in {p.get(manor.address(door)).status_code for p in people}, door.name


@pytest.mark.parametrize("carries", ["nothing", "an invented token", "an invented cookie"])
@pytest.mark.asvs("7.2.1", "8.3.1")
def test_a_stranger_gets_past_no_door(manor: Manor, carries: str) -> None:
    invented = "i-made-this-up-myself-and-it-is-long-enough"
    headers = {"sec-fetch-site": "same-origin"}
    if carries == "an invented token":
        headers["authorization"] = f"Bearer {invented}"
    before = manor.everything()
    with stranger(manor.house) as nobody:
        if carries == "an invented cookie":
            nobody.cookies.update({STAFF_COOKIE: invented, "__Host-family": invented})
        for door in doors(manor.house):
            if not door.public:
                answer = nobody.request(door.method, manor.address(door), headers=headers, json={})
                _is_turned_away(door, answer)
    assert manor.everything() == before


def _is_turned_away(door: Door, answer: Response) -> None:
    if door.is_api or door.for_family or door.method not in SAFE:
        assert answer.status_code == 401, door.name
    else:
        assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in"), door.name
    if door.is_api:
        assert answer.headers["content-type"] == "application/problem+json"
    if door.for_family:
        assert "You did nothing wrong." in answer.text


def test_an_auditor_changes_nothing_but_her_own_session(manor: Manor) -> None:
    dee = signed_in(manor.house, "dee")
    before = manor.everything()
    for door in doors(manor.house):
        theirs = door.public or door.for_family or door.name in OWN_SESSION
        if door.method not in SAFE | {"MOUNT"} and not theirs:
            answer = dee.request(door.method, manor.address(door), json={})
            assert answer.status_code == 403, door.name
    after = manor.everything()
    assert {t for t in after if after[t] != before[t]} <= {"staff_sessions"}


def test_a_case_manager_reaches_no_decision_over_money(manor: Manor) -> None:
    ana = signed_in(manor.house, "ana")
    of_awards = [d for d in doors(manor.house) if d.method == "POST" and "/awards/" in d.path]
    decides = [d for d in of_awards if not d.path.endswith(BOOKS)]  # at or under the ceiling nobody is asked
    assert len(decides) >= 8
    for door in decides:
        assert ana.post(manor.address(door), json={"reason": "no"}).status_code == 403, door.name


def test_a_family_session_opens_no_staff_door(manor: Manor) -> None:
    phone = family_phone(manor)
    for door in doors(manor.house):
        if not door.public and not door.for_family:
            answer = phone.request(door.method, manor.address(door), json={}, follow_redirects=False)
            assert answer.status_code in (401, 303), door.name


def family_phone(manor: Manor) -> TestClient:
    phone = browser(manor.house)
    phone.get(f"/f/{manor.link}")
    assert phone.post("/family", data={"pin": manor.pin}).status_code == 200
    return phone


# Reading changes nothing --------------------------------------------------------------------------------
@pytest.mark.asvs("3.5.3")
def test_reading_changes_nothing_but_the_record_that_somebody_read(manor: Manor) -> None:
    clients = [*(signed_in(manor.house, name) for name in ("ana", "ben", "dee")), family_phone(manor)]
    before, noted = manor.everything(), _audited(manor)
    for door in doors(manor.house):
        if door.method == "GET" and not door.path.startswith("/f/") and door.path != "/family/leave":
            for client in clients:
                assert client.get(manor.address(door)).status_code in (200, 303, 401, 403, 404), door.name
    after = manor.everything()
    # `staff_sessions` keeps when a person was last there; `audit_entries` that a family's papers were read;
    # `call_counts` how often a place asked whether a paper is ours.
    changed = {t for t in after if after[t] != before[t]}
    assert changed <= {"staff_sessions", "audit_entries", "call_counts"}
    assert set(_audited(manor)[len(noted) :]) <= {"read", "read_list", "download"}


def _audited(manor: Manor) -> list[str]:
    with manor.house.db.read() as session:
        return list(session.scalars(sa.text("SELECT verb FROM audit_entries ORDER BY id")))


# Calls from other sites ---------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "origin",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "cross-site", "origin": "https://testserver"},
        {"origin": "https://elsewhere.example"},
        {"origin": "https://testserver.elsewhere.example"},
        {"origin": "null"},
        {},
    ],
)
def test_a_call_with_a_cookie_from_another_site_is_refused_everywhere(
    manor: Manor, origin: dict[str, str]
) -> None:
    ben = signed_in(manor.house, "ben")
    cookie = "; ".join(f"{name}={value}" for name, value in ben.cookies.items())
    before = manor.everything()
    with stranger(manor.house) as elsewhere:
        for door in doors(manor.house):
            if door.method not in SAFE | {"MOUNT"}:
                answer = elsewhere.request(
                    door.method, manor.address(door), headers={"cookie": cookie, **origin}, json={}
                )
                assert answer.status_code == 403, door.name
    assert manor.everything() == before


# What every answer carries ------------------------------------------------------------------------------
class BrokenDatabase(Database):
    """Fails in words that must not be heard outside."""

    def work(self, *, wake: bool = False) -> NoReturn:
        raise RuntimeError(f"the row of {MARK} is in the way")

    def read(self) -> NoReturn:
        raise RuntimeError(f"the row of {MARK} is in the way")


def test_every_answer_is_guarded_the_refusals_too(manor: Manor) -> None:
    ana = signed_in(manor.house, "ana")
    answers = {
        200: ana.get("/"),
        201: ana.post("/api/v1/requests", json={}),
        303: ana.get("/f/anything", follow_redirects=False),
        401: browser(manor.house).get("/api/v1/requests"),
        403: ana.get("/finance"),
        404: ana.get("/nowhere"),
        405: ana.post("/funds"),
        409: ana.post(f"/api/v1/requests/{manor.ids['request_id']}/submission"),
        413: ana.post("/api/v1/requests", content=b"x" * (LARGEST_BODY + 1)),
        422: ana.post("/api/v1/requests", json=["not", "a", "request"]),
        500: browser(broken(manor.house)).get("/api/v1/requests", headers={"authorization": "Bearer x"}),
    }
    cross = ana.post("/sign-out", headers={"sec-fetch-site": "cross-site"})
    for status, answer in [*answers.items(), (403, cross)]:
        assert answer.status_code == status
        assert answer.headers["cache-control"] == "no-store", status
        assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS, status
    for path in ("/static/staff.css", "/static/nothing.css"):
        answer = ana.get(path)
        assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS


def broken(house: House) -> House:
    return dataclasses.replace(house, db=BrokenDatabase(house.db.url))


@pytest.mark.parametrize("path", ["/api/v1/requests", "/", "/documents/{document_id}/pdf", "/family"])
@pytest.mark.asvs("16.3.4", "16.5.1")
def test_our_own_fault_says_a_number_and_nothing_else_and_the_server_never_sees_the_words(
    manor: Manor, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The server prints an exception that reaches it with its text, so none may reach it."""
    with caplog.at_level(logging.DEBUG), stranger(broken(manor.house)) as client:
        answer = client.get(path.format(**manor.ids), headers={"authorization": "Bearer x"})
    assert answer.status_code == 500
    assert "Nothing was lost." in answer.text
    assert MARK not in answer.text + caplog.text
    assert "RuntimeError" in caplog.text


# Too large ----------------------------------------------------------------------------------------------
LARGE = [
    ("/api/v1/requests", "application/json"),
    ("/requests/new", "application/x-www-form-urlencoded"),
    ("/sign-in", "application/x-www-form-urlencoded"),
    ("/requests/new", "multipart/form-data; boundary=edge"),
    ("/webhooks/stripe", "application/json"),
]


@pytest.mark.parametrize(("path", "kind"), LARGE)
@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.asvs("2.2.2")
def test_more_than_a_mebibyte_is_refused_however_it_is_sent(
    manor: Manor, path: str, kind: str, chunked: bool
) -> None:
    whole = b'--edge\r\ncontent-disposition: form-data; name="a"\r\n\r\n' + b"1" * (LARGEST_BODY + 1)
    parts = (whole[at : at + 65_536] for at in range(0, len(whole), 65_536))
    ana = signed_in(manor.house, "ana")
    answer = ana.post(path, content=parts if chunked else whole, headers={"content-type": kind})
    assert ("content-length" in answer.request.headers) is not chunked
    assert (answer.status_code, answer.text) == (413, "This is too large.")


def test_a_body_just_within_the_limit_is_read(manor: Manor) -> None:
    ana = signed_in(manor.house, "ana")
    body = b'{"purpose": "' + b"a" * (LARGEST_BODY - 15) + b'"}'
    assert len(body) == LARGEST_BODY
    answer = ana.post("/api/v1/requests", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 422


# Nothing said is said back ------------------------------------------------------------------------------
WRONG_VALUES: list[Any] = [
    MARK,
    [MARK],
    {"nothing": MARK},
    f"{MARK}\x00",
    f"<script>{MARK}</script>",
    [[MARK] * 3],
]
WRONG_FIELDS = ["purpose", "case", "household", "travelers", "legs", "payees", "cost_lines", "asked_by"]


@pytest.mark.parametrize("value", WRONG_VALUES, ids=range(len(WRONG_VALUES)))
@pytest.mark.asvs("2.2.1", "2.2.2")
def test_a_refused_value_is_never_said_back(manor: Manor, value: Any) -> None:
    ana, ben = signed_in(manor.house, "ana"), signed_in(manor.house, "ben")
    ids = manor.ids
    answers = [ana.post("/api/v1/requests", json={field: value}) for field in WRONG_FIELDS]
    answers += [
        ana.post("/api/v1/requests", json={"case": {"child": {"birth_date": value}}}),
        ana.post("/api/v1/requests", json={"household": {"yearly_income_cents": value}}),
        ana.post("/api/v1/requests", json=[value]),
        ana.post("/api/v1/requests", content=f'{{"a": "{MARK}', headers={"content-type": "application/json"}),
        ana.put(f"/api/v1/requests/{uuid4()}", json={}, headers={"if-match": MARK}),
        ana.post(f"/api/v1/requests/{ids['request_id']}/answers", json={"answers": value}),
        ana.post(f"/api/v1/requests/{ids['request_id']}/answers", json={"answers": {"/purpose": value}}),
        ben.post(f"/api/v1/awards/{ids['award_id']}/decline", json={"reason": {"x": value}}),
        ben.post(f"/api/v1/payments/{ids['instruction_id']}/record", json={"paid_on": value, "evidence": 1}),
        ben.post("/api/v1/sessions", json={"username": value, "password": {"p": value}}),
        ana.get(f"/api/v1/requests/{MARK}"),
        ana.get(f"/api/v1/{MARK}"),
        ana.get(f"/{MARK}"),
    ]  # fmt: skip
    for answer in answers:
        assert 400 <= answer.status_code < 500, answer.request.url
        assert MARK not in answer.text, answer.request.url
        assert MARK not in str(answer.headers.multi_items())
        if "/api/" in str(answer.request.url):
            assert answer.headers["content-type"] == "application/problem+json"
