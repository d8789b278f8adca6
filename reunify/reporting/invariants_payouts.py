"""Rules over payouts: another bank account than before is paid only when two people said so."""

from __future__ import annotations

from reunify.reporting.invariants_rule import Rule

PAYOUTS = (
    Rule(
        "another bank without two people",
        ("attempts", "payment_reapprovals"),
        """
        SELECT 'Attempt ' || a.number || ' of instruction ' || a.instruction_id || ' names another bank '
          || 'account than the attempt before it, and no two people approved that.' AS sentence
        FROM attempts a
        WHERE a.number > 1 AND a.payout_method <> (
            SELECT b.payout_method FROM attempts b
            WHERE b.instruction_id = a.instruction_id AND b.number < a.number AND b.payout_method IS NOT NULL
            ORDER BY b.number DESC LIMIT 1)
          AND NOT EXISTS (
            SELECT FROM payment_reapprovals r
            WHERE r.instruction_id = a.instruction_id AND r.state = 'approved'
              AND r.after_attempt = a.number - 1 AND r.payout_method = a.payout_method)
        """,
    ),
)
