"""What a second hand does to the tables, with no trigger and no link in its way, and which rule finds it."""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa

from reunify.reporting import invariants

_RULES = {rule.name: rule for rule in invariants.RULES}


def unnoticed(superuser: sa.URL, faults: Mapping[str, str]) -> list[str]:
    """The rules that find something before the fault planted for them, or nothing after it. All is undone."""
    engine = sa.create_engine(superuser)
    with engine.connect() as connection:
        connection.exec_driver_sql("SET session_replication_role = replica")
        connection.commit()
        missed = []
        for name, fault in sorted(faults.items()):
            rule = sa.text(_RULES[name].sql)
            before = connection.execute(rule).all()
            planted = connection.exec_driver_sql(fault).rowcount
            if before or not planted or not connection.execute(rule).all():
                missed.append(name)
            connection.rollback()
    engine.dispose()
    return missed


PAYMENTS = {
    "another bank without two people": "UPDATE payment_reapprovals SET payout_method = 'usba_test_other'",
    "attempt is not its instruction": "UPDATE attempts SET params = jsonb_set(params, '{amount,value}', '1')",
    "attempt is not its key": "UPDATE attempts SET idempotency_key = idempotency_key || '0'",
    "attempt pays somebody else": (
        """UPDATE attempts SET params = jsonb_set(params, '{to,recipient}', '"acct_test_other"')"""
    ),
    "attempts are not all there": "DELETE FROM attempts WHERE number = 1",
    "instruction is not its lines": "UPDATE instructions SET amount = amount + 1",
    "payment is not where its attempt is": "UPDATE instructions SET state = 'ready' WHERE state = 'sending'",
    "payment is not where its paper is": "UPDATE instructions SET state = 'to_log' WHERE state = 'recorded'",
    "returned is not what came back": "UPDATE attempts SET state = 'returned' WHERE state = 'posted'",
    "sent twice": (
        "INSERT INTO attempts (id, instruction_id, number, idempotency_key, params, state, first_sent_at, "
        "tries, try_after) SELECT gen_random_uuid(), instruction_id, number + 9, 'again', params, state, "
        "first_sent_at, tries, try_after FROM attempts WHERE state = 'posted' LIMIT 1"
    ),
    "settled is not what was spent": "UPDATE attempts SET state = 'failed' WHERE state = 'posted'",
    "suspense is not its items": "UPDATE suspense_items SET left_cents = left_cents - 1",
    "suspense item is not its event": "UPDATE suspense_items SET cash = 'cash_bank'",
    "suspense item is not its parts": "DELETE FROM suspense_parts",
    "explained part is not its event": "UPDATE suspense_parts SET part = part || ' more'",
}
CARDS = {
    "card is not its key": "UPDATE travel_cards SET idempotency_key = idempotency_key || '0'",
    "charge is not its booking": "UPDATE card_charges SET kind = 'refund'",
    "charge is paid and in suspense": (
        "INSERT INTO suspense_items (id, object_id, kind, cash, fund_id, cents, left_cents, held_at) SELECT "
        "gen_random_uuid(), c.id, 'card_charge', 'cash_card', f.id, c.amount_cents, c.amount_cents, now() "
        "FROM card_charges c, (SELECT id FROM funding_sources LIMIT 1) f WHERE c.kind = 'capture' "
        "ON CONFLICT (object_id) DO UPDATE SET left_cents = excluded.cents"
    ),
    "more came back than was charged": "UPDATE card_charge_parts SET cents = 1",
    "more of a charge than was charged": "UPDATE card_charges SET amount_cents = 1",
    "not what was approved": "UPDATE instructions SET award_digest = 'another'",
    "pays somebody else than approved": "UPDATE payees SET key = key || ' again'",
    "refund is not what came back": "UPDATE card_charges SET amount_cents = 1 WHERE kind = 'refund'",
    "refund of another trip": "UPDATE travel_cards SET award_id = gen_random_uuid()",
    "settled by no charge": "DELETE FROM card_charge_parts",
}
