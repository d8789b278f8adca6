"""What was paid in an outage, before anybody approved it."""

from __future__ import annotations

from typing import Any

from pytest_bdd import parsers, then, when

from reunify.ledger import queries as ledger
from reunify.reconciliation import suspense
from tests.papers import photo
from tests.web.pages_world import signed_in, text


def bill(story: Any) -> Any:
    (found,) = story.progress["instructions"]
    return found


def outage(story: Any) -> str:
    return f"/outage-payments/{story.draft['outage']}"


def in_suspense(story: Any) -> int:
    with story.town.house.db.read() as session:
        return suspense.left(session, f"outage:{story.draft['outage']}")


def expended(story: Any) -> int:
    with story.town.house.db.read() as session:
        return sum(b.expended for b in ledger.balances(session))


@when(
    parsers.re(
        "(?P<who>Ana|Ben) writes down that (?P<more>one cent more than )?the bill was paid in an outage"
    )
)
def writes_down(story: Any, who: str, more: str | None) -> None:
    cents = bill(story)["amount"] + (1 if more else 0)
    body = {
        "request": story.progress["reference"],
        "instrument": "organisation_card",
        "paid_on": story.town.clock().date().isoformat(),
        "cents": cents,
        "payee": story.draft["cost_lines"][0]["payee"],
        "reference": "slip 77",
        "why": "The network was down and the flight left at six.",
    }
    story.tries(who, "/outage-payments", body)
    assert story.answer.status_code == 201, story.answer.text
    story.draft |= {"outage": story.answer.json()["id"], "cents": cents}


@when("Ana attaches its slip")
def attaches(story: Any) -> None:
    http = signed_in(story.town.house, "ana")
    sent = http.post(f"{outage(story)}/paper", files={"files": ("slip.jpg", photo(), "image/jpeg")})
    assert sent.status_code == 200, sent.text


@then("its money is in suspense and no budget is touched")
def is_in_suspense(story: Any) -> None:
    assert (in_suspense(story), expended(story)) == (story.draft["cents"], 0)


@then("nobody can log that bill as paid beside it")
def not_beside(story: Any) -> None:
    body = {
        "instrument": "vendor_payment",
        "external_reference": "invoice 12",
        "paid_on": story.town.clock().date().isoformat(),
        "evidence": "seen",
    }
    story.tries("Ben", f"/payments/{bill(story)['id']}/record", body)
    assert story.answer.status_code == 409
    assert "made in an outage" in story.answer.json()["detail"]


@when(parsers.parse("{who} proposes it as the payment of the bill"))
def proposes(story: Any, who: str) -> None:
    story.act(who, "propose", f"{outage(story)}/proposal", {"instructions": [bill(story)["id"]]})


@then(parsers.re("(?P<who>Ben) cannot propose it as the payment of the bill"))
def cannot_propose(story: Any, who: str) -> None:
    story.tries(who, f"{outage(story)}/proposal", {"instructions": [bill(story)["id"]]})
    assert story.answer.status_code in (403, 422)


@then("Ben cannot ratify it as well")
def not_both(story: Any) -> None:
    story.tries("Ben", f"{outage(story)}/ratification")
    assert story.answer.status_code == 403


@then("Ben cannot report it either")
def not_reported(story: Any) -> None:
    story.tries("Ben", f"{outage(story)}/report", {"reason": "I would rather not look at it."})
    assert story.answer.status_code == 403


@when("Carla ratifies it")
def ratifies(story: Any) -> None:
    story.act("Carla", "ratify", f"{outage(story)}/ratification")


@then("Carla cannot ratify it before she can see the slip")
def not_unseen(story: Any) -> None:
    story.tries("Carla", f"{outage(story)}/ratification")
    assert story.answer.status_code == 422
    assert "Attach the check copy, slip or receipt" in story.answer.json()["detail"]


@when("Ben proposes it, one cent being left over that no award can bear")
def proposes_part(story: Any) -> None:
    body = {"instructions": [bill(story)["id"]], "reason": "One cent more than was approved."}
    story.act("Ben", "propose", f"{outage(story)}/proposal", body)


@when("Carla puts it on the organisation's own money")
def bears(story: Any) -> None:
    story.act("Carla", "bear", f"{outage(story)}/bearing")


@then("the bill is paid, and the cent is the organisation's own cost")
def is_borne(story: Any) -> None:
    assert bill(story)["state"] == "settled"
    assert (in_suspense(story), expended(story)) == (0, story.draft["cents"])


@when("Ben reports it")
def reports(story: Any) -> None:
    story.act("Ben", "report", f"{outage(story)}/report", {"reason": "More was paid than was approved."})


@then("the bill is paid and nothing is in suspense")
def is_paid(story: Any) -> None:
    assert bill(story)["state"] == "settled"
    assert (in_suspense(story), expended(story)) == (0, story.draft["cents"])


@then("its money stays in suspense, and the auditor finds who reported it")
def stays(story: Any) -> None:
    assert in_suspense(story) == story.draft["cents"]
    page = text(signed_in(story.town.house, "dee").get("/outage-payments"))
    assert "Reported by" in page
    assert "slip 77" not in page
