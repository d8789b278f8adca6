"""A reservation nobody approved: announced, kept while something is open, given up, and set aside anew."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from flows import reservations
from reunify.approval import running_out
from reunify.bookings.records import BookingRecord
from reunify.db import Database
from reunify.intake import actions as intake
from reunify.kernel.ids import AwardId, RequestId
from reunify.kernel.people import System
from reunify.kernel.refusals import OutOfStep
from reunify.rates import actions as rates
from reunify.rates.policy import Setting
from reunify.reporting import reservations as reported
from reunify.web import award_acts
from tests.integration.asked_world import Office
from tests.integration.scarce_world import BY, Scarce
from tests.integration.test_statement_budgets import listening
from tests.town import NOW, built
from tests.web.pages_world import signed_in

DAY = timedelta(days=1)
FAR = date(2027, 4, 1)  # no trip that keeps its reservation
WARNED = datetime(2026, 12, 22, 14, tzinfo=UTC)  # three working days before: Wednesday, Thursday, Friday
ENDS = date(2026, 12, 25)  # thirty days after NOW
MIDNIGHT = datetime.fromisoformat("2026-12-25T00:00-05:00")


@dataclass
class World:
    scarce: Scarce

    def rows(self, said: str, **values: Any) -> list[Any]:
        with self.scarce.town.house.db.read() as session:
            return list(session.execute(sa.text(said), values))

    def announced(self) -> list[date]:
        return [row[0] for row in self.rows("SELECT runs_out_on FROM allocation_warnings ORDER BY 1")]

    def state(self, request_id: RequestId) -> str:
        award = self.scarce.award(request_id)
        assert award is not None
        return award.state


@pytest.fixture
def world(settled_db: Database, tmp_path: Path) -> Iterator[World]:
    with built(settled_db, tmp_path) as town:
        yield World(Scarce(town))


def warned(world: World, departs: date = FAR) -> RequestId:
    request = world.scarce.checked(30_000, departs)
    world.scarce.at(WARNED)
    assert world.scarce.look_at_reservations() == 1
    return request


def test_nothing_is_said_a_day_too_soon_and_once_when_it_is_time(world: World) -> None:
    world.scarce.checked(30_000, FAR)
    world.scarce.at(WARNED - DAY)
    assert world.scarce.look_at_reservations() == 0
    world.scarce.at(WARNED)
    assert world.scarce.look_at_reservations() == 1
    assert world.announced() == [ENDS]
    assert world.scarce.look_at_reservations() == 0
    said = world.rows("SELECT actor, verb, detail FROM audit_entries WHERE verb = 'warn'")
    assert [tuple(row) for row in said] == [("system:reservations", "warn", {"runs_out_on": "2026-12-25"})]


def test_whoever_has_the_case_reads_it_on_the_work_list_and_on_the_request(world: World) -> None:
    request = warned(world)
    ana = signed_in(world.scarce.town.house, "ana")
    assert "runs out December 25, 2026" in ana.get("/").text
    assert "This reservation runs out December 25, 2026." in ana.get(f"/requests/{request}").text


@pytest.mark.parametrize(("seconds", "state", "left"), [(-1, "awaiting_approval", 30_000), (0, "lapsed", 0)])
def test_it_runs_out_at_midnight_of_the_organisation(
    world: World, seconds: int, state: str, left: int
) -> None:
    request = warned(world)
    world.scarce.at(MIDNIGHT + timedelta(seconds=seconds))
    assert world.scarce.look_at_reservations() == (state == "lapsed")
    assert world.state(request) == state
    (held,) = world.rows("SELECT coalesce(sum(reserved), 0) FROM ledger_holds")
    assert held[0] == left
    assert world.scarce.look_at_reservations() == 0
    assert world.scarce.findings() == []


def test_after_it_the_request_says_so_and_can_be_checked_again(world: World) -> None:
    request = warned(world)
    world.scarce.at(MIDNIGHT)
    world.scarce.look_at_reservations()
    assert world.scarce.stage(request) == "lapsed"
    page = signed_in(world.scarce.town.house, "ana").get(f"/requests/{request}").text
    assert "Its reservation ran out." in page
    assert "check-again" in page
    world.scarce.check_again(request)
    assert (world.state(request), world.scarce.set_aside(request)) == ("awaiting_approval", 30_000)
    assert [row[0] for row in world.rows("SELECT state FROM awards ORDER BY opened_at")] == [
        "replaced",
        "awaiting_approval",
    ]


@pytest.mark.parametrize(
    ("days", "state"), [(-1, "awaiting_approval"), (30, "awaiting_approval"), (31, "lapsed")]
)
def test_a_trip_that_begins_soon_or_is_not_over_keeps_it(world: World, days: int, state: str) -> None:
    request = announced_early(world, ENDS + timedelta(days=days))
    world.scarce.at(MIDNIGHT)
    world.scarce.look_at_reservations()
    assert world.state(request) == state


def announced_early(world: World, departs: date) -> RequestId:
    """While the trip was far, as it may be."""
    request = world.scarce.checked(30_000, departs)
    with world.scarce.town.house.db.work() as session:
        running_out.warn(
            session, award_id=_award(world, request), runs_out_on=ENDS, by=System("tests"), now=WARNED
        )
    return request


def test_what_was_kept_past_its_day_is_announced_anew_before_it_is_given_up(world: World) -> None:
    request = announced_early(world, date(2027, 1, 11))  # back the day after
    home = datetime.fromisoformat("2027-01-12T23:59-05:00")
    world.scarce.at(home)
    assert world.scarce.look_at_reservations() == 0
    world.scarce.at(home + timedelta(minutes=1))
    assert world.scarce.look_at_reservations() == 1
    assert (world.state(request), world.announced()) == ("awaiting_approval", [ENDS, date(2027, 1, 18)])
    assert world.scarce.look_at_reservations() == 0
    page = signed_in(world.scarce.town.house, "ana").get(f"/requests/{request}").text
    assert "This reservation runs out January 18, 2027." in page
    world.scarce.at(datetime.fromisoformat("2027-01-18T00:00-05:00"))
    assert world.scarce.look_at_reservations() == 1
    assert world.state(request) == "lapsed"


def test_reservations_that_something_keeps_are_in_nobodys_way(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(2):
        announced_early(world, ENDS)
    free = announced_early(world, FAR)
    monkeypatch.setattr(reported, "MOST", 1)
    world.scarce.at(MIDNIGHT)
    look = reservations.Look(world.scarce.town.house)
    assert look.find(world.scarce.town.house.db, 1) == [_award(world, free)]
    assert len(look.find(world.scarce.town.house.db, 2)) == 1  # a whole batch: there may be more


def test_the_list_asks_nothing_for_each_reservation(world: World) -> None:
    ear = listening(world.scarce.town.house.db)

    def asked() -> tuple[int, int]:
        with world.scarce.town.house.db.read() as session:
            org = _org(session, NOW.date())
            ear.heard.clear()
            listed = reported.announced(session, me=world.scarce.staff["ana"], org=org, today=NOW.date())
        return len(listed), len(ear.heard)

    announced_early(world, FAR)
    one, few = asked()
    announced_early(world, FAR)
    announced_early(world, FAR)
    assert (one, asked()) == (1, (3, few))
    assert few <= 3, "\n".join(ear.heard)


def _award(world: World, request: RequestId) -> AwardId:
    award = world.scarce.award(request)
    assert award is not None
    return award.id


def test_a_funder_who_has_not_decided_keeps_it_and_afterwards_it_is_given_up(
    settled_db: Database, tmp_path: Path
) -> None:
    with built(settled_db, tmp_path) as town:
        office, scarce = Office(town), Scarce(town)
        office.begin()
        request = office.submitted(fare=40_000, child=False, income=None)
        ask = office.ask(request, {"fare-mother": 40_000})
        office.decide(request, "VR-06")  # checked again: our own money bridges
        before = scarce.award(request)
        assert before is not None
        with town.house.db.work() as session:
            running_out.warn(session, award_id=before.id, runs_out_on=ENDS, by=System("tests"), now=WARNED)
        scarce.at(MIDNIGHT + 30 * DAY)
        assert scarce.look_at_reservations() == 0
        with town.house.db.read() as session:
            org_day = (MIDNIGHT + 30 * DAY).date()
            found = reported.one(session, before.id, org=_org(session, org_day), today=org_day)
        assert found is not None
        assert [str(b) for b in found.found.because] == ["a funder has not decided yet"]
        office.record(request, ask, "no")
        office.check()  # the no has it checked again: set aside anew, from that day
        again = scarce.award(request)
        assert again is not None
        assert (again.state, again.id == before.id) == ("awaiting_approval", False)
        scarce.at(MIDNIGHT + 60 * DAY)
        assert scarce.look_at_reservations() == 1  # warned
        scarce.at(MIDNIGHT + 63 * DAY)  # the day announced
        assert scarce.look_at_reservations() == 1
        assert scarce.stage(request) == "lapsed"


def _org(session: Any, day: date) -> Any:
    from reunify.rates.queries import organisation

    return organisation(session, on=day)


@pytest.mark.parametrize(
    ("booked", "departs", "state"),
    [
        ("wanted", FAR, "awaiting_approval"),
        ("held", FAR, "awaiting_approval"),
        ("cancelled", FAR, "lapsed"),
        ("wanted", ENDS - 31 * DAY, "lapsed"),  # the trip is over, and nobody said so at the desk
    ],
)
def test_what_is_still_to_be_booked_or_travelled_of_the_request_keeps_it(
    world: World, booked: str, departs: date, state: str
) -> None:
    """As of an award that was released before the request was changed."""
    request = announced_early(world, departs)
    with world.scarce.town.house.db.work() as session:
        session.add(
            BookingRecord(
                award_id=_award(world, request),
                request_id=request,
                line_key="earlier",
                category="bus_fare",
                settlement="organisation_books",
                state=booked,
                ceiling_cents=1,
            )
        )
    world.scarce.at(MIDNIGHT)
    world.scarce.look_at_reservations()
    assert world.state(request) == state


def test_a_change_that_is_not_checked_yet_keeps_it(world: World) -> None:
    request = warned(world)
    with world.scarce.town.house.db.work() as session:
        intake.check_again(
            session,
            request_id=request,
            case_types=world.scarce.town.house.case_types,
            by=world.scarce.staff["ana"],
            now=world.scarce.town.clock(),
        )
    world.scarce.at(MIDNIGHT)
    assert world.scarce.look_at_reservations() == 0
    assert world.state(request) == "awaiting_approval"


def test_what_was_approved_in_time_stays(world: World) -> None:
    request = warned(world)
    world.scarce.approve(request)
    world.scarce.at(MIDNIGHT)
    assert world.scarce.look_at_reservations() == 0
    assert world.state(request) == "approved"


def test_whoever_approves_too_late_is_told_and_nothing_is_promised_twice(world: World) -> None:
    request = warned(world)
    world.scarce.at(MIDNIGHT)
    world.scarce.look_at_reservations()
    with pytest.raises(OutOfStep):
        world.scarce.approve(request)


def test_approving_and_running_out_at_one_moment_leave_one_of_them(world: World) -> None:
    requests = [world.scarce.checked(20_000 + n, FAR) for n in range(5)]
    world.scarce.at(WARNED)
    assert world.scarce.look_at_reservations() == 5
    world.scarce.at(MIDNIGHT)

    def approve(request: RequestId) -> None:
        with suppress(OutOfStep):
            world.scarce.approve(request)

    with ThreadPoolExecutor(6) as pool:
        lapsing = pool.submit(world.scarce.look_at_reservations)
        list(pool.map(approve, requests))
        lapsed = lapsing.result()
    states = [world.state(r) for r in requests]
    assert sorted(set(states)) in (["approved"], ["approved", "lapsed"], ["lapsed"])
    assert states.count("lapsed") == lapsed
    (held,) = world.rows("SELECT coalesce(sum(reserved), 0) FROM ledger_holds")
    assert held[0] == sum(20_000 + n for n, state in enumerate(states) if state == "approved")
    assert world.scarce.findings() == []


@pytest.mark.parametrize(("days", "announced"), [(35, 0), (30, 1), (25, 1)])
def test_how_long_is_a_dated_setting_of_the_organisation(world: World, days: int, announced: int) -> None:
    with world.scarce.town.house.db.work() as session:
        rates.set_organisation(
            session,
            key=Setting.RESERVATION_DAYS.value,
            value=days,
            effective_from=NOW.date(),
            by=BY,
            now=NOW,
        )
    world.scarce.checked(30_000, FAR)
    world.scarce.at(WARNED)
    assert world.scarce.look_at_reservations() == announced


def test_the_worker_looks_once_an_hour_and_looking_changes_nothing(world: World) -> None:
    world.scarce.checked(30_000, FAR)
    world.scarce.at(WARNED)
    look = reservations.Look(world.scarce.town.house)
    found = look.find(world.scarce.town.house.db, 10)
    assert len(found) == 1
    assert world.announced() == []
    assert look.find(world.scarce.town.house.db, 10) == []


def test_nothing_is_given_up_that_was_not_announced(world: World) -> None:
    request = world.scarce.checked(30_000, FAR)
    with world.scarce.town.house.db.work() as session:
        done = running_out.lapse(session, award_id=_award(world, request), by=System("tests"), now=NOW)
    assert not done
    assert world.state(request) == "awaiting_approval"


def test_the_amount_raised_after_the_approval_is_not_released_on_it(world: World) -> None:
    request = world.scarce.checked(30_000, FAR)
    world.scarce.approve(request)
    award: UUID = _award(world, request)
    with world.scarce.town.house.db.work() as session:
        intake.answer(
            session,
            request_id=request,
            answers={"/cost_lines/0/quote_cents": 30_001, "/cost_lines/0/ceiling_cents": 30_001},
            award_stands=True,
            case_types=world.scarce.town.house.case_types,
            by=world.scarce.staff["ana"],
            now=world.scarce.town.clock(),
        )
    for _ in range(2):  # before it is checked, and after
        with pytest.raises(OutOfStep):
            award_acts.release(world.scarce.town.house, award, world.scarce.staff["carla"])
        world.scarce.check()
    assert world.scarce.set_aside(request) == 30_001
    assert world.state(request) == "awaiting_approval"
    assert world.scarce.findings() == []
