"""An attempt begins: parameters and key are frozen and committed before anything is sent.

Several begin in one transaction as well as one alone: each is asked about under its own locks, refused by
itself, and holds up none of the others.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from reunify.audit import actions as audit
from reunify.disbursement import books, last_look, policy, reapproving
from reunify.disbursement.attempts import OpenAttempt, StandingDigest
from reunify.disbursement.books import Bound
from reunify.disbursement.instructions import ToSend, locked_to_send
from reunify.disbursement.last_look import LastLook
from reunify.disbursement.ports import PaymentOrder
from reunify.disbursement.records import AttemptRecord
from reunify.funds import paying
from reunify.funds.queries import Fund, funds_of
from reunify.kernel.ids import AttemptId, AwardId, FundId, InstructionId, PayeeId, new_id
from reunify.kernel.may import may
from reunify.kernel.money import Money
from reunify.kernel.moves import START
from reunify.kernel.people import Actor
from reunify.kernel.refusals import NotFound, Refused
from reunify.ledger import queries as balances
from reunify.ledger.policy import Hold
from reunify.payees import agreement
from reunify.payees import queries as payees
from reunify.payees.agreement import Leave

Prepare = Callable[[PaymentOrder], dict[str, Any]]


class NoRecipient(Refused):
    """The payee is not known to Stripe yet."""


@may(system=True)
def open_attempt(
    session: Session,
    *,
    instruction_id: InstructionId,
    standing_digest: StandingDigest,
    prepare: Prepare,
    bank: str | None = None,
    leave: Leave | None = None,
    by: Actor,
    now: datetime,
) -> OpenAttempt:
    """Freeze parameters and key. Commit this before calling Stripe.

    `standing_digest` says, inside this transaction, what the award's digest is now. The consent is read, and
    held, in this transaction too: after the commit the same bytes may be sent again whatever becomes of it.
    `bank`: of a payment tried before, the bank account it must go to now (Stripe's id). `leave`: of a moment
    before; what it was read from is read anew if it has changed. Raises BankChanged, ApprovalChanged,
    QuietNow, PaidInOutage, NoConsentFor, NoRecipient, WrongState, LiquidationOver, PeriodOver, or the
    ledger's refusal when the money is not obligated.
    """
    opened = open_attempts(
        session,
        leaves={instruction_id: leave},
        standing_digest=standing_digest,
        prepare=prepare,
        bank=bank,
        by=by,
        now=now,
    )
    made = opened.get(instruction_id)
    if made is None:
        raise NotFound("There is no such payment instruction.")
    if isinstance(made, Refused):
        raise made
    return made


@may(system=True)
def open_attempts(
    session: Session,
    *,
    leaves: Mapping[InstructionId, Leave | None],
    standing_digest: StandingDigest,
    prepare: Prepare,
    bank: str | None = None,
    by: Actor,
    now: datetime,
) -> dict[InstructionId, OpenAttempt | Refused]:
    """The same of several: of each its attempt, or why there is none, which changes nothing. `leaves`: of the
    instructions meant."""
    meant = locked_to_send(session, leaves)
    refused: dict[InstructionId, OpenAttempt | Refused] = {}
    still = []
    # Each digest keeps its request: in one order, or two groups wait for each other.
    for one in sorted(meant, key=lambda one: one.request):
        try:
            policy.check_digest(
                one.record.award_digest, standing_digest(session, AwardId(one.record.award_id))
            )
            policy.INSTRUCTION.check(one.record.state, "send")
        except Refused as why:
            refused[InstructionId(one.record.id)] = why
        else:
            still.append(one)
    ground = _ground(session, still)
    made: dict[InstructionId, OpenAttempt | Refused] = {}
    for one in still:
        instruction_id = InstructionId(one.record.id)
        try:
            made[instruction_id] = _open(
                session, one, ground, leaves[instruction_id], prepare, bank, by=by, now=now
            )
        except Refused as why:
            made[instruction_id] = why
    session.flush()
    return refused | made


@dataclass(frozen=True, slots=True)
class _Ground:
    """What is asked of all of them at once, each of its locks had."""

    looks: Mapping[UUID, LastLook]
    lines: Mapping[UUID, list[Bound]]
    held: Mapping[UUID, Hold]
    sources: Mapping[FundId, Fund]


def _ground(session: Session, meant: Collection[ToSend]) -> _Ground:
    if not meant:
        return _Ground({}, {}, {}, {})
    looks = last_look.look(session, {one.record.id: one.request for one in meant})
    lines = books.of_instructions(session, [one.record.id for one in meant])
    held = balances.holds(session, {line.hold for bound in lines.values() for line in bound})
    sources = funds_of(session, {hold.fund_id for hold in held.values()})
    return _Ground(looks, lines, held, {source.id: source for source in sources})


def _open(
    session: Session,
    one: ToSend,
    ground: _Ground,
    leave: Leave | None,
    prepare: Prepare,
    bank: str | None,
    *,
    by: Actor,
    now: datetime,
) -> OpenAttempt:
    record, found, lines = one.record, ground.looks[one.record.id], ground.lines[one.record.id]
    found.check()
    if leave is not None and leave.stands(found.agreed, payee=record.payee_id, now=now):
        permit = leave.permit
    else:
        payee = payees.payee(session, PayeeId(record.payee_id))
        permit = agreement.permit_for_stripe(session, payee, now=now)
    if one.recipient is None:
        raise NoRecipient("This payee has no account at Stripe yet: make one, or pay another way.")
    books.check_obligated(lines, ground.held)
    funds = {ground.held[line.hold].fund_id for line in lines}
    paying.check_sources_may_pay(session, [s for s in ground.sources.values() if s.id in funds], now=now)
    number = 1 + found.newest
    reapproving.check_bank(session, record, bank, before=found.bank)
    order = PaymentOrder(record.id, one.recipient, Money(record.amount), permit, record.payee_id, bank)
    attempt = AttemptRecord(
        id=new_id(),
        instruction_id=record.id,
        number=number,
        idempotency_key=f"reunify:disb:{record.id}:{number}",
        params=prepare(order),
        payout_method=bank,
        state=policy.ATTEMPT.check(START, "open").target,
        first_sent_at=now,
        calling_since=now,
        tries=1,
        try_after=now,
    )
    if any(line.at_entry for line in lines):
        with session.begin_nested():  # where the ledger refuses, nothing of this one stands
            books.obligate_at_entry(session, record.id, reference=f"{attempt.id}:sent", by=by, now=now)
    moved = policy.INSTRUCTION.apply(record, "send")
    record.trouble = None
    session.add(attempt)
    said = {"attempt": number}
    audit.record(
        session, by=by, at=now, subject="instruction", subject_id=record.id, moved=moved, detail=said
    )
    return OpenAttempt(AttemptId(attempt.id), attempt.idempotency_key, attempt.params)
