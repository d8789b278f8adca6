"""Deciding, answering and checking take turns: nobody works on a request that another is changing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest
import sqlalchemy as sa

from flows import assess
from reunify.approval import actions as approval
from reunify.db import Database
from reunify.identity.queries import staff_id
from reunify.intake import queries as intake
from reunify.kernel.ids import AwardId
from reunify.kernel.people import Role, Staff
from reunify.reporting import waiting
from reunify.sandbox.families import sample_family
from tests.town import NOW, Town, built


@pytest.fixture
def town(settled_db: Database, tmp_path: Path) -> Iterator[Town]:
    with built(settled_db, tmp_path) as made:
        yield made


@pytest.fixture
def request_id(town: Town) -> str:
    draft = sample_family("f", NOW.date()).draft
    draft["case"]["report_number"] = "SG-26-30981"
    return town.submitted(draft)


def ben(town: Town) -> Staff:
    with town.house.db.read() as session:
        roles = frozenset({Role.FINANCE_APPROVER, Role.FINANCE_RELEASER})
        return Staff(staff_id(session, "ben"), "Ben", roles)


def answer(town: Town, request_id: str, needs: str) -> None:
    body = {"answers": {"/travelers/0/readiness/needs": needs}}
    town.person("ana").act(town.diary, "answer", f"/requests/{request_id}/answers", body)


def test_while_an_award_is_released_its_request_can_be_neither_answered_nor_checked(
    town: Town, request_id: str
) -> None:
    award = AwardId(UUID(town.progress(request_id)["award"]["id"]))
    house, by = town.house, ben(town)
    held = sa.text("SELECT id FROM requests WHERE id = :id FOR UPDATE NOWAIT")
    with house.db.work() as session:
        templates = house.letter_templates()
        approval.approve_and_release(session, award_id=award, templates=templates, by=by, now=NOW)
        with pytest.raises(sa.exc.OperationalError, match="could not obtain lock"), house.db.work() as other:
            other.execute(held, {"id": request_id})


def test_a_version_answered_over_since_it_was_found_is_not_judged_any_more(
    town: Town, request_id: str
) -> None:
    answer(town, request_id, "a blanket")
    with town.house.db.read() as session:
        found = waiting.versions_to_assess(session, limit=10)
    answer(town, request_id, "a car seat")
    assert assess.assess(town.house, found, None) == 0
    town.work()
    progress = town.progress(request_id)
    assert (progress["stage"], progress["number"]) == ("awaiting_approval", 3)
    town.person("ben").act(town.diary, "approve", f"/awards/{progress['award']['id']}/approval")


def test_the_table_holds_one_live_award_for_each_request(town: Town, request_id: str) -> None:
    with town.house.db.read() as session:
        first = intake.newest_version(session, UUID(request_id)).number
    answer(town, request_id, "a blanket")
    town.work()
    revive = sa.text("UPDATE awards SET state = 'awaiting_approval' WHERE version_number = :number")
    with pytest.raises(sa.exc.IntegrityError, match="uq_awards_one_live"), town.house.db.work() as session:
        session.execute(revive, {"number": first})
