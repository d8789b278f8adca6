"""What the rules say, at the limit, one over and one under."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from pytest_bdd import given, parsers, then, when

from reunify.eligibility import actions as eligibility
from reunify.intake import actions as intake
from reunify.kernel.ids import RequestId
from reunify.kernel.money import Money
from reunify.rules import queries as rules
from tests.bdd.door_steps import proved


@given(parsers.parse("a family of three with a yearly income of {income}"))
def family_of_three(story: Any, income: str) -> None:
    story.draft = story.family("d")
    story.draft["household"] = {
        "size": 3,
        "yearly_income_cents": Money.parse(income).cents,
        "state": "TX",
    }


@given("a family of three whose income is not known")
def income_unknown(story: Any) -> None:
    story.draft = story.family("d")
    story.draft["household"] = {"size": 3, "yearly_income_cents": None, "state": "TX"}


@given("the boy was held over a day in another state")
def held_over_a_day(story: Any) -> None:
    story.draft["case"]["held_over_24_hours"] = "yes"


@then("it waits for a decision of staff, and of nobody else")
def waits_for_staff(story: Any) -> None:
    assert story.progress["stage"] == "staff_decision"
    assert story.progress["questions"] == []


@when("Ana records that the Compact office was asked and cannot pay in time")
def compact_asked(story: Any) -> None:
    house = story.town.house
    with house.db.work() as session:
        ana = proved(session, story, "ana")
        here: dict[str, Any] = {
            "request_id": RequestId(UUID(story.request_id)),
            "by": ana,
            "now": story.town.clock(),
        }
        in_force = rules.in_force(session)
        eligibility.decide_requirement(
            session,
            requirement="DR-09",
            decision="met",
            reason="Georgia's office was called at 02:40 and opens on Monday.",
            rulebooks=in_force,
            **here,
        )
        intake.check_again(session, case_types=in_force.dictionary.case_types, **here)
    story.town.work()


@then(parsers.parse("the domestic fund says {answer}"))
def domestic_says(story: Any, answer: str) -> None:
    assert story.progress["answers"]["domestic_reunification"] == answer.replace(" ", "_")


@then(parsers.parse("the night of {day} is covered at {amount}"))
def night_covered(story: Any, day: str, amount: str) -> None:
    key = {"30 September": "night-1", "1 October": "night-2"}[day]
    assert covered(story, key) == Money.parse(amount)


@then(parsers.parse("the drive is covered at {amount}"))
def drive_covered(story: Any, amount: str) -> None:
    assert covered(story, "drive") == Money.parse(amount)


@when(parsers.parse('Ana saves a draft with a household income of "{typed}"'))
def saves_wrong_income(story: Any, typed: str) -> None:
    story.draft = story.family("d")
    story.draft["household"]["yearly_income_cents"] = typed
    story.tries("Ana", "/requests", story.draft)


@then(parsers.parse("she is told to write a whole number at {pointer}"))
def told_whole_number(story: Any, pointer: str) -> None:
    assert story.answer.status_code == 422
    assert story.answer.headers["content-type"] == "application/problem+json"
    assert story.answer.json()["errors"] == [{"pointer": pointer, "detail": "Write a whole number."}]


@then("the answer is not repeated back to her")
def not_repeated(story: Any) -> None:
    assert str(story.draft["household"]["yearly_income_cents"]) not in story.answer.text


@then("the draft is kept as she typed it")
def draft_kept(story: Any) -> None:
    kept = story.town.person("ana").see(f"/requests/{story.answer.json()['draft']['id']}")
    assert kept["draft"] == story.draft


@given("Ana saves a draft without a case number and without a payee")
def saves_gaps(story: Any) -> None:
    story.draft = story.family("d")
    del story.draft["case"]["number"]
    del story.draft["payees"]
    story.tries("Ana", "/requests", story.draft)
    assert story.answer.status_code == 201
    story.request_id = story.answer.json()["id"]


@when("she submits it")
def she_submits(story: Any) -> None:
    story.tries("Ana", f"/requests/{story.request_id}/submission")


@then("she is told of /case/number and /payees")
def told_of_gaps(story: Any) -> None:
    assert story.answer.status_code == 422
    assert {e["pointer"] for e in story.answer.json()["errors"]} == {"/case/number", "/payees"}


@then("it is still a draft")
def still_draft(story: Any) -> None:
    assert story.progress["stage"] == "draft"


def covered(story: Any, key: str) -> Money:
    lines = story.progress["plan"]["lines"]
    return Money(sum(p["ceiling"] for p in lines if p["line"] == key))
