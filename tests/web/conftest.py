"""The house the pages are read from."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from reunify.bootstrap import House
from reunify.db import Database
from tests.web.pages_world import build_house

CLOCK = datetime(2026, 11, 25, 14, 0, tzinfo=UTC)


@pytest.fixture
def house(db: Database, tmp_path: Path) -> House:
    return build_house(db, tmp_path, lambda: CLOCK)
