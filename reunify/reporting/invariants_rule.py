"""What a rule of the proof is, and the questions over the entries that several rules ask."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rule:
    """`sql` selects `sentence` and optionally `entry_id`; `tables` must exist for it to be asked."""

    name: str
    tables: tuple[str, ...]
    sql: str


LEDGER = ("ledger_events", "ledger_entries", "ledger_balances", "ledger_holds", "ledger_caps")

# Entries as balances: what each cache must say, from nothing but the entries.
PROVED = """
  SELECT e.fund_id, e.budget_category, e.unit,
    -coalesce(sum(e.amount) FILTER (WHERE e.account = 'authorized'), 0) AS authorized,
    coalesce(sum(e.amount) FILTER (WHERE e.account = 'available'), 0) AS available,
    coalesce(sum(e.amount) FILTER (WHERE e.account = 'reserved'), 0) AS reserved,
    coalesce(sum(e.amount) FILTER (WHERE e.account = 'obligated'), 0) AS obligated,
    coalesce(sum(e.amount) FILTER (WHERE e.account = 'expended'), 0) AS expended
  FROM ledger_entries e WHERE e.book <> 'actual' GROUP BY e.fund_id, e.budget_category, e.unit
"""
HELD = """
  SELECT e.hold_id,
    coalesce(sum(e.amount) FILTER (WHERE e.account = 'reserved'), 0) AS reserved,
    coalesce(sum(e.amount) FILTER (WHERE e.account = 'obligated'), 0) AS obligated,
    coalesce(sum(e.amount) FILTER (WHERE e.account = 'expended'), 0) AS expended
  FROM ledger_entries e WHERE e.book <> 'actual' AND e.hold_id IS NOT NULL GROUP BY e.hold_id
"""
# What each award line has cost or still may, wherever the cost now lies. What was recovered from elsewhere
# was sent all the same. A correction counts as what it corrects.
BORNE = """
  WITH RECURSIVE lies(line_hold, hold_id) AS (
    SELECT l.hold_id, l.hold_id FROM allocation_lines l
    UNION SELECT l.line_hold, m.to_hold FROM lies l JOIN ledger_cost_moves m ON m.from_hold = l.hold_id
  )
  SELECT l.line_hold, sum(e.amount) AS amount
  FROM lies l JOIN ledger_entries e ON e.hold_id = l.hold_id JOIN ledger_events v ON v.id = e.event_id
  LEFT JOIN ledger_events o ON o.id = v.corrects
  WHERE e.book <> 'actual' AND e.account IN ('obligated', 'expended')
    AND coalesce(o.kind, v.kind) <> 'recover'
  GROUP BY l.line_hold
"""
# As above, also what a refund to a trip's card has brought back since: it was sent and bound us all the same.
SENT_OUT = BORNE.replace(
    "  GROUP BY",
    """    AND NOT EXISTS (
      SELECT FROM card_refunds r WHERE v.external_ref = r.charge_id || '\\:refunded')
  GROUP BY""",
)
