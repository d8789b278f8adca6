"""A payment made in an outage, written down, proposed, ratified or reported."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from reunify.disbursement.outage_policy import Instrument, Paid
from reunify.kernel.ids import InstructionId
from reunify.reconciliation import outage
from tests.integration.payment_world import World, here

CENTS = 30_000


def paid(world: World, **changes: Any) -> Paid:
    said: dict[str, Any] = {
        "request": world.request,
        "instrument": Instrument.ORGANISATION_CARD,
        "paid_on": here(world),
        "cents": CENTS,
        "payee_key": "airline",
        "to_whom": None,
        "reference": "slip 77",
        "why": "The network was down and the flight left at six.",
    }
    return Paid(**(said | changes))


def record(world: World, by: str = "ana", **changes: Any) -> UUID:
    with world.db.work() as session:
        return outage.record(session, paid=paid(world, **changes), by=world.staff[by], now=world.clock())


def propose(world: World, found: UUID, instruction: InstructionId, by: str = "ben") -> None:
    with world.db.work() as session:
        outage.propose(
            session,
            outage_id=found,
            instruction_id=instruction,
            standing_digest=lambda _session, _award: world.digest,
            by=world.staff[by],
            now=world.clock(),
        )


def ratify(world: World, found: UUID, by: str = "carla") -> None:
    with world.db.work() as session:
        outage.ratify(
            session,
            outage_id=found,
            standing_digest=lambda _session, _award: world.digest,
            by=world.staff[by],
            now=world.clock(),
        )


def report(world: World, found: UUID, by: str = "ben") -> None:
    with world.db.work() as session:
        outage.report(
            session,
            outage_id=found,
            why="No award can bear it: the trip was never approved.",
            by=world.staff[by],
            now=world.clock(),
        )
