"""Bank details, typed by the payee at Stripe's own page."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import httpx
from pytest_bdd import given, then, when

from tests.bdd.notice_steps import Phones
from tests.bdd.payout_steps import TANISHA
from tests.unit.test_notices_texts import TELLS
from tests.web.pages_world import TestClient, browser, signed_in, text


@given("Stripe does not know her bank account yet")
def no_account_yet(story: Any) -> None:
    story.town.simulator.bank.banks_ready = False


@then("nothing is sent, and her page asks where the money goes", target_fixture="phone")
def page_asks(story: Any) -> TestClient:
    assert story.town.simulator.bank.store.all("payment") == []
    ana = signed_in(story.town.house, "ana")
    made = ana.post(f"/requests/{story.request_id}/links", data={"reader": "mother"})
    address, pin = re.findall(r'class="secret[^"]*">([^<]+)<', made.text)
    phone = browser(story.town.house)
    phone.get(address)
    assert "Where should the money go?" in text(phone.post("/family", data={"pin": pin}))
    return phone


@then("she reads once that one step is left, and nothing of what it is about")
def one_step_is_left(story: Any, phones: Phones) -> None:
    story.town.clock.at += timedelta(minutes=6)
    story.town.work()
    (told,) = [m.body for m in phones.book.to(TANISHA) if "One step is left" in m.body]
    assert TELLS.search(told) is None


@when("she types her bank account at Stripe and comes back", target_fixture="thanked")
def types_at_stripe(story: Any, phone: TestClient) -> str:
    (payment,) = re.findall(r'name="payment" value="([^"]+)"', phone.get("/family").text)
    onward = phone.post("/family/bank-details", data={"payment": payment})
    (there,) = re.findall(r'href="(http://127[^"]+/hosted/[^"]+)"', onward.text)
    back = httpx.post(there).headers["location"]
    thanked = text(phone.get(urlsplit(back).path))
    story.town.clock.at += timedelta(minutes=6)
    story.town.work()
    return thanked


@then("her page thanks her")
def thanks(thanked: str) -> None:
    assert "Thank you We look again within minutes" in thanked
