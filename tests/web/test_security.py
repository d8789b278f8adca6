"""Each person's own sign-in: sessions, password, factors; and how somebody begins, or begins again."""

from __future__ import annotations

import json
from datetime import timedelta

import pyotp
import pytest
import sqlalchemy as sa
from httpx2 import Response

from reunify.bootstrap import House
from reunify.identity import enrolment, totp
from reunify.identity import queries as identity
from reunify.identity.records import Passkey, StaffRecord
from reunify.kernel.people import Role, System
from reunify.sandbox.authenticator import SoftwarePasskey
from reunify.sandbox.people import DemoPerson
from reunify.web.audience import STAFF_COOKIE
from tests.web.doors_world import NOW, Clock, newcomer, typed
from tests.web.pages_world import (
    as_sent,
    browser,
    read_form,
    signed_in,
    step_up,
    text,
)


@pytest.fixture
def house(staffed: House) -> House:
    return staffed


# Your sign-in -------------------------------------------------------------------------------------------
@pytest.mark.asvs("7.4.3", "7.5.2")
def test_your_sign_in_lists_where_you_are_and_ends_the_others(house: House, ana: DemoPerson) -> None:
    here, there = signed_in(house, ana.username), signed_in(house, ana.username)
    page = here.get("/security")
    assert text(page).count("This one") == 1
    assert "A program" in text(page)
    done = here.post("/security/sessions/end-others")
    assert "Every other session of yours is ended." in text(done)
    assert there.get("/").url.path == "/sign-in"
    assert here.get("/").url.path == "/"


def test_a_password_is_changed_with_the_old_one_and_a_weak_one_is_refused_with_the_remedy(
    house: House,
    ana: DemoPerson,
) -> None:
    client = signed_in(house, ana.username)
    old = ana.password
    for said, remedy in (
        ({"old": "wrong", "new": "gravel-sonnet-plum-ferry"}, "not the password you have now"),
        ({"old": old, "new": "short"}, "at least 12 characters"),
        ({"old": old, "new": "lantern family"}, "about you"),
        ({"old": old, "new": "ana whitfield 1"}, "about you"),
    ):
        answer = client.post("/security/password", data=said)
        assert answer.status_code == 422
        assert remedy in text(answer)
    done = client.post("/security/password", data={"old": old, "new": "gravel-sonnet-plum-ferry"})
    assert "Your password is changed." in text(done)


def test_a_second_passkey_is_added_named_and_removed(house: House, ana: DemoPerson) -> None:
    client = signed_in(house, ana.username)
    options = client.post("/security/passkeys/options").json()
    assert len(options["excludeCredentials"]) == 1
    spare = SoftwarePasskey(f"{ana.username} spare")
    made = json.dumps(spare.make(options, house.settings.own_url))
    page = client.post("/security/passkeys", data={"credential": made, "name": "Office key"})
    assert "The passkey is added." in text(page)
    again = client.post("/security/passkeys", data={"credential": made, "name": "Twice"})
    assert again.status_code == 422
    keys = [c.value for c in read_form(page).sent if c.name == "passkey"]
    client.post("/security/passkeys/rename", data={"passkey": keys[0], "name": "Old phone"})
    assert "Old phone" in client.get("/security").text
    assert "removed" in text(client.post("/security/passkeys/remove", data={"passkey": keys[0]}))
    assert client.post("/security/passkeys/remove", data={"passkey": keys[2]}).status_code == 422
    bens = signed_in(house, "ben").post("/security/passkeys/rename", data={"passkey": keys[2], "name": "x"})
    assert bens.status_code == 404


def test_an_app_for_codes_is_set_up_by_hand_or_by_link(house: House, ana: DemoPerson) -> None:
    client = signed_in(house, ana.username)
    page = client.post("/security/app")
    secret = page.text.split('secret mono">')[1].split("<")[0].replace(" ", "")
    assert f"secret={secret}" in page.text
    assert client.post("/security/app/confirm", data={"code": "000000"}).status_code == 422
    done = client.post("/security/app/confirm", data={"code": pyotp.TOTP(secret).at(NOW)})
    assert "The app is set up." in text(done)
    assert secret not in client.get("/security").text
    assert "The app is removed." in text(client.post("/security/app/remove"))


@pytest.mark.asvs("7.5.3")
def test_a_first_passkey_after_a_code_is_no_proof_for_a_day_and_the_pages_say_what_to_do(
    house: House, ana: DemoPerson
) -> None:
    with house.db.work() as session:
        staff_id = identity.staff_id(session, ana.username)
        secret = totp.begin_set_up(session, staff_id=staff_id, now=NOW)
        before = NOW - timedelta(minutes=5)
        code = pyotp.TOTP(secret).at(before)
        assert totp.confirm(session, staff_id=staff_id, code=code, by=System("test"), now=before)
        session.execute(sa.delete(Passkey).where(Passkey.staff_id == staff_id))
    client = browser(house)
    client.post("/sign-in", data=typed(ana))
    client.post("/sign-in/code", data={"code": pyotp.TOTP(secret).at(NOW)})
    assert "only after 24 hours" in text(client.get("/security"))
    key = SoftwarePasskey(f"{ana.username} phished")
    options = client.post("/security/passkeys/options").json()
    made = json.dumps(key.make(options, house.settings.own_url))
    page = client.post("/security/passkeys", data={"credential": made, "name": "x"})
    assert "The passkey is added and signs you in. It confirms acts of weight in 24 hours." in text(page)
    signed = json.dumps(key.sign(client.post("/step-up/options").json(), house.settings.own_url))
    refused = client.post("/step-up", data={"credential": signed, "next": "/"})
    assert refused.status_code == 422
    for said in (text(client.get("/security")), text(client.get("/step-up")), text(refused)):
        assert "Nov 26, 2026" in said
        assert "ask two colleagues to vouch for you now" in said


# Beginnings ---------------------------------------------------------------------------------------------
def half_of(page: Response) -> str:
    return page.text.split('secret mono">')[1].split("<")[0]


def test_two_colleagues_let_a_third_in_again_at_night(house: House, ana: DemoPerson) -> None:
    with house.db.read() as session:
        person = str(identity.staff_id(session, ana.username))
    supervisor = newcomer(house, "Sue Ortega", Role.SUPERVISOR)
    sue, ben = signed_in(house, supervisor.username), signed_in(house, "ben")
    assert "Call Ana Whitfield back on the number on file" in text(sue.get(f"/recovery?person={person}"))
    assert "number on file" not in text(ben.get(f"/recovery?person={person}"))
    assert sue.post("/recovery/open", data={"person": person}).status_code == 422
    first = half_of(sue.post("/recovery/open", data={"person": person, "called_back": "yes"}))
    waiting = as_sent(ben.get("/recovery"))["recovery"]
    second = half_of(ben.post("/recovery/confirm", data={"recovery": waiting}))

    phone = browser(house)
    wrong = phone.post("/enrol/halves", data={"username": ana.username, "first": first, "second": first})
    assert wrong.status_code == 401
    page = phone.post("/enrol/halves", data={"username": ana.username, "first": first, "second": second})
    assert "Welcome, Ana Whitfield" in text(page)
    weak = phone.post("/enrol/password", data={"password": "ana-whitfield"})
    assert weak.status_code == 422
    phone.post("/enrol/password", data={"password": "gravel-sonnet-plum-ferry"})
    options = phone.post("/enrol/passkey/options").json()
    made = json.dumps(SoftwarePasskey(f"{ana.username} new phone").make(options, house.settings.own_url))
    assert phone.post("/enrol/passkey", data={"credential": made, "name": "New phone"}).url.path == "/"


@pytest.mark.asvs("6.3.8")
def test_a_wrong_code_says_the_same_for_known_and_unknown_names(house: House, ana: DemoPerson) -> None:
    client = browser(house)
    known = client.post("/enrol", data={"username": ana.username, "code": "3333-3333-3333"})
    unknown = client.post("/enrol", data={"username": "nobody", "code": "3333-3333-3333"})
    assert (known.status_code, text(known)) == (unknown.status_code, text(unknown))
    assert known.status_code == 401


@pytest.mark.parametrize("path", ["password", "passkey", "passkey/options", "app", "app/confirm"])
def test_nothing_is_set_up_without_a_code(house: House, ana: DemoPerson, path: str) -> None:
    said = {"password": "gravel-sonnet-plum-ferry", "credential": "{}", "name": "x", "code": "000000"}
    assert browser(house).post(f"/enrol/{path}", data=said).status_code in (401, 422)
    stranger = browser(house)
    stranger.post("/sign-in", data=typed(ana))
    assert stranger.post(f"/enrol/{path}", data=said).status_code in (401, 422)
    assert STAFF_COOKIE not in stranger.cookies


def test_proving_again_keeps_a_person_proved(house: House, ana: DemoPerson, clock: Clock) -> None:
    client = signed_in(house, ana.username)
    clock.at += timedelta(minutes=6)
    assert "confirm with your passkey" in text(client.get("/security"))
    step_up(client, house, ana.username)
    assert "confirm with your passkey" not in text(client.get("/security"))


def test_every_administrator_is_told_of_an_operators_code(house: House, clock: Clock) -> None:
    rosa = newcomer(house, "Rosa Lind", Role.ADMINISTRATOR)
    client = signed_in(house, rosa.username)
    assert "one-time code" not in text(client.get("/security"))
    with house.db.work() as session:
        by = System("reunify admin recover")
        code = enrolment.issue_as_operator(session, username=rosa.username, by=by, now=NOW)
    page = client.get("/security")
    assert "somebody at the server made a one-time code for Rosa Lind" in text(page)
    assert code not in page.text
    assert "at the server" not in text(signed_in(house, "ben").get("/security"))


@pytest.mark.asvs("7.4.2", "8.3.2")
def test_a_demoted_and_a_disabled_approver_lose_an_open_session_at_once(house: House, clock: Clock) -> None:
    fay = newcomer(house, "Fay Whitcombe", Role.FINANCE_RELEASER)
    client = signed_in(house, fay.username)
    assert client.get("/finance").status_code == 200
    with house.db.work() as session:
        row = session.get_one(StaffRecord, identity.staff_id(session, fay.username))
        row.roles = [Role.AUDITOR.value]
    assert client.get("/finance").status_code == 403
    with house.db.work() as session:
        session.get_one(StaffRecord, row.id).active = False
    assert client.get("/").url.path == "/sign-in"
