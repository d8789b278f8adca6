"""A statement is compiled once in a run, not in each test: all engines read what one of them compiled."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from reunify.db import Database

_dialects: list[sa.Dialect] = []
_compiled: dict[Any, Any] = {}


def shared(database: Database) -> Database:
    """The same, before anything was asked of it."""
    if not _dialects:
        with database.engine.connect():  # from here on the dialect knows its server
            _dialects.append(database.engine.dialect)
    database.engine.dialect = _dialects[0]  # what was compiled is kept by it
    database.engine.update_execution_options(compiled_cache=_compiled)
    return database
