"""Administrators' pages, the on-call roster, tokens of programs: over HTTP, as browsers and programs do."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from fastapi import FastAPI
from httpx2 import Response

from reunify.adapters.embedded_postgres import Urls
from reunify.bootstrap import House
from reunify.identity import queries
from reunify.kernel.people import Role
from reunify.sandbox.families import sample_families
from reunify.sandbox.people import DemoPerson, hire
from tests.apps import app_of
from tests.lasting import lasting_database
from tests.web.pages_world import (
    AGAIN,
    OWN_PAGES,
    TestClient,
    as_sent,
    house_over,
    read_form,
    sign_in,
    step_up,
    text,
    work_off,
)

CARLAS = "+1 703 555 0133"  # on file since she came
STAYS = datetime(2026, 11, 25, 14, 0, tzinfo=UTC)
MORE = (
    DemoPerson("olga", "Olga Brandt", "tundra-lemon-17", frozenset({Role.ADMINISTRATOR})),
    DemoPerson("pia", "Pia Brandt", "tundra-lemon-18", frozenset({Role.ADMINISTRATOR})),
    DemoPerson("sam", "Sam Ortiz", "tundra-lemon-19", frozenset({Role.SUPERVISOR})),
    DemoPerson("rae", "Rae Lund", "tundra-lemon-20", frozenset({Role.RULES_AUTHOR})),
)


@dataclass
class Clock:
    at: datetime = STAYS

    def __call__(self) -> datetime:
        return self.at


@dataclass
class Office:
    """One application for every browser of the module."""

    house: House
    clock: Clock
    app: FastAPI

    def id(self, username: str) -> str:
        with self.house.db.read() as session:
            return str(queries.staff_id(session, username))

    def browser(self) -> TestClient:
        return TestClient(self.app, base_url="https://testserver", headers=OWN_PAGES)

    def as_(self, username: str) -> TestClient:
        client = self.browser()
        sign_in(client, self.house, username)
        return client


@pytest.fixture(scope="module")
def office(
    server: Urls, administrator: sa.Engine, settled_template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Office]:
    clock = Clock()
    data: Path = tmp_path_factory.mktemp("office")
    with (
        lasting_database(server, administrator, settled_template) as db,
        house_over(db, data, clock) as house,
    ):
        with house.db.work() as session:
            for person in MORE:
                hire(session, person, now=clock())
        yield Office(house, clock, app_of(house))


@pytest.fixture(autouse=True)
def _the_clock_stands(office: Office) -> Iterator[None]:
    yield
    office.clock.at = STAYS


def confirmed(office: Office, who: str = "sam") -> Response:
    """The one change that waits is confirmed by a colleague."""
    colleague = office.as_(who)
    (path,) = re.findall(r'action="(/people/changes/[0-9a-f-]+/confirm)"', colleague.get("/people").text)
    return colleague.post(path)


def shown_code(answer: Response) -> str:
    found = re.search(r'class="secret mono">([^<]+)<', answer.text)
    assert found, text(answer)
    return found[1]


# People ------------------------------------------------------------------------------------------------
@pytest.mark.asvs("8.2.1")
def test_an_administrator_asks_and_a_colleague_confirms_and_reads_the_code_once(office: Office) -> None:
    olga, sam = office.as_("olga"), office.as_("sam")
    asked = olga.post(
        "/people",
        data={"username": "nora", "name": "Nora Vance", "team": "North", "roles": ["case_manager"]},
    )
    assert asked.status_code == 200
    assert "when a second administrator or a supervisor confirms" in text(asked)
    assert "secret mono" not in asked.text
    assert "/confirm" not in asked.text, "whoever asked finds no button"
    assert "1 change of a colleague's account waits" in text(sam.get("/"))
    assert "account waits" not in text(olga.get("/"))
    page = sam.get("/people")
    assert "Add Nora Vance , who signs in as nora : Case manager. Team: North." in text(page)
    assert "Asked by Olga Brandt" in text(page)
    assert 'id="everybody"' not in page.text
    answer = confirmed(office)
    assert answer.status_code == 201
    assert "shown once" in text(answer)
    code = shown_code(answer)
    assert code not in olga.get("/people").text
    listed = text(olga.get("/people"))
    assert "Nora Vance" in listed
    assert "Has not begun" in listed
    again = olga.post(f"/people/{office.id('nora')}/code")
    assert "secret mono" not in again.text
    assert shown_code(confirmed(office)) != code


@pytest.mark.asvs("8.2.1")
def test_whoever_asked_confirms_nothing_at_the_door_either(office: Office) -> None:
    olga = office.as_("olga")
    olga.post("/people", data={"username": "phan", "name": "Phan", "roles": ["finance_approver"]})
    (path,) = re.findall(r'action="(/people/changes/[0-9a-f-]+)/withdraw"', olga.get("/people").text)
    refused = olga.post(f"{path}/confirm")
    assert refused.status_code == 403
    assert "Somebody else must confirm" in text(refused)
    assert office.as_("ben").post(f"{path}/confirm").status_code == 403
    assert "Nothing of it takes effect" in text(office.as_("pia").post(f"{path}/withdraw"))
    assert office.as_("sam").post(f"{path}/confirm").status_code == 409


@pytest.mark.asvs("6.8.2", "7.4.2")
def test_an_administrator_alone_changes_no_number_and_no_account_at_the_provider(office: Office) -> None:
    ben, before = office.as_("ben"), text(office.as_("olga").get(f"/people/{office.id('ben')}"))
    office.as_("olga").post(
        f"/people/{office.id('ben')}/details",
        data={"name": "Ben Castellanos", "phone": "+1 703 555 0190", "email": "olga.private@example.org"},
    )
    assert text(office.as_("olga").get(f"/people/{office.id('ben')}")).count("0190") == before.count("0190")
    assert ben.get("/finance").status_code == 200
    page = text(office.as_("sam").get("/people"))
    assert "becomes +1 703 555 0190" in page
    assert "becomes olga.private@example.org" in page
    assert "counts from now on" in text(confirmed(office))
    assert ben.get("/", follow_redirects=False).headers["location"] == "/sign-in"


def test_what_was_typed_comes_back_with_the_field_to_mend(office: Office) -> None:
    answer = office.as_("olga").post(
        "/people",
        data={
            "username": "ida",
            "name": "Ida",
            "phone": "+1 703 555 0166",
            "roles": ["auditor", "supervisor"],
        },
    )
    assert answer.status_code == 422
    assert "an auditor only reads" in text(answer)
    assert '<a href="#roles">' in answer.text
    sent = as_sent(answer)
    assert sent["phone"] == "+1 703 555 0166"
    ticked = re.findall(r'value="(\w+)" checked', answer.text)
    assert sorted(ticked) == ["auditor", "supervisor"]


@pytest.mark.asvs("8.3.2")
def test_a_demotion_counts_on_the_persons_next_click(office: Office) -> None:
    extra = DemoPerson("vic", "Vic Stone", "tundra-lemon-21", frozenset({Role.FINANCE_APPROVER}))
    with office.house.db.work() as session:
        hire(session, extra, now=office.clock())
    vic = office.as_("vic")
    assert vic.get("/finance").status_code == 200
    changed = office.as_("olga").post(f"/people/{office.id('vic')}/roles", data={"roles": ["rules_author"]})
    assert changed.status_code == 200
    assert vic.get("/finance").status_code == 403, "what is taken waits for nobody"
    confirmed(office)
    disabled = office.as_("olga").post(f"/people/{office.id('vic')}/disable")
    assert "signed out everywhere" in text(disabled)
    assert vic.get("/", follow_redirects=False).headers["location"] == "/sign-in"


def test_nobody_finds_a_button_to_change_themselves_and_the_door_refuses_too(office: Office) -> None:
    olga, own = office.as_("olga"), office.id("olga")
    page = olga.get(f"/people/{own}")
    assert "Nobody changes their own roles" in text(page)
    assert f"/people/{own}/roles" not in page.text
    assert olga.post(f"/people/{own}/roles", data={"roles": ["auditor"]}).status_code == 403
    assert olga.post(f"/people/{own}/disable").status_code == 403


@pytest.mark.asvs("7.5.3", "8.2.1")
@pytest.mark.parametrize("username", ["ana", "ben", "dee", "sam", "rae"])
def test_nobody_else_opens_the_administrators_pages(office: Office, username: str) -> None:
    other, somebody = office.as_(username), office.id("carla")
    assert other.get("/people").status_code == (200 if username == "sam" else 403)
    for path in (f"/people/{somebody}", "/tokens", "/api/v1/tokens"):
        assert other.get(path).status_code == 403, path
    for path in ("/people", f"/people/{somebody}/roles", f"/people/{somebody}/disable", "/tokens"):
        assert other.post(path, data={}).status_code == 403, path


@pytest.mark.asvs("7.5.3")
def test_people_are_changed_with_a_fresh_passkey_only(office: Office) -> None:
    olga, somebody = office.as_("olga"), office.id("carla")
    office.clock.at += timedelta(minutes=5, seconds=1)
    for path, body in [
        ("/people", {"username": "x", "name": "X", "roles": "auditor"}),
        (f"/people/{somebody}/roles", {"roles": "auditor"}),
        (f"/people/{somebody}/disable", {}),
        (f"/people/changes/{somebody}/confirm", {}),
        (f"/people/changes/{somebody}/withdraw", {}),
        ("/tokens", {"name": "x"}),
    ]:
        answer = olga.post(path, data=body)
        assert answer.status_code == 401, path
        assert "passkey" in text(answer)
    step_up(olga, office.house, "olga")
    assert (
        olga.post(f"/people/{somebody}/details", data={"name": "Carla Nguyen", "phone": CARLAS}).status_code
        == 200
    )


def test_that_a_persons_number_was_read_is_written_down(office: Office) -> None:
    office.as_("olga").get(f"/people/{office.id('dee')}")
    with office.house.db.read() as session:
        asked = sa.text("SELECT count(*) FROM audit_entries WHERE verb = 'read' AND subject_id = :dee")
        assert session.scalar(asked, {"dee": office.id("dee")}) == 1


# The roster --------------------------------------------------------------------------------------------
def test_a_night_is_planned_called_and_handed_over(office: Office) -> None:
    sam, ben = office.as_("sam"), office.as_("ben")
    assert "Nobody on call" in text(sam.get("/roster"))
    assert "Nobody on call" not in text(ben.get("/roster"))
    assert "Office hours: ring the office" in text(ben.get("/roster"))
    assert "Nobody is on call (Night: cases) from Nov 25, 5:00 p.m., and" in text(sam.get("/"))
    assert "on call (" not in text(ben.get("/"))
    office.as_("olga").post(
        f"/people/{office.id('ben')}/details", data={"name": "Ben Castellanos", "phone": "+1 703 555 0122"}
    )
    confirmed(office)
    body = {
        "duty": "night_finance",
        "person": office.id("ben"),
        "backup": "",
        "starts_at": "2026-11-25T17:00",
        "ends_at": "2026-11-26T09:00",
    }
    assert "on the roster" in text(sam.post("/roster/shifts", data=body))
    office.clock.at = datetime(2026, 11, 25, 22, 0, tzinfo=UTC)  # 5 p.m. in New York, to the second
    sam, ben, carla = office.as_("sam"), office.as_("ben"), office.as_("carla")
    assert "Ben Castellanos +1 703 555 0122" in text(carla.get("/roster"))
    assert 'href="tel:+17035550122"' in carla.get("/roster").text
    mine = ben.get("/roster")
    (path,) = re.findall(r'action="(/roster/shifts/[0-9a-f-]+/hand-over)"', mine.text)
    (offered,) = re.findall(r'/hand-over">(.*?)</select>', mine.text, re.DOTALL)
    assert office.id("carla") in offered
    assert office.id("ben") not in offered  # nobody hands over to themselves
    refused = ben.post(path, data={"to": "", "note": "One award waits."})
    assert (refused.status_code, "One award waits." in refused.text) == (422, True)
    asked = ben.post(path, data={"to": office.id("carla"), "note": "One award waits."})
    assert "You stay on call until they accept" in text(asked)
    assert "Ben Castellanos +1" in text(carla.get("/roster"))
    (yes,) = re.findall(r'action="(/roster/offers/[0-9a-f-]+/accept)"', carla.get("/roster").text)
    assert "You are on call now" in text(carla.post(yes))
    assert f"Carla Nguyen {CARLAS}" in text(ben.get("/roster"))


def test_a_wrong_shift_comes_back_with_what_was_typed(office: Office) -> None:
    sam = office.as_("sam")
    body = {
        "duty": "night_case_manager",
        "person": office.id("ben"),
        "backup": "",
        "starts_at": "2026-12-01T17:00",
        "ends_at": "2026-12-02T09:00",
    }
    answer = sam.post("/roster/shifts", data=body)
    assert answer.status_code == 422
    assert "must be case manager" in text(answer)
    assert {k: v for k, v in as_sent(answer).items() if k in ("starts_at", "ends_at")} == {
        "starts_at": "2026-12-01T17:00",
        "ends_at": "2026-12-02T09:00",
    }
    unread = sam.post("/roster/shifts", data=body | {"person": office.id("ana"), "starts_at": "tomorrow"})
    assert "Write a day and a time" in text(unread)
    assert office.as_("ana").post("/roster/shifts", data=body).status_code == 403


def test_a_role_is_lent_and_given_back_on_the_page(office: Office) -> None:
    ana, rae = office.as_("ana"), office.as_("rae")
    body = {
        "role": "case_manager",
        "receiver": office.id("rae"),
        "from": "2026-11-25T09:00",
        "to": "2026-11-27T09:00",
    }
    assert rae.get("/requests/new").status_code == 403
    assert "The role is lent" in text(ana.post("/roster/loans", data=body))
    assert rae.get("/requests/new").status_code == 200
    (end,) = re.findall(r'action="(/roster/loans/[0-9a-f-]+/end)"', rae.get("/roster").text)
    rae.post(end)
    assert rae.get("/requests/new").status_code == 403
    refused = ana.post("/roster/loans", data=body | {"receiver": office.id("ben")})
    assert refused.status_code == 422
    assert "decides on money" in text(refused)


@pytest.mark.parametrize("path", ["/people", "/roster", "/tokens"])
def test_every_field_has_a_label_and_every_id_is_used_once(office: Office, path: str) -> None:
    page = office.as_("olga").get(path)
    form = read_form(page)
    unlabelled = form.controls - form.labelled - {"None"}
    assert unlabelled == set()
    ids = re.findall(r'\bid="([^"]+)"', page.text)
    assert len(ids) == len(set(ids))


# Programs ----------------------------------------------------------------------------------------------
def made(office: Office, *scopes: str, owner: str = "ana", days: str = "90") -> str:
    answer = office.as_("olga").post(
        "/tokens",
        data={"name": "Partner agency", "owner": office.id(owner), "scopes": list(scopes), "days": days},
    )
    assert answer.status_code == 201, text(answer)
    found = re.search(r">(rfy_[\w-]+)<", answer.text)
    assert found
    return found[1]


def program(office: Office, token: str) -> TestClient:
    client = office.browser()
    client.headers["authorization"] = f"Bearer {token}"
    return client


def draft() -> dict[str, Any]:
    return next(f.draft for f in sample_families(STAYS.date()) if f.letter == "f")


def test_a_program_enters_a_request_and_its_owner_is_the_author(office: Office) -> None:
    api = program(office, made(office, "requests:write", "requests:read_progress"))
    entered = api.post("/api/v1/requests", json=draft())
    assert entered.status_code == 201, entered.text
    request = entered.json()["id"]
    assert api.put(f"/api/v1/requests/{request}", json=draft()).status_code == 200
    submitted = api.post(f"/api/v1/requests/{request}/submission", json=AGAIN)
    assert submitted.status_code in (202, 422), submitted.text
    assert api.get(f"/api/v1/requests/{request}/progress").status_code == 200
    with office.house.db.read() as session:
        by = sa.text("SELECT requested_by FROM requests WHERE id = :id")
        assert str(session.scalar(by, {"id": request})) == office.id("ana")
        who = sa.text("SELECT DISTINCT actor FROM audit_entries WHERE subject_id = :id")
        assert all(a.startswith("service:") for a in session.scalars(who, {"id": request}))


@pytest.mark.asvs("8.2.1", "8.2.2")
def test_a_token_opens_nothing_beyond_its_scope(office: Office) -> None:
    writes = program(office, made(office, "requests:write"))
    reads = program(office, made(office, "requests:read_progress"))
    request = writes.post("/api/v1/requests", json=draft()).json()["id"]
    assert writes.get(f"/api/v1/requests/{request}/progress").status_code == 401
    assert reads.post("/api/v1/requests", json=draft()).status_code == 401
    assert reads.get(f"/api/v1/requests/{request}/progress").status_code == 200
    for path in (
        "/",
        "/people",
        "/finance",
        "/api/v1/requests",
        f"/api/v1/requests/{request}",
        "/api/v1/tokens",
    ):
        answer = writes.get(path, follow_redirects=False)
        assert answer.status_code in (401, 303), path
        assert answer.headers.get("location", "/sign-in") == "/sign-in", path
    for path in (f"/api/v1/requests/{request}/answers", "/api/v1/tokens", "/roster/shifts"):
        assert writes.post(path, json={}).status_code == 401, path


def test_who_may_not_decide_reads_whom_to_call(office: Office) -> None:
    """Ben approved, so somebody else releases."""
    told = copy.deepcopy(draft())
    told["case"]["report_number"] = "SG-26-30981"
    told["cost_lines"] = told["cost_lines"][:1]
    told["cost_lines"][0]["quote_cents"] = told["cost_lines"][0]["ceiling_cents"] = 150_001
    ana, ben = office.as_("ana"), office.as_("ben")
    request = ana.post("/api/v1/requests", json=told).json()["id"]
    assert ana.post(f"/api/v1/requests/{request}/submission", json=AGAIN).status_code == 202
    work_off(office.house)
    award = ana.get(f"/api/v1/requests/{request}/progress").json()["award"]["id"]
    assert ben.post(f"/api/v1/awards/{award}/approval").status_code == 200
    page = text(ben.get(f"/awards/{award}"))
    assert "a colleague must release it." in page
    assert f"Call Carla Nguyen ({CARLAS})." in page
    assert "Call" not in text(office.as_("carla").get(f"/awards/{award}"))


def test_another_owners_case_is_not_there(office: Office) -> None:
    office.as_("olga").post("/people", data={"username": "bea", "name": "Bea", "roles": ["case_manager"]})
    confirmed(office)
    request = (
        program(office, made(office, "requests:write")).post("/api/v1/requests", json=draft()).json()["id"]
    )
    other = program(office, made(office, "requests:write", "requests:read_progress", owner="bea"))
    assert other.get(f"/api/v1/requests/{request}/progress").status_code == 404
    assert other.put(f"/api/v1/requests/{request}", json=draft()).status_code == 404


def test_a_token_ends_is_revoked_and_is_never_shown_again(office: Office) -> None:
    token = made(office, "requests:write", days="1")
    api = program(office, token)
    assert api.post("/api/v1/requests", json=draft()).status_code == 201
    office.clock.at += timedelta(days=1)
    assert api.post("/api/v1/requests", json=draft()).status_code == 401
    office.clock.at = STAYS
    olga = office.as_("olga")
    page = olga.get("/tokens")
    assert token not in page.text
    assert token[-4:] in page.text
    with office.house.db.read() as session:
        kept = session.execute(sa.text("SELECT t::text FROM api_tokens t")).scalars().all()
    assert not any(token in row for row in kept)
    for path in re.findall(r'action="(/tokens/[0-9a-f-]+/revoke)"', page.text):
        assert "dead from now on" in text(olga.post(path))
    assert api.post("/api/v1/requests", json=draft()).status_code == 401


@pytest.mark.parametrize(
    ("owner", "scopes", "days", "words"),
    [
        ("ben", ["requests:write"], "90", "active case manager"),
        ("ana", [], "90", "at least one thing"),
        ("ana", ["everything"], "90", "at least one thing"),
        ("ana", ["requests:write"], "366", "1 to 365 days"),
        ("ana", ["requests:write"], "0", "1 to 365 days"),
        ("ana", ["requests:write"], "many", "1 to 365 days"),
    ],
)
def test_a_token_that_would_not_fit_is_refused_in_words(
    office: Office, owner: str, scopes: list[str], days: str, words: str
) -> None:
    body = {"name": "P", "owner": office.id(owner), "scopes": scopes, "days": days}
    answer = office.as_("olga").post("/tokens", data=body)
    assert answer.status_code == 422
    assert words in text(answer)


@pytest.mark.parametrize("wrong", ["rfy_", "rfy_" + "a" * 49, "{token}x", "{other}"])
def test_a_mistyped_token_opens_nothing(office: Office, wrong: str) -> None:
    token = made(office, "requests:write")
    swapped = ("A" if token[4] != "A" else "B") + token[5:]
    said = wrong.format(token=token, other=token[:4] + swapped)
    assert program(office, said).post("/api/v1/requests", json=draft()).status_code == 401


def test_a_token_in_a_cookie_is_no_way_in(office: Office) -> None:
    client = office.browser()
    client.cookies.set("__Host-staff", made(office, "requests:write"))
    assert client.post("/api/v1/requests", json=draft()).status_code == 401
