"""A request that could not be judged, one that waits for rules, a refused decision, and a source suspended
after it answered: each says so on its page, and what to do."""

from __future__ import annotations

import copy
import html
from collections.abc import Iterator
from datetime import date
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from flows import assess as flow
from reunify.approval import queries as approval
from reunify.bootstrap import House
from reunify.reporting import progress
from reunify.rules import actions, queries
from reunify.rules.model import NoRulesForDate, Rulebooks
from reunify.sandbox import people
from reunify.sandbox.families import sample_family
from tests.web.pages_world import AGAIN, TestClient, signed_in, text, work_off

BOY, FATHER, _, NO_REPORT = (sample_family(x, date(2026, 11, 25)).draft for x in "bdef")
NOTHING_COVERS = "No rules of our own sources are in force on the day this trip begins."
OURS = "domestic_reunification"


@pytest.fixture
def ana(house: House) -> TestClient:
    return signed_in(house, "ana")


class NoneOfThatDay(SimpleNamespace):
    def in_force(self, session: Session) -> Rulebooks:
        raise NoRulesForDate(NOTHING_COVERS)

    def keep_in_force(self, session: Session) -> None: ...

    def any_in_force(self, session: Session) -> bool:
        return True


@pytest.fixture
def stuck(ana: TestClient, house: House) -> Iterator[str]:
    with pytest.MonkeyPatch.context() as retired:
        retired.setattr(flow, "rules", NoneOfThatDay())
        yield submitted(ana, house, BOY)


def submitted(by: TestClient, house: House, draft: dict[str, Any]) -> str:
    kept = by.post("/api/v1/requests", json=copy.deepcopy(draft)).json()
    assert by.post(f"/api/v1/requests/{kept['id']}/submission", json=AGAIN).status_code == 202
    work_off(house)
    return f"/requests/{kept['id']}"


def stage(house: House, page: str) -> str:
    with house.db.read() as session:
        return progress.of(session, request_id=UUID(page.rpartition("/")[2])).stage


def test_the_page_and_the_work_list_say_that_it_could_not_be_judged_and_why(
    ana: TestClient, house: House, stuck: str
) -> None:
    page = ana.get(stuck)
    assert page.status_code == 200
    assert "This version could not be judged" in text(page)
    assert NOTHING_COVERS in text(page)
    for at in ("/legs/0/departs", "/legs/1/arrives", "/cost_lines/2/night"):
        assert f'name="{at}"' in page.text
    listed = text(ana.get("/"))
    turn, _, rest = listed.partition("Finance's turn")
    assert (
        "Could not be judged" in turn.partition("A case manager's turn")[2] or "Could not be judged" in turn
    )
    assert "Could not be judged" not in rest
    assert "Check it again" not in text(signed_in(house, "ben").get(stuck))


def test_checked_again_once_it_is_mended_elsewhere(ana: TestClient, house: House, stuck: str) -> None:
    assert stage(house, stuck) == "cannot_check"
    again = ana.post(f"{stuck}/check-again")
    assert "The request is being checked again." in text(again)
    assert stage(house, stuck) == "checking"
    with pytest.MonkeyPatch.context() as back:
        back.setattr(flow, "rules", queries)
        work_off(house)
    assert stage(house, stuck) == "awaiting_approval"
    assert "could not be judged" not in text(ana.get(stuck))


def test_only_a_case_manager_has_it_checked_again(ana: TestClient, house: House, stuck: str) -> None:
    assert signed_in(house, "ben").post(f"{stuck}/check-again").status_code in (403, 404)


def test_a_decision_that_is_refused_keeps_the_reason_as_typed(ana: TestClient, house: House) -> None:
    page = submitted(ana, house, NO_REPORT)
    typed = 'The officer "read" it to me & I wrote it down.'
    for decided, at in (
        ({"requirement": "DR-04", "decision": "perhaps", "reason": typed}, "d-1-reason"),
        ({"requirement": "DR-07", "decision": "met", "reason": typed}, "main"),
    ):
        answer = ana.post(f"{page}/decisions", data=decided)
        assert answer.status_code == 422
        assert f'href="#{at}"' in answer.text
        assert (html.escape(typed, quote=False) in answer.text.replace("&#34;", '"')) is (at != "main")
    short = ana.post(
        f"{page}/decisions", data={"requirement": "DR-04", "decision": "attested", "reason": "ok"}
    )
    assert short.status_code == 422
    assert "Write why, in a sentence." in text(short)
    assert ">ok</textarea>" in short.text


def test_a_request_waits_visibly_while_no_rules_are_approved(
    ana: TestClient, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "any_in_force", lambda _: False)
    page = submitted(ana, house, BOY)
    assert stage(house, page) == "checking"
    assert "No rules are approved yet." in text(ana.get(page))
    monkeypatch.undo()
    assert "No rules are approved yet." not in text(ana.get(page))


def test_the_approver_is_told_of_a_source_suspended_since_and_may_still_decide(
    ana: TestClient, house: House
) -> None:
    page = submitted(ana, house, BOY)
    with house.db.read() as session:
        award = approval.newest_award(session, UUID(page.rpartition("/")[2]))
    assert award is not None
    ben = signed_in(house, "ben")
    told = "its rules are suspended since they were used"
    assert told not in text(ben.get(f"/awards/{award.id}"))
    with house.db.work() as session:
        ada, noor = people.known_as(session, "ada"), people.known_as(session, "noor")
        actions.ask_suspension(session, source=OURS, reason="An error was found.", by=ada, now=house.now())
        actions.confirm_suspension(session, source=OURS, by=noor, now=house.now())
    shown = ben.get(f"/awards/{award.id}")
    assert told in text(shown)
    assert "Approve $" in text(shown)
    # Checked again, a person judges it first.
    ana.post(f"{page}/check-again")
    work_off(house)
    assert stage(house, page) == "staff_decision"


def test_staff_read_the_hand_off_aloud_in_the_familys_language(ana: TestClient, house: House) -> None:
    spanish = ana.get(submitted(ana, house, BOY))
    assert "To read aloud, in Spanish:" in text(spanish)
    assert "To read aloud, in English:" not in text(spanish)
    english = ana.get(submitted(ana, house, FATHER))
    assert "To read aloud, in English:" in text(english)
    assert "To read aloud, in Spanish:" not in text(english)
    assert "We will call its office with you." in text(english)
    assert "By when:" not in text(english)
    assert "Time limits: today, before anything is booked" in text(english)
