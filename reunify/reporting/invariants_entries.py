"""Rules over events and their entries: unchanged, balanced, and what was spent is the money that left."""

from __future__ import annotations

from reunify.reporting.invariants_rule import LEDGER, Rule

ENTRIES = (
    Rule(
        "entry changed",
        LEDGER,
        """
        SELECT 'Entry ' || e.id || ' of event ' || v.external_ref || ' is not as it was written.' AS sentence,
          e.id AS entry_id
        FROM ledger_entries e JOIN ledger_events v ON v.id = e.event_id
        WHERE e.fingerprint <> encode(sha256(convert_to(concat_ws('|', e.id, e.event_id, e.book, e.fund_id,
          coalesce(e.budget_category, ''), e.account, e.unit, e.amount, coalesce(e.hold_id::text, '')),
          'UTF8')), 'hex')
        """,
    ),
    Rule(
        "event changed",
        LEDGER,
        """
        SELECT 'Event ' || v.id || ', ' || v.external_ref || ', is not as it was written.' AS sentence
        FROM ledger_events v
        WHERE v.fingerprint <> encode(sha256(convert_to(concat_ws('|', v.id, v.kind, v.external_ref,
          v.content_hash, v.day, (extract(epoch FROM v.at) * 1000000)::bigint, v.by, v.happened_on,
          coalesce(v.corrects::text, '')), 'UTF8')), 'hex')
        """,
    ),
    Rule(
        "event not balanced",
        LEDGER,
        """
        SELECT 'Event ' || v.external_ref || ' is off by ' || sum(e.amount) || ' ' || e.unit || ' in the '
          || e.book || ' book.' AS sentence
        FROM ledger_entries e JOIN ledger_events v ON v.id = e.event_id
        GROUP BY v.external_ref, e.event_id, e.book, e.fund_id, e.unit HAVING sum(e.amount) <> 0
        """,
    ),
    Rule(
        "event without entries",
        LEDGER,
        """
        SELECT 'Event ' || v.external_ref || ' has no entries.' AS sentence FROM ledger_events v
        WHERE NOT EXISTS (SELECT FROM ledger_entries e WHERE e.event_id = v.id)
        """,
    ),
    Rule(
        "spent is not what left",
        LEDGER,
        """
        SELECT 'Event ' || v.external_ref || ' spends ' || sum(e.amount) FILTER (WHERE e.account = 'expended')
          || ' cents of the budget and another amount of money.' AS sentence
        FROM ledger_entries e JOIN ledger_events v ON v.id = e.event_id
        WHERE e.unit = 'cents' AND e.account IN ('expended', 'expense', 'bank_fees')
        GROUP BY v.external_ref, e.event_id, e.fund_id, e.budget_category
        HAVING sum(CASE WHEN e.account = 'expended' THEN e.amount ELSE -e.amount END) <> 0
        """,
    ),
    Rule(
        "units in the cash books",
        (*LEDGER, "funding_sources"),
        """
        SELECT 'Entry ' || e.id || ' is in ' || e.unit || ' of the ' || e.book || ' book, fund ' || f.code
          || ' is held in ' || f.unit || '.' AS sentence, e.id AS entry_id
        FROM ledger_entries e JOIN funding_sources f ON f.id = e.fund_id
        WHERE e.unit <> f.unit OR (e.book = 'units') <> (f.unit <> 'cents')
        """,
    ),
)
