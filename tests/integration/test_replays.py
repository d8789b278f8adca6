"""A rule change is tried on everybody answered before; who would have a yes is owed a second look."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from reunify.db import Database
from reunify.eligibility import look_back_queries, look_backs, replays
from reunify.eligibility.look_back_policy import (
    LookBackReasonMissing,
    NoSuchLookBack,
    NoSuchOutcome,
    NotCheckedAgain,
)
from reunify.kernel.ids import RequestId, new_id
from reunify.kernel.moves import WrongState
from reunify.kernel.refusals import NotAllowed
from reunify.rules import actions as rules
from reunify.rules import queries
from reunify.rules.policy import AuthorMayNotApprove, NoSuchReplay, ReplayNeeded
from reunify.sandbox import people
from reunify.vault import keepers
from reunify.vault.keepers import Erased
from tests.integration.replay_world import FUND, LIMIT, UP_TO_120, Office

EACH = 1_151_00  # what the fund may pay of this family's lines, at most


@pytest.fixture
def office(settled_db: Database, now: datetime) -> Office:
    return Office(settled_db, now)


def erase(office: Office, request_id: RequestId) -> None:
    with office.db.work() as session:
        keepers.destroy(session, keeper=request_id, now=office.now)


def settle(office: Office, request_id: RequestId, by: str = "ana", **said: Any) -> None:
    look_back = said.pop("look_back_id", None) or office.owed(request_id)[0].id
    with office.db.work() as session:
        look_backs.settle_look_back(
            session,
            request_id=request_id,
            look_back_id=look_back,
            by=office.person(by),
            now=office.now,
            **({"outcome": "checked_again", "reason": ""} | said),
        )


# The report ------------------------------------------------------------------------------------------------
def test_a_higher_limit_turns_exactly_the_families_between_the_two_limits(office: Office) -> None:
    at_limit = office.family(LIMIT)
    one_over, at_new = office.family(LIMIT + 1), office.family(UP_TO_120)
    over_both, not_told = office.family(UP_TO_120 + 1), office.family(None)
    office.raised()
    report = office.replayed()
    assert {f["request_id"] for f in report["flips"]} == {str(one_over), str(at_new)}
    assert {(f["from"], f["to"]) for f in report["flips"]} == {("ineligible", "eligible")}
    assert [(s["families"], s["because"][0]["id"]) for s in report["samples"]] == [(2, "DR-05")]
    assert "DR-05" not in str(report["flips"])
    assert all((f["cents_from"], f["cents_to"]) == (0, EACH) for f in report["flips"])
    assert report["by_fund"] == [
        {"source": FUND, "payable_before": EACH, "payable_after": 3 * EACH, "unit": "cents"}
    ]
    assert report["answers"] == [
        ["eligible", "eligible", 1],
        ["ineligible", "eligible", 2],
        ["ineligible", "ineligible", 1],
        ["needs_information", "needs_information", 1],
    ]
    assert (report["determinations"], report["same"], report["flips_total"]) == (5, 3, 2)
    assert (report["skipped_erased"], report["not_covered"]) == (0, 0)
    unchanged = {str(r) for r in (at_limit, over_both, not_told)}
    assert not unchanged & {f["request_id"] for f in report["flips"]}
    said = json.dumps(report)
    for told in ("5464001", "54,640", "TX", "Texas", "income_percent", "101", "Quintero"):
        assert told not in said  # no fact's value or name, and nobody's


def test_the_newest_version_of_a_request_counts_if_it_was_answered_since_the_day(office: Office) -> None:
    request_id = office.family(LIMIT + 1)
    office.again(request_id)
    sha = office.raised()
    report = office.replayed()
    assert (report["determinations"], report["flips_total"]) == (1, 1)
    with office.db.read() as session:
        newest = session.scalar(
            sa.text("SELECT id FROM determinations WHERE request_id = :r AND source = :s AND number = 2"),
            {"r": request_id, "s": FUND},
        )
    assert report["flips"][0]["determination_id"] == str(newest)
    today = office.now.date()
    for since, count in ((today, 1), (today + timedelta(days=1), 0)):
        office.ask(sha, since)
        report = office.replayed()
        assert (report["since"], report["determinations"]) == (since.isoformat(), count)


def test_a_family_that_was_erased_is_counted_and_passed_over(office: Office) -> None:
    erase(office, office.family(LIMIT + 1))
    office.family(UP_TO_120)
    office.raised()
    report = office.replayed(batch=1)
    assert (report["skipped_erased"], report["determinations"], report["flips_total"]) == (1, 1, 1)


def test_a_version_is_tried_on_trips_of_its_own_days_and_on_families_the_source_was_never_asked_for(
    office: Office,
) -> None:
    office.family(LIMIT)
    office.family(UP_TO_120 + 1)
    with office.db.read() as session:
        book = queries.in_force(session).versions[FUND][-1]
    later, elsewhere = replace(book, effective_from=date(2027, 6, 1)), replace(book, source="new_fund")
    reports = [
        replays.replay_now(office.db, book=one, since=None, now=office.now).report(since=None)
        for one in (later, elsewhere)
    ]
    assert [(r["not_covered"], r["determinations"]) for r in reports] == [(2, 0), (0, 2)]
    assert reports[1]["answers"] == [["not_asked", "eligible", 1], ["not_asked", "ineligible", 1]]
    assert reports[1]["by_fund"] == [
        {"source": "new_fund", "payable_before": 0, "payable_after": EACH, "unit": "cents"}
    ]
    assert reports[1]["flips_to_yes"] == 1


def test_before_anything_was_ever_approved_a_replay_reports_nothing(db: Database, now: datetime) -> None:
    office = Office(db, now)
    with db.work() as session:
        people.settle_in(session, now=now)
        people.join(session, now=now, whom=people.AUTHORS)
        shipped = rules.load_shipped(session, by=people.SANDBOX, now=now)
        waiting = queries.replays_waiting(session, limit=100)
    assert len(waiting) == len(shipped) > 0
    assert office.turn(waiting[0]) == 1
    report = office.replay(waiting[0]).report
    assert report is not None
    assert (report["determinations"], report["flips"]) == (0, [])


# Half-way --------------------------------------------------------------------------------------------------
def test_a_worker_that_dies_half_way_loses_one_batch_and_nothing_is_counted_twice(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    for income in (LIMIT, LIMIT + 1, UP_TO_120, UP_TO_120 + 1, LIMIT + 2):
        office.family(income)
    sha = office.raised()
    replay_id = office.waiting()
    assert office.turn(replay_id, batch=1, batches=2) == 2
    assert office.replay(replay_id).state == "running"

    with monkeypatch.context() as dying:
        dying.setattr(replays, "_keep_yeses", _die)
        with pytest.raises(Killed):
            office.turn(replay_id, batch=1)
    assert office.waiting() == replay_id
    in_turns = office.replayed(batch=1, batches=1)
    assert office.turn(replay_id) == 0  # done once
    office.ask(sha, None)
    assert office.replayed() == in_turns
    assert (in_turns["determinations"], in_turns["flips_total"]) == (5, 3)


class Killed(BaseException):
    pass


def _die(*_: object) -> None:
    raise Killed


def test_two_workers_are_never_at_the_same_replay(office: Office) -> None:
    office.family(LIMIT + 1)
    office.family(LIMIT + 2)
    office.raised()
    replay_id = office.waiting()
    office.turn(replay_id, batch=1, batches=1)
    with office.db.work() as other:
        other.execute(sa.text("SELECT * FROM replay_progress FOR UPDATE"))
        assert office.turn(replay_id, batch=1) == 0
    assert office.replayed()["determinations"] == 2


def test_a_version_that_cannot_be_read_any_more_fails_its_replay(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.raised()
    replay_id = office.waiting()
    with monkeypatch.context() as broken:
        broken.setattr(replays.current, "compiled", lambda *_: ({}, {}))
        office.turn(replay_id)
    assert office.replay(replay_id).state == "failed"
    assert office.turn(replay_id) == 0
    with pytest.raises(NoSuchReplay):
        office.turn(new_id())


# Approval and second looks ---------------------------------------------------------------------------------
def test_a_version_is_approved_after_its_replay_by_another_person_and_owes_second_looks_once(
    office: Office,
) -> None:
    yes = office.family(LIMIT + 1)
    others = [office.family(LIMIT), office.family(UP_TO_120 + 1), office.family(None)]
    sha = office.raised()
    with pytest.raises(ReplayNeeded):
        office.approved(sha)
    office.replayed()
    with pytest.raises(AuthorMayNotApprove):
        office.approved(sha, by="ada")
    assert office.owed(yes) == []
    assert office.approved(sha)
    with office.db.read() as session:
        assert queries.in_force(session).versions[FUND][-1].sha256 == sha
    (owed,) = office.owed(yes, *others)
    assert (owed.request_id, owed.answer_before, owed.answer_after) == (yes, "ineligible", "eligible")
    assert "reunification fund" in owed.name
    with pytest.raises(WrongState):
        office.approved(sha)
    assert len(office.owed(yes, *others)) == 1


def test_a_stricter_rule_owes_nobody_a_second_look(office: Office) -> None:
    request_id = office.family(LIMIT)
    sha = office.raised(to=99)
    report = office.replayed()
    assert (report["flips_total"], report["flips_to_yes"]) == (1, 0)
    assert report["by_fund"][0]["payable_after"] == 0
    assert office.approved(sha)
    assert office.owed(request_id) == []


def test_a_second_look_is_settled_once_the_request_was_checked_again(office: Office) -> None:
    request_id, other, gone, helped = (office.family(LIMIT + n) for n in (1, 2, 3, 4))
    sha = office.raised()
    office.replayed()
    office.corrected(helped, LIMIT)
    office.ask(sha, office.now.date() + timedelta(days=1))
    assert office.replayed()["flips_total"] == 0  # a later replay of fewer days takes nothing away
    erase(office, gone)
    office.approved(sha)
    owed = {o.request_id: o for o in office.owed(request_id, other, gone, helped)}
    assert set(owed) == {request_id, other}  # not who was erased, nor who got a yes meanwhile
    with pytest.raises(NotCheckedAgain):
        settle(office, request_id)
    with pytest.raises(NoSuchLookBack):
        settle(office, other, look_back_id=owed[request_id].id)
    office.again(request_id)
    settle(office, request_id)
    assert [o.request_id for o in office.owed(request_id, other)] == [other]
    with pytest.raises(WrongState):
        settle(office, request_id, look_back_id=owed[request_id].id)
    with office.db.read() as session:
        answer = session.scalar(
            sa.text("SELECT answer FROM determinations WHERE source = :s AND number = 2"), {"s": FUND}
        )
        verbs = session.scalars(sa.text("SELECT verb FROM audit_entries WHERE subject = 'look_back'")).all()
    assert answer == "eligible"
    assert sorted(verbs) == ["owe", "owe", "settle"]


def test_a_second_look_that_is_not_needed_has_its_reason_kept_under_the_familys_key(office: Office) -> None:
    request_id, gone = office.family(LIMIT + 1), office.family(LIMIT + 2)
    sha = office.raised()
    office.replayed()
    office.approved(sha)
    with pytest.raises(LookBackReasonMissing):
        settle(office, request_id, outcome="not_needed", reason="  no ")
    with pytest.raises(NoSuchOutcome):
        settle(office, request_id, outcome="later")
    with pytest.raises(NotAllowed):
        settle(office, request_id, by="ben")
    settle(office, request_id, outcome="not_needed", reason="The child is home; Maria told us.")
    with office.db.read() as session:
        kept = session.scalar(sa.text("SELECT string_agg(look_backs::text, ' ') FROM look_backs"))
        (shown,) = look_back_queries.of_request(session, request_id)
    assert "Maria" not in kept
    assert (shown.reason, shown.outcome, shown.open) == (
        "The child is home; Maria told us.",
        "not_needed",
        False,
    )
    erase(office, gone)
    with pytest.raises(Erased):
        settle(office, gone, outcome="not_needed", reason="They are erased.")
