"""Keeping and erasing, as a program officer says it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from pytest_bdd import given, then, when

from reunify.audit import sealing
from reunify.audit.verifying import verify
from reunify.db import Database
from reunify.reporting import invariants
from reunify.retention import actions, queries
from reunify.retention.policy import SecondPersonLifts
from reunify.vault.keepers import Erased
from tests.retention_world import House, house_over


class Shelf:
    """One house, the family the scenario is about, and what stands beside it."""

    def __init__(self, house: House) -> None:
        self.office = house.office
        self.family = house.paid()
        self.second: UUID | None = None
        self.hold: UUID | None = None
        self.due_on = self.office.due_on(self.family)


@pytest.fixture
def shelf(db: Database, tmp_path: Path) -> Iterator[Shelf]:
    with house_over(db, tmp_path) as house:
        yield Shelf(house)


@given("a family whose trip was paid")
def family_paid(shelf: Shelf) -> None:
    assert shelf.office.case(shelf.family).standing.value == "paid"


@given("the same grandmother travels again, a year later")
def second_trip(shelf: Shelf) -> None:
    shelf.office.later(days=365)
    shelf.second = shelf.office.submitted()


@given("a court has asked to hold the family's record")
def court_asks(shelf: Shelf) -> None:
    shelf.hold = shelf.office.held(request_id=shelf.family)


@when("it is one day before three years after its trip, its payments and its consents")
def day_before(shelf: Shelf) -> None:
    shelf.office.noon(shelf.due_on - timedelta(days=1))


@when("it is three years after its trip, its payments and its consents")
def on_the_day(shelf: Shelf) -> None:
    shelf.office.noon(shelf.due_on)


@when("it is the second day after the trip")
def after_the_trip(shelf: Shelf) -> None:
    shelf.office.noon(shelf.office.trip_ends_on(shelf.family) + timedelta(days=2))


@when("a plan of what is due is made, approved by a second person and run")
def plan_is_run(shelf: Shelf) -> None:
    shelf.office.run(shelf.office.approved())


@then("the family's record is not due")
def not_due(shelf: Shelf) -> None:
    assert set(shelf.office.records_due()) <= {"booking_facts"}  # that went to be erased long before


@then("nobody can read what the family told us")
def nobody_reads(shelf: Shelf) -> None:
    with pytest.raises(Erased):
        shelf.office.told(shelf.family)


@then("the family's record can still be read")
def still_read(shelf: Shelf) -> None:
    assert told(shelf, shelf.family)


@then("the second case can still be read")
def second_read(shelf: Shelf) -> None:
    assert shelf.second is not None
    assert told(shelf, shelf.second)


@then("what was told for booking only is gone")
def booking_gone(shelf: Shelf) -> None:
    for traveler in shelf.office.told(shelf.family)["travelers"]:
        assert {v for v in traveler["readiness"].values() if v} == {"unknown"}


@then("the books and the audit trail still prove themselves")
def proved(shelf: Shelf) -> None:
    with shelf.office.db.work() as session:
        sealing.seal(session, now=shelf.office.now)
    with shelf.office.db.read() as session:
        assert verify(session).holds
        assert invariants.check(session) == []


@then("the supervisor alone cannot lift the hold")
def supervisor_alone(shelf: Shelf) -> None:
    office = shelf.office
    assert shelf.hold is not None
    with office.db.work() as session:
        actions.ask_to_lift(session, hold_id=shelf.hold, by=office.sue, now=office.now)
    with pytest.raises(SecondPersonLifts), office.db.work() as session:
        actions.lift(session, hold_id=shelf.hold, by=office.sue, now=office.now)


@then("the supervisor and the administrator together can")
def together(shelf: Shelf) -> None:
    office = shelf.office
    assert shelf.hold is not None
    with office.db.work() as session:
        actions.lift(session, hold_id=shelf.hold, by=office.ada, now=office.now)
    with office.db.read() as session:
        assert queries.holds(session) == []


def told(shelf: Shelf, request_id: UUID) -> Any:
    return shelf.office.told(request_id)["travelers"][0]["name"]
