"""A database that lasts for a whole test module, where each test brings rows of its own."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from reunify.adapters.embedded_postgres import Urls
from reunify.db import Database

_numbers = itertools.count(1)


@contextmanager
def lasting_database(server: Urls, administrator: sa.Engine, template: str) -> Iterator[Database]:
    """A copy of the migrated template as the application sees it; dropped at the end."""
    name = f"test_lasting_{next(_numbers)}"
    with administrator.connect() as connection:
        connection.execute(sa.text(f"CREATE DATABASE {name} TEMPLATE {template} OWNER reunify_owner"))
    db = Database(sa.make_url(server.app).set(database=name).render_as_string(hide_password=False))
    yield db
    db.dispose()
    with administrator.connect() as connection:
        connection.execute(sa.text(f"DROP DATABASE {name} WITH (FORCE)"))
