"""Quiet outcomes: recorded by a case manager, corrected by her supervisor; a payment let go by finance."""

from __future__ import annotations

from typing import Any

from pytest_bdd import given, parsers, then, when

from flows import disburse
from flows.registry import works
from reunify.sandbox.people import PEOPLE_BY_NAME
from reunify.web.audience import FAMILY_COOKIE
from tests.web.pages_world import TestClient, browser, text

_WHAT = {
    "the child died": "child_died",
    "the child is missing again": "missing_again",
    "a court stopped the return": "return_stopped",
}
_REASON = {"reason": "The sheriff called; we called back on the number we know."}


@given("the father of story d waits for one payment and his papers")
def father_waits(story: Any) -> None:
    story.enter(story.family("d"))
    story.link = story.town.person("ana").act(
        story.town.diary, "make a link", f"/requests/{story.request_id}/family-link"
    )
    story.act("Ben", "approve and release", f"{story.award_path}/approval-and-release")


@given("the payment is ready to be sent")
def payment_ready(story: Any) -> None:
    house = story.town.house
    disburse.instruct(house, disburse.find_awards(house.db, 10), None)


@when(parsers.re(f"Ana records that (?P<what>{'|'.join(_WHAT)})$"))
def ana_records(story: Any, what: str) -> None:
    body = {"outcome": _WHAT[what], **_REASON}
    story.act("Ana", "record the outcome", f"/requests/{story.request_id}/outcome", body)


@then("no paper is made and no payment leaves")
def nothing_leaves(story: Any) -> None:
    story.town.work()
    assert story.progress["documents"] == []
    assert story.progress["instructions"] == []


@then("the father's page shows whom to call, and nothing else")
def quiet_page(story: Any) -> None:
    phone = browser(story.town.house)
    phone.get(f"/f/{story.link['token']}")
    phone.post("/family", data={"pin": story.link["pin"]})
    page = text(phone.get("/family"))
    assert "We are here for you" in page
    assert "Ask for: Ana" in page
    assert not any(word in page for word in (story.progress["reference"], "trip", "Download", "$"))
    _has_nothing_else(phone)


def _has_nothing_else(phone: TestClient) -> None:
    assert FAMILY_COOKIE in {cookie.name for cookie in phone.cookies.jar}
    for path in ("/family/consents", "/family/papers"):
        assert phone.get(path).status_code == 401


@then("Ana sees on one screen what still stands")
def one_screen(story: Any) -> None:
    stands = story.town.person("ana").see(f"/requests/{story.request_id}/outcome")["stands"]
    assert stands["award"]["state"] == "released"
    assert stands["people"] >= 1


@then("receipts are waived")
def receipts_waived(story: Any) -> None:
    found = story.town.person("ana").see(f"/requests/{story.request_id}/outcome")
    assert found["receipts_waived_under"] == "quiet-receipts-1"


@then("the payment waits")
def payment_waits(story: Any) -> None:
    story.town.work()
    assert [made["state"] for made in story.progress["instructions"]] == ["ready"]


@when("Ben lets the payment go")
def ben_lets_go(story: Any) -> None:
    (made,) = story.progress["instructions"]
    story.act("Ben", "let the payment go", f"/payments/{made['id']}/letting-go")


@then("it is sent")
def it_is_sent(story: Any) -> None:
    story.town.work()
    assert [made["state"] for made in story.progress["instructions"]] == ["settled"]


@then("Ana cannot take it back alone")
def not_alone(story: Any) -> None:
    story.tries("Ana", f"/requests/{story.request_id}/outcome/correction", _REASON)
    assert story.answer.status_code == 403


@when("Sam corrects it")
def sam_corrects(story: Any) -> None:
    story.town.hire(PEOPLE_BY_NAME["sam"])
    story.act("Sam", "correct the outcome", f"/requests/{story.request_id}/outcome/correction", _REASON)


@then("the papers and the payment go their way")
def all_goes_on(story: Any) -> None:
    assert any(w.find(story.town.house.db, 10) for w in works(story.town.house) if w.name == "instruct")
    story.town.work()
    assert story.progress["stage"] == "paid"
    assert story.progress["documents"]
