"""What the house answers before any page is asked: whose calls it hears, and what it always adds."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from pydantic import SecretStr
from starlette.datastructures import FormData

import reunify.web
from reunify.adapters.embedded_postgres import Urls
from reunify.bootstrap import House
from reunify.settings import Settings
from reunify.web.app import create, own_hosts
from reunify.web.pages.view import FieldTwice, own_path, text_of
from reunify.web.shield import HEADERS, LARGEST_BODY, limit_for
from tests.lasting import lasting_database
from tests.web.pages_world import TestClient, house_over, signed_in

CLOCK = datetime(2026, 11, 25, 14, 0, tzinfo=UTC)
PUBLIC = "reunify.example.org"


@pytest.fixture(scope="module")
def house(
    server: Urls, administrator: sa.Engine, settled_template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[House]:
    data = tmp_path_factory.mktemp("doors")
    with (
        lasting_database(server, administrator, settled_template) as db,
        house_over(db, data, lambda: CLOCK) as built,
    ):
        yield built


@pytest.fixture(scope="module")
def nobody(house: House) -> Iterator[TestClient]:
    with TestClient(create(house), base_url="https://testserver", follow_redirects=False) as client:
        yield client


# Our own hosts ------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "testserver.evil.example",
        "testserver@evil.example",
        "testserver/evil",
        "testserver:80:80",
        "testserver evil",
        "",
        "127.0.0.1.evil.example",
        "[::1]evil",
    ],
)
def test_a_call_under_another_name_is_not_answered(nobody: TestClient, host: str) -> None:
    answer = nobody.get("/sign-in", headers={"host": host})
    assert (answer.status_code, answer.text) == (421, "There is no such site here.")
    assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS


def test_two_host_headers_are_one_too_many(nobody: TestClient) -> None:
    answer = nobody.get("/sign-in", headers=[("host", "testserver"), ("host", "evil.example")])
    assert answer.status_code == 421


@pytest.mark.parametrize("host", ["testserver", "TESTSERVER", "testserver:8443", "localhost", "127.0.0.1:80"])
def test_our_own_names_are_answered_and_in_the_sandbox_this_machines_too(
    nobody: TestClient, host: str
) -> None:
    assert nobody.get("/sign-in", headers={"host": host}).status_code == 200


def test_in_production_this_machines_name_opens_only_the_question_of_health(house: House) -> None:
    with TestClient(create(production(house)), base_url=f"https://{PUBLIC}") as client:
        assert client.get("/sign-in").status_code == 200
        assert client.get("/sign-in", headers={"host": "127.0.0.1:8080"}).status_code == 421
        assert client.get("/api/v1/health", headers={"host": "127.0.0.1:8080"}).status_code == 200
        assert client.get("/api/v1/health", headers={"host": "evil.example"}).status_code == 421


def test_without_a_public_address_this_machines_names_are_ours() -> None:
    assert {"127.0.0.1", "localhost"} <= own_hosts(Settings())
    assert own_hosts(Settings(public_url=f"https://{PUBLIC}")) == {PUBLIC}


def production(house: House) -> House:
    settings = Settings(
        data=house.settings.data, database_url=SecretStr(house.db.url), public_url=f"https://{PUBLIC}"
    )
    return dataclasses.replace(house, settings=settings)


# Methods ------------------------------------------------------------------------------------------------
@pytest.mark.asvs("13.4.4")
@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "PROPFIND", "GETX"])
@pytest.mark.parametrize("path", ["/", "/family", "/api/v1/requests", "/static/staff.css", "/nowhere"])
def test_a_method_nobody_needs_is_refused(nobody: TestClient, method: str, path: str) -> None:
    answer = nobody.request(method, path)
    assert answer.status_code == 405
    assert "GET" in answer.headers["allow"]
    assert "TRACE" not in answer.headers["allow"]


@pytest.mark.asvs("3.4.2")
@pytest.mark.parametrize("origin", ["https://evil.example", "null", "https://testserver"])
def test_no_other_site_is_ever_let_in_by_cors(nobody: TestClient, origin: str) -> None:
    asked = {"origin": origin, "access-control-request-method": "POST"}
    answers = [
        nobody.options("/api/v1/requests", headers=asked),
        nobody.options("/sign-in", headers=asked),
        nobody.get("/api/v1/health", headers={"origin": origin}),
        nobody.get("/static/staff.css", headers={"origin": origin}),
    ]
    for answer in answers:
        assert not [name for name in answer.headers if name.startswith("access-control-")]
    assert answers[0].status_code == 405


# Calls from other sites ---------------------------------------------------------------------------------
COOKIE = {"cookie": "__Host-staff=i-made-this-up"}
OURS = {"origin": "https://testserver"}
FROM: list[tuple[dict[str, str], bool, bool]] = [
    # what the browser says, heard with a cookie, heard without one
    ({"sec-fetch-site": "same-origin"}, True, True),
    ({"sec-fetch-site": "none"}, True, True),
    ({"sec-fetch-site": "same-site"}, False, False),
    ({"sec-fetch-site": "cross-site"}, False, False),
    ({"sec-fetch-site": "cross-site", **OURS}, False, False),
    ({"sec-fetch-site": "same-origin", "origin": "null"}, True, True),
    ({"sec-fetch-site": ""}, False, False),
    (OURS, True, True),
    ({"origin": "http://testserver.evil.example"}, False, False),
    ({"origin": "https://evil.example"}, False, False),
    ({"origin": "null"}, False, False),
    ({"origin": ""}, False, False),
    ({}, False, True),  # a program: browsers always say one of the two
]


@pytest.mark.asvs("3.5.1")
@pytest.mark.parametrize("path", ["/sign-in", "/family", "/go", "/api/v1/sessions"])
@pytest.mark.parametrize(("said", "with_cookie", "without"), FROM)
def test_another_site_can_neither_act_for_somebody_nor_sign_somebody_in(
    nobody: TestClient, said: dict[str, str], with_cookie: bool, without: bool, path: str
) -> None:
    for cookie, heard in ((COOKIE, with_cookie), ({}, without)):
        answer = nobody.post(path, headers={**said, **cookie}, content=b"")
        refused = answer.status_code == 403 and "another site" in answer.text
        assert refused is not heard, (said, cookie)


@pytest.mark.asvs("3.5.1")
def test_a_token_in_a_header_and_a_signed_event_are_heard_from_anywhere(nobody: TestClient) -> None:
    """No page of another site can send either."""
    elsewhere = {"sec-fetch-site": "cross-site", "origin": "https://evil.example"}
    bearer = {"authorization": "Bearer i-made-this-up"}
    assert nobody.post("/api/v1/requests", headers=elsewhere | bearer, json={}).status_code == 401
    assert "another site" not in nobody.post("/webhooks/stripe", headers=elsewhere, content=b"{}").text
    both = nobody.post("/api/v1/requests", headers=elsewhere | bearer | COOKIE, json={})
    assert both.status_code == 403


@pytest.mark.asvs("3.5.3")
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_link_on_another_site_may_lead_here(nobody: TestClient, method: str) -> None:
    answer = nobody.request(method, "/sign-in", headers={"sec-fetch-site": "cross-site"})
    assert answer.status_code in (200, 405)


# What every answer carries ------------------------------------------------------------------------------
EVERY_KIND = [
    ("GET", "/sign-in", 200),
    ("GET", "/family", 401),
    ("GET", "/", 303),
    ("GET", "/nowhere", 404),
    ("GET", "/nowhere/", 404),
    ("GET", "/funds/", 404),  # no redirect made of what the caller sent
    ("POST", "/funds", 403),
    ("TRACE", "/", 405),
    ("GET", "/sign-in?said=a&said=b", 400),
    ("GET", "/api/v1/requests", 401),
    ("GET", "/api/v1/openapi.json", 200),
    ("GET", "/static/staff.css", 200),
    ("GET", "/static/../app.py", 404),
    ("GET", "/static/nothing.css", 404),
]


@pytest.mark.asvs("3.4.1", "3.4.3", "3.4.4", "3.4.5", "3.4.6", "13.4.6", "14.3.2")
@pytest.mark.parametrize(("method", "path", "status"), EVERY_KIND)
def test_every_answer_is_guarded_whatever_it_is(
    nobody: TestClient, method: str, path: str, status: int
) -> None:
    headers = COOKIE | {"sec-fetch-site": "cross-site"} if method == "POST" else {}
    answer = nobody.request(method, path, headers=headers)
    assert answer.status_code == status
    assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS
    fresh = "no-cache" if path == "/static/staff.css" else "no-store"
    assert answer.headers["cache-control"] == fresh
    assert "server" not in answer.headers


def test_the_headers_are_as_strict_as_they_can_be() -> None:
    assert "max-age=63072000; includeSubDomains" in HEADERS["strict-transport-security"]
    csp = dict(part.split(" ", 1) for part in HEADERS["content-security-policy"].split("; "))
    assert csp["default-src"] == "'none'"
    assert csp["frame-ancestors"] == csp["base-uri"] == "'none'"
    assert csp["script-src"] == csp["style-src"] == csp["form-action"] == "'self'"
    assert HEADERS["referrer-policy"] == "no-referrer"


@pytest.mark.asvs("4.1.1")
@pytest.mark.parametrize(("method", "path", "status"), EVERY_KIND)
def test_every_answer_says_what_it_is_and_in_which_alphabet(
    nobody: TestClient, method: str, path: str, status: int
) -> None:
    headers = {"sec-fetch-site": "cross-site"} if method == "POST" else {}
    answer = nobody.request(method, path, headers=headers)
    if answer.content:
        kind = answer.headers["content-type"]
        assert kind in ("application/json", "application/problem+json") or kind.endswith("; charset=utf-8")


def test_a_style_sheet_that_did_not_change_is_not_sent_again(nobody: TestClient) -> None:
    tag = nobody.get("/static/staff.css").headers["etag"]
    again = nobody.get("/static/staff.css", headers={"if-none-match": tag})
    assert (again.status_code, again.headers["cache-control"]) == (304, "no-cache")


@pytest.mark.asvs("13.4.5")
@pytest.mark.parametrize("path", ["/docs", "/redoc", "/metrics", "/debug", "/.git/config", "/api/docs"])
def test_nothing_of_the_machinery_is_public(nobody: TestClient, path: str) -> None:
    assert nobody.get(path).status_code == 404


@pytest.mark.asvs("14.3.3")
def test_our_scripts_keep_nothing_in_the_browser() -> None:
    scripts = list((Path(reunify.web.__file__).parent / "static").glob("*.js"))
    assert scripts
    for script in scripts:
        for store in ("localStorage", "sessionStorage", "indexedDB", "document.cookie", "caches"):
            assert store not in script.read_text(), script.name


@pytest.mark.asvs("7.4.4")
def test_every_staff_page_can_be_left_by_signing_out(house: House) -> None:
    ana = signed_in(house, "ana")
    for path in ("/", "/funds", "/requests/new", "/nowhere-at-all"):
        page = ana.get(path)
        assert 'action="/sign-out"' in page.text or page.status_code == 404


# Addresses ----------------------------------------------------------------------------------------------
OWN = ["/", "/requests/1", "/requests/1?said=saved", "/a/b/#part", "/family", "/step-up?next=x%2Fy"]
NOT_OWN = [
    "",
    "//evil.example",
    "///evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "/%2f/evil.example",
    "/%2Fevil.example",
    "/%5cevil.example",
    "/..//evil.example",
    "/a//evil.example",
    "https://evil.example",
    "https:evil.example",
    "javascript:alert(1)",
    "data:text/html,x",
    "/\tevil",
    "/\n/evil.example",
    "/a\r\nset-cookie: x",
    " /a",
    "/\u2044evil",
    "evil.example",
    "/@evil.example/..",
    "/" + "a" * 5000 + "!",
]


@pytest.mark.asvs("3.7.2")
@pytest.mark.parametrize("address", OWN)
def test_an_address_of_our_own_is_gone_to(address: str) -> None:
    assert own_path(address) == address


@pytest.mark.asvs("3.7.2")
@pytest.mark.parametrize("address", NOT_OWN)
def test_nobody_is_sent_on_to_another_site(address: str) -> None:
    assert own_path(address) is None


@pytest.mark.asvs("3.7.2")
@pytest.mark.parametrize("path", ["//evil.example", "//evil.example/..", "/%2f%2fevil.example/", "/\\evil/"])
def test_no_path_becomes_a_redirect_away(nobody: TestClient, path: str) -> None:
    answer = nobody.get(f"https://testserver{path}")
    assert answer.status_code in (404, 421) or answer.headers["location"] == "/sign-in"


@pytest.mark.asvs("15.3.7")
@pytest.mark.parametrize("query", ["said=a&said=b", "lang=en&lang=es&x=1", "a&a", "a=1&%61=2"])
def test_an_address_that_names_something_twice_is_refused_in_words(nobody: TestClient, query: str) -> None:
    answer = nobody.get(f"/sign-in?{query}")
    assert answer.status_code == 400
    assert "names something twice" in answer.text


@pytest.mark.asvs("15.3.7")
def test_what_belongs_in_the_body_is_not_taken_from_the_address(nobody: TestClient) -> None:
    said = {"username": "ana", "password": "anything"}
    assert nobody.post("/api/v1/sessions", params=said).status_code == 422


@pytest.mark.asvs("15.3.7")
def test_a_field_sent_twice_is_refused_and_named() -> None:
    form = FormData([("reason", "one"), ("reason", "two"), ("note", " once ")])
    assert text_of(form, "note") == "once"
    with pytest.raises(FieldTwice, match="came twice") as refused:
        text_of(form, "reason")
    assert refused.value.field == "/reason"


@pytest.mark.asvs("15.3.3")
def test_a_field_nobody_asked_for_is_refused(nobody: TestClient) -> None:
    said = {"username": "ana", "password": "anything at all", "roles": ["administrator"]}
    answer = nobody.post("/api/v1/sessions", json=said)
    assert answer.status_code == 422
    assert {e["pointer"] for e in answer.json()["errors"]} == {"/roles"}


# Sizes and numbers --------------------------------------------------------------------------------------
def test_a_larger_body_is_a_matter_of_whole_paths() -> None:
    assert limit_for("/sign-in") == limit_for("/") == LARGEST_BODY


def test_every_answer_has_a_number_of_our_own(nobody: TestClient) -> None:
    sent = {"x-request-id": "forged\u00e9".encode("latin-1")}
    numbers = {nobody.get("/sign-in", headers=sent).headers["x-request-id"] for _ in range(3)}
    numbers |= {nobody.request("TRACE", "/").headers["x-request-id"]}
    assert len(numbers) == 4
    assert all(number.startswith("C-") and len(number) == 14 for number in numbers)


# The sandbox --------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("came_in_on", "heard"),
    [("127.0.0.1", True), ("::1", True), ("192.0.2.1", False), ("10.0.0.5", False), ("2001:db8::1", False)],
)
def test_the_sandbox_answers_only_what_comes_in_on_this_machine(
    house: House, came_in_on: str, heard: bool
) -> None:
    app = create(house)

    async def bound_to(scope: Any, receive: Any, send: Any) -> None:
        await app({**scope, "server": (came_in_on, 80)}, receive, send)

    client = TestClient(bound_to, base_url="https://testserver")
    answer = client.get("/sign-in")
    assert answer.status_code == (200 if heard else 403)
    assert heard or answer.text == "The sandbox answers only on this machine."


@pytest.mark.asvs("13.4.2")
def test_there_is_no_debug_mode(house: House) -> None:
    assert create(house).debug is False
