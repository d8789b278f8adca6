"""Which terms, limits and unit values make sense."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from reunify.funds import setting_policy as policy
from reunify.funds import typed
from reunify.funds.terms import DEFAULT, Release, Terms
from reunify.ledger.policy import BudgetCategory, Scope, Unit

ENDS = date(2026, 12, 31)


def field(terms: Terms, *, ends: date | None = ENDS, federal: bool = False, document: str = "") -> str:
    with pytest.raises(policy.TermsDoNotFit) as refused:
        policy.check_terms(terms, unit=Unit.CENTS, ends=ends, federal=federal, document=document)
    return str(refused.value.field)


def test_tranches_need_a_last_day_and_more_than_one_of_them() -> None:
    paced = replace(DEFAULT, release=Release.PACED, tranches=12)
    policy.check_terms(paced, unit=Unit.CENTS, ends=ENDS, federal=True, document="")
    assert field(paced, ends=None) == "/release"
    assert field(replace(paced, tranches=1)) == "/tranches"
    assert field(replace(paced, tranches=policy.MOST_TRANCHES + 1)) == "/tranches"
    assert field(replace(DEFAULT, tranches=12)) == "/tranches"


def test_a_federal_award_is_not_used_first_for_lapsing_soonest_without_its_own_paper() -> None:
    soonest = replace(DEFAULT, soonest_first=True)
    assert field(soonest, federal=True) == "/document"
    policy.check_terms(soonest, unit=Unit.CENTS, ends=ENDS, federal=True, document="Special condition 12")
    policy.check_terms(soonest, unit=Unit.CENTS, ends=None, federal=False, document="")


def test_no_term_is_below_zero() -> None:
    assert field(Terms(minimum_slice=-1)) == "/minimum_slice"
    assert field(Terms(minimum_grant=-1)) == "/minimum_grant"
    assert field(Terms(match_percent=-1)) == "/match_percent"


def test_a_limit_is_above_zero_and_of_something_that_is_counted() -> None:
    policy.check_limit(Scope.TRIP, BudgetCategory.MEALS, 1, Unit.CENTS)
    policy.check_limit(Scope.LIFETIME, None, 2, Unit.CENTS)
    for scope, category, most, pointer in (
        (Scope.CATEGORY, None, 1, "/scope"),
        (Scope.LIFETIME, BudgetCategory.MEALS, 1, "/budget_category"),
        (Scope.TRIP, None, 0, "/at_most"),
    ):
        with pytest.raises(policy.LimitDoesNotFit) as refused:
            policy.check_limit(scope, category, most, Unit.CENTS)
        assert refused.value.field == pointer


def test_what_is_given_in_kind_is_limited_by_what_it_pays_for_alone() -> None:
    policy.check_limit(Scope.TRIP, BudgetCategory.LODGING, 2, Unit.NIGHT)
    policy.check_limit(Scope.TRIP, None, 2, Unit.MILE)
    for unit in (Unit.NIGHT, Unit.MILE):
        with pytest.raises(policy.LimitDoesNotFit) as refused:
            policy.check_limit(Scope.TRIP, BudgetCategory.MEALS, 2, unit)
        assert refused.value.field == "/budget_category"


def test_a_value_with_a_digit_too_many_is_refused() -> None:
    policy.check_value(Unit.NIGHT, typed.MOST_VALUE)
    with pytest.raises(typed.TooMuch):
        policy.check_value(Unit.NIGHT, typed.MOST_VALUE + 1)


def test_only_what_is_given_in_kind_is_valued() -> None:
    policy.check_value(Unit.NIGHT, 14_000)
    for unit, cents in ((Unit.CENTS, 1), (Unit.MILE, 0)):
        with pytest.raises(policy.ValueDoesNotFit):
            policy.check_value(unit, cents)
