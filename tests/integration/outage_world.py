"""A payment made in an outage, written down with its paper, proposed, ratified, reported or borne."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from reunify.disbursement import outage_proofs
from reunify.disbursement.outage_policy import Instrument, Paid
from reunify.kernel.ids import InstructionId
from reunify.reconciliation import outage, outage_bearing, outage_ratifying
from tests.integration.payment_world import World, here
from tests.proofs import kept_paper

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


def record(world: World, by: str = "ana", *, proved: bool = True, **changes: Any) -> UUID:
    with world.db.work() as session:
        found = outage.record(session, paid=paid(world, **changes), by=world.staff[by], now=world.clock())
    if proved:
        attach(world, found)
    return found


def attach(world: World, found: UUID, *, drawn_again: bool = True) -> UUID:
    """Its slip, as a picture drawn again or as a PDF that waits for the scan."""
    ana, now = world.staff["ana"], world.clock()
    with world.db.work() as session:
        paper = kept_paper(session, world.request, by=ana, now=now, drawn_again=drawn_again)
        outage_proofs.attach_paper(session, outage_id=found, evidence_id=paper, by=ana, now=now)
        return paper


def propose(
    world: World, found: UUID, *instructions: InstructionId, by: str = "ben", why_rest: str | None = None
) -> None:
    with world.db.work() as session:
        outage_ratifying.propose(
            session,
            outage_id=found,
            instruction_ids=instructions,
            why_rest=why_rest,
            standing_digest=lambda _session, _award: world.digest,
            by=world.staff[by],
            now=world.clock(),
        )


def ratify(world: World, found: UUID, by: str = "carla") -> None:
    with world.db.work() as session:
        outage_ratifying.ratify(
            session,
            outage_id=found,
            standing_digest=lambda _session, _award: world.digest,
            by=world.staff[by],
            now=world.clock(),
        )


def bear(world: World, found: UUID, by: str = "carla") -> None:
    with world.db.work() as session:
        outage_bearing.bear(session, outage_id=found, by=world.staff[by], now=world.clock())


def strike(world: World, found: UUID, by: str = "ben") -> None:
    why = "It was 123 dollars."
    with world.db.work() as session:
        outage.strike(session, outage_id=found, why=why, by=world.staff[by], now=world.clock())


def report(world: World, found: UUID, by: str = "ben") -> None:
    with world.db.work() as session:
        outage.report(
            session,
            outage_id=found,
            why="No award can bear it: the trip was never approved.",
            by=world.staff[by],
            now=world.clock(),
        )
