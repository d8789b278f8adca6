"""What a refusal letter says to whom: nobody reads of another household's income, and no hope is held out
beside a no that stands."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from functools import partial
from typing import Any

import pytest

from reunify.documents.context import Said
from reunify.documents.refusal import CAN_DO, NOT_THESE_COSTS, reasons, what_can_be_done
from reunify.eligibility.assessment import decide_source, known_facts
from reunify.eligibility.explained import ChangeView, SourceView
from reunify.eligibility.from_stored import source_view
from reunify.intake import households, whose_facts
from reunify.intake.form import TravelRequest
from reunify.kernel.ids import new_id
from reunify.rates.fields import Words
from reunify.rates.published import published
from reunify.rules.library import shipped
from reunify.rules.model import Decision
from reunify.sandbox.families import sample_family

DAY = date(2026, 11, 25)
FUND = "domestic_reunification"
LOW = {"size": 3, "yearly_income_cents": 100, "state": "TX"}
NOT_RECOVERED = sample_family("e", DAY).draft["case"] | {"recovered": "no", "recovered_on": None}
INCOME = "This fund has an income limit, and the income you told us is above it."


def request(**changed: Any) -> TravelRequest:
    """The family whose income is above the limit."""
    return TravelRequest.model_validate(copy.deepcopy(sample_family("e", DAY).draft) | changed)


def of_two(asked_by: str, **changed: Any) -> TravelRequest:
    """Mother and father live apart, her address is protected, and each travels on one leg with the child."""
    draft = copy.deepcopy(sample_family("e", DAY).draft) | changed
    child = next(t for t in draft["travelers"] if t["role"] == "child")
    address = {"address": "1 Hidden Road", "address_protected": True, "language": "en"}
    mother = {"key": "mother", "name": "Sample Mother", "role": "parent", "household": "hers"}
    father = {"key": "father", "name": "Sample Father", "role": "parent", "household": "his"}
    draft["travelers"] = [mother | {"contact": address}, father, child]
    leg = draft["legs"][0]
    draft["legs"] = [
        leg | {"travelers": ["mother", child["key"]], "household": "hers"},
        leg | {"key": "another", "travelers": ["father", child["key"]], "household": "his"},
    ]
    draft["asked_by"] = {"kind": "family", "name": asked_by}
    return TravelRequest.model_validate(draft)


def judged(
    content: TravelRequest, source: str = FUND, decided: dict[str, Decision] | None = None
) -> SourceView:
    book = shipped().versions[source][-1]
    words = shipped().dictionary
    known = known_facts(content, published=published(), guideline_limit_percent=200, dictionary=words)
    found = decide_source(book, replace(known, decisions=decided or {}), words)
    return source_view(found.content(), words, determination_id=new_id(), rule_sha256="", answer_hash="")


def read_by(household: str, content: TravelRequest, sources: Sequence[SourceView]) -> list[str]:
    may_read = partial(whose_facts.may_read, request=content, household=household)
    return [r.sentence.en for r in reasons(sources, may_read)]


def test_the_only_household_reads_that_its_income_is_above_the_limit() -> None:
    content = request()
    (home,) = households.households(content)
    assert read_by(home, content, [judged(content)]) == [INCOME]


@pytest.mark.parametrize(
    ("asked_by", "theirs", "others"), [("Sample Mother", "hers", "his"), ("sample father ", "his", "hers")]
)
def test_of_two_households_only_the_one_that_told_its_income_reads_of_it(
    asked_by: str, theirs: str, others: str
) -> None:
    content = of_two(asked_by)
    assert households.is_protected(content, "hers")
    source = judged(content)
    assert read_by(theirs, content, [source]) == [INCOME]
    assert read_by(others, content, [source]) == [NOT_THESE_COSTS.en]


@pytest.mark.parametrize("asked_by", ["Somebody Else", "Sample Child"])
def test_an_income_of_nobody_knows_which_household_is_read_by_neither(asked_by: str) -> None:
    content = of_two(asked_by)
    source = judged(content)
    assert {s for h in ("hers", "his") for s in read_by(h, content, [source])} == {NOT_THESE_COSTS.en}


def test_what_the_case_itself_lacks_is_told_to_both() -> None:
    content = of_two("Sample Mother", household=LOW, case=NOT_RECOVERED)
    source = judged(content)
    said = "This fund helps once an officer, an agency or a trusted adult is with your child."
    assert read_by("hers", content, [source]) == read_by("his", content, [source]) == [said]


def test_a_finding_about_the_adult_the_child_goes_to_is_told_to_that_household_alone() -> None:
    released = {"released_to": "father", "decision": "not_safe_or_lawful", "decision_reason": "A finding."}
    content = of_two("Sample Mother", return_authority=released)
    source = judged(content)
    assert "A person on our team will be in touch" in read_by("his", content, [source])[0]
    assert read_by("hers", content, [source]) == [NOT_THESE_COSTS.en]


@pytest.mark.parametrize("change", ["/household/size", "/legs/0/departs", "/told/one_way_miles", ""])
def test_what_would_change_it_is_told_to_no_other_household(change: str) -> None:
    content = of_two("Sample Mother")
    label = Words("It", "Ello")
    source = replace(judged(content), changes=(ChangeView(((label, "yes", label),), True, (change,)),))
    may_read = partial(whose_facts.may_read, request=content, household="his")
    assert what_can_be_done([source], may_read) == list(CAN_DO)
    assert len(what_can_be_done([source])) == len(CAN_DO) + 1  # the only household reads it


@pytest.mark.parametrize("standing", ["income", "purpose", "safety"])
def test_a_no_that_stands_by_itself_is_never_told_as_something_that_helps_once(standing: str) -> None:
    changed: dict[str, Any] = {"case": NOT_RECOVERED}
    if standing != "income":
        changed["household"] = LOW
    if standing == "purpose":
        changed["purpose"] = "visit_child"
    if standing == "safety":
        changed["return_authority"] = {"decision": "not_safe_or_lawful", "decision_reason": "A finding."}
    source = judged(request(**changed))
    assert {"DR-02"} < {r.id for r in source.not_met}
    (reason,) = reasons([source])
    assert "once" not in reason.sentence.en
    assert "cuando un oficial" not in reason.sentence.es


def test_what_can_be_done_names_help_elsewhere_and_never_a_loan_or_a_card_only_a_person_reads() -> None:
    view = judged(request(), "interstate_compact")
    assert view.hand_off is not None
    card = Said(view.hand_off.family.en, view.hand_off.family.es)
    for answer, told in (("worth_applying", True), ("ask", True), ("unlikely", False)):
        assert (card in what_can_be_done([replace(view, answer=answer)])) is told
    assert card not in what_can_be_done([replace(view, answer="ask", loan=True)])
    assert card not in what_can_be_done([replace(view, answer="ask", requirements=())])
    assert card not in what_can_be_done([replace(view, answer="ask", suspended=True)])
    many = [
        replace(view, answer="ask", hand_off=replace(view.hand_off, family=Words(str(n), str(n))))
        for n in range(9)
    ]
    assert len(what_can_be_done(many)) == len(CAN_DO) + 3


def test_the_advice_itself_is_kept_from_a_household_that_may_not_read_what_it_stands_on() -> None:
    content = of_two("Sample Mother")
    view = replace(judged(content, "texas_crime_compensation"), answer="worth_applying")
    may_read = partial(whose_facts.may_read, request=content, household="his")
    assert what_can_be_done([view], may_read) == list(CAN_DO)
