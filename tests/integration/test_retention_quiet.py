"""What was recorded of a quiet outcome and an overlap goes with the family; the outcome still stands."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest
import sqlalchemy as sa

from reunify.db import Base, Database
from reunify.intake import outcomes, overlaps
from reunify.intake.outcome_policy import Outcome
from reunify.kernel.ids import RequestId
from reunify.reporting import invariants
from reunify.retention import erasing, finding
from reunify.retention.policy import Part
from reunify.vault.keepers import ERASED
from tests.retention_world import MARK, Office, office_over
from tests.town import Clock

TOLD = f"{MARK} said the sheriff called."


@pytest.fixture
def office(db: Database, now: datetime) -> Office:
    return office_over(db, Clock(now))


def test_the_words_are_gone_nobody_is_found_by_it_and_it_stays_quiet(office: Office) -> None:
    first, second = office.submitted(), office.submitted()
    mia = replace(office.mia, proved_at=office.now)
    with office.db.work() as session:
        outcomes.record(
            session,
            request_id=RequestId(second),
            outcome=Outcome.CHILD_DIED,
            reason=TOLD,
            by=mia,
            now=office.now,
        )
    plan_id = office.planned()
    item = finding.Item(second, Part.CASE, "paid_case", "R-0", office.now.date(), 1)
    with office.db.work() as session:
        erasing.ERASE[Part.CASE](erasing.Gone(session, item, plan_id, office.now))
    with office.db.read() as session:
        stands = outcomes.standing(session, second)
        assert stands is not None
        assert stands.reason == ERASED
        (kept,) = overlaps.going_on(session, second)
        assert (kept.other_request_id, kept.reason) == (first, ERASED)
        left = sa.text("SELECT DISTINCT request_id FROM overlap_items")
        assert session.scalars(left).all() == [first]
        assert outcomes.is_quiet(session, second)
        assert invariants.check(session) == []
        for table in Base.metadata.tables:
            rows = session.scalars(sa.text(f'SELECT t::text FROM "{table}" t')).all()
            assert not any("the sheriff called" in row for row in rows), table
