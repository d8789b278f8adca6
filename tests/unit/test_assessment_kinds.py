"""Held, asked and elsewhere together: who holds a request up, who may refuse, and who is written to."""

from __future__ import annotations

import pytest

from reunify.eligibility.assessment import Assessment, AssessmentOutcome, Known, decide_source
from reunify.eligibility.from_stored import source_view
from reunify.eligibility.policy import funder_id
from reunify.kernel.canonical import canonical
from reunify.kernel.ids import new_id
from reunify.rules.library import shipped
from reunify.rules.model import Rulebook, suspended_id
from tests.unit.assessment_world import book, judged, line, rule, words

PAYABLE, NO_SOURCE = AssessmentOutcome.PAYABLE, AssessmentOutcome.NO_SOURCE
STAFF, INFORMATION = AssessmentOutcome.NEEDS_STAFF_DECISION, AssessmentOutcome.NEEDS_INFORMATION
POOR = rule("OW-01", 'require: {income: "<= 2000"}')
REPORT = rule("OW-02", 'require: {report_given: "yes"}\n    attest: {owed_within: 14 days}')
ABROAD = rule("FA-01", 'require: {abroad: "yes"}')
OWN = book("own", "held", POOR)
FAR = book("far", "asked", ABROAD)
NEAR = book("near", "elsewhere", rule("NE-01", 'require: {child_age: "< 18"}'))
RICH = {"income": 9_000_00}


def answers(found: Assessment) -> dict[str, str]:
    return {s.source: s.determination.answer.value for s in found.sources}


def test_what_a_funder_may_pay_is_judged_whole_and_never_holds_up_what_we_pay() -> None:
    found = judged(OWN, FAR, facts={"abroad": None})
    assert answers(found) == {"own": "eligible", "far": "needs_information"}
    assert (found.outcome, found.questions) == (PAYABLE, ())
    assert [q.field for q in found.elsewhere_questions] == ["abroad"]


def test_nothing_is_refused_while_a_funder_may_still_be_asked() -> None:
    assert judged(OWN, FAR, facts=RICH).outcome is NO_SOURCE
    assert judged(OWN, FAR, facts=RICH | {"abroad": True}).outcome is STAFF
    unknown = judged(OWN, FAR, facts=RICH | {"abroad": None})
    assert (unknown.outcome, unknown.questions) == (STAFF, ())


def test_once_the_funder_said_no_the_request_may_be_refused() -> None:
    facts = RICH | {"abroad": True}
    found = judged(OWN, FAR, facts=facts, decided={funder_id("far"): "not_met"})
    assert found.outcome is NO_SOURCE
    assert found.elsewhere_questions == ()


def test_once_the_funder_said_yes_its_money_pays_like_our_own_and_only_then() -> None:
    facts = RICH | {"abroad": True}
    asked = {funder_id("far"): "met"}
    found = judged(OWN, FAR, facts=facts, decided=asked)
    far = next(s for s in found.sources if s.source == "far")
    assert (found.outcome, far.said_yes, far.in_split) == (PAYABLE, True, True)
    assert [t.ceiling for t in far.payable()] == [40_000]
    assert not next(s for s in judged(OWN, FAR, facts=facts).sources if s.source == "far").in_split
    unknown = judged(OWN, FAR, facts=RICH | {"abroad": None}, decided=asked)
    assert unknown.outcome is STAFF, "a yes waives none of the rules the funder set"
    assert judged(OWN, FAR, facts=RICH, decided=asked).outcome is NO_SOURCE


def test_a_funder_who_pays_none_of_the_lines_keeps_nothing_open() -> None:
    meals = line("meals", "meals")
    assert judged(OWN, FAR, facts=RICH | {"abroad": True}, lines=(meals,)).outcome is NO_SOURCE


def test_what_a_funder_leaves_to_people_waits_for_them_only_when_we_cannot_pay() -> None:
    unsure = book("far", "asked", rule("FA-01", 'require: {abroad: "yes"}', "MEDIUM"))
    assert judged(OWN, unsure).outcome is PAYABLE
    assert judged(OWN, unsure, facts=RICH).outcome is STAFF


LOAN = book("lot", "elsewhere", rule("LO-01", 'require: {child_age: "< 18"}'), more="loan: yes\n")
CARD = book("lot", "elsewhere", more="card_only: yes\n")


@pytest.mark.parametrize("quiet", [LOAN, CARD], ids=["loan", "card"])
def test_a_loan_and_a_card_a_person_reads_ask_nobody_anything(quiet: Rulebook) -> None:
    found = judged(OWN, quiet, facts={"child_age": None})
    assert found.outcome is PAYABLE
    assert found.elsewhere_questions == ()
    assert answers(found)["lot"] == "ask"


def test_something_attested_pays_like_anything_else_and_says_by_when_it_is_owed() -> None:
    own = book("own", "held", POOR, REPORT)
    missing = {"report_given": None}
    assert judged(own, facts=missing).outcome is INFORMATION
    found = judged(own, facts=missing, decided={"OW-02": "attested"})
    assert (found.outcome, answers(found)) == (PAYABLE, {"own": "eligible_provisional"})
    (source,) = found.sources
    assert [(r.requirement.id, str(r.owed_by)) for r in source.determination.owed] == [
        ("OW-02", "2026-12-09")
    ]
    assert [t.ceiling for t in source.payable()] == [40_000]
    came = judged(own, decided={"OW-02": "attested"})
    assert answers(came) == {"own": "eligible"}
    other = judged(own, facts={"report_given": False}, decided={"OW-02": "attested"})
    assert other.outcome is NO_SOURCE


def test_a_suspended_source_waits_for_a_person_and_their_word_counts() -> None:
    off = frozenset({"own"})
    assert judged(OWN, suspended=off).outcome is STAFF
    assert judged(OWN, suspended=off, decided={suspended_id("own"): "met"}).outcome is PAYABLE
    assert judged(OWN, suspended=off, decided={suspended_id("own"): "not_met"}).outcome is NO_SOURCE


@pytest.mark.parametrize(("decision", "outcome"), [(None, STAFF), ("not_safe_or_lawful", NO_SOURCE)])
def test_a_persons_word_on_a_suspended_source_never_waives_the_return_authority(
    decision: str | None, outcome: AssessmentOutcome
) -> None:
    found = judged(
        OWN,
        facts={"return_authority_decision": decision},
        suspended=frozenset({"own"}),
        decided={suspended_id("own"): "met"},
    )
    assert found.outcome is outcome


def test_a_suspended_source_of_someone_else_is_only_asked() -> None:
    found = judged(OWN, NEAR, suspended=frozenset({"near"}))
    assert answers(found)["near"] == "ask"
    assert found.outcome is PAYABLE


def test_a_table_without_a_row_waits_for_a_person_under_the_tables_id() -> None:
    rows = "row,child_age,=> trip_cap,cite\nA,< 5,100.00,1\n"
    own = book("own", "held", POOR, table=rows)
    assert judged(own).outcome is STAFF
    assert judged(own, decided={"OW-CAPS": "met"}).outcome is PAYABLE
    assert judged(own, decided={"OW-CAPS": "not_met"}).outcome is NO_SOURCE
    assert [c.at_most for c in judged(own, facts={"child_age": 4}).sources[0].determination.caps] == [10_000]


def test_an_answer_with_everything_in_it_is_repeated_from_what_is_stored() -> None:
    own = book("own", "held", POOR, REPORT, table="row,child_age,=> child_cap,cite\nA,-,100.00,1\n")
    found = judged(
        own,
        FAR,
        NEAR,
        facts={"report_given": None},
        decided={"OW-02": "attested", funder_id("far"): "not_met"},
    )
    again = Known.from_content(found.known.content(), words())
    for source in found.sources:
        once_more = decide_source(source.determination.rulebook, again, words())
        assert canonical(once_more.content()) == canonical(source.content())
        shown = source_view(
            source.content(), words(), determination_id=new_id(), rule_sha256="", answer_hash=""
        )
        assert shown.in_words


def test_the_ids_people_decide_under_are_each_used_by_one_source_only() -> None:
    seen: dict[str, str] = {}
    for source, versions in shipped().versions.items():
        for version in versions:
            for name in (*(r.id for r in version.requirements), *(t.id for t in version.tables)):
                assert seen.setdefault(name, source) == source, f"{name} is used by two sources"
