"""Rules over payments made in an outage: in suspense until others ratify or bear them."""

from __future__ import annotations

from reunify.reporting.invariants_rule import Rule

# What two people ratified of each.
RATIFIED = """
  SELECT o.id AS outage_id, coalesce(sum(p.cents), 0) AS cents FROM outage_payments o
  LEFT JOIN outage_parts p ON p.outage_id = o.id AND o.ratifier IS NOT NULL GROUP BY o.id
"""

OUTAGE = (
    Rule(
        "outage payment is not in suspense",
        ("outage_payments", "outage_parts", "suspense_items"),
        f"""
        SELECT 'The payment made in an outage ' || o.id || ' is ' || o.state || ' and '
          || coalesce(i.left_cents, 0) || ' of its ' || o.cents || ' cents are in suspense.' AS sentence
        FROM outage_payments o JOIN ({RATIFIED}) r ON r.outage_id = o.id
        LEFT JOIN suspense_items i ON i.object_id = 'outage\\:' || o.id
        WHERE coalesce(i.left_cents, 0)
            <> CASE WHEN o.state IN ('borne', 'struck') THEN 0 ELSE o.cents - r.cents END
          OR coalesce(i.cents, 0) <> o.cents
          OR (o.state = 'ratified') <> (o.ratifier IS NOT NULL AND r.cents = o.cents)
        """,  # noqa: S608 - constants only
    ),
    Rule(
        "outage payment ratified, borne or struck by fewer than two people",
        ("outage_payments",),
        """
        SELECT 'The payment made in an outage ' || id || ' was ratified, borne or struck by one who '
          || 'wrote it down, or by the same person twice.' AS sentence
        FROM outage_payments
        WHERE ratifier IS NOT NULL AND (
            (recorded_for || recorder) && (proposed_for || proposer)
            OR (recorded_for || recorder || proposed_for || proposer) && (ratified_for || ratifier))
          OR bearer IS NOT NULL AND
            (recorded_for || recorder || reported_for || reporter) && (borne_for || bearer)
          OR state = 'struck' AND (recorded_for || recorder) && (reported_for || reporter)
        """,
    ),
    Rule(
        "outage payment borne is not in the books",
        ("outage_payments", "outage_parts", "ledger_events", "ledger_entries"),
        f"""
        SELECT 'The payment made in an outage ' || o.id || ' is ' || o.state || ', and '
          || coalesce(b.amount, 0) || ' cents of it are the organisation''s own cost.' AS sentence
        FROM outage_payments o JOIN ({RATIFIED}) r ON r.outage_id = o.id
        CROSS JOIN LATERAL (
          SELECT sum(e.amount) AS amount FROM ledger_events v
          JOIN ledger_entries e ON e.event_id = v.id AND e.account = 'expended'
          WHERE v.kind = 'expend' AND v.external_ref = o.id || '\\:borne'
            AND NOT EXISTS (SELECT FROM ledger_events c WHERE c.corrects = v.id)
        ) b
        WHERE coalesce(b.amount, 0) <> CASE o.state WHEN 'borne' THEN o.cents - r.cents ELSE 0 END
        """,  # noqa: S608 - constants only
    ),
)
