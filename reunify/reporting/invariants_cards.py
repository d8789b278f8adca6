"""Rules over the trips' cards: a charge pays a booking of its own trip, at its price, or nothing."""

from __future__ import annotations

from reunify.reporting.invariants_rule import Rule

CARDS = (
    Rule(
        "charge is not its booking",
        ("card_charge_parts", "card_charges", "travel_cards", "instructions"),
        """
        SELECT 'Charge ' || c.id || ' is on the card of award ' || t.award_id || ' and stands as '
          || 'the payment of instruction ' || i.id || ' of award ' || i.award_id || ' by ' || i.rail || '.'
          AS sentence
        FROM card_charge_parts p JOIN card_charges c ON c.id = p.charge_id
        JOIN travel_cards t ON t.id = c.card_id JOIN instructions i ON i.id = p.instruction_id
        WHERE (i.award_id, i.unit, i.rail, c.kind) <> (t.award_id, 'cents', 'travel_card', 'capture')
        """,
    ),
    Rule(
        "more of a charge than was charged",
        ("card_charge_parts", "card_charges", "card_charges_borne", "card_excess_refunds"),
        """
        SELECT 'Charge ' || c.id || ' of ' || c.amount_cents || ' cents stands as payments, as what came '
          || 'back and as what we bear of ' || sum(p.cents) || '.' AS sentence
        FROM card_charges c JOIN (
          SELECT charge_id, cents FROM card_charge_parts
          UNION ALL SELECT charge_id, cents FROM card_excess_refunds
          UNION ALL SELECT charge_id, cents FROM card_charges_borne
        ) p ON p.charge_id = c.id
        GROUP BY c.id HAVING sum(p.cents) > c.amount_cents
        """,
    ),
    Rule(
        "excess is not what came back",
        ("card_charges", "card_excess_refunds", "card_refunds"),
        """
        SELECT 'Refund ' || r.id || ' of ' || r.amount_cents || ' cents stands as ' || sum(x.cents)
          || ' taken beyond a price.' AS sentence
        FROM card_excess_refunds x JOIN card_charges r ON r.id = x.refund_id
        JOIN card_charges c ON c.id = x.charge_id
        GROUP BY r.id, r.amount_cents, r.kind HAVING sum(x.cents) <> r.amount_cents OR r.kind <> 'refund'
          OR bool_or((c.card_id, c.kind) IS DISTINCT FROM (r.card_id, 'capture'))
          OR EXISTS (SELECT FROM card_refunds b WHERE b.charge_id = r.id)
        """,
    ),
    Rule(
        "card may buy more than approved",
        ("card_limits", "travel_cards"),
        """
        SELECT 'Limit ' || l.number || ' of card ' || t.id || ' is ' || l.limit_cents || ' cents and was '
          || 'at most to be less than ' || coalesce(b.limit_cents, t.limit_cents) || '.' AS sentence
        FROM card_limits l JOIN travel_cards t ON t.id = l.card_id
        LEFT JOIN card_limits b ON b.card_id = l.card_id AND b.number = l.number - 1
        WHERE l.limit_cents >= coalesce(b.limit_cents, t.limit_cents)
        """,
    ),
    Rule(
        "settled by no charge",
        ("card_charge_parts", "instructions"),
        """
        SELECT 'Instruction ' || i.id || ' is ' || i.state || ' and pays ' || i.amount
          || ' cents by a card; of charges ' || coalesce(sum(p.cents), 0) || ' are its payment.' AS sentence
        FROM instructions i LEFT JOIN card_charge_parts p ON p.instruction_id = i.id
        WHERE i.rail = 'travel_card' GROUP BY i.id
        HAVING coalesce(sum(p.cents), 0) <> CASE WHEN i.state = 'settled' THEN i.amount ELSE 0 END
        """,
    ),
    Rule(
        "refund is not what came back",
        ("card_charges", "card_refunds", "ledger_events", "ledger_entries"),
        r"""
        SELECT 'Refund ' || c.id || ' of ' || c.amount_cents || ' cents was given back to a payment, and '
          || coalesce(sum(e.amount), 0) || ' cents came back in the books.' AS sentence
        FROM card_refunds r JOIN card_charges c ON c.id = r.charge_id
        LEFT JOIN ledger_events v ON v.external_ref = c.id || '\:refunded' AND v.kind = 'give_back'
        LEFT JOIN ledger_entries e ON e.event_id = v.id AND e.account = 'cash_card'
        GROUP BY c.id, c.amount_cents, c.kind
        HAVING coalesce(sum(e.amount), 0) <> c.amount_cents OR c.kind <> 'refund'
        """,
    ),
)
