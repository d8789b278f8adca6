"""Whatever happens to an award on whatever day: its report agrees with a plain model and its entries."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reunify.adapters.embedded_postgres import Urls
from reunify.reporting.sf425 import Line
from tests.integration.sf425_world import Q1, Q2, Q3, TRANSPORT, Award, at, settled
from tests.lasting import lasting_database

AUTHORIZED = 100_000
START = at(1, 2, 0, 0)
# verb -> (taken from, given to, what it adds to cash disbursements)
MOVES = {
    "unreserve": ("reserved", "", 0),
    "obligate": ("reserved", "obligated", 0),
    "unobligate": ("obligated", "reserved", 0),
    "expend": ("obligated", "expended", 1),
    "fail": ("obligated", "", 0),
    "give_back": ("expended", "", -1),
}
STEPS = st.lists(
    st.tuples(
        st.integers(0, 10 * 24),  # hours since the step before: about three quarters in all
        st.sampled_from(["draw", "fee", "amend", "reserve", *MOVES]),
        st.integers(1, 9_000),
    ),
    min_size=12,
    max_size=20,
)


@pytest.fixture(scope="module")
def house(server: Urls, administrator: sa.Engine, settled_template: str) -> Iterator[Award]:
    with lasting_database(server, administrator, settled_template) as db:
        yield Award(db, settled(db))


@dataclass
class Model:
    """What happened, kept in the plainest way: cents by account, and every change with its moment."""

    award: Award
    now: datetime = START
    has: dict[str, int] = field(default_factory=lambda: {"reserved": 0, "obligated": 0, "expended": 0})
    fees: int = 0
    authorized: int = AUTHORIZED
    log: list[tuple[datetime, str, int]] = field(default_factory=list)

    def note(self, **changes: int) -> None:
        self.log += [(self.now, what, cents) for what, cents in changes.items()]

    def step(self, hours: int, verb: str, cents: int) -> None:
        """The step, if the award can bear it: refusals are other tests'."""
        self.now += timedelta(hours=hours)
        free = self.authorized - self.fees - sum(self.has.values())
        if verb == "draw":
            self.award.draw(cents, self.now)
            self.note(a=cents)
        elif verb == "fee" and cents <= free:
            self.award.fee(cents, self.now)
            self.fees += cents
            self.note(b=cents, e=cents)
        elif verb == "amend" and cents <= free:
            self.authorized -= cents
            self.award.amend(self.authorized, self.now)
            self.note(d=-cents)
        elif verb == "reserve" and not self.award.holds:
            self.award.reserve("trip", 50_000, self.now)
            self.has["reserved"] = 50_000
        elif verb in MOVES:
            self.move(verb, cents)

    def move(self, verb: str, cents: int) -> None:
        source, target, spent = MOVES[verb]
        if self.has[source] < cents:
            return
        more = {"pay_again": False} if verb == "give_back" else {}
        self.award.do(verb, "trip", cents, self.now, **more)
        self.has[source] -= cents
        moved = {"obligated": 0, "expended": 0, source: -cents}
        if target:
            self.has[target] += cents
            moved[target] = cents
        self.note(b=spent * cents, e=moved["expended"], f=moved["obligated"])

    def by(self, end: datetime) -> dict[str, int]:
        """10a, 10b, 10d, 10e and 10f of everything before that midnight."""
        sums = {"a": 0, "b": 0, "d": AUTHORIZED, "e": 0, "f": 0}
        for moment, what, cents in self.log:
            if moment < end:
                sums[what] += cents
        return sums


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_the_report_of_any_history_agrees_with_a_plain_model_and_with_its_entries(
    house: Award, steps: list[tuple[int, str, int]]
) -> None:
    award = Award(house.db, house.ben, code=f"award-{uuid4().hex[:12]}").open({TRANSPORT: AUTHORIZED}, START)
    model = Model(award)
    for step in [(0, "reserve", 1), *steps]:
        model.step(*step)
    for quarter, midnight in ((Q1, at(4, 1, 0, 0)), (Q2, at(7, 1, 0, 0)), (Q3, at(10, 1, 0, 0))):
        figures = award.figures(quarter)
        said = {line: figures[f"10{line}"] for line in "abdef"}
        assert said == model.by(midnight)
        assert figures["10c"] == figures["10a"] - figures["10b"]
        assert figures["10d"] == figures["10g"] + figures["10h"]
        assert figures["10g"] == figures["10e"] + figures["10f"]
        for line in (Line.A, Line.B, Line.C, Line.D, Line.E, Line.F, Line.G, Line.H):
            assert sum(award.drilled(quarter, line)) == figures[line]
