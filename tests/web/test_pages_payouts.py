"""A payout stopped, waiting for money, or approved anew, in the browser and through the API."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from reunify.db import Database
from reunify.kernel.people import System
from reunify.rates.actions import set_organisation
from reunify.sandbox.families import sample_family
from tests.town import NOW, Town, built
from tests.web.pages_world import browser, signed_in, text

PAYMENTS = "/v2/money_management/outbound_payments"
WHY = {"reason": "The family was paid by a relative."}


@pytest.fixture
def town(settled_db: Database, tmp_path: Path) -> Iterator[Town]:
    """Stripe's standard fee is written down: $1.50 for each payout."""
    with built(settled_db, tmp_path, settle_after=None) as town:
        with town.house.db.work() as session:
            set_organisation(
                session,
                key="payout_fee_standard",
                value="1.50",
                effective_from=date(2026, 1, 1),
                by=System("setup"),
                now=NOW,
            )
        yield town


def control(town: Town, path: str, body: dict[str, Any]) -> Any:
    return httpx.post(f"{town.stripe_url}/_control{path}", json=body).raise_for_status().json()


def sent(town: Town) -> tuple[str, str]:
    """An advance that the worker has taken up; the request, and the page of its payment."""
    draft = sample_family("f", NOW.date()).draft
    draft["case"]["report_number"] = "SG-26-30982"
    request = town.submitted(draft)
    award = f"/awards/{town.progress(request)['award']['id']}"
    told = text(signed_in(town.house, "ben").get(award))
    assert "Stripe's fee: About $1.50 for 1 payout. The fund domestic_reunification bears it" in told
    town.person("ben").act(town.diary, "approve and release", f"{award}/approval-and-release")
    town.work()
    (payment,) = town.progress(request)["instructions"]
    return request, f"/payments/{payment['id']}"


def test_a_payment_on_its_way_is_stopped_and_then_approved_anew_at_another_bank(town: Town) -> None:
    _, page = sent(town)
    ben, carla, ana = (signed_in(town.house, name) for name in ("ben", "carla", "ana"))
    assert "Stop this payment at Stripe" in text(ben.get(page))
    assert "Stop this payment at Stripe" not in text(ana.get(page))
    assert ana.post(f"{page}/cancel", data=WHY).status_code == 403
    assert "Stripe has stopped it" in text(ben.post(f"{page}/cancel", data=WHY))
    moved_on = ben.post(f"{page}/cancel", data=WHY)
    assert (moved_on.status_code, "nothing to stop" in text(moved_on)) == (409, True)

    (payment,) = town.simulator.bank.store.all("payment")
    control(town, f"/accounts/{payment['to']['recipient']}/bank_details", {})
    ben.post(f"{page}/try-again")
    town.work()
    assert "two finance people approve it anew" in text(ben.get("/finance"))
    assert "The payee's bank account changed" in text(carla.get(page))
    waits = town.person("carla").see(page)
    assert waits["new_bank"]["approval"] == "asked"
    assert waits["new_bank"]["payout_method"] in carla.get(page).text
    assert "A colleague in finance must approve it too." in text(ben.post(f"{page}/approve-anew"))
    again = ben.post(f"{page}/approve-anew")
    assert (again.status_code, "ask another colleague" in text(again)) == (403, True)
    path = f"{page}/fresh-approval"
    assert town.person("ana").tries(path).status_code == 403
    assert town.person("carla").tries(path).json() == {"approval": "approved"}
    town.work()
    assert "Attempt 2" in text(ben.get(page))
    assert town.person("ben").tries(f"{page}/cancellation", WHY).json() == {"state": "failed"}


def test_a_family_whose_bank_sent_the_money_back_reads_what_happens_next(town: Town) -> None:
    request, _ = sent(town)
    (payment,) = town.simulator.bank.store.all("payment")
    town.simulator.bank.settle(payment["id"])
    town.simulator.bank.give_back(payment["id"])
    town.clock.at += timedelta(hours=2)
    town.work()
    assert town.progress(request)["instructions"][0]["state"] == "returned"
    made = signed_in(town.house, "ana").post(f"/requests/{request}/family-link")
    address, pin = re.findall(r'class="secret[^"]*">([^<]+)<', made.text)
    phone = browser(town.house)
    phone.get(address)
    phone.post("/family", data={"pin": pin})
    assert "the bank sent it back. It is still yours and set aside." in text(phone.get("/family"))


def test_a_payment_without_money_waits_and_is_sent_by_itself_when_the_money_came(town: Town) -> None:
    balance = town.simulator.bank.available()
    control(town, "/dashboard/payments", {"cents": balance - 100})
    request, page = sent(town)
    ben = signed_in(town.house, "ben")
    assert "top it up, and it is sent by itself" in text(ben.get("/finance"))
    town.clock.at += timedelta(minutes=6)
    town.work()
    ben = signed_in(town.house, "ben")
    assert "Attempt 1" in text(ben.get(page))
    assert "Attempt 2" not in text(ben.get(page))
    control(town, "/topups", {"account": "payout", "cents": balance})
    town.clock.at += timedelta(minutes=6)
    town.work()
    assert "Attempt 2" in text(signed_in(town.house, "ben").get(page))
    (payment,) = town.progress(request)["instructions"]
    assert payment["state"] == "sending"
