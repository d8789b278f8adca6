"""What an organisation may set, and what happens when something is missing."""

from __future__ import annotations

from datetime import date
from uuid import UUID

import pytest

from reunify.intake.form import Settlement
from reunify.kernel.ids import StaffId, new_id
from reunify.kernel.money import Money
from reunify.kernel.people import Role, Staff, System
from reunify.kernel.refusals import NotAllowed
from reunify.rates import policy
from reunify.rates.policy import OrganisationNotSetUp, Row, Setting, SettingDoesNotFit, UnknownSetting


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        (Setting.SMALL_AMOUNT_LIMIT, 150_000),
        (Setting.SMALL_AMOUNT_LIMIT, Money(-1)),
        (Setting.SMALL_AMOUNT_LIMIT, Money(1, "EUR")),
        (Setting.GUIDELINE_LIMIT_PERCENT, 0),
        (Setting.GUIDELINE_LIMIT_PERCENT, 1001),
        (Setting.GUIDELINE_LIMIT_PERCENT, True),
        (Setting.GUIDELINE_LIMIT_PERCENT, "200"),
        (Setting.NAME, " "),
        (Setting.NAME, "hidden\u202ename"),
        (Setting.TIME_ZONE, "Mars/Olympus"),
        (Setting.TIME_ZONE, "../../etc/passwd"),
        (Setting.OBLIGATES_REPAID, "never"),
        (Setting.OBLIGATES_REPAID, "Release"),
    ],
)
def test_a_value_of_the_wrong_kind_is_refused(setting: Setting, value: Money | int | str) -> None:
    with pytest.raises(SettingDoesNotFit):
        policy.stored(setting, value)


def test_values_are_stored_as_cents_or_text() -> None:
    assert policy.stored(Setting.SMALL_AMOUNT_LIMIT, Money(150_000)) == (150_000, None)
    assert policy.stored(Setting.GUIDELINE_LIMIT_PERCENT, 200) == (None, "200")
    assert policy.stored(Setting.TIME_ZONE, "America/New_York") == (None, "America/New_York")


def test_what_obligates_is_set_for_each_way_to_settle_a_cost() -> None:
    assert {s.value for s in policy.OBLIGATES} == {f"obligates_{s.value}" for s in Settlement}
    rows = {s: Row(new_id(), None, "100") for s in Setting if s not in policy.OPTIONAL}
    usual = policy.organisation_of(rows, on=date(2026, 11, 25)).obligated_by_release
    assert usual == {"vendor_billed", "repaid", "advance"}
    own = {
        Setting.OBLIGATES_REPAID: Row(new_id(), None, "entry"),
        Setting.OBLIGATES_PARTNER_GIVES: Row(new_id(), None, "release"),
    }
    changed = policy.organisation_of(rows | own, on=date(2026, 11, 25)).obligated_by_release
    assert changed == {"vendor_billed", "advance", "partner_gives"}


def test_an_unknown_setting_is_answered_with_the_list() -> None:
    with pytest.raises(UnknownSetting, match="small_amount_limit_cents"):
        policy.setting_named("smal_amount")


def test_only_an_administrator_sets() -> None:
    policy.check_can_set(System("sandbox"))
    policy.check_can_set(Staff(StaffId(new_id()), "Dee", frozenset({Role.ADMINISTRATOR})))
    with pytest.raises(NotAllowed):
        policy.check_can_set(Staff(StaffId(new_id()), "Ben", frozenset({Role.FINANCE_APPROVER})))


def test_a_missing_setting_is_named() -> None:
    rows: dict[Setting, Row] = {s: Row(new_id(), None, "x") for s in Setting if s is not Setting.DAY_PHONE}
    with pytest.raises(OrganisationNotSetUp, match="day_phone"):
        policy.organisation_of(rows, on=date(2026, 11, 25))


def test_the_whole_is_typed() -> None:
    limit = UUID(int=7)
    rows = {s: Row(new_id(), None, "one\ntwo") for s in Setting if s not in policy.OPTIONAL}
    rows[Setting.SMALL_AMOUNT_LIMIT] = Row(limit, 150_000, None)
    rows[Setting.GUIDELINE_LIMIT_PERCENT] = Row(new_id(), None, "200")
    found = policy.organisation_of(rows, on=date(2026, 11, 25))
    assert found.small_amount_limit == Money(150_000)
    assert found.small_amount_setting_id == limit
    assert found.letterhead_lines == ("one", "two")
    assert (found.email, found.fare_contingency_percent, found.guideline_limit_percent) == (None, 0, 200)
