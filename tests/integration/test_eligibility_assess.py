"""A version is assessed once, explained to people, and can be repeated from what was kept."""

from __future__ import annotations

import copy
from datetime import datetime
from typing import Any

import pytest
import sqlalchemy as sa

from reunify.db import Database
from reunify.eligibility import actions, policy, queries
from reunify.eligibility.actions import AssessmentResult
from reunify.eligibility.assessment import AssessmentOutcome
from reunify.eligibility.records import DeterminationRecord
from reunify.intake import actions as intake
from reunify.intake import queries as intake_queries
from reunify.kernel.ids import RequestId, VersionId
from reunify.kernel.people import Staff, System
from reunify.kernel.refusals import NotAllowed, NotFound, Refused
from reunify.rates import queries as rates
from reunify.rules.library import shipped
from reunify.rules.records import RuleFile
from reunify.sandbox import people
from reunify.sandbox.families import sample_families

FLOW = System("assess")


@pytest.fixture
def staff(db: Database, now: datetime) -> dict[str, Staff]:
    with db.work() as session:
        ids = people.settle_in(session, now=now)
    return {p.username: Staff(ids[p.username], p.name, p.roles) for p in people.PEOPLE}


def family(letter: str, now: datetime) -> dict[str, Any]:
    return copy.deepcopy({f.letter: f.draft for f in sample_families(now.date())}[letter])


def submitted(db: Database, draft: dict[str, Any], by: Staff, now: datetime) -> RequestId:
    case_types = shipped().dictionary.case_types
    with db.work() as session:
        request_id = intake.create(session, draft=draft, by=by, now=now).id
        intake.submit(session, request_id=request_id, case_types=case_types, by=by, now=now)
    return RequestId(request_id)


def assess(db: Database, request_id: RequestId, now: datetime) -> AssessmentResult:
    with db.work() as session:
        version = intake_queries.newest_version(session, request_id)
        return actions.assess(
            session,
            version_id=version.id,
            request_id=request_id,
            number=version.number,
            content=version.content,
            organisation=rates.organisation(session, on=now.date()),
            rulebooks=shipped(),
            by=FLOW,
            now=now,
            run="run-1",
        )


def test_the_answer_of_every_source_is_kept_and_explained(
    db: Database, staff: dict[str, Staff], now: datetime
) -> None:
    request_id = submitted(db, family("b", now), staff["ana"], now)
    result = assess(db, request_id, now)
    assert result.outcome is AssessmentOutcome.PAYABLE
    with db.read() as session:
        found = queries.explanation(session, request_id)
        assert queries.explanation_of_version(session, result.version_id) == found
        assert queries.assessed(session, [result.version_id]) == {result.version_id}
        assert queries.outcomes(session, [request_id]) == {request_id: "payable"}
    answers = {s.source: s.answer for s in found.sources}
    assert set(answers) == set(shipped().versions)
    assert answers["domestic_reunification"] == answers["partner_hotel_nights"] == "eligible"
    assert answers["interstate_compact"] == answers["state_repatriation_loan"] == "unlikely"
    assert answers["ovc_reunification_travel"] == "ineligible"  # asked, and holds nothing up
    (fund,) = [s for s in found.sources if s.source == "domestic_reunification"]
    (compact,) = [s for s in found.sources if s.source == "interstate_compact"]
    income = next(r for r in fund.requirements if r.id == "DR-05")
    assert income.say is not None
    assert income.say.en == "Your household income fits this fund."
    tested = income.seen[0]
    assert (tested.label.en, tested.value, tested.truth) == ("Income is tested", "yes", "no")
    assert [r.id for r in compact.not_met] == ["IC-03"]
    assert compact.hand_off is not None
    assert "5 business days" in compact.hand_off.staff.en
    assert {line.key: line.payable for line in fund.lines}["night-1"] == 17_900
    assert (found.run, found.number) == ("run-1", 1)


def test_a_question_is_kept_and_its_answer_is_a_new_version(
    db: Database, staff: dict[str, Staff], now: datetime
) -> None:
    draft = family("f", now)
    request_id = submitted(db, draft, staff["ana"], now)
    assert assess(db, request_id, now).outcome is AssessmentOutcome.NEEDS_INFORMATION
    with db.read() as session:
        (asked,) = queries.explanation(session, request_id).questions
    assert (asked.pointer, asked.family_can_fix) == ("/case/report_number", "document")
    assert asked.text.es.startswith("¿Cuál es el número")


def test_a_stored_answer_is_repeated_byte_for_byte(
    db: Database, staff: dict[str, Staff], now: datetime
) -> None:
    ids = [
        i
        for letter in ("b", "d", "e", "f")
        for i in assess(
            db, submitted(db, family(letter, now), staff["ana"], now), now
        ).determination_ids.values()
    ]
    with db.read() as session:
        assert all(queries.reproduce(session, i) for i in ids)
        kept = session.scalar(sa.select(sa.func.count()).select_from(RuleFile))
        assert kept == len(shipped().versions) + 2  # and the dictionary, and the published tables


def test_facts_that_were_changed_afterwards_are_noticed(
    db: Database, staff: dict[str, Staff], now: datetime
) -> None:
    result = assess(db, submitted(db, family("d", now), staff["ana"], now), now)
    with db.work() as session:
        row = session.get_one(DeterminationRecord, result.determination_ids["domestic_reunification"])
        facts = copy.deepcopy(row.facts)
        facts["lines"][0]["limit_cents"] = 1
        sealed = {DeterminationRecord.facts.attribute, DeterminationRecord.content.attribute}
        forged = DeterminationRecord(
            **{
                c.key: getattr(row, c.key)
                for c in sa.inspect(DeterminationRecord).column_attrs
                if c.key not in {"id", "source"} | sealed
            },
            source="forged",
            content=row.content,
            facts=facts,
        )
        session.add(forged)
        session.flush()
        assert not queries.reproduce(session, forged.id)


def test_a_version_is_assessed_once(db: Database, staff: dict[str, Staff], now: datetime) -> None:
    request_id = submitted(db, family("d", now), staff["ana"], now)
    assess(db, request_id, now)
    with pytest.raises(policy.AlreadyAssessed):
        assess(db, request_id, now)


def test_before_an_assessment_there_is_nothing_to_explain(
    db: Database, staff: dict[str, Staff], now: datetime
) -> None:
    request_id = submitted(db, family("d", now), staff["ana"], now)
    with db.read() as session:
        with pytest.raises(NotFound):
            queries.explanation(session, request_id)
        with pytest.raises(NotFound):
            queries.reproduce(session, request_id)
        assert queries.assessed(session, [VersionId(request_id)]) == frozenset()


def test_nothing_personal_is_stored_in_the_clear(
    db: Database, staff: dict[str, Staff], now: datetime
) -> None:
    assess(db, submitted(db, family("b", now), staff["ana"], now), now)
    with db.read() as session:
        for table in ("assessments", "determinations"):
            shown = session.scalars(sa.text(f"SELECT {table}::text FROM {table}")).all()
            assert shown
            for word in ("Atlanta", "Quintero", "runaway", "abuse_suspected", "2640000"):
                assert not any(word in row for row in shown)


def decide(db: Database, request_id: RequestId, by: Staff, now: datetime, **changed: Any) -> None:
    said: dict[str, Any] = {
        "requirement": "DR-05",
        "decision": "met",
        "reason": "No table for the territory.",
    }
    with db.work() as session:
        actions.decide_requirement(
            session, request_id=request_id, rulebooks=shipped(), by=by, now=now, **(said | changed)
        )


def test_a_persons_decision_settles_what_no_table_can(
    db: Database, staff: dict[str, Staff], now: datetime
) -> None:
    draft = family("d", now)
    draft["household"]["state"] = "PR"
    request_id = submitted(db, draft, staff["ana"], now)
    decide(db, request_id, staff["ana"], now, decision="not_met")
    decide(db, request_id, staff["ana"], now)
    assert assess(db, request_id, now).outcome is AssessmentOutcome.PAYABLE


@pytest.mark.parametrize(
    ("who", "changed"),
    [
        ("ana", {"requirement": "DR-07"}),
        ("ana", {"requirement": "DR-02"}),
        ("ana", {"requirement": "ZZ-99"}),
        ("ana", {"reason": " "}),
        ("ana", {"decision": "perhaps"}),
        ("ben", {}),
    ],
)
def test_what_nobody_may_decide_that_way(
    db: Database, staff: dict[str, Staff], now: datetime, who: str, changed: dict[str, Any]
) -> None:
    request_id = submitted(db, family("d", now), staff["ana"], now)
    with pytest.raises((Refused, NotAllowed)):
        decide(db, request_id, staff[who], now, **changed)


def test_an_assessment_leaves_an_audit_row_without_personal_data(
    db: Database, staff: dict[str, Staff], now: datetime
) -> None:
    request_id = submitted(db, family("e", now), staff["ana"], now)
    assess(db, request_id, now)
    with db.read() as session:
        detail = session.scalar(sa.text("SELECT detail FROM audit_entries WHERE verb = 'assess'"))
    assert detail["outcome"] == "no_source"
    assert detail["answers"]["domestic_reunification"] == "ineligible"
