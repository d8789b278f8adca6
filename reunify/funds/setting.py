"""The dated rows that bind a source: limits, terms, prior-approval conditions, what a unit is worth."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.funds import policy, setting_policy, typed
from reunify.funds.changing import check_seen, next_number, note, open_to_change, today
from reunify.funds.policy import MANAGES
from reunify.funds.records import FundCondition, FundConditionLift, FundLimit, FundTerms, FundUnitValue
from reunify.funds.terms import Terms
from reunify.kernel.may import may
from reunify.kernel.people import Actor, written_by
from reunify.ledger.policy import BudgetCategory, Scope, Unit


@may(*MANAGES, system=True)
def limit(
    session: Session,
    *,
    code: str,
    scope: Scope,
    at_most: int,
    effective_from: date,
    budget_category: BudgetCategory | None = None,
    reason: str = "set up",
    seen: int | None = None,
    by: Actor,
    now: datetime,
) -> None:
    """The most one trip, family or child may use of this source, in cents or units, from a day on.

    Of one budget category, or of all together; of a lifetime, how many trips of one child it may pay for.
    `seen`: how many limits the form showed. Raises NotAllowed, NoSuchFund, Closed, LimitDoesNotFit,
    NotInOrder, ChangedMeanwhile, and what `typed` refuses.
    """
    fund = open_to_change(session, code, by)
    check_seen(session, FundLimit, fund.id, seen)
    reason = typed.check_reason(reason)
    setting_policy.check_limit(scope, budget_category, at_most, Unit(fund.unit))
    of = (FundLimit.scope == scope.value, FundLimit.budget_category == (budget_category or ""))
    _check_begins(session, FundLimit, fund.id, effective_from, now, *of)
    session.add(
        FundLimit(
            fund_id=fund.id,
            scope=scope,
            budget_category=budget_category or "",
            at_most=at_most,
            effective_from=effective_from,
            set_by=written_by(by),
            at=now,
        )
    )
    session.flush()
    about = {"scope": scope, "category": budget_category, "at_most": at_most}
    note(session, fund, "limit", reason, by=by, now=now, **about, effective_from=effective_from.isoformat())


@may(*MANAGES, system=True)
def set_terms(
    session: Session,
    *,
    code: str,
    terms: Terms,
    effective_from: date,
    document: str = "",
    reason: str,
    seen: int | None = None,
    by: Actor,
    now: datetime,
) -> None:
    """How it is given out from a day on: all at once or in tranches, and what a split must keep to.

    `seen`: how many terms the form showed. Raises NotAllowed, NoSuchFund, Closed, TermsDoNotFit, NotInOrder,
    ChangedMeanwhile, and what `typed` refuses.
    """
    fund = open_to_change(session, code, by)
    check_seen(session, FundTerms, fund.id, seen)
    reason = typed.check_reason(reason)
    document = typed.check_line(document, "/document", "which paper") if document.strip() else ""
    federal, unit = fund.award_number is not None, Unit(fund.unit)
    setting_policy.check_terms(terms, unit=unit, ends=fund.period_end, federal=federal, document=document)
    _check_begins(session, FundTerms, fund.id, effective_from, now)
    said = {
        "release": terms.release.value,
        "tranches": terms.tranches,
        "soonest_first": terms.soonest_first,
        "minimum_slice": terms.minimum_slice,
        "minimum_grant": terms.minimum_grant,
        "match_percent": terms.match_percent,
    }
    session.add(
        FundTerms(
            fund_id=fund.id,
            number=next_number(session, FundTerms, fund.id),
            **said,
            effective_from=effective_from,
            document=document,
            reason=reason,
            set_by=written_by(by),
            at=now,
        )
    )
    session.flush()
    note(
        session, fund, "set_terms", reason, by=by, now=now, **said, effective_from=effective_from.isoformat()
    )


@may(*MANAGES, system=True)
def condition(
    session: Session,
    *,
    code: str,
    budget_category: BudgetCategory | None,
    text: str,
    cite: str,
    effective_from: date,
    by: Actor,
    now: datetime,
) -> int:
    """From a day on nothing of this category (None: nothing at all) is charged without the funder's approval.

    Returns its number within the source; the same once more, while it stands, changes nothing. Raises
    NotAllowed, NoSuchFund, Closed, and what `typed` refuses.
    """
    fund = open_to_change(session, code, by)
    text = typed.check_said(text, "/text", "what needs the funder's prior approval")
    cite = typed.check_line(cite, "/cite", "where it is written, such as the award's term or a rule")
    typed.check_day(effective_from, "/effective_from")
    standing = _standing(session, fund.id, budget_category, text, cite, effective_from)
    if standing is not None:
        return standing
    number = next_number(session, FundCondition, fund.id)
    session.add(
        FundCondition(
            fund_id=fund.id,
            number=number,
            budget_category=budget_category,
            text=text,
            cite=cite,
            effective_from=effective_from,
            set_by=written_by(by),
            at=now,
        )
    )
    session.flush()
    about = {"number": number, "category": budget_category, "cite": cite}
    note(session, fund, "condition", text, by=by, now=now, **about, effective_from=effective_from.isoformat())
    return number


@may(*MANAGES, system=True)
def lift(
    session: Session,
    *,
    code: str,
    number: int,
    document: str,
    approved_on: date,
    reason: str,
    by: Actor,
    now: datetime,
) -> None:
    """The funder approved, on this paper and day: the condition stands in the way no more.

    Raises NotAllowed, NoSuchFund, Closed, NoSuchCondition, AlreadyLifted, Missing, NotYet, ReasonNeeded.
    """
    fund = open_to_change(session, code, by)
    reason = typed.check_reason(reason)
    document = typed.check_line(document, "/document", "which paper of the funder approves it")
    typed.check_day(approved_on, "/approved_on")
    setting_policy.check_has_come(approved_on, today(session, now), "/approved_on")
    c = FundCondition
    found = session.scalar(sa.select(c).where(c.fund_id == fund.id, c.number == number))
    if found is None:
        raise setting_policy.NoSuchCondition("This source has no such condition: choose one of its own.")
    if session.get(FundConditionLift, found.id) is not None:
        raise setting_policy.AlreadyLifted("This condition is lifted already.", field="/number")
    session.add(
        FundConditionLift(
            condition_id=found.id,
            document=document,
            approved_on=approved_on,
            reason=reason,
            set_by=written_by(by),
            at=now,
        )
    )
    session.flush()
    about = {"number": number, "document": document, "approved_on": approved_on.isoformat()}
    note(session, fund, "lift", reason, by=by, now=now, **about)


@may(*MANAGES, system=True)
def value_unit(
    session: Session,
    *,
    code: str,
    cents: int,
    basis: str,
    effective_from: date,
    seen: int | None = None,
    by: Actor,
    now: datetime,
) -> None:
    """The fair value of one night or mile from a day on, in cents, and how it was found (2 CFR 200.306).

    Reports use it; the cash books never do. `seen`: how many values the form showed. Raises NotAllowed,
    NoSuchFund, Closed, ValueDoesNotFit, NotInOrder, ChangedMeanwhile, and what `typed` refuses.
    """
    fund = open_to_change(session, code, by)
    check_seen(session, FundUnitValue, fund.id, seen)
    setting_policy.check_value(Unit(fund.unit), cents)
    basis = typed.check_line(basis, "/basis", "how this value was found")
    _check_begins(session, FundUnitValue, fund.id, effective_from, now)
    session.add(
        FundUnitValue(
            fund_id=fund.id,
            number=next_number(session, FundUnitValue, fund.id),
            cents=cents,
            basis=basis,
            effective_from=effective_from,
            set_by=written_by(by),
            at=now,
        )
    )
    session.flush()
    about = {"cents": cents, "effective_from": effective_from.isoformat()}
    note(session, fund, "value_unit", basis, by=by, now=now, **about)


def _check_begins(
    session: Session,
    rows: type[FundLimit | FundTerms | FundUnitValue],
    fund_id: UUID,
    effective_from: date,
    now: datetime,
    *of: sa.ColumnElement[bool],
) -> None:
    """A row that began before the one in force would never hold. Raises NotInOrder, DayOutOfRange."""
    typed.check_day(effective_from, "/effective_from")
    began = rows.effective_from
    asked = sa.select(sa.func.max(began)).where(rows.fund_id == fund_id, began <= today(session, now), *of)
    policy.check_in_order(effective_from, session.scalar(asked))


def _standing(
    session: Session, fund_id: UUID, category: BudgetCategory | None, text: str, cite: str, begins: date
) -> int | None:
    """The number of the same condition, if one stands."""
    c, lifted = FundCondition, FundConditionLift
    return session.scalar(
        sa.select(c.number)
        .outerjoin(lifted, lifted.condition_id == c.id)
        .where(c.fund_id == fund_id, c.budget_category.is_not_distinct_from(category), c.text == text)
        .where(c.cite == cite, c.effective_from == begins, lifted.condition_id.is_(None))
        .limit(1)
    )
