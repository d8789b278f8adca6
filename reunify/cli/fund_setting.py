"""`reunify funds amend, extend, limit, terms, condition, lift, draw, value`: the dated rows of a source."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from reunify.cli.funds import By, Code, From, Reason, change, first_day, funds, unit_of

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from reunify.kernel.people import Staff

_Amount = Annotated[str, typer.Argument(help="Dollars, like 1284.50, or whole units.")]
_Category = Annotated[str | None, typer.Option(help="transport, lodging, meals or other; all if absent.")]
_Document = Annotated[str, typer.Option(help="The funder's paper that says so.")]


@funds.command("amend")
def funds_amend(
    code: Code,
    budget_category: Annotated[str, typer.Argument(help="transport, lodging, meals or other.")],
    authorized: Annotated[str, typer.Argument(help="The new total, not the difference.")],
    by: By,
    reason: Reason = "",
    starts: From = None,
) -> None:
    """What is authorized in all, from a day on; of a later day it is available on that day."""
    from reunify.cli.fund_words import amount, choice
    from reunify.funds import actions
    from reunify.ledger.policy import BudgetCategory

    def do(session: Session, who: Staff, now: datetime) -> str:
        day = first_day(session, starts, now)
        actions.amend(
            session,
            code=code,
            budget_category=choice(BudgetCategory, budget_category, "category"),
            authorized=amount(authorized, unit_of(session, code)),
            effective_from=day,
            reason=reason,
            by=who,
            now=now,
        )
        return f"Amended: {code}, {budget_category}, from {day.isoformat()}."

    change("amend", code, by, do)


@funds.command("extend")
def funds_extend(
    code: Code,
    ends: Annotated[datetime, typer.Option("--to", formats=["%Y-%m-%d"], help="The new last day.")],
    by: By,
    document: _Document,
    pay_until: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="Last day to pay; of an award 120 days after its end."),
    ] = None,
    reason: Reason = "",
) -> None:
    """Another last day of the period. The earlier ones are kept."""
    from reunify.funds import actions

    def do(session: Session, who: Staff, now: datetime) -> str:
        actions.extend(
            session,
            code=code,
            period_end=ends.date(),
            liquidation_date=pay_until.date() if pay_until else None,
            document=document,
            reason=reason,
            by=who,
            now=now,
        )
        return f"Changed: {code} ends on {ends.date().isoformat()}."

    change("extend", code, by, do)


@funds.command("limit")
def funds_limit(
    code: Code,
    scope: Annotated[str, typer.Argument(help="trip, family, child; or lifetime: trips of one child ever.")],
    at_most: _Amount,
    by: By,
    reason: Reason = "",
    category: _Category = None,
    starts: From = None,
) -> None:
    """The most one trip, family or child may use of it. Its rules may cap it, too: the lower counts."""
    from reunify.cli import fund_words as words
    from reunify.funds import actions
    from reunify.ledger.policy import Scope

    def do(session: Session, who: Staff, now: datetime) -> str:
        counts = words.choice(Scope, scope, "scope")
        day = first_day(session, starts, now)
        trips = counts is Scope.LIFETIME  # counted, whatever the source is counted in
        actions.limit(
            session,
            code=code,
            scope=counts,
            at_most=words.whole(at_most) if trips else words.amount(at_most, unit_of(session, code)),
            budget_category=words.category(category),
            effective_from=day,
            reason=reason,
            by=who,
            now=now,
        )
        return f"Limited: {code}, {scope}, from {day.isoformat()}."

    change("limit", code, by, do)


@funds.command("terms")
def funds_terms(
    code: Code,
    by: By,
    reason: Reason = "",
    release: Annotated[str | None, typer.Option(help="first_come, or paced: in tranches.")] = None,
    tranches: Annotated[int | None, typer.Option(help="How many, when paced.")] = None,
    minimum_slice: Annotated[str | None, typer.Option(help="Least for one cost line.")] = None,
    minimum_grant: Annotated[str | None, typer.Option(help="Least for one trip.")] = None,
    match_percent: Annotated[int | None, typer.Option(help="From other sources, for every 100.")] = None,
    soonest_first: Annotated[bool | None, typer.Option(help="Before what lapses later.")] = None,
    document: Annotated[str, typer.Option(help="Where the funder asks for these terms.")] = "",
    starts: From = None,
) -> None:
    """How it is given out, from a day on. What is not named stays as it is."""
    from reunify.cli import fund_words as words
    from reunify.funds import actions, queries
    from reunify.funds.terms import DEFAULT, Release, Terms, terms_of

    def do(session: Session, who: Staff, now: datetime) -> str:
        fund, day = queries.fund_called(session, code), first_day(session, starts, now)
        before = terms_of(session, on=day).get(fund.id, DEFAULT)
        kept = before.release if release is None else words.choice(Release, release, "--release")
        least, grant = (
            was if typed is None else words.amount(typed, fund.unit)
            for typed, was in (
                (minimum_slice, before.minimum_slice),
                (minimum_grant, before.minimum_grant),
            )
        )
        terms = Terms(
            release=kept,
            tranches=tranches or (1 if kept is Release.FIRST_COME else before.tranches),
            soonest_first=before.soonest_first if soonest_first is None else soonest_first,
            minimum_slice=least,
            minimum_grant=grant,
            match_percent=before.match_percent if match_percent is None else match_percent,
        )
        actions.set_terms(
            session,
            code=code,
            terms=terms,
            effective_from=day,
            document=document,
            reason=reason,
            by=who,
            now=now,
        )
        return f"Kept: the terms of {code} from {day.isoformat()}."

    change("terms", code, by, do)


@funds.command("condition")
def funds_condition(
    code: Code,
    text: Annotated[str, typer.Argument(help="What needs the funder's approval first.")],
    by: By,
    cite: Annotated[str, typer.Option(help="Where it is written.")],
    category: _Category = None,
    starts: From = None,
) -> None:
    """Nothing it covers is charged until the funder's approval is entered with `funds lift`."""
    from reunify.cli import fund_words as words
    from reunify.funds import actions

    def do(session: Session, who: Staff, now: datetime) -> str:
        number = actions.condition(
            session,
            code=code,
            budget_category=words.category(category),
            text=text,
            cite=cite,
            effective_from=first_day(session, starts, now),
            by=who,
            now=now,
        )
        return f"Kept: condition {number} of {code}."

    change("condition", code, by, do)


@funds.command("lift")
def funds_lift(
    code: Code,
    number: Annotated[int, typer.Argument(help="The condition's number, as in `funds show`.")],
    by: By,
    document: _Document,
    approved_on: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="The day of the approval.")],
    reason: Reason = "",
) -> None:
    """The funder approved: the condition no longer stands in the way."""
    from reunify.funds import actions

    def do(session: Session, who: Staff, now: datetime) -> str:
        actions.lift(
            session,
            code=code,
            number=number,
            document=document,
            approved_on=approved_on.date(),
            reason=reason,
            by=who,
            now=now,
        )
        return f"Lifted: condition {number} of {code}."

    change("lift", code, by, do)


@funds.command("draw")
def funds_draw(
    code: Code,
    amount: Annotated[str, typer.Argument(help="Dollars, like 1284.50.")],
    by: By,
    reference: Annotated[str, typer.Option(help="The funder's reference of this payment.")],
    cash: Annotated[str, typer.Option(help="Where it arrived: bank or stripe.")],
    received_on: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="The day it arrived.")],
    reason: Reason = "",
) -> None:
    """Write down money that arrived; never above what is authorized less what was drawn."""
    from reunify.cli import fund_words as words
    from reunify.funds import actions
    from reunify.kernel.money import Money
    from reunify.ledger.policy import Cash

    def do(session: Session, who: Staff, now: datetime) -> str:
        money = actions.draw(
            session,
            code=code,
            reference=reference,
            cents=words.cents(amount),
            cash=words.choice(Cash, f"cash_{cash}", "--cash"),
            received_on=received_on.date(),
            reason=reason,
            by=who,
            now=now,
        )
        return (
            f"Drawn in all: {Money(money.drawn)}. On hand: {Money(money.on_hand)}; needed at once: "
            f"{Money(money.needed_now)}."
        )

    change("draw", code, by, do)


@funds.command("value")
def funds_value(
    code: Code,
    amount: Annotated[str, typer.Argument(help="Dollars for one night or mile.")],
    by: By,
    basis: Annotated[str, typer.Option(help="How it was found, such as a published rate.")],
    starts: From = None,
) -> None:
    """The fair value of one unit given in kind, for reports alone."""
    from reunify.cli import fund_words as words
    from reunify.funds import actions

    def do(session: Session, who: Staff, now: datetime) -> str:
        day = first_day(session, starts, now)
        actions.value_unit(
            session, code=code, cents=words.cents(amount), basis=basis, effective_from=day, by=who, now=now
        )
        return f"Kept: one unit of {code} is worth ${amount.lstrip('$')} from {day.isoformat()}."

    change("value", code, by, do)
