"""Settings are dated rows: a change is a new row, and the past keeps its own value."""

from __future__ import annotations

from datetime import date, datetime

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from reunify.db import Database
from reunify.kernel.money import Money
from reunify.kernel.people import System
from reunify.rates import actions, queries
from reunify.rates.policy import OrganisationNotSetUp
from reunify.rates.records import OrganisationSetting
from reunify.sandbox import people

SETUP = System("sandbox")


@pytest.fixture
def ready(db: Database, now: datetime) -> Database:
    with db.work() as session:
        people.settle_in(session, now=now)
    return db


def limit(db: Database, on: date) -> Money:
    with db.read() as session:
        return queries.organisation(session, on=on).small_amount_limit


def test_the_limit_of_a_day_is_the_newest_one_in_force_on_it(ready: Database, now: datetime) -> None:
    with ready.work() as session:
        for cents, day in ((200_000, date(2026, 12, 1)), (210_000, date(2026, 12, 1))):
            actions.set_organisation(
                session,
                key="small_amount_limit_cents",
                value=Money(cents),
                effective_from=day,
                by=SETUP,
                now=now,
            )
    assert limit(ready, date(2026, 11, 30)) == Money(150_000)
    assert limit(ready, date(2026, 12, 1)) == Money(210_000)  # the row written last


def test_the_limit_names_the_row_that_an_approval_points_at(ready: Database) -> None:
    with ready.read() as session:
        found = queries.organisation(session, on=date(2026, 11, 25))
        row = session.get_one(OrganisationSetting, found.small_amount_setting_id)
        assert (row.key, row.cents) == ("small_amount_limit_cents", 150_000)
        assert len(queries.settings(session)) >= 7


def test_before_anything_is_set_the_answer_names_what_is_missing(db: Database) -> None:
    with db.read() as session, pytest.raises(OrganisationNotSetUp, match="time_zone"):
        queries.organisation(session, on=date(2026, 11, 25))


def test_the_table_refuses_a_limit_that_is_not_in_cents(ready: Database, now: datetime) -> None:
    row = OrganisationSetting(
        key="small_amount_limit_cents",
        text="1500",
        effective_from=date(2026, 1, 1),
        set_by="system:test",
        at=now,
    )
    with pytest.raises(DBAPIError, match="money_in_cents"), ready.work() as session:
        session.add(row)


def test_setting_a_value_leaves_an_audit_row(ready: Database) -> None:
    with ready.read() as session:
        count = session.scalar(
            sa.text("SELECT count(*) FROM audit_entries WHERE subject = 'organisation_setting'")
        )
    assert count
