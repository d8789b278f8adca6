"""Rules over a card that its charges alone do not show: whose it is, and money that is counted twice."""

from __future__ import annotations

from reunify.reporting.invariants_rule import Rule

# What each capture or refund stands as: payments, what we bear, what came back of it or went back.
_EXPLAINED = """
  SELECT charge_id, cents FROM card_charge_parts
  UNION ALL SELECT charge_id, cents FROM card_charges_borne
  UNION ALL SELECT charge_id, cents FROM card_excess_refunds
  UNION ALL SELECT refund_id, cents FROM card_excess_refunds
  UNION ALL SELECT r.id, r.amount_cents FROM card_charges r
    WHERE r.id IN (SELECT charge_id FROM card_refunds UNION ALL SELECT refund_id FROM card_borne_refunds)
"""
_EXPLAINED_IN = (
    "card_charges",
    "card_charge_parts",
    "card_charges_borne",
    "card_borne_refunds",
    "card_excess_refunds",
    "card_refunds",
    "suspense_items",
)

CHARGES = (
    Rule(
        "card is not its key",
        ("travel_cards",),
        r"""
        SELECT 'Card ' || number || ' of award ' || award_id || ' was asked for under the key '
          || idempotency_key || ', or as another card.' AS sentence
        FROM travel_cards
        WHERE idempotency_key <> 'reunify\:card\:' || award_id || '\:' || number
          OR params #>> '{metadata,reunify_card}' <> id::text
        """,
    ),
    Rule(
        "charge is paid and in suspense",
        _EXPLAINED_IN,
        f"""
        SELECT 'Of charge ' || c.id || ' of ' || c.amount_cents || ' cents ' || coalesce(sum(p.cents), 0)
          || ' are explained, and ' || s.left_cents || ' are in suspense.' AS sentence
        FROM card_charges c JOIN suspense_items s ON s.object_id = c.id
        LEFT JOIN ({_EXPLAINED}) p ON p.charge_id = c.id
        GROUP BY c.id, s.id
        HAVING coalesce(sum(p.cents), 0) + abs(s.left_cents) <> c.amount_cents
          OR (c.kind = 'capture') <> (s.cents > 0) OR s.cash <> 'cash_card'
        """,  # noqa: S608 - constants only
    ),
    Rule(
        "charge borne is not in the books",
        ("card_charges_borne", "ledger_events", "ledger_entries"),
        r"""
        SELECT 'Of charge ' || b.charge_id || ' we bear ' || b.cents || ' cents, and in the books '
          || coalesce(sum(e.amount), 0) || '.' AS sentence
        FROM card_charges_borne b
        LEFT JOIN ledger_events v ON v.external_ref = b.charge_id || '\:borne' AND v.kind = 'expend'
        LEFT JOIN ledger_entries e ON e.event_id = v.id AND e.account = 'expended'
        GROUP BY b.charge_id HAVING coalesce(sum(e.amount), 0) <> b.cents
        """,
    ),
    Rule(
        "refund of what we bore is not what came back",
        ("card_borne_refunds", "card_charges", "card_charges_borne", "ledger_events", "ledger_entries"),
        r"""
        SELECT 'Of charge ' || b.charge_id || ' we bore ' || b.cents || ' cents; ' || sum(r.amount_cents)
          || ' came back, and in the books ' || coalesce(sum(e.amount), 0) || '.' AS sentence
        FROM card_charges_borne b JOIN card_borne_refunds o ON o.charge_id = b.charge_id
        JOIN card_charges r ON r.id = o.refund_id JOIN card_charges c ON c.id = b.charge_id
        LEFT JOIN ledger_events v ON v.external_ref = r.id || '\:refunded' AND v.kind = 'give_back'
        LEFT JOIN LATERAL (
          SELECT sum(amount) AS amount FROM ledger_entries WHERE event_id = v.id AND account = 'cash_card'
        ) e ON true
        GROUP BY b.charge_id
        HAVING sum(r.amount_cents) > b.cents OR coalesce(sum(e.amount), 0) <> sum(r.amount_cents)
          OR bool_or(r.kind <> 'refund' OR r.card_id <> c.card_id)
        """,
    ),
    Rule(
        "refund of another trip",
        ("card_refunds", "card_charges", "travel_cards", "instructions"),
        """
        SELECT 'Refund ' || c.id || ' on the card of award ' || t.award_id || ' went back to instruction '
          || i.id || ' of award ' || i.award_id || '.' AS sentence
        FROM card_refunds r JOIN card_charges c ON c.id = r.charge_id
        JOIN travel_cards t ON t.id = c.card_id JOIN instructions i ON i.id = r.instruction_id
        WHERE i.award_id <> t.award_id
        """,
    ),
    Rule(
        "more came back than was charged",
        ("card_refunds", "card_charges", "card_charge_parts"),
        """
        SELECT 'Of instruction ' || r.instruction_id || ' ' || sum(c.amount_cents) || ' cents came back, and '
          || coalesce(max(p.cents), 0) || ' were charged.' AS sentence
        FROM card_refunds r JOIN card_charges c ON c.id = r.charge_id
        LEFT JOIN LATERAL (
          SELECT sum(cents) AS cents FROM card_charge_parts WHERE instruction_id = r.instruction_id
        ) p ON true
        GROUP BY r.instruction_id HAVING sum(c.amount_cents) > coalesce(max(p.cents), 0)
        """,
    ),
)
