"""A payment to a family's bank, on good days and bad ones."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
from pytest_bdd import given, then, when

from tests.bdd.money_steps import expended
from tests.bdd.notice_steps import Phones
from tests.unit.test_notices_texts import TELLS
from tests.web.pages_world import signed_in, text

PAYS = "/v2/money_management/outbound_payments"
WHY = {"reason": "The family was paid by a relative."}
TANISHA = "+19185550125"
SUM = 20_000


@given("a mother is paid an advance through her bank")
def paid_by_bank(story: Any, phones: Phones) -> None:
    """Her bank takes and returns nothing by itself: the story says when."""
    story.town.simulator.bank.settle_after = None
    story.town.settles = False
    draft = story.family("f")
    draft["case"]["report_number"] = "SG-26-30981"
    story.enter(draft)


@given("the payout balance is too low")
def too_low(story: Any) -> None:
    story.draft["balance"] = story.town.simulator.bank.available()
    _control(story, "/dashboard/payments", {"cents": story.draft["balance"] - 100})


@given("Stripe has not enabled payouts")
def not_enabled(story: Any) -> None:
    story.town.simulator.faults.order("refuse", path=PAYS, times=50, code="feature_not_enabled")


@when("her bank takes the payment")
def bank_takes(story: Any) -> None:
    """Nothing tells us of it by an event here: it is asked after."""
    story.town.simulator.bank.settle(_flying(story))
    _later(story, by=timedelta(minutes=6))


@when("her bank sends it back")
def sends_back(story: Any) -> None:
    (payment,) = [p for p in _payments(story) if p["status"] == "posted"]
    story.town.simulator.bank.give_back(payment["id"])
    _later(story, by=timedelta(hours=2))


@when("the payout balance is topped up")
def balance_topped_up(story: Any) -> None:
    _control(story, "/topups", {"account": "payout", "cents": story.draft["balance"]})
    story.town.clock.at += timedelta(minutes=6)
    story.town.work()


@when("she gives another account and Ben sends it again")
def gives_another(story: Any) -> None:
    (payment,) = _payments(story)
    _control(story, f"/accounts/{payment['to']['recipient']}/bank_details", {})
    _acts(story, "Ben", "send again", f"{_page(story)}/another-try")
    story.town.work()


@when("Ben and Carla approve the new account")
def both_approve(story: Any) -> None:
    for who in ("Ben", "Carla"):
        _acts(story, who, "approve the new account", f"{_page(story)}/fresh-approval")
    story.town.work()


@when("Ben stops the payment")
def ben_stops(story: Any) -> None:
    story.act("Ben", "stop the payment", f"{_page(story)}/cancellation", WHY)


@when("Ben stops the payment that her bank has taken that moment")
def ben_is_late(story: Any) -> None:
    story.town.simulator.bank.settle(_flying(story))
    story.tries("Ben", f"{_page(story)}/cancellation", WHY)


@when("Stripe enables them and Ben sends what waits")
def enabled(story: Any) -> None:
    story.town.simulator.faults.clear()
    ben = signed_in(story.town.house, "ben")
    assert ben.post("/finance/payouts/send").status_code == 200
    assert ben.post("/finance/payouts/send").status_code == 409
    story.town.work()


@then("she is paid once")
def paid_once(story: Any) -> None:
    assert [p["amount"]["value"] for p in _payments(story) if p["status"] == "posted"] == [SUM]
    assert story.progress["instructions"][0]["state"] == "settled"
    assert expended(story) == SUM


@then("finance is asked to top up the payout balance, and nothing is paid")
def asked_to_top_up(story: Any) -> None:
    assert "top it up, and it is sent by itself" in text(signed_in(story.town.house, "ben").get("/finance"))
    assert _payments(story) == []


@then("she reads that it came back, is kept for her, and who calls")
def she_reads(phones: Phones) -> None:
    (told,) = [m.body for m in phones.book.to(TANISHA) if "sent a payment back" in m.body]
    assert "It is kept for you. We will call you" in told
    assert TELLS.search(told) is None


@then("the money is set aside for her again")
def set_aside_again(story: Any) -> None:
    assert story.progress["instructions"][0]["state"] == "returned"
    assert expended(story) == 0


@then("nothing is sent before two people approve the new account")
def not_sent(story: Any) -> None:
    assert len(_payments(story)) == 1
    assert "two finance people approve it anew" in text(signed_in(story.town.house, "ben").get("/finance"))


@then("nothing is paid, and Ben may send it again")
def stopped(story: Any) -> None:
    assert [p["status"] for p in _payments(story)] == ["canceled"]
    assert expended(story) == 0
    assert "Send it again" in text(signed_in(story.town.house, "ben").get(_page(story)))


@then("he is told that it is too late")
def too_late(story: Any) -> None:
    assert story.answer.status_code == 409
    assert "can no longer stop" in story.answer.text


@then("finance reads what to ask of Stripe, and one payment was tried")
def one_task(story: Any) -> None:
    for _ in range(3):
        story.town.clock.at += timedelta(hours=1)
        story.town.work()
    ben = signed_in(story.town.house, "ben")
    page = text(ben.get("/finance"))
    assert "Ask Stripe to enable Global Payouts" in page
    assert "1 payment waits: $200.00" in page
    told = text(ben.get(_page(story)))
    assert ("Attempt 1" in told, "Attempt 2" in told) == (True, False)


def _payments(story: Any) -> list[dict[str, Any]]:
    """Ours; a payment made past us in Stripe's Dashboard is not."""
    return [p for p in story.town.simulator.bank.store.all("payment") if p.get("metadata")]


def _flying(story: Any) -> str:
    (payment,) = [p for p in _payments(story) if p["status"] == "processing"]
    return str(payment["id"])


def _page(story: Any) -> str:
    (made,) = story.progress["instructions"]
    return f"/payments/{made['id']}"


def _later(story: Any, *, by: timedelta) -> None:
    story.town.clock.at += by
    story.town.work()


def _acts(story: Any, who: str, what: str, path: str, body: dict[str, Any] | None = None) -> None:
    """Hours later nobody is signed in any more."""
    story.town.person(who.lower()).sign_in()
    story.act(who, what, path, body)


def _control(story: Any, path: str, body: dict[str, Any]) -> None:
    httpx.post(f"{story.town.stripe_url}/_control{path}", json=body).raise_for_status()
