"""What a funding source may look like, and who may change it."""

from __future__ import annotations

from datetime import date

import pytest

from reunify.funds import policy
from reunify.funds.policy import FundKind
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


@pytest.mark.parametrize("role", [r for r in Role if r is not Role.ADMINISTRATOR])
def test_nobody_but_an_administrator_manages_sources(role: Role) -> None:
    with pytest.raises(NotAllowed):
        policy.check_can_manage(Staff(StaffId(new_id()), "x", frozenset({role})))


def test_an_administrator_and_the_system_manage_sources() -> None:
    policy.check_can_manage(Staff(StaffId(new_id()), "x", frozenset({Role.ADMINISTRATOR})))
    policy.check_can_manage(System("seed"))


def test_a_closed_source_stays_closed() -> None:
    assert not any(policy.FUND_MOVES.can("closed", verb) for verb in ("open", "freeze", "thaw", "close"))
