"""Whoever was short is tried again: what ends a wait, what does not, and what no later part may take away."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from uuid import UUID

import pytest
import sqlalchemy as sa

from reunify.allocation import actions as allocation
from reunify.allocation import queries as plans
from reunify.allocation.policy import LineNeed
from reunify.approval import actions as approval
from reunify.db import Database
from reunify.eligibility import actions as eligibility
from reunify.funds import actions as funds
from reunify.funds.policy import FundKind
from reunify.intake import queries as intake
from reunify.intake.form import Category
from reunify.kernel.ids import RequestId
from reunify.ledger.policy import Unit
from reunify.rates.queries import organisation_now
from reunify.reporting import scarce as waits
from reunify.rules import actions as rules
from reunify.rules import queries as books
from reunify.rules.model import suspended_id
from reunify.sandbox.people import known_as
from reunify.web import award_acts
from tests.integration.scarce_world import AFTER, BY, FARES, MIDNIGHT, OWN, PART, Scarce
from tests.town import NOW, built

DAY = timedelta(days=1)
LATEST = AFTER + 20 * DAY


@pytest.fixture
def scarce(settled_db: Database, tmp_path: Path) -> Iterator[Scarce]:
    with built(settled_db, tmp_path) as town:
        world = Scarce(town)
        world.paced()
        yield world


def suspend(scarce: Scarce) -> None:
    now = scarce.town.clock()
    with scarce.town.house.db.work() as session:
        by = known_as(session, "noor")
        rules.ask_suspension(session, source=OWN, reason="It harms", by=by, now=now)
    with scarce.town.house.db.work() as session:
        rules.confirm_suspension(session, source=OWN, by=known_as(session, "ada"), now=now)


def resume(scarce: Scarce) -> None:
    now = scarce.town.clock()
    with scarce.town.house.db.work() as session:
        by = known_as(session, "noor")
        rules.ask_resumption(session, source=OWN, reason="It is mended", by=by, now=now)
    with scarce.town.house.db.work() as session:
        rules.confirm_resumption(session, source=OWN, by=known_as(session, "ada"), now=now)


def kept(scarce: Scarce, request: RequestId) -> tuple[object, ...]:
    with scarce.town.house.db.read() as session:
        asked = sa.text("SELECT state, departs_on, points, plan FROM allocation_waits WHERE request_id = :id")
        return tuple(session.execute(asked, {"id": request}).one())


def version(scarce: Scarce, request: RequestId) -> UUID:
    with scarce.town.house.db.read() as session:
        asked = sa.text("SELECT id FROM request_versions WHERE request_id = :id ORDER BY number DESC LIMIT 1")
        found: UUID = session.execute(asked, {"id": request}).scalar_one()
        return found


def test_a_source_whose_rules_were_suspended_meanwhile_pays_nothing_until_they_hold_again(
    scarce: Scarce,
) -> None:
    scarce.leave(0)
    request = scarce.checked(30_000, LATEST)
    suspend(scarce)
    scarce.at(MIDNIGHT)
    assert scarce.try_again() == 1
    assert (scarce.set_aside(request), scarce.try_again()) == (0, 0)
    assert scarce.why(request)["uncovered"] == {"bus-mother": 30_000}
    resume(scarce)
    scarce.at(MIDNIGHT + DAY)
    assert scarce.try_again() == 1
    assert scarce.set_aside(request) == 30_000
    assert scarce.findings() == []


def test_what_stands_is_kept_while_the_rules_of_its_source_are_suspended(scarce: Scarce) -> None:
    scarce.leave(10_000)
    request = scarce.checked(30_000, LATEST)
    before = scarce.award(request)
    suspend(scarce)
    scarce.at(MIDNIGHT)
    scarce.try_again()
    assert scarce.award(request) == before
    resume(scarce)
    scarce.at(MIDNIGHT + DAY)
    scarce.try_again()
    assert scarce.set_aside(request) == 30_000


def test_what_a_person_said_under_a_suspension_stands_while_it_lasts(scarce: Scarce) -> None:
    scarce.leave(0)
    suspend(scarce)
    request = scarce.checked(30_000, LATEST)
    with scarce.town.house.db.work() as session:
        eligibility.decide_requirement(
            session,
            request_id=request,
            requirement=suspended_id(OWN),
            decision="met",
            reason="The agency's own letter says so.",
            rulebooks=books.in_force(session),
            by=scarce.staff["ana"],
            now=scarce.town.clock(),
        )
    scarce.check_again(request)
    scarce.at(MIDNIGHT)
    assert scarce.try_again() == 1
    assert scarce.set_aside(request) == 30_000


def test_an_award_declined_on_an_older_version_ends_no_wait_of_the_newer_one(scarce: Scarce) -> None:
    scarce.leave(50_000)
    request = scarce.checked(60_000, LATEST)
    award = scarce.award(request)
    assert award is not None
    award_acts.decline(scarce.town.house, award.id, "too high", scarce.staff["ben"])
    scarce.checked(50_000, LATEST)
    scarce.check_again(request)
    assert scarce.try_again() == 1  # the first version's wait ends
    scarce.at(MIDNIGHT)
    assert scarce.try_again() == 1
    assert scarce.set_aside(request) == 60_000


def test_an_award_declined_on_this_version_ends_its_wait(scarce: Scarce) -> None:
    scarce.leave(50_000)
    declined, waits_on = scarce.checked(60_000, LATEST), scarce.checked(10_000, LATEST)
    award = scarce.award(declined)
    assert award is not None
    award_acts.decline(scarce.town.house, award.id, "too high", scarce.staff["ben"])
    over = version(scarce, declined)
    with scarce.town.house.db.read() as session:
        assert waits.has_ended(session, over)
        assert not waits.has_ended(session, version(scarce, waits_on))
        assert waits.ended(session) == [over]


def test_once_a_wait_is_over_neither_need_nor_departure_is_kept(scarce: Scarce) -> None:
    scarce.leave(0)
    request = scarce.checked(30_000, LATEST)
    state, departs_on, _, plan = kept(scarce, request)
    assert (state, departs_on, bool(plan)) == ("waiting", LATEST, True)
    scarce.at(MIDNIGHT)
    scarce.try_again()
    assert kept(scarce, request) == ("over", None, None, {})


def test_who_is_tried_and_still_waits_keeps_need_and_departure(scarce: Scarce) -> None:
    scarce.leave(0)
    scarce.checked(625_000, PART - DAY)  # draws the whole next part
    request = scarce.checked(30_000, LATEST)
    before = kept(scarce, request)
    scarce.at(MIDNIGHT)
    scarce.try_again()
    assert kept(scarce, request) == before


def test_those_that_wait_are_found_without_reading_those_that_do_no_more(scarce: Scarce) -> None:
    with scarce.town.house.db.read() as session:
        asked = sa.text("SELECT indexdef FROM pg_indexes WHERE indexname = 'ix_allocation_waits_waiting'")
        assert "(next_on) WHERE (state = 'waiting'" in session.execute(asked).scalar_one()


def test_a_trip_that_is_over_draws_on_nothing_ahead(scarce: Scarce) -> None:
    scarce.leave(0)
    assert scarce.set_aside(scarce.checked(30_000, NOW.date() - 20 * DAY)) == 0


def open_another(scarce: Scarce, code: str) -> None:
    """Money for one flight, in one piece."""
    with scarce.town.house.db.work() as session:
        funds.open_fund(
            session,
            code=code,
            name=code,
            public_name="Flights of Friends",
            kind=FundKind.HELD,
            unit=Unit.CENTS,
            amounts={FARES: 40_000},
            period_start=date(2026, 1, 1),
            period_end=None,
            organisation_set=True,
            by=BY,
            now=NOW,
        )


def test_a_later_part_never_costs_a_family_what_a_source_closed_meanwhile_set_aside(scarce: Scarce) -> None:
    scarce.leave(10_000)
    request, other = scarce.asks(30_000, LATEST), "flights"
    open_another(scarce, other)
    needs = [
        LineNeed("flight", Category.AIR_FARE, "advance", "m", other, "cents", 40_000, 40_000, "rule 1"),
        LineNeed("bus", Category.BUS_FARE, "advance", "m", OWN, "cents", 60_000, 60_000, "rule 1"),
    ]
    with scarce.town.house.db.work() as session:
        newest = intake.lock_newest_version(session, version(scarce, request))
        assert newest is not None
        made = allocation.allocate(
            session,
            version_id=newest.id,
            scopes=allocation.Scopes(request, None),
            needs=needs,
            departs_on=LATEST,
            by=BY,
            now=NOW,
        )
        assert made is not None
        approval.open_award(
            session,
            version=newest,
            allocation_id=made,
            organisation=organisation_now(session, now=NOW),
            by=BY,
            now=NOW,
        )
    assert scarce.set_aside(request) == 50_000
    before = scarce.award(request)
    with scarce.town.house.db.work() as session:
        funds.move(session, code=other, verb="freeze", reason="audit", by=BY, now=NOW)
    scarce.at(MIDNIGHT)
    assert scarce.try_again() == 1
    assert scarce.award(request) == before
    with scarce.town.house.db.work() as session:
        funds.move(session, code=other, verb="thaw", reason="audited", by=BY, now=NOW)
    scarce.at(MIDNIGHT + DAY)
    assert scarce.try_again() == 1
    assert scarce.set_aside(request) == 100_000


def test_a_line_only_a_frozen_source_may_pay_is_open_and_said(scarce: Scarce) -> None:
    with scarce.town.house.db.work() as session:
        funds.move(session, code=OWN, verb="freeze", reason="audit", by=BY, now=NOW)
    request = scarce.checked(30_000, LATEST)
    with scarce.town.house.db.read() as session:
        found = plans.empty_split(session, request)
    assert found is not None
    assert found.certificate["uncovered"] == {"bus-mother": 30_000}
    assert [s["line"] for s in found.certificate["shortfalls"]] == ["bus-mother"]
