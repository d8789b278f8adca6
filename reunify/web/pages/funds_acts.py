"""What may be changed of a source on its page: each form, and the verb it calls."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session
from starlette.datastructures import FormData

from reunify.funds import actions
from reunify.funds.policy import FundKind, Release
from reunify.funds.queries import Fund
from reunify.funds.terms import Terms
from reunify.kernel.people import Staff
from reunify.ledger.policy import BudgetCategory, Cash, Scope, Unit
from reunify.reporting.fund_holds import open_elsewhere
from reunify.web.pages import funds_fields as ff
from reunify.web.pages.form_fields import Field
from reunify.web.pages.view import text_of

Do = Callable[[Session, Fund, FormData, Staff, datetime], object]


@dataclass(frozen=True, slots=True)
class Act:
    """`fields`: of a source on a day."""

    button: str
    fields: Callable[[Fund, date], tuple[Field, ...]]
    do: Do


def _amend(session: Session, fund: Fund, form: FormData, by: Staff, now: datetime) -> object:
    return actions.amend(
        session,
        code=fund.code,
        budget_category=ff.read_choice(form, "budget_category", BudgetCategory),
        authorized=ff.read_amount(form, "authorized", fund.unit),
        effective_from=ff.read_day(form, "effective_from"),
        reason=text_of(form, "reason"),
        seen=ff.read_seen(form),
        by=by,
        now=now,
    )


def _extend(session: Session, fund: Fund, form: FormData, by: Staff, now: datetime) -> object:
    return actions.extend(
        session,
        code=fund.code,
        period_end=ff.read_some_day(form, "period_end"),
        liquidation_date=ff.read_some_day(form, "liquidation_date"),
        document=text_of(form, "document"),
        reason=text_of(form, "reason"),
        seen=ff.read_seen(form),
        by=by,
        now=now,
    )


def _draw(session: Session, fund: Fund, form: FormData, by: Staff, now: datetime) -> object:
    return actions.draw(
        session,
        code=fund.code,
        reference=text_of(form, "reference"),
        cents=ff.read_cents(form, "amount"),
        cash=ff.read_choice(form, "cash", Cash),
        received_on=ff.read_day(form, "received_on"),
        reason=text_of(form, "reason"),
        by=by,
        now=now,
    )


def _terms(session: Session, fund: Fund, form: FormData, by: Staff, now: datetime) -> object:
    terms = Terms(
        release=ff.read_choice(form, "release", Release),
        tranches=ff.read_whole(form, "tranches"),
        soonest_first=text_of(form, "soonest_first") == "yes",
        minimum_slice=ff.read_amount(form, "minimum_slice", fund.unit),
        minimum_grant=ff.read_amount(form, "minimum_grant", fund.unit),
        match_percent=ff.read_whole(form, "match_percent"),
    )
    return actions.set_terms(
        session,
        code=fund.code,
        terms=terms,
        effective_from=ff.read_day(form, "effective_from"),
        document=text_of(form, "document"),
        reason=text_of(form, "reason"),
        seen=ff.read_seen(form),
        by=by,
        now=now,
    )


def _condition(session: Session, fund: Fund, form: FormData, by: Staff, now: datetime) -> object:
    return actions.condition(
        session,
        code=fund.code,
        budget_category=ff.read_category(form),
        text=text_of(form, "text"),
        cite=text_of(form, "cite"),
        effective_from=ff.read_day(form, "effective_from"),
        by=by,
        now=now,
    )


def _lift(session: Session, fund: Fund, form: FormData, by: Staff, now: datetime) -> object:
    return actions.lift(
        session,
        code=fund.code,
        number=ff.read_whole(form, "number"),
        document=text_of(form, "document"),
        approved_on=ff.read_day(form, "approved_on"),
        reason=text_of(form, "reason"),
        by=by,
        now=now,
    )


def _limit(session: Session, fund: Fund, form: FormData, by: Staff, now: datetime) -> object:
    scope = ff.read_choice(form, "scope", Scope)
    trips = scope is Scope.LIFETIME  # counted, whatever the source is counted in
    return actions.limit(
        session,
        code=fund.code,
        scope=scope,
        at_most=ff.read_whole(form, "at_most") if trips else ff.read_amount(form, "at_most", fund.unit),
        budget_category=ff.read_category(form),
        effective_from=ff.read_day(form, "effective_from"),
        reason=text_of(form, "reason"),
        seen=ff.read_seen(form),
        by=by,
        now=now,
    )


def _value(session: Session, fund: Fund, form: FormData, by: Staff, now: datetime) -> object:
    return actions.value_unit(
        session,
        code=fund.code,
        cents=ff.read_cents(form, "value"),
        basis=text_of(form, "basis"),
        effective_from=ff.read_day(form, "effective_from"),
        seen=ff.read_seen(form),
        by=by,
        now=now,
    )


def _move(verb: str) -> Do:
    def move(session: Session, fund: Fund, form: FormData, by: Staff, now: datetime) -> object:
        return actions.move(
            session, code=fund.code, verb=verb, reason=text_of(form, "reason"), by=by, now=now
        )

    return move


def _close(session: Session, fund: Fund, form: FormData, by: Staff, now: datetime) -> object:
    return actions.close(
        session,
        code=fund.code,
        reason=text_of(form, "reason"),
        open_elsewhere=lambda: open_elsewhere(session, fund),
        cash_goes=text_of(form, "cash_goes"),
        by=by,
        now=now,
    )


def _reason(_: Fund, __: date) -> tuple[Field, ...]:
    return (ff.REASON,)


ACTS: dict[str, Act] = {
    "amend": Act("Amend", ff.amend_fields, _amend),
    "extend": Act("Change the period", ff.extend_fields, _extend),
    "draw": Act("Write the drawdown down", ff.draw_fields, _draw),
    "terms": Act("Set the terms", ff.terms_fields, _terms),
    "condition": Act("Add the condition", ff.condition_fields, _condition),
    "lift": Act("Lift it", ff.lift_fields, _lift),
    "limit": Act("Set the limit", ff.limit_fields, _limit),
    "value": Act("Set the value", ff.value_fields, _value),
    "freeze": Act("Freeze", _reason, _move("freeze")),
    "thaw": Act("Thaw", _reason, _move("thaw")),
    "close": Act("Close for good", ff.close_fields, _close),
}


def acts_for(fund: Fund) -> set[str]:
    """Which forms this source's page shows, by what it is and how it stands."""
    if fund.state == "closed":
        return {"draw"} if ff.draws(fund) else set()
    found = {"extend", "terms", "condition", "lift", "limit", "close"}
    found |= {"freeze"} if fund.state == "open" else {"thaw"}
    found |= {"amend"} if fund.kind is FundKind.HELD else set()
    found |= {"draw"} if ff.draws(fund) else set()
    found |= {"value"} if fund.unit is not Unit.CENTS else set()
    return found if fund.kind is not FundKind.ELSEWHERE else found - {"terms", "condition", "lift", "limit"}


def open_new(session: Session, form: FormData, by: Staff, now: datetime) -> str:
    """The code of the new source."""
    unit = ff.read_choice(form, "unit", Unit)
    code = text_of(form, "code")
    actions.open_fund(
        session,
        code=code,
        name=text_of(form, "name"),
        public_name=text_of(form, "public_name"),
        kind=ff.read_choice(form, "kind", FundKind),
        unit=unit,
        amounts=ff.read_amounts(form, unit),
        period_start=ff.read_day(form, "period_start"),
        period_end=ff.read_some_day(form, "period_end"),
        organisation_set=text_of(form, "organisation_set") == "yes",
        award_number=text_of(form, "award_number") or None,
        assistance_listing=text_of(form, "assistance_listing") or None,
        liquidation_date=ff.read_some_day(form, "liquidation_date"),
        reason=text_of(form, "reason"),
        by=by,
        now=now,
    )
    return code
