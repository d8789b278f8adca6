"""One payment made in an outage: locked, told apart from the others, and what is written of each move."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.audit import actions as audit
from reunify.disbursement import outage_policy as rules
from reunify.disbursement.attempts import StandingDigest
from reunify.disbursement.instructions import locked_instruction
from reunify.disbursement.outage_policy import Held, Paid
from reunify.disbursement.outage_records import OutagePart, OutagePayment
from reunify.disbursement.policy import INSTRUCTION, check_digest
from reunify.kernel.ids import AwardId, PayeeId
from reunify.kernel.may import FINANCE, may
from reunify.kernel.moves import Moved
from reunify.kernel.people import Actor, Role
from reunify.kernel.refusals import NotFound
from reunify.payees import queries as payees
from reunify.vault.keepers import ERASED

SUBJECT = "outage_payment"


def locked_outage(session: Session, outage_id: UUID) -> OutagePayment:
    """Locked until the transaction ends. Raises NotFound."""
    found = session.get(OutagePayment, outage_id, with_for_update=True, populate_existing=True)
    if found is None:
        raise NotFound("There is no such payment made in an outage.")
    return found


def check_new_slip(session: Session, said: Paid) -> None:
    """No other of this request has its number, nor one of another request of that day and amount.

    Whoever writes one down takes turns until the transaction ends. Numbers are sealed, so they are compared
    here: of one request, and of one day and amount, there are few. Raises SameSlip.
    """
    session.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtextextended(SUBJECT, 36))))
    o = OutagePayment
    same_day = sa.and_(o.paid_on == said.paid_on, o.cents == said.cents)
    theirs = sa.or_(o.request_id == said.request, same_day)
    rows = session.scalars(sa.select(o).where(theirs, o.state != "struck"))
    number = rules.plain_reference(said.reference)
    for row in rows:
        if rules.plain_reference(o.reference.told(row, erased=ERASED)) == number:
            raise rules.same_slip(
                paid_on=row.paid_on, cents=row.cents, same_request=row.request_id == said.request
            )


def fitting(
    session: Session,
    row: OutagePayment,
    instruction_ids: Collection[UUID],
    standing_digest: StandingDigest,
    *,
    why_rest: str | None,
) -> tuple[dict[UUID, int], str | None]:
    """What is held for each of these, by instruction, and why the rest is reported; locked, by their ids.

    No attempt of one can be alive: its state says so.
    Raises NotHeldForIt, NoWhy, WrongState, ApprovalChanged.
    """
    found = [locked_instruction(session, one) for one in sorted(set(instruction_ids))]
    for instruction in found:
        INSTRUCTION.check(instruction.state, "ratify")
        check_digest(instruction.award_digest, standing_digest(session, AwardId(instruction.award_id)))
    part = OutagePart
    taken = sa.exists().where(part.instruction_id.in_(i.id for i in found), part.outage_id != row.id)
    if session.scalar(sa.select(taken)):
        raise rules.NotHeldForIt(
            "Another payment made in an outage is proposed as one of these: ratify that one, or let it wait "
            "again, first."
        )
    held = []
    for instruction in found:
        payee = payees.payee(session, PayeeId(instruction.payee_id))
        is_theirs = payee.request_id == row.request_id and row.payee_key in (None, payee.key)
        held.append(Held(instruction.amount, instruction.unit, is_theirs))
    why = rules.check_fits(paid=row.cents, parts=held, why_rest=why_rest)
    return {instruction.id: instruction.amount for instruction in found}, why


def parts_of(session: Session, outage_id: UUID) -> Sequence[OutagePart]:
    """Which payments it was, or is proposed to have been, in the order of their instructions."""
    asked = sa.select(OutagePart).where(OutagePart.outage_id == outage_id)
    return session.scalars(asked.order_by(OutagePart.instruction_id)).all()


def unpropose(session: Session, row: OutagePayment) -> None:
    """What was proposed is not what it was; said while it still is `proposed`."""
    session.execute(sa.delete(OutagePart).where(OutagePart.outage_id == row.id))
    row.proposer = row.proposed_at = row.reporter = row.reported_at = row.reported_why = None
    row.proposed_for, row.reported_for = [], []


@may(*FINANCE, Role.CASE_MANAGER)
def noted(
    session: Session,
    row: OutagePayment,
    moved: Moved | str,
    *,
    by: Actor,
    now: datetime,
    why: str | None = None,
    detail: dict[str, str] | None = None,
) -> None:
    """The audit row of a move; words are sealed with the family's key."""
    audit.record(
        session,
        by=by,
        at=now,
        subject=SUBJECT,
        subject_id=row.id,
        moved=moved,
        why=why,
        family=row.request_id if why else None,
        detail=detail,
    )
