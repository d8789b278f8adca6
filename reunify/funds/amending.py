"""What a source is authorized, as dated rows; the ledger follows on the day each begins to hold."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from reunify.funds import policy, typed
from reunify.funds.changing import check_seen, locked, note, open_to_change, today
from reunify.funds.policy import MANAGES, FundKind
from reunify.funds.records import FundAmount, FundingSource
from reunify.kernel.ids import FundId
from reunify.kernel.may import may
from reunify.kernel.people import Actor, written_by
from reunify.kernel.refusals import OutOfStep
from reunify.ledger import actions as ledger
from reunify.ledger import fund_queries as fund_books
from reunify.ledger import queries as books
from reunify.ledger.policy import BudgetCategory, InsufficientFunds, Unit
from reunify.ledger.postings import BalanceKey


class LessThanInUse(OutOfStep):
    """Less would be authorized than is reserved, obligated and spent already."""


@dataclass(frozen=True, slots=True)
class Due:
    """An amendment whose day has come and that the ledger does not know yet. Cents or units.

    `in_use` is more than `authorized`: it waits until enough is paid, given back or free again.
    """

    key: BalanceKey
    code: str
    name: str
    number: int
    authorized: int
    before: int
    in_use: int

    @property
    def reference(self) -> str:
        """Of its event in the ledger."""
        return f"fund:{self.key.fund_id}:{self.key.budget_category}:{self.number}"

    @property
    def waits(self) -> bool:
        return self.in_use > self.authorized


@may(*MANAGES, system=True)
def amend(
    session: Session,
    *,
    code: str,
    budget_category: BudgetCategory,
    authorized: int,
    effective_from: date,
    reason: str,
    seen: int | None = None,
    by: Actor,
    now: datetime,
) -> None:
    """What is authorized in all, in cents or units, from a day on; of a later day it waits for that day.

    `seen`: how many amendments the form showed. Less than was drawn is kept: the page says what goes back.
    Raises NotAllowed, NoSuchFund, NotHeld, Closed, FundDoesNotFit, NotInOrder, LessThanInUse,
    ChangedMeanwhile, and what `typed` refuses.
    """
    fund = open_to_change(session, code, by)
    check_seen(session, FundAmount, fund.id, seen)
    reason = typed.check_reason(reason)
    policy.check_held(FundKind(fund.kind))
    typed.check_day(effective_from, "/effective_from")
    period = (fund.period_start, fund.period_end)
    policy.check_fits(FundKind.HELD, Unit(fund.unit), {budget_category: authorized}, period)
    day = today(session, now)
    last = _in_force(session, fund.id, budget_category, day)
    policy.check_in_order(effective_from, last.effective_from if last else None)
    session.add(
        FundAmount(
            fund_id=fund.id,
            budget_category=budget_category,
            number=_next_number(session, fund.id, budget_category),
            authorized=authorized,
            effective_from=effective_from,
            reason=reason,
            set_by=written_by(by),
            at=now,
        )
    )
    session.flush()
    if effective_from <= day:
        for due in amendments_due(session, on=day, fund_id=FundId(fund.id), budget_category=budget_category):
            _post_now(session, due, by=by, now=now)
    before = last.authorized if last else 0
    about = {"category": budget_category, "authorized": authorized, "before": before}
    note(session, fund, "amend", reason, by=by, now=now, **about, effective_from=effective_from.isoformat())


@may(system=True)
def apply_due_amendments(session: Session, *, fund_id: FundId, by: Actor, now: datetime) -> int:
    """Post what has come into force of this source; what is still in use waits. How many were posted."""
    code = session.scalar(sa.select(FundingSource.code).where(FundingSource.id == fund_id))
    if code is None:
        return 0
    fund = locked(session, code)
    if fund.state == "closed":
        return 0
    posted = 0
    for due in amendments_due(session, on=today(session, now), fund_id=fund_id):
        if due.waits:
            continue
        try:
            _post(session, due, by=by, now=now)
        except InsufficientFunds:  # taken since we looked; it is tried again
            continue
        about = {"category": due.key.budget_category, "authorized": due.authorized, "before": due.before}
        note(session, fund, "amendment_in_force", "its day has come", by=by, now=now, **about)
        posted += 1
    return posted


def amendments_due(
    session: Session,
    *,
    on: date,
    fund_id: FundId | None = None,
    budget_category: BudgetCategory | None = None,
) -> list[Due]:
    """Held sources whose amount in force that day is not what the ledger says, closed ones left out."""
    a, source = FundAmount, FundingSource
    asked = (
        sa.select(a.fund_id, source.code, source.name, source.unit, a.budget_category, a.number, a.authorized)
        .join(source, source.id == a.fund_id)
        .where(a.effective_from <= on, source.kind == FundKind.HELD.value, source.state != "closed")
        .ext(distinct_on(source.code, a.budget_category))
        .order_by(source.code, a.budget_category, a.effective_from.desc(), a.number.desc())
    )
    if fund_id is not None:
        asked = asked.where(a.fund_id == fund_id)
    if budget_category is not None:
        asked = asked.where(a.budget_category == budget_category)
    balances = {b.key: b for b in books.balances(session)}
    found = []
    for fund, code, name, unit, category, number, authorized in session.execute(asked):
        key = BalanceKey(FundId(fund), BudgetCategory(category), Unit(unit))
        there = balances.get(key)
        before = there.authorized if there else 0
        in_use = before - there.available if there else 0
        if authorized != before:
            found.append(Due(key, code, name, number, authorized, before, in_use))
    posted = fund_books.posted(session, [due.reference for due in found])  # and perhaps corrected since
    return [due for due in found if due.reference not in posted]


def not_begun(session: Session, fund_id: FundId, *, on: date) -> list[tuple[BudgetCategory, int, date]]:
    """Category, what is authorized then, from which day: amendments that would still change the books."""
    a = FundAmount
    rows = session.execute(
        sa.select(a.budget_category, a.authorized, a.effective_from)
        .where(a.fund_id == fund_id)
        .ext(distinct_on(a.budget_category, a.effective_from))
        .order_by(a.budget_category, a.effective_from, a.number.desc())
    )
    due = amendments_due(session, on=on, fund_id=fund_id)
    found = [(d.key.budget_category, d.authorized, on) for d in due]
    in_force: dict[str, int] = {}
    for category, authorized, begins in rows:
        if begins <= on:
            in_force[category] = authorized
        elif authorized != in_force.get(category, 0):
            found.append((BudgetCategory(category), authorized, begins))
    return found


def _post_now(session: Session, due: Due, *, by: Actor, now: datetime) -> None:
    """Raises LessThanInUse, also when it was taken since we looked."""
    try:
        _post(session, due, by=by, now=now)
    except InsufficientFunds as short:
        in_use = due.before - short.available
        raise LessThanInUse(
            f"{policy.written(in_use, due.key.unit)} are reserved, obligated or spent already: authorize at "
            "least that, or free some of it first.",
            field="/authorized",
        ) from short


def _post(session: Session, due: Due, *, by: Actor, now: datetime) -> None:
    ledger.authorise(
        session,
        external_ref=due.reference,
        fund_id=due.key.fund_id,
        budget_category=due.key.budget_category,
        unit=due.key.unit,
        amount=due.authorized - due.before,
        by=by,
        now=now,
    )


def _in_force(
    session: Session, fund_id: UUID, budget_category: BudgetCategory, on: date
) -> FundAmount | None:
    a = FundAmount
    return session.scalar(
        sa.select(a)
        .where(a.fund_id == fund_id, a.budget_category == budget_category, a.effective_from <= on)
        .order_by(a.effective_from.desc(), a.number.desc())
        .limit(1)
    )


def _next_number(session: Session, fund_id: UUID, budget_category: BudgetCategory) -> int:
    last = session.scalar(
        sa.select(sa.func.max(FundAmount.number)).where(
            FundAmount.fund_id == fund_id, FundAmount.budget_category == budget_category
        )
    )
    return (last or 0) + 1
