"""The demo's sources: money, hotel nights and miles set by the sample organisation, and one elsewhere."""

from __future__ import annotations

from datetime import date, datetime
from functools import partial

from sqlalchemy.orm import Session

from reunify.funds import actions as funds
from reunify.funds.policy import FundKind
from reunify.kernel.ids import FundId
from reunify.ledger import actions as ledger
from reunify.ledger.policy import BudgetCategory, Cash, Scope, Unit
from reunify.sandbox.people import SANDBOX
from reunify.sandbox.stripe_simulator.options import OPENING_CENTS

YEAR = (date(2026, 1, 1), date(2027, 12, 31))
DOMESTIC_CENTS = {
    BudgetCategory.TRANSPORT: 15_000_000,
    BudgetCategory.LODGING: 6_000_000,
    BudgetCategory.MEALS: 3_000_000,
    BudgetCategory.OTHER: 1_000_000,
}
TRIP_LIMIT_CENTS = 750_000
NIGHTS_PER_CHILD = 3
PARTNER_NIGHTS = {BudgetCategory.LODGING: 400}
PARTNER_MILES = {BudgetCategory.TRANSPORT: 2_000_000}


def open_sample_funds(session: Session, *, now: datetime) -> None:
    """Opened, authorised, limited, and the first cash drawn to the payout balance."""
    domestic = _open_sources(session, now)
    for code, scope, at_most in (
        ("domestic_reunification", Scope.TRIP, TRIP_LIMIT_CENTS),
        ("partner_hotel_nights", Scope.CHILD, NIGHTS_PER_CHILD),
    ):
        funds.limit(
            session, code=code, scope=scope, at_most=at_most, effective_from=YEAR[0], by=SANDBOX, now=now
        )
    ledger.draw_down(
        session,
        external_ref="sandbox:opening",
        fund_id=domestic,
        cash=Cash.STRIPE,
        amount=OPENING_CENTS,
        by=SANDBOX,
        now=now,
    )


def _open_sources(session: Session, now: datetime) -> FundId:
    """The four sources; returns the one of money."""
    opened = partial(funds.open_fund, session, period_start=YEAR[0], by=SANDBOX, now=now)
    ours = partial(opened, kind=FundKind.HELD, period_end=YEAR[1], organisation_set=True)
    domestic = ours(
        code="domestic_reunification",
        name="Domestic reunification fund (organisation-set)",
        public_name="Family Travel Fund",
        unit=Unit.CENTS,
        amounts=DOMESTIC_CENTS,
    )
    ours(
        code="partner_hotel_nights",
        name="Partner hotel nights (organisation-set)",
        public_name="Partner Hotel Nights",
        unit=Unit.NIGHT,
        amounts=PARTNER_NIGHTS,
    )
    ours(
        code="partner_airline_miles",
        name="Partner airline miles (organisation-set)",
        public_name="Partner Airline Miles",
        unit=Unit.MILE,
        amounts=PARTNER_MILES,
    )
    opened(
        code="interstate_compact",
        name="Home state under the Interstate Compact for Juveniles",
        public_name="The home state",
        kind=FundKind.ELSEWHERE,
        unit=Unit.CENTS,
        amounts={},
        period_end=None,
        organisation_set=False,
    )
    return domestic
