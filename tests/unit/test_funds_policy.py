"""What a funding source may look like, and who may change it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import pytest

from reunify.funds import policy
from reunify.funds.policy import FundKind
from reunify.identity.roles import mix
from reunify.kernel.ids import StaffId, new_id
from reunify.kernel.people import Role, Staff, System
from reunify.kernel.refusals import NotAllowed
from reunify.ledger.policy import BudgetCategory, Unit

YEAR = (date(2026, 1, 1), date(2026, 12, 31))


@pytest.mark.parametrize(
    ("kind", "unit", "amounts", "period", "field"),
    [
        (FundKind.ELSEWHERE, Unit.CENTS, {BudgetCategory.MEALS: 1}, YEAR, "/amounts"),
        (FundKind.ASKED, Unit.CENTS, {BudgetCategory.MEALS: 1}, YEAR, "/amounts"),
        (FundKind.HELD, Unit.CENTS, {BudgetCategory.MEALS: -1}, YEAR, "/amounts"),
        (FundKind.HELD, Unit.NIGHT, {BudgetCategory.MEALS: 1}, YEAR, "/amounts"),
        (FundKind.HELD, Unit.MILE, {BudgetCategory.LODGING: 1}, YEAR, "/amounts"),
        (FundKind.HELD, Unit.CENTS, {}, (date(2026, 2, 1), date(2026, 1, 1)), "/period_end"),
    ],
)
def test_what_contradicts_itself_is_refused_naming_the_field(
    kind: FundKind,
    unit: Unit,
    amounts: dict[BudgetCategory, int],
    period: tuple[date, date | None],
    field: str,
) -> None:
    with pytest.raises(policy.FundDoesNotFit) as refused:
        policy.check_fits(kind, unit, amounts, period)
    assert refused.value.field == field


def test_a_gift_of_nights_and_an_award_of_cents_fit() -> None:
    policy.check_fits(FundKind.HELD, Unit.NIGHT, {BudgetCategory.LODGING: 20}, (YEAR[0], None))
    policy.check_fits(FundKind.HELD, Unit.MILE, {BudgetCategory.TRANSPORT: 2_000_000}, (YEAR[0], None))
    policy.check_fits(FundKind.HELD, Unit.CENTS, dict.fromkeys(BudgetCategory, 100), YEAR)
    policy.check_fits(FundKind.ELSEWHERE, Unit.CENTS, {}, YEAR)


def test_only_what_is_held_has_amounts() -> None:
    policy.check_held(FundKind.HELD)
    for kind in (FundKind.ASKED, FundKind.ELSEWHERE):
        with pytest.raises(policy.NotHeld):
            policy.check_held(kind)


@pytest.mark.parametrize("role", sorted(set(Role) - set(policy.MANAGES)))
def test_nobody_but_a_fund_manager_or_an_administrator_manages_sources(role: Role) -> None:
    with pytest.raises(NotAllowed):
        policy.check_can_manage(Staff(StaffId(new_id()), "x", frozenset({role})))


@pytest.mark.parametrize("role", sorted(policy.MANAGES))
def test_whoever_manages_sources_never_approves_or_releases_a_payment_nor_leads_a_case(role: Role) -> None:
    policy.check_can_manage(Staff(StaffId(new_id()), "x", frozenset({role})))
    for other in (
        Role.FINANCE_APPROVER,
        Role.FINANCE_RELEASER,
        Role.CASE_MANAGER,
        Role.SUPERVISOR,
        Role.AUDITOR,
    ):
        assert not mix({role, other})


def test_the_system_manages_sources_where_it_acts_by_rule() -> None:
    policy.check_can_manage(System("seed"))


def test_a_closed_source_stays_closed() -> None:
    assert not any(policy.FUND_MOVES.can("closed", verb) for verb in ("open", "freeze", "thaw", "close"))
    with pytest.raises(policy.Closed):
        policy.check_not_closed("closed")


AWARD = policy.Award("15PNVC-00-GG-00001", "12.345")


def test_a_federal_award_has_a_listing_and_a_last_day_and_is_money() -> None:
    def field(
        award: policy.Award, unit: Unit = Unit.CENTS, ends: date | None = YEAR[1], own: bool = False
    ) -> str:
        with pytest.raises(policy.FundDoesNotFit) as refused:
            policy.check_award(award, FundKind.HELD, unit, ends, organisation_set=own)
        return str(refused.value.field)

    assert field(policy.Award(None, "12.345")) == "/award_number"
    assert field(policy.Award("A-1", None)) == "/assistance_listing"
    assert field(policy.Award("A-1", "12345")) == "/assistance_listing"
    assert field(AWARD, unit=Unit.NIGHT) == "/unit"
    assert field(AWARD, ends=None) == "/period_end"
    assert field(AWARD, own=True) == "/organisation_set"
    policy.check_award(AWARD, FundKind.HELD, Unit.CENTS, YEAR[1], organisation_set=False)
    policy.check_award(policy.Award(), FundKind.ELSEWHERE, Unit.CENTS, None, organisation_set=False)


def test_an_award_is_paid_out_120_days_after_its_period_unless_its_paper_says_otherwise() -> None:
    assert policy.liquidation(YEAR[1], None, federal=True) == date(2027, 4, 30)
    assert policy.liquidation(YEAR[1], None, federal=False) is None
    assert policy.liquidation(YEAR[1], date(2027, 1, 31), federal=True) == date(2027, 1, 31)
    with pytest.raises(policy.FundDoesNotFit):
        policy.liquidation(YEAR[1], date(2026, 12, 30), federal=True)
    with pytest.raises(policy.FundDoesNotFit):
        policy.liquidation(None, date(2026, 12, 30), federal=False)


@dataclass(frozen=True)
class Dated:
    name: str = "Award"
    period_start: date = YEAR[0]
    period_end: date | None = YEAR[1]
    liquidation_date: date | None = date(2027, 4, 30)


def test_nothing_is_obligated_outside_the_period_and_nothing_paid_after_the_last_day() -> None:
    for day in YEAR:
        policy.check_may_obligate(Dated(), day)
    for day in (date(2025, 12, 31), date(2027, 1, 1)):
        with pytest.raises(policy.PeriodOver):
            policy.check_may_obligate(Dated(), day)
    policy.check_may_pay(Dated(), date(2027, 4, 30))
    with pytest.raises(policy.LiquidationOver, match="2027-04-30"):
        policy.check_may_pay(Dated(), date(2027, 5, 1))
    endless = Dated(period_end=None, liquidation_date=None)
    policy.check_may_obligate(endless, date(2100, 1, 1))
    policy.check_may_pay(endless, date(2100, 1, 1))


def test_the_last_day_of_the_period_counts_as_a_day_left() -> None:
    assert [policy.days_left(Dated(), day) for day in (YEAR[1], date(2027, 1, 1))] == [1, 0]
    assert policy.days_left(Dated(period_end=None), YEAR[1]) is None
    assert policy.lapses(Dated(), date(2027, 1, 1))
    assert not policy.lapses(Dated(), YEAR[1])


def test_a_refusal_to_close_lists_what_is_open() -> None:
    policy.check_nothing_open([], [])
    hold = policy.OpenHold(new_id(), "R-7KQ4MX, lodging", BudgetCategory.LODGING, Unit.CENTS, 12_000, 3_050)
    with pytest.raises(policy.StillOpen) as refused:
        policy.check_nothing_open([hold] * 30, ["a cost transfer waits"])
    said = str(refused.value)
    assert "R-7KQ4MX, lodging, lodging: $120.00 reserved and $30.50 obligated" in said
    assert said.endswith("and 11 more.")
    assert (len(refused.value.holds), refused.value.elsewhere) == (30, ("a cost transfer waits",))


@pytest.mark.parametrize("code", ["", "new", "forecast", "Ana", "a b", "a/b", "-x"])
def test_a_code_can_stand_in_an_address(code: str) -> None:
    with pytest.raises(policy.FundDoesNotFit):
        policy.check_code(code)
    assert policy.check_code("state_gift-2027") == "state_gift-2027"
