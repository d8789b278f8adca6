"""Who gets in: staff by name and password, families by link and PIN; what a closed door says."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from reunify.bootstrap import House
from reunify.kernel.ids import RequestId
from reunify.sandbox.authenticator import SoftwarePasskey
from reunify.sandbox.families import sample_family
from reunify.web import pages
from reunify.web.audience import anyone, family
from tests.web.pages_world import AGAIN, TestClient, browser, read_form, signed_in, text

STAFF_PAGES = ["/", "/requests/new", "/finance", "/funds"]


@pytest.fixture
def submitted(house: House) -> RequestId:
    """The boy found out of state, submitted by Ana; his mother reads Spanish."""
    ana = signed_in(house, "ana")
    draft = sample_family("b", date(2026, 11, 25)).draft
    kept = ana.post("/api/v1/requests", json=draft).json()
    ana.post(f"/api/v1/requests/{kept['id']}/submission", json=AGAIN)
    return RequestId(kept["id"])


FOR_FAMILIES = {"/f/{token}", "/family", "/family/bank-details", "/family/leave", "/go"}
FOR_WHOEVER_HOLDS_A_PAPER = {"/genuine", "/genuine/{code}"}
# Open to everybody: what leads to a session, and nothing else. Each looks at the half-way cookie itself.
WAYS_IN = {
    "/sign-in",
    "/sign-in/again",
    "/sign-in/code",
    "/sign-in/demo",
    "/sign-in/passkey",
    "/sign-in/passkey/options",
    "/sign-in/provider",
    "/sign-in/provider/back",
    "/enrol",
    "/enrol/app",
    "/enrol/app/confirm",
    "/enrol/halves",
    "/enrol/passkey",
    "/enrol/passkey/options",
    "/enrol/password",
    "/n/{token}",
}


def link_and_pin(house: House, request_id: RequestId) -> tuple[str, str]:
    page = signed_in(house, "ana").post(f"/requests/{request_id}/family-link")
    address = page.text.split('secret mono">')[1].split("<")[0]
    pin = page.text.split('secret pin mono">')[1].split("<")[0]
    return address.removeprefix("https://testserver"), pin


@pytest.mark.parametrize("path", STAFF_PAGES)
def test_staff_pages_lead_strangers_to_the_sign_in_page(house: House, path: str) -> None:
    assert browser(house).get(path).url.path == "/sign-in"


def test_a_wrong_password_says_so_without_saying_which_half_was_wrong(house: House) -> None:
    client = browser(house)
    unknown = client.post("/sign-in", data={"username": "nobody", "password": "wrong-wrong-wrong"})
    known = client.post("/sign-in", data={"username": "ana", "password": "wrong-wrong-wrong"})
    assert unknown.status_code == known.status_code == 401
    assert text(unknown) == text(known)


def test_the_sixth_wrong_password_in_a_row_pauses_the_name(house: House) -> None:
    client = browser(house)
    wrong = {"username": "ana", "password": "wrong-wrong-wrong"}
    answers = [client.post("/sign-in", data=wrong).status_code for _ in range(6)]
    assert answers == [401] * 5 + [429]


@pytest.mark.asvs("3.3.1", "3.3.2", "3.3.3", "3.3.4")
def test_the_session_cookie_is_out_of_reach_of_scripts_and_other_sites(house: House) -> None:
    client = browser(house)
    client.follow_redirects = False
    half = client.post("/sign-in", data={"username": "ana", "password": "lantern-orchard-41"})
    signed = SoftwarePasskey("ana").sign(
        client.post("/sign-in/passkey/options").json(), house.settings.own_url
    )
    whole = client.post("/sign-in/passkey", data={"credential": json.dumps(signed)})
    for answer, name in ((half, "__Host-halfway="), (whole, "__Host-staff=")):
        cookie = next(c for c in answer.headers.get_list("set-cookie") if c.startswith(name))
        for part in ("HttpOnly", "Secure", "SameSite=lax", "Path=/"):
            assert part in cookie


def test_signing_out_ends_the_session_on_the_server(house: House) -> None:
    ana = signed_in(house, "ana")
    kept = dict(ana.cookies)
    assert ana.post("/sign-out").url.path == "/sign-in"
    ana.cookies.update(kept)
    assert ana.get("/").url.path == "/sign-in"


def test_a_call_from_another_site_changes_nothing(house: House) -> None:
    ana = signed_in(house, "ana")
    assert ana.post("/sign-out", headers={"sec-fetch-site": "cross-site"}).status_code == 403
    assert ana.get("/").url.path == "/"


@pytest.mark.asvs("3.4.3")
def test_pages_hold_no_inline_script_or_style_and_send_a_strict_policy(house: House) -> None:
    ana = signed_in(house, "ana")
    for path in (*STAFF_PAGES[:2], "/funds", "/family", "/sign-in"):
        page = ana.get(path)
        assert "style=" not in page.text
        assert "<style" not in page.text
        assert "onclick" not in page.text
        assert "default-src 'none'" in page.headers["content-security-policy"]
        assert page.headers["cache-control"] == "no-store"


def test_finance_is_not_for_case_managers(house: House) -> None:
    page = signed_in(house, "ana").get("/finance")
    assert page.status_code == 403
    assert "Only a finance approver or finance releaser can do this." in text(page)


def test_an_auditor_sees_requests_without_a_single_name(house: House, submitted: RequestId) -> None:
    dee = signed_in(house, "dee")
    for path in ("/", f"/requests/{submitted}"):
        page = dee.get(path)
        assert page.status_code == 200
        for secret in ("Mateo", "Marisol", "Quintero", "SAMPLE-1002"):
            assert secret not in page.text
    assert dee.post(f"/requests/{submitted}/family-link").status_code == 403


def callers(dependant: Dependant) -> list[Any]:
    """Every dependency of a route, nested ones too."""
    return [d.call for d in dependant.dependencies] + [c for d in dependant.dependencies for c in callers(d)]


def test_every_page_route_says_who_may_pass() -> None:
    open_routes = set()
    for part in pages.PARTS:
        for route in part.router.routes:
            assert isinstance(route, APIRoute)
            who = callers(route.dependant)
            if anyone in who:
                open_routes.add(route.path)
            else:
                assert family in who or any(hasattr(c, "audience") for c in who), route.path
    assert open_routes == {*FOR_FAMILIES, *FOR_WHOEVER_HOLDS_A_PAPER, *WAYS_IN}


def test_the_link_leaves_the_address_at_once_and_reading_it_consumes_nothing(
    house: House, submitted: RequestId
) -> None:
    address, pin = link_and_pin(house, submitted)
    phone = browser(house)
    for _ in range(3):
        door = phone.get(address)
        assert door.url.path == "/family"
        assert address.rpartition("/")[2] not in door.text
    page = phone.post("/family", data={"pin": pin})
    assert page.status_code == 200
    assert "Estamos organizando su viaje" in text(page)


def test_before_release_the_family_reads_arranging_and_never_approved(
    house: House, submitted: RequestId
) -> None:
    address, pin = link_and_pin(house, submitted)
    phone = browser(house)
    phone.get(address)
    phone.post("/family", data={"pin": pin})
    english = text(phone.get("/family?lang=en"))
    assert "We are arranging your trip" in english
    assert "approved" not in english.casefold()
    assert "6:05 a.m." in english
    assert "Mountain Standard Time" in english
    assert "Mateo" in english
    assert "Mateo Quintero" not in english
    assert "+1 703 555 0199" in english


def test_the_familys_page_never_says_the_words_that_hurt(house: House, submitted: RequestId) -> None:
    address, pin = link_and_pin(house, submitted)
    phone = browser(house)
    phone.get(address)
    phone.post("/family", data={"pin": pin})
    for language in ("en", "es"):
        said = text(phone.get(f"/family?lang={language}")).casefold()
        for word in ("runaway", "escort", "denied", "ineligible", "victim", "case", "fugitiv", "denegad"):
            assert word not in said.replace("case manager", "")


def test_a_wrong_pin_is_told_kindly_and_after_five_the_page_rests(house: House, submitted: RequestId) -> None:
    address, pin = link_and_pin(house, submitted)
    phone = browser(house)
    phone.get(address)
    wrong = "000000" if pin != "000000" else "111111"
    answers = [text(phone.post("/family", data={"pin": wrong})) for _ in range(5)]
    assert all("Those numbers did not match." in said for said in answers)
    closed = phone.post("/family", data={"pin": pin})
    assert "You did nothing wrong." in text(closed)
    assert "+1 703 555 0100" in text(closed)


def test_a_pin_typed_with_spaces_opens(house: House, submitted: RequestId) -> None:
    address, pin = link_and_pin(house, submitted)
    phone = browser(house)
    phone.get(address)
    assert phone.post("/family", data={"pin": f" {pin[:3]} {pin[3:]} "}).status_code == 200


def test_leaving_quickly_forgets_the_door(house: House, submitted: RequestId) -> None:
    address, pin = link_and_pin(house, submitted)
    phone = browser(house)
    phone.get(address)
    phone.post("/family", data={"pin": pin})
    away = phone.get("/family/leave", follow_redirects=False)
    assert away.headers["location"].startswith("https://www.weather.gov")
    assert "You did nothing wrong." in text(phone.get("/family"))


def test_a_new_link_closes_the_old_one(house: House, submitted: RequestId) -> None:
    old, old_pin = link_and_pin(house, submitted)
    called = {"reader": "mother", "number": "+1 915 555 0142", "spoke_with": "Marisol"}
    new = signed_in(house, "ana").post(f"/requests/{submitted}/links", data=called)
    assert "secret pin" in new.text
    phone = browser(house)
    phone.get(old)
    assert "You did nothing wrong." in text(phone.post("/family", data={"pin": old_pin}))


def test_one_family_cannot_fetch_anothers_paper(house: House, submitted: RequestId) -> None:
    address, pin = link_and_pin(house, submitted)
    phone = browser(house)
    phone.get(address)
    phone.post("/family", data={"pin": pin})
    page = phone.get("/family/documents/6b1f5b1e-6f0a-4a3c-9d0e-000000000000/pdf")
    assert page.status_code == 404
    assert "Nothing was lost." in text(page)


def test_the_familys_titles_say_nothing_of_who_or_why(house: House, submitted: RequestId) -> None:
    address, _ = link_and_pin(house, submitted)
    phone = browser(house)
    assert "<title>Travel plan</title>" in phone.get(address).text
    assert "pin" in read_form(phone.get("/family")).controls


def test_what_is_not_there_is_said_in_words(house: House) -> None:
    ana: TestClient = signed_in(house, "ana")
    assert ana.get("/requests/6b1f5b1e-6f0a-4a3c-9d0e-000000000000").status_code == 404
    assert "There is nothing at this address." in text(ana.get("/nowhere"))
    assert ana.get("/requests/not-a-number").status_code == 404
