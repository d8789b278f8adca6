"""A fund released in parts: nobody takes of a later part but who must; whoever was short is tried again."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from reunify.allocation import told
from reunify.db import Database
from reunify.funds import actions as funds
from reunify.ledger.policy import BudgetCategory, Scope
from tests.integration.scarce_world import AFTER, BY, MIDNIGHT, OWN, PART, Scarce
from tests.town import NOW, built

DAY = timedelta(days=1)
NEW_YEAR = MIDNIGHT + 31 * DAY  # midnight of AFTER
LATE = PART + 20 * DAY  # after the next part, before the one after it
LATEST = AFTER + 20 * DAY


@pytest.fixture
def scarce(settled_db: Database, tmp_path: Path) -> Iterator[Scarce]:
    with built(settled_db, tmp_path) as town:
        world = Scarce(town)
        world.paced()
        yield world


def test_two_requests_and_one_part_the_second_waits_and_its_certificate_says_until_when(
    scarce: Scarce,
) -> None:
    scarce.leave(50_000)
    first, second = scarce.asks(40_000, LATE), scarce.asks(30_000, LATE)
    scarce.check()
    assert (scarce.set_aside(first), scarce.set_aside(second)) == (40_000, 10_000)
    kept = scarce.why(second)
    assert kept["waits"] == {
        "on": "2026-12-01",
        "funds": ["Family Travel Fund"],
        "lines": {"bus-mother": 20_000},
    }
    assert told.sentences(kept, lines={"bus-mother": "Round trip"}) == [
        "Round trip is $200 short: Family Travel Fund's transport released until 2026-12-01 is used up.",
        "The next part of Family Travel Fund is released on December 1, 2026: this request is tried again "
        "by itself that day.",
    ]


@pytest.mark.parametrize(("seconds", "tried"), [(-1, 0), (0, 1)])
def test_a_part_begins_at_midnight_of_the_organisation(scarce: Scarce, seconds: int, tried: int) -> None:
    scarce.leave(0)
    request = scarce.checked(30_000, LATEST)
    assert scarce.stage(request) == "no_money_left"
    scarce.at(MIDNIGHT + timedelta(seconds=seconds))
    assert scarce.try_again() == tried
    assert scarce.set_aside(request) == 30_000 * tried
    assert scarce.try_again() == 0
    assert scarce.version_number(request) == 1  # nobody answered anew: the same version is split again
    assert scarce.findings() == []


@pytest.mark.parametrize(("days", "paid"), [(-1, 30_000), (1, 30_000), (7, 30_000), (8, 10_000)])
def test_pacing_never_costs_a_family_its_flight(scarce: Scarce, days: int, paid: int) -> None:
    scarce.leave(10_000)
    assert scarce.set_aside(scarce.checked(30_000, PART + days * DAY)) == paid


def test_drawing_ahead_goes_as_far_as_the_balance_and_is_counted_against_the_later_parts(
    scarce: Scarce,
) -> None:
    scarce.leave(0)
    assert scarce.set_aside(scarce.checked(625_000, PART - DAY)) == 625_000
    waits = scarce.checked(30_000, LATEST)
    scarce.at(MIDNIGHT)
    assert scarce.try_again() == 1
    assert scarce.set_aside(waits) == 0  # the twelfth part was drawn on before it began
    assert scarce.why(waits)["waits"]["on"] == AFTER.isoformat()


def test_within_one_batch_who_leaves_before_the_next_part_comes_first(scarce: Scarce) -> None:
    scarce.leave(30_000)
    patient, pressed = scarce.asks(30_000, LATE), scarce.asks(30_000, PART - DAY)
    assert scarce.check() == 2
    assert (scarce.set_aside(pressed), scarce.set_aside(patient)) == (30_000, 0)


def test_those_that_wait_are_tried_by_departure_then_need_then_arrival(scarce: Scarce) -> None:
    scarce.leave(0)
    long, needy, soon = (scarce.checked(300_000, day) for day in (LATEST, LATEST + DAY, LATE))
    with scarce.town.house.db.work() as session:
        session.execute(
            sa.text("UPDATE allocation_waits SET points = 1000 WHERE request_id = :id"), {"id": needy}
        )
    scarce.at(MIDNIGHT)
    assert scarce.try_again() == 3
    assert [scarce.set_aside(r) for r in (soon, needy, long)] == [300_000, 300_000, 25_000]


def test_two_at_once_never_take_more_than_the_part(scarce: Scarce) -> None:
    scarce.leave(50_000)
    for _ in range(6):
        scarce.asks(20_000, LATE)
    with scarce.town.house.db.read() as session:
        ids = list(session.scalars(sa.text("SELECT id FROM request_versions ORDER BY submitted_at")))
    from flows import assess

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda i: assess.assess(scarce.town.house, [i], None), ids))
    with scarce.town.house.db.read() as session:
        rows = session.scalars(sa.text("SELECT ceiling FROM allocation_lines")).all()
    assert sum(rows) == 50_000
    assert scarce.findings() == []


def test_a_request_that_got_a_part_is_split_anew_and_what_a_person_approved_stays(scarce: Scarce) -> None:
    scarce.leave(50_000)
    approved, open_ = scarce.checked(60_000, LATEST), scarce.checked(20_000, LATEST)
    assert (scarce.set_aside(approved), scarce.stage(open_)) == (50_000, "no_money_left")
    scarce.approve(approved)
    scarce.at(MIDNIGHT)
    assert scarce.try_again() == 1
    assert (scarce.set_aside(approved), scarce.set_aside(open_)) == (50_000, 20_000)
    found = scarce.award(approved)
    assert found is not None
    assert found.state == "approved"


def test_what_stands_stays_as_it_is_where_the_next_part_brings_no_more(scarce: Scarce) -> None:
    scarce.leave(50_000)
    short = scarce.checked(60_000, LATEST)
    before = scarce.award(short)
    assert scarce.set_aside(scarce.checked(625_000, PART - DAY)) == 625_000  # draws the whole next part
    scarce.at(MIDNIGHT)
    assert scarce.try_again() == 1
    assert scarce.award(short) == before
    assert scarce.try_again() == 0
    with scarce.town.house.db.read() as session:
        row = session.execute(sa.text("SELECT state, next_on FROM allocation_waits")).one()
    assert tuple(row) == ("waiting", AFTER)
    scarce.at(NEW_YEAR)
    assert scarce.try_again() == 1
    assert scarce.set_aside(short) == 60_000


def test_a_second_version_takes_its_turn_before_it_gives_anything_back(scarce: Scarce) -> None:
    scarce.leave(30_000)
    request = scarce.checked(30_000, LATE)
    scarce.check_again(request)
    assert scarce.set_aside(request) == 30_000


def test_first_come_stays_as_it_is(settled_db: Database, tmp_path: Path) -> None:
    with built(settled_db, tmp_path) as town:
        plain = Scarce(town)
        plain.leave(0)
        assert plain.set_aside(plain.checked(30_000, LATEST)) == 30_000


def condition(scarce: Scarce, category: BudgetCategory) -> int:
    with scarce.town.house.db.work() as session:
        return funds.condition(
            session,
            code=OWN,
            budget_category=category,
            text="Travel needs the funder's written yes.",
            cite="award term 7",
            effective_from=NOW.date(),
            by=BY,
            now=NOW,
        )


def test_a_prior_approval_that_is_missing_makes_no_pair_and_is_said(scarce: Scarce) -> None:
    number = condition(scarce, BudgetCategory.TRANSPORT)
    request = scarce.checked(30_000, LATE)
    assert scarce.stage(request) == "no_money_left"
    assert told.sentences(scarce.why(request), lines={"bus-mother": "Round trip"}) == [
        "Round trip is $300 short: no source may pay this line.",
        "Family Travel Fund is not charged for round trip before its funder approves it: Travel needs the "
        "funder's written yes (award term 7).",
    ]
    with scarce.town.house.db.work() as session:
        funds.lift(
            session,
            code=OWN,
            number=number,
            document="Letter of November 25",
            approved_on=NOW.date(),
            reason="They said yes",
            by=BY,
            now=NOW,
        )
    scarce.check_again(request)
    assert scarce.set_aside(request) == 30_000


def test_a_condition_on_meals_leaves_fares_alone(scarce: Scarce) -> None:
    condition(scarce, BudgetCategory.MEALS)
    request = scarce.checked(30_000, LATE)
    assert scarce.set_aside(request) == 30_000
    assert "conditions" not in scarce.why(request)


def test_a_limit_of_one_budget_category_counts_beside_the_limit_of_all(scarce: Scarce) -> None:
    with scarce.town.house.db.work() as session:
        funds.limit(
            session,
            code=OWN,
            scope=Scope.TRIP,
            budget_category=BudgetCategory.TRANSPORT,
            at_most=29_999,
            effective_from=NOW.date(),
            by=BY,
            now=NOW,
        )
    request = scarce.checked(30_000, LATE)
    assert scarce.set_aside(request) == 29_999
    assert scarce.why(request)["binding"] == {"bus-mother": ["Family Travel Fund: trip limit of transport"]}
