"""Two people of finance say which payments of released awards a payment made in an outage was."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from reunify.approval.behind import authors_of
from reunify.disbursement import books
from reunify.disbursement import outage_policy as rules
from reunify.disbursement.attempts import StandingDigest
from reunify.disbursement.instructions import locked_instruction, move_instruction
from reunify.disbursement.outage_policy import OUTAGE
from reunify.disbursement.outage_proofs import standing_proof
from reunify.disbursement.outage_records import OutagePart, OutagePayment
from reunify.disbursement.outage_rows import fitting, locked_outage, noted, parts_of
from reunify.funds import paying
from reunify.kernel.ids import InstructionId
from reunify.kernel.may import FINANCE, may
from reunify.kernel.people import Actor, Staff
from reunify.ledger.policy import Cash
from reunify.reconciliation import suspense


@may(*FINANCE)
def propose(
    session: Session,
    *,
    outage_id: UUID,
    instruction_ids: Collection[InstructionId],
    why_rest: str | None = None,
    standing_digest: StandingDigest,
    by: Actor,
    now: datetime,
) -> None:
    """The first of two: these are the payments of awards that it was, each whole. Nothing moves yet.

    `why_rest`: why no award can bear what is left over; it is reported with the second yes.
    Raises NotHeldForIt, NoWhy, RatifierIsRecorder, RatifierIsAuthor, ApprovalChanged, WrongState, NotAllowed.
    """
    row = locked_outage(session, outage_id)
    OUTAGE.check(row.state, "propose")
    person = _ratifier(session, row, by, now)
    held, why = fitting(session, row, instruction_ids, standing_digest, why_rest=why_rest)
    for instruction_id, cents in held.items():
        session.add(OutagePart(outage_id=row.id, instruction_id=instruction_id, cents=cents))
    moved = OUTAGE.apply(row, "propose")
    row.proposer, row.proposed_at, row.proposed_for = person.id, now, sorted(person.stands_for)
    if why is not None:
        row.reporter, row.reported_at, row.reported_for = person.id, now, sorted(person.stands_for)
        row.reported_why = why
    session.flush()
    detail = {"instructions": " ".join(str(one) for one in held)}
    noted(session, row, moved, by=by, now=now, why=why, detail=detail)


@may(*FINANCE)
def ratify(
    session: Session, *, outage_id: UUID, standing_digest: StandingDigest, by: Actor, now: datetime
) -> None:
    """The second agrees: it leaves suspense and is the cost of the awards' lines, which are paid by it.

    Every payment that was proposed, or none; what is left over stays in suspense, reported. Raises as
    `propose`, RatifierIsFirst, NoPaper, NotAProof, LiquidationOver, PeriodOver, and the ledger's refusals.
    """
    row = locked_outage(session, outage_id)
    OUTAGE.check(row.state, "ratify")
    person = _ratifier(session, row, by, now)
    parts = parts_of(session, row.id)
    named = [part.instruction_id for part in parts]
    _, rest = fitting(session, row, named, standing_digest, why_rest=row.reported_why)
    row.proof_id = standing_proof(session, row.id)
    moved = OUTAGE.apply(row, "ratify" if rest is None else "ratify_part")
    row.ratifier, row.ratified_at, row.ratified_for = person.id, now, sorted(person.stands_for)
    session.flush()
    for part in parts:
        _pay(session, row, part, by=by, now=now)
    noted(session, row, moved, by=by, now=now)


def _pay(session: Session, row: OutagePayment, part: OutagePart, *, by: Actor, now: datetime) -> None:
    """Out of suspense, obligated where nothing was, expended on the day it was paid; settled."""
    instruction = locked_instruction(session, part.instruction_id)
    holds = [line.hold for line in books.of_instruction(session, instruction.id)]
    paying.check_may_pay(session, holds, now=now, paid_on=row.paid_on)
    suspense.explain(
        session,
        object_id=row.object_id,
        cents=part.cents,
        part=str(instruction.id),
        why="ratified by two people of finance",
        by=by,
        now=now,
    )
    books.obligate_at_entry(
        session, instruction.id, reference=f"{part.id}:bound", paid_on=row.paid_on, by=by, now=now
    )
    books.spend(
        session,
        instruction.id,
        reference=part.reference,
        cash=Cash.BANK,
        happened=row.paid_on,
        by=by,
        now=now,
    )
    move_instruction(session, instruction, "ratify", by=by, now=now, trouble=None)
    books.free_rest(session, instruction, by=by, now=now)


def _ratifier(session: Session, row: OutagePayment, by: Actor, now: datetime) -> Staff:
    authors = authors_of(session, row.request_id, now)
    return rules.check_ratifier(by, recorded=row.recorders, first=row.proposers, authors=authors)
