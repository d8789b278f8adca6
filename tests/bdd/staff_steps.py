"""Who lets a new colleague in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from pytest_bdd import given, then, when

from reunify.identity import queries, staff_changes, staffing
from reunify.identity.staff_changes import SecondPersonNeeded
from reunify.identity.staff_effects import Outcome
from reunify.kernel.people import Role
from reunify.kernel.refusals import NotFound
from tests.bdd.people_steps import SAM
from tests.bdd.staff_moves import OLGA, acting, hired


@dataclass
class LettingIn:
    """What Olga was told, and what Sam."""

    asked: Outcome
    confirmed: Outcome | None = None


def confirms(story: Any, who: str) -> Outcome:
    now = story.town.clock()
    with story.town.house.db.work() as session:
        by = acting(session, who, now)
        (change,) = staff_changes.waiting(session, by=by, now=now)
        return staff_changes.confirm(session, change_id=change.id, by=by, now=now)


@given("Olga, an administrator, asks for Max to be let in for finance", target_fixture="letting_in")
def asks(story: Any) -> LettingIn:
    hired(story, OLGA, SAM)
    now = story.town.clock()
    with story.town.house.db.work() as session:
        return LettingIn(
            staffing.add(
                session,
                username="max",
                details=staffing.Details("Max Reyes"),
                held={Role.FINANCE_APPROVER},
                by=acting(session, "olga", now),
                now=now,
            )
        )


@then("Max has no account")
def no_account(story: Any) -> None:
    with story.town.house.db.read() as session, pytest.raises(NotFound):
        queries.staff_id(session, "max")


@then("Olga cannot confirm it herself")
def not_herself(story: Any) -> None:
    with pytest.raises(SecondPersonNeeded):
        confirms(story, "olga")


@when("Sam, a supervisor, confirms that Max is meant")
def sam_confirms(story: Any, letting_in: LettingIn) -> None:
    story.town.person("sam")  # Sam has signed in
    letting_in.confirmed = confirms(story, "sam")


@then("Max may begin with the code that Sam was shown")
def may_begin(story: Any, letting_in: LettingIn) -> None:
    assert letting_in.confirmed is not None
    assert letting_in.confirmed.code is not None
    with story.town.house.db.read() as session:
        assert queries.staff_id(session, "max") == letting_in.confirmed.staff_id


@then("Olga was shown no code")
def no_code(letting_in: LettingIn) -> None:
    assert letting_in.asked.code is None
