"""What may be attested at night: what can wait, and never identity, custody or safety."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from reunify.eligibility.assessment import decide_all, known_facts
from reunify.eligibility.attesting import can_wait
from reunify.intake import tonight
from reunify.intake.form import TravelRequest
from reunify.intake.tonight_costs import Terms
from reunify.rates.published import published
from reunify.rules.library import shipped
from tests.emergencies import night_answers

NIGHT = datetime(2026, 11, 26, 7, 7, tzinfo=UTC)


def attested(**changed: Any) -> list[str]:
    said = tonight.read(night_answers(**changed))
    draft = tonight.draft_of(said, now=NIGHT, terms=Terms(published(), 15, 25))
    rulebooks = shipped()
    known = known_facts(
        TravelRequest.model_validate(draft),
        published=published(),
        guideline_limit_percent=200,
        dictionary=rulebooks.dictionary,
        day=date(2026, 11, 26),
    )
    return [r.requirement.id for r in can_wait(decide_all(known, rulebooks), rulebooks)]


def test_income_and_report_number_can_wait() -> None:
    assert attested() == ["DR-04", "DR-05"]


def test_an_agency_that_brings_the_child_owes_no_income() -> None:
    assert attested(authority={"custody_basis": "agency_custody"}) == ["DR-04"]


def test_nothing_that_is_safety_is_attested_when_it_is_open() -> None:
    open_questions = {
        "called_back": "unknown",
        "protective_order": "unknown",
        "abuse_suspected": "unknown",
        "decision": None,
        "decision_reason": None,
    }
    assert attested(authority=open_questions, held_over_24_hours="unknown") == ["DR-04", "DR-05"]


@pytest.mark.parametrize("source", sorted(shipped().versions))
def test_no_rule_of_any_source_lets_anybody_attest_the_return_authority(source: str) -> None:
    safety = {"return_authority_decision", "abuse_suspected", "protective_order"}
    for book in shipped().versions[source]:
        for requirement in book.requirements:
            assert requirement.owed_within is None or not safety.intersection(requirement.fields)
