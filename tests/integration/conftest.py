"""A house's rules in a database that lasts for a module; each test's own work is rolled back."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.adapters.embedded_postgres import Urls
from reunify.db import Database
from tests.integration.rules_world import Rules
from tests.lasting import lasting_database


@pytest.fixture(scope="module")
def rules_house(server: Urls, administrator: sa.Engine, template: str) -> Iterator[Database]:
    with lasting_database(server, administrator, template) as db:
        yield db


@pytest.fixture
def rules(rules_house: Database) -> Iterator[Rules]:
    with Session(rules_house.engine) as session:
        yield Rules(session)
        session.rollback()
