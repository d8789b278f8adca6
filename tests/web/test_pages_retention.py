"""The page Retention: what is due, plans another person approves, holds two people lift."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import pytest

from reunify.bootstrap import House
from reunify.identity.queries import holders
from reunify.intake import actions as intake
from reunify.kernel.people import Role, Staff, System
from reunify.retention import planning, running
from tests.web.doors_world import Clock, newcomer
from tests.web.pages_world import TestClient, as_sent, signed_in, step_up, text


@dataclass
class Desk:
    """A draft ninety-one days old, and the two people who may keep or erase it, signed in just now."""

    house: House
    clock: Clock
    reference: str
    sue: TestClient  # supervisor
    ada: TestClient  # administrator
    names: tuple[str, str]

    def plan(self) -> str:
        """Ada makes a plan; its page."""
        return str(self.ada.post("/retention/plans").url.path)


@pytest.fixture
def desk(staffed: House, clock: Clock) -> Desk:
    with staffed.db.work() as session:
        ana, name = next(iter(holders(session, Role.CASE_MANAGER).items()))
        by = Staff(ana, name, frozenset({Role.CASE_MANAGER}))
        draft = intake.create(session, draft={"purpose": "visit_child"}, by=by, now=clock())
    sue, ada = (
        newcomer(staffed, "Sue Ellery", Role.SUPERVISOR),
        newcomer(staffed, "Ada Byron", Role.ADMINISTRATOR),
    )
    clock.at += timedelta(days=91)
    return Desk(
        staffed,
        clock,
        draft.reference,
        signed_in(staffed, sue.username),
        signed_in(staffed, ada.username),
        (sue.username, ada.username),
    )


def test_a_plan_is_made_by_one_and_approved_by_another_with_a_passkey(desk: Desk) -> None:
    page = desk.plan()
    read = desk.ada.get(page)
    assert desk.reference in text(read)
    assert "You made this plan, or took it on. Another supervisor or administrator approves it." in text(read)
    digest = re.findall(r"[0-9a-f]{64}", read.text)[0]
    assert desk.ada.post(f"{page}/approve", data={"digest": digest}).status_code == 403
    sent = as_sent(desk.sue.get(page))
    desk.clock.at += timedelta(minutes=6)
    assert desk.sue.post(f"{page}/approve", data=sent).status_code == 401  # the passkey is asked for again
    step_up(desk.sue, desk.house, desk.names[0])
    assert desk.sue.post(f"{page}/approve", data={"digest": "0" * 64}).status_code == 409
    done = desk.sue.post(f"{page}/approve", data=sent)
    assert "reunify retention run --plan" in text(done)
    running.run(
        desk.house.db,
        plan_id=UUID(page.rsplit("/", 1)[1]),
        clock=desk.clock,
        tell=print,
    )
    after = text(desk.sue.get(page))
    assert "Run" in after
    assert f"{desk.reference} A draft that was never submitted" in after


def test_a_plan_of_the_command_line_is_taken_on_by_one_and_approved_by_another(desk: Desk) -> None:
    with desk.house.db.work() as session:
        plan_id, _ = planning.plan(session, by=System("operator"), now=desk.clock())
    page = f"/retention/plans/{plan_id}"
    read = desk.ada.get(page)
    assert "one person takes it on, then another approves it" in text(read)
    for of_house, name in ((desk.ada, desk.names[1]), (desk.sue, desk.names[0])):
        step_up(of_house, desk.house, name)
    taken_on = desk.ada.post(f"{page}/approve", data=as_sent(read))
    assert "You took the plan on." in text(taken_on)
    assert "reunify retention run --plan" not in text(taken_on)
    done = desk.sue.post(f"{page}/approve", data=as_sent(desk.sue.get(page)))
    assert "reunify retention run --plan" in text(done)


def test_a_hold_is_placed_by_one_and_lifted_by_two(desk: Desk) -> None:
    words = {
        "/reference": desk.reference.lower(),
        "/asked_by": "The county court",
        "/reason": "A pending suit",
    }
    for missing, remedy in (
        ("/reference", "There is no such request."),
        ("/asked_by", "Write why it is held and who asked for it"),
        ("/reason", "Write why it is held and who asked for it"),
    ):
        refused = desk.sue.post("/retention/holds", data=words | {missing: ""})
        assert refused.status_code == 422
        assert remedy in text(refused)
        kept = next(v for k, v in words.items() if k != missing)
        assert kept in refused.text  # what was typed stays
    placed = desk.sue.post("/retention/holds", data=words)
    assert "It is held." in text(placed)
    assert "A pending suit" not in placed.text  # why, is not told in a list
    hold = re.findall(r"/retention/holds/[0-9a-f-]{36}", placed.text)[0]
    assert "A pending suit" in text(desk.sue.get(hold))
    desk.sue.post(f"{hold}/lift-request")
    assert "Lift the hold" not in text(desk.sue.get(hold))
    assert desk.sue.post(f"{hold}/lift").status_code == 403
    assert "Lift the hold" in text(desk.ada.get(hold))
    desk.ada.post(f"{hold}/keep")
    assert desk.ada.post(f"{hold}/lift").status_code == 409  # asked for anew
    desk.ada.post(f"{hold}/lift-request")
    assert "The hold is lifted." in text(desk.sue.post(f"{hold}/lift"))
    assert hold not in desk.sue.get("/retention").text


def test_the_organisation_lengthens_a_legal_minimum_and_never_shortens_it(desk: Desk) -> None:
    words = {"/record": "federal_award_case", "/keep": "2 years"}
    refused = desk.ada.post("/retention/periods", data=words)
    assert refused.status_code == 422
    assert "The law asks for 3 years; choose that or longer." in text(refused)
    assert 'value="2 years"' in refused.text
    assert desk.ada.post("/retention/periods", data=words | {"/keep": "for ever"}).status_code == 422
    assert desk.ada.post("/retention/periods", data=words | {"/record": "books"}).status_code == 422
    assert desk.ada.post("/retention/periods", data=words | {"/record": "diaries"}).status_code == 422
    done = text(desk.ada.post("/retention/periods", data=words | {"/keep": "5 years"}))
    assert "5 years (your own)" in done
    assert desk.sue.post("/retention/periods", data=words).status_code == 403


def test_only_supervisors_and_administrators_open_the_page(desk: Desk) -> None:
    for name in ("ana", "ben", "dee"):
        assert signed_in(desk.house, name).get("/retention").status_code == 403
    page = desk.sue.get("/retention")
    assert "2 CFR 200.334" in text(page)
    assert "organisation-set" in text(page)
    assert desk.reference not in text(page)  # due; only what waits is listed by reference
