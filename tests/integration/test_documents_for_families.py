"""A family is asked and told only what is theirs: no staff questions, one reason, their language."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest

from flows.issue_documents import NOT_THESE_COSTS, find, reasons
from reunify.approval import queries as approval
from reunify.db import Database
from reunify.documents import context
from reunify.eligibility import queries as eligibility
from reunify.reporting import waiting
from reunify.sandbox.families import sample_families
from tests.town import NOW, Town, built
from tests.unit.test_documents_samples import HEADING

BOY, _, ABOVE_THE_LIMIT, NO_REPORT_NUMBER = (family.draft for family in sample_families(NOW.date()))


@pytest.fixture
def town(settled_db: Database, tmp_path: Path) -> Iterator[Town]:
    with built(settled_db, tmp_path) as town:
        yield town


def test_a_question_only_staff_can_answer_writes_no_letter_and_waits_for_none(town: Town) -> None:
    draft = copy.deepcopy(BOY)
    del draft["case"]["recovered"]
    request_id = town.submitted(draft)
    progress = town.progress(request_id)
    assert progress["stage"] == "question"
    assert [q["pointer"] for q in progress["questions"]] == ["/case/recovered"]
    assert progress["documents"] == []
    assert find(town.house.db, 10) == []


def test_of_mixed_questions_the_letter_asks_the_familys_alone(town: Town) -> None:
    draft = copy.deepcopy(NO_REPORT_NUMBER)
    draft["case"].pop("recovered", None)
    request_id = town.submitted(draft)
    with town.house.db.read() as session:
        found = eligibility.explanation(session, UUID(request_id))
        assert waiting.requests_to_document(session, limit=10) == []
    assert {q.field for q in found.questions} == {"child_recovered", "report_number_given"}
    assert [q.field for q in found.family_questions] == ["report_number_given"]
    assert [d["kind"] for d in town.progress(request_id)["documents"]] == ["information_request"]


def test_a_fund_says_its_reason_in_both_languages(town: Town) -> None:
    request_id = town.submitted(ABOVE_THE_LIMIT)
    with town.house.db.read() as session:
        sources = eligibility.explanation(session, UUID(request_id)).sources
    (reason,) = reasons(sources)
    assert (reason.source.en, reason.source.es) == ("Family Travel Fund", "Fondo de Viaje Familiar")
    letter = context.refusal_letter(HEADING, "es", can_do=[], reasons=[reason])
    assert letter["reasons"] == [{"source": "Fondo de Viaje Familiar", "sentence": reason.sentence.es}]


def test_a_confirmed_refusal_without_an_unmet_requirement_still_has_a_kind_reason(town: Town) -> None:
    request_id = town.submitted(ABOVE_THE_LIMIT)
    with town.house.db.read() as session:
        sources = eligibility.explanation(session, UUID(request_id)).sources
    held = [replace(s, requirements=()) for s in sources]
    told = reasons(held)
    assert {r.source.en for r in told} == {"Family Travel Fund", "Partner Hotel Nights"}
    assert {r.sentence for r in told} == {NOT_THESE_COSTS}


def test_the_frozen_letter_names_each_fund_in_both_languages(town: Town) -> None:
    request_id = town.submitted(BOY)
    award_id = town.progress(request_id)["award"]["id"]
    town.person("ben").act(town.diary, "approve", f"/awards/{award_id}/approval")
    with town.house.db.read() as session:
        letter = approval.award(session, UUID(award_id)).letter
    assert letter is not None
    names = {(p["name_en"], p["name_es"]) for line in letter["lines"] for p in line["paid_from"]}
    assert names == {
        ("Family Travel Fund", "Fondo de Viaje Familiar"),
        ("Partner Hotel Nights", "Noches de Hotel Solidarias"),
    }
