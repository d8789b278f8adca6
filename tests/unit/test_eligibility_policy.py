"""What a case manager may decide, attest or record, and what nobody may."""

from __future__ import annotations

from typing import Any

import pytest

from reunify.eligibility import policy
from reunify.eligibility.costs import line_decision_id
from reunify.eligibility.policy import (
    CostChanged,
    NoSuchRequirement,
    NotAttestable,
    NotYoursToWaive,
    ReasonMissing,
    funder_id,
)
from reunify.kernel.ids import StaffId, new_id
from reunify.kernel.people import Role, Staff
from reunify.kernel.refusals import NotAllowed, Refused
from reunify.rules.model import suspended_id
from tests.unit.assessment_world import book, line, rule, words

ANA = Staff(StaffId(new_id()), "Ana", frozenset({Role.CASE_MANAGER}))
BEN = Staff(StaffId(new_id()), "Ben", frozenset({Role.FINANCE_APPROVER}))
PLAIN = "decide_by: staff\n    question: {en: Is it the last resort, es: Es el último recurso}"
OWN = book(
    "own",
    "held",
    rule("OW-01", 'require: {income: "<= 2000"}'),
    rule("OW-02", 'require: {report_given: "yes"}\n    attest: {owed_within: 14 days}'),
    rule("OW-03", 'require: {abroad: "no"}', "MEDIUM"),
    rule("OW-04", PLAIN, "UNVERIFIED"),
    rule("OW-05", PLAIN),
    table="row,child_age,=> trip_cap,cite\nA,< 5,100.00,1\n",
)
FAR = book("far", "asked", rule("FA-01", 'require: {abroad: "yes"}'))
NEAR = book("near", "elsewhere", rule("NE-01", 'require: {child_age: "< 18"}'))
LINE = line_decision_id(line("fare"), "PD-RATE")


def check(requirement: str, decision: str, by: Staff = ANA, **changed: Any) -> None:
    said: dict[str, Any] = {
        "reason": "The agency's own letter says so.",
        "books": (OWN, FAR, NEAR),
        "dictionary": words(),
        "suspended": frozenset({"own", "near"}),
        "unknown": {"OW-02": ("report_given",), "OW-99": ("return_authority_decision",)},
        "attested": frozenset(),
        "lines": frozenset({LINE}),
    }
    policy.check_can_decide(by, requirement=requirement, decision=decision, **(said | changed))


@pytest.mark.parametrize("decision", ["met", "not_met"])
@pytest.mark.parametrize("requirement", ["OW-03", "OW-04", "OW-05", "OW-CAPS", LINE, suspended_id("own")])
def test_what_the_rules_leave_to_people_is_theirs(requirement: str, decision: str) -> None:
    check(requirement, decision)


def test_an_unknown_fact_may_be_attested_where_the_rule_allows_it_and_taken_back() -> None:
    check("OW-02", "attested")
    check("OW-02", "not_met", attested=frozenset({"OW-02"}))


def test_a_funders_no_is_recorded_and_its_yes_is_not() -> None:
    check(funder_id("far"), "not_met")
    with pytest.raises(NotYoursToWaive, match="will not pay"):
        check(funder_id("far"), "met")


@pytest.mark.parametrize(
    ("requirement", "decision", "refusal"),
    [
        ("OW-01", "met", NotYoursToWaive),  # HIGH, by its facts
        ("OW-02", "met", NotYoursToWaive),
        ("OW-02", "not_met", NotYoursToWaive),  # nothing was attested
        ("OW-99", "met", NotYoursToWaive),  # the return authority
        ("OW-99", "not_met", NotYoursToWaive),
        ("OW-99", "attested", NotAttestable),
        ("OW-01", "attested", NotAttestable),  # the rule takes nobody's word
        ("OW-05", "attested", NotAttestable),
        ("OW-CAPS", "attested", NoSuchRequirement),
        (suspended_id("own"), "attested", NoSuchRequirement),
        (suspended_id("far"), "met", NoSuchRequirement),  # not suspended
        (suspended_id("near"), "met", NoSuchRequirement),  # not ours to judge
        (funder_id("own"), "not_met", NoSuchRequirement),
        (line_decision_id(line("fare"), "PD-TAX"), "met", CostChanged),
        (line_decision_id(line("fare", cents=40_001), "PD-RATE"), "met", CostChanged),  # dearer since
        ("ZZ-01", "met", NoSuchRequirement),
        ("OW-03", "perhaps", Refused),
    ],
)
def test_nothing_else_is(requirement: str, decision: str, refusal: type[Refused]) -> None:
    with pytest.raises(refusal):
        check(requirement, decision)


def test_what_is_known_already_is_never_attested() -> None:
    with pytest.raises(NotAttestable, match="Nothing is missing"):
        check("OW-02", "attested", unknown={})


def test_identity_custody_and_safety_are_never_attested_even_where_a_rule_slipped() -> None:
    with pytest.raises(NotAttestable, match="never attested"):
        check("OW-02", "attested", unknown={"OW-02": ("report_given", "return_authority_decision")})


@pytest.mark.parametrize("reason", ["", "    ", "yes.", " ok  "])
def test_a_decision_says_why(reason: str) -> None:
    with pytest.raises(ReasonMissing):
        check("OW-03", "met", reason=reason)
    check("OW-03", "met", reason="Seen.")


def test_only_a_case_manager_decides() -> None:
    with pytest.raises(NotAllowed):
        check("OW-03", "met", by=BEN)
