"""Which change is only wording, and what proves a version. Pure: the rules' own text in, an answer out."""

from __future__ import annotations

import pytest

from reunify.rates.fields import dictionary
from reunify.rules.bundle import joined
from reunify.rules.examples import load_examples
from reunify.rules.library import shipped
from reunify.rules.model import Rulebook
from reunify.rules.proving import failures
from reunify.rules.reading import compile_rulebook
from reunify.rules.substance import substance, wording_only
from tests.integration.rules_world import EXAMPLES, RULES, STRICTER

QUESTION = '    question: {en: "Is it so?", es: "¿Es así?"}\n'
ASKED = RULES.replace("    confidence: HIGH\n", f"    confidence: HIGH\n{QUESTION}")
WORDS = (
    ("Your child is in another state.", "Your child was found elsewhere."),
    ("Su hijo o hija está en otro estado.", "Está en otro estado."),
    ("name: Sample help", "name: Help, as a sample"),
    ("public_name: {en: Sample help", "public_name: {en: Help"),
    ("name: The child was found outside", "name: Found outside"),
    ("Call the sample programme.", "Ring the sample programme."),
    ("Another programme may help.", "Somebody else may help."),
    ("Is it so?", "Is that so?"),
    ("kind: elsewhere\n", "kind: elsewhere # read again\n"),
)
MORE_THAN_WORDS = (
    ('{found_out_of_state: "yes"}', '{found_out_of_state: "no"}'),
    ('{found_out_of_state: "yes"}', '{held_over_24_hours: "yes"}'),
    ("require: {", "deny_if: {"),
    ("confidence: HIGH", "confidence: MEDIUM"),
    ("at: page 1", "at: page 9"),
    ("id: SH-01", "id: SH-02"),
    ("review_by: 2027-11-22", "review_by: 2027-11-23"),
    ("from: 2027-01-01", "from: 2027-01-02"),
    ("basis: travel_start", "basis: travel_end"),
    ("deadline: none", "deadline: five days"),
    ("organisation_set: no", "organisation_set: yes"),
    (QUESTION, ""),
)


def book(text: str) -> Rulebook:
    return compile_rulebook(joined(text.encode(), {}), dictionary(), "sample_help/2027-01-01.yaml")


@pytest.mark.parametrize(("was", "becomes"), WORDS)
def test_other_words_are_only_words(was: str, becomes: str) -> None:
    assert was in ASKED
    other = book(ASKED.replace(was, becomes))
    assert other.sha256 != book(ASKED).sha256
    assert wording_only(book(ASKED), other)


@pytest.mark.parametrize(("was", "becomes"), MORE_THAN_WORDS)
def test_whatever_may_change_an_answer_or_its_ground_is_more_than_words(was: str, becomes: str) -> None:
    assert was in ASKED
    assert not wording_only(book(ASKED), book(ASKED.replace(was, becomes)))


ONLY_ASKED = RULES.replace('require: {found_out_of_state: "yes"}\n', "decide_by: staff\n" + QUESTION)


@pytest.mark.parametrize(
    ("was", "becomes"),
    [
        ("Is it so?", "Is it not so?"),
        ("¿Es así?", "¿No es así?"),
        ("name: The child was found outside the home state", "name: The child was found at home"),
    ],
)
def test_what_a_plain_staff_decision_asks_is_its_condition(was: str, becomes: str) -> None:
    assert was in ONLY_ASKED
    assert not wording_only(book(ONLY_ASKED), book(ONLY_ASKED.replace(was, becomes)))
    said = ONLY_ASKED.replace("Your child is in another state.", "Your child was found elsewhere.")
    assert wording_only(book(ONLY_ASKED), book(said))


def test_what_people_decided_on_a_rule_outlives_a_new_reading_of_its_citation_and_nothing_more() -> None:
    was = substance(book(ASKED).requirements[0])
    for kept, becomes in (("verified_on: 2026-11-22", "verified_on: 2026-11-23"), *WORDS[:2], WORDS[7]):
        assert substance(book(ASKED.replace(kept, becomes)).requirements[0]) == was
    for changed, becomes in MORE_THAN_WORDS[:6]:
        assert substance(book(ASKED.replace(changed, becomes)).requirements[0]) != was


def test_every_shipped_version_read_twice_differs_by_nothing() -> None:
    words = dictionary()
    for versions in shipped().versions.values():
        for one in versions:
            assert wording_only(one, compile_rulebook(one.body, words, one.source))


def test_a_number_in_a_table_is_more_than_words() -> None:
    one = next(b for v in shipped().versions.values() for b in v if b.tables)
    table = one.tables[0].rows[-1]
    written = table.cite.encode()
    assert written in one.body
    other = compile_rulebook(one.body.replace(written, written + b" (read again)"), dictionary(), one.source)
    assert not wording_only(one, other)


def told(rules: str, examples: str) -> str:
    found = load_examples(examples.encode(), dictionary(), "sample_help/2027-01-01.examples.yaml")
    return " ".join(failures(book(rules), found, dictionary()))


def test_examples_that_give_their_answers_and_decide_by_every_requirement_prove_a_version() -> None:
    assert told(RULES, EXAMPLES) == ""


@pytest.mark.parametrize(
    ("rules", "examples", "said"),
    [
        (RULES, "given: {}\nexamples: []\n", "There is no example"),
        (RULES, EXAMPLES.replace("answer: unlikely", "answer: ask"), "expects ask, but the rules"),
        (RULES, EXAMPLES.replace("because: SH-01", "because: SH-07"), "because of SH-07"),
        (RULES, EXAMPLES.replace("because: SH-01", "asks: [case_type]"), "ask for nothing"),
        (RULES, EXAMPLES.replace("facts: {found_out_of_state: no}, answer: unlikely, because: SH-01",
                                 "answer: worth_applying"), "No example is decided by requirement SH-01"),
        (STRICTER, EXAMPLES, "expects worth_applying, but the rules answer ask"),
    ],
)  # fmt: skip
def test_what_is_not_proved_is_said_with_its_name(rules: str, examples: str, said: str) -> None:
    assert said in told(rules, examples)


def test_a_requirement_is_decided_although_a_person_is_always_asked_of_another() -> None:
    """The other one is never met in an example, yet this one's no is what makes the answer a no."""
    staff = """\
  - id: SH-02
    name: Staff judge it
    decide_by: staff
    confidence: HIGH
    cite: {doc: Sample programme, at: page 3}
    question: {en: "Is it so?", es: "¿Es así?"}
    say:
      met: {en: It is so., es: Es así.}
      not_met: {en: It is not so., es: No es así.}
"""
    rules = RULES.replace("hand_off:\n", f"{staff}hand_off:\n")
    examples = EXAMPLES.replace("worth_applying", "ask")
    assert told(rules, examples) == ""
