"""What we do: open a source, extend, freeze, thaw or close it; what it is authorized and bound to."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from reunify.funds import policy, typed
from reunify.funds.amending import amend, apply_due_amendments
from reunify.funds.changing import check_seen, locked, next_number, note, open_to_change
from reunify.funds.closing import close
from reunify.funds.drawing import draw
from reunify.funds.policy import FUND_MOVES, MANAGES, Award, FundKind
from reunify.funds.records import FundingSource, FundPeriod
from reunify.funds.setting import condition, lift, limit, set_terms, value_unit
from reunify.kernel.ids import FundId, new_id
from reunify.kernel.may import may
from reunify.kernel.moves import START
from reunify.kernel.people import Actor, written_by
from reunify.ledger.policy import BudgetCategory, Unit

__all__ = [
    "amend",
    "apply_due_amendments",
    "close",
    "condition",
    "draw",
    "extend",
    "lift",
    "limit",
    "move",
    "open_fund",
    "set_terms",
    "value_unit",
]


@may(*MANAGES, system=True)
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
    liquidation_date: date | None = None,
    reason: str = "opened",
    by: Actor,
    now: datetime,
) -> FundId:
    """A new source; `amounts` are authorized from its first day on, in cents or units by budget category.

    A federal award is paid out within 120 days of its period unless `liquidation_date` says otherwise
    (2 CFR 200.344). Raises NotAllowed, FundDoesNotFit, CodeTaken, and what `typed` refuses.
    """
    policy.check_can_manage(by)
    reason = typed.check_reason(reason)
    if award_number is not None:
        award_number = typed.check_line(award_number, "/award_number", "the award's number")
    award = Award(award_number, assistance_listing)
    policy.check_fits(kind, unit, amounts, (period_start, period_end))
    policy.check_award(award, kind, unit, period_end, organisation_set=organisation_set)
    last_pay = policy.liquidation(period_end, liquidation_date, federal=award_number is not None)
    made = session.execute(
        insert(FundingSource)
        .values(
            id=new_id(),
            code=policy.check_code(code),
            name=typed.check_line(name, "/name", "what staff call it"),
            public_name=typed.check_line(public_name, "/public_name", "what families may read"),
            kind=kind,
            unit=unit,
            award_number=award_number,
            assistance_listing=assistance_listing,
            period_start=period_start,
            period_end=period_end,
            liquidation_date=last_pay,
            organisation_set=organisation_set,
            state=FUND_MOVES.check(START, "open").target,
            opened_at=now,
        )
        .on_conflict_do_nothing(index_elements=["code"])
        .returning(FundingSource)
    ).scalar()
    if made is None:
        raise policy.CodeTaken("Another funding source has this code: choose another.", field="/code")
    _keep_period(session, made, document="", reason=reason, by=by, now=now)
    note(session, made, "open", reason, by=by, now=now)
    for category, amount in sorted(amounts.items()):
        amend(
            session,
            code=code,
            budget_category=category,
            authorized=amount,
            effective_from=period_start,
            reason=reason,
            by=by,
            now=now,
        )
    return FundId(made.id)


@may(*MANAGES, system=True)
def extend(
    session: Session,
    *,
    code: str,
    period_end: date | None,
    liquidation_date: date | None = None,
    document: str,
    reason: str,
    seen: int | None = None,
    by: Actor,
    now: datetime,
) -> None:
    """Another last day of the period, and to pay, as the funder's paper says. The earlier days are kept.

    `seen`: how many periods the form showed. Raises NotAllowed, NoSuchFund, Closed, FundDoesNotFit,
    ChangedMeanwhile, and what `typed` refuses.
    """
    fund = open_to_change(session, code, by)
    check_seen(session, FundPeriod, fund.id, seen)
    reason = typed.check_reason(reason)
    document = typed.check_line(document, "/document", "by which paper of the funder")
    kind, unit = FundKind(fund.kind), Unit(fund.unit)
    award = Award(fund.award_number, fund.assistance_listing)
    policy.check_fits(kind, unit, {}, (fund.period_start, period_end))
    policy.check_award(award, kind, unit, period_end, organisation_set=fund.organisation_set)
    before = fund.period_end
    fund.liquidation_date = policy.liquidation(
        period_end, liquidation_date, federal=fund.award_number is not None
    )
    fund.period_end = period_end
    session.flush()
    _keep_period(session, fund, document=document, reason=reason, by=by, now=now)
    note(session, fund, "extend", reason, by=by, now=now, before=_iso(before), period_end=_iso(period_end))


@may(*MANAGES, system=True)
def move(session: Session, *, code: str, verb: str, reason: str, by: Actor, now: datetime) -> None:
    """`freeze`, `thaw` or `close`: only an open source is allocated from.

    Raises NotAllowed, WrongState, ReasonNeeded, and what `close` does.
    """
    if verb == "close":
        close(session, code=code, reason=reason, by=by, now=now)
        return
    policy.check_can_manage(by)
    reason = typed.check_reason(reason)
    fund = locked(session, code)
    note(session, fund, FUND_MOVES.apply(fund, verb), reason, by=by, now=now)


def _keep_period(
    session: Session, fund: FundingSource, *, document: str, reason: str, by: Actor, now: datetime
) -> None:
    session.add(
        FundPeriod(
            fund_id=fund.id,
            number=next_number(session, FundPeriod, fund.id),
            period_end=fund.period_end,
            liquidation_date=fund.liquidation_date,
            document=document,
            reason=reason,
            set_by=written_by(by),
            at=now,
        )
    )
    session.flush()


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None
