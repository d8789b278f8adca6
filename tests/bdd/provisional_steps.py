"""What is attested tonight and owed later: on whose word, by when, and what nobody may attest."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from pytest_bdd import given, parsers, then, when

from reunify.approval import queries as approval
from reunify.eligibility import actions as eligibility
from reunify.intake import actions as intake
from reunify.kernel.ids import RequestId
from reunify.kernel.refusals import Refused
from reunify.rules import queries as rules
from tests.bdd.staff_moves import acting
from tests.web.pages_world import signed_in, text

REPORT, AUTHORITY = "DR-04", "DR-07"


def decides(story: Any, requirement: str, decision: str) -> None:
    """Recorded, and the request is checked again, as the page does."""
    if not story.request_id:
        story.enter(story.draft)
    now, house = story.town.clock(), story.town.house
    request_id = RequestId(UUID(story.request_id))
    with house.db.work() as session:
        by = acting(session, "ana", now)
        eligibility.decide_requirement(
            session,
            request_id=request_id,
            requirement=requirement,
            decision=decision,
            reason="Officer Diaz read it to me; the flight leaves at six.",
            rulebooks=rules.in_force(session),
            by=by,
            now=now,
        )
        intake.check_again(session, request_id=request_id, case_types=house.case_types, by=by, now=now)
    story.town.work()


@given("Ana attests the report number on the officer's word")
@when("Ana attests the report number on the officer's word")
def attests(story: Any) -> None:
    decides(story, REPORT, "attested")


@when("Ana takes the word back")
def takes_back(story: Any) -> None:
    decides(story, REPORT, "not_met")


@given("nobody has decided yet whether the return is safe and lawful")
def undecided(story: Any) -> None:
    draft = story.family("f")
    draft["return_authority"]["decision"] = None
    story.enter(draft)


@when("Ana tries to attest that the return is safe and lawful", target_fixture="told")
def tries_authority(story: Any) -> str:
    return refused(story, AUTHORITY)


@when("Ana tries to attest the report number", target_fixture="told")
def tries_report(story: Any) -> str:
    return refused(story, REPORT)


def refused(story: Any, requirement: str) -> str:
    with pytest.raises(Refused) as why:
        decides(story, requirement, "attested")
    return str(why.value)


@then(parsers.parse('she is told: "{sentence}"'))
def is_told(told: str, sentence: str) -> None:
    assert told == sentence


def owed(story: Any) -> dict[str, str]:
    (fund,) = [s for s in story.progress["sources"] if s["source"] == "domestic_reunification"]
    return {r["id"]: r["owed_by"] for r in fund["requirements"] if r["owed_by"]}


@then(parsers.parse("the report number is owed by {day}"))
def is_owed(story: Any, day: str) -> None:
    assert owed(story) == {REPORT: day}


@then("nothing is owed")
def nothing_owed(story: Any) -> None:
    assert owed(story) == {}


@then("the request waits for approval")
def waits(story: Any) -> None:
    assert story.progress["stage"] == "awaiting_approval"


@when(parsers.re(r"it is (?P<moment>\d{4}-\d{2}-\d{2} \d{2}:\d{2}) UTC"))
def it_is(story: Any, moment: str) -> None:
    story.town.clock.at = datetime.fromisoformat(moment).replace(tzinfo=UTC)


@then(parsers.parse("Ana's work list calls it {standing}"))
def on_the_list(story: Any, standing: str) -> None:
    ana = signed_in(story.town.house, "ana")
    assert ("Overdue" in text(ana.get("/"))) == (standing == "overdue")
    assert ("Overdue." in text(ana.get(f"/requests/{story.request_id}"))) == (standing == "overdue")


@then(parsers.parse('the letter asks by {day}: "{what}"'))
def letter_asks(story: Any, day: str, what: str) -> None:
    with story.town.house.db.read() as session:
        award = approval.newest_award(session, UUID(story.request_id))
    letter = award.letter if award else None
    assert letter is not None
    (asked,) = letter["owed"]
    assert (asked["en"], asked["by"]) == (what, day)
    assert asked["es"].startswith("¿")
