"""Rules over payments made in an outage: in suspense until ratified, ratified by three different people."""

from __future__ import annotations

from reunify.reporting.invariants_rule import Rule

OUTAGE = (
    Rule(
        "outage payment is not in suspense",
        ("outage_payments", "suspense_items"),
        """
        SELECT 'The payment made in an outage ' || o.id || ' is ' || o.state || ' and '
          || coalesce(i.left_cents, 0) || ' of its ' || o.cents || ' cents are in suspense.' AS sentence
        FROM outage_payments o LEFT JOIN suspense_items i ON i.object_id = 'outage\\:' || o.id
        WHERE coalesce(i.left_cents, 0) <> CASE o.state WHEN 'ratified' THEN 0 ELSE o.cents END
          OR coalesce(i.cents, 0) <> o.cents
        """,
    ),
    Rule(
        "outage payment ratified by fewer than two other people",
        ("outage_payments",),
        """
        SELECT 'The payment made in an outage ' || id || ' was ratified by one who wrote it down, or twice.'
          AS sentence
        FROM outage_payments
        WHERE state = 'ratified' AND (
          (recorded_for || recorder) && (proposed_for || proposer)
          OR (recorded_for || recorder || proposed_for || proposer) && (ratified_for || ratifier))
        """,
    ),
)
