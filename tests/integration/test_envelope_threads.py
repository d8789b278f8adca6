"""Real threads on one envelope: nothing drawn twice, nothing lost, nobody waits in a ring."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from flows import assess
from reunify.approval import envelopes
from reunify.db import Database
from reunify.intake import actions as intake
from reunify.kernel.ids import RequestId
from reunify.kernel.refusals import Refused
from reunify.ledger import actions as ledger
from reunify.ledger import queries
from reunify.ledger.actions import HoldLine
from reunify.ledger.drawing import DrawnElsewhere, MoreThanDrawn
from reunify.ledger.policy import InsufficientFunds, MoreThanReserved
from reunify.reporting.waiting import versions_to_assess
from reunify.web import award_acts
from tests.integration.envelope_world import DEPARTS, FARE, Night
from tests.integration.ledger_world import BY, LODGING, MEALS, TRANSPORT, Books, faults, open_books
from tests.town import built


@pytest.fixture
def night(settled_db: Database, tmp_path: Path) -> Iterator[Night]:
    with built(settled_db, tmp_path) as town:
        yield Night(town)


@pytest.fixture
def books(db: Database, now: datetime) -> Books:
    return open_books(db, now)


def together(acts: list[Callable[[], object]]) -> list[BaseException]:
    """All at once, each in a thread of its own; what was raised."""
    gate = threading.Barrier(len(acts))

    def one(act: Callable[[], object]) -> BaseException | None:
        gate.wait()
        try:
            act()
        except Refused as refused:
            return refused
        return None

    with ThreadPoolExecutor(len(acts)) as pool:
        return [wrong for wrong in pool.map(one, acts) if wrong is not None]


def versions(night: Night) -> list[UUID]:
    with night.town.house.db.read() as session:
        return versions_to_assess(session, limit=50)


def check_each(night: Night) -> list[Callable[[], object]]:
    return [lambda v=v: assess.assess(night.town.house, [v], None) for v in versions(night)]  # type: ignore[misc]


def enveloped(night: Night, made: list[RequestId]) -> int:
    return sum(award.enveloped for one in made if (award := night.award(one)) is not None)


def test_eight_emergencies_at_once_draw_what_is_in_the_envelope_and_not_a_cent_more(night: Night) -> None:
    envelope = night.signed(3 * FARE + 100, 2 * FARE)
    available, reserved, _ = night.fares()
    made = [night.asks(FARE, DEPARTS) for _ in range(8)]
    for one in made:
        night.hurry(one)
    assert together(check_each(night)) == []
    assert enveloped(night, made) == 3
    assert night.left(envelope) == 100
    assert night.fares()[:2] == (available - 5 * FARE, reserved + 5 * FARE)
    assert night.findings() == []


def test_drawing_checking_again_declining_and_closing_at_once_lose_nothing(night: Night) -> None:
    before = night.fares()
    envelope = night.signed(6 * FARE, 2 * FARE)
    made = [night.emergency() for _ in range(4)]
    house = night.town.house
    first, second = night.award(made[0]), night.award(made[1])
    assert first is not None
    assert second is not None
    late = [night.asks(FARE, DEPARTS) for _ in range(2)]
    for one in late:
        night.hurry(one)
    for one in made[2:]:
        with house.db.work() as session:
            intake.check_again(
                session,
                request_id=one,
                case_types=house.case_types,
                by=night.staff["ana"],
                now=night.town.clock(),
            )

    def close() -> None:
        with house.db.work() as session:
            envelopes.close(
                session,
                envelope_id=envelope,
                reason="the night is over",
                by=night.staff["carla"],
                now=night.town.clock(),
            )

    acts: list[Callable[[], object]] = [
        *check_each(night),
        lambda: award_acts.decline(house, first.id, "the flight is full", night.staff["ben"]),
        lambda: award_acts.decline(house, second.id, "the flight is full", night.staff["ben"]),
        close,
    ]
    assert together(acts) == []
    assert night.left(envelope) == 0
    assert night.fares() == (before[0] - 4 * FARE, before[1] + 4 * FARE, before[2])
    assert night.findings() == []


def test_the_books_keep_every_cent_while_threads_draw_and_put_back(books: Books) -> None:
    """Three categories; plans drawn from them, ordinary plans and returns beside each other."""
    held = {category: books.line(8_000, category) for category in (TRANSPORT, LODGING, MEALS)}
    books.reserve(*held.values())
    start = books.amounts()
    drawn_now: list[int] = []

    def try_one(number: int) -> None:
        chance = random.Random(number)
        plan = [
            books.line(1 + chance.randrange(900), category)
            for category in chance.sample([TRANSPORT, LODGING, MEALS], 2)
        ]
        drawn = {held[line.budget_category].hold_id: line.amount for line in plan} if number % 3 else {}
        try:
            with books.db.work() as session:
                ledger.reserve(
                    session, external_ref=str(uuid4()), plan=plan, drawn=drawn, by=BY, now=books.now
                )
        except (InsufficientFunds, MoreThanReserved):
            return
        amounts = {line.hold_id: line.amount for line in plan}
        if drawn and chance.random() < 0.6:
            with books.db.work() as session:
                ledger.put_back(
                    session, external_ref=str(uuid4()), amounts=amounts, back=drawn, by=BY, now=books.now
                )
        elif drawn:
            drawn_now.append(sum(drawn.values()))
        else:
            with books.db.work() as session:
                ledger.unreserve(session, external_ref=str(uuid4()), amounts=amounts, by=BY, now=books.now)

    with ThreadPoolExecutor(10) as pool:
        list(pool.map(try_one, range(150)))
    with books.db.read() as session:
        found = queries.holds(session, [line.hold_id for line in held.values()])
        assert [str(f) for f in faults(session)] == []
    left = sum(hold.reserved for hold in found.values())
    assert left == 24_000 - sum(drawn_now)
    assert books.amounts() == start


def test_a_draw_is_posted_once_and_only_of_its_own_source_and_category(books: Books) -> None:
    envelope = books.line(1_000, TRANSPORT)
    books.reserve(envelope)
    line, other = books.line(300, TRANSPORT), books.line(300, LODGING)

    def draw(plan: HoldLine, drawn: int, ref: str) -> UUID:
        with books.db.work() as session:
            return ledger.reserve(
                session,
                external_ref=ref,
                plan=[plan],
                drawn={envelope.hold_id: drawn},
                by=BY,
                now=books.now,
            )

    with pytest.raises(DrawnElsewhere, match="draw from their own"):
        draw(other, 300, "b")
    with pytest.raises(DrawnElsewhere):
        draw(line, 301, "c")
    assert draw(line, 300, "a") == draw(line, 300, "a")
    more = books.line(600, TRANSPORT)
    books.reserve(more)

    def back() -> None:
        with books.db.work() as session:
            amounts, returned = {more.hold_id: 600}, {envelope.hold_id: 600}
            ledger.put_back(session, external_ref="d", amounts=amounts, back=returned, by=BY, now=books.now)

    with pytest.raises(MoreThanDrawn):
        back()
