"""What may be charged where, before any sum is done."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType

from reunify.intake.form import Category
from reunify.kernel.refusals import Retryable
from reunify.ledger.policy import BudgetCategory, Unit

BUDGET_CATEGORY = MappingProxyType(
    {
        Category.AIR_FARE: BudgetCategory.TRANSPORT,
        Category.BUS_FARE: BudgetCategory.TRANSPORT,
        Category.RAIL_FARE: BudgetCategory.TRANSPORT,
        Category.LOCAL_TRANSPORT: BudgetCategory.TRANSPORT,
        Category.MILEAGE: BudgetCategory.TRANSPORT,
        Category.LODGING: BudgetCategory.LODGING,
        Category.MEALS: BudgetCategory.MEALS,
        Category.TRAVEL_DOCUMENTS: BudgetCategory.OTHER,
    }
)


class FundsKeptChanging(Retryable):
    """Other requests took the money while the split was made, several times over."""


@dataclass(frozen=True, slots=True)
class LineNeed:
    """This source may pay this line. `payable` as quoted, `ceiling` not to exceed; cents, or units in kind.

    `basis` says by which rule it may be charged there (2 CFR 200.405, allocability).
    """

    key: str
    category: Category
    settlement: str
    payee_key: str
    fund_code: str
    unit: str
    payable: int
    ceiling: int
    basis: str


def payer_order(unit: Unit) -> int:
    """What is given in kind is used before money that could serve another family."""
    return 1 if unit is Unit.CENTS else 0
