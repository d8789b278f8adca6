"""Rules over what happens after a trip: costs moved and money recovered, as two people agreed."""

from __future__ import annotations

from reunify.reporting.invariants_rule import LEDGER, Rule

_TRANSFERS = (*LEDGER, "ledger_cost_moves", "cost_transfers")
_RECOVERIES = (*LEDGER, "cost_recoveries")

CLOSEOUT = (
    Rule(
        "transfer is not what was confirmed",
        _TRANSFERS,
        """
        SELECT 'Cost transfer ' || t.id || ' was confirmed for ' || t.amount || ' cents; in the books are '
          || coalesce(m.amount, 0) || ', or they lie elsewhere.' AS sentence
        FROM cost_transfers t
        LEFT JOIN ledger_events v ON v.id = t.event_id
        LEFT JOIN ledger_cost_moves m ON m.event_id = t.event_id AND m.to_hold = t.to_hold
        LEFT JOIN ledger_holds h ON h.id = t.to_hold
        WHERE t.state = 'confirmed' AND (
          (v.kind, v.external_ref, m.from_hold, m.amount, h.fund_id, h.budget_category)
          IS DISTINCT FROM
          ('cost_transfer', 'cost_transfer:' || t.id, t.from_hold, t.amount, t.to_fund, t.to_category))
        """,
    ),
    Rule(
        "moved without a second person",
        _TRANSFERS,
        """
        SELECT 'Event ' || v.external_ref || ' moved a cost that two people did not agree on.' AS sentence
        FROM ledger_events v LEFT JOIN cost_transfers t ON t.event_id = v.id AND t.state = 'confirmed'
        WHERE v.kind = 'cost_transfer'
          AND NOT EXISTS (SELECT FROM ledger_events o WHERE o.corrects = v.id)
          AND (t.id IS NULL OR (t.asked_for || t.asked_by) && (t.confirmed_for || t.confirmed_by))
        """,
    ),
    Rule(
        "confirmed transfer was reversed",
        _TRANSFERS,
        """
        SELECT 'Cost transfer ' || t.id || ', on which two people agreed, was reversed by ' || o.external_ref
          || ': only another transfer by two people undoes it.' AS sentence
        FROM cost_transfers t JOIN ledger_events o ON o.corrects = t.event_id
        """,
    ),
    Rule(
        "late without an explanation",
        ("cost_transfers",),
        """
        SELECT 'Cost transfer ' || t.id || ' was confirmed ' || (t.confirmed_on - t.posted_on)
          || ' days after the cost was posted, without the three answers it owes.' AS sentence
        FROM cost_transfers t
        WHERE t.confirmed_on - t.posted_on > 90
          AND num_nonnulls(t.why_charged, t.why_belongs, t.why_late) < 3
        """,
    ),
    Rule(
        "recovery is not what was verified",
        _RECOVERIES,
        """
        SELECT 'Recovery ' || r.id || ' was verified for ' || r.amount || ' cents; in the books are '
          || coalesce(e.amount, 0) || ', or another day or account.' AS sentence
        FROM cost_recoveries r
        LEFT JOIN ledger_events v ON v.id = r.event_id
        LEFT JOIN LATERAL (
          SELECT sum(e.amount) AS amount FROM ledger_entries e
          WHERE e.event_id = r.event_id AND e.account = r.cash
        ) e ON true
        WHERE r.state = 'verified' AND (
          (v.kind, v.external_ref, v.happened_on, e.amount)
          IS DISTINCT FROM ('recover', 'cost_recovery:' || r.id, r.happened_on, r.amount))
        """,
    ),
    Rule(
        "recovered without a second person",
        _RECOVERIES,
        """
        SELECT 'Event ' || v.external_ref || ' recovered money that two people did not verify.' AS sentence
        FROM ledger_events v LEFT JOIN cost_recoveries r ON r.event_id = v.id AND r.state = 'verified'
        WHERE v.kind = 'recover'
          AND NOT EXISTS (SELECT FROM ledger_events o WHERE o.corrects = v.id)
          AND (r.id IS NULL OR (r.recorded_for || r.recorded_by) && (r.verified_for || r.verified_by))
        """,
    ),
    Rule(
        "verified recovery was reversed",
        _RECOVERIES,
        """
        SELECT 'Recovery ' || r.id || ', which two people verified, was reversed by ' || o.external_ref
          || ', as no two people decided.' AS sentence
        FROM cost_recoveries r JOIN ledger_events o ON o.corrects = r.event_id
        """,
    ),
)
