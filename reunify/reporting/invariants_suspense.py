"""Rules over suspense: what is open item by item is what the ledger holds there, and nothing else."""

from __future__ import annotations

from reunify.reporting.invariants_rule import Rule

SUSPENSE = (
    Rule(
        "suspense is not its items",
        ("suspense_items", "ledger_entries"),
        """
        SELECT 'Fund ' || fund_id || ' holds ' || sum(held) || ' cents in suspense and its items come to '
          || sum(listed) || '.' AS sentence
        FROM (
          SELECT fund_id, amount AS held, 0 AS listed FROM ledger_entries WHERE account = 'suspense'
          UNION ALL
          SELECT fund_id, 0, left_cents FROM suspense_items
        ) both_sides
        GROUP BY fund_id HAVING sum(held) <> sum(listed)
        """,
    ),
    Rule(
        "suspense item is not its parts",
        ("suspense_items", "suspense_parts"),
        """
        SELECT 'Suspense item ' || i.id || ' of ' || i.cents || ' cents says ' || i.left_cents
          || ' are left, and ' || coalesce(sum(p.cents), 0) || ' were explained.' AS sentence
        FROM suspense_items i LEFT JOIN suspense_parts p ON p.item_id = i.id
        GROUP BY i.id HAVING i.left_cents <> i.cents - coalesce(sum(p.cents), 0)
        """,
    ),
    Rule(
        "suspense item is not its event",
        ("suspense_items", "ledger_events", "ledger_entries"),
        r"""
        SELECT 'Suspense item ' || i.id || ' says ' || i.cents || ' cents left ' || i.cash
          || ', its event says ' || coalesce(-sum(e.amount) FILTER (WHERE e.account = i.cash), 0) || '.'
          AS sentence
        FROM suspense_items i
        LEFT JOIN ledger_events v ON v.external_ref = i.object_id || '\:suspended' AND v.kind = 'suspend'
        LEFT JOIN ledger_entries e ON e.event_id = v.id AND e.fund_id = i.fund_id
        GROUP BY i.id
        HAVING i.cents IS DISTINCT FROM sum(e.amount) FILTER (WHERE e.account = 'suspense')
          OR i.cents IS DISTINCT FROM -sum(e.amount) FILTER (WHERE e.account = i.cash)
        """,
    ),
    Rule(
        "explained part is not its event",
        ("suspense_items", "suspense_parts", "ledger_events", "ledger_entries"),
        r"""
        SELECT 'Of suspense item ' || i.id || ' ' || p.cents || ' cents are explained, and '
          || coalesce(-sum(e.amount), 0) || ' left suspense.' AS sentence
        FROM suspense_parts p JOIN suspense_items i ON i.id = p.item_id
        LEFT JOIN ledger_events v
          ON v.external_ref = i.object_id || '\:explained\:' || p.part AND v.kind = 'explain'
        LEFT JOIN ledger_entries e ON e.event_id = v.id AND e.account = 'suspense' AND e.fund_id = i.fund_id
        GROUP BY i.id, p.id HAVING p.cents IS DISTINCT FROM -sum(e.amount)
        """,
    ),
)
