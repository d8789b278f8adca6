"""A recorded decision counts for what it was given about, while it is not overdue, and waives no safety."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from reunify.eligibility.assessment import Assessment, AssessmentOutcome, Known, decide_all, decide_source
from reunify.eligibility.costs import LineFacts, line_decision_id
from reunify.eligibility.counting import Decidable, terms_of, told_of
from reunify.eligibility.lines import staff_check
from reunify.kernel.canonical import canonical
from reunify.rates.fields import FactValue, Words
from reunify.rules.answers import Answer
from reunify.rules.compiled import status
from reunify.rules.decide import determine
from reunify.rules.model import Decision, Rulebook, Rulebooks, suspended_id
from tests.unit import cost_lines
from tests.unit.assessment_world import DAY, SAFE, book, line, rule, words

PAYABLE, STAFF = AssessmentOutcome.PAYABLE, AssessmentOutcome.NEEDS_STAFF_DECISION
POOR = rule("OW-01", 'require: {income: "<= 2000"}')
NEAR_HOME = rule("OW-03", 'require: {abroad: "no"}', "MEDIUM")
REPORT = rule("OW-02", 'require: {report_given: "yes"}\n    attest: {owed_within: 14 days}')
YOUNG = "row,child_age,=> trip_cap,cite\nA,< 5,100.00,1\n"
MET = {suspended_id("own"): Decision("met", DAY)}


def judged(
    own: Rulebook,
    decisions: Mapping[str, Decision],
    *,
    facts: Mapping[str, FactValue] | None = None,
    lines: tuple[LineFacts, ...] = (line(),),
    suspension: str | None = None,
    day: date | None = DAY,
) -> Assessment:
    off = {} if suspension is None else {"own": suspension}
    rulebooks = Rulebooks(words(), "0" * 64, {"own": (own,)}, frozenset(off), off)
    return decide_all(Known(SAFE | dict(facts or {}), lines, decisions, day=day), rulebooks)


@pytest.mark.parametrize(
    ("authority", "answer"),
    [
        ("safe_and_lawful", Answer.ELIGIBLE),
        ("not_safe_or_lawful", Answer.INELIGIBLE),
        (None, Answer.NEEDS_STAFF_DECISION),
    ],
)
def test_a_yes_for_a_suspended_source_never_waives_the_return_authority(
    authority: str | None, answer: Answer
) -> None:
    own = book("own", "held", POOR)
    facts = SAFE | {"return_authority_decision": authority}
    assert determine(own, facts, words(), MET, suspended=True).answer is answer
    assert status(own, words())(facts, MET, suspended=True) is answer
    waived = MET | {"OW-99": Decision("met", DAY)}
    assert determine(own, facts, words(), waived, suspended=True).answer is answer


def test_a_yes_for_a_suspended_source_pays_only_once_each_table_is_answered() -> None:
    own = book("own", "held", POOR, table=YOUNG)
    nine, four, unknown = SAFE, SAFE | {"child_age": 4}, SAFE | {"child_age": None}
    assert determine(own, four, words(), MET, suspended=True).answer is Answer.ELIGIBLE
    assert determine(own, nine, words(), MET, suspended=True).answer is Answer.NEEDS_STAFF_DECISION
    for word, answer in (("met", Answer.ELIGIBLE), ("not_met", Answer.INELIGIBLE)):
        said = MET | {"OW-CAPS": Decision(word, DAY)}
        assert determine(own, nine, words(), said, suspended=True).answer is answer
    waiting = determine(own, unknown, words(), MET, suspended=True)
    assert waiting.answer is Answer.NEEDS_STAFF_DECISION
    assert [q.field for q in waiting.questions] == ["child_age"]
    assert determine(own, unknown, words(), suspended=True).questions == ()


def test_a_word_on_one_suspension_is_no_word_on_the_next() -> None:
    own = book("own", "held", POOR)
    first = {suspended_id("own"): Decision("met", DAY, "suspension 7")}
    rich = {"income": 9_000_00}
    assert judged(own, first, facts=rich, suspension="7").outcome is PAYABLE
    assert judged(own, first, facts=rich, suspension="9").outcome is STAFF
    resumed = judged(own, first, facts=rich)
    assert resumed.sources[0].determination.answer is Answer.INELIGIBLE
    assert resumed.known.decisions == {}


RATE = staff_check("PD-RATE", Words("No rate is published.", "No hay tarifa."), "None")


@pytest.mark.parametrize(
    "changed",
    [
        {"quote_cents": 40_001},
        {"ceiling_cents": 40_001},
        {"limit_cents": 30_000},
        {"settled": "reimbursed"},
        {"terms": "another class"},
        {"told": "another place"},
        {"checks": (replace(RATE, en="No rate is published for the new place."),)},
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_a_yes_to_a_cost_ends_with_the_cost_it_was_said_to(changed: dict[str, Any]) -> None:
    own, cost = book("own", "held", POOR), replace(line(), checks=(RATE,))
    name = line_decision_id(cost, "PD-RATE")
    about = Decidable((own,), (cost,), {}).about(name)
    said = {name: Decision("met", DAY, about)}
    assert judged(own, {}, lines=(cost,)).outcome is STAFF
    assert judged(own, said, lines=(cost,)).outcome is PAYABLE
    assert judged(own, said, lines=(replace(cost, **changed),)).outcome is STAFF


def test_a_yes_to_one_of_two_like_costs_is_not_one_to_the_other() -> None:
    one, two = (replace(line(key), number=n, checks=(RATE,)) for n, key in enumerate(("a", "b")))
    name = line_decision_id(one, "PD-RATE")
    assert name != line_decision_id(two, "PD-RATE")
    about = Decidable((), (one, two), {}).about(name)
    instead = replace(two, number=0)  # the first was taken out, so the second has its name
    assert line_decision_id(instead, "PD-RATE") == name
    assert Decidable((), (instead,), {}).counting({name: Decision("met", DAY, about)}, DAY) == {}


def test_what_is_said_of_a_flight_is_said_of_its_carrier_its_places_and_its_travelers() -> None:
    fare = cost_lines.cost("air_fare", 40_000, leg="out", traveler="mother", fare_class="economy")
    legs = [cost_lines.leg("out", "2026-11-05", ["mother"], carrier="United")]
    was = cost_lines.trip(fare, legs=legs)
    for other in (
        cost_lines.trip(fare, legs=[legs[0] | {"carrier": "Delta"}]),
        cost_lines.trip(fare, legs=[legs[0] | {"travelers": ["mother", "child"]}]),
        cost_lines.trip(fare, legs=[legs[0] | {"destination": cost_lines.PARIS}]),
        cost_lines.trip(fare | {"fare_class": "above_economy"}, legs=legs),
    ):
        assert told_of(other, other.cost_lines[0]) != told_of(was, was.cost_lines[0])
    renamed = cost_lines.trip(fare | {"traveler": "child"}, legs=[legs[0] | {"travelers": ["child"]}])
    assert terms_of(renamed, renamed.cost_lines[0]) == terms_of(was, was.cost_lines[0])  # nobody is in it
    dearer_class = cost_lines.trip(fare | {"fare_class": "above_economy"}, legs=legs)
    assert terms_of(dearer_class, dearer_class.cost_lines[0]) != terms_of(was, was.cost_lines[0])


@pytest.mark.parametrize(("late", "answer"), [(0, "eligible_provisional"), (1, "needs_information")])
def test_what_is_attested_counts_to_the_day_it_is_owed_by_and_is_then_asked_for(
    late: int, answer: str
) -> None:
    own = book("own", "held", REPORT)
    said = {"OW-02": Decision("attested", DAY)}
    found = judged(own, said, facts={"report_given": None}, day=DAY + timedelta(days=14 + late))
    assert found.sources[0].determination.answer == answer
    assert [q.field for q in found.questions] == (["report_given"] if late else [])
    again = Known.from_content(found.known.content(), words())
    assert again.day == DAY + timedelta(days=14 + late)
    once_more = decide_source(own, again, words())
    assert canonical(once_more.content()) == canonical(found.sources[0].content())


def plain(question: str, name: str = "Last resort") -> Rulebook:
    asked = f"decide_by: staff\n    question: {{en: {question}, es: Pregunta}}"
    one = rule("OW-04", asked).replace("name: Rule OW-04", f"name: {name}")
    return book("own", "held", one)


HOME = book("own", "held", NEAR_HOME)
ASKS = plain("Is it the last resort")


@pytest.mark.parametrize(
    ("was", "becomes", "counts"),
    [
        (HOME, HOME, True),
        (HOME, book("own", "held", NEAR_HOME.replace("Not this one.", "Not this time.")), True),
        (HOME, book("own", "held", NEAR_HOME.replace("abroad", "report_given")), False),
        (HOME, book("own", "held", NEAR_HOME.replace('at: "1"', 'at: "9"')), False),
        (ASKS, ASKS, True),
        (ASKS, plain("Is it the first resort"), False),
        (ASKS, plain("Is it the last resort", "First resort"), False),
    ],
)
def test_a_decision_ends_with_the_rule_it_was_given_on_and_not_with_its_wording(
    was: Rulebook, becomes: Rulebook, counts: bool
) -> None:
    (name,) = (r.id for r in was.requirements if r.id != "OW-99")
    said = {name: Decision("met", DAY, Decidable((was,), (), {}).about(name))}
    facts: dict[str, FactValue] = {"abroad": True}
    assert (judged(becomes, said, facts=facts).outcome is PAYABLE) is counts


def test_a_decision_on_a_table_ends_with_its_rows() -> None:
    was, wider = (book("own", "held", POOR, table=rows) for rows in (YOUNG, YOUNG.replace("< 5", "< 6")))
    said = {"OW-CAPS": Decision("met", DAY, Decidable((was,), (), {}).about("OW-CAPS"))}
    assert judged(was, said).outcome is PAYABLE
    assert judged(wider, said).outcome is STAFF
