"""A payee tells Stripe, never us, where the money goes: from the family's page, or by an address sent."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from reunify.audit.records import AuditEntry
from reunify.db import Database
from reunify.sandbox.families import sample_family
from tests.town import NOW, Town, built
from tests.web.pages_world import TestClient, browser, signed_in, text

PAGE = "/family/bank-details"
CSP = "content-security-policy"
BUTTON = "Tell the payment service where to send the money"
BUTTON_ES = "Decir al servicio de pagos a dónde enviar el dinero"


@pytest.fixture
def town(settled_db: Database, tmp_path: Path) -> Iterator[Town]:
    """Nobody has given Stripe a bank account yet."""
    with built(settled_db, tmp_path, settle_after=None, banks_ready=False) as town:
        yield town


def mother_alone() -> dict[str, Any]:
    draft = sample_family("f", NOW.date()).draft
    draft["case"]["report_number"] = "SG-26-30983"
    return draft


def parents_apart() -> dict[str, Any]:
    """The father lives elsewhere and is paid a bus of his own; a taxi firm sends us its bill."""
    draft = mother_alone()
    draft["travelers"][0]["household"] = "mother"
    reach = {"language": "en", "phone": "+1 918 555 0177", "email": "marcus.bell@example.org"}
    father = {"key": "father", "name": "Marcus Bell", "role": "parent", "household": "father"}
    draft["travelers"].append(father | {"contact": reach})
    draft["payees"] += [
        {
            "key": "father",
            "kind": "person",
            "name": "Marcus Bell",
            "traveler": "father",
            "email": "marcus.bell@example.org",
            "stripe_consent": True,
        },
        {
            "key": "taxi",
            "kind": "vendor",
            "name": "Sample Taxi",
            "email": "desk@taxi.example.org",
            "stripe_consent": True,
        },
    ]
    for line in draft["cost_lines"]:
        line["household"] = "mother"
    draft["cost_lines"][2] |= {"payee": "taxi", "settled": "vendor_billed"}
    bus = {"key": "bus-father", "payee": "father", "traveler": "father", "household": "father"}
    draft["cost_lines"].append(draft["cost_lines"][0] | bus)
    draft["legs"].append(draft["legs"][0] | {"key": "out-father", "travelers": ["father"]})
    return draft


def released(town: Town, draft: dict[str, Any]) -> str:
    request = town.submitted(draft)
    award = f"/awards/{town.progress(request)['award']['id']}"
    town.person("ben").act(town.diary, "approve and release", f"{award}/approval-and-release")
    town.work()
    return request


def phone_of(town: Town, request: str, reader: str) -> TestClient:
    made = signed_in(town.house, "ana").post(f"/requests/{request}/links", data={"reader": reader})
    address, pin = re.findall(r'class="secret[^"]*">([^<]+)<', made.text)
    phone = browser(town.house)
    phone.get(address)
    phone.post("/family", data={"pin": pin})
    return phone


def payment_on(page: str) -> str:
    (found,) = re.findall(r'name="payment" value="([^"]+)"', page)
    return str(found)


def stripes_address(page: str) -> str:
    (found,) = set(re.findall(r"http://127\.0\.0\.1:\d+/hosted/bank_details/\w+", page))
    return str(found)


def asked_for(town: Town) -> list[str]:
    """Who opened a way to Stripe's page, as the audit names them."""
    with town.house.db.read() as session:
        rows = sa.select(AuditEntry.actor).where(AuditEntry.verb == "open_bank_details")
        return [str(actor) for actor in session.scalars(rows)]


def test_a_family_types_its_bank_at_stripe_comes_back_and_is_paid(town: Town) -> None:
    request = released(town, mother_alone())
    (made,) = town.progress(request)["instructions"]
    assert made["trouble"] == "bank_details_missing"
    phone = phone_of(town, request, "mother")
    plan = phone.get("/family")
    assert BUTTON in text(plan)
    spanish = phone.get("/family?lang=es")
    assert BUTTON_ES in text(spanish)
    assert "Nosotros nunca la vemos" in text(spanish)

    onward = phone.post(PAGE, data={"payment": payment_on(plan.text), "lang": "es"})
    assert (onward.status_code, "Ahora pasa a la página de Stripe" in text(onward)) == (200, True)
    assert onward.headers["cache-control"] == "no-store"
    there = stripes_address(onward.text)
    assert f"form-action 'self' {town.house.settings.own_url}" in httpx.get(there).headers[CSP]
    typed = httpx.post(there)
    own = f"{town.house.settings.own_url}{PAGE}"
    assert (typed.status_code, typed.headers["location"]) == (303, own)
    back = phone.get(PAGE)
    assert "Thank you We look again within minutes." in text(back)

    town.clock.at += timedelta(minutes=6)
    town.work()
    assert town.progress(request)["instructions"][0]["state"] == "sending"
    assert BUTTON not in text(phone.get("/family"))
    assert "Nothing more is needed from you" in text(phone.post(PAGE, data={"payment": made["id"]}))
    assert len(asked_for(town)) == 1
    with town.house.db.read() as session:
        kept = session.scalars(sa.text(f"SELECT a::text FROM {AuditEntry.__tablename__} a")).all()
    assert not [row for row in kept if "hosted" in row]


def test_of_two_households_each_sees_its_own_payment_and_a_vendor_is_sent_an_address(town: Town) -> None:
    request = released(town, parents_apart())
    waiting = {i["id"]: i["trouble"] for i in town.progress(request)["instructions"]}
    assert list(waiting.values()) == ["bank_details_missing"] * 3
    mother, father = (phone_of(town, request, reader) for reader in ("mother", "father"))
    hers, his = (payment_on(phone.get("/family").text) for phone in (mother, father))
    assert hers != his
    (vendors,) = set(waiting) - {hers, his}
    for phone, other in ((mother, his), (mother, vendors), (father, hers), (father, vendors)):
        refused = phone.post(PAGE, data={"payment": other})
        assert (refused.status_code, "hosted" in refused.text) == (404, False)
    assert asked_for(town) == []
    assert stripes_address(father.post(PAGE, data={"payment": his}).text)

    ben, ana, dee = (signed_in(town.house, name) for name in ("ben", "ana", "dee"))
    page = f"/payments/{vendors}"
    told = text(ben.get(page))
    assert "It waits for the payee's bank details since Nov 25, 2026" in told
    assert "Show the address once" in told
    assert "The button for it is on the page" in text(ben.get(f"/payments/{hers}"))
    assert ben.post(f"/payments/{hers}/bank-details-address").status_code == 409
    assert dee.post(f"{page}/bank-details-address").status_code == 403
    shown = ana.post(f"{page}/bank-details-address")
    there = stripes_address(shown.text)
    assert "hosted" not in ana.get(page).text
    assert httpx.post(there).headers["location"].endswith(PAGE)
    assert "You can close this page." in text(browser(town.house).get(PAGE))
    town.clock.at += timedelta(minutes=6)
    town.work()
    states = {i["id"]: i["state"] for i in town.progress(request)["instructions"]}
    assert states == {hers: "ready", his: "ready", vendors: "sending"}
    assert len(asked_for(town)) == 2


def test_who_took_the_consent_back_or_finds_stripe_silent_is_told_kindly(town: Town) -> None:
    request = released(town, mother_alone())
    phone = phone_of(town, request, "mother")
    payment = {"payment": payment_on(phone.get("/family").text)}
    faults = town.simulator.faults
    faults.order("refuse", path="/v2/core/account_links", times=9, code="feature_not_enabled")
    silent = phone.post(PAGE, data=payment)
    assert (silent.status_code, "does not answer now" in text(silent)) == (503, True)
    assert BUTTON in text(silent)
    faults.clear()

    off = browser(replace(town.house, bank_page=None))
    off.cookies.update(phone.cookies)
    without = off.post(PAGE, data=payment)
    assert (without.status_code, "We do not send money through Stripe now" in text(without)) == (409, True)

    consents = phone.get("/family/consents").text
    (ask,) = re.findall(r'name="ask" value="([^"]+)"', consents)
    phone.post("/family/consents", data={"ask": ask, "answer": "back"})
    spanish = phone.post(PAGE, data=payment | {"lang": "es"})
    assert (spanish.status_code, "Le pagamos de otra manera" in text(spanish)) == (403, True)
    assert BUTTON_ES not in text(spanish)
    elsewhere = phone.post(PAGE, data=payment, headers={"sec-fetch-site": "cross-site"})
    assert elsewhere.status_code == 403
    assert town.simulator.bank.store.all("payment") == []
