"""A migrated PostgreSQL database of its own for each test that asks for `db`, ready in milliseconds."""

from __future__ import annotations

import functools
import gc
import itertools
import os
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
import typer.testing
from anyio.from_thread import start_blocking_portal
from argon2 import PasswordHasher
from starlette.testclient import TestClient

import reunify.tables  # noqa: F401 - every mapping is known before the first query
from reunify.adapters.embedded_postgres import AlreadyRunning, EmbeddedPostgres, Urls
from reunify.db import Database
from reunify.files import objects
from reunify.migrations import upgrade
from reunify.sandbox import seed
from reunify.vault import keyring
from reunify.vault.keyring import KeyRing
from tests import databases
from tests.objects import SharedStore
from tests.simulators import share_applications
from tests.statements import shared

_SERVERS = Path(__file__).parent.parent / ".reunify" / "test"
_TEMPLATE = "reunify_template"
_NOW = datetime(2026, 11, 25, 14, 0, tzinfo=UTC)
_LONGEST_FIRST = ("bdd", "flows", "browser", "web", "integration", "architecture", "rules", "unit")

# A letter's PDF then takes 0.04 s of processor time rather than 0.2 s, and is the same.
os.environ.setdefault("FONTCONFIG_FILE", str(Path(__file__).parent / "fonts.conf"))
# Every process the tests start reads what the first one compiled, whatever the caller's setting.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False
# The tree of all commands is made once in a run, not for each command that a test types.
typer.testing._get_command = functools.cache(typer.testing._get_command)
# Hashing a password, and comparing one with its hash, is slow on purpose. The demo's people keep the hash
# they were given first; two that were found to fit fit again; what does not is refused by the real thing.
PasswordHasher.hash = functools.cache(PasswordHasher.hash)
PasswordHasher.verify = functools.cache(PasswordHasher.verify)
share_applications()


def pytest_configure(config: pytest.Config) -> None:
    """Files are given to workers in the order below, not by how many tests they have."""
    if hasattr(config.option, "loadscopereorder"):
        config.option.loadscopereorder = False


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The folders whose files take longest come first, so that no worker waits long for another's last."""
    tests = Path(__file__).parent

    def place(item: pytest.Item) -> int:
        folder = item.path.relative_to(tests).parts[0]
        return _LONGEST_FIRST.index(folder) if folder in _LONGEST_FIRST else len(_LONGEST_FIRST)

    items.sort(key=place)


def pytest_collection_finish() -> None:
    """What was imported and collected stays: nobody needs to look through it for garbage again and again.

    What a test leaves behind is looked for less often, too: there is memory enough for several tests.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


@pytest.fixture(scope="session", autouse=True)
def _keyring() -> None:
    keyring.use(KeyRing.fresh("sandbox"))


@pytest.fixture(scope="session", autouse=True)
def _all_objects(tmp_path_factory: pytest.TempPathFactory) -> SharedStore:
    store = SharedStore(tmp_path_factory.mktemp("objects"), durable=False)
    objects.use(store)
    return store


@pytest.fixture(autouse=True)
def _objects_of_the_run(_all_objects: SharedStore) -> Iterator[None]:
    """Whatever store a test puts in use is its own."""
    objects.use(_all_objects)
    yield
    objects.use(_all_objects)


@pytest.fixture(scope="session", autouse=True)
def _one_loop() -> Iterator[None]:
    """Each call of a test's client would begin an event loop and its threads: half of what a call costs."""
    with start_blocking_portal() as portal:
        TestClient.portal = portal
        yield
        TestClient.portal = None


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
    databases.drop_all(engine)
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
    with databases.copy_of(administrator, template) as name:
        database = _application(server, name)
        with database.work() as session:
            seed.fill(session, now=_NOW)
        database.dispose()  # nobody may be connected to what is copied
        yield name


@pytest.fixture
def settled_db(server: Urls, administrator: sa.Engine, settled_template: str) -> Iterator[Database]:
    """Like `db`, for a test that begins with the demo's people: `built` finds them there."""
    with databases.copy_of(administrator, settled_template) as name:
        database = _application(server, name)
        yield database
        database.dispose()


@pytest.fixture
def database_name(administrator: sa.Engine, template: str) -> Iterator[str]:
    """Like the template, and nobody else's."""
    with databases.copy_of(administrator, template) as name:
        yield name


@pytest.fixture
def owner_url(server: Urls, database_name: str) -> str:
    """The test's database as its owner."""
    return _url(server.owner, database_name)


@pytest.fixture
def db(server: Urls, database_name: str) -> Iterator[Database]:
    """The test's database as the application sees it, which may not change append-only rows or tables."""
    database = _application(server, database_name)
    yield database
    database.dispose()


@pytest.fixture
def blank_owner_url(server: Urls, administrator: sa.Engine) -> Iterator[str]:
    """An empty database, for tests of the migrations themselves."""
    with databases.empty(administrator) as name:
        yield _url(server.owner, name)


def _application(server: Urls, name: str) -> Database:
    """The database as the application sees it."""
    return shared(Database(_url(server.app, name)))


def _url(url: str, database: str) -> str:
    return sa.make_url(url).set(database=database).render_as_string(hide_password=False)
