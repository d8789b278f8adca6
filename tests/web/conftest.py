"""The house the pages are read from."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from reunify.bootstrap import House
from reunify.db import Database
from tests import databases
from tests.web.doors_world import ana, clock, staffed
from tests.web.pages_world import house_over

__all__ = ["ana", "clock", "staffed"]

CLOCK = datetime(2026, 11, 25, 14, 0, tzinfo=UTC)


@pytest.fixture
def database_name(administrator: sa.Engine, settled_template: str) -> Iterator[str]:
    """Every page is read in a house that has its people, rules and funds."""
    with databases.copy_of(administrator, settled_template) as name:
        yield name


@pytest.fixture
def house(db: Database, tmp_path: Path) -> Iterator[House]:
    with house_over(db, tmp_path, lambda: CLOCK) as built:
        yield built
