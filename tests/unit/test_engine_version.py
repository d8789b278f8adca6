"""What the engine says is tied to its number: the same rules, facts and decisions give the same bytes."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from reunify.eligibility.assessment import Assessment
from reunify.eligibility.costs import LineFacts
from reunify.eligibility.line_questions import ASKED
from reunify.eligibility.lines import Finding, LineCheck, asking, staff_check
from reunify.eligibility.policy import funder_id
from reunify.kernel.canonical import digest_of
from reunify.rates.fields import Words
from reunify.rules.answers import ENGINE_VERSION
from reunify.rules.model import suspended_id
from tests.unit.assessment_world import book, judged, line, rule

KEPT = Path(__file__).with_name("engine_answers.json")
POOR = rule("OW-01", 'require: {income: "<= 2000"}')
REPORT = rule("OW-02", 'require: {report_given: "yes"}\n    attest: {owed_within: 14 days}')
NEAR_HOME = rule("OW-03", 'require: {abroad: "no"}', "MEDIUM")
PLAIN = rule("OW-04", "decide_by: staff\n    question: {en: Is it the last resort, es: Es el último}")
EITHER = rule("FA-01", 'require_any: [{abroad: "yes"}, {child_age: "< 12"}]')
YOUNG = "row,child_age,=> trip_cap,=> child_cap air_fare,cite\nA,< 5,100.00,-,1\nB,5..9,900.00,80.00,2\n"
OWN = book("own", "held", POOR, REPORT, NEAR_HOME, PLAIN, table=YOUNG)
FAR = book("far", "asked", EITHER)
NEAR = book("near", "elsewhere", rule("NE-01", 'deny_if: {child_age: ">= 18"}'))
LOAN = book("lot", "elsewhere", rule("LO-01", 'require: {child_age: "< 18"}'), more="loan: yes\n")
SEEN = Words("A person looks at it.", "Lo revisa una persona.")


def lines() -> tuple[LineFacts, ...]:
    """One of each kind: paid, limited, waiting for a person or an answer, given, and nobody's."""
    met = LineCheck("TR-003", Finding.MET, "2 CFR 200.475", "Above economy.", "Clase superior.")
    every = tuple(asking("TR-000", what, f"/cost_lines/4/{what}", "Policy") for what in sorted(ASKED))
    made = (
        line("fare"),
        replace(line("room", "lodging"), limit_cents=30_000, cite="GSA"),
        replace(line("dear", "lodging"), checks=(staff_check("PD-005", SEEN, "GSA", lifts_to=50_000),)),
        replace(line("abroad"), checks=(staff_check("PD-RATE", SEEN, "None"), met)),
        replace(line("unclear"), checks=every),
        replace(line("night", "lodging"), unit="night", units=1),
        replace(line("miles"), unit="mile", units=25_000),
        line("taxi", "taxi"),
        replace(line("open"), checks=(met,)),
    )
    return tuple(replace(one, number=number) for number, one in enumerate(made))


def cases() -> dict[str, Assessment]:
    off = frozenset({"own"})
    known = {"OW-04": "met"}
    dear = next(t for s in judged(OWN, lines=lines()).sources for t in s.lines if t.key == "dear").decides
    return {
        "everything is known and well": judged(OWN, FAR, NEAR, LOAN, decided=known, lines=lines()),
        "a person said yes to a cost": judged(
            OWN, decided=known | dict.fromkeys(dear, "met"), lines=lines()[:4]
        ),
        "a person said no to a cost": judged(
            OWN, decided=known | dict.fromkeys(dear, "not_met"), lines=lines()[:4]
        ),
        "too much income": judged(OWN, FAR, NEAR, facts={"income": 9_000_00}),
        "nobody knows": judged(
            OWN, FAR, NEAR, LOAN, facts={"income": None, "child_age": None, "abroad": None}
        ),
        "attested": judged(
            OWN, FAR, facts={"report_given": None}, decided={**known, "OW-02": "attested", "OW-03": "met"}
        ),
        "no authority": judged(OWN, FAR, facts={"return_authority_decision": "not_safe_or_lawful"}),
        "no row of the table": judged(OWN, facts={"child_age": 15}),
        "suspended": judged(OWN, NEAR, suspended=frozenset({"own", "near"})),
        "suspended, and a person said yes": judged(OWN, suspended=off, decided={suspended_id("own"): "met"}),
        "suspended, and a table waits": judged(
            OWN, suspended=off, facts={"child_age": None}, decided={suspended_id("own"): "met"}
        ),
        "the funder said no": judged(OWN, FAR, decided={funder_id("far"): "not_met"}),
    }


def answers() -> dict[str, str]:
    return {
        name: digest_of([found.outcome, found.known.content(), *(s.content() for s in found.sources)])
        for name, found in cases().items()
    }


def written() -> str:
    """To keep what a new engine says: `python -m tests.unit.test_engine_version`, after it got its number."""
    return json.dumps({"engine": ENGINE_VERSION, "answers": answers()}, indent=2) + "\n"


@pytest.mark.parametrize("name", sorted(cases()))
def test_the_same_engine_gives_the_same_answer(name: str) -> None:
    kept = json.loads(KEPT.read_text())
    assert kept["engine"] == ENGINE_VERSION, "a new engine: keep its answers, see `written`"
    assert answers()[name] == kept["answers"].get(name), (
        f"`{name}` is answered otherwise than engine {ENGINE_VERSION} answered it: raise ENGINE_VERSION, so "
        "that whoever repeats an old answer is told which engine made it"
    )


def test_another_word_in_the_code_is_another_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    was = answers()
    words = replace(ASKED["night"][1], en="Which night?")
    monkeypatch.setitem(ASKED, "night", (ASKED["night"][0], words, *ASKED["night"][2:]))
    assert answers()["everything is known and well"] != was["everything is known and well"]


def test_every_kept_answer_is_of_a_case_and_no_two_are_alike() -> None:
    kept = json.loads(KEPT.read_text())["answers"]
    assert sorted(kept) == sorted(cases())
    assert len(set(kept.values())) == len(kept)


if __name__ == "__main__":
    KEPT.write_text(written())
