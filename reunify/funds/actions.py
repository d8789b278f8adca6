"""What we do: open a source, change what it is authorized, freeze, thaw or close it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from reunify.audit.actions import record
from reunify.funds import policy
from reunify.funds.policy import FUND_MOVES, FundKind
from reunify.funds.records import FundAmount, FundingSource, FundLimit
from reunify.kernel.ids import FundId, new_id
from reunify.kernel.may import may
from reunify.kernel.moves import START
from reunify.kernel.people import Actor, Role, written_by
from reunify.ledger import actions as ledger
from reunify.ledger.policy import BudgetCategory, Scope, Unit


@may(Role.ADMINISTRATOR, Role.FUND_MANAGER, system=True)
def open_fund(
    session: Session,
    *,
    code: str,
    name: str,
    public_name: str,
    kind: FundKind,
    unit: Unit,
    amounts: Mapping[BudgetCategory, int],
    period_start: date,
    period_end: date | None,
    organisation_set: bool,
    award_number: str | None = None,
    assistance_listing: str | None = None,
    by: Actor,
    now: datetime,
) -> FundId:
    """A new source; `amounts` are authorized at once, in cents or units by budget category.

    Raises NotAllowed, FundDoesNotFit, CodeTaken.
    """
    policy.check_can_manage(by)
    policy.check_fits(kind, unit, amounts, (period_start, period_end))
    fund_id = FundId(new_id())
    made = session.execute(
        insert(FundingSource)
        .values(
            id=fund_id,
            code=code,
            name=name,
            public_name=public_name,
            kind=kind,
            unit=unit,
            award_number=award_number,
            assistance_listing=assistance_listing,
            period_start=period_start,
            period_end=period_end,
            organisation_set=organisation_set,
            state=FUND_MOVES.check(START, "open").target,
            opened_at=now,
        )
        .on_conflict_do_nothing(index_elements=["code"])
        .returning(FundingSource.id)
    ).first()
    if made is None:
        raise policy.CodeTaken("Another funding source has this code: choose another.", field="/code")
    record(session, by=by, at=now, subject="fund", subject_id=fund_id, moved="open", detail={"code": code})
    for category, amount in sorted(amounts.items()):
        amend(
            session,
            code=code,
            budget_category=category,
            authorized=amount,
            effective_from=period_start,
            reason="opened",
            by=by,
            now=now,
        )
    return fund_id


@may(Role.ADMINISTRATOR, Role.FUND_MANAGER, system=True)
def amend(
    session: Session,
    *,
    code: str,
    budget_category: BudgetCategory,
    authorized: int,
    effective_from: date,
    reason: str,
    by: Actor,
    now: datetime,
) -> None:
    """What is authorized in all, in cents or units, from now on; the difference is posted in the ledger.

    Raises NotAllowed, NoSuchFund, NotHeld, FundDoesNotFit, ReasonNeeded, and the ledger's InsufficientFunds
    when less would be left than is already reserved, obligated and expended.
    """
    policy.check_can_manage(by)
    reason = policy.check_reason(reason)
    fund = _locked(session, code)
    policy.check_held(FundKind(fund.kind))
    unit = Unit(fund.unit)
    policy.check_fits(
        FundKind.HELD, unit, {budget_category: authorized}, (fund.period_start, fund.period_end)
    )
    last = session.execute(
        sa.select(FundAmount.number, FundAmount.authorized)
        .where(FundAmount.fund_id == fund.id, FundAmount.budget_category == budget_category)
        .order_by(FundAmount.number.desc())
        .limit(1)
    ).first()
    number, before = (last.number + 1, last.authorized) if last else (1, 0)
    session.add(
        FundAmount(
            fund_id=fund.id,
            budget_category=budget_category,
            number=number,
            authorized=authorized,
            effective_from=effective_from,
            reason=reason,
            set_by=written_by(by),
            at=now,
        )
    )
    if authorized != before:
        ledger.authorise(
            session,
            external_ref=f"fund:{fund.id}:{budget_category}:{number}",
            fund_id=FundId(fund.id),
            budget_category=budget_category,
            unit=unit,
            amount=authorized - before,
            by=by,
            now=now,
        )
    detail = {"code": code, "category": budget_category, "authorized": authorized, "before": before}
    record(
        session, by=by, at=now, subject="fund", subject_id=fund.id, moved="amend", why=reason, detail=detail
    )


@may(Role.ADMINISTRATOR, Role.FUND_MANAGER, system=True)
def move(session: Session, *, code: str, verb: str, reason: str, by: Actor, now: datetime) -> None:
    """`freeze`, `thaw` or `close`: only an open source is allocated from. Raises WrongState, ReasonNeeded."""
    policy.check_can_manage(by)
    reason = policy.check_reason(reason)
    fund = _locked(session, code)
    moved = FUND_MOVES.apply(fund, verb)
    record(session, by=by, at=now, subject="fund", subject_id=fund.id, moved=moved, why=reason)


def _locked(session: Session, code: str) -> FundingSource:
    found = session.scalar(
        sa.select(FundingSource)
        .where(FundingSource.code == code)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    if found is None:
        raise policy.NoSuchFund("There is no funding source with this code.")
    return found


@may(Role.ADMINISTRATOR, Role.FUND_MANAGER, system=True)
def limit(
    session: Session,
    *,
    code: str,
    scope: Scope,
    at_most: int,
    effective_from: date,
    by: Actor,
    now: datetime,
) -> None:
    """The most one trip, family or child may use of this source, in cents or units, from a day on."""
    policy.check_can_manage(by)
    fund = _locked(session, code)
    session.add(
        FundLimit(
            fund_id=fund.id,
            scope=scope,
            at_most=at_most,
            effective_from=effective_from,
            set_by=written_by(by),
            at=now,
        )
    )
    session.flush()
    detail = {"code": code, "scope": scope, "at_most": at_most}
    record(session, by=by, at=now, subject="fund", subject_id=fund.id, moved="limit", detail=detail)
