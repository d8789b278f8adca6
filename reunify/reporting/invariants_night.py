"""Rules over envelopes and night decisions: nothing drawn twice, nobody alone outside one, a third looks."""

from __future__ import annotations

from reunify.reporting.invariants_rule import Rule

_TABLES = ("envelopes", "envelope_holds", "envelope_draws", "ledger_holds")
# What of an envelope's hold lies with award lines.
_OUT = """
  SELECT d.from_hold, sum(d.amount - d.returned) AS amount FROM envelope_draws d GROUP BY d.from_hold
"""
# One person, or two who stand for each other, did both above the limit.
_ALONE = """
  a.released_by IS NOT NULL AND a.ceiling_cents > a.small_limit_cents
  AND (a.approved_for || a.approved_by) && (a.released_for || a.released_by)
"""

NIGHT = (
    Rule(
        "envelope is not its hold",
        _TABLES,
        f"""
        SELECT 'Envelope ' || e.envelope_id || ' set ' || h.ceiling || ' cents of ' || e.budget_category
          || ' aside: ' || h.reserved || ' are in it and ' || coalesce(o.amount, 0) || ' were drawn.'
          AS sentence
        FROM envelope_holds e JOIN ledger_holds h ON h.id = e.hold_id
        LEFT JOIN ({_OUT}) o ON o.from_hold = e.hold_id
        WHERE e.ended_at IS NULL AND h.ceiling <> h.reserved + coalesce(o.amount, 0)
          OR e.ended_at IS NOT NULL AND h.ceiling < h.reserved + coalesce(o.amount, 0)
          OR h.obligated + h.expended > 0
        """,  # noqa: S608 - constants only
    ),
    Rule(
        "envelope over and not given back",
        _TABLES,
        """
        SELECT 'Envelope ' || e.envelope_id || ' is over and still holds ' || h.reserved || ' cents of '
          || e.budget_category || '.' AS sentence
        FROM envelope_holds e JOIN ledger_holds h ON h.id = e.hold_id
        WHERE e.ended_at IS NOT NULL AND h.reserved > 0
        """,
    ),
    Rule(
        "envelope is not what was signed",
        (*_TABLES, "envelope_lines"),
        """
        SELECT 'Envelope ' || v.id || ' was signed by two people for ' || l.amount_cents || ' cents of '
          || l.budget_category || ', held are ' || coalesce(h.ceiling, 0) || '.' AS sentence
        FROM envelopes v JOIN envelope_lines l ON l.envelope_id = v.id
        LEFT JOIN envelope_holds e ON (e.envelope_id, e.budget_category) = (l.envelope_id, l.budget_category)
        LEFT JOIN ledger_holds h ON h.id = e.hold_id
          AND (h.fund_id, h.budget_category) = (v.fund_id, l.budget_category)
        WHERE (v.confirmed_by IS NOT NULL) AND l.amount_cents IS DISTINCT FROM h.ceiling
          OR v.confirmed_by IS NULL AND e.hold_id IS NOT NULL
        """,
    ),
    Rule(
        "drawn for another line",
        (*_TABLES, "allocation_lines", "requests"),
        """
        SELECT 'Hold ' || d.hold_id || ' drew ' || d.amount || ' cents from an envelope that is not for it.'
          AS sentence
        FROM envelope_draws d JOIN envelope_holds e ON e.hold_id = d.from_hold
        JOIN ledger_holds h ON h.id = d.hold_id JOIN requests r ON r.id = d.request_id
        LEFT JOIN allocation_lines l ON (l.hold_id, l.allocation_id) = (d.hold_id, d.allocation_id)
        WHERE (h.fund_id, h.budget_category, h.unit) <> (e.fund_id, e.budget_category, 'cents')
          OR d.amount <> h.ceiling OR l.id IS NULL OR r.lane <> 'emergency'
        """,
    ),
    Rule(
        "over the limit of one request",
        _TABLES,
        """
        SELECT 'Request ' || d.request_id || ' drew ' || sum(d.amount - d.returned) || ' cents from envelope '
          || e.envelope_id || ', whose limit of one request is ' || e.per_request_cents || '.' AS sentence
        FROM envelope_draws d JOIN envelope_holds e ON e.hold_id = d.from_hold
        GROUP BY d.request_id, e.envelope_id, e.per_request_cents
        HAVING sum(d.amount - d.returned) > e.per_request_cents
        """,
    ),
    Rule(
        "released alone and not inside",
        ("awards", "envelope_draws"),
        f"""
        SELECT 'Award ' || a.id || ' was approved and released by one person, and of its ' || a.ceiling_cents
          || ' cents ' || coalesce(sum(d.amount - d.returned), 0) || ' were drawn from envelopes.' AS sentence
        FROM awards a LEFT JOIN envelope_draws d ON d.allocation_id = a.allocation_id
        WHERE a.enveloped AND {_ALONE}
        GROUP BY a.id HAVING a.ceiling_cents <> coalesce(sum(d.amount - d.returned), 0)
        """,  # noqa: S608 - constants only
    ),
    Rule(
        "released alone and nobody reviews it",
        ("awards", "envelope_reviews"),
        f"""
        SELECT 'Award ' || a.id || ' was approved and released by one person, and no review is due.'
          AS sentence
        FROM awards a LEFT JOIN envelope_reviews r ON r.award_id = a.id
        WHERE a.enveloped AND {_ALONE} AND r.award_id IS NULL
        """,  # noqa: S608 - constants only
    ),
    Rule(
        "reviewed by somebody who had a part in it",
        (*_TABLES, "awards", "envelope_reviews"),
        """
        SELECT 'The review of award ' || r.award_id || ' was given by somebody who wrote, decided or signed.'
          AS sentence
        FROM envelope_reviews r JOIN awards a ON a.id = r.award_id
        WHERE r.reviewed_by IS NOT NULL AND (
          (r.reviewed_for || r.reviewed_by) && (a.authors || a.requested_by || a.submitted_by
            || a.approved_for || a.approved_by || a.released_for || a.released_by)
          OR EXISTS (
            SELECT FROM envelope_draws d JOIN envelope_holds h ON h.hold_id = d.from_hold
            JOIN envelopes e ON e.id = h.envelope_id WHERE d.allocation_id = a.allocation_id
            AND (r.reviewed_for || r.reviewed_by)
              && (e.signed_for || e.signed_by || e.confirmed_for || e.confirmed_by)
          ))
        """,
    ),
)
