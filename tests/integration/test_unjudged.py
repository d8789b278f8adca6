"""A version no rule can judge has an owner and a reason; and nobody changes the rules under a check."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from flows import assess as flow
from reunify.db import Database
from reunify.eligibility import actions as eligibility
from reunify.intake import by_rules
from reunify.intake.form import TravelRequest
from reunify.intake.records import VersionRecord
from reunify.kernel.refusals import Problem
from reunify.reporting import waiting
from reunify.rules import actions, queries
from reunify.rules.library import shipped
from reunify.rules.model import Rulebooks
from reunify.sandbox import people
from reunify.sandbox.driver import StoryBroke
from reunify.sandbox.families import sample_family
from tests.town import AGAIN, NOW, Town, built

TEXAS = ("crime_place", "texas")
OURS = "domestic_reunification"
BOY = sample_family("d", NOW.date()).draft


@pytest.fixture
def town(settled_db: Database, tmp_path: Path) -> Iterator[Town]:
    with built(settled_db, tmp_path) as made:
        yield made


def told(**facts: str) -> dict[str, Any]:
    return copy.deepcopy(BOY) | {"told": facts}


def without(books: Rulebooks, fact: str, value: str) -> Rulebooks:
    """A fact that can be chosen no more in one of its ways."""
    words = books.dictionary
    left = {v: said for v, said in words[fact].values.items() if v != value}
    fields = words.fields | {fact: replace(words[fact], values=left)}
    return replace(books, dictionary=replace(words, fields=fields))


def in_the_check(monkeypatch: pytest.MonkeyPatch, in_force: Callable[[Session], Rulebooks]) -> None:
    """The check alone reads these rules; the pages read those in force."""
    seen = SimpleNamespace(
        in_force=in_force, keep_in_force=queries.keep_in_force, any_in_force=queries.any_in_force
    )
    monkeypatch.setattr(flow, "rules", seen)


@pytest.fixture
def gone(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Texas leaves the dictionary's places of a crime between the submission and the check."""
    in_the_check(monkeypatch, lambda session: without(queries.in_force(session), *TEXAS))
    return monkeypatch


def test_what_cannot_be_judged_waits_for_a_case_manager_and_the_others_go_on(
    town: Town, gone: pytest.MonkeyPatch
) -> None:
    stuck = _entered(town, told(crime_place="texas"))
    checked = _entered(town, told())
    town.work()
    assert town.progress(checked)["stage"] != "checking"
    now = town.progress(stuck)
    assert now["stage"] == "cannot_check"
    assert ": write district_of_columbia, " in now["why_not"]
    assert [q["pointer"] for q in now["questions"]] == ["/told/crime_place"]
    with town.house.db.read() as session:
        assert waiting.versions_to_assess(session, limit=10) == []
        why = "SELECT detail FROM audit_entries WHERE verb = 'keep_unjudged'"
        assert session.scalars(sa.text(why)).all() == [{"version": 1, "why": "NotAToldFact"}]
    # Mended in the request: the next version is judged like any other.
    ana = town.person("ana")
    answer = {"answers": {"/told/crime_place": None}} | AGAIN
    ana.act(town.diary, "leave it out", f"/requests/{stuck}/answers", answer)
    town.work()
    assert town.progress(stuck)["answers"][OURS] == "eligible"


def test_the_sentence_is_kept_sealed(town: Town, gone: pytest.MonkeyPatch) -> None:
    town.submitted(told(crime_place="texas"))
    with town.house.db.read() as session:
        (row,) = session.scalars(sa.text("SELECT assessments::text FROM assessments")).all()
    assert "not_judged" in row
    assert "the crime" not in row


def test_one_that_breaks_off_holds_up_nobody_and_is_raised_at_the_end(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = _entered(town, told()), _entered(town, told())
    judge = eligibility.assess

    def breaks(session: Session, **said: Any) -> Any:
        if str(said["request_id"]) == first:
            raise RuntimeError("a fault of ours")
        return judge(session, **said)

    monkeypatch.setattr(eligibility, "assess", breaks)
    with pytest.raises(RuntimeError, match="a fault of ours"):
        flow.assess(town.house, flow.find(town.house.db, 10), None)
    assert town.progress(first)["stage"] == "checking"
    assert town.progress(second)["stage"] != "checking"


def test_a_day_of_travel_no_rules_cover_is_refused_when_it_is_submitted(town: Town) -> None:
    draft = json.loads(json.dumps(BOY).replace('"2026-09-30', '"2025-09-30').replace('"2026-10', '"2025-10'))
    with pytest.raises(StoryBroke, match="/legs/0/departs"):
        town.submitted(draft)
    with town.house.db.read() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(VersionRecord)) == 0


@pytest.mark.parametrize(("day", "covered"), [(date(2025, 12, 31), False), (date(2026, 1, 1), True)])
def test_the_first_day_of_the_rules_is_the_limit(day: date, covered: bool) -> None:
    assert bool(by_rules.problems(_on(day), shipped())) is not covered
    assert by_rules.problems(_on(day), None) == []  # without rules it waits for them


@pytest.mark.parametrize(("late", "covered"), [(0, True), (1, False)])
def test_the_last_day_of_the_rules_is_the_limit(late: int, covered: bool) -> None:
    last = date(2026, 11, 30)
    books = shipped()
    ending = {s: tuple(replace(b, effective_to=last) for b in v) for s, v in books.versions.items()}
    found = by_rules.problems(_on(last + timedelta(days=late)), replace(books, versions=ending))
    assert bool(found) is not covered


def test_a_told_fact_the_rules_in_force_do_not_know_is_refused_at_once() -> None:
    request = TravelRequest.model_validate(told(crime_place="texas"))
    (problem,) = by_rules.problems(request, without(shipped(), *TEXAS))
    assert isinstance(problem, Problem)
    assert problem.pointer == "/told/crime_place"


def test_a_source_is_not_suspended_between_the_reading_of_its_rules_and_the_answer(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    with town.house.db.work() as session:
        ada = people.known_as(session, "ada")
        actions.ask_suspension(session, source=OURS, reason="An error was found.", by=ada, now=NOW)
    tried: list[str] = []

    def read_and_meanwhile(session: Session) -> Rulebooks:
        books = queries.in_force(session)
        with pytest.raises(sa.exc.OperationalError, match="lock timeout"):
            _suspend(town.house.db, "200ms")
        tried.append("in vain")
        return books

    in_the_check(monkeypatch, read_and_meanwhile)
    decided = town.submitted(told())
    assert tried == ["in vain"]
    assert town.progress(decided)["answers"][OURS] == "eligible"  # committed before the suspension
    monkeypatch.undo()
    _suspend(town.house.db, "5s")
    asked = town.submitted(told())
    assert town.progress(asked)["answers"][OURS] == "needs_staff_decision"


def _suspend(db: Database, patience: str) -> None:
    with db.work() as session:
        session.execute(sa.text(f"SET LOCAL lock_timeout = '{patience}'"))
        noor = people.known_as(session, "noor")
        actions.confirm_suspension(session, source=OURS, by=noor, now=NOW)


def _entered(town: Town, draft: dict[str, Any]) -> str:
    """Submitted, and not checked yet."""
    ana = town.person("ana")
    request_id = str(ana.act(town.diary, "enter the request", "/requests", draft)["id"])
    ana.act(town.diary, "submit it", f"/requests/{request_id}/submission", AGAIN)
    return request_id


def _on(day: date) -> TravelRequest:
    draft = copy.deepcopy(BOY)
    draft["legs"] = draft["legs"][:1]
    draft["legs"][0] |= {"departs": f"{day}T09:00", "arrives": f"{day}T14:00"}
    return TravelRequest.model_validate(draft)
