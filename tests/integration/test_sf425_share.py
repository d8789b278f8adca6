"""The recipient's share (10i-10k): what a dated term asks, and which money of the same trips counts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from reunify.db import Database
from reunify.funds.setting import set_terms
from reunify.funds.terms import Terms
from reunify.ledger.moving import CostMove, cost_transfer
from reunify.reporting.sf425 import Line
from tests.integration.sf425_world import BY, Q1, TRANSPORT, Award, at, settled
from tests.integration.test_invariants_awards import insert, loosen


@dataclass
class Trips:
    """Two federal awards and the organisation's own money; splits are written straight into their tables."""

    owner: sa.Engine
    award: Award
    other: Award
    own: Award

    def trip(self) -> UUID:
        """A split of one more trip; its id."""
        split = uuid4()
        insert(self.owner, "allocations", id=split, request_id=uuid4())
        return split

    def pays(self, split: UUID, fund: Award, cents: int, *, month: int = 2) -> str:
        """The fund pays so much of that trip; what its hold is called."""
        name = str(uuid4())
        fund.reserve(name, cents, at(month, 1))
        fund.do("obligate", name, cents, at(month, 2))
        fund.do("expend", name, cents, at(month, 3))
        insert(self.owner, "allocation_lines", hold_id=fund.holds[name], allocation_id=split)
        return name

    def asks(self, award: Award, percent: int) -> None:
        """For every 100 of the award so much must come from others, from its first day on."""
        with award.db.work() as session:
            set_terms(
                session,
                code=award.code,
                terms=Terms(match_percent=percent),
                effective_from=date(2026, 1, 1),
                reason="award terms",
                by=BY,
                now=at(1, 3),
            )


@pytest.fixture
def trips(settled_db: Database, administrator: sa.Engine) -> Iterator[Trips]:
    url = administrator.url.set(database=sa.make_url(settled_db.url).database)
    owner = sa.create_engine(url, poolclass=sa.NullPool)
    with owner.begin() as connection:
        for table in ("allocations", "allocation_lines"):
            loosen(connection, table)
    ben = settled(settled_db)
    made = [
        Award(settled_db, ben, code=code).open({TRANSPORT: 100_001}, at(1, 2), number=number)
        for code, number in (("award", "15POVC-26-GG-1"), ("other", "15POVC-26-GG-2"), ("own", None))
    ]
    yield Trips(owner, *made)
    owner.dispose()


def share(award: Award) -> tuple[int, int, int]:
    figures = award.figures(Q1)
    return figures["10i"], figures["10j"], figures["10k"]


def test_a_share_is_asked_of_what_is_authorized_and_given_by_our_own_money_on_its_trips(trips: Trips) -> None:
    trips.asks(trips.award, 25)
    trip, elsewhere = trips.trip(), trips.trip()
    trips.pays(trip, trips.award, 40_000)
    trips.pays(trip, trips.own, 3_000)
    trips.pays(trip, trips.own, 2_000, month=4)  # in the next quarter
    trips.pays(trip, trips.other, 700)  # federal money is never our share
    trips.pays(elsewhere, trips.own, 9_000)  # a trip the award paid nothing of
    assert share(trips.award) == (25_001, 3_000, 22_001)  # 25,000.25 cents, rounded up
    assert trips.award.drilled(Q1, Line.J) == [3_000]
    assert share(trips.other) == (0, 0, 0)


def test_one_dollar_is_the_share_of_one_award_only(trips: Trips) -> None:
    trips.asks(trips.award, 10)
    trips.asks(trips.other, 20)
    trip = trips.trip()
    for fund in (trips.award, trips.other):
        trips.pays(trip, fund, 1_000)
    trips.pays(trip, trips.own, 300)
    assert trips.other.figures(Q1)["10j"] == 300  # it asks the most
    assert trips.award.figures(Q1)["10j"] == 0


def test_a_cost_moved_to_our_own_money_becomes_our_share_of_the_same_trip(trips: Trips) -> None:
    trips.asks(trips.award, 10)
    trip = trips.trip()
    moved = trips.pays(trip, trips.award, 1_000)
    trips.award.prepare(Q1, at(4, 2))
    (report,) = trips.award.reports()
    with trips.award.db.work() as session:
        move = CostMove(trips.award.holds[moved], uuid4(), trips.own.fund, TRANSPORT, 400)
        cost_transfer(session, external_ref="moved", moves=[move], by=BY, now=at(4, 3), day=date(2026, 3, 31))
    assert trips.award.figures(Q1)["10e"] == 600
    assert trips.award.drilled(Q1, Line.J) == [400]
    said = trips.award.restated(report)
    changed = {d.line.value: d.cents for d in said.differences}
    assert changed == {"10b": -400, "10c": 400, "10e": -400, "10g": -400, "10h": 400, "10j": 400, "10k": -400}
    assert [event.kind for event in said.events] == ["cost_transfer"]
    assert [(e.fund, e.cents) for e in said.joined] == [("own", 400)]


def test_when_the_award_gets_its_money_back_our_share_of_that_trip_no_longer_counts(trips: Trips) -> None:
    trips.asks(trips.award, 10)
    trip = trips.trip()
    paid = trips.pays(trip, trips.award, 1_000)
    trips.pays(trip, trips.own, 300)
    trips.award.prepare(Q1, at(4, 2))
    trips.award.do("give_back", paid, 1_000, at(3, 31), pay_again=False)
    said = trips.award.restated(trips.award.reports()[0])
    assert [(e.fund, e.cents) for e in said.left] == [("own", 300)]
    assert said.joined == ()
    assert trips.award.figures(Q1)["10j"] == 0


def test_another_share_asked_for_the_same_quarter_is_said(trips: Trips) -> None:
    trips.award.prepare(Q1, at(4, 2))
    trips.asks(trips.award, 10)
    said = trips.award.restated(trips.award.reports()[0])
    assert said.match_changed == (0, 10)
    assert {d.line.value for d in said.differences} == {"10i", "10k"}
