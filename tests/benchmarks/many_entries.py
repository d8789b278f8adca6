"""A ledger with a long past: as many entries as asked for, spread over finished trips of many holds."""

from __future__ import annotations

import psycopg

_EVENTS = """
INSERT INTO ledger_events (id, kind, external_ref, content_hash, day, at, by, happened_on, fingerprint)
SELECT gen_random_uuid(), 'reserve', 'past:' || n, '', current_date, now(), 'tests', current_date, ''
FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS n
"""
_HOLDS = """
INSERT INTO ledger_holds (id, fund_id, budget_category, unit, ceiling, reserved)
SELECT gen_random_uuid(), %(fund)s, 'transport', 'cents', 1, 0
FROM generate_series(%(first)s::bigint, %(last)s::bigint)
"""
# Two entries for each event: one unit out of what is available, and back.
_ENTRIES = """
WITH v AS (
  SELECT id, row_number() OVER () AS n FROM ledger_events WHERE external_ref LIKE 'past:%%'
    AND NOT EXISTS (SELECT FROM ledger_entries e WHERE e.event_id = ledger_events.id)
), h AS (
  SELECT id, row_number() OVER () AS n FROM ledger_holds WHERE reserved = 0 AND ceiling = 1
)
INSERT INTO ledger_entries
  (id, event_id, book, fund_id, budget_category, account, unit, amount, hold_id, fingerprint)
SELECT gen_random_uuid(), v.id, 'budget', %(fund)s, 'transport', side.account, 'cents', side.amount, h.id, ''
FROM v LEFT JOIN h ON h.n = v.n,
  (VALUES ('reserved', 1), ('available', -1)) AS side(account, amount)
"""

_TABLES = ("ledger_events", "ledger_holds", "ledger_entries")


def fill(bare: psycopg.Connection, fund: object, entries: int) -> None:
    """Brings the ledger to `entries` entries. As the owner, past the triggers: only their number matters."""
    (have,) = bare.execute("SELECT count(*) FROM ledger_entries").fetchone() or (0,)
    missing = (entries - have) // 2
    (first,) = bare.execute("SELECT count(*) FROM ledger_events").fetchone() or (0,)
    said = {"fund": fund, "first": first + 1, "last": first + missing}
    with bare.transaction():
        for table in _TABLES:
            bare.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        for statement in (_EVENTS, _HOLDS, _ENTRIES):
            bare.execute(statement, said)
        for table in _TABLES:
            bare.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
    for table in _TABLES:
        bare.execute(f"VACUUM ANALYZE {table}")
