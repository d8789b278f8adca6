"""A test's own database is the template again, whatever the test before it did there."""

from __future__ import annotations

from datetime import datetime

import pytest
import sqlalchemy as sa

from reunify.adapters.embedded_postgres import Urls
from reunify.db import Database
from reunify.kernel.people import Role
from reunify.sandbox import seed
from reunify.sandbox.people import DemoPerson, hire
from tests import databases

ONE_MORE = DemoPerson("zoe", "Zoe Marlow", "lantern-orchard-41", frozenset({Role.CASE_MANAGER}))
NUMBERS = "SELECT sequencename, last_value FROM pg_sequences ORDER BY sequencename"
CONSTRAINTS = (
    "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid), convalidated FROM pg_constraint"
    " ORDER BY 1, 2"
)
TRIGGERS = (
    "SELECT tgrelid::regclass::text, tgname, tgenabled FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1, 2"
)


def everything(server: Urls, name: str) -> dict[str, object]:
    """Every row of every table as text, where the numbers stand, what is checked, and what fires."""
    engine = sa.create_engine(sa.make_url(server.superuser).set(database=name), poolclass=sa.NullPool)
    tables = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename"
    with engine.connect() as connection:
        held: dict[str, object] = {
            table: connection.scalars(sa.text(f'SELECT x::text FROM "{table}" x ORDER BY 1')).all()
            for table in connection.scalars(sa.text(tables)).all()
        }
        for asked in (NUMBERS, CONSTRAINTS, TRIGGERS):
            held[asked] = connection.execute(sa.text(asked)).all()
    return held


def done_as(url: str, database: str, *statements: str) -> None:
    engine = sa.create_engine(sa.make_url(url).set(database=database), poolclass=sa.NullPool)
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(sa.text(statement))


def work_in(server: Urls, name: str, now: datetime) -> None:
    database = Database(sa.make_url(server.app).set(database=name).render_as_string(hide_password=False))
    with database.work() as session:
        seed.fill(session, now=now)
        hire(session, ONE_MORE, now=now)
    database.dispose()
    written_past_the_application(server, name)


def written_past_the_application(server: Urls, name: str) -> None:
    """Rows changed, taken away and added, whatever hangs on them."""
    done_as(
        server.superuser,
        name,
        "SET session_replication_role = replica",
        "UPDATE staff SET name = name || '!'",
        "DELETE FROM audit_entries WHERE id % 2 = 0",
        "DELETE FROM passkeys",
        "INSERT INTO alembic_version VALUES ('another')",
    )


@pytest.mark.parametrize("kind", ["template", "settled_template"])
def test_whatever_was_written_the_next_one_has_the_templates_rows(
    server: Urls, administrator: sa.Engine, request: pytest.FixtureRequest, kind: str, now: datetime
) -> None:
    like = request.getfixturevalue(kind)
    with databases.copy_of(administrator, like) as first:
        untouched = everything(server, first)
        work_in(server, first, now)
        assert everything(server, first) != untouched
    with databases.copy_of(administrator, like) as second:
        assert second != first
        assert everything(server, second) == untouched
        written_past_the_application(server, second)
    with databases.copy_of(administrator, like) as third:
        assert everything(server, third) == untouched


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE staff DROP CONSTRAINT ck_staff_roles_known",
        "ALTER TABLE passkeys DROP CONSTRAINT fk_passkeys_staff_id",
        "ALTER TABLE audit_entries DISABLE TRIGGER USER",
        "ALTER TABLE staff ALTER COLUMN name DROP NOT NULL",
        "ALTER TABLE staff ADD COLUMN shoe_size int",
        "CREATE TABLE shoes (size int)",
        "DROP TABLE rule_drafts CASCADE",
        "GRANT UPDATE ON audit_entries TO reunify_app",
        "CREATE INDEX shoe ON staff (name)",
        "CREATE FUNCTION shoe() RETURNS int LANGUAGE sql RETURN 42",
        "ALTER SEQUENCE audit_entries_id_seq INCREMENT 5",
    ],
)
def test_whatever_was_changed_about_the_tables_the_next_one_is_like_the_template(
    server: Urls, administrator: sa.Engine, settled_template: str, change: str
) -> None:
    with databases.copy_of(administrator, settled_template) as first:
        untouched, shape = everything(server, first), shape_of(server, first)
        done_as(server.superuser, first, change)
        assert shape_of(server, first) != shape
    with databases.copy_of(administrator, settled_template) as name:
        assert everything(server, name) == untouched
        assert shape_of(server, name) == shape


def shape_of(server: Urls, name: str) -> list[object]:
    """Columns, rights, indexes, functions, sequences, constraints and triggers, as the database says them."""
    engine = sa.create_engine(sa.make_url(server.superuser).set(database=name), poolclass=sa.NullPool)
    asked = (
        "SELECT attrelid::regclass::text, attname, attnotnull FROM pg_attribute WHERE attrelid >= 16384",
        "SELECT relname, relacl::text FROM pg_class WHERE relnamespace = 'public'::regnamespace",
        "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'",
        "SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace",
        "SELECT sequencename, increment_by FROM pg_sequences",
        CONSTRAINTS,
        TRIGGERS,
    )
    with engine.connect() as connection:
        return [sorted(map(str, connection.execute(sa.text(each)).all())) for each in asked]


def test_who_is_still_connected_is_cut_off_and_finds_nothing_under_the_old_name(
    server: Urls, administrator: sa.Engine, template: str
) -> None:
    with databases.copy_of(administrator, template) as name:
        url = sa.make_url(server.app).set(database=name)
        left = sa.create_engine(url, poolclass=sa.NullPool).connect()
        left.execute(sa.text("SELECT 1"))
    with pytest.raises(sa.exc.OperationalError):
        left.execute(sa.text("SELECT 1"))
    left.invalidate()
    left.close()
    with pytest.raises(sa.exc.OperationalError, match="does not exist"):
        sa.create_engine(url, poolclass=sa.NullPool).connect()


def test_two_at_a_time_are_two(administrator: sa.Engine, template: str) -> None:
    with (
        databases.copy_of(administrator, template) as one,
        databases.copy_of(administrator, template) as other,
    ):
        assert one != other
