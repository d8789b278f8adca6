"""A database that lasts for a whole test module, where each test brings rows of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from reunify.adapters.embedded_postgres import Urls
from reunify.db import Database
from tests import databases
from tests.statements import shared


@contextmanager
def lasting_database(server: Urls, administrator: sa.Engine, template: str) -> Iterator[Database]:
    """Like the migrated template, as the application sees it; given back at the end."""
    with databases.copy_of(administrator, template) as name:
        url = sa.make_url(server.app).set(database=name).render_as_string(hide_password=False)
        db = shared(Database(url))
        yield db
        db.dispose()
