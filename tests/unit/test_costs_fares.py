"""Fares: economy and its five exceptions, flights abroad on federal money, and miles a partner gives."""

from __future__ import annotations

from typing import Any

import pytest

from reunify.eligibility.costs import LineFacts, LineOutcome
from reunify.eligibility.fares import EXCEPTIONS
from reunify.intake.form import FareException
from tests.unit.cost_lines import (
    ATLANTA,
    EL_PASO,
    PARIS,
    TORONTO,
    cost,
    decided,
    facts_of_lines,
    leg,
    tried,
    trip,
    waiting_rules,
)

SAN_JUAN = {"city": "San Juan", "state": "PR"}
GUAM = {"city": "Tamuning", "country": "GU"}


def fare(**more: Any) -> dict[str, Any]:
    return cost("air_fare", 40_000, **({"leg": "out", "traveler": "mother"} | more))


def flight(to: dict[str, Any], **more: Any) -> list[dict[str, Any]]:
    return [leg("out", "2026-11-05", ["mother"], destination=to, **more)]


def test_an_economy_fare_is_paid_as_quoted() -> None:
    found = tried(trip(fare(fare_class="economy", ceiling_cents=45_000)))
    assert (found.outcome, found.payable, found.ceiling) == (LineOutcome.PAYABLE, 40_000, 45_000)


def test_a_fare_of_a_class_nobody_told_is_paid_from_our_money_and_asked_for_on_federal_money() -> None:
    assert tried(trip(fare())).payable == 40_000
    federal = tried(trip(fare()), federal=True)
    assert federal.outcome is LineOutcome.NEEDS_INFORMATION
    assert [q.pointer for q in federal.questions] == ["/cost_lines/0/fare_class"]
    assert federal.questions[0].supplied_by == ("staff",)


def test_a_fare_above_economy_without_a_reason_asks_a_person_and_never_refuses() -> None:
    request = trip(fare(fare_class="above_economy"))
    found = tried(request)
    assert (found.outcome, found.payable) == (LineOutcome.NEEDS_STAFF_DECISION, 0)
    assert found.cite.startswith("2 CFR 200.475")
    assert waiting_rules(found) == ["TR-003"]
    assert decided(request, "met").payable == 40_000
    assert decided(request, "not_met").outcome is LineOutcome.NOT_THIS_SOURCE


@pytest.mark.parametrize("reason", sorted(FareException))
def test_each_of_the_five_reasons_carries_a_fare_above_economy(reason: FareException) -> None:
    found = tried(trip(fare(fare_class="above_economy", fare_exception=reason.value)))
    assert (found.outcome, found.payable) == (LineOutcome.PAYABLE, 40_000)
    assert EXCEPTIONS[reason].en in found.reason.en
    assert EXCEPTIONS[reason].es in found.reason.es
    assert "2 CFR 200.475" in found.cite


@pytest.mark.parametrize(
    ("to", "us_flag", "federal", "asked"),
    [
        (PARIS, "no", True, True),
        (PARIS, "yes", True, False),
        (PARIS, "no", False, False),  # not on money that is not federal
        (TORONTO, "no", True, True),  # Canada is abroad to this rule
        (ATLANTA, "no", True, False),
        (SAN_JUAN, "no", True, False),  # a territory is not
        (GUAM, "no", True, False),
    ],
)
def test_federal_money_flies_abroad_with_a_united_states_airline_or_a_person_decides(
    to: dict[str, Any], us_flag: str, federal: bool, asked: bool
) -> None:
    request = trip(
        fare(fare_class="economy"), legs=flight(to, us_flag=us_flag), foreign_approval="OJP-SAMPLE-1"
    )
    found = tried(request, federal=federal)
    assert (waiting_rules(found) == ["TR-007"]) is asked
    assert (found.outcome is LineOutcome.PAYABLE) is not asked


def test_an_airline_nobody_told_is_a_question_on_federal_money_abroad() -> None:
    request = trip(fare(fare_class="economy"), legs=flight(PARIS), foreign_approval="OJP-SAMPLE-1")
    assert [q.pointer for q in tried(request, federal=True).questions] == ["/legs/0/us_flag"]
    assert tried(request).payable == 40_000


@pytest.mark.parametrize(
    ("to", "approval", "waits"),
    [
        (PARIS, None, True),
        (PARIS, "OJP-SAMPLE-1", False),
        (TORONTO, None, False),  # neither Canada nor Mexico
        ({"city": "Tijuana", "country": "MX"}, None, False),
        (SAN_JUAN, None, False),
        (GUAM, None, False),
    ],
)
def test_federal_money_waits_for_the_funders_prior_approval_of_foreign_travel(
    to: dict[str, Any], approval: str | None, waits: bool
) -> None:
    request = trip(
        fare(fare_class="economy"),
        cost("local_transport", 2_000),
        legs=flight(to, us_flag="yes"),
        foreign_approval=approval,
    )
    for number in (0, 1):  # every cost of the trip, the taxi at home included
        found = tried(request, number, federal=True)
        assert ("TR-006" in "".join(found.decides)) is waits
        assert tried(request, number).outcome is LineOutcome.PAYABLE
    if approval:
        assert approval in tried(request, federal=True).reason.en


def test_a_flight_given_in_miles_is_paid_by_the_fund_of_miles_alone() -> None:
    request = trip(fare(settled="partner_gives", units=25_000))
    miles = tried(request, unit="mile", pays=("air_fare",))
    assert (miles.outcome, miles.unit, miles.payable, miles.ceiling) == (
        LineOutcome.PAYABLE,
        "mile",
        25_000,
        25_000,
    )
    assert "25,000" in miles.reason.en
    assert tried(request).outcome is LineOutcome.NOT_THIS_SOURCE
    assert tried(request, unit="night", pays=("lodging",)).outcome is LineOutcome.NOT_THIS_SOURCE
    assert tried(trip(fare()), unit="mile", pays=("air_fare",)).outcome is LineOutcome.NOT_THIS_SOURCE


def test_a_flight_given_without_its_miles_asks_for_them() -> None:
    found = tried(trip(fare(settled="partner_gives")), unit="mile", pays=("air_fare",))
    assert [q.pointer for q in found.questions] == ["/cost_lines/0/units"]


def test_what_is_kept_of_a_fare_abroad_repeats_it() -> None:
    kept = facts_of_lines(trip(fare(fare_class="above_economy"), legs=flight(PARIS, origin=EL_PASO)))
    assert tuple(LineFacts.from_content(line.content()) for line in kept) == kept
    assert [c.rule for c in kept[0].checks] == ["TR-003", "TR-007", "TR-006"]
