"""Move a cost to the fund that should bear it: one person asks, another confirms, then the books follow.

Every ask of one request takes turns (its row is held), and everything is checked anew at the confirmation.
"""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.allocation.bridged import bridged
from reunify.approval import envelope_queries as reviews
from reunify.approval import queries as approval
from reunify.approval.behind import authors_of
from reunify.audit import actions as audit
from reunify.closeout import policy
from reunify.closeout.policy import IN_TIME, TRANSFER_MOVES, Late, Reason
from reunify.closeout.records import CostTransferRecord
from reunify.closeout.spent import Cost, cost_on
from reunify.closeout.target_policy import NotGranted, TargetNotOpen
from reunify.closeout.targets import Target, target
from reunify.funds import queries as funds
from reunify.intake.queries import lock_request
from reunify.kernel.ids import FundId, RequestId, new_id
from reunify.kernel.may import FINANCE, may
from reunify.kernel.moves import START, Moved
from reunify.kernel.people import Actor, Staff
from reunify.ledger import actions as ledger
from reunify.ledger.actions import CostMove
from reunify.ledger.policy import BudgetCategory
from reunify.rates import queries as rates


@may(*FINANCE)
def ask_transfer(
    session: Session,
    *,
    request_id: RequestId,
    from_hold: UUID,
    to: str,
    category: BudgetCategory,
    amount: int,
    reason: str,
    justification: str,
    late: Late = IN_TIME,
    by: Staff,
    now: datetime,
) -> UUID:
    """Ask that so many cents spent on `from_hold` be borne by the source with code `to`; returns its id.

    Raises NoSuchCost, MoreThanSpent, ThereAlready, NotAReason, ExplainLateness, BadInput, NotAllowed, and
    the target's refusals (targets.target).
    """
    asker = policy.check_asker(by)
    return ask(
        session,
        asked=policy.Asked(
            RequestId(request_id),
            from_hold,
            to,
            category,
            amount,
            reason,
            justification,
            late,
            asker.id,
            asker.stands_for,
        ),
        by=by,
        now=now,
    )


@may(*FINANCE, system=True)
def ask(session: Session, *, asked: policy.Asked, by: Actor, now: datetime) -> UUID:
    """As `ask_transfer`, in the name of whoever `asked` names: a person here, or who said no in a review."""
    policy.check_in_own_name(by, asked.by)
    request_id, from_hold = asked.request_id, asked.from_hold
    category, amount = asked.category, asked.amount
    lock_request(session, request_id)
    today = rates.today(session, now=now)
    cost = cost_on(session, request_id, from_hold)
    policy.check_amount(amount, free=cost.free)
    why = policy.check_words({"justification": asked.justification})["justification"]
    found = target(session, request_id, cost, code=asked.to, category=category, amount=amount, on=today)
    same_category = category == cost.budget_category
    policy.check_moves(same_fund=found.fund.id == cost.fund.id, same_category=same_category)
    chosen = policy.check_reason(asked.reason, same_fund=found.fund.id == cost.fund.id)
    _check_bridged(session, request_id, cost, found, chosen, today)
    _check_turned_down(session, request_id, found, chosen)
    more = policy.check_late(asked.late, posted_on=cost.of.posted_on, on=today)
    record = CostTransferRecord(
        id=new_id(),
        request_id=request_id,
        line_id=cost.of.line.id,
        from_hold=from_hold,
        from_fund=cost.fund.id,
        from_category=cost.budget_category.value,
        to_fund=found.fund.id,
        to_category=category.value,
        amount=amount,
        reason=chosen.value,
        justification=why,
        **more,
        posted_on=cost.of.posted_on,
        incurred_on=cost.of.incurred_on,
        basis=found.basis,
        state=TRANSFER_MOVES.check(START, "ask").target,
        asked_by=asked.by,
        asked_for=sorted(asked.stands_for),
        asked_at=now,
        asked_on=today,
    )
    session.add(record)
    session.flush()
    _noted(session, record, "ask", by, now)
    return record.id


@may(*FINANCE)
def confirm_transfer(
    session: Session,
    *,
    request_id: RequestId,
    transfer_id: UUID,
    finding: str = "",
    by: Staff,
    now: datetime,
) -> UUID:
    """The second person agrees, and the cost is moved; returns the ledger's event. `finding`: why the cost
    may be charged there, needed where no rule says so.

    Raises NoSuchTransfer, WrongState, SamePersonTwice, AuthorMayNotConfirm, FindingNeeded, MoreThanSpent,
    ExplainLateness, the target's refusals, and the ledger's InsufficientFunds and CapReached.
    """
    record = _locked(session, request_id, transfer_id)
    TRANSFER_MOVES.check(record.state, "confirm")
    authors = authors_of(session, request_id, now)
    person = policy.check_second(by, record.asked_by, record.asked_for, authors=authors)
    today = rates.today(session, now=now)
    cost = cost_on(session, request_id, record.from_hold)
    policy.check_amount(record.amount, free=cost.cents)
    if record.why_late is None:
        policy.check_late(IN_TIME, posted_on=record.posted_on, on=today)
    found = _target_of(session, record, cost, today)
    _check_bridged(session, request_id, cost, found, Reason(record.reason), today)
    said = policy.check_finding(finding, basis=found.basis)
    to_hold = new_id()
    event = _move(session, record, to_hold, found, by, now)
    record.event_id, record.to_hold = event, to_hold
    record.basis, record.finding = found.basis, said
    moved = TRANSFER_MOVES.apply(record, "confirm")
    record.confirmed_by, record.confirmed_for = person.id, sorted(person.stands_for)
    record.confirmed_at, record.confirmed_on = now, today
    session.flush()
    _noted(session, record, moved, by, now)
    return event


@may(*FINANCE)
def turn_down_transfer(
    session: Session, *, request_id: RequestId, transfer_id: UUID, why: str, by: Staff, now: datetime
) -> None:
    """The second person says no: the cost stays where it is.

    Raises NoSuchTransfer, WrongState, SamePersonTwice, AuthorMayNotConfirm, BadInput.
    """
    record = _locked(session, request_id, transfer_id)
    TRANSFER_MOVES.check(record.state, "turn_down")
    authors = authors_of(session, request_id, now)
    policy.check_second(by, record.asked_by, record.asked_for, authors=authors)
    _close(session, record, "turn_down", why, by, now)


@may(*FINANCE)
def withdraw_transfer(
    session: Session, *, request_id: RequestId, transfer_id: UUID, why: str, by: Staff, now: datetime
) -> None:
    """Whoever asked takes it back.

    Raises NoSuchTransfer, WrongState, OnlyWhoAsked, BadInput.
    """
    record = _locked(session, request_id, transfer_id)
    TRANSFER_MOVES.check(record.state, "withdraw")
    policy.check_who_asked(by, record.asked_by, record.asked_for)
    _close(session, record, "withdraw", why, by, now)


def _move(
    session: Session, record: CostTransferRecord, to_hold: UUID, found: Target, by: Staff, now: datetime
) -> UUID:
    """Posted once. Closing the source, and this, meet here: what was closed meanwhile is seen after it."""
    move = CostMove(
        from_hold=record.from_hold,
        to_hold=to_hold,
        to_fund=FundId(found.fund.id),
        to_category=found.category,
        amount=record.amount,
        caps=found.caps,
        uses=found.uses,
        use_ref=found.trip if found.uses else "",
    )
    event = ledger.cost_transfer(
        session, external_ref=f"cost_transfer:{record.id}", moves=[move], by=by, now=now
    )
    for fund in funds.not_open(session, [found.fund.id]):
        raise TargetNotOpen(f"{fund.name} is {fund.state}, so nothing more is charged to it.")
    return event


def _target_of(session: Session, record: CostTransferRecord, cost: Cost, today: date) -> Target:
    (fund,) = funds.funds_of(session, [FundId(record.to_fund)])
    return target(
        session,
        record.request_id,
        cost,
        code=fund.code,
        category=BudgetCategory(record.to_category),
        amount=record.amount,
        on=today,
    )


def _check_bridged(
    session: Session, request_id: UUID, cost: Cost, found: Target, reason: Reason, today: date
) -> None:
    """That a funder decided is only a reason where it did, and our own money had paid. Raises NotGranted."""
    if reason is not Reason.FUNDER_DECIDED:
        return
    known = [b for b in bridged(session, request_id, today) if b.to_fund == found.fund.id]
    if cost.of.line.hold_id not in {b.hold_id for b in known}:
        raise NotGranted(
            f"No decision of the funder of {found.fund.name} covers what our own money paid of this line: "
            "record its decision first, or choose another reason.",
            field="/reason",
        )


def _check_turned_down(session: Session, request_id: UUID, found: Target, reason: Reason) -> None:
    """A review is only a reason where it said no, and only our own money bears it then. Raises NotAReason."""
    if reason is not Reason.NIGHT:
        return
    award = approval.newest_award(session, RequestId(request_id))
    review = reviews.review_of(session, award.id) if award else None
    if review is None or review.state != "refused" or not found.fund.organisation_set:
        raise policy.NotAReason(
            "No review has turned down what was decided at night here, or this source is not our own money: "
            "choose another reason, or another source."
        )


def _close(
    session: Session, record: CostTransferRecord, verb: str, why: str, by: Staff, now: datetime
) -> None:
    said = policy.check_words({"reason": why}, least=3)["reason"]
    moved = TRANSFER_MOVES.apply(record, verb)
    record.closed_by, record.closed_at, record.closed_reason = by.id, now, said
    session.flush()
    _noted(session, record, moved, by, now)


def _locked(session: Session, request_id: UUID, transfer_id: UUID) -> CostTransferRecord:
    """Raises NoSuchTransfer."""
    lock_request(session, request_id)
    t = CostTransferRecord
    found = session.scalar(
        sa.select(t).where(t.id == transfer_id, t.request_id == request_id).with_for_update()
    )
    if found is None:
        raise policy.NoSuchTransfer("There is no such cost transfer.")
    return found


def _noted(
    session: Session, record: CostTransferRecord, moved: Moved | str, by: Actor, now: datetime
) -> None:
    detail = {"request": str(record.request_id), "amount": record.amount, "reason": record.reason}
    audit.record(
        session, by=by, at=now, subject="cost_transfer", subject_id=record.id, moved=moved, detail=detail
    )
