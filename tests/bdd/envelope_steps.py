"""Two people sign an envelope, one decides inside it at night, and a third looks afterwards."""

from __future__ import annotations

from typing import Any

import pytest
from pytest_bdd import given, parsers, then, when

from reunify.approval.envelope_policy import ReviewedByAThird
from reunify.kernel.ids import RequestId
from reunify.kernel.money import Money
from reunify.kernel.refusals import NotAllowed
from tests.integration.envelope_world import DEPARTS, Night

WHY = "The rules of this source were not met."


class Team:
    """The night's people over the scenario's own town, and the request they decide on."""

    def __init__(self, story: Any) -> None:
        self.night = Night(story.town)
        self.request: RequestId | None = None
        self.refused = False

    @property
    def decided(self) -> RequestId:
        assert self.request is not None
        return self.request


@given("Ben is on call for money, with Carla as his backup", target_fixture="night_team")
def on_call(story: Any) -> Team:
    return Team(story)


@given(parsers.parse("Carla and Ben have signed an envelope of {amount}, at most {most} for one request"))
def signed(night_team: Team, amount: str, most: str) -> None:
    night_team.night.signed(Money.parse(amount).cents, Money.parse(most).cents)


@given(parsers.parse("an emergency needs {amount} of fares"))
def emergency(night_team: Team, amount: str) -> None:
    night_team.request = night_team.night.emergency(Money.parse(amount).cents)


@given(parsers.parse("a family needs {amount} of fares"))
def family(night_team: Team, amount: str) -> None:
    night_team.request = night_team.night.checked(Money.parse(amount).cents, DEPARTS)


@given(parsers.parse("an emergency needs {amount} of fares, and a funder's money is in the envelope"))
def of_a_funder(night_team: Team, amount: str) -> None:
    night_team.night.of_a_funder()
    emergency(night_team, amount)


@when(parsers.parse("{who} approves and releases it in one act"))
def acts(night_team: Team, who: str) -> None:
    try:
        night_team.night.act(night_team.decided, by=who.lower())
    except NotAllowed:
        night_team.refused = True


@then(parsers.parse("the night's decision is {outcome}"))
def decision(night_team: Team, outcome: str) -> None:
    award = night_team.night.award(night_team.decided)
    assert award is not None
    assert (award.state == "released", night_team.refused) == (outcome == "made", outcome == "refused")


@then("neither Ben nor Carla may review it")
def not_these(night_team: Team) -> None:
    for who in ("ben", "carla"):
        with pytest.raises(ReviewedByAThird):
            night_team.night.review(night_team.decided, agrees=True, by=who)


@then("Gus reviews it and agrees")
def agrees(night_team: Team) -> None:
    night_team.night.review(night_team.decided, agrees=True)
    found = night_team.night.review_of(night_team.decided)
    assert found is not None
    assert found.state == "agreed"


@when("it is paid, and Gus says no to it")
def says_no(night_team: Team) -> None:
    night_team.night.spend(night_team.decided)
    night_team.night.review(night_team.decided, agrees=False, reason=WHY)
    night_team.night.flow()


@then(parsers.parse("Gus has asked that our own money bear {amount}"))
def asked(night_team: Team, amount: str) -> None:
    (found,) = night_team.night.transfers(night_team.decided)
    assert (found.state, found.cents) == ("asked", Money.parse(amount).cents)
    assert found.asked_by == night_team.night.staff["gus"].id


@then("once Ben has confirmed it nothing is left to be borne")
def borne(night_team: Team) -> None:
    (found,) = night_team.night.transfers(night_team.decided)
    night_team.night.confirm(night_team.decided, found.id, by="ben")
    night_team.night.flow()
    review = night_team.night.review_of(night_team.decided)
    assert review is not None
    assert review.state == "borne"
