"""Signing in and stepping up over HTTP, on pages and for programs; nothing typed is lost on the way."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

import pyotp
import pytest

from reunify.bootstrap import House
from reunify.identity import queries as identity
from reunify.identity import totp
from reunify.kernel.people import System
from reunify.sandbox.families import sample_family
from reunify.sandbox.people import DemoPerson
from reunify.web.audience import STAFF_COOKIE
from tests.web.doors_world import NOW, Clock, signed, typed
from tests.web.pages_world import (
    AGAIN,
    TestClient,
    as_sent,
    browser,
    read_form,
    sign_in,
    signed_in,
    step_up,
    text,
    work_off,
)
from tests.web.test_access import doors

STEP_UP = 'Bearer error="insufficient_user_authentication", max_age=300'


@pytest.fixture
def house(staffed: House) -> House:
    return staffed


@contextmanager
def api(house: House) -> Iterator[TestClient]:
    with browser(house) as client:
        client.base_url = client.base_url.join("/api/v1/")
        yield client


# On pages -----------------------------------------------------------------------------------------------
@pytest.mark.asvs("6.3.3")
def test_after_the_password_the_same_address_asks_for_the_second_proof(house: House, ana: DemoPerson) -> None:
    client = browser(house)
    page = client.post("/sign-in", data=typed(ana))
    assert "One more proof" in text(page)
    assert STAFF_COOKIE not in client.cookies
    assert client.get("/").url.path == "/sign-in"
    done = client.post("/sign-in/demo")
    assert done.url.path == "/"
    assert STAFF_COOKIE in client.cookies


def test_six_digits_sign_in_and_wrong_ones_are_asked_again(
    house: House, ana: DemoPerson, clock: Clock
) -> None:
    with house.db.work() as session:
        staff_id = identity.staff_id(session, ana.username)
        secret = totp.begin_set_up(session, staff_id=staff_id, now=NOW)
        before = NOW - timedelta(minutes=5)
        code = pyotp.TOTP(secret).at(before)
        assert totp.confirm(session, staff_id=staff_id, code=code, by=System("test"), now=before)
    client = browser(house)
    client.post("/sign-in", data=typed(ana))
    wrong = client.post("/sign-in/code", data={"code": "000000"})
    assert wrong.status_code == 401
    assert "not the six digits" in text(wrong)
    assert client.post("/sign-in/code", data={"code": pyotp.TOTP(secret).at(NOW)}).url.path == "/"


def test_starting_again_forgets_whose_turn_it_was(house: House, ana: DemoPerson) -> None:
    client = browser(house)
    client.post("/sign-in", data=typed(ana))
    assert "For staff of the travel programme." in text(client.post("/sign-in/again"))
    assert client.post("/sign-in/demo").status_code == 401


@pytest.mark.asvs("7.2.4")
def test_signing_in_again_ends_the_session_this_browser_had(house: House, ana: DemoPerson) -> None:
    client = signed_in(house, ana.username)
    before = client.cookies[STAFF_COOKIE]
    sign_in(client, house, ana.username)
    old = browser(house)
    old.cookies.set(STAFF_COOKIE, before)
    assert old.get("/").url.path == "/sign-in"


@pytest.mark.asvs("7.4.1", "14.3.1")
def test_signing_out_clears_the_browser_and_ends_the_session(house: House, ana: DemoPerson) -> None:
    client = signed_in(house, ana.username)
    before = client.cookies[STAFF_COOKIE]
    answer = client.post("/sign-out", follow_redirects=False)
    assert answer.headers["clear-site-data"] == '"cache", "cookies", "storage"'
    client.cookies.set(STAFF_COOKIE, before)
    assert client.get("/").url.path == "/sign-in"


def test_the_demos_passkey_is_not_there_outside_the_sandbox(house: House, ana: DemoPerson) -> None:
    plain = replace(house, demo_authenticator=None)
    client = browser(plain)
    page = client.post("/sign-in", data=typed(ana))
    assert "software passkey" not in text(page)
    assert client.post("/sign-in/demo").status_code == 404
    assert signed_in(plain, "ana").post("/step-up/demo").status_code == 404


# Step-up ------------------------------------------------------------------------------------------------
def removal(client: TestClient) -> dict[str, str]:
    return {
        "passkey": str(as_sent(client.get("/security"))["passkey"]),
        "why": "  old & worn \n key",
        "do": "",
    }


@pytest.mark.asvs("7.5.3")
def test_what_was_typed_before_the_passkey_was_asked_for_goes_on_afterwards(
    house: House, ana: DemoPerson, clock: Clock
) -> None:
    client = signed_in(house, ana.username)
    written = removal(client)
    clock.at += timedelta(minutes=6)
    asked = client.post("/security/passkeys/remove", data=written)
    assert asked.status_code == 401
    assert "Confirm it is you" in text(asked)
    held = as_sent(asked)
    carried, going_to = str(held["carried"][0]), held["next"][0]
    assert going_to == "/security/passkeys/remove"
    before = client.cookies[STAFF_COOKIE]
    done = client.post("/step-up/demo", data={"next": going_to, "carried": carried})
    assert client.cookies[STAFF_COOKIE] != before, "the session goes on under a new token"
    assert as_sent(done) == written
    assert 'action="/security/passkeys/remove" data-continue' in done.text
    last = client.post(going_to, data=as_sent(done))
    assert "your only second factor" in text(last), "it arrived where it was sent"


def test_a_page_asked_for_leads_to_step_up_and_back(house: House, ana: DemoPerson) -> None:
    client = signed_in(house, ana.username)
    page = client.get("/step-up?next=/security")
    assert read_form(page).sent[1].value == "/security"
    options = client.post("/step-up/options").json()
    done = client.post("/step-up", data={"credential": signed(house, options, ana), "next": "/security"})
    assert done.url.path == "/security"


@pytest.mark.asvs("3.7.2")
@pytest.mark.parametrize("elsewhere", ["https://elsewhere.example/", "//elsewhere.example", "/\\x", "x"])
def test_step_up_never_leads_to_another_site(house: House, ana: DemoPerson, elsewhere: str) -> None:
    client = signed_in(house, ana.username)
    for data in ({"next": elsewhere}, {"next": elsewhere, "carried": json.dumps([["a", "b"]])}):
        done = client.post("/step-up/demo", data=data, follow_redirects=False)
        assert done.headers.get("location", "/") == "/"
        assert "elsewhere" not in done.text


@pytest.mark.parametrize("carried", ["[", "5", "[[1, 2]]", '[["a"]]', "null"])
def test_carried_fields_that_are_none_are_left_out(house: House, ana: DemoPerson, carried: str) -> None:
    client = signed_in(house, ana.username)
    assert client.post("/step-up/demo", data={"next": "/", "carried": carried}).status_code == 200


def test_a_wrong_passkey_is_told_and_what_was_typed_is_still_there(house: House, ana: DemoPerson) -> None:
    client = signed_in(house, ana.username)
    options = client.post("/step-up/options").json()
    answer = client.post(
        "/step-up",
        data={"credential": signed(house, options, "ben"), "next": "/funds", "carried": '[["a", "b"]]'},
    )
    assert answer.status_code == 422
    assert as_sent(answer)["carried"] == ['[["a", "b"]]'] * 2


NEEDS_A_PASSKEY = {
    "POST /awards/{award_id}/release",
    "POST /awards/{award_id}/approve-and-release",
    "POST /api/v1/awards/{award_id}/release",
    "POST /api/v1/awards/{award_id}/approval-and-release",
    *(
        f"POST /payments/{{instruction_id}}/{act}"
        for act in ("verify", "try-again", "pay-otherwise", "withdraw", "declare-unsent")
    ),
    *(
        f"POST /api/v1/payments/{{instruction_id}}/{act}"
        for act in ("verification", "another-try", "other-way", "withdrawal", "unsent")
    ),
    "POST /security/passkeys/remove",
    "POST /security/app/remove",
    "POST /recovery/open",
    "POST /recovery/confirm",
}


@pytest.mark.asvs("7.5.3")
def test_acts_of_weight_ask_for_a_passkey_and_reading_never_does(house: House) -> None:
    asking = {d.name for d in doors(house) if any(getattr(call, "step_up", False) for call in d.calls)}
    assert asking >= NEEDS_A_PASSKEY
    assert {d.name for d in doors(house) if "/tokens" in d.path and d.method == "POST"} <= asking


@pytest.mark.asvs("7.5.3")
@pytest.mark.parametrize("place", ["/payees/0/email", "/payees", "/cost_lines/0/payee", "/cost_lines/0"])
def test_who_is_paid_is_changed_with_a_passkey_once_an_award_names_them(
    house: House, ana: DemoPerson, clock: Clock, place: str
) -> None:
    client = signed_in(house, ana.username)
    draft = sample_family("b", NOW.date()).draft
    kept = client.post("/api/v1/requests", json=draft).json()["id"]
    path = f"/api/v1/requests/{kept}/answers"
    paid, line = draft["payees"], draft["cost_lines"][0]
    other = next(p["key"] for p in paid if p["key"] != line["payee"])
    answers = {
        "/payees/0/email": "another@example.org",
        "/payees": [paid[0] | {"name": "Somebody Else"}, *paid[1:]],
        "/cost_lines/0/payee": other,
        "/cost_lines/0": line | {"payee": other},
    }
    client.post(f"/api/v1/requests/{kept}/submission", json=AGAIN)
    work_off(house)
    clock.at += timedelta(minutes=6)
    refused = client.post(path, json={"answers": {place: answers[place]}})
    assert (refused.status_code, refused.headers.get("www-authenticate")) == (401, STEP_UP)
    around = client.post(path, json={"answers": {f"x{place}": answers[place]}})
    assert around.status_code == 422
    harmless = client.post(path, json={"answers": {"/case/report_number": "SG-1"}})
    assert harmless.status_code == 202
    step_up(client, house, ana.username)
    assert client.post(path, json={"answers": {place: answers[place]}}).status_code == 202


@pytest.mark.asvs("7.5.3")
def test_who_is_paid_is_changed_without_a_passkey_while_nothing_is_awarded(
    house: House, ana: DemoPerson, clock: Clock
) -> None:
    client = signed_in(house, ana.username)
    kept = client.post("/api/v1/requests", json=sample_family("d", NOW.date()).draft).json()["id"]
    client.post(f"/api/v1/requests/{kept}/submission", json=AGAIN)
    clock.at += timedelta(minutes=6)
    answers = {"answers": {"/payees/0/email": "another@example.org"}}
    assert client.post(f"/api/v1/requests/{kept}/answers", json=answers).status_code == 202


# For programs -------------------------------------------------------------------------------------------
def token(client: TestClient, house: House, ana: DemoPerson) -> str:
    half = client.post("sessions", json=typed(ana))
    assert half.status_code == 202
    answer = json.loads(signed(house, half.json()["passkey_options"], ana))
    made = client.post(
        "sessions/second-factor", json={"half_way": half.json()["half_way"], "passkey": answer}
    )
    assert made.status_code == 201
    return str(made.json()["token"])


@pytest.mark.asvs("6.3.3")
def test_a_program_needs_both_proofs_too(house: House, ana: DemoPerson) -> None:
    with api(house) as client:
        half = client.post("sessions", json=typed(ana)).json()["half_way"]
        client.headers["authorization"] = f"Bearer {half}"
        assert client.get("sessions/me").status_code == 401
        for proof in ({}, {"code": "000000"}, {"passkey": {}}):
            answer = client.post("sessions/second-factor", json={"half_way": half, **proof})
            assert answer.status_code == 401
        client.headers["authorization"] = f"Bearer {token(client, house, ana)}"
        assert client.get("sessions/me").json()["name"] == "Ana Whitfield"


@pytest.mark.asvs("7.5.3", "7.2.4")
def test_a_program_is_told_to_step_up_and_gets_a_new_token(
    house: House, ana: DemoPerson, clock: Clock
) -> None:
    with api(house) as client:
        old = token(client, house, ana)
        client.headers["authorization"] = f"Bearer {old}"
        clock.at += timedelta(minutes=6)
        refused = browser(house).post(
            f"/api/v1/awards/{'0' * 8}-0000-4000-8000-{'0' * 12}/release",
            headers={"authorization": f"Bearer {bens_stale_token(house, clock)}"},
        )
        assert refused.status_code == 401
        assert refused.headers["www-authenticate"] == STEP_UP
        assert refused.headers["content-type"] == "application/problem+json"
        options = client.post("sessions/step-up/options").json()
        again = client.post("sessions/step-up", json={"passkey": json.loads(signed(house, options, ana))})
        assert client.get("sessions/me").status_code == 401, "the old token is dead"
        client.headers["authorization"] = f"Bearer {again.json()['token']}"
        assert client.get("sessions/me").status_code == 200
        assert STAFF_COOKIE not in client.cookies


def bens_stale_token(house: House, clock: Clock) -> str:
    ben = signed_in(house, "ben")
    clock.at += timedelta(minutes=6)
    return ben.cookies[STAFF_COOKIE]


def test_a_browser_that_steps_up_over_the_api_gets_its_cookie_and_no_token_to_read(
    house: House, ana: DemoPerson
) -> None:
    client = signed_in(house, ana.username)
    options = client.post("/api/v1/sessions/step-up/options").json()
    proof = {"passkey": json.loads(signed(house, options, ana))}
    before = client.cookies[STAFF_COOKIE]
    answer = client.post("/api/v1/sessions/step-up", json=proof)
    assert answer.json() == {}
    assert client.cookies[STAFF_COOKIE] != before
    assert client.post("/api/v1/sessions/step-up", json=proof).status_code == 422, "once"
