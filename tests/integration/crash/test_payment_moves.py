"""Whatever three people and Stripe do to a payment in whatever order, the tables say what the model says; and
what a second hand does to those tables is found by the proof.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from reunify.adapters.embedded_postgres import Urls
from reunify.ledger import suspense as ledger
from reunify.ledger.policy import Cash
from reunify.reconciliation import suspense
from reunify.reconciliation.suspense_policy import Why
from reunify.reconciliation.suspense_records import SuspenseItem
from reunify.reporting import invariants
from tests.integration.crash.moves import EVERY, Seen, one_payment, told
from tests.integration.crash.second_hand import PAYMENTS, unnoticed
from tests.integration.payment_world import FLOW, World, make_world, superuser_of
from tests.lasting import lasting_database

SEED = 7
TWO_PEOPLE = {"ApproverIsAuthor", "SecondIsFirst", "VerifierIsRecorder"}


@pytest.fixture(scope="module")
def world(server: Urls, administrator: sa.Engine, template: str) -> Iterator[World]:
    with lasting_database(server, administrator, template) as db:
        yield make_world(db, superuser_of(server.superuser, db.engine.url.database or ""))


@pytest.fixture(scope="module")
def seen(world: World) -> Seen:
    """`make fuzz-payments` tells more of them."""
    return told(world, seed=SEED, histories=4, steps=16)


def test_what_the_model_lets_through_happens_and_what_it_does_not_is_refused(
    world: World, seen: Seen
) -> None:
    assert seen.let_through.keys() >= EVERY
    assert seen.refused.keys() >= TWO_PEOPLE
    with world.db.read() as session:
        assert invariants.check(session) == []


def test_what_a_second_hand_does_to_payments_and_suspense_is_found(
    world: World, seen: Seen, administrator: sa.Engine
) -> None:
    for way in (("send", "take up", "post"), ("send",), ("pay_otherwise", "record")):
        one_payment(world, way)
    in_suspense(world)
    superuser = administrator.url.set(database=world.db.engine.url.database)
    assert unnoticed(superuser, PAYMENTS) == []


def in_suspense(world: World) -> None:
    """Of 900 cents that left, 300 are explained."""
    now, id_ = world.clock(), "obp_nobody_knows"
    said: dict[str, Any] = {"cash": Cash.STRIPE, "fund_id": world.cents, "by": FLOW, "now": now}
    with world.db.work() as session:
        ledger.suspend(session, external_ref=f"{id_}:suspended", amount=900, **said)
        session.add(
            SuspenseItem(
                object_id=id_,
                kind=Why.CARD_CHARGE.value,
                cash=Cash.STRIPE.value,
                fund_id=world.cents,
                cents=900,
                left_cents=900,
                held_at=now,
            )
        )
        session.flush()
        suspense.explain(session, object_id=id_, cents=300, part="a fee", why="A fee.", by=FLOW, now=now)
