"""An envelope for the night: proposed by one finance person, put in force by another, given back at its end.

In force it is a reservation in the ledger that nobody but an emergency can draw on (allocation.enveloped).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.allocation import enveloped
from reunify.allocation.enveloped import EnvelopeTerms
from reunify.approval import envelope_policy as policy
from reunify.approval.envelope_policy import ENVELOPE_MOVES
from reunify.approval.envelope_records import EnvelopeLine, EnvelopeRecord
from reunify.audit import actions as audit
from reunify.funds import changing
from reunify.funds import queries as funds
from reunify.identity.duties import Span
from reunify.kernel.ids import FundId, new_id, new_reference
from reunify.kernel.may import FINANCE, may
from reunify.kernel.money import Money
from reunify.kernel.moves import START, Moved
from reunify.kernel.people import Actor, Staff
from reunify.ledger import actions as ledger
from reunify.ledger.actions import HoldLine
from reunify.ledger.policy import BudgetCategory, Unit
from reunify.rates.queries import organisation_now


@may(*FINANCE)
def propose(
    session: Session,
    *,
    fund: str,
    amounts: Mapping[BudgetCategory, int],
    per_request: Money,
    span: Span,
    by: Staff,
    now: datetime,
) -> UUID:
    """The first signature; nothing is held yet. `fund`: its code; `amounts`: cents. Returns the id.

    Raises NoSuchFund, FundBearsNoEnvelope, EnvelopeDoesNotFit, NotAllowed.
    """
    person = policy.check_signer(by)
    policy.check_amounts(amounts, per_request)
    policy.check_span(span, now=now)
    found = funds.fund_called(session, fund)
    policy.check_fund(found, through=_last_day(session, span.ends_at, now))
    record = EnvelopeRecord(
        id=new_id(),
        reference=new_reference("E"),
        fund_id=found.id,
        per_request_cents=per_request.cents,
        starts_at=span.starts_at,
        ends_at=span.ends_at,
        state=ENVELOPE_MOVES.check(START, "propose").target,
        signed_by=person.id,
        signed_for=sorted(person.stands_for),
        signed_at=now,
    )
    session.add(record)
    session.flush()
    session.add_all(
        EnvelopeLine(envelope_id=record.id, budget_category=category.value, amount_cents=cents)
        for category, cents in amounts.items()
    )
    session.flush()
    _noted(session, record, "propose", by, now)
    return record.id


@may(*FINANCE)
def sign(session: Session, *, envelope_id: UUID, by: Staff, now: datetime) -> None:
    """The second signature: from now on the money is held, and open from the time it says.

    Raises NoSuchEnvelope, WrongState, SignedByOnePerson, EnvelopesOverlap, EnvelopeOver, FundBearsNoEnvelope,
    InsufficientFunds, NotAllowed.
    """
    record = _locked(session, envelope_id)
    moved = ENVELOPE_MOVES.check(record.state, "sign")
    person = policy.check_second(by, record.signed_by, record.signed_for)
    if record.ends_at <= now:
        raise policy.EnvelopeOver("The time of this envelope is over: withdraw it and propose a new one.")
    _check_fund(session, record, now)
    lines = session.scalars(
        sa.select(EnvelopeLine)
        .where(EnvelopeLine.envelope_id == record.id)
        .order_by(EnvelopeLine.budget_category)
    ).all()
    plan = [
        HoldLine(
            new_id(),
            FundId(record.fund_id),
            BudgetCategory(line.budget_category),
            Unit.CENTS,
            line.amount_cents,
        )
        for line in lines
    ]
    ledger.reserve(session, external_ref=f"envelope:{record.id}", plan=plan, by=by, now=now)
    ENVELOPE_MOVES.apply(record, "sign")
    record.confirmed_by, record.confirmed_for = person.id, sorted(person.stands_for)
    record.confirmed_at = now
    session.flush()
    enveloped.set_aside(
        session,
        EnvelopeTerms(
            record.id, FundId(record.fund_id), record.per_request_cents, record.starts_at, record.ends_at
        ),
        plan,
    )
    _noted(session, record, Moved("sign", moved.source, moved.target), by, now)


@may(*FINANCE)
def withdraw(session: Session, *, envelope_id: UUID, reason: str, by: Staff, now: datetime) -> None:
    """One that nobody signed second is taken back. Raises NoSuchEnvelope, WrongState,
    EnvelopeReasonNeeded."""
    policy.check_signer(by)
    record = _locked(session, envelope_id)
    _end(session, record, "withdraw", policy.check_reason(reason), by, now)


@may(*FINANCE)
def close(session: Session, *, envelope_id: UUID, reason: str, by: Staff, now: datetime) -> None:
    """Ended early: what is left in it is available again. Raises NoSuchEnvelope, WrongState,
    EnvelopeReasonNeeded."""
    policy.check_signer(by)
    record = _locked(session, envelope_id)
    _end(session, record, "close", policy.check_reason(reason), by, now)


@may(system=True)
def expire(session: Session, *, envelope_id: UUID, by: Actor, now: datetime) -> bool:
    """Its time is over: what is left in it is available again. False if somebody ended it meanwhile."""
    record = _locked(session, envelope_id)
    if not ENVELOPE_MOVES.can(record.state, "expire") or record.ends_at > now:
        return False
    _end(session, record, "expire", None, by, now)
    return True


def _end(
    session: Session, record: EnvelopeRecord, verb: str, reason: str | None, by: Actor, now: datetime
) -> None:
    """Open envelopes first, then their holds: whoever draws takes the same order, and finds it ended."""
    moved = ENVELOPE_MOVES.apply(record, verb)
    record.ended_at, record.ended_reason = now, reason
    session.flush()
    amounts = enveloped.end(session, record.id, now=now)
    if amounts:
        ledger.unreserve(session, external_ref=f"envelope:{record.id}:end", amounts=amounts, by=by, now=now)
    _noted(session, record, moved, by, now)


def _check_fund(session: Session, record: EnvelopeRecord, now: datetime) -> None:
    """The source is held: of two envelopes signed at once the second sees the first.

    Raises FundBearsNoEnvelope, EnvelopesOverlap.
    """
    (fund,) = funds.funds_of(session, [FundId(record.fund_id)])
    changing.locked(session, fund.code)
    (fund,) = funds.funds_of(session, [FundId(record.fund_id)])
    policy.check_fund(fund, through=_last_day(session, record.ends_at, now))
    e = EnvelopeRecord
    other = session.scalar(
        sa.select(e.reference).where(
            e.fund_id == record.fund_id,
            e.state == "in_force",
            e.starts_at < record.ends_at,
            e.ends_at > record.starts_at,
        )
    )
    if other is not None:
        raise policy.EnvelopesOverlap(
            f"Envelope {other} of {fund.name} is in force in that time: close it, or choose other times."
        )


def _last_day(session: Session, ends_at: datetime, now: datetime) -> date:
    return ends_at.astimezone(organisation_now(session, now=now).zone).date()


def _locked(session: Session, envelope_id: UUID) -> EnvelopeRecord:
    """Raises NoSuchEnvelope."""
    found = session.scalar(
        sa.select(EnvelopeRecord)
        .where(EnvelopeRecord.id == envelope_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if found is None:
        raise policy.NoSuchEnvelope("There is no such envelope.")
    return found


def _noted(session: Session, record: EnvelopeRecord, moved: Moved | str, by: Actor, now: datetime) -> None:
    detail = {"fund": str(record.fund_id), "per_request_cents": record.per_request_cents}
    audit.record(session, by=by, at=now, subject="envelope", subject_id=record.id, moved=moved, detail=detail)
