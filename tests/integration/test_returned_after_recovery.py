"""A payment comes back although its cost was recovered from elsewhere: no cent is lost, nobody else waits."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import httpx
import pytest
import sqlalchemy as sa

from reunify.db import Database
from reunify.disbursement import actions as disbursement
from reunify.disbursement.policy import CostMovedAway
from reunify.kernel.ids import InstructionId, RequestId
from reunify.kernel.money import Money
from reunify.ledger import actions as ledger
from reunify.reconciliation import queries as reconciliation
from reunify.reconciliation.policy import Kind
from tests.integration.closeout_world import KEEPER, OWN, Closing
from tests.town import built


@pytest.fixture
def closing(settled_db: Database, tmp_path: Path) -> Iterator[Closing]:
    with built(settled_db, tmp_path) as town:
        yield Closing(town)


def comes_back(closing: Closing, request: RequestId) -> None:
    payment = closing.payment(request)
    answer = httpx.post(f"{closing.town.stripe_url}/_control/payments/{payment}/return", json={})
    answer.raise_for_status()


def events_are_lost(closing: Closing) -> None:
    with closing.work() as session:
        session.execute(sa.text("DELETE FROM webhook_inbox WHERE handled_at IS NULL"))


def a_day_later(closing: Closing) -> None:
    """Long enough for every loop: the inbox, the sweep and the proof."""
    closing.town.clock.at += timedelta(hours=25)
    closing.town.work()


def instruction(closing: Closing, request: RequestId) -> tuple[InstructionId, str]:
    (made,) = closing.town.progress(str(request))["instructions"]
    return InstructionId(UUID(made["id"])), made["state"]


def differences(closing: Closing) -> dict[tuple[Kind, str], tuple[Money | None, Money | None]]:
    with closing.read() as session:
        found = reconciliation.open_differences(session)
    kept = (Kind.CASH_DIFFERS, Kind.STATEMENT_DOES_NOT_ADD_UP, Kind.FEE_NOT_CODED)
    return {(d.kind, d.object_id): (d.expected, d.found) for d in found if d.kind not in kept}


@pytest.mark.parametrize("recovered", [15_000, 40_000])
def test_what_was_recovered_is_a_difference_with_an_owner_and_the_others_are_heard(
    closing: Closing, recovered: int
) -> None:
    first, second = closing.paid_out(), closing.paid_out()
    before = closing.available(OWN), closing.cash()
    closing.verify(first, closing.pays_back(first, recovered))
    for request in (first, second):
        comes_back(closing, request)
    events_are_lost(closing)  # the sweep is what finds late returns
    a_day_later(closing)
    assert [instruction(closing, request)[1] for request in (first, second)] == ["returned", "returned"]
    back = 40_000 - recovered
    assert closing.cash() == before[1] + Money(back) + Money(40_000)
    payment = closing.payment(first)
    short = {(Kind.RETURNED_AFTER_RECOVERY, payment): (Money(back), Money(40_000))}
    assert differences(closing) == short
    assert closing.sound() == []
    made, now, carla = instruction(closing, first)[0], closing.town.clock(), closing.staff["carla"]
    with pytest.raises(CostMovedAway, match="recovered from elsewhere"), closing.work() as session:
        disbursement.try_again(session, instruction_id=made, by=carla, now=now)
    with closing.work() as session:
        disbursement.withdraw(session, instruction_id=made, by=carla, now=now)
    assert closing.available(OWN) == before[0] + 40_000
    a_day_later(closing)
    assert differences(closing) == short, "neither told twice nor forgotten"
    assert closing.sound() == []


def test_once_the_recovery_is_reversed_the_rest_is_posted_and_the_difference_closes(
    closing: Closing,
) -> None:
    request = closing.paid_out()
    before = closing.available(OWN), closing.cash()
    recovery = closing.verify(request, closing.pays_back(request, 15_000))
    comes_back(closing, request)
    a_day_later(closing)
    with closing.work() as session:
        ledger.correct(session, event_id=recovery, external_ref="undo", by=KEEPER, now=closing.town.clock())
    a_day_later(closing)
    assert differences(closing) == {}
    assert closing.cash() == before[1] + Money(40_000)
    assert closing.available(OWN) == before[0], "all of it is owed until a person decides"
    with closing.work() as session:
        disbursement.withdraw(
            session,
            instruction_id=instruction(closing, request)[0],
            by=closing.staff["carla"],
            now=closing.town.clock(),
        )
    assert closing.available(OWN) == before[0] + 40_000


FIXED = {
    "instructions": ("amount = amount + 1", "unit = 'night'", "payee_id = gen_random_uuid()"),
    "attempts": ("params = '{}'", "idempotency_key = 'other'", "number = 2"),
}


def test_what_a_payment_asks_for_never_changes_whoever_asks(closing: Closing) -> None:
    closing.paid_out()
    for table, changes in FIXED.items():
        for change in changes:
            refused = pytest.raises(sa.exc.IntegrityError, match="never changes")
            with refused, closing.work() as session:
                session.execute(sa.text(f"UPDATE {table} SET {change}"))
        with closing.work() as session:
            session.execute(sa.text(f"UPDATE {table} SET try_after = try_after"))
