"""Rules over the booking desk: what was ticketed is exactly what we are bound to."""

from __future__ import annotations

from reunify.reporting.invariants_rule import HELD, SENT_OUT, Rule

DESK = (
    # Bound for more than the price only by what was paid for an earlier, dearer ticket and may come back; for
    # less only where finance let go of the payment of what was used and never billed.
    Rule(
        "ticket is not what is bound",
        (
            "bookings",
            "awards",
            "allocation_lines",
            "instructions",
            "card_refunds",
            "ledger_entries",
            "ledger_events",
            "ledger_cost_moves",
        ),
        f"""
        SELECT 'Booking ' || b.id || ' is ' || b.state || ' at ' || coalesce(b.price_cents, 0)
          || ' cents; for its line ' || coalesce(x.reserved, 0) || ' are reserved, '
          || coalesce(x.obligated, 0) || ' obligated, ' || coalesce(x.borne, 0)
          || ' obligated and expended, here or where the cost was moved.' AS sentence
        FROM bookings b JOIN awards a ON a.id = b.award_id
        LEFT JOIN (
          SELECT l.allocation_id, l.line_key, sum(p.amount) AS borne, sum(h.obligated) AS obligated,
            sum(h.reserved) AS reserved
          FROM allocation_lines l LEFT JOIN ({SENT_OUT}) p ON p.line_hold = l.hold_id
          LEFT JOIN ({HELD}) h ON h.hold_id = l.hold_id
          WHERE l.unit = 'cents' GROUP BY l.allocation_id, l.line_key
        ) x ON x.allocation_id = a.allocation_id AND x.line_key = b.line_key
        WHERE b.settlement = 'organisation_books' AND CASE
          WHEN b.state IN ('ticketed', 'used') THEN coalesce(x.reserved, 0) > 0
            OR coalesce(x.borne, 0) <> b.price_cents
            AND NOT (b.tickets > 1 AND x.obligated = 0 AND x.borne > b.price_cents)
            AND NOT (b.state = 'used' AND EXISTS (
              SELECT FROM instructions i
              WHERE i.booking_id = b.id AND i.booking_ticket = b.tickets AND i.state = 'withdrawn')
              AND NOT EXISTS (SELECT FROM instructions i
              WHERE i.booking_id = b.id AND i.booking_ticket = b.tickets AND i.state <> 'withdrawn'))
          WHEN b.state = 'changed' THEN x.obligated > 0
          WHEN b.state = 'cancelled' THEN x.obligated + x.reserved > 0
          ELSE false END
        """,  # noqa: S608 - constants only
    ),
)
