"""The emergency form at night, and what it leaves to be shown later."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from pytest_bdd import given, parsers, then, when

from reunify.intake import queries as intake
from reunify.intake.policy import Lane
from tests.bdd.provisional_steps import owed
from tests.emergencies import night_answers
from tests.web.pages_world import signed_in, text


def submits(story: Any, **changed: Any) -> None:
    filed = story.town.person("ana").act(
        story.town.diary, "submit the emergency", "/emergencies", night_answers(**changed)
    )
    story.request_id = str(filed["id"])
    story.town.work()


@given("Ana submitted the boy in Atlanta by the emergency form")
@when("Ana submits the boy in Atlanta by the emergency form")
def submits_whole(story: Any) -> None:
    submits(story)


@when("Ana submits the boy in Atlanta by the emergency form, without a decision on the return authority")
def submits_undecided(story: Any) -> None:
    submits(story, authority={"decision": None, "decision_reason": None})


@when("Ana submits the boy in Atlanta by the emergency form, held over 24 hours")
def submits_held(story: Any) -> None:
    submits(story, held_over_24_hours="yes")


@then("the request is in the emergency lane")
def in_lane(story: Any) -> None:
    with story.town.house.db.read() as session:
        assert intake.request(session, UUID(story.request_id)).lane is Lane.EMERGENCY


@then(parsers.parse("the report number and the income are owed by {day}"))
def both_owed(story: Any, day: str) -> None:
    assert owed(story) == {"DR-04": day, "DR-05": day}


@then("no award is open")
def no_award(story: Any) -> None:
    assert story.progress["award"] is None


@then("a person is asked which Compact office was asked to pay")
def compact_asked(story: Any) -> None:
    page = text(signed_in(story.town.house, "ana").get(f"/requests/{story.request_id}"))
    assert "Which Compact office was asked to pay" in page


def _list(story: Any) -> str:
    return text(signed_in(story.town.house, "ana").get("/"))


@then(parsers.re(r"Ana's work list (?P<shows>shows|does not show) the facts owed"))
def facts_owed(story: Any, shows: str) -> None:
    assert ("Attested, and owed by a day that is over" in _list(story)) == (shows == "shows")


@then("Ana's work list says 3 days over for her, with the report number and the income")
def days_over(story: Any) -> None:
    page = _list(story)
    assert "with Ana" in page
    assert "3 days over" in page
    assert "report is on file" in page
    assert "income is at or under" in page


@when("Ana answers the report number and the income")
def answers_both(story: Any) -> None:
    told = {
        "/case/report_number": "SP-26-118834",
        "/household/size": 3,
        "/household/yearly_income_cents": 2640000,
    }
    ana = signed_in(story.town.house, "ana")  # days later: the session of that night is long over
    answer = ana.post(f"/api/v1/requests/{story.request_id}/answers", json={"answers": told})
    assert answer.status_code == 202, answer.text
    story.town.work()
