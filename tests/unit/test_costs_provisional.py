"""A provisional answer says what it awaits: a rate, a table of one month, an airline fee, the guideline."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from reunify.eligibility.assessment import decide_source, known_facts
from reunify.eligibility.from_stored import source_view
from reunify.intake.form import TravelRequest
from reunify.rates.fields import dictionary
from reunify.rates.published import published
from tests.unit.cost_lines import ATLANTA, PARIS, book, cost, leg, trip

HOUSEHOLD = {"size": 2, "yearly_income_cents": 1_000_000, "state": "TX"}


def reasons(request: TravelRequest) -> tuple[str, ...]:
    words = dictionary()
    known = known_facts(request, published=published(), guideline_limit_percent=200, dictionary=words)
    stored = decide_source(book(), known, words).content()
    seen = source_view(stored, words, determination_id=uuid4(), rule_sha256="", answer_hash="")
    assert seen.provisional is bool(seen.provisional_because)
    return seen.provisional_because


def room(**more: Any) -> dict[str, Any]:
    return cost("lodging", 9_000, **({"night": "2026-11-05", "place": ATLANTA} | more))


def test_nothing_awaited_is_nothing_said() -> None:
    assert reasons(trip(room(), household=HOUSEHOLD)) == ()


def test_an_airlines_fee_is_not_called_a_rate_of_a_year() -> None:
    fee = cost("unaccompanied_minor_fee", 15_000, leg="home", traveler="child")
    alone = [leg("home", "2026-11-07", ["child"], carrier="American", nonstop="yes")]
    (said,) = reasons(trip(fee, legs=alone, household=HOUSEHOLD))
    assert said.startswith("this airline's fee is confirmed when we book (American Airlines")


def test_a_room_abroad_is_of_a_table_of_one_month() -> None:
    (said,) = reasons(trip(room(night="2026-04-10", place=PARIS), household=HOUSEHOLD))
    assert said.startswith("the table on file is of April 2026")
    assert "Paris" in said


def test_a_missing_guideline_and_a_missing_rate_are_both_said() -> None:
    legs = [leg("out", "2027-10-05", ["mother"])]
    guideline, rate = reasons(trip(room(night="2027-10-05"), legs=legs, household=HOUSEHOLD))
    assert guideline.startswith("the poverty guideline of this year is not published yet")
    assert rate.startswith("the rate of that year is not published yet, so the last one was used (GSA")
