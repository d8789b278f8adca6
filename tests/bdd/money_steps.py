"""Who may let money go, and what counts as paid."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import sqlalchemy as sa
from pytest_bdd import given, parsers, then, when

from flows import ageing
from reunify.kernel.money import Money
from reunify.kernel.people import Role
from reunify.rates.queries import organisation
from reunify.sandbox.people import DemoPerson
from tests.bdd.staff_moves import OLGA, hired, lend, moves_to
from tests.proofs import message

EVE = DemoPerson("eve", "Eve Marsh", "ribbon-castle-61", frozenset({Role.RULES_AUTHOR}))


@given(parsers.parse("the small-amount limit is {amount}"))
def small_limit(story: Any, amount: str) -> None:
    with story.town.house.db.read() as session:
        said = organisation(session, on=story.town.clock().date())
    assert said.small_amount_limit == Money.parse(amount)


@given(parsers.parse("Ana asks for {amount} of fares"))
def asks_for(story: Any, amount: str) -> None:
    draft = story.family("f")
    draft["case"]["report_number"] = "SG-26-30981"
    line = draft["cost_lines"][0]
    line["quote_cents"] = line["ceiling_cents"] = Money.parse(amount).cents
    draft["cost_lines"] = [line]
    story.enter(draft)
    assert story.progress["award"]["ceiling_cents"] == Money.parse(amount).cents


@when(parsers.parse("{who} tries to approve and release it alone"))
def tries_both(story: Any, who: str) -> None:
    story.tries(who, f"{story.award_path}/approval-and-release")


@when(parsers.parse("{who} tries to approve it"))
def tries_approval(story: Any, who: str) -> None:
    story.tries(who, f"{story.award_path}/approval")


@then(parsers.re("it is (?P<outcome>released|refused)"))
def outcome_is(story: Any, outcome: str) -> None:
    released = outcome == "released"
    assert story.answer.status_code == (200 if released else 403)
    assert story.progress["award"]["state"] == ("released" if released else "awaiting_approval")


@then(parsers.re("(she|he) is turned away"))
def turned_away(story: Any) -> None:
    assert story.answer.status_code == 403


@given("Eve answers a question while she covers for Ana, and later moves to finance")
def eve_answers(story: Any) -> None:
    hired(story, OLGA, EVE)
    lend(story, "ana", "eve", Role.CASE_MANAGER)
    body = {"answers": {"/travelers/0/readiness/mobility": "walks with a stick"}}
    story.act("Eve", "answer", f"/requests/{story.request_id}/answers", body)
    story.town.work()
    moves_to(story, "eve", Role.FINANCE_APPROVER, Role.FINANCE_RELEASER)


@given("Ben has approved it")
def ben_approved(story: Any) -> None:
    story.act("Ben", "approve", f"{story.award_path}/approval")


@when("the payee's e-mail changes before the release")
def email_changes(story: Any) -> None:
    body = {"answers": {"/payees/0/email": "another@example.org"}}
    story.draft["path"] = story.award_path
    story.act("Ana", "answer", f"/requests/{story.request_id}/answers", body)


@then("Carla cannot release it until it is approved again")
def needs_approval_again(story: Any) -> None:
    story.tries("Carla", f"{story.draft['path']}/release")
    assert story.answer.status_code == 409
    story.town.work()
    story.tries("Carla", f"{story.draft['path']}/release")
    assert story.answer.status_code == 409
    assert story.progress["stage"] == "awaiting_approval"
    story.act("Ben", "approve", f"{story.award_path}/approval")
    story.act("Carla", "release", f"{story.award_path}/release")


@given("a released award with a bill to be logged")
def bill_to_log(story: Any) -> None:
    draft = story.family("b")
    draft["cost_lines"] = draft["cost_lines"][:1]
    story.enter(draft)
    story.act("Ben", "approve and release", f"{story.award_path}/approval-and-release")
    story.town.work()


@when(
    parsers.re(
        "Ben logs (?P<what>the payment|a check sent three months ago, and attaches the vendor's message)"
    )
)
def ben_logs(story: Any, what: str) -> None:
    (at,) = story.progress["instructions"]
    story.draft["payment"] = at["id"]
    is_check = what != "the payment"
    body = {
        "instrument": "check" if is_check else "vendor_payment",
        "external_reference": "INV-77",
        "paid_on": (story.town.clock().date() - timedelta(days=91 if is_check else 0)).isoformat(),
        "evidence": "Invoice seen",
    }
    story.act("Ben", "log a payment", f"/payments/{at['id']}/record", body)
    said = message(story.town.clock().date())
    story.act("Ben", "attach the message", f"/payments/{at['id']}/confirmation", said)


@when(parsers.parse("{who} tries to verify it"))
def tries_to_verify(story: Any, who: str) -> None:
    story.tries(who, f"/payments/{story.draft['payment']}/verification")


@when("the check grows too old")
def grows_old(story: Any) -> None:
    house = story.town.house
    looks = ageing.work(house)
    looks.run(looks.find(house.db, 10), None)


@then("finance is asked about a check nobody cashed")
def is_asked_about(story: Any) -> None:
    assert "Not cashed" in story.town.person("carla").reads("/finance")


@when("Carla says that the bank stopped it")
def bank_stopped(story: Any) -> None:
    today = story.town.clock().date().isoformat()
    body = {"ended": "bank_stopped", "ended_on": today, "reason": "The bank wrote that it is stopped."}
    story.act("Carla", "stop the check", f"/payments/{story.draft['payment']}/stop", body)


@then("the bill waits to be logged again")
def waits_again(story: Any) -> None:
    (at,) = story.progress["instructions"]
    assert at["state"] == "to_log"


@then("nothing is expended yet")
def nothing_expended(story: Any) -> None:
    assert expended(story) == 0


@when("Carla verifies it")
def carla_verifies(story: Any) -> None:
    story.act("Carla", "verify", f"/payments/{story.draft['payment']}/verification")


@then("the bill is expended")
def bill_expended(story: Any) -> None:
    assert expended(story) == 74_240


@given("a mother who did not consent to Stripe")
def no_consent(story: Any) -> None:
    draft = story.family("f")
    draft["case"]["report_number"] = "SG-26-30981"
    draft["payees"][0]["stripe_consent"] = False
    story.enter(draft)


@when("her award is released")
def her_award_released(story: Any) -> None:
    story.act("Ben", "approve and release", f"{story.award_path}/approval-and-release")
    story.town.work()


@then("her payment waits to be logged")
def waits_to_be_logged(story: Any) -> None:
    (at,) = story.progress["instructions"]
    assert (at["rail"], at["state"]) == ("logged", "to_log")


@then("Stripe has never heard of her")
def stripe_never_heard(story: Any) -> None:
    page = httpx.get(story.town.stripe_url).text
    assert "tanisha" not in page.lower()


def expended(story: Any) -> int:
    with story.town.house.db.read() as session:
        said = sa.text("SELECT coalesce(sum(expended), 0) FROM ledger_balances WHERE unit = 'cents'")
        return int(session.execute(said).scalar_one())


@given(parsers.parse("a fare quoted at {quote} with a ceiling of {ceiling}"))
def quoted(story: Any, quote: str, ceiling: str) -> None:
    story.draft = story.family("f")
    story.draft["case"]["report_number"] = "SG-26-30981"
    line = story.draft["cost_lines"][0]
    line["quote_cents"] = Money.parse(quote).cents
    line["ceiling_cents"] = Money.parse(ceiling).cents
    story.draft["cost_lines"] = [line]


@then("nothing is still reserved")
def nothing_reserved(story: Any) -> None:
    assert story.progress["stage"] == "paid"
    reserved(story, "$0.00")


@then(parsers.re(r"(?P<amount>\$[\d,.]+) is (still )?reserved"))
def reserved(story: Any, amount: str) -> None:
    with story.town.house.db.read() as session:
        said = sa.text("SELECT coalesce(sum(reserved), 0) FROM ledger_balances WHERE unit = 'cents'")
        assert Money(int(session.execute(said).scalar_one())) == Money.parse(amount)
