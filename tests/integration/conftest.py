"""What several of these files begin from."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.adapters.embedded_postgres import Urls
from reunify.adapters.stripe_gateway import StripeGateway
from reunify.db import Database
from reunify.sandbox.stripe_simulator.serving import Running
from tests.integration.payment_world import stripe_side, superuser_of
from tests.integration.rules_world import Rules
from tests.lasting import lasting_database


@pytest.fixture
def superuser(server: Urls, database_name: str) -> str:
    """The address of the test's own database for whoever may do anything in it."""
    return superuser_of(server.superuser, database_name)


@pytest.fixture
def stripe(tmp_path: Path) -> Iterator[tuple[Running, StripeGateway]]:
    """The simulator, and the gateway that talks to it. Nothing settles unless told to."""
    with stripe_side(tmp_path) as both:
        yield both


@pytest.fixture(scope="module")
def rules_house(server: Urls, administrator: sa.Engine, template: str) -> Iterator[Database]:
    with lasting_database(server, administrator, template) as db:
        yield db


@pytest.fixture
def rules(rules_house: Database) -> Iterator[Rules]:
    """In a database that lasts for a module; each test's own work is rolled back."""
    with Session(rules_house.engine) as session:
        yield Rules(session)
        session.rollback()
