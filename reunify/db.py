"""The engine, the session and the base of every table; the one place that commits and wakes the worker."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Session, sessionmaker
from sqlalchemy.pool import ConnectionPoolEntry

from reunify.kernel.refusals import Retryable

WAKE_CHANNEL = "reunify_work"
_WAKE_EVERY_SECONDS = 0.05
_RESTS_SECONDS = 1.0
_ENDED_FOR_ANOTHER = ("40P01", "40001")  # deadlock detected, serialization failure
_GIVEN_BACK = "reunify.given_back"  # in the info of a pooled connection

# At DEBUG this logger prints every row that was read, with its seals already open.
logging.getLogger("sqlalchemy.engine.Engine").addFilter(lambda record: record.levelno > logging.DEBUG)


class Base(DeclarativeBase):
    """Naming convention: every constraint has a name a person can find."""

    metadata = sa.MetaData(
        naming_convention={
            "ix": "ix_%(column_0_N_label)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        int: sa.BigInteger(),
        str: sa.Text(),
        datetime: sa.DateTime(timezone=True),
        UUID: sa.Uuid(),
        dict[str, Any]: JSONB(),
        list[str]: JSONB(),
    }


def among(column: str, values: Iterable[str]) -> str:
    """SQL for a CHECK: the column holds one of these words of ours."""
    return f"{column} IN (" + ", ".join(f"'{value}'" for value in values) + ")"


def _ask_after_rest(engine: sa.Engine) -> None:
    """A connection that has lain idle is asked whether it still stands; one just given back is not.

    Asking each time costs every transaction a round trip, and three waits of the driver.
    """

    @sa.event.listens_for(engine, "checkin")
    def given_back(_connection: object, record: ConnectionPoolEntry) -> None:
        record.info[_GIVEN_BACK] = time.monotonic()

    @sa.event.listens_for(engine, "checkout")
    def taken(connection: Any, record: ConnectionPoolEntry, _proxy: object) -> None:
        given = record.info.get(_GIVEN_BACK)
        if given is None or time.monotonic() - given < _RESTS_SECONDS:
            return
        try:
            engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error as gone:
            # The server was away: whatever else lies in the pool is as old.
            raise sa.exc.InvalidatePoolError from gone


class LostTheTurn(Retryable):
    """Two transactions waited for each other, and the database ended this one."""


class Database:
    """One engine. `work()` is the only place in the house that commits."""

    def __init__(self, url: str, *, pool_size: int = 5) -> None:
        self.url = url
        self.engine = sa.create_engine(
            url,
            pool_size=pool_size,
            max_overflow=5,
            pool_use_lifo=True,  # the one just given back knows its statements and their plans
            future=True,
            hide_parameters=True,  # nor in the text of an exception
        )
        _ask_after_rest(self.engine)
        self._make = sessionmaker(self.engine, expire_on_commit=False)
        self._lock = threading.Lock()
        self._woke_at = 0.0
        self._timer: threading.Timer | None = None

    @contextmanager
    def work(self, *, wake: bool = False) -> Iterator[Session]:
        """One transaction: commits at the end, rolls back on any exception, then wakes the worker.

        Raises LostTheTurn where the database ended it in favour of another.
        """
        try:
            with self._make() as session, session.begin():
                yield session
        except sa.exc.OperationalError as ended:
            if getattr(ended.orig, "sqlstate", None) in _ENDED_FOR_ANOTHER:
                raise LostTheTurn(
                    "Somebody else changed the same thing just now. Nothing of yours was kept: try again."
                ) from ended
            raise
        if wake:
            self.wake()

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session for questions, all answered as of one moment; whatever it holds is rolled back."""
        with self._make() as session:
            session.execute(sa.text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))
            yield session
            session.rollback()

    def wake(self) -> None:
        """At most one NOTIFY every 50 ms per process: one inside each transaction halves throughput."""
        with self._lock:
            since = time.monotonic() - self._woke_at
            if since >= _WAKE_EVERY_SECONDS:
                self._woke_at = time.monotonic()
            elif self._timer is None:
                self._timer = threading.Timer(_WAKE_EVERY_SECONDS - since, self._late_wake)
                self._timer.daemon = True
                self._timer.start()
                return
            else:
                return
        self._notify()

    def _late_wake(self) -> None:
        with self._lock:
            self._timer = None
            self._woke_at = time.monotonic()
        self._notify()

    def _notify(self) -> None:
        try:
            with self.engine.connect() as connection:
                connection.execute(sa.text(f"NOTIFY {WAKE_CHANNEL}"))
                connection.commit()
        except sa.exc.OperationalError:
            return  # the worker's beat finds the work a lost wake-up missed

    def dispose(self) -> None:
        self.engine.dispose()
