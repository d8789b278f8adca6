"""Ways in: two proofs, each used once; who guesses is paused."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from reunify.db import Database
from reunify.identity import actions as identity
from reunify.identity import half_way, passkeys
from reunify.identity.half_way import Purpose
from reunify.identity.passkeys import Use
from reunify.identity.policy import (
    EnrolFirst,
    TooManyTries,
)
from reunify.identity.records import Passkey
from reunify.kernel.ids import StaffId
from reunify.sandbox.authenticator import SoftwarePasskey
from reunify.sandbox.people import PEOPLE_BY_NAME, hire
from tests.integration.identity_world import (
    ANA,
    BROWSER,
    SITE,
    app_for,
    half,
    in_house,
    who,
    with_code,
    with_passkey,
)


@pytest.fixture
def ana(db: Database, now: datetime) -> StaffId:
    with db.work() as session:
        return hire(session, ANA, now=now)


# Two proofs ---------------------------------------------------------------------------------------------
@pytest.mark.asvs("6.3.3")
def test_a_password_alone_opens_nothing(db: Database, ana: StaffId, now: datetime) -> None:
    made = half(db, now)
    assert made is not None
    assert (made.totp, made.passkeys) == (False, True)
    assert who(db, made.token, now) is None


@pytest.mark.asvs("6.3.3")
def test_without_a_second_factor_a_right_password_leads_to_no_door(
    db: Database, ana: StaffId, now: datetime
) -> None:
    with db.work() as session:
        session.execute(sa.delete(Passkey))
    with pytest.raises(EnrolFirst):
        half(db, now)


def test_a_password_and_a_passkey_sign_in_and_the_passkey_counts_as_proved(
    db: Database, ana: StaffId, now: datetime
) -> None:
    by = who(db, in_house(db, now), now)
    assert by is not None
    assert (by.id, by.proved_at) == (ana, now)


def test_a_passkey_alone_says_whose_it_is(db: Database, ana: StaffId, now: datetime) -> None:
    with db.work() as session:
        token = half_way.begin(session, purpose=Purpose.PASSKEY, staff_id=None, now=now)
    made = with_passkey(db, now, token, SoftwarePasskey("ana", user_handle=ana.bytes))
    assert made is not None
    assert who(db, made, now) is not None


def test_a_passkey_that_does_not_ask_who_is_there_is_not_enough(
    db: Database, ana: StaffId, now: datetime
) -> None:
    made = half(db, now)
    assert made is not None
    assert with_passkey(db, now, made.token, SoftwarePasskey("ana", verifies=False)) is None


def test_somebody_elses_passkey_does_not_finish_my_sign_in(db: Database, ana: StaffId, now: datetime) -> None:
    with db.work() as session:
        hire(session, PEOPLE_BY_NAME["ben"], now=now)
    made = half(db, now)
    assert made is not None
    assert with_passkey(db, now, made.token, SoftwarePasskey("ben")) is None


@pytest.mark.asvs("6.5.5")
@pytest.mark.parametrize(("late", "works"), [(timedelta(minutes=5), False), (timedelta(minutes=4), True)])
def test_half_way_lasts_five_minutes(
    db: Database, ana: StaffId, now: datetime, late: timedelta, works: bool
) -> None:
    made = half(db, now)
    assert made is not None
    assert (with_passkey(db, now + late, made.token) is not None) is works


@pytest.mark.asvs("6.5.1")
def test_half_way_leads_to_one_session_only(db: Database, ana: StaffId, now: datetime) -> None:
    made = half(db, now)
    assert made is not None
    assert with_passkey(db, now, made.token) is not None
    assert with_passkey(db, now, made.token) is None


@pytest.mark.asvs("6.5.1")
def test_an_answer_of_a_passkey_is_used_once_and_for_what_was_asked(
    db: Database, ana: StaffId, now: datetime
) -> None:
    token = in_house(db, now)
    by = who(db, token, now)
    assert by is not None
    with db.work() as session:
        asked = passkeys.ask(session, token=token, use=Use.STEP_UP, site=SITE, staff_id=ana, now=now)
    answer = SoftwarePasskey("ana").sign(json.loads(asked), SITE.origin)
    with db.work() as session:
        fresh = identity.step_up(session, token=token, site=SITE, answer=answer, by=by, now=now)
    assert fresh is not None
    with db.work() as session:
        assert identity.step_up(session, token=fresh, site=SITE, answer=answer, by=by, now=now) is None
    with db.work() as session:
        passkeys.ask(session, token=fresh, use=Use.SIGN_IN, site=SITE, staff_id=ana, now=now)
        assert identity.step_up(session, token=fresh, site=SITE, answer=answer, by=by, now=now) is None


def test_a_sign_count_that_does_not_grow_is_a_copy_and_refused(
    db: Database, ana: StaffId, now: datetime
) -> None:
    def attempt(count: int) -> str | None:
        made = half(db, now)
        assert made is not None
        return with_passkey(db, now, made.token, SoftwarePasskey("ana", count=count))

    assert attempt(7) is not None
    assert attempt(7) is None
    assert attempt(6) is None
    assert attempt(8) is not None


@pytest.mark.parametrize("answer", [{}, {"rawId": "%"}, {"rawId": "AA", "response": 1}, {"rawId": 5}])
def test_a_broken_answer_proves_nothing(
    db: Database, ana: StaffId, now: datetime, answer: dict[str, object]
) -> None:
    made = half(db, now)
    assert made is not None
    with db.work() as session:
        identity.ask_passkey(session, token=made.token, site=SITE, now=now)
    with db.work() as session:
        done = identity.finish_with_passkey(
            session, token=made.token, site=SITE, answer=answer, browser=BROWSER, now=now
        )
    assert done is None


# Codes --------------------------------------------------------------------------------------------------
@pytest.mark.asvs("6.5.1")
def test_a_code_counts_once_and_neither_does_an_older_one(db: Database, ana: StaffId, now: datetime) -> None:
    code = app_for(db, ana, now)
    assert with_code(db, now, code(now)) is not None
    assert with_code(db, now, code(now)) is None
    assert with_code(db, now, code(now - timedelta(seconds=30))) is None
    later = now + timedelta(seconds=30)
    assert with_code(db, later, code(later)) is not None


def test_a_code_is_no_proof_for_acts_of_weight(db: Database, ana: StaffId, now: datetime) -> None:
    token = with_code(db, now, app_for(db, ana, now)(now))
    assert token is not None
    by = who(db, token, now)
    assert by is not None
    assert by.proved_at is None


@pytest.mark.asvs("6.6.3", "6.3.1")
def test_the_sixth_wrong_code_is_paused_even_over_new_sign_ins_and_a_right_one_waits(
    db: Database, ana: StaffId, now: datetime
) -> None:
    code = app_for(db, ana, now)
    assert [with_code(db, now, "000000") for _ in range(5)] == [None] * 5
    with pytest.raises(TooManyTries):
        with_code(db, now, code(now))
    later = now + timedelta(minutes=15)
    assert with_code(db, later, code(later)) is not None


@pytest.mark.asvs("6.3.1")
def test_the_sixth_wrong_password_is_paused_for_known_and_unknown_names_alike(
    db: Database, ana: StaffId, now: datetime
) -> None:
    for name in ("ana", "nobody"):
        with db.work() as session:
            tried = [identity.sign_in(session, username=name, password="wrong", now=now) for _ in range(5)]
        assert tried == [None] * 5
        with pytest.raises(TooManyTries), db.work() as session:
            identity.sign_in(session, username=name, password=ANA.password, now=now)
