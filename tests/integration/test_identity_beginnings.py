"""Beginnings: the first administrator, new people, and colleagues who vouch for one who lost everything."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

import pyotp
import pytest
import sqlalchemy as sa

from reunify.db import Database
from reunify.identity import actions as identity
from reunify.identity import (
    enrolment,
    factors,
    half_way,
    recovery,
    sessions,
    set_up,
    totp,
)
from reunify.identity.half_way import Purpose
from reunify.identity.policy import (
    POWER,
    AdministratorExists,
    AlreadyEnrolled,
    CannotVouch,
    NotCalledBack,
    PasskeyFirst,
    StepUpFirst,
    TooManyTries,
)
from reunify.identity.records import StaffRecord
from reunify.kernel.ids import StaffId
from reunify.kernel.people import Role, Staff, System
from reunify.kernel.refusals import NotAllowed, NotFound
from reunify.sandbox.authenticator import SoftwarePasskey
from reunify.sandbox.people import PEOPLE_BY_NAME, DemoPerson, hire
from tests.integration.identity_world import (
    BROWSER,
    SITE,
    half,
    in_house,
    who,
)

HOME = "203.0.113.7"  # where the person types


@pytest.mark.asvs("6.3.2")
def test_the_first_administrator_is_made_once_without_a_password(db: Database, now: datetime) -> None:
    by = System("reunify admin first")
    with db.work() as session:
        made = identity.first_administrator(session, username="Rosa", name="Rosa Lind", by=by, now=now)
        assert session.get_one(StaffRecord, made).password_hash is None
    with pytest.raises(AdministratorExists), db.work() as session:
        identity.first_administrator(session, username="eve", name="Eve Marsh", by=by, now=now)


@pytest.fixture
def rosa(db: Database, now: datetime) -> StaffId:
    with db.work() as session:
        by = System("reunify admin first")
        return identity.first_administrator(session, username="rosa", name="Rosa Lind", by=by, now=now)


@pytest.mark.asvs("6.4.1")
def test_a_new_person_begins_with_a_code_a_password_and_a_passkey(
    db: Database, rosa: StaffId, now: datetime
) -> None:
    with db.work() as session:
        code = enrolment.issue_enrolment(session, staff_id=rosa, by=System("test"), now=now)
    with db.work() as session:
        token = enrolment.begin_with_code(session, username="rosa", code=code.lower(), place=HOME, now=now)
    assert token is not None
    with db.work() as session:
        assert set_up.ask_passkey(session, token=token, site=SITE, now=now) is None, "a password first"
        assert set_up.choose_password(
            session, token=token, new="gravel-sonnet-plum-ferry", about=(), breached=None, now=now
        )
        asked = set_up.ask_passkey(session, token=token, site=SITE, now=now)
    assert asked is not None
    answer = SoftwarePasskey("rosa").make(json.loads(asked), SITE.origin)
    with db.work() as session:
        made = set_up.add_passkey(
            session, token=token, site=SITE, answer=answer, name="key", browser=BROWSER, now=now
        )
    assert made is not None
    by = who(db, made, now)
    assert by is not None
    assert by.proved_at == now
    with pytest.raises(AlreadyEnrolled), db.work() as session:
        enrolment.issue_enrolment(session, staff_id=rosa, by=System("test"), now=now)


@pytest.mark.parametrize(
    ("role", "provider", "works"),
    [
        *((role, False, False) for role in sorted(POWER)),
        *((role, False, True) for role in sorted(set(Role) - POWER)),
        (Role.FINANCE_RELEASER, True, True),
    ],
)
def test_whoever_decides_on_cases_money_or_people_begins_with_a_passkey_and_not_an_app(
    db: Database, now: datetime, role: Role, provider: bool, works: bool
) -> None:
    by = System("test")
    with db.work() as session:
        person = identity.add_staff(session, username="rae", name="Rae", roles={role}, by=by, now=now)
        token = half_way.begin(session, purpose=Purpose.SET_UP, staff_id=person, now=now)
        said = {"token": token, "provider": provider, "now": now}
        assert set_up.choose_password(
            session, token=token, new="gravel-sonnet-plum-ferry", about=(), breached=None, now=now
        )
        beginning = set_up.seen(session, **said)
        assert beginning is not None
        assert beginning.needs_passkey is not works
        if works:
            assert set_up.begin_app(session, **said)
        else:
            with pytest.raises(PasskeyFirst, match="make one first"):
                set_up.begin_app(session, **said)
        code = pyotp.TOTP(
            totp.pending(session, staff_id=person) or totp.begin_set_up(session, staff_id=person, now=now)
        ).at(now)
        if works:
            assert set_up.confirm_app(session, code=code, browser=BROWSER, **said)
        else:
            with pytest.raises(PasskeyFirst):
                set_up.confirm_app(session, code=code, browser=BROWSER, **said)


@pytest.mark.asvs("6.5.1", "6.5.5")
@pytest.mark.parametrize(("late", "works"), [(timedelta(minutes=59), True), (timedelta(minutes=60), False)])
def test_a_one_time_code_holds_an_hour_and_once(
    db: Database, rosa: StaffId, now: datetime, late: timedelta, works: bool
) -> None:
    with db.work() as session:
        code = enrolment.issue_enrolment(session, staff_id=rosa, by=System("test"), now=now)

    def use() -> str | None:
        with db.work() as session:
            return enrolment.begin_with_code(session, username="rosa", code=code, place=HOME, now=now + late)

    assert (use() is not None) is works
    assert use() is None


def test_a_second_code_voids_the_first(db: Database, rosa: StaffId, now: datetime) -> None:
    with db.work() as session:
        first = enrolment.issue_enrolment(session, staff_id=rosa, by=System("test"), now=now)
        enrolment.issue_enrolment(session, staff_id=rosa, by=System("test"), now=now)
    with db.work() as session:
        assert enrolment.begin_with_code(session, username="rosa", code=first, place=HOME, now=now) is None


@pytest.mark.asvs("6.6.3")
def test_the_sixth_wrong_one_time_code_is_paused_for_known_and_unknown_names_alike(
    db: Database, rosa: StaffId, now: datetime
) -> None:
    for name in ("rosa", "nobody"):
        with db.work() as session:
            tried = [
                enrolment.begin_with_code(session, username=name, code="XXXX", place=HOME, now=now)
                for _ in range(5)
            ]
        assert tried == [None] * 5
        with pytest.raises(TooManyTries), db.work() as session:
            enrolment.begin_with_code(session, username=name, code="XXXX", place=HOME, now=now)


# Two colleagues vouch -----------------------------------------------------------------------------------
@dataclass
class Night:
    """Ana lost her phone. Sue is her supervisor, Ben and Carla are of finance, Rosa administers."""

    db: Database
    now: datetime
    people: dict[str, Staff]

    def open(self, by: str = "sue", *, called_back: bool = True) -> tuple[UUID, str]:
        with self.db.work() as session:
            return recovery.open_recovery(
                session,
                staff_id=self.people["ana"].id,
                called_back=called_back,
                by=self.people[by],
                now=self.now,
            )

    def confirm(self, which: UUID, by: str = "ben") -> str:
        with self.db.work() as session:
            return recovery.confirm_recovery(session, recovery_id=which, by=self.people[by], now=self.now)

    def use(self, first: str, second: str, late: timedelta = timedelta(), place: str = HOME) -> str | None:
        with self.db.work() as session:
            return recovery.begin_with_halves(
                session, username="ana", first=first, second=second, place=place, now=self.now + late
            )

    def counts_as(self, name: str, late: timedelta = timedelta()) -> set[str]:
        with self.db.read() as session:
            found = recovery.vouched_for(session, self.people[name].id, self.now + late)
        return {n for n, p in self.people.items() if p.id in found}


@pytest.fixture
def night(db: Database, now: datetime) -> Night:
    people = [
        PEOPLE_BY_NAME["ana"],
        PEOPLE_BY_NAME["ben"],
        PEOPLE_BY_NAME["carla"],
        DemoPerson("sue", "Sue Ortega", "pepper-anchor-19", frozenset({Role.SUPERVISOR})),
        DemoPerson("rosa", "Rosa Lind", "gravel-sonnet-52", frozenset({Role.ADMINISTRATOR})),
    ]
    with db.work() as session:
        ids = {p.username: hire(session, p, now=now) for p in people}
    staff = {p.username: Staff(ids[p.username], p.name, p.roles, proved_at=now) for p in people}
    return Night(db, now, staff)


def test_two_halves_from_two_colleagues_are_a_new_beginning_and_end_everything_old(night: Night) -> None:
    token = in_house(night.db, night.now)
    which, first = night.open()
    second = night.confirm(which)
    assert who(night.db, token, night.now) is not None, "until the halves are used nothing changes"
    assert night.use(first, second) is not None
    assert who(night.db, token, night.now) is None
    assert half(night.db, night.now) is None, "the old password is gone too"
    with night.db.read() as session:
        assert not factors.of(session, night.people["ana"].id)


def test_one_half_alone_is_worth_nothing(night: Night) -> None:
    which, first = night.open()
    assert night.use(first, first) is None, "nobody has confirmed yet"
    second = night.confirm(which)
    assert night.use(first, first) is None
    assert night.use(second, second) is None
    assert night.use(second, first) is None, "each half in its place"
    assert night.use(first, second) is not None
    assert night.use(first, second) is None, "once"


@pytest.mark.asvs("6.3.1")
def test_an_outsider_who_knows_the_name_cannot_end_a_recovery(night: Night) -> None:
    which, first = night.open()
    second = night.confirm(which)
    for outside in ("198.51.100.1", "198.51.100.2"):
        assert [night.use("AAAA", "BBBB", place=outside) for _ in range(5)] == [None] * 5
        with pytest.raises(TooManyTries):
            night.use(first, second, place=outside)
    assert night.use(first, second) is not None, "at home nothing was tried"


@pytest.mark.asvs("6.6.3")
@pytest.mark.parametrize(("wrong", "works"), [(4, True), (5, False)])
def test_five_tries_with_one_right_half_end_a_recovery_from_wherever_they_come(
    night: Night, wrong: int, works: bool
) -> None:
    which, first = night.open()
    second = night.confirm(which)
    for number in range(wrong):
        assert night.use(first, "BBBB", place=f"198.51.100.{number}") is None
    assert (night.use(first, second) is not None) is works


@pytest.mark.parametrize(("late", "works"), [(timedelta(minutes=29), True), (timedelta(minutes=30), False)])
def test_both_halves_hold_half_an_hour(night: Night, late: timedelta, works: bool) -> None:
    which, first = night.open()
    assert (night.use(first, night.confirm(which), late) is not None) is works


def test_the_same_person_cannot_vouch_twice_nor_for_themselves(night: Night) -> None:
    which, _ = night.open(by="rosa")
    with pytest.raises(CannotVouch):
        night.confirm(which, by="rosa")
    ana, ben = night.people["ana"], night.people["ben"]
    night.people["ana"] = replace(ana, roles=frozenset({Role.SUPERVISOR}))
    with pytest.raises(CannotVouch):
        night.open(by="ana")
    with pytest.raises(CannotVouch):
        night.confirm(which, by="ana")
    night.people["ben"] = replace(ben, stands_for=frozenset({night.people["rosa"].id}))
    with pytest.raises(CannotVouch):
        night.confirm(which, by="ben")


def test_the_table_itself_keeps_three_people_apart(night: Night) -> None:
    which, _ = night.open(by="rosa")
    confirm = "confirmed_by = :who, confirmed_at = now(), second_hash = 'x'"
    for change, name in (("opened_by = :who", "ana"), (confirm, "ana"), (confirm, "rosa")):
        said = sa.text(f"UPDATE recoveries SET {change} WHERE id = :id")
        with pytest.raises(sa.exc.IntegrityError), night.db.work() as session:
            session.execute(said, {"who": night.people[name].id, "id": which})


def test_who_vouches_must_have_called_back_hold_the_role_and_prove_a_passkey(night: Night) -> None:
    with pytest.raises(NotCalledBack):
        night.open(called_back=False)
    with pytest.raises(NotAllowed):
        night.open(by="ben")
    which, _ = night.open()
    with pytest.raises(NotAllowed):
        night.confirm(which, by="ana")
    night.people["ben"] = replace(night.people["ben"], proved_at=night.now - timedelta(minutes=6))
    with pytest.raises(StepUpFirst):
        night.confirm(which, by="ben")
    night.people["sue"] = replace(night.people["sue"], proved_at=None)
    with pytest.raises(StepUpFirst):
        night.open()


def test_for_a_day_who_vouched_and_who_was_let_in_count_as_one(night: Night) -> None:
    which, first = night.open()
    second = night.confirm(which)
    assert night.counts_as("ana") == set()
    night.use(first, second)
    assert night.counts_as("ana") == {"sue", "ben"}
    assert night.counts_as("ben") == night.counts_as("sue") == {"ana"}
    assert night.counts_as("carla") == set()
    assert night.counts_as("ana", timedelta(hours=24)) == set()
    with night.db.work() as session:
        ben = session.get_one(StaffRecord, night.people["ben"].id)
        acting = sessions.acting(session, ben, proved_at=None, now=night.now)
    assert night.people["ana"].id in acting.selves


def test_an_operators_code_is_for_an_administrator_and_seen_for_a_week(night: Night) -> None:
    by = System("reunify admin recover")
    with pytest.raises(NotFound), night.db.work() as session:
        enrolment.issue_as_operator(session, username="ana", by=by, now=night.now)
    with night.db.work() as session:
        enrolment.issue_as_operator(session, username="rosa", by=by, now=night.now)
    for late, seen in ((timedelta(days=6, hours=23), 1), (timedelta(days=7), 0)):
        with night.db.read() as session:
            assert len(enrolment.operator_codes(session, now=night.now + late)) == seen
    with night.db.read() as session:
        actor = session.scalar(sa.text("SELECT actor FROM audit_entries ORDER BY id DESC LIMIT 1"))
    assert actor == "system:reunify admin recover"
