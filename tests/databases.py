"""A test's own database: copied from a template once, then brought back to it for the next test.

A copy is some 850 files and takes longer than most tests. So a database that is given back is renamed (what
a test left running finds nothing under the old name), and the tables that were written to get the template's
rows again. One whose columns, constraints, triggers, functions or rights were changed is dropped instead.
Which tables were written the server has counted, also what was rolled back; only where it counted a change of
the catalogues are they read.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import psycopg
import sqlalchemy as sa
from psycopg import sql

_numbers = itertools.count(1)
_LEAVES_WITHIN = 5.0  # seconds

_FILLED = (
    b"SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
    b" AND pg_relation_size(oid) > 0 ORDER BY relname"
)
# A row of the catalogue that was written again carries a younger transaction. What may come back as it was (a
# trigger switched on again, a constraint added again) is compared by what it says.
_CATALOGUES = (
    *("attrdef", "attribute", "default_acl", "event_trigger", "extension", "largeobject_metadata"),
    *("namespace", "policy", "proc", "rewrite", "sequence", "type"),
)
_SHAPE = " UNION ALL ".join(
    [
        *(
            f"SELECT '{name}', count(*)::text, max(xmin::text::bigint)::text FROM pg_{name}"
            for name in _CATALOGUES
        ),
        "SELECT relname, relkind::text, concat_ws('|', oid, relnamespace, relowner, relacl, relrowsecurity,"
        " relforcerowsecurity, reloptions) FROM pg_class WHERE oid >= 16384",
        "SELECT indexrelid::text, indisunique::text, concat_ws('|', indisvalid, indisready, indislive)"
        " FROM pg_index WHERE indexrelid >= 16384",
        "SELECT datdba::text, datconnlimit::text, concat_ws('|', datacl, setconfig) FROM pg_database d"
        " LEFT JOIN pg_db_role_setting s ON s.setdatabase = d.oid WHERE datname = current_database()",
    ]
).encode()
_CHECKED = (
    b"SELECT md5(string_agg(row, '' ORDER BY row)) FROM (SELECT (conrelid, conname, contype, condeferrable,"
    b" condeferred, conenforced, convalidated, confrelid, confupdtype, confdeltype, conkey, confkey,"
    b" conbin)::text FROM pg_constraint UNION ALL SELECT (tgrelid, CASE WHEN tgisinternal THEN ''"
    b" ELSE tgname END, tgfoid, tgtype, tgenabled, tgconstrrelid, tgargs, tgqual)::text"
    b" FROM pg_trigger) AS each(row)"
)
# Rows written since the database was made, table by table; of the catalogues in all. The time is that of the
# counting itself: a server that broke down begins again at nothing.
_COUNTED = (
    "SELECT name, sum(pg_stat_get_tuples_inserted(oid) + pg_stat_get_tuples_updated(oid)"
    " + pg_stat_get_tuples_deleted(oid))::text FROM (SELECT oid, CASE relnamespace"
    " WHEN 'public'::regnamespace THEN relname ELSE '' END AS name FROM pg_class WHERE relkind = 'r'"
    " AND (relnamespace = 'public'::regnamespace OR relname IN ("
    + ", ".join(f"'pg_{name}'" for name in (*_CATALOGUES, "class", "constraint", "index", "trigger"))
    + "))) AS counted GROUP BY name"
    " UNION ALL SELECT 'since', pg_stat_get_bgwriter_stat_reset_time()::text"
    " UNION ALL SELECT 'database', concat_ws('|', datdba, datconnlimit, datacl, setconfig) FROM pg_database d"
    " LEFT JOIN pg_db_role_setting s ON s.setdatabase = d.oid WHERE datname = current_database()"
).encode()
_OF_ALL = ("", "since", "database")  # the counts that are of no table
_CONSTRAINTS = (
    b"SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint"
    b" WHERE contype IN ('f', 'c') AND conrelid >= 16384"
)


@dataclass(frozen=True)
class _Original:
    """What a copy holds at first: its shape, the tables that have rows, and where each sequence stands."""

    shape: list[tuple[str, ...]]
    checked: str
    constraints: set[tuple[str, str, str]]  # table, name, what it says
    rows: dict[str, bytes]
    sequences: dict[str, tuple[int, bool]]


@dataclass
class _Used:
    name: str
    counted: dict[str, str] = field(default_factory=dict)  # when it was given out


@dataclass
class _Shelf:
    """The databases like one template that nobody has."""

    original: _Original | None = None
    waiting: list[_Used] = field(default_factory=list)


_shelves: dict[tuple[sa.URL, str], _Shelf] = {}


@contextmanager
def copy_of(administrator: sa.Engine, template: str) -> Iterator[str]:
    """The name of a database in the template's state that nobody else has."""
    shelf = _shelves.setdefault((administrator.url, template), _Shelf())
    lent = _from(shelf, administrator) or _new(shelf, administrator, template)
    try:
        yield lent.name
    finally:
        lent.name = _renamed(administrator, lent.name)
        shelf.waiting.append(lent)


@contextmanager
def empty(administrator: sa.Engine) -> Iterator[str]:
    """The name of a database without any table, dropped afterwards."""
    name = _created(administrator, "template0")
    try:
        yield name
    finally:
        _drop(administrator, name)


def drop_all(administrator: sa.Engine) -> None:
    """Those nobody has any more, at the end of the run."""
    for (server, _), shelf in _shelves.items():
        while server == administrator.url and shelf.waiting:
            _drop(administrator, shelf.waiting.pop().name)


def _from(shelf: _Shelf, administrator: sa.Engine) -> _Used | None:
    while shelf.waiting and shelf.original:
        used = shelf.waiting.pop()
        with _inside(administrator, used.name) as connection:
            if _brought_back(connection, used, shelf.original):
                return used
        _drop(administrator, used.name)
    return None


def _new(shelf: _Shelf, administrator: sa.Engine, template: str) -> _Used:
    fresh = _Used(_created(administrator, template))
    with _inside(administrator, fresh.name) as connection:
        shelf.original = shelf.original or _read(connection)
        fresh.counted = _counted(connection)
    return fresh


def _created(administrator: sa.Engine, template: str) -> str:
    name = f"test_{next(_numbers)}"
    made = f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY wal_log OWNER reunify_owner"
    with administrator.connect() as connection:
        connection.execute(sa.text(made))
    return name


def _renamed(administrator: sa.Engine, name: str) -> str:
    """Whoever is still connected is cut off, and nobody comes back before it is called otherwise.

    PostgreSQL looks only every 0.1 s whether the others are gone, longer than most tests; so we look first.
    """
    new = f"test_{next(_numbers)}"
    others = sa.text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name")
    with administrator.connect() as connection:
        connection.execute(sa.text(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false"))
        until = time.monotonic() + _LEAVES_WITHIN
        while connection.execute(others, {"name": name}).all() and time.monotonic() < until:
            time.sleep(0.001)
        connection.execute(sa.text(f"ALTER DATABASE {name} RENAME TO {new}"))
        connection.execute(sa.text(f"ALTER DATABASE {new} ALLOW_CONNECTIONS true"))
    return new


def _drop(administrator: sa.Engine, name: str) -> None:
    with administrator.connect() as connection:
        connection.execute(sa.text(f"DROP DATABASE {name} WITH (FORCE)"))


@contextmanager
def _inside(administrator: sa.Engine, name: str) -> Iterator[psycopg.Connection]:
    """Connected to it as the superuser, whom no trigger and no foreign key stops."""
    url = administrator.url.set(drivername="postgresql", database=name)
    with psycopg.connect(url.render_as_string(hide_password=False), autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        yield connection


def _read(connection: psycopg.Connection) -> _Original:
    rows = {}
    for (table,) in connection.execute(_FILLED).fetchall():
        with connection.cursor().copy(_sql("COPY {} TO STDOUT (FORMAT binary)", table)) as out:
            rows[table] = b"".join(bytes(block) for block in out)
    return _Original(
        _shape(connection), _checked(connection), _constraints(connection), rows, _sequences(connection)
    )


def _brought_back(connection: psycopg.Connection, used: _Used, original: _Original) -> bool:
    """False where its shape is another one; constraints that were dropped are added again."""
    now = _counted(connection)
    changed = any(now[name] != used.counted[name] for name in _OF_ALL)
    if changed and _shape(connection) != original.shape:
        return False
    if changed:  # a table that was emptied at one stroke was not counted
        written = {table for (table,) in connection.execute(_FILLED).fetchall()} | original.rows.keys()
    else:
        written = {table for table, count in now.items() if count != used.counted[table]}
    _bring_back_rows(connection, written, original)
    for name, stands in _sequences(connection).items():
        if stands != original.sequences[name]:
            last, called = original.sequences[name]
            connection.execute("SELECT setval(quote_ident(%s)::regclass, %s, %s)", (name, last, called))
    if changed and not _checked_again(connection, original):
        return False
    if changed or written:
        connection.execute("SELECT pg_stat_force_next_flush()")  # what was written here is counted now
        used.counted = _counted(connection)
    return True


def _bring_back_rows(connection: psycopg.Connection, written: set[str], original: _Original) -> None:
    if not written:
        return
    for table in written:
        connection.execute(_sql("DELETE FROM {}", table))
    emptied = sql.SQL(", ").join(map(sql.Identifier, written))
    connection.execute(sql.SQL("VACUUM (SKIP_DATABASE_STATS) {}").format(emptied))
    for table in written & original.rows.keys():
        with connection.cursor().copy(_sql("COPY {} FROM STDIN (FORMAT binary)", table)) as into:
            into.write(original.rows[table])


def _checked_again(connection: psycopg.Connection, original: _Original) -> bool:
    """Whether its constraints and triggers are the template's, or could be made so."""
    if _checked(connection) == original.checked:
        return True
    for table, name, says in original.constraints - _constraints(connection):
        connection.execute(f'ALTER TABLE {table} ADD CONSTRAINT "{name}" {says}'.encode())
    return _checked(connection) == original.checked


def _counted(connection: psycopg.Connection) -> dict[str, str]:
    return dict(connection.execute(_COUNTED).fetchall())


def _shape(connection: psycopg.Connection) -> list[tuple[str, ...]]:
    return sorted(connection.execute(_SHAPE).fetchall(), key=str)


def _checked(connection: psycopg.Connection) -> str:
    said = connection.execute(_CHECKED).fetchone()
    assert said is not None
    return str(said[0])


def _constraints(connection: psycopg.Connection) -> set[tuple[str, str, str]]:
    return set(connection.execute(_CONSTRAINTS).fetchall())


def _sequences(connection: psycopg.Connection) -> dict[str, tuple[int, bool]]:
    named = connection.execute("SELECT sequencename FROM pg_sequences").fetchall()
    each = [_sql(f"SELECT '{name}', last_value, is_called FROM {{}}", name) for (name,) in named]
    found = connection.execute(sql.SQL(" UNION ALL ").join(each)).fetchall()
    return {name: (last, called) for name, last, called in found}


def _sql(words: str, table: str) -> sql.Composed:
    return sql.SQL(words).format(sql.Identifier(table))
