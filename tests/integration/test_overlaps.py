"""The same child, traveler or night in another request: found when frozen, told as far as one may know."""

from __future__ import annotations

import copy
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError, ProgrammingError

from reunify.adapters.embedded_postgres import Urls
from reunify.db import Database
from reunify.identity.records import StaffRecord
from reunify.intake import actions, overlaps
from reunify.intake.form import TravelRequest
from reunify.intake.intervals import Span
from reunify.intake.overlap_policy import Item, OverlapsAnother, night, places
from reunify.intake.queries import newest_version, references
from reunify.kernel.ids import RequestId, StaffId, VersionId
from reunify.kernel.people import Role, Staff
from reunify.rates import actions as rates
from reunify.reporting import invariants
from reunify.sandbox import people
from reunify.sandbox.families import sample_family
from tests.integration.people_world import hire, standing
from tests.lasting import lasting_database
from tests.town import NOW

REASON = "Two children of one house travel apart; both teams agreed."
TEAMS = {"ana": "north", "amy": "north", "eli": "south"}
Change = Callable[[dict[str, Any]], None]


@dataclass
class Desk:
    """`family`: story b; its mother and child fly on known days."""

    db: Database
    staff: dict[str, Staff]
    family: dict[str, Any]
    now: datetime

    def begin(self, who: str, *changes: Change) -> RequestId:
        draft = copy.deepcopy(self.family)
        for change in changes:
            change(draft)
        with self.db.work() as session:
            return actions.create(session, draft=draft, by=self.staff[who], now=self.now).id

    def submit(self, who: str, request_id: RequestId, reason: str = "") -> VersionId:
        with self.db.work() as session:
            return actions.submit(
                session,
                request_id=request_id,
                case_types=[self.family["case"]["case_type"]],
                going_on=reason,
                by=self.staff[who],
                now=self.now,
            )

    def enter(self, who: str, *changes: Change, reason: str = "") -> RequestId:
        request_id = self.begin(who, *changes)
        self.submit(who, request_id, reason)
        return request_id

    def answer(self, who: str, request_id: RequestId, answers: dict[str, Any], reason: str = "") -> None:
        with self.db.work() as session:
            actions.answer(
                session,
                request_id=request_id,
                answers=answers,
                award_stands=False,
                case_types=[self.family["case"]["case_type"]],
                going_on=reason,
                by=self.staff[who],
                now=self.now,
            )

    def refusal(self, who: str, *changes: Change) -> str:
        request_id = self.begin(who, *changes)
        with pytest.raises(OverlapsAnother) as refused:
            self.submit(who, request_id)
        assert [p.pointer for p in refused.value.problems] == ["/overlap_reason"]
        return str(refused.value)

    def reference(self, request_id: RequestId) -> str:
        with self.db.read() as session:
            return references(session, [request_id])[request_id]


@pytest.fixture(scope="module")
def house(server: Urls, administrator: sa.Engine, template: str) -> Iterator[Database]:
    with lasting_database(server, administrator, template) as db:
        _furnish(db, NOW)
        yield db


@pytest.fixture
def desk(house: Database) -> Desk:
    """Nobody is anywhere yet: where another test left people is forgotten."""
    with house.work() as session:
        session.execute(sa.text("DELETE FROM overlap_items"))
        ids = session.execute(sa.select(StaffRecord.username, StaffRecord.id)).all()
        staff = {name: standing(session, StaffId(i), NOW) for name, i in ids}
    return Desk(house, staff, sample_family("b", NOW.date()).draft, NOW)


def _furnish(db: Database, now: datetime) -> None:
    with db.work() as session:
        for name, team in TEAMS.items():
            made = hire(session, name, Role.CASE_MANAGER, now=now)
            session.get_one(StaffRecord, made.id).team = team
        for key, value in people.ORGANISATION.items():
            rates.set_organisation(
                session, key=key, value=value, effective_from=people.IN_FORCE_FROM, by=people.SANDBOX, now=now
            )


def another_child(draft: dict[str, Any]) -> None:
    draft["case"]["child"] |= {"name": "Iris Vale", "birth_date": "2012-01-09"}
    draft["travelers"][1] |= {"name": "Iris Vale", "birth_date": "2012-01-09"}


def another_parent(draft: dict[str, Any]) -> None:
    draft["travelers"][0] |= {"name": "Tomas Quintero", "birth_date": "1984-02-11"}


def later(days: int) -> Change:
    def shift(draft: dict[str, Any]) -> None:
        for leg in draft["legs"]:
            for end in ("departs", "arrives"):
                leg[end] = (datetime.fromisoformat(leg[end]) + timedelta(days=days)).isoformat()
        for line in draft["cost_lines"]:
            for day in ("night", "first_day", "last_day"):
                if line.get(day):
                    line[day] = str((datetime.fromisoformat(line[day]) + timedelta(days=days)).date())

    return shift


def test_both_custody_sides_filing_for_one_seat_hear_of_each_other(desk: Desk) -> None:
    """The father's team may not read the mother's case: a reference and whom to call, nothing else."""
    mothers = desk.enter("ana")
    said = desk.refusal("eli", another_parent, later(5))
    assert said.startswith(
        f"Request {desk.reference(mothers)} of another team overlaps with this one: call Ana."
    )
    assert "2026" not in said
    assert "Mateo" not in said


def test_a_colleague_of_the_team_reads_who_what_and_when(desk: Desk) -> None:
    mothers = desk.reference(desk.enter("ana"))
    said = desk.refusal("amy", another_parent)
    assert f"The child has a trip in request {mothers} too, 2026-11-26 08:05" in said
    assert f"Traveler 2 (child), leg 2: a leg of request {mothers} wants the same person" in said
    assert "Mateo" not in said


def test_a_traveler_who_is_elsewhere_at_that_time_is_found_beside_another_child(desk: Desk) -> None:
    first = desk.reference(desk.enter("ana"))
    said = desk.refusal("amy", another_child)
    assert f"Traveler 1 (parent), leg 1: a leg of request {first} wants the same person" in said
    assert f"Traveler 1 (parent), night of line 3: a night of request {first}" in said
    assert "The child" not in said


@pytest.mark.parametrize(
    "changes",
    [[another_child, another_parent], [another_child, later(10)], [later(60)]],
    ids=["other people", "the same mother ten days later", "the same child two months later"],
)
def test_what_does_not_meet_is_nobodys_concern(desk: Desk, changes: list[Change]) -> None:
    desk.enter("ana")
    assert desk.enter("amy", *changes)


def test_a_name_alone_is_many_people(desk: Desk) -> None:
    """Without a birth date a traveler is the same only beside the same child."""

    def ageless(draft: dict[str, Any]) -> None:
        draft["travelers"][0].pop("birth_date")

    desk.enter("ana", ageless)
    assert desk.enter("amy", ageless, another_child)
    assert "Traveler 1 (parent)" in desk.refusal("amy", ageless)


def test_with_a_reason_it_goes_on_and_the_reason_is_kept_and_asked_for_once(desk: Desk) -> None:
    first = desk.enter("ana")
    second = desk.enter("amy", another_child, reason=REASON)
    with desk.db.read() as session:
        (kept,) = overlaps.going_on(session, second)
        assert (kept.other_request_id, kept.reason, kept.by) == (first, REASON, desk.staff["amy"].id)
        said = "SELECT count(*) FROM audit_entries WHERE verb = 'go_on_beside_another' AND subject_id = :r"
        assert session.scalar(sa.text(said), {"r": str(second)}) == 1
    desk.answer("amy", second, {"/household/size": 4})


def test_an_answer_that_moves_a_trip_onto_anothers_is_found_too(desk: Desk) -> None:
    desk.enter("ana")
    second = desk.enter("amy", another_child, later(10))
    moved = {"/legs/0/departs": "2026-11-26T05:00", "/legs/0/arrives": "2026-11-26T11:00"}
    with pytest.raises(OverlapsAnother):
        desk.answer("amy", second, moved)
    with desk.db.read() as session:
        assert newest_version(session, second).number == 1
    desk.answer("amy", second, moved, REASON)


def test_one_side_does_not_know_the_birth_date_and_writes_no_accent(desk: Desk) -> None:
    def unaccented(draft: dict[str, Any]) -> None:
        for one in (draft["case"]["child"], draft["travelers"][1]):
            one["name"] = "MATEO  Quintero-Reyes"
            one.pop("birth_date", None)

    def accented(draft: dict[str, Any]) -> None:
        draft["case"]["child"]["name"] = draft["travelers"][1]["name"] = "Mateo Quintero Réyes"

    mothers = desk.reference(desk.enter("ana", accented))
    assert f"Request {mothers} of another team" in desk.refusal("eli", unaccented, another_parent, later(5))


def test_two_weeks_to_the_day_are_apart_and_a_minute_less_is_not(desk: Desk) -> None:
    """From the end of the one to the beginning of the other, whatever becomes of either."""
    first = desk.enter("ana")
    with desk.db.read() as session:
        asked = (
            "SELECT starts_at, ends_at FROM overlap_items WHERE item = 'child' AND request_id = :r LIMIT 1"
        )
        starts, ends = session.execute(sa.text(asked), {"r": first}).first() or ()
    (child, *_) = places(TravelRequest.model_validate(desk.family))

    def found(after: timedelta) -> bool:
        span = Span(ends + after, ends + after + (ends - starts))
        with desk.db.read() as session:
            return bool(overlaps.search(session, {uuid4(): [replace(child, span=span)]}))

    assert not found(timedelta(days=14))
    assert found(timedelta(days=14) - timedelta(minutes=1))


def test_who_lands_as_the_next_leg_leaves_is_in_one_place_at_a_time(desk: Desk) -> None:
    """Back to back over the hour that is told twice when summer time ends."""

    def at(draft: dict[str, Any], departs: str, arrives: str) -> None:
        draft["legs"] = draft["legs"][:1]
        draft["legs"][0] |= {"departs": departs, "departs_zone": "UTC", "arrives": arrives}
        draft["legs"][0]["arrives_zone"] = "America/New_York"

    def spans(departs: str, arrives: str) -> list[Span]:
        draft = copy.deepcopy(desk.family)
        at(draft, departs, arrives)
        read = TravelRequest.model_validate(draft)
        return [p.span for p in places(read) if p.item is Item.LEG]

    (first, *_) = spans("2026-11-01T03:00", "2026-11-01T00:30")  # 04:30 in UTC, still summer time
    (second, *_) = spans("2026-11-01T04:30", "2026-11-01T03:00")  # 08:00, an hour later than it looks
    assert first.common(second) is None
    assert second.ends - second.starts == timedelta(hours=3, minutes=30)


def test_the_proof_finds_who_is_in_two_places_unsaid(desk: Desk, server: Urls) -> None:
    first = desk.enter("ana")
    second = desk.enter("amy", reason=REASON)

    def broken() -> list[str]:
        with desk.db.read() as session:
            return [f.sentence for f in invariants.check(session) if f.rule.startswith("in two places")]

    assert broken() == []
    owner = sa.create_engine(sa.make_url(server.owner).set(database=sa.make_url(desk.db.url).database))
    with owner.begin() as planted:
        planted.exec_driver_sql("ALTER TABLE overlap_reasons DISABLE TRIGGER USER")
        planted.exec_driver_sql("DELETE FROM overlap_reasons")
        planted.exec_driver_sql("ALTER TABLE overlap_reasons ENABLE TRIGGER USER")
    owner.dispose()
    (sentence,) = broken()
    assert str(first) in sentence
    assert str(second) in sentence


def test_a_short_reason_is_none(desk: Desk) -> None:
    desk.enter("ana")
    with pytest.raises(OverlapsAnother, match="in a sentence"):
        desk.enter("amy", reason="ok")


def test_two_sides_submitting_at_the_same_moment_do_not_miss_each_other(desk: Desk) -> None:
    """Real threads: whoever comes second is refused, whichever it is."""
    both = [(who, desk.begin(who, *change)) for who, change in (("ana", []), ("eli", [another_parent]))]
    start, refused = threading.Barrier(2), []

    def go(who: str, request_id: RequestId) -> None:
        start.wait(10)
        try:
            desk.submit(who, request_id)
        except OverlapsAnother:
            refused.append(who)

    threads = [threading.Thread(target=go, args=one) for one in both]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(refused) == 1


def test_nobody_is_read_from_what_is_kept_and_an_erased_family_is_found_no_more(desk: Desk) -> None:
    first = desk.enter("ana")
    with desk.db.work() as session:
        rows = session.execute(sa.text("SELECT * FROM overlap_items")).all()
        assert rows
        assert not any("Quintero" in str(row) or "2011" in str(row) for row in rows)
        overlaps.forget(session, request_id=first)
    assert desk.enter("amy")


def test_a_reason_is_kept_as_written(desk: Desk) -> None:
    desk.enter("ana")
    desk.enter("amy", reason=REASON)
    for forged in ("UPDATE overlap_reasons SET at = now()", "DELETE FROM overlap_reasons"):
        with pytest.raises((IntegrityError, ProgrammingError)), desk.db.work() as session:
            session.execute(sa.text(forged))


def test_many_requests_are_looked_for_in_one_query_and_in_no_time(desk: Desk) -> None:
    """20,000 kept items, 50 requests asked for at once: one statement, far below a second."""
    first = desk.enter("ana")
    with desk.db.work() as session:
        session.execute(
            sa.text(
                "INSERT INTO overlap_items (id, request_id, version_number, person, role, number, item, "
                "item_number, starts_at, ends_at) SELECT gen_random_uuid(), :r, 1, int8send(n), 'parent', 1, "
                "'leg', 1, now() + n * interval '1 minute', now() + (n + 60) * interval '1 minute' "
                "FROM generate_series(1, 20000) n"
            ),
            {"r": first},
        )
    here = places(TravelRequest.model_validate(desk.family))
    asked: dict[UUID, Any] = {uuid4(): here for _ in range(50)}
    heard: list[str] = []
    with desk.db.read() as session:
        sa.event.listen(session.get_bind(), "before_cursor_execute", lambda *a: heard.append(a[2]))
        begun = time.perf_counter()
        found = overlaps.search(session, asked)
        took = time.perf_counter() - begun
    assert {row.request_id for row in found} == asked.keys()
    assert len(heard) == 1
    assert took < 1


def test_a_night_is_the_evening_and_morning_of_its_place(desk: Desk) -> None:
    span = night(datetime(2026, 11, 26).date(), "America/Denver")
    assert span.starts.isoformat() == "2026-11-27T01:00:00+00:00"
    assert span.ends.isoformat() == "2026-11-27T13:00:00+00:00"
    found = places(TravelRequest.model_validate(desk.family))
    assert len({p.person for p in found if p.item is Item.CHILD}) == 2  # by the birth date, and by the case
    nights = [p for p in found if p.item is Item.NIGHT and p.number == 1]
    assert [n.span.starts.hour for n in nights] == [23, 23]  # six in the evening in Atlanta
