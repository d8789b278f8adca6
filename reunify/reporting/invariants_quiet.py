"""Rules over quiet outcomes and overlaps: nothing left by itself, nobody is in two places unsaid."""

from __future__ import annotations

from reunify.reporting.invariants_rule import Rule

# Two that meet are put in order by a lock, each with the time it read before it: a minute covers that.
_QUIET = """
  o.recorded_at + interval '1 minute' < {at} AND (o.corrected_at IS NULL OR {at} < o.corrected_at)
"""
_FOURTEEN_DAYS = "CASE WHEN a.item = 'child' THEN interval '14 days' ELSE interval '0' END"

QUIET = (
    Rule(
        "paid while quiet",
        ("quiet_outcomes", "payments_let_go", "attempts", "instructions", "awards"),
        f"""
        SELECT 'Attempt ' || t.id || ' began while quiet outcome ' || o.id || ' stood, and nobody let it go.'
          AS sentence
        FROM quiet_outcomes o JOIN awards w ON w.request_id = o.request_id
        JOIN instructions i ON i.award_id = w.id JOIN attempts t ON t.instruction_id = i.id
        WHERE {_QUIET.format(at="t.first_sent_at")} AND NOT EXISTS (
          SELECT FROM payments_let_go g
          WHERE (g.outcome_id, g.instruction_id) = (o.id, i.id) AND g.at <= t.first_sent_at
        )
        """,  # noqa: S608 - constants only
    ),
    Rule(
        "letter made while quiet",
        ("quiet_outcomes", "documents"),
        f"""
        SELECT 'Document ' || d.id || ' was made while quiet outcome ' || o.id || ' stood.' AS sentence
        FROM quiet_outcomes o JOIN documents d ON d.request_id = o.request_id
        WHERE {_QUIET.format(at="d.made_at")}
        """,  # noqa: S608 - constants only
    ),
    Rule(
        "family told while quiet",
        ("quiet_outcomes", "notices"),
        f"""
        SELECT 'Notice ' || n.id || ' to the family was planned while quiet outcome ' || o.id || ' stood.'
          AS sentence
        FROM quiet_outcomes o JOIN notices n ON n.request_id = o.request_id
        WHERE n.staff_id IS NULL AND {_QUIET.format(at="n.planned_at")}
        """,  # noqa: S608 - constants only
    ),
    Rule(
        "in two places and nobody said why",
        ("overlap_items", "overlap_reasons"),
        f"""
        SELECT DISTINCT 'Requests ' || a.request_id || ' and ' || b.request_id
          || ' want one person at one time, and neither says why it goes on.' AS sentence
        FROM overlap_items a JOIN overlap_items b ON b.person = a.person AND b.request_id > a.request_id
          AND (a.item = 'child') = (b.item = 'child')
          AND b.starts_at < a.ends_at + {_FOURTEEN_DAYS} AND b.ends_at > a.starts_at - {_FOURTEEN_DAYS}
        WHERE NOT EXISTS (
          SELECT FROM overlap_reasons r WHERE (r.request_id, r.other_request_id)
            IN ((a.request_id, b.request_id), (b.request_id, a.request_id))
        )
        """,  # noqa: S608 - constants only
    ),
    Rule(
        "found by an old version",
        ("overlap_items", "request_versions"),
        """
        SELECT DISTINCT 'Request ' || i.request_id || ' is found by version ' || i.version_number
          || ', which is not its newest.' AS sentence
        FROM overlap_items i
        WHERE i.version_number <> (SELECT max(v.number) FROM request_versions v
          WHERE v.request_id = i.request_id AND v.kind <> 'check_again')
        """,
    ),
)
