"""The demo's sources: money, hotel nights and miles set by the organisation, one asked for, one elsewhere."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import partial

from sqlalchemy.orm import Session

from reunify.approval import envelope_queries, envelopes
from reunify.funds import actions as funds
from reunify.funds import queries
from reunify.funds.policy import FundKind
from reunify.identity.duties import Span
from reunify.kernel.money import Money
from reunify.ledger.policy import BudgetCategory, Cash, Scope, Unit
from reunify.sandbox.people import SANDBOX, known_as
from reunify.sandbox.stripe_simulator.options import ISSUING_OPENING_CENTS, OPENING_CENTS

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
NIGHT_CENTS = {
    BudgetCategory.TRANSPORT: 1_500_000,
    BudgetCategory.LODGING: 500_000,
    BudgetCategory.MEALS: 250_000,
}
PER_NIGHT_REQUEST_CENTS = 250_000
NIGHTS_AHEAD = timedelta(days=14)
ASKED = "ovc_reunification_travel"
# In cents, for reports; invented, as the partners are.
UNIT_VALUES = (
    ("partner_hotel_nights", 11_000, "the partner's own published rate of a standard room (sample)"),
    ("partner_airline_miles", 1, "the airline's own price of a mile (sample)"),
)


def open_sample_funds(session: Session, *, now: datetime) -> None:
    """Opened, authorised, limited, valued, and the year's gifts drawn: to the payout balance, and to the
    bank, from which the cards' balance is topped up."""
    first = _first_day(now)
    _open_sources(session, first, now)
    for code, scope, at_most in (
        ("domestic_reunification", Scope.TRIP, TRIP_LIMIT_CENTS),
        ("partner_hotel_nights", Scope.CHILD, NIGHTS_PER_CHILD),
    ):
        funds.limit(
            session, code=code, scope=scope, at_most=at_most, effective_from=first, by=SANDBOX, now=now
        )
    for reference, cents, cash in (
        ("OPENING", OPENING_CENTS, Cash.STRIPE),
        ("OPENING-CARDS", ISSUING_OPENING_CENTS, Cash.BANK),
    ):
        funds.draw(
            session,
            code="domestic_reunification",
            reference=reference,
            cents=cents,
            cash=cash,
            received_on=first,
            reason="the year's gifts, paid in at once",
            by=SANDBOX,
            now=now,
        )
    for code, cents, basis in UNIT_VALUES:
        funds.value_unit(
            session, code=code, cents=cents, basis=basis, effective_from=first, by=SANDBOX, now=now
        )


def _first_day(now: datetime) -> date:
    """The year's, or yesterday in a house whose clock is set before it."""
    return min(YEAR[0], (now - timedelta(days=1)).date())


def _open_sources(session: Session, first: date, now: datetime) -> None:
    """The four sources."""
    opened = partial(funds.open_fund, session, period_start=first, by=SANDBOX, now=now)
    ours = partial(opened, kind=FundKind.HELD, period_end=YEAR[1], organisation_set=True)
    ours(
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


def open_asked_award(session: Session, *, now: datetime) -> None:
    """A federal award whose funder decides for each family, unless it is there: nothing is ours yet."""
    if any(fund.code == ASKED for fund in queries.all_funds(session)):
        return
    funds.open_fund(
        session,
        code=ASKED,
        name="Victim Reunification Travel award (sample)",
        public_name="International Family Travel Program",
        kind=FundKind.ASKED,
        unit=Unit.CENTS,
        amounts={},
        period_start=_first_day(now),
        period_end=YEAR[1],
        organisation_set=False,
        award_number="SAMPLE-2026-VRT-0001",
        assistance_listing="00.000",  # no public text names the award's own listing
        by=SANDBOX,
        now=now,
    )


def sign_envelope(session: Session, *, now: datetime) -> None:
    """What one person on call may decide at night: signed by Ben and by Carla, unless one is open."""
    if envelope_queries.envelopes(session, states=("proposed", "in_force")):
        return
    ben, carla = (known_as(session, name) for name in ("ben", "carla"))
    envelope = envelopes.propose(
        session,
        fund="domestic_reunification",
        amounts=NIGHT_CENTS,
        per_request=Money(PER_NIGHT_REQUEST_CENTS),
        span=Span(now, now + NIGHTS_AHEAD),
        by=ben,
        now=now,
    )
    envelopes.sign(session, envelope_id=envelope, by=carla, now=now)
