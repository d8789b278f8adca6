"""Rules over what came later: costs moved to another fund, reversals, and periods that were closed."""

from __future__ import annotations

from reunify.reporting.invariants_rule import LEDGER, Rule

_MOVES = (*LEDGER, "ledger_cost_moves")

HISTORY = (
    Rule(
        "moved cost is not its entries",
        _MOVES,
        """
        SELECT 'Cost transfer ' || v.external_ref || ': hold ' || hold_id || ' is written down with '
          || coalesce(m.amount, 0) || ', its entries sum to ' || coalesce(e.amount, 0) || '.' AS sentence
        FROM (
          SELECT event_id, hold_id, sum(amount) AS amount FROM (
            SELECT event_id, from_hold AS hold_id, -amount AS amount FROM ledger_cost_moves
            UNION ALL SELECT event_id, to_hold, amount FROM ledger_cost_moves
          ) both_ends GROUP BY event_id, hold_id
        ) m FULL JOIN (
          SELECT e.event_id, e.hold_id, sum(e.amount) AS amount
          FROM ledger_entries e JOIN ledger_events v ON v.id = e.event_id
          WHERE v.kind = 'cost_transfer' AND e.account = 'expended' GROUP BY e.event_id, e.hold_id
        ) e USING (event_id, hold_id) JOIN ledger_events v ON v.id = event_id
        WHERE coalesce(m.amount, 0) <> coalesce(e.amount, 0)
        """,
    ),
    Rule(
        "moved cost is not its hold",
        _MOVES,
        """
        SELECT 'Hold ' || h.id || ' was made for ' || h.ceiling || ' ' || h.unit
          || ', the cost moved to it is ' || m.amount || ' cents.' AS sentence
        FROM ledger_cost_moves m JOIN ledger_holds h ON h.id = m.to_hold
        WHERE (h.ceiling, h.unit) <> (m.amount, 'cents') OR h.reserved + h.obligated > 0
        """,
    ),
    Rule(
        "cash moved by a cost transfer",
        LEDGER,
        """
        SELECT 'Cost transfer ' || v.external_ref || ' changes ' || e.account || ' by ' || sum(e.amount)
          || ' cents.' AS sentence
        FROM ledger_entries e JOIN ledger_events v ON v.id = e.event_id
        WHERE v.kind = 'cost_transfer' AND e.book = 'actual'
        GROUP BY v.external_ref, e.event_id, e.account HAVING sum(e.amount) <> 0
        """,
    ),
    Rule(
        "correction is not the reverse",
        LEDGER,
        """
        SELECT 'Event ' || c.external_ref || ' does not reverse event ' || o.external_ref || ': '
          || sum(abs(left_over.amount)) || ' is left over.' AS sentence
        FROM ledger_events c JOIN ledger_events o ON o.id = c.corrects
        CROSS JOIN LATERAL (
          SELECT sum(e.amount) AS amount FROM ledger_entries e WHERE e.event_id IN (c.id, o.id)
          GROUP BY e.book, e.fund_id, e.budget_category, e.account, e.unit, e.hold_id
          HAVING sum(e.amount) <> 0
        ) left_over GROUP BY c.external_ref, o.external_ref
        """,
    ),
    Rule(
        "decision corrected",
        LEDGER,
        """
        SELECT 'Event ' || c.external_ref || ' reverses ' || o.external_ref || ', which is of the kind '
          || o.kind || '.' AS sentence
        FROM ledger_events c JOIN ledger_events o ON o.id = c.corrects
        WHERE o.kind NOT IN ('draw_down', 'expend', 'give_back', 'fee', 'recover', 'cost_transfer')
        """,
    ),
    Rule(
        "corrected twice",
        LEDGER,
        """
        SELECT 'Event ' || o.external_ref || ' was reversed ' || count(*) || ' times.' AS sentence
        FROM ledger_events c JOIN ledger_events o ON o.id = c.corrects
        GROUP BY o.id HAVING count(*) > 1
        """,
    ),
    Rule(
        "closed period changed",
        (*LEDGER, "ledger_periods"),
        """
        SELECT 'The period through ' || p.through || ' was closed with ' || p.events || ' events and has '
          || now_there.events || ', or they are not as they were; ' || now_there.later
          || ' were posted after it was closed.' AS sentence
        FROM (
          SELECT *, lag(through, 1, '-infinity') OVER (ORDER BY through) AS before FROM ledger_periods
        ) p CROSS JOIN LATERAL (
          SELECT coalesce(sum(events), 0) AS events, coalesce(sum(later), 0) AS later,
            encode(sha256(convert_to(
              coalesce(string_agg(digest, '' ORDER BY day), ''), 'UTF8')), 'hex') AS digest
          FROM (
            SELECT day, count(*) AS events, count(*) FILTER (WHERE at > p.at) AS later,
              encode(sha256(convert_to(string_agg(said, '' ORDER BY id), 'UTF8')), 'hex') AS digest
            FROM (
              SELECT v.day, v.id, v.at,
                v.fingerprint || coalesce(string_agg(e.fingerprint, '' ORDER BY e.id), '') AS said
              FROM ledger_events v LEFT JOIN ledger_entries e ON e.event_id = v.id
              WHERE v.day > p.before AND v.day <= p.through GROUP BY v.id
            ) event GROUP BY day
          ) one_day
        ) now_there
        WHERE (p.events, p.digest) <> (now_there.events, now_there.digest)
        """,
    ),
)
