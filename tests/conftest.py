"""A fresh migrated PostgreSQL database for each test that asks for `db`, cloned in milliseconds."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

import reunify.tables  # noqa: F401 - every mapping is known before the first query
from reunify.adapters.embedded_postgres import AlreadyRunning, EmbeddedPostgres, Urls
from reunify.db import Database
from reunify.migrations import upgrade
from reunify.sandbox import seed
from reunify.vault import keyring
from reunify.vault.keyring import KeyRing

_SERVERS = Path(__file__).parent.parent / ".reunify" / "test"
_TEMPLATE = "reunify_template"
_NOW = datetime(2026, 11, 25, 14, 0, tzinfo=UTC)
_numbers = itertools.count(1)


@pytest.fixture(scope="session", autouse=True)
def _keyring() -> None:
    keyring.use(KeyRing.fresh("sandbox"))


@pytest.fixture
def now() -> datetime:
    return _NOW


@pytest.fixture(scope="session")
def server() -> Iterator[Urls]:
    """One server for the whole run. Runs at the same time each take a folder of their own."""
    for number in itertools.count():
        postgres = EmbeddedPostgres(_SERVERS / str(number), durable=False)
        try:
            urls = postgres.start()
        except AlreadyRunning:
            continue
        break
    yield urls
    postgres.stop()


@pytest.fixture(scope="session")
def administrator(server: Urls) -> Iterator[sa.Engine]:
    """A superuser outside every test database: makes and drops them."""
    engine = sa.create_engine(server.superuser, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        old = connection.scalars(
            sa.text("SELECT datname FROM pg_database WHERE datname LIKE 'test\\_%' OR datname = :template"),
            {"template": _TEMPLATE},
        )
        for name in old.all():
            connection.execute(sa.text(f'DROP DATABASE "{name}" WITH (FORCE)'))
    yield engine
    engine.dispose()


@pytest.fixture(scope="session")
def template(server: Urls, administrator: sa.Engine) -> str:
    """The database every test's own is copied from."""
    with administrator.connect() as connection:
        connection.execute(sa.text(f"CREATE DATABASE {_TEMPLATE} OWNER reunify_owner"))
    upgrade(_url(server.owner, _TEMPLATE))
    return _TEMPLATE


@pytest.fixture(scope="session")
def settled_template(server: Urls, administrator: sa.Engine, template: str) -> Iterator[str]:
    """The same with the demo's organisation, people and funds: passwords are hashed once in a run."""
    for name in copied(administrator, template):
        database = Database(_url(server.app, name))
        with database.work() as session:
            seed.fill(session, now=_NOW)
        database.dispose()  # nobody may be connected to what is copied
        yield name


@pytest.fixture
def settled_db(server: Urls, administrator: sa.Engine, settled_template: str) -> Iterator[Database]:
    """Like `db`, for a test that begins with the demo's people: `built` finds them there."""
    for name in copied(administrator, settled_template):
        database = Database(_url(server.app, name))
        yield database
        database.dispose()


@pytest.fixture
def database_name(administrator: sa.Engine, template: str) -> Iterator[str]:
    """A copy of the template, dropped afterwards."""
    yield from copied(administrator, template)


@pytest.fixture
def owner_url(server: Urls, database_name: str) -> str:
    """The test's database as its owner."""
    return _url(server.owner, database_name)


@pytest.fixture
def db(server: Urls, database_name: str) -> Iterator[Database]:
    """The test's database as the application sees it, which may not change append-only rows or tables."""
    database = Database(_url(server.app, database_name))
    yield database
    database.dispose()


@pytest.fixture
def blank_owner_url(server: Urls, administrator: sa.Engine) -> Iterator[str]:
    """An empty database, for tests of the migrations themselves."""
    for name in copied(administrator, "template0"):
        yield _url(server.owner, name)


def copied(administrator: sa.Engine, template: str) -> Iterator[str]:
    """The name of a new database like the template, dropped afterwards."""
    name = f"test_{next(_numbers)}"
    with administrator.connect() as connection:
        connection.execute(
            sa.text(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY wal_log OWNER reunify_owner")
        )
    yield name
    with administrator.connect() as connection:
        connection.execute(sa.text(f"DROP DATABASE {name} WITH (FORCE)"))


def _url(url: str, database: str) -> str:
    return sa.make_url(url).set(database=database).render_as_string(hide_password=False)
