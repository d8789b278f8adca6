"""Which budget category of an award each kind of cost is counted in. Pure."""

from __future__ import annotations

from types import MappingProxyType

from reunify.intake.form import Category
from reunify.ledger.policy import BudgetCategory

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
        Category.UNACCOMPANIED_MINOR_FEE: BudgetCategory.TRANSPORT,
    }
)
