"""The forms about a source: the fields of each, and how what was typed is read. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import TypeVar

from starlette.datastructures import FormData

from reunify.funds.policy import FundKind, Release, given_for
from reunify.funds.queries import Fund
from reunify.funds.setting_policy import LIMIT_SCOPES
from reunify.funds.terms import Terms
from reunify.kernel.money import Money, NotMoney
from reunify.ledger.policy import BudgetCategory, Cash, Scope, Unit
from reunify.web.pages.form_fields import AsTyped, Field, Options
from reunify.web.pages.typed import NotRead, day_read
from reunify.web.pages.view import text_of

T = TypeVar("T")
_UNITS = {Unit.CENTS: "dollars", Unit.NIGHT: "nights", Unit.MILE: "miles"}
CATEGORIES: Options = tuple((c.value, c.value.capitalize()) for c in BudgetCategory)
ACCOUNTS: Options = ((Cash.BANK.value, "The organisation's bank"), (Cash.STRIPE.value, "Stripe"))
_SCOPES = {
    Scope.TRIP: "One trip",
    Scope.FAMILY: "One family",
    Scope.CHILD: "One child",
    Scope.LIFETIME: "One child, number of trips ever",
}
_NO_YES: Options = (("no", "No"), ("yes", "Yes"))
REASON = Field("reason", "Why", "long", "Kept with the change", needed=True)


def _from(today: date) -> Field:
    return Field("effective_from", "Holds from", "date", start=today.isoformat(), needed=True)


def _kind(unit: Unit) -> AsTyped:
    return "dollars" if unit is Unit.CENTS else "digits"


def categories_of(unit: Unit) -> Options:
    """Nights are lodging, miles are transport."""
    only = given_for(unit)
    return CATEGORIES if only is None else tuple(o for o in CATEGORIES if o[0] == only.value)


def amend_fields(fund: Fund, today: date) -> tuple[Field, ...]:
    what = _UNITS[fund.unit]
    return (
        Field("budget_category", "Budget category", "choice", options=categories_of(fund.unit)),
        Field(
            "authorized",
            f"Authorized in all ({what})",
            _kind(fund.unit),
            "The new total, not the difference",
            needed=True,
        ),
        _from(today),
        REASON,
    )


def extend_fields(fund: Fund, today: date) -> tuple[Field, ...]:
    ends = fund.period_end.isoformat() if fund.period_end else ""
    return (
        Field("period_end", "Last day of the period", "date", start=ends),
        Field(
            "liquidation_date",
            "Last day to pay",
            "date",
            "Empty: 120 days after the period, for a federal award" if fund.federal else "Empty: no such day",
        ),
        Field(
            "document", "The funder's paper", hint="Such as the extension notice and its date", needed=True
        ),
        REASON,
    )


def draw_fields(fund: Fund, today: date) -> tuple[Field, ...]:
    return (
        Field("amount", "Amount (dollars)", "dollars", needed=True),
        Field("reference", "The funder's reference", needed=True),
        Field("cash", "Arrived in", "choice", options=ACCOUNTS),
        Field("received_on", "Arrived on", "date", start=today.isoformat(), needed=True),
        REASON,
    )


def terms_fields(fund: Fund, today: date) -> tuple[Field, ...]:
    kind, what = _kind(fund.unit), _UNITS[fund.unit]
    return (
        Field(
            "release",
            "Given out",
            "choice",
            options=(
                (Release.FIRST_COME.value, "First come, first served"),
                (Release.PACED.value, "In tranches over the period, by need"),
            ),
        ),
        Field("tranches", "Number of tranches", "digits", "1 when first come", start="1"),
        Field("minimum_slice", f"Least for one cost line ({what})", kind, start="0"),
        Field("minimum_grant", f"Least for one trip ({what})", kind, start="0"),
        Field("match_percent", "Match (percent)", "digits", "From other sources, for every 100", start="0"),
        Field(
            "soonest_first",
            "Use it before what lapses later",
            "choice",
            "Off for a federal award unless its own paper allows it" if fund.federal else "",
            options=_NO_YES,
        ),
        Field("document", "The funder's paper", hint="Where the funder asks for these terms"),
        _from(today),
        REASON,
    )


def condition_fields(fund: Fund, today: date) -> tuple[Field, ...]:
    return (
        Field(
            "budget_category", "Budget category", "choice", options=(("", "The whole source"), *CATEGORIES)
        ),
        Field("cite", "Where it is written", hint="Such as the award's term and number", needed=True),
        _from(today),
        Field("text", "What needs the funder's approval first", "long", needed=True),
    )


def lift_fields(_: Fund, today: date) -> tuple[Field, ...]:
    """The page puts in the numbers of the conditions that stand."""
    return (
        Field("number", "Condition", "choice"),
        Field("document", "The funder's approval", hint="The paper and its number", needed=True),
        Field("approved_on", "Approved on", "date", start=today.isoformat(), needed=True),
        REASON,
    )


def limit_fields(fund: Fund, today: date) -> tuple[Field, ...]:
    kind, what = _kind(fund.unit), _UNITS[fund.unit]
    return (
        Field("scope", "For", "choice", options=tuple((s.value, _SCOPES[s]) for s in LIMIT_SCOPES)),
        Field(
            "budget_category",
            "Of",
            "choice",
            options=(("", "All categories together"), *categories_of(fund.unit)),
        ),
        Field("at_most", f"At most ({what}, or trips)", kind, needed=True),
        _from(today),
        REASON,
    )


def value_fields(fund: Fund, today: date) -> tuple[Field, ...]:
    return (
        Field("value", f"Fair value of one {fund.unit} (dollars)", "dollars", "Reports only", needed=True),
        Field("basis", "How it was found", hint="Such as a published rate and its date", needed=True),
        _from(today),
    )


def close_fields(fund: Fund, _: date) -> tuple[Field, ...]:
    cash = Field(
        "cash_goes",
        "What becomes of the cash on hand",
        hint="Such as the day and the reference of its return to the funder. Empty where there is none",
    )
    return (cash, REASON) if draws(fund) else (REASON,)


def draws(fund: Fund) -> bool:
    """Whether money of it comes to us."""
    return fund.kind is not FundKind.ELSEWHERE and fund.unit is Unit.CENTS


def new_fields(today: date) -> tuple[Field, ...]:
    kinds = (
        (FundKind.HELD.value, "Held: our own balance"),
        (FundKind.ASKED.value, "Asked: the funder decides for each family"),
        (FundKind.ELSEWHERE.value, "Elsewhere: someone else pays"),
    )
    units = (
        (Unit.CENTS.value, "Money"),
        (Unit.NIGHT.value, "Hotel nights"),
        (Unit.MILE.value, "Airline miles"),
    )
    return (
        Field("code", "Code", hint="As in its folder of rules, such as state_gift_2027", needed=True),
        Field("name", "Name for staff", needed=True),
        Field("public_name", "Name families read", hint="Says nothing about the case", needed=True),
        Field("kind", "Kind", "choice", options=kinds),
        Field("unit", "Counted in", "choice", options=units),
        Field(
            "organisation_set",
            "Rules",
            "choice",
            options=(("no", "The funder's own"), ("yes", "Set by the organisation")),
        ),
        Field("period_start", "First day", "date", start=today.isoformat(), needed=True),
        Field("period_end", "Last day", "date", "Nothing new is obligated after it"),
        Field("award_number", "Award number", hint="Of a federal award only"),
        Field("assistance_listing", "Assistance listing", hint="Like 12.345"),
        Field(
            "liquidation_date", "Last day to pay", "date", "Empty: 120 days after a federal award's period"
        ),
        *(
            Field(f"amount_{c.value}", f"{c.value.capitalize()}: authorized", "dollars", "Dollars, or units")
            for c in BudgetCategory
        ),
        REASON,
    )


def as_typed(terms: Terms, unit: Unit) -> dict[str, str]:
    """The terms as the form holds them."""

    def amount(value: int) -> str:
        return str(Money(value)).lstrip("$") if unit is Unit.CENTS else str(value)

    return {
        "release": terms.release.value,
        "tranches": str(terms.tranches),
        "minimum_slice": amount(terms.minimum_slice),
        "minimum_grant": amount(terms.minimum_grant),
        "match_percent": str(terms.match_percent),
        "soonest_first": "yes" if terms.soonest_first else "no",
    }


def read_day(form: FormData, name: str) -> date:
    """Raises NotRead."""
    return day_read(text_of(form, name), f"/{name}")


def read_some_day(form: FormData, name: str) -> date | None:
    return read_day(form, name) if text_of(form, name) else None


def read_amount(form: FormData, name: str, unit: Unit) -> int:
    """Cents, or units. Raises NotRead."""
    return read_cents(form, name) if unit is Unit.CENTS else read_whole(form, name)


def read_cents(form: FormData, name: str) -> int:
    try:
        return Money.parse(text_of(form, name)).cents
    except NotMoney as wrong:
        raise NotRead(f"{str(wrong).capitalize()}.", field=f"/{name}") from None


def read_whole(form: FormData, name: str) -> int:
    typed = text_of(form, name).replace(",", "")
    if not (typed.isascii() and typed.isdigit() and len(typed) <= 13):
        raise NotRead("Write a whole number, like 400.", field=f"/{name}")
    return int(typed)


def read_seen(form: FormData) -> int | None:
    """How many rows of its kind the form showed; None of a program that says nothing of it."""
    return read_whole(form, "seen") if text_of(form, "seen") else None


def read_choice(form: FormData, name: str, kinds: Callable[[str], T]) -> T:
    """One of the codes. Raises NotRead."""
    try:
        return kinds(text_of(form, name))
    except ValueError:
        raise NotRead("Choose one of the list.", field=f"/{name}") from None


def read_category(form: FormData) -> BudgetCategory | None:
    """None: all of them together."""
    if not text_of(form, "budget_category"):
        return None
    return read_choice(form, "budget_category", BudgetCategory)


def read_amounts(form: FormData, unit: Unit) -> Mapping[BudgetCategory, int]:
    """What was typed of the first budget, by category."""
    return {
        c: read_amount(form, f"amount_{c.value}", unit)
        for c in BudgetCategory
        if text_of(form, f"amount_{c.value}")
    }
