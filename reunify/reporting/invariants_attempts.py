"""Rules over attempts: what is asked of Stripe is what people approved, once, under the key that says so.

A second hand on the database could otherwise send money again, or to somebody else, and all sums would agree.
"""

from __future__ import annotations

from reunify.reporting.invariants_rule import Rule

_LEDGER = ("ledger_events", "ledger_entries", "ledger_cost_moves")
# Where what a payment cost lies now.
_LIES = """
  WITH RECURSIVE lies(instruction_id, hold_id) AS (
    SELECT instruction_id, hold_id FROM instruction_lines
    UNION SELECT l.instruction_id, m.to_hold FROM lies l JOIN ledger_cost_moves m ON m.from_hold = l.hold_id
  )
"""

ATTEMPTS = (
    Rule(
        "payment is not where its attempt is",
        ("attempts", "instructions"),
        """
        SELECT 'Instruction ' || i.id || ' is ' || i.state || ', and of its attempts '
          || count(*) FILTER (WHERE a.state IN ('open', 'unknown', 'in_flight', 'stuck'))
          || ' may still pay.' AS sentence
        FROM instructions i JOIN attempts a ON a.instruction_id = i.id
        GROUP BY i.id
        HAVING (i.state = 'sending') <> bool_or(a.state IN ('open', 'unknown', 'in_flight', 'stuck'))
        """,
    ),
    Rule(
        "payment is not where its paper is",
        ("instructions", "logged_payments"),
        """
        SELECT 'Instruction ' || i.id || ' is ' || i.state || ', and what was written down for it is '
          || l.state || '.' AS sentence
        FROM instructions i JOIN logged_payments l ON l.instruction_id = i.id AND l.state <> 'voided'
        WHERE i.state <> CASE l.state WHEN 'recorded' THEN 'recorded' ELSE 'settled' END
        """,
    ),
    Rule(
        "attempt is not its key",
        ("attempts",),
        r"""
        SELECT 'Attempt ' || number || ' of instruction ' || instruction_id || ' has the key '
          || idempotency_key || '\: Stripe would take it for another payment.' AS sentence
        FROM attempts
        WHERE idempotency_key <> 'reunify\:disb\:' || instruction_id || '\:' || number
        """,
    ),
    Rule(
        "attempts are not all there",
        ("attempts",),
        """
        SELECT 'Instruction ' || instruction_id || ' has ' || count(*) || ' attempts, the newest is number '
          || max(number) || '.' AS sentence
        FROM attempts GROUP BY instruction_id HAVING count(*) <> max(number)
        """,
    ),
    Rule(
        "attempt pays somebody else",
        ("attempts", "instructions", "payees"),
        """
        SELECT 'Attempt ' || a.number || ' of instruction ' || i.id || ' asks Stripe to pay another account, '
          || 'or for another payment, than this one.' AS sentence
        FROM attempts a JOIN instructions i ON i.id = a.instruction_id JOIN payees p ON p.id = i.payee_id
        WHERE p.stripe_recipient IS NOT NULL
            AND a.params #>> '{to,recipient}' IS DISTINCT FROM p.stripe_recipient
          OR a.params #>> '{metadata,reunify_disbursement}' <> i.id::text
          OR a.params #>> '{to,payout_method}' <> a.payout_method
        """,
    ),
    Rule(
        "pays somebody else than approved",
        ("instruction_lines", "allocation_lines", "instructions", "payees", "awards"),
        """
        SELECT 'Instruction ' || i.id || ' pays ' || p.key || ', award line ' || l.id || ' was approved for '
          || l.payee_key || '.' AS sentence
        FROM instruction_lines il JOIN instructions i ON i.id = il.instruction_id
        JOIN allocation_lines l ON l.id = il.allocation_line_id
        JOIN payees p ON p.id = i.payee_id JOIN awards w ON w.id = i.award_id
        WHERE (p.key, p.request_id, l.allocation_id) <> (l.payee_key, w.request_id, w.allocation_id)
        """,
    ),
    # What was recovered from elsewhere meanwhile does not come back to the books.
    Rule(
        "returned is not what came back",
        (*_LEDGER, "attempts", "instructions", "instruction_lines"),
        rf"""
        {_LIES}
        SELECT 'Attempt ' || a.number || ' of instruction ' || i.id || ' is ' || a.state || ' and '
          || coalesce(b.cents, 0) || ' of its ' || i.amount || ' cents came back in the books.' AS sentence
        FROM attempts a JOIN instructions i ON i.id = a.instruction_id
        LEFT JOIN LATERAL (
          SELECT sum(e.amount) AS cents FROM ledger_events v
          JOIN ledger_entries e ON e.event_id = v.id AND e.account = 'cash_stripe'
          WHERE v.kind = 'give_back' AND (v.external_ref = a.stripe_id || '\:returned'
              OR v.external_ref LIKE a.stripe_id || '\:returned\:%')
            AND NOT EXISTS (SELECT FROM ledger_events c WHERE c.corrects = v.id)
        ) b ON true
        WHERE coalesce(b.cents, 0) > CASE a.state WHEN 'returned' THEN i.amount ELSE 0 END
          OR a.state = 'returned' AND coalesce(b.cents, 0) < i.amount AND NOT EXISTS (
            SELECT FROM lies l JOIN ledger_entries e ON e.hold_id = l.hold_id
            JOIN ledger_events v ON v.id = e.event_id AND v.kind = 'recover'
            WHERE l.instruction_id = i.id)
        """,  # noqa: S608 - constants only
    ),
)
