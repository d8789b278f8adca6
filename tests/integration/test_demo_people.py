"""What a demo opens with: people of two teams, and a roster with one deliberate hole, whatever the day."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from reunify.db import Database
from reunify.identity import on_call
from reunify.identity.duties import Duty
from reunify.identity.records import StaffRecord
from reunify.rates.queries import organisation
from reunify.sandbox import nights, people, seed

MOMENTS = (
    datetime(2026, 11, 26, 17, 0, tzinfo=UTC),  # a Thursday
    datetime(2026, 11, 2, 10, 0, tzinfo=UTC),  # a Monday before the office opens, after a clock change
    datetime(2026, 3, 7, 3, 0, tzinfo=UTC),  # a Friday night before a clock change
)


@pytest.mark.parametrize("moment", MOMENTS)
def test_the_demos_roster_has_exactly_one_hole_within_two_weeks(db: Database, moment: datetime) -> None:
    with db.work() as session:
        seed.fill(session, now=moment)
        for _ in range(2):  # a second start changes nothing
            people.join(session, now=moment)
            nights.plan(session, now=moment)
        zone = organisation(session, on=moment.date()).zone
        (hole,) = on_call.holes(session, zone=zone, now=moment)
        assert hole.duty is Duty.NIGHT_FINANCE
        assert hole.span.starts_at.astimezone(zone).weekday() == 2
        assert hole.span.ends_at - hole.span.starts_at == timedelta(hours=16)
        teams = dict(session.execute(sa.select(StaffRecord.username, StaffRecord.team)).all())
    assert teams == {p.username: p.team for p in people.EVERYBODY}
    assert teams["ana"] == teams["sam"] != teams["eli"]
