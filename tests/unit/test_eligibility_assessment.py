"""From a whole request to facts, line tests and one outcome. The sample families are the stories."""

from __future__ import annotations

import copy
from datetime import date
from typing import Any

import pytest

from reunify.eligibility.assessment import Assessment, AssessmentOutcome, Known, decide_all, known_facts
from reunify.eligibility.costs import LineOutcome, LineTest
from reunify.eligibility.facts import UnknownCaseType
from reunify.intake.form import TravelRequest
from reunify.kernel.canonical import canonical
from reunify.rates.published import published
from reunify.rules.answers import Answer
from reunify.rules.library import shipped
from reunify.rules.model import NoRulesForDate
from reunify.sandbox.families import sample_families

Draft = dict[str, Any]


def family(letter: str) -> Draft:
    found = {f.letter: f.draft for f in sample_families(date(2026, 11, 25))}
    return copy.deepcopy(found[letter])


def known(draft: Draft, *, percent: int = 200) -> Known:
    return known_facts(
        TravelRequest.model_validate(draft),
        published=published(),
        guideline_limit_percent=percent,
        dictionary=shipped().dictionary,
    )


def assess(draft: Draft, *, percent: int = 200) -> Assessment:
    return decide_all(known(draft, percent=percent), shipped())


def answers(found: Assessment) -> dict[str, str]:
    return {s.source: s.determination.answer.value for s in found.sources}


def lines_of(found: Assessment, source: str) -> dict[str, LineTest]:
    (result,) = [s for s in found.sources if s.source == source]
    return {t.key: t for t in result.lines}


def fund(draft: Draft) -> dict[str, LineTest]:
    return lines_of(assess(draft), "domestic_reunification")


def test_a_boy_released_within_a_day_is_paid_by_the_fund_and_the_partner_and_the_compact_is_unlikely() -> (
    None
):
    found = assess(family("b"))
    assert found.outcome is AssessmentOutcome.PAYABLE
    assert (
        answers(found).items()
        >= {
            "domestic_reunification": "eligible",
            "interstate_compact": "unlikely",
            "partner_hotel_nights": "eligible",
        }.items()
    )
    given = lines_of(found, "partner_hotel_nights")
    assert {k: (t.payable, t.unit) for k, t in given.items() if t.payable} == {"night-2": (1, "night")}
    assert lines_of(found, "domestic_reunification")["night-2"].outcome is LineOutcome.NOT_THIS_SOURCE


def test_two_nights_either_side_of_the_new_year_of_rates_have_two_rates() -> None:
    lines = fund(family("d"))
    assert (lines["night-1"].payable, lines["night-2"].payable) == (11_000, 11_300)
    assert "FY2026" in lines["night-1"].cite
    assert "FY2027" in lines["night-2"].cite


@pytest.mark.parametrize(("quote", "paid"), [(10_999, 10_999), (11_000, 11_000), (11_001, 11_000)])
def test_a_night_is_paid_as_quoted_up_to_the_rate(quote: int, paid: int) -> None:
    draft = family("d")
    draft["cost_lines"][1] |= {"quote_cents": quote, "ceiling_cents": quote}
    assert fund(draft)["night-1"].payable == paid


def test_a_ceiling_above_the_quote_is_kept_but_never_above_the_rate() -> None:
    draft = family("d")
    draft["cost_lines"][1] |= {"quote_cents": 9_000, "ceiling_cents": 12_000}
    night = fund(draft)["night-1"]
    assert (night.payable, night.ceiling) == (9_000, 11_000)
    fares = family("b")
    fares["cost_lines"][0]["ceiling_cents"] = 80_000
    fare = fund(fares)["fare-mother"]
    assert (fare.payable, fare.ceiling) == (74_240, 80_000)


@pytest.mark.parametrize(("miles", "cents"), [(1280, 92_800), (1, 73), (2, 145), (3, 218)])
def test_mileage_is_rounded_on_the_total_half_a_cent_up(miles: int, cents: int) -> None:
    draft = family("d")
    draft["cost_lines"][0] |= {"miles": miles, "quote_cents": 1_000_000, "ceiling_cents": 1_000_000}
    assert fund(draft)["drive"].payable == cents


def test_meals_are_three_quarters_on_the_travelers_first_and_last_day() -> None:
    draft = family("b")
    for line in draft["cost_lines"]:
        line |= {"quote_cents": 90_000, "ceiling_cents": 90_000}
    assert fund(draft)["meals-mother"].payable == 6_450 + 8_600 + 6_450


def test_a_fund_of_nights_pays_rooms_the_partner_gives_and_nothing_else_it_gives() -> None:
    draft = family("b")
    draft["cost_lines"][0] |= {"settled": "partner_gives", "payee": "partner"}
    assert lines_of(assess(draft), "partner_hotel_nights")["fare-mother"].payable == 0
    assert fund(draft)["fare-mother"].outcome is LineOutcome.NOT_THIS_SOURCE


@pytest.mark.parametrize(
    ("line", "gap", "pointer"),
    [
        (1, {"night": None}, "/cost_lines/1/night"),
        (1, {"place": None}, "/cost_lines/1/place"),
        (1, {"place": {"city": "Amarillo", "country": "US"}}, "/cost_lines/1/place/state"),
        (0, {"miles": None}, "/cost_lines/0/miles"),
    ],
)
def test_a_gap_in_a_line_is_a_question_never_a_refusal(line: int, gap: Draft, pointer: str) -> None:
    draft = family("d")
    draft["cost_lines"][line] |= gap
    found = assess(draft)
    assert found.outcome is AssessmentOutcome.NEEDS_INFORMATION
    assert [q.pointer for q in found.questions] == [pointer]


def test_nothing_is_asked_about_a_line_that_no_answer_could_pay() -> None:
    draft = family("d")
    draft["cost_lines"][1]["night"] = None
    draft["household"]["yearly_income_cents"] = 90_000_000
    found = assess(draft)
    assert (found.outcome, found.questions) == (AssessmentOutcome.NO_SOURCE, ())


def test_a_place_outside_the_published_table_goes_to_a_person() -> None:
    draft = family("d")
    draft["cost_lines"][1]["place"] = {"city": "Honolulu", "state": "HI", "country": "US"}
    found = assess(draft)
    assert found.outcome is AssessmentOutcome.NEEDS_STAFF_DECISION
    assert lines_of(found, "domestic_reunification")["night-1"].outcome is LineOutcome.NEEDS_STAFF_DECISION


@pytest.mark.parametrize(
    ("dollars", "percent", "answer"),
    [
        (54_639, 100, Answer.ELIGIBLE),
        (54_640, 100, Answer.ELIGIBLE),  # three people in Texas, HHS 2026: $27,320, twice
        (54_641, 101, Answer.INELIGIBLE),
    ],
)
def test_income_under_at_and_one_dollar_over_twice_the_guideline(
    dollars: int, percent: int, answer: Answer
) -> None:
    draft = family("d")
    draft["household"] = {"size": 3, "yearly_income_cents": dollars * 100, "state": "TX"}
    found = assess(draft)
    assert found.known.facts["income_percent_of_limit"] == percent
    assert answers(found)["domestic_reunification"] == answer.value


def test_the_organisations_percent_moves_the_limit() -> None:
    draft = family("d")
    draft["household"] = {"size": 3, "yearly_income_cents": 5_464_100, "state": "TX"}
    assert answers(assess(draft, percent=201))["domestic_reunification"] == "eligible"


def test_an_agency_without_a_household_is_not_tested_for_income() -> None:
    draft = family("d")
    draft["asked_by"] = {"kind": "child_welfare_agency", "name": "Sample Agency"}
    draft["household"] = None
    assert answers(assess(draft))["domestic_reunification"] == "eligible"


def test_a_family_without_a_household_is_asked_for_all_three_parts() -> None:
    draft = family("d")
    draft["household"] = None
    asked = [q.pointer for q in assess(draft).questions]
    assert asked == ["/household/size", "/household/yearly_income_cents", "/household/state"]


def test_a_missing_report_number_holds_everything_up_even_when_the_partner_could_give_a_night() -> None:
    draft = family("b")
    draft["case"]["report_number"] = None
    found = assess(draft)
    assert found.outcome is AssessmentOutcome.NEEDS_INFORMATION
    assert [q.pointer for q in found.questions] == ["/case/report_number"]


def test_the_answer_to_the_question_makes_it_payable() -> None:
    draft = family("f")
    assert assess(draft).outcome is AssessmentOutcome.NEEDS_INFORMATION
    draft["case"]["report_number"] = "SAMPLE-7"
    assert assess(draft).outcome is AssessmentOutcome.PAYABLE


def test_no_return_decision_waits_for_a_person_and_a_bad_one_ends_it() -> None:
    draft = family("b")
    draft["return_authority"]["decision"] = None
    assert assess(draft).outcome is AssessmentOutcome.NEEDS_STAFF_DECISION
    draft["return_authority"]["decision"] = "not_safe_or_lawful"
    assert assess(draft).outcome is AssessmentOutcome.NO_SOURCE


def test_income_over_the_limit_and_fares_only_leaves_no_source() -> None:
    found = assess(family("e"))
    assert found.outcome is AssessmentOutcome.NO_SOURCE
    assert answers(found)["partner_hotel_nights"] == "eligible"  # but it gives nights, and none was asked for


def test_what_someone_else_may_pay_never_holds_the_request_up() -> None:
    found = assess(family("b"))
    assert answers(found)["home_free"] == "ask"
    assert found.outcome is AssessmentOutcome.PAYABLE
    assert "/told/home_free_tickets_before" in [q.pointer for q in found.elsewhere_questions]
    assert found.questions == ()


def test_while_the_home_state_may_have_to_pay_a_person_says_whether_it_was_asked() -> None:
    draft = family("b")
    draft["case"]["held_over_24_hours"] = "unknown"
    found = assess(draft)
    assert answers(found)["interstate_compact"] == "ask"
    assert found.outcome is AssessmentOutcome.NEEDS_STAFF_DECISION
    assert "/case/held_over_24_hours" in [q.pointer for q in found.elsewhere_questions]
    assert found.questions == ()  # the family is asked nothing


def test_a_child_held_over_a_day_out_of_state_is_worth_a_call_to_the_home_state() -> None:
    draft = family("b")
    draft["case"]["held_over_24_hours"] = "yes"
    assert answers(assess(draft))["interstate_compact"] == "worth_applying"
    draft["case"]["located_place"] |= {"state": "TX"}
    assert answers(assess(draft))["interstate_compact"] == "unlikely"


def test_a_rate_year_not_yet_published_gives_a_provisional_answer() -> None:
    draft = family("d")
    draft["cost_lines"][1]["night"] = "2027-10-01"
    found = assess(draft)
    (result,) = [s for s in found.sources if s.source == "domestic_reunification"]
    assert result.provisional
    assert lines_of(found, "domestic_reunification")["night-1"].payable == 11_300


def test_a_case_type_nobody_defined_and_a_trip_before_any_rule_are_refused_in_words() -> None:
    draft = family("b")
    draft["case"]["case_type"] = "misspelt"
    with pytest.raises(UnknownCaseType, match="endangered_runaway"):
        assess(draft)
    old = family("b")
    for leg in old["legs"]:
        leg |= {"departs": "2025-05-01T10:00", "arrives": "2025-05-01T12:00"}
    with pytest.raises(NoRulesForDate, match="day this trip begins"):
        assess(old)


@pytest.mark.parametrize("letter", ["b", "d", "e", "f"])
def test_stored_facts_repeat_the_answer_byte_for_byte(letter: str) -> None:
    first = known(family(letter))
    words = shipped().dictionary
    again = Known.from_content(first.content(), words)
    assert again == first
    mine, theirs = decide_all(first, shipped()), decide_all(again, shipped())
    for one, other in zip(mine.sources, theirs.sources, strict=True):
        assert canonical(one.content()) == canonical(other.content())


def test_every_fact_has_an_entry_in_the_dictionary_and_the_other_way_round() -> None:
    assert set(known(family("b")).facts) == set(shipped().dictionary.fields)
