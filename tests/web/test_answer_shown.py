"""How one source's answer reads on a page, of every kind: small rules, the real template, nothing else."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping

import pytest

from reunify.eligibility.assessment import Assessment
from reunify.eligibility.explained import Explanation
from reunify.eligibility.from_stored import question_view, source_view
from reunify.eligibility.policy import funder_id
from reunify.kernel.ids import RequestId, VersionId, new_id
from reunify.rates.fields import FactValue
from reunify.web.pages import view
from tests.town import NOW
from tests.unit.assessment_world import book, judged, rule, words

POOR = rule("OW-01", 'require: {income: "<= 2000"}')
REPORT = rule("OW-02", 'require: {report_given: "yes"}\n    attest: {owed_within: 14 days}')
UNSURE = rule("OW-03", 'require: {abroad: "no"}', "MEDIUM")
CAPS = (
    "row,child_age,=> trip_cap,=> leg_cap air_fare,=> lifetime_uses,cite\nA,< 18,2000.00,350.00,1,policy 5\n"
)
OWN = book("own", "held", POOR, REPORT, UNSURE, table=CAPS)
FAR = book("far", "asked", rule("FA-01", 'require: {abroad: "yes"}'))
NEAR = book("near", "elsewhere", rule("NE-01", 'require: {child_age: "< 18"}'))
LOAN = book("lot", "elsewhere", rule("LO-01", 'require: {child_age: "< 18"}'), more="loan: yes\n")


def explained(found: Assessment) -> Explanation:
    return Explanation(
        assessment_id=new_id(),
        request_id=RequestId(new_id()),
        version_id=VersionId(new_id()),
        number=1,
        outcome=found.outcome.value,
        at=NOW,
        run=None,
        sources=tuple(
            source_view(s.content(), words(), determination_id=new_id(), rule_sha256="", answer_hash="")
            for s in found.sources
        ),
        questions=tuple(question_view(q.content()) for q in found.questions),
        elsewhere_questions=(),
    )


def page(found: Assessment) -> str:
    written = view._ENVIRONMENT.from_string(
        '{% from "staff/explanation.html" import explain with context %}{{ explain(e, {}) }}'
    )
    return written.render(e=explained(found), zone=None)


def read(found: Assessment) -> str:
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page(found))))


def test_an_answer_says_its_limits_its_place_and_where_each_is_written() -> None:
    said = read(judged(OWN))
    assert "This fund may pay what is listed below." in said
    assert "At most $2,000.00 for one trip (policy 5; OW-CAPS row A)" in said
    assert "At most $350.00 of air fare for each leg" in said
    assert "At most once for one child" in said
    assert "Pays in place 30 (lower first): Ours comes first." in said


@pytest.mark.parametrize(
    ("facts", "decided", "sentence"),
    [
        ({"report_given": None}, {"OW-02": "attested"}, "Rule OW-02: by December 9, 2026"),
        ({"report_given": None}, {}, "An answer is missing."),
        ({"abroad": True}, {}, "medium confidence, so it refuses nobody"),
        ({"income": 9_000_00}, {}, "Household income: <= 2000 for staff only"),
        ({"child_age": 18}, {}, "Table OW-CAPS: no row fits; a person decides."),
    ],
)
def test_what_is_owed_missing_unsure_or_would_change_it_is_said(
    facts: Mapping[str, FactValue], decided: Mapping[str, str], sentence: str
) -> None:
    assert sentence in read(judged(OWN, facts=facts, decided=decided))


def test_a_suspended_source_says_that_a_person_answers() -> None:
    said = read(judged(OWN, suspended=frozenset({"own"})))
    assert "The rules of this source are suspended." in said
    assert "A person decides first." in said


def test_a_funder_is_worth_writing_to_until_it_said_no() -> None:
    abroad = {"abroad": True, "income": 9_000_00}
    found = judged(OWN, FAR, facts=abroad)
    assert [s.source for s in explained(found).to_write_to] == ["far"]
    assert "Worth writing to the funder." in read(found)
    refused = judged(OWN, FAR, facts=abroad, decided={funder_id("far"): "not_met"})
    assert explained(refused).to_write_to == ()
    assert "The funder was asked and will not pay." in read(refused)


def test_what_the_family_can_mend_is_marked_for_them() -> None:
    assert "The trip goes abroad: yes May be told to the family" in read(judged(OWN, FAR))


def test_a_hand_off_says_whom_to_call_and_a_loan_stands_last_and_closed() -> None:
    found = judged(LOAN, NEAR, OWN)
    said, whole = read(found), page(found)
    assert "Worth applying. The hand-off says how." in said
    assert 'href="tel:1-800-555-0100"' in whole
    assert "Time limits: within 30 days" in said
    assert "To read aloud, in English:" in said
    before, _, after = whole.partition("<summary>Repayable loans: only when a person asks</summary>")
    assert before.rstrip().endswith('<details class="part">')
    assert "The lot fund" in after
    assert "The lot fund" not in before
    assert "What it costs whoever signs:" in after
    assert before.index("The own fund") < before.index("The near fund")
