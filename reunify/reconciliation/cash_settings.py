"""Whose books hold suspense and money between our accounts, and who bears the fees: dated settings."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from reunify.funds import queries as funds
from reunify.funds.policy import FundKind
from reunify.identity.queries import holders
from reunify.kernel.ids import FundId, StaffId
from reunify.kernel.may import FINANCE
from reunify.kernel.refusals import NotFound, OutOfStep
from reunify.ledger.policy import BudgetCategory, Cash, Unit
from reunify.rates import queries as rates
from reunify.reconciliation.suspense_policy import NoSuspenseFund, NotAnOwner


class NoFeePolicy(OutOfStep):
    """Nobody has said who bears the fees of this account."""


class NobodyBears(OutOfStep):
    """Nobody has said whose money bears what no award can."""


def suspense_fund(session: Session, *, now: datetime) -> FundId:
    """The fund that `suspense_fund` names today. Raises NoSuspenseFund, OrganisationNotSetUp."""
    code = rates.organisation_now(session, now=now).suspense_fund
    if code is None:
        raise NoSuspenseFund(
            "Nobody has said whose books hold what cannot be explained yet: an administrator sets "
            "`suspense_fund` to the code of a fund of the organisation's own money."
        )
    found = _own_money(session, code)
    if found is None:
        raise NoSuspenseFund(
            "The setting `suspense_fund` names no fund that holds money: an administrator sets it to the "
            "code of a fund of the organisation's own money."
        )
    return found


def fees_of(session: Session, cash: Cash, *, now: datetime) -> tuple[FundId, BudgetCategory]:
    """The fund and the budget category that bear this account's fees today.

    Raises NoFeePolicy, OrganisationNotSetUp.
    """
    organisation = rates.organisation_now(session, now=now)
    said = {Cash.STRIPE: organisation.fees_cash_stripe, Cash.CARD: organisation.fees_cash_card}.get(cash)
    refused = NoFeePolicy(
        f"Nobody has said who bears the fees of this account: an administrator sets `fees_{cash.value}` to "
        "the code of a fund that holds money and one of its budget categories, like `general other`."
    )
    found = _fund_and_category(session, said)
    if found is None:
        raise refused
    return found


def bears_unallowable(session: Session, *, now: datetime) -> tuple[FundId, BudgetCategory]:
    """The fund and the budget category that bear today what was paid and no award can bear.

    Never a federal award: what it does not allow is not charged to it (2 CFR 200.403).
    Raises NobodyBears, OrganisationNotSetUp.
    """
    found = _fund_and_category(session, rates.organisation_now(session, now=now).unallowable_costs)
    if found is None or any(fund.federal for fund in funds.funds_of(session, [found[0]])):
        raise NobodyBears(
            "Nobody has said whose money bears what no award can: an administrator sets `unallowable_costs` "
            "to the code of a fund of the organisation's own money and one of its budget categories, like "
            "`general other`."
        )
    return found


def check_owner(session: Session, to: StaffId | None) -> None:
    """Raises NotAnOwner unless it is a person of finance who is with us."""
    if to is not None and all(to not in holders(session, role) for role in FINANCE):
        raise NotAnOwner("Choose a person of finance who is still with us.", field="/owner")


def _fund_and_category(session: Session, said: str | None) -> tuple[FundId, BudgetCategory] | None:
    code, _, category = (said or "").partition(" ")
    fund_id = _own_money(session, code)
    if fund_id is None or category.strip() not in list(BudgetCategory):
        return None
    return fund_id, BudgetCategory(category.strip())


def _own_money(session: Session, code: str) -> FundId | None:
    try:
        fund = funds.fund_called(session, code)
    except NotFound:
        return None
    return fund.id if fund.kind is FundKind.HELD and fund.unit is Unit.CENTS else None
