"""A payee tells Stripe, never us, where the money goes: from the family's page, or by an address sent."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
import sqlalchemy as sa
from pydantic import SecretStr

from flows import send_notices
from reunify.audit.records import AuditEntry
from reunify.cli import payouts
from reunify.cli.finding import Finding
from reunify.db import Database
from reunify.disbursement.records import InstructionRecord
from reunify.notices import families, sending
from reunify.notices.policy import Kind
from reunify.notices.records import NoticeRecord
from reunify.reporting import telling
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
    reach: dict[str, Any] = {"language": "en", "phone": "+1 918 555 0177", "email": "marcus.bell@example.org"}
    reach |= {"may_text": True, "seen_by_others": "no"}
    reach |= {"safe_from": "07:00", "safe_until": "21:00", "zone": "America/Chicago"}
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


def told_of_bank_details(town: Town) -> set[str]:
    """Whom the house would tell that a payment waits for them, each once."""
    with town.house.db.work() as session:
        for one in telling.news(session, now=town.clock(), limit=9):
            families.tell(
                session,
                request_id=one.request_id,
                move=one.move,
                kind=one.kind,
                payee=one.payee,
                by=send_notices.BY,
                now=town.clock(),
            )
        kept = sa.select(NoticeRecord.person).where(NoticeRecord.kind == Kind.BANK_DETAILS)
        found = list(session.scalars(kept))
        assert len(found) == len(set(found))
    return set(found)


def told_though_given(town: Town, payment: str) -> tuple[str, str | None]:
    """What becomes of his text if he has said where it goes before it could leave."""
    with town.house.db.work() as session:
        n, i = NoticeRecord, InstructionRecord
        his = sa.select(n).where(n.kind == Kind.BANK_DETAILS, n.person == "reader:father")
        record = session.scalars(his).one()
        session.execute(sa.update(i).where(i.id == UUID(payment)).values(trouble=None))
        sending.claim(session, notice_id=record.id, own_url="", by=send_notices.BY, now=town.clock())
        session.execute(sa.update(i).where(i.id == UUID(payment)).values(trouble="bank_details_missing"))
        return record.state, record.code


def cannot_be_reached(town: Town, email: str) -> None:
    """Stripe finds out that no bank of this payee can be paid."""
    bank = town.simulator.bank
    (account,) = [a for a in bank.store.all("account") if a["contact_email"] == email]
    for network in account["configuration"]["recipient"]["capabilities"]["bank_accounts"]:
        bank.set_capability(account["id"], network, "unsupported")
    town.clock.at += timedelta(minutes=6)
    town.work()


def standing(town: Town, *, rail: bool) -> Finding:
    """What `reunify doctor` says of payouts."""
    url = SecretStr(town.house.db.url)
    said = {"database_url": url, "owner_database_url": url, "stripe_rail": rail}
    return payouts.standing(town.house.settings.model_copy(update=said))


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
    for door in ("", "/api/v1"):
        assert ben.post(f"{door}/payments/{hers}/bank-details-address").status_code == 409
        assert dee.post(f"{door}{page}/bank-details-address").status_code == 403
    there = stripes_address(ana.post(f"{page}/bank-details-address").text)
    assert stripes_address(town.person("ana").tries(f"{page}/bank-details-address").json()["address"])
    waits = town.person("ben").see(f"/payments/{hers}")["bank_details"]
    assert waits == {"since": NOW.isoformat().replace("+00:00", "Z"), "on_their_page": True}
    assert told_of_bank_details(town) == {"reader:mother", "reader:father"}, "each of their own; no vendor"
    assert told_though_given(town, his) == ("stopped", "decided")
    assert "hosted" not in ana.get(page).text
    assert httpx.post(there).headers["location"].endswith(PAGE)
    assert "You can close this page." in text(browser(town.house).get(PAGE))
    town.clock.at += timedelta(minutes=6)
    town.work()
    states = {i["id"]: i["state"] for i in town.progress(request)["instructions"]}
    assert states == {hers: "ready", his: "ready", vendors: "sending"}
    assert len(asked_for(town)) == 3

    cannot_be_reached(town, "marcus.bell@example.org")
    ben = signed_in(town.house, "ben")
    assert "pay it another way" in text(ben.get(f"/payments/{his}"))
    said = "Some payees cannot be reached by Stripe"
    assert said in text(ben.get("/finance"))
    rail = town.person("ben").see("/payouts")
    assert (rail["state"], rail["unreachable"], said in rail["sentence"]) == ("lacks_capability", 1, True)
    assert ben.get("/api/v1/health").json()["payouts"] == "lacks_capability"
    assert ben.post("/api/v1/payouts/sending").status_code == 409, "the rail holds nothing up"
    found = standing(town, rail=True)
    assert (found.said, said in (found.remedy or "")) == ("lacks capability: 1 payment waits", True)
    assert (standing(town, rail=False).remedy, found.failed) == (None, False), "off is a state, and well"


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
