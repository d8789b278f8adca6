"""Rules over the trips' cards: a charge pays a booking of its own trip, at its price, or nothing."""

from __future__ import annotations

from reunify.reporting.invariants_rule import Rule

CARDS = (
    Rule(
        "charge is not its booking",
        ("card_charges", "travel_cards", "instructions"),
        """
        SELECT 'Charge ' || c.id || ' of ' || c.amount_cents || ' cents is on the card of award '
          || t.award_id || ' and stands as the payment of instruction ' || i.id || ' of award '
          || i.award_id || ', ' || i.amount || ' ' || i.unit || ' by ' || i.rail || '.' AS sentence
        FROM card_charges c
        JOIN travel_cards t ON t.id = c.card_id JOIN instructions i ON i.id = c.instruction_id
        WHERE (i.award_id, i.amount, i.unit, i.rail) <> (t.award_id, c.amount_cents, 'cents', 'travel_card')
        """,
    ),
    Rule(
        "settled by no charge",
        ("card_charges", "instructions"),
        """
        SELECT 'Instruction ' || i.id || ' was paid by a card, and no charge is its payment.' AS sentence
        FROM instructions i LEFT JOIN card_charges c ON c.instruction_id = i.id
        WHERE i.rail = 'travel_card' AND i.state = 'settled' AND c.id IS NULL
        """,
    ),
)
