"""The on-call roster: no night without a name, no person for both the case and its money, no silent gap."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from reunify.adapters.embedded_postgres import Urls
from reunify.audit.records import AuditEntry
from reunify.db import Database
from reunify.identity import delegation, duties, hand_overs, on_call, roster, staffing
from reunify.identity.duties import Duty, Span
from reunify.identity.on_call import OnCall
from reunify.identity.staffing import Details
from reunify.kernel.people import Role, Staff
from reunify.kernel.refusals import NotAllowed, NotFound
from tests.integration.people_world import FINANCE, NOW, hire, standing
from tests.lasting import lasting_database

NEW_YORK = ZoneInfo("America/New_York")
NIGHT = Span(NOW + timedelta(hours=8), NOW + timedelta(hours=24))
CASES, MONEY = Duty.NIGHT_CASE_MANAGER, Duty.NIGHT_FINANCE


@dataclass
class House:
    session: Session
    olga: Staff
    sam: Staff
    ana: Staff
    abe: Staff
    ben: Staff
    carla: Staff

    def shift(self, duty: Duty, person: Staff, backup: Staff | None = None, **said: Any) -> UUID:
        whole: dict[str, Any] = {"span": NIGHT, "by": self.sam, "now": NOW}
        backup_id = backup.id if backup else None
        return roster.add_shift(
            self.session, duty=duty, person_id=person.id, backup_id=backup_id, **whole | said
        )

    def called(self, duty: Duty, now: datetime) -> OnCall:
        return next(o for o in on_call.who_is_on_call(self.session, now=now) if o.duty is duty)

    def name(self, duty: Duty, now: datetime) -> str | None:
        person = self.called(duty, now).person
        return person.name if person else None


@pytest.fixture(scope="module")
def lasting(server: Urls, administrator: sa.Engine, template: str) -> Iterator[Database]:
    with lasting_database(server, administrator, template) as db:
        yield db


@pytest.fixture
def house(lasting: Database) -> Iterator[House]:
    with Session(lasting.engine) as session:
        yield House(
            session,
            hire(session, "olga", Role.ADMINISTRATOR),
            hire(session, "sam", Role.SUPERVISOR),
            hire(session, "ana", Role.CASE_MANAGER),
            hire(session, "abe", Role.CASE_MANAGER),
            hire(session, "ben", *FINANCE),
            hire(session, "carla", *FINANCE),
        )
        session.rollback()


def test_who_is_on_call_is_known_to_the_second(house: House) -> None:
    house.shift(MONEY, house.ben)
    house.shift(MONEY, house.carla, span=Span(NIGHT.ends_at, NIGHT.ends_at + timedelta(hours=2)))
    a_moment = timedelta(microseconds=1)
    assert house.name(MONEY, NIGHT.starts_at - a_moment) is None
    assert house.name(MONEY, NIGHT.starts_at) == "Ben"
    assert house.name(MONEY, NIGHT.ends_at - a_moment) == "Ben"
    assert house.name(MONEY, NIGHT.ends_at) == "Carla"
    assert house.called(MONEY, NIGHT.starts_at).until == NIGHT.ends_at


def test_a_day_and_a_night_over_the_clock_change_has_no_gap_and_no_overlap(house: House) -> None:
    """Two shifts meet at the second 1:30 a.m. of November 1, 2026; each quarter of an hour has one person."""
    saturday = datetime(2026, 10, 31, 9, tzinfo=NEW_YORK).astimezone(UTC)
    meets = datetime(2026, 11, 1, 1, 30, tzinfo=NEW_YORK, fold=1).astimezone(UTC)
    sunday = datetime(2026, 11, 1, 9, tzinfo=NEW_YORK).astimezone(UTC)
    early = saturday - timedelta(days=1)
    house.shift(CASES, house.ana, span=Span(saturday, meets), now=early)
    house.shift(CASES, house.abe, span=Span(meets, sunday), now=early)
    assert sunday - saturday == timedelta(hours=25)
    quarters = [saturday + timedelta(minutes=15 * n) for n in range(100)]
    names = [house.name(CASES, q) for q in quarters]
    assert names == ["Ana" if q < meets else "Abe" for q in quarters]
    assert names.count("Ana") == 70  # 9 a.m. to the second half past one: 17 and a half hours


def test_holes_are_nights_without_a_name_and_nothing_else(house: House) -> None:
    """From Wednesday 9 a.m. in New York: ten weeknights and two weekends, less what is covered."""
    found = [h for h in on_call.holes(house.session, zone=NEW_YORK, now=NOW) if h.duty is MONEY]
    assert found[0].span == Span(
        datetime(2026, 11, 25, 22, tzinfo=UTC), datetime(2026, 11, 26, 14, tzinfo=UTC)
    )
    assert len(found) == 10
    assert found[-1].span.ends_at == NOW + duties.LOOK_AHEAD
    house.shift(MONEY, house.ben)
    left = [h for h in on_call.holes(house.session, zone=NEW_YORK, now=NOW) if h.duty is MONEY]
    assert left == found[1:]


def test_a_hole_in_the_middle_of_a_night_is_found_while_it_lasts(house: House) -> None:
    one = Span(NIGHT.starts_at, NIGHT.starts_at + timedelta(hours=4))
    house.shift(MONEY, house.ben, span=one)
    later = NIGHT.starts_at + timedelta(hours=5)
    first = next(h for h in on_call.holes(house.session, zone=NEW_YORK, now=later) if h.duty is MONEY)
    assert first.span == Span(later, NIGHT.ends_at)


# Who may be on call ------------------------------------------------------------------------------------
def test_the_person_and_the_backup_hold_what_the_duty_needs_themselves(house: House) -> None:
    half = hire(house.session, "half", Role.FINANCE_APPROVER)
    with pytest.raises(duties.NotForThisDuty):
        house.shift(MONEY, half)
    delegation.lend(
        house.session,
        lender_id=house.ben.id,
        receiver_id=half.id,
        role=Role.FINANCE_RELEASER,
        starts_at=NOW,
        ends_at=NIGHT.ends_at,
        by=house.ben,
        now=NOW,
    )
    assert Role.FINANCE_RELEASER in standing(house.session, half.id).roles
    with pytest.raises(duties.NotForThisDuty):
        house.shift(MONEY, half)
    with pytest.raises(duties.NotForThisDuty) as refused:
        house.shift(MONEY, house.ben, backup=house.ana)
    assert refused.value.field == "/backup"


def test_a_backup_who_stands_for_the_person_is_no_backup(house: House) -> None:
    """Abe borrows Ana's second role during the night: called for both, they would be one person."""
    with pytest.raises(duties.BackupIsTheSame):
        house.shift(MONEY, house.ben, backup=house.ben)
    both = hire(house.session, "both", Role.CASE_MANAGER, Role.RULES_AUTHOR)
    at_two = NIGHT.starts_at + timedelta(hours=4)
    delegation.lend(
        house.session,
        lender_id=both.id,
        receiver_id=house.abe.id,
        role=Role.RULES_AUTHOR,
        starts_at=at_two,
        ends_at=at_two + timedelta(hours=1),
        by=both,
        now=NOW,
    )
    with pytest.raises(duties.BackupIsTheSame):
        house.shift(CASES, both, backup=house.abe)
    house.shift(CASES, both, backup=house.ana)


def test_shifts_of_one_duty_do_not_overlap_in_words_and_in_the_table(house: House) -> None:
    house.shift(MONEY, house.ben)
    with pytest.raises(roster.ShiftTaken):
        house.shift(
            MONEY,
            house.carla,
            span=Span(NIGHT.ends_at - timedelta(seconds=1), NIGHT.ends_at + timedelta(hours=1)),
        )
    house.shift(CASES, house.ana)
    with pytest.raises(IntegrityError, match="ex_shifts_one_night_finance"):
        house.session.execute(sa.text("UPDATE shifts SET duty = 'night_finance'"))


def test_only_supervisors_and_administrators_plan(house: House) -> None:
    for by in (house.ana, house.ben):
        with pytest.raises(NotAllowed):
            house.shift(MONEY, house.carla, by=by)
    house.shift(MONEY, house.carla, by=house.olga)


def test_nobody_who_left_is_put_on_call(house: House) -> None:
    staffing.disable(house.session, staff_id=house.ben.id, by=house.olga, now=NOW)
    with pytest.raises(NotFound):
        house.shift(MONEY, house.ben)


# Holes that people leave -------------------------------------------------------------------------------
def test_who_is_disabled_at_night_was_on_call_until_then_and_leaves_a_hole(house: House) -> None:
    house.shift(MONEY, house.ben, backup=house.carla)
    at_two = NIGHT.starts_at + timedelta(hours=4)
    staffing.disable(house.session, staff_id=house.ben.id, by=house.olga, now=at_two)
    assert house.name(MONEY, at_two - timedelta(seconds=1)) == "Ben"
    now_called = house.called(MONEY, at_two)
    assert now_called.person is None
    assert now_called.backup is not None
    assert now_called.backup.name == "Carla"
    holes = on_call.holes(house.session, zone=NEW_YORK, now=at_two)
    assert Span(at_two, NIGHT.ends_at) in [h.span for h in holes if h.duty is MONEY]


def test_a_lost_role_opens_the_nights_that_need_it(house: House) -> None:
    shift = house.shift(MONEY, house.ben, backup=house.carla)
    staffing.change_roles(
        house.session, staff_id=house.ben.id, held={Role.FINANCE_APPROVER}, by=house.olga, now=NOW
    )
    assert house.name(MONEY, NIGHT.starts_at) is None
    roster.assign(
        house.session, shift_id=shift, person_id=house.carla.id, backup_id=None, by=house.sam, now=NOW
    )
    assert house.name(MONEY, NIGHT.starts_at) == "Carla"


def test_a_withdrawn_shift_is_a_hole_from_then_on(house: House) -> None:
    shift = house.shift(MONEY, house.ben)
    later = NIGHT.starts_at + timedelta(hours=1)
    roster.withdraw_shift(house.session, shift_id=shift, by=house.sam, now=later)
    assert house.name(MONEY, later - timedelta(seconds=1)) == "Ben"
    assert house.name(MONEY, later) is None
    with pytest.raises(roster.ShiftOver):
        roster.withdraw_shift(house.session, shift_id=shift, by=house.sam, now=later)


# Handing over ------------------------------------------------------------------------------------------
def test_until_it_is_accepted_the_first_stays_on_call(house: House) -> None:
    shift = house.shift(MONEY, house.ben)
    nine, ten = NIGHT.starts_at + timedelta(hours=1), NIGHT.starts_at + timedelta(hours=2)
    asked = hand_overs.offer(
        house.session, shift_id=shift, to_id=house.carla.id, note="One award waits.", by=house.ben, now=nine
    )
    assert house.name(MONEY, ten) == "Ben"
    (seen,) = hand_overs.open_offers(house.session, of=house.carla.id, now=nine)
    assert seen.note == "One award waits."
    hand_overs.accept(house.session, offer_id=asked, by=house.carla, now=ten)
    assert house.name(MONEY, ten - timedelta(seconds=1)) == "Ben"
    assert house.name(MONEY, ten) == "Carla"
    assert house.called(MONEY, ten).until == NIGHT.ends_at
    assert hand_overs.open_offers(house.session, of=house.carla.id, now=ten) == []
    verbs = house.session.scalars(sa.select(AuditEntry.verb).where(AuditEntry.subject_id == asked)).all()
    assert sorted(verbs) == ["accept", "offer"]


def test_a_hand_over_before_the_shift_gives_all_of_it(house: House) -> None:
    shift = house.shift(CASES, house.ana, backup=house.abe)
    asked = hand_overs.offer(
        house.session, shift_id=shift, to_id=house.abe.id, note="My child is ill.", by=house.ana, now=NOW
    )
    hand_overs.accept(house.session, offer_id=asked, by=house.abe, now=NOW)
    (one,) = on_call.shifts(house.session, NIGHT)
    assert (one.id, one.person_id, one.backup_id) == (shift, house.abe.id, None)


def test_only_who_has_the_shift_offers_and_only_who_was_asked_answers(house: House) -> None:
    shift = house.shift(MONEY, house.ben)
    said: dict[str, Any] = {"shift_id": shift, "note": "Please.", "now": NOW}
    with pytest.raises(hand_overs.NotOnThisShift):
        hand_overs.offer(house.session, to_id=house.ben.id, by=house.carla, **said)
    with pytest.raises(duties.NotForThisDuty):
        hand_overs.offer(house.session, to_id=house.ana.id, by=house.ben, **said)
    with pytest.raises(hand_overs.NoteNeeded):
        hand_overs.offer(house.session, to_id=house.carla.id, by=house.ben, **said | {"note": " x "})
    asked = hand_overs.offer(house.session, to_id=house.carla.id, by=house.ben, **said)
    with pytest.raises(hand_overs.AlreadyOffered):
        hand_overs.offer(house.session, to_id=house.carla.id, by=house.ben, **said)
    for act in (hand_overs.accept, hand_overs.decline):
        with pytest.raises(hand_overs.NotOnThisShift):
            act(house.session, offer_id=asked, by=house.ana, now=NOW)
    hand_overs.decline(house.session, offer_id=asked, by=house.carla, now=NOW)
    assert house.name(MONEY, NIGHT.starts_at) == "Ben"
    for act in (hand_overs.accept, hand_overs.decline):
        with pytest.raises(hand_overs.OfferClosed):
            act(house.session, offer_id=asked, by=house.carla, now=NOW)


def test_what_was_taken_back_or_overtaken_is_not_accepted(house: House) -> None:
    shift = house.shift(MONEY, house.ben)
    said: dict[str, Any] = {"shift_id": shift, "to_id": house.carla.id, "note": "Please.", "by": house.ben}
    asked = hand_overs.offer(house.session, **said, now=NOW)
    hand_overs.take_back(house.session, offer_id=asked, by=house.ben, now=NOW)
    with pytest.raises(hand_overs.OfferClosed):
        hand_overs.accept(house.session, offer_id=asked, by=house.carla, now=NOW)
    asked = hand_overs.offer(house.session, **said, now=NOW)
    staffing.disable(house.session, staff_id=house.ben.id, by=house.olga, now=NOW)
    with pytest.raises(hand_overs.OfferClosed):
        hand_overs.accept(house.session, offer_id=asked, by=house.carla, now=NOW)
    with pytest.raises(roster.ShiftOver):
        hand_overs.offer(house.session, **said, now=NIGHT.ends_at)


# Whom to call ------------------------------------------------------------------------------------------
def test_on_call_or_not_an_author_and_their_stand_in_never_decide(house: House) -> None:
    """Ben once worked cases and wrote this request; Carla stands for nobody; Dan stands in for Ben."""
    session, at_night = house.session, NIGHT.starts_at
    staffing.change_details(
        session,
        staff_id=house.carla.id,
        details=Details("Carla", phone="+1 703 555 0155"),
        by=house.olga,
        now=NOW,
    )
    house.shift(MONEY, house.ben, backup=house.carla)
    assert on_call.whom_to_call(session, authors={house.ana.id}, now=at_night) == (
        "Call Ben (no number on file), who is on call."
    )
    assert on_call.whom_to_call(session, authors={house.ben.id}, now=at_night) == (
        "Call Carla (+1 703 555 0155), the backup."
    )
    both = {house.ben.id, house.carla.id}
    assert "call an administrator" in on_call.whom_to_call(session, authors=both, now=at_night)
    hire(session, "dan", *FINANCE)
    said = on_call.whom_to_call(session, authors=both, now=at_night)
    assert said == "Nobody on call may decide on this family's money. Call Dan (no number on file)."
