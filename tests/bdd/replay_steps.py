"""A change of the rules: proposed, tried on families answered before, approved, and families gone back to."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from pytest_bdd import parsers, then, when

from reunify.eligibility import look_backs
from reunify.eligibility.look_back_queries import LookBackView
from reunify.rules import queries
from reunify.rules.policy import AuthorMayNotApprove, ReplayNeeded
from tests.integration.replay_world import Office

CHANGES = {"raise": 120, "lower": 99}


def office(story: Any) -> Office:
    return Office(story.town.house.db, story.town.clock())


def owed(story: Any) -> list[LookBackView]:
    return office(story).owed(UUID(story.request_id))


@when(
    parsers.re(r"Ada proposes to (?P<way>raise|lower) the fund's income limit by a (fifth|hundredth)"),
    target_fixture="change",
)
def proposes(story: Any, way: str) -> str:
    return office(story).raised(to=CHANGES[way])


@when("the change is tried on every family answered before")
def tried(story: Any) -> None:
    story.town.work()


@then(parsers.parse("the family would be answered {answer}"))
def would_be_answered(story: Any, change: str, answer: str) -> None:
    with story.town.house.db.read() as session:
        replay = queries.version(session, change).replay
    assert replay is not None
    assert replay.report is not None
    ((before, after, count),) = replay.report["answers"]
    assert (before, after, count) == (story.progress["answers"]["domestic_reunification"], answer, 1)


@then("Noor cannot approve the change before it was tried")
def not_yet(story: Any, change: str) -> None:
    with pytest.raises(ReplayNeeded):
        office(story).approved(change, by="noor")


@then("Ada cannot approve her own change")
def not_her_own(story: Any, change: str) -> None:
    with pytest.raises(AuthorMayNotApprove):
        office(story).approved(change, by="ada")


@when("Noor approves the change")
def approves(story: Any, change: str) -> None:
    assert office(story).approved(change, by="noor")


@then("Ana is asked to look at the family again")
def asked(story: Any) -> None:
    (look_back,) = owed(story)
    assert (look_back.answer_before, look_back.answer_after) == ("ineligible", "eligible")


@when("Ana checks the family again")
def checks_again(story: Any) -> None:
    at = office(story)
    (look_back,) = owed(story)
    at.again(look_back.request_id)
    with at.db.work() as session:
        look_backs.settle_look_back(
            session,
            request_id=look_back.request_id,
            look_back_id=look_back.id,
            outcome="checked_again",
            reason="",
            by=at.person("ana"),
            now=at.now,
        )


@then("nobody is asked to look at the family again")
def nobody_asked(story: Any) -> None:
    assert owed(story) == []
