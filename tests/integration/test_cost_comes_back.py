"""What comes back of a cost that was moved, or of a time whose books are closed, in a whole house."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from uuid import UUID

import httpx
import pytest

from reunify.db import Database
from reunify.disbursement import actions as disbursement
from reunify.disbursement.policy import CostMovedAway
from reunify.kernel.ids import InstructionId, RequestId
from reunify.kernel.people import Role, Staff
from reunify.ledger import periods
from reunify.ledger import queries as books
from tests.integration.closeout_world import GIFT, OWN, Closing
from tests.town import NOW, built


@pytest.fixture
def closing(settled_db: Database, tmp_path: Path) -> Iterator[Closing]:
    with built(settled_db, tmp_path) as town:
        yield Closing(town)


def returned(closing: Closing, request: RequestId) -> InstructionId:
    """Stripe returns the one payment of the request, and the house hears of it."""
    payment = closing.payment(request)
    answer = httpx.post(f"{closing.town.stripe_url}/_control/payments/{payment}/return", json={})
    answer.raise_for_status()
    closing.town.clock.at += timedelta(hours=1)
    closing.town.work()
    (made,) = closing.town.progress(str(request))["instructions"]
    assert made["state"] == "returned"
    return InstructionId(UUID(made["id"]))


@pytest.mark.parametrize(("moved", "left"), [(40_000, 0), (25_000, 15_000)])
def test_a_payment_that_comes_back_follows_the_cost_to_where_it_lies(
    closing: Closing, moved: int, left: int
) -> None:
    before = closing.available(OWN), closing.available(GIFT)
    request = closing.paid_out()
    closing.move(request, moved)
    instruction = returned(closing, request)
    assert closing.available(GIFT) == before[1], "what the gift bore is its own again"
    assert closing.available(OWN) == before[0] - left, "the rest is owed until a person decides"
    assert closing.sound() == []
    now, carla = closing.town.clock(), closing.staff["carla"]
    for verb, more in (("try_again", {}), ("pay_otherwise", {"why": "Stripe cannot reach her bank"})):
        with pytest.raises(CostMovedAway), closing.work() as session:
            getattr(disbursement, verb)(session, instruction_id=instruction, by=carla, now=now, **more)
    with closing.work() as session:
        disbursement.withdraw(session, instruction_id=instruction, by=carla, now=now)
    assert (closing.available(OWN), closing.available(GIFT)) == before
    assert closing.lies(request) == {}
    assert closing.sound() == []


def test_it_may_have_come_in_a_period_that_is_closed(closing: Closing) -> None:
    request = closing.paid()
    closing.later(40)
    came = NOW.date() + timedelta(days=3)
    keeper = Staff(closing.staff["ben"].id, "Flor", frozenset({Role.FUND_MANAGER}))
    with closing.work() as session:
        periods.close_period(
            session, through=date(2026, 12, 31), reason="SF-425", by=keeper, now=closing.town.clock()
        )
    recovery = closing.pays_back(request, 15_000, happened_on=came)
    event = closing.verify(request, recovery)
    with closing.read() as session:
        told = books.history(session, [closing.cost(request).hold_id])
    days = {(line.day, line.happened_on) for line in told if line.event_id == event}
    assert days == {(closing.today, came)}
    assert closing.sound() == []
