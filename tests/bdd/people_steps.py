"""Who stands in for whom, and who is called at night."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from pytest_bdd import given, parsers, then, when

from reunify.identity import delegation, hand_overs, on_call, queries, roles, roster, staffing
from reunify.identity.duties import Duty, Span
from reunify.kernel.ids import StaffId
from reunify.kernel.people import Role
from reunify.sandbox.people import DemoPerson
from tests.bdd.money_steps import asks_for
from tests.bdd.staff_moves import OLGA, acting, hired, lend, moves_to
from tests.integration.people_world import standing

SAM = DemoPerson("sam", "Sam Ortiz", "tundra-lemon-19", frozenset({Role.SUPERVISOR}))
RAE = DemoPerson("rae", "Rae Lund", "tundra-lemon-20", frozenset({Role.RULES_AUTHOR}))
FAYE = DemoPerson("faye", "Faye Adler", "tundra-lemon-22", frozenset({Role.FINANCE_APPROVER}))
TONIGHT = Span(
    datetime(2026, 11, 25, 22, tzinfo=UTC), datetime(2026, 11, 26, 14, tzinfo=UTC)
)  # 5 p.m. to 9 a.m.
HOURS = {
    "ten": 27,
    "eleven": 28,
    "midnight": 29,
    "one in the morning": 30,
}  # of that night, after UTC midnight


@dataclass
class Night:
    """What was asked for, and of which family."""

    offer: UUID | None = None
    authors: set[StaffId] = field(default_factory=set)
    told: str = ""


def staff_id(story: Any, who: str) -> StaffId:
    with story.town.house.db.read() as session:
        return queries.staff_id(session, who.lower())


def at(words: str) -> datetime:
    return datetime(2026, 11, 25, tzinfo=UTC) + timedelta(hours=HOURS[words])


# Standing in -------------------------------------------------------------------------------------------
@given(parsers.parse("Ana has asked for {amount} of fares"))
def has_asked(story: Any, amount: str) -> None:
    asks_for(story, amount)


@given("Ana lends her case work to Rae, who writes the rules")
def ana_lends(story: Any) -> None:
    hired(story, OLGA, RAE)
    lend(story, "ana", "rae", Role.CASE_MANAGER)


@when("Rae answers a question of that family")
def rae_answers(story: Any) -> None:
    body = {"answers": {"/travelers/0/readiness/mobility": "walks with a stick"}}
    story.act("Rae", "answer", f"/requests/{story.request_id}/answers", body)
    story.town.work()


@when("Rae's account is later changed to finance")
def rae_changes(story: Any) -> None:
    moves_to(story, "rae", Role.FINANCE_APPROVER)


@then("Rae cannot approve the award")
def rae_cannot(story: Any) -> None:
    story.tries("Rae", f"{story.award_path}/approval")
    assert story.answer.status_code == 403
    assert "a colleague must decide on its money" in story.answer.text


@given("Ben is away and has lent his releasing to Faye, who approves")
def ben_lends(story: Any) -> None:
    hired(story, FAYE)
    lend(story, "ben", "faye", Role.FINANCE_RELEASER)


@given("Ben approved the award before he left")
def ben_approved_before(story: Any) -> None:
    story.act("Ben", "approve", f"{story.award_path}/approval")


@when("Faye tries to let the money go")
def faye_tries(story: Any) -> None:
    story.tries("Faye", f"{story.award_path}/release")


@then(parsers.re("the money is (?P<outcome>released|held)"))
def money_is(story: Any, outcome: str) -> None:
    assert story.answer.status_code == (200 if outcome == "released" else 403)
    assert story.progress["award"]["state"] == ("released" if outcome == "released" else "approved")


@then("Rae may enter a request today")
def rae_may(story: Any) -> None:
    story.act("Rae", "enter the request", "/requests", {})


@then("Rae may not enter a request a week later")
def rae_may_not(story: Any) -> None:
    with story.town.house.db.read() as session:
        later = standing(session, queries.staff_id(session, "rae"), story.town.clock() + timedelta(days=7))
    assert later.roles == RAE.roles
    assert later.stands_for == frozenset()


@when("Ben tries to lend his approving to Ana", target_fixture="night")
def ben_tries(story: Any) -> Night:
    try:
        lend(story, "ben", "ana", Role.FINANCE_APPROVER)
    except delegation.ReceiverCannotHold as refused:
        return Night(told=str(refused))
    return Night()


@then("he is told that nobody holds both")
def told(night: Night) -> None:
    apart = next(a for a in roles.APART if a.name == "cases_apart_from_money")
    assert apart.because in night.told


# At night ----------------------------------------------------------------------------------------------
@given("Ben is on call for money tonight, with Carla as his backup", target_fixture="night")
def on_call_tonight(story: Any) -> Night:
    hired(story, OLGA, SAM)
    now = story.town.clock()
    with story.town.house.db.work() as session:
        roster.add_shift(
            session,
            duty=Duty.NIGHT_FINANCE,
            person_id=queries.staff_id(session, "ben"),
            backup_id=queries.staff_id(session, "carla"),
            span=TONIGHT,
            by=acting(session, "sam", now),
            now=now,
        )
    return Night()


@when("Ben asks Carla to take over at ten")
def asks_carla(story: Any, night: Night) -> None:
    with story.town.house.db.work() as session:
        (shift,) = on_call.shifts(session, TONIGHT)
        night.offer = hand_overs.offer(
            session,
            shift_id=shift.id,
            to_id=queries.staff_id(session, "carla"),
            note="One award waits.",
            by=acting(session, "ben", at("ten")),
            now=at("ten"),
        )


@when("Carla accepts at midnight")
def carla_accepts(story: Any, night: Night) -> None:
    assert night.offer is not None
    with story.town.house.db.work() as session:
        by = acting(session, "carla", at("midnight"))
        hand_overs.accept(session, offer_id=night.offer, by=by, now=at("midnight"))


@then(parsers.parse("{who} is called at {hour}"))
def is_called(story: Any, who: str, hour: str) -> None:
    person = called(story, hour).person
    assert person is not None
    assert person.name.startswith(who)


@when("Ben is disabled at ten")
def ben_is_disabled(story: Any) -> None:
    with story.town.house.db.work() as session:
        by = acting(session, "olga", at("ten"))
        staffing.disable(session, staff_id=queries.staff_id(session, "ben"), by=by, now=at("ten"))


@then("nobody is called for money at eleven, and the backup is Carla")
def nobody_is_called(story: Any) -> None:
    found = called(story, "eleven")
    assert found.person is None
    assert found.backup is not None
    assert found.backup.name.startswith("Carla")


@then("the supervisor reads that nobody is on call")
def supervisor_reads(story: Any) -> None:
    with story.town.house.db.read() as session:
        holes = on_call.holes(session, zone=UTC, now=at("eleven"))
    assert any(h.duty is Duty.NIGHT_FINANCE and h.span.holds(at("eleven")) for h in holes)


@given("Ben wrote a request when he was still a case manager")
def ben_wrote(story: Any, night: Night) -> None:
    night.authors = {staff_id(story, "ben")}


@then("about that family Carla is called instead")
def carla_instead(story: Any, night: Night) -> None:
    with story.town.house.db.read() as session:
        said = on_call.whom_to_call(session, authors=night.authors, now=at("eleven"))
    assert said == "Call Carla Nguyen (+1 703 555 0133), the backup."


def called(story: Any, hour: str) -> on_call.OnCall:
    with story.town.house.db.read() as session:
        found = on_call.who_is_on_call(session, now=at(hour))
    return next(o for o in found if o.duty is Duty.NIGHT_FINANCE)
