"""A fault planted behind every lock of a cost transfer or a recovery is found and named."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.adapters.embedded_postgres import Urls
from reunify.db import Database
from reunify.reporting import invariants
from tests.integration.closeout_world import Closing
from tests.integration.payment_world import superuser_of
from tests.lasting import lasting_database
from tests.town import built

CHECKS = "SELECT conname FROM pg_constraint WHERE contype = 'c' AND conrelid = CAST(:t AS regclass)"
REVERSED = (
    "INSERT INTO ledger_events "
    "(id, kind, external_ref, content_hash, fingerprint, day, at, by, happened_on, corrects) "
    "SELECT gen_random_uuid(), 'correct', 'undone', '', '', day, at, by, happened_on, id "
    "FROM ledger_events WHERE kind = '{kind}'"
)
FAULTS = {
    "transfer is not what was confirmed": (
        "UPDATE cost_transfers SET amount = amount - 1",
        "UPDATE cost_transfers SET to_category = 'other'",
        "UPDATE ledger_events SET external_ref = 'cost_transfer:other' WHERE kind = 'cost_transfer'",
    ),
    "moved without a second person": (
        # One person posts it under another name, or with no ask at all.
        "UPDATE ledger_events SET external_ref = 'by-one-person', id = gen_random_uuid() "
        "WHERE kind = 'cost_transfer'",
        "UPDATE cost_transfers SET confirmed_by = asked_by",
        "UPDATE cost_transfers SET confirmed_for = ARRAY[asked_by]",
        "DELETE FROM cost_transfers",
    ),
    "confirmed transfer was reversed": (REVERSED.format(kind="cost_transfer"),),
    "verified recovery was reversed": (REVERSED.format(kind="recover"),),
    "late without an explanation": ("UPDATE cost_transfers SET posted_on = confirmed_on - 91",),
    "recovery is not what was verified": (
        "UPDATE cost_recoveries SET amount = amount + 1",
        "UPDATE cost_recoveries SET happened_on = happened_on - 1",
        "UPDATE cost_recoveries SET cash = 'cash_stripe'",
    ),
    "recovered without a second person": (
        "UPDATE ledger_events SET external_ref = 'by-one-person', id = gen_random_uuid() "
        "WHERE kind = 'recover'",
        "UPDATE cost_recoveries SET verified_by = recorded_by",
        "DELETE FROM cost_recoveries",
    ),
}


@pytest.fixture(scope="module")
def behind(
    server: Urls, administrator: sa.Engine, settled_template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[sa.Engine]:
    """Past every lock of a house in which one cost was moved and some of another came back."""
    data: Path = tmp_path_factory.mktemp("planted")
    with (
        lasting_database(server, administrator, settled_template) as db,
        built(db, data, settle_after=None) as town,
    ):
        closing = Closing(town)
        request = closing.paid()
        closing.move(request, 25_000)
        recovery: UUID = closing.pays_back(request, 5_000)
        closing.verify(request, recovery)
        engine = sa.create_engine(superuser_of(server.superuser, _name(db)))
        yield engine
        engine.dispose()


def _name(db: Database) -> str:
    name = sa.make_url(db.url).database
    assert name is not None
    return name


def test_sound_books_have_no_finding(behind: sa.Engine) -> None:
    with Session(behind) as session:
        assert invariants.check(session) == []


@pytest.mark.parametrize("kind", ["cost_transfer", "recover"])
def test_what_one_person_posted_and_was_reversed_is_no_fault_any_more(behind: sa.Engine, kind: str) -> None:
    """Nobody's agreement is undone by it, and the money lies where it lay."""
    rule = {"cost_transfer": "moved", "recover": "recovered"}[kind] + " without a second person"
    table = {"cost_transfer": "cost_transfers", "recover": "cost_recoveries"}[kind]
    with behind.connect() as connection:
        connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
        connection.exec_driver_sql(f"DELETE FROM {table}")
        for undone in (False, True):
            if undone:
                connection.exec_driver_sql(REVERSED.format(kind=kind))
            with Session(bind=connection) as session:
                found = {finding.rule for finding in invariants.check(session)}
            assert (rule in found) != undone
        connection.rollback()


@pytest.mark.parametrize(
    ("rule", "fault"), [(rule, fault) for rule, faults in sorted(FAULTS.items()) for fault in faults]
)
def test_the_fault_is_named(behind: sa.Engine, rule: str, fault: str) -> None:
    with behind.connect() as connection:
        connection.exec_driver_sql("SET LOCAL session_replication_role = replica")  # no trigger looks
        for table in ("cost_transfers", "cost_recoveries"):
            checks = connection.scalars(sa.text(CHECKS), {"t": table}).all()
            for name in checks:
                connection.exec_driver_sql(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"')
        connection.exec_driver_sql(fault)
        with Session(bind=connection) as session:
            found = {finding.rule for finding in invariants.check(session)}
        connection.rollback()
    assert rule in found
