"""Alembic migrations, set up in code: `upgrade(owner_url)` brings a database to the newest version."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from reunify.kernel.refusals import Refused
from reunify.migrations.guards import APP_ROLE

_LOCK = 7341902  # one migration at a time, whichever process starts it


class RoleMissing(Refused):
    """The database lacks the application's role. `str()` says what to type."""


def config(connection: sa.Connection | None = None) -> Config:
    """Alembic's configuration without a file. `connection` belongs to the owner."""
    made = Config()
    made.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    made.set_main_option("path_separator", "os")
    if connection is not None:
        made.attributes["connection"] = connection
    return made


def upgrade(owner_url: str) -> None:
    """Bring the database to the newest version. Waits for another process that is doing the same."""
    engine = sa.create_engine(owner_url, poolclass=sa.NullPool)
    try:
        with engine.connect() as connection:
            _check_role(connection)
            connection.execute(sa.text("SELECT pg_advisory_lock(:lock)"), {"lock": _LOCK})
            connection.commit()
            command.upgrade(config(connection), "head")
            connection.commit()
    finally:
        engine.dispose()


def revision(owner_url: str, message: str) -> None:
    """Write the next migration from the difference between the tables in code and in the database."""
    engine = sa.create_engine(owner_url, poolclass=sa.NullPool)
    try:
        with engine.connect() as connection:
            command.revision(config(connection), message=message, autogenerate=True)
    finally:
        engine.dispose()


def newest() -> str | None:
    """The newest revision in code; None while there is none."""
    return ScriptDirectory.from_config(config()).get_current_head()


def check(owner_url: str) -> list[str]:
    """What stands between this database and the code, in words; empty if nothing does."""
    engine = sa.create_engine(owner_url, poolclass=sa.NullPool)
    try:
        with engine.connect() as connection:
            at = MigrationContext.configure(connection).get_current_revision()
    finally:
        engine.dispose()
    if at == newest():
        return []
    return [f"The database is at version {at or '(empty)'}, the program needs {newest() or '(none)'}."]


def differences(owner_url: str) -> list[str]:
    """Where the migrated tables differ from the tables in code; for the test that compares them."""
    import reunify.tables  # noqa: F401 - every room's tables become known to Base
    from reunify.db import Base

    engine = sa.create_engine(owner_url, poolclass=sa.NullPool)
    try:
        with engine.connect() as connection:
            context = MigrationContext.configure(connection, opts={"compare_type": True})
            return [str(found) for found in compare_metadata(context, Base.metadata)]
    finally:
        engine.dispose()


def _check_role(connection: sa.Connection) -> None:
    if not connection.scalar(sa.text("SELECT 1 FROM pg_roles WHERE rolname = :role"), {"role": APP_ROLE}):
        raise RoleMissing(
            f"The database has no role {APP_ROLE}. Type, as a database administrator: "
            f"CREATE ROLE {APP_ROLE} LOGIN PASSWORD '...'; and put it in REUNIFY_DATABASE_URL."
        )
