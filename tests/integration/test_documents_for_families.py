"""A family is asked and told only what is theirs: no staff questions, one reason, their language."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from flows.issue_documents import find
from reunify.approval import queries as approval
from reunify.db import Database
from reunify.documents import actions as documents
from reunify.documents import context
from reunify.documents.refusal import NOT_THESE_COSTS, reasons
from reunify.eligibility import queries as eligibility
from reunify.reporting import waiting
from reunify.sandbox.families import sample_family
from tests.town import NOW, Town, built
from tests.unit.test_documents_samples import HEADING

BOY, _, ABOVE_THE_LIMIT, NO_REPORT_NUMBER = (sample_family(x, NOW.date()).draft for x in "bdef")


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
    ours = {s.public_name.en for s in sources if s.held}
    assert {"Family Travel Fund", "Partner Hotel Nights"} <= ours
    assert {r.source.en for r in told} == ours
    assert {r.sentence for r in told} == {NOT_THESE_COSTS}


def test_of_two_households_the_other_parents_letter_says_nothing_of_an_income(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft = copy.deepcopy(ABOVE_THE_LIMIT)
    mother = next(t for t in draft["travelers"] if t["key"] == "mother")
    father = copy.deepcopy(mother) | {"key": "father", "name": "Sample Father", "household": "his"}
    mother |= {"household": "hers"}
    mother["contact"] |= {"address": "1 Hidden Road", "address_protected": True}
    draft["travelers"].insert(1, father)
    draft["asked_by"] = {"kind": "family", "name": mother["name"]}
    first, line = draft["legs"][0], draft["cost_lines"][0]
    draft["legs"] = [leg | {"household": "hers"} for leg in draft["legs"]]
    draft["legs"].append(first | {"key": "his-leg", "travelers": ["father"], "household": "his"})
    draft["cost_lines"] = [each | {"household": "hers"} for each in draft["cost_lines"]]
    draft["cost_lines"].append(line | {"key": "his-line", "household": "his", "traveler": None, "leg": None})
    written: dict[str, str] = {}
    keep = documents.keep

    def read_along(*args: Any, **said: Any) -> Any:
        draft = said["made"].draft
        written[draft.household] = str(draft.context)
        return keep(*args, **said)

    monkeypatch.setattr(documents, "keep", read_along)
    request_id = town.submitted(draft)
    refusal = town.progress(request_id)["refusal"]
    town.person("ana").act(town.diary, "confirm it", f"/refusals/{refusal['id']}/confirmation")
    town.work()
    assert set(written) == {"hers", "his"}
    assert "income" in written["hers"]
    assert "income" not in written["his"]
    assert NOT_THESE_COSTS.en in written["his"]
    assert "Hidden Road" not in written["his"]


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
