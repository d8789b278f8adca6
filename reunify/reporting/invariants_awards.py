"""Rules over award lines, payments and who decided: nothing beyond what was approved, by the right people."""

from __future__ import annotations

from reunify.reporting.invariants_rule import BORNE, SENT_OUT, Rule

# What was sent or may still be sent. A payment still to be written down binds us only at the entry.
SENT = """
  SELECT il.allocation_line_id, sum(il.amount) AS amount
  FROM instruction_lines il JOIN instructions i ON i.id = il.instruction_id
  WHERE i.state NOT IN ('withdrawn', 'returned')
    AND NOT (il.binds_at_entry AND i.state IN ('ready', 'failed', 'to_log'))
  GROUP BY il.allocation_line_id
"""

# What the books have spent for each instruction, by the attempt that Stripe posted, the payment that two
# people wrote down or the charge on the trip's card; what was reversed is not spent.
PAID = """
  SELECT paid.instruction_id, sum(e.amount) AS amount, count(DISTINCT v.id) AS events
  FROM (
    SELECT instruction_id, stripe_id || '\\:posted' AS reference FROM attempts WHERE state = 'posted'
    UNION ALL SELECT instruction_id, id || '\\:verified' FROM logged_payments
      WHERE state IN ('verified', 'cleared', 'stale')
    UNION ALL SELECT p.instruction_id, p.id || '\\:ratified' FROM outage_parts p
      JOIN outage_payments o ON o.id = p.outage_id WHERE o.ratifier IS NOT NULL
    UNION ALL SELECT p.instruction_id, r.reference FROM card_charge_parts p CROSS JOIN LATERAL (
      VALUES (p.charge_id || '\\:captured'), (p.charge_id || '\\:captured\\:' || p.instruction_id)
    ) r(reference)
  ) paid
  JOIN ledger_events v ON v.external_ref = paid.reference AND v.kind = 'expend'
  JOIN ledger_entries e ON e.event_id = v.id AND e.account = 'expended'
  WHERE NOT EXISTS (SELECT FROM ledger_events c WHERE c.corrects = v.id)
  GROUP BY paid.instruction_id
"""

LINES = (
    Rule(
        "line is not its hold",
        ("allocation_lines", "ledger_holds"),
        """
        SELECT 'Award line ' || l.id || ' has a ceiling of ' || l.ceiling || ' ' || l.unit
          || ' and its hold was made for ' || h.ceiling || ' ' || h.unit || '.' AS sentence
        FROM allocation_lines l JOIN ledger_holds h ON h.id = l.hold_id
        WHERE (l.ceiling, l.unit, l.fund_id, l.budget_category)
          <> (h.ceiling, h.unit, h.fund_id, h.budget_category)
        """,
    ),
    Rule(
        "more than approved",
        ("allocation_lines", "ledger_entries", "ledger_cost_moves"),
        f"""
        SELECT 'Award line ' || l.id || ': obligated and expended are ' || p.amount
          || ', approved were at most ' || l.ceiling || ' ' || l.unit || '.' AS sentence
        FROM allocation_lines l JOIN ({BORNE}) p ON p.line_hold = l.hold_id
        WHERE p.amount > l.ceiling
        """,  # noqa: S608 - constants only
    ),
    Rule(
        "more than obligated",
        (
            "allocation_lines",
            "card_refunds",
            "instruction_lines",
            "instructions",
            "ledger_entries",
            "ledger_cost_moves",
        ),
        f"""
        SELECT 'Award line ' || l.id || ': ' || s.amount || ' ' || l.unit || ' were or may still be sent, '
          || coalesce(p.amount, 0) || ' are obligated and expended, here or where the cost was moved.'
          AS sentence
        FROM ({SENT}) s JOIN allocation_lines l ON l.id = s.allocation_line_id
        LEFT JOIN ({SENT_OUT}) p ON p.line_hold = l.hold_id
        WHERE s.amount > coalesce(p.amount, 0)
        """,  # noqa: S608 - constants only
    ),
    Rule(
        "instruction is not its lines",
        ("instructions", "instruction_lines"),
        """
        SELECT 'Instruction ' || i.id || ' pays ' || i.amount || ' ' || i.unit || ', its lines sum to '
          || coalesce(sum(il.amount), 0) || '.' AS sentence
        FROM instructions i LEFT JOIN instruction_lines il ON il.instruction_id = i.id
        GROUP BY i.id HAVING i.amount <> coalesce(sum(il.amount), 0)
        """,
    ),
    Rule(
        "attempt is not its instruction",
        ("instructions", "attempts"),
        """
        SELECT 'Attempt ' || a.id || ' asks for ' || coalesce(a.params #>> '{amount,value}', 'no amount')
          || ', its instruction pays ' || i.amount || ' ' || i.unit || '.' AS sentence
        FROM attempts a JOIN instructions i ON i.id = a.instruction_id
        WHERE a.params #>> '{amount,value}' IS DISTINCT FROM i.amount::text
        """,
    ),
    Rule(
        "settled is not what was spent",
        (
            "instructions",
            "attempts",
            "logged_payments",
            "card_charge_parts",
            "ledger_events",
            "ledger_entries",
        ),
        f"""
        SELECT 'Instruction ' || i.id || ' is ' || i.state || ' and pays ' || i.amount || ' ' || i.unit
          || '; in the books ' || coalesce(p.amount, 0) || ' are spent for it by ' || coalesce(p.events, 0)
          || ' payments.' AS sentence
        FROM instructions i LEFT JOIN ({PAID}) p ON p.instruction_id = i.id
        WHERE coalesce(p.events, 0) <> (i.state = 'settled')::int
          OR coalesce(p.amount, 0) <> CASE WHEN i.state = 'settled' THEN i.amount ELSE 0 END
        """,  # noqa: S608 - constants only
    ),
    Rule(
        "sent twice",
        ("attempts", "instructions"),
        """
        SELECT 'Instruction ' || a.instruction_id || ' has ' || count(*)
          || ' attempts that went out or still may.' AS sentence
        FROM attempts a WHERE a.state IN ('open', 'unknown', 'in_flight', 'stuck', 'posted')
        GROUP BY a.instruction_id HAVING count(*) > 1
        """,
    ),
)

AWARDS = (
    Rule(
        "the requester approved or released",
        ("awards",),
        """
        SELECT 'Award ' || a.id || ' was approved or released by who asked or answered for the family.'
          AS sentence
        FROM awards a WHERE a.requested_by IN (a.approved_by, a.released_by)
          OR a.submitted_by IN (a.approved_by, a.released_by)
        """,
    ),
    Rule(
        "one person did both",
        ("awards",),
        """
        SELECT 'Award ' || a.id || ' was approved and released by one person above the small-amount limit.'
          AS sentence
        FROM awards a WHERE a.approved_by = a.released_by AND a.ceiling_cents > a.small_limit_cents
          AND NOT a.enveloped
        """,
    ),
    Rule(
        "ceiling is not its lines",
        ("awards", "allocation_lines"),
        """
        SELECT 'Award ' || a.id || ' was judged as ' || a.ceiling_cents || ' cents, its lines sum to '
          || coalesce(sum(l.ceiling), 0) || '.' AS sentence
        FROM awards a LEFT JOIN allocation_lines l ON l.allocation_id = a.allocation_id AND l.unit = 'cents'
        GROUP BY a.id HAVING a.ceiling_cents <> coalesce(sum(l.ceiling), 0)
        """,
    ),
    Rule(
        "released without approval",
        ("awards",),
        """
        SELECT 'Award ' || a.id || ' was released without an approval and its digest.' AS sentence
        FROM awards a WHERE a.released_by IS NOT NULL AND (a.approved_by IS NULL OR a.digest IS NULL)
        """,
    ),
    Rule(
        "not what was approved",
        ("awards", "instructions"),
        """
        SELECT 'Instruction ' || i.id || ' was made from another digest than award ' || a.id || ' carries.'
          AS sentence
        FROM instructions i JOIN awards a ON a.id = i.award_id
        WHERE i.award_digest IS DISTINCT FROM a.digest AND i.state <> 'withdrawn'
        """,
    ),
)
