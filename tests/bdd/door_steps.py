"""How somebody who lost everything they sign in with comes back in."""

from __future__ import annotations

from typing import Any

from pytest_bdd import given, parsers, then, when

from reunify.identity import actions as identity
from reunify.identity import queries, recovery, sessions
from reunify.kernel.people import Role, Staff
from reunify.sandbox.people import PEOPLE_BY_NAME, DemoPerson
from tests.bdd.money_steps import asks_for

SUE = DemoPerson("sue", "Sue Ortega", "pepper-anchor-19", frozenset({Role.SUPERVISOR}))


def proved(session: Any, story: Any, username: str) -> Staff:
    """The person at a desk, with a passkey just proved."""
    person = PEOPLE_BY_NAME[username]
    return Staff(queries.staff_id(session, username), person.name, person.roles, proved_at=story.town.clock())


@given("Ana has asked for fares and then lost her passkey")
def lost(story: Any) -> None:
    asks_for(story, "$200.00")
    with story.town.house.db.work() as session:
        story.draft["old session"] = sessions.begin(
            session,
            staff_id=queries.staff_id(session, "ana"),
            ways=["passkey"],
            browser="Firefox on Windows",
            proved_at=None,
            now=story.town.clock(),
        )


@given("Sue, her supervisor, called her back and opened a recovery")
def opened(story: Any) -> None:
    story.town.hire(SUE)
    with story.town.house.db.work() as session:
        story.draft["recovery"], story.draft["first"] = recovery.open_recovery(
            session,
            staff_id=queries.staff_id(session, "ana"),
            called_back=True,
            by=proved(session, story, "sue"),
            now=story.town.clock(),
        )


@given("Ben, of finance, confirmed it")
def confirmed(story: Any) -> None:
    with story.town.house.db.work() as session:
        story.draft["second"] = recovery.confirm_recovery(
            session,
            recovery_id=story.draft["recovery"],
            by=proved(session, story, "ben"),
            now=story.town.clock(),
        )


@when(parsers.re("Ana types (?P<what>both halves|Sue's half twice)"))
def types(story: Any, what: str) -> None:
    halves = story.draft["first"], story.draft["second" if what == "both halves" else "first"]
    with story.town.house.db.work() as session:
        story.draft["let in"] = recovery.begin_with_halves(
            session,
            username="ana",
            first=halves[0],
            second=halves[1],
            place="203.0.113.7",
            now=story.town.clock(),
        )


@then("she may set up anew")
def may_set_up(story: Any) -> None:
    assert story.draft["let in"] is not None


@then("she is told it is not right")
def not_right(story: Any) -> None:
    assert story.draft["let in"] is None


@then("neither her old password nor her old session opens anything")
def nothing_old(story: Any) -> None:
    now, old = story.town.clock(), PEOPLE_BY_NAME["ana"].password
    with story.town.house.db.work() as session:
        assert sessions.staff_of(session, token=story.draft["old session"], now=now) is None
        assert identity.sign_in(session, username="ana", password=old, now=now) is None


@then("Ben cannot approve what she asked for")
def ben_cannot(story: Any) -> None:
    assert story.town.person("ben").is_refused(f"/awards/{award(story)}/approval", 403)


@then("Carla can")
def carla_can(story: Any) -> None:
    story.act("Carla", "approve", f"/awards/{award(story)}/approval")


def award(story: Any) -> str:
    """Asked for as Carla: Ana is signed out."""
    progress = story.town.person("carla").see(f"/requests/{story.request_id}/progress")
    return str(progress["award"]["id"])
