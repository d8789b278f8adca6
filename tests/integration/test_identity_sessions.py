"""Sessions and factors: who is disabled or demoted loses it at once; what is changed needs a fresh proof."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa

from reunify.db import Database
from reunify.identity import actions as identity
from reunify.identity import adding, factors, half_way, passkeys, passwords, sessions
from reunify.identity.half_way import Purpose
from reunify.identity.passkeys import Use
from reunify.identity.policy import (
    LastFactor,
    SignInAgain,
    StepUpFirst,
)
from reunify.identity.records import Passkey, StaffRecord, StaffSession
from reunify.kernel.ids import StaffId
from reunify.kernel.people import Role, System
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


# Sessions -----------------------------------------------------------------------------------------------
@pytest.mark.asvs("7.2.4")
def test_a_step_up_rotates_the_token_and_the_old_one_is_dead(
    db: Database, ana: StaffId, now: datetime
) -> None:
    old = in_house(db, now)
    later = now + timedelta(minutes=10)
    by = who(db, old, later)
    assert by is not None
    with db.work() as session:
        fresh = sessions.mark_proved(session, token=old, by=by, now=later)
    assert who(db, old, later) is None
    again = who(db, fresh, later)
    assert again is not None
    assert again.proved_at == later


@pytest.mark.asvs("7.3.1", "7.3.2")
def test_a_session_ends_after_half_an_hour_alone_and_after_twelve_hours_in_any_case(
    db: Database, ana: StaffId, now: datetime
) -> None:
    token = in_house(db, now)
    assert who(db, token, now + timedelta(minutes=29)) is not None
    assert who(db, token, now + timedelta(minutes=60)) is None
    token = in_house(db, now)
    for quarter in range(1, 48):
        assert who(db, token, now + timedelta(minutes=15 * quarter)) is not None
    assert who(db, token, now + timedelta(hours=12)) is None


@pytest.mark.asvs("7.4.2")
def test_a_disabled_person_is_out_at_once_and_stays_out(db: Database, ana: StaffId, now: datetime) -> None:
    token = in_house(db, now)
    with db.work() as session:
        session.get_one(StaffRecord, ana).active = False
    assert who(db, token, now) is None
    assert half(db, now) is None


@pytest.mark.asvs("8.3.2")
def test_a_demoted_persons_open_session_loses_the_role_at_once(db: Database, now: datetime) -> None:
    with db.work() as session:
        ben = hire(session, PEOPLE_BY_NAME["ben"], now=now)
        token = sessions.begin(
            session, staff_id=ben, ways=["passkey"], browser=BROWSER, proved_at=now, now=now
        )
    with db.work() as session:
        session.get_one(StaffRecord, ben).roles = [Role.AUDITOR.value]
    by = who(db, token, now)
    assert by is not None
    assert by.roles == {Role.AUDITOR}


@pytest.mark.asvs("7.4.3", "7.5.2")
def test_a_person_sees_and_ends_their_own_sessions_and_nobody_elses(
    db: Database, ana: StaffId, now: datetime
) -> None:
    here, there = in_house(db, now), in_house(db, now)
    with db.work() as session:
        ben = hire(session, PEOPLE_BY_NAME["ben"], now=now)
        bens = sessions.begin(session, staff_id=ben, ways=["x"], browser="y", proved_at=None, now=now)
        bens_id = sessions.open_sessions(session, staff_id=ben, token=bens, now=now)[0].id
    by = who(db, here, now)
    assert by is not None
    with db.work() as session:
        listed = sessions.open_sessions(session, staff_id=ana, token=here, now=now)
        assert sorted(one.here for one in listed) == [False, True]
        sessions.end_one(session, session_id=bens_id, by=by, now=now)
        other = next(one.id for one in listed if not one.here)
        sessions.end_one(session, session_id=other, by=by, now=now)
    assert [who(db, t, now) is not None for t in (here, there, bens)] == [True, False, True]


# Passwords and factors ----------------------------------------------------------------------------------
@pytest.mark.asvs("6.2.3", "7.4.3")
def test_a_new_password_needs_the_old_one_and_ends_the_other_sessions(
    db: Database, ana: StaffId, now: datetime
) -> None:
    here, there = in_house(db, now), in_house(db, now)
    by = who(db, here, now)
    assert by is not None

    def change(old: str, new: str) -> bool:
        with db.work() as session:
            return passwords.change(
                session, old=old, new=new, staff_id=ana, token=here, about=(), breached=None, by=by, now=now
            )

    assert not change("not-the-old-one", "gravel-sonnet-plum-ferry")
    assert who(db, there, now) is not None
    assert change(ANA.password, "gravel-sonnet-plum-ferry")
    assert [who(db, t, now) is not None for t in (here, there)] == [True, False]
    assert half(db, now, ANA.password) is None
    assert half(db, now, "gravel-sonnet-plum-ferry ") is None, "exactly as typed"
    assert half(db, now, "gravel-sonnet-plum-ferry") is not None


@pytest.mark.asvs("7.5.1")
def test_removing_a_factor_needs_a_fresh_passkey_and_the_last_one_stays(
    db: Database, ana: StaffId, now: datetime
) -> None:
    token = in_house(db, now)
    with db.read() as session:
        key: UUID = passkeys.held_by(session, ana)[0].id
    fresh = who(db, token, now)
    stale = who(db, token, now + timedelta(minutes=6))
    assert fresh is not None
    assert stale is not None
    with pytest.raises(LastFactor), db.work() as session:
        passkeys.remove(session, passkey_id=key, by=fresh, now=now)
    app_for(db, ana, now)
    with pytest.raises(StepUpFirst), db.work() as session:
        passkeys.remove(session, passkey_id=key, by=stale, now=now + timedelta(minutes=6))
    with db.work() as session:
        passkeys.remove(session, passkey_id=key, by=fresh, now=now)
        assert not factors.of(session, ana).passkeys


@pytest.mark.asvs("7.5.1")
def test_a_first_passkey_is_added_right_after_signing_in_only(
    db: Database, ana: StaffId, now: datetime
) -> None:
    code = app_for(db, ana, now)
    with db.work() as session:
        session.execute(sa.delete(Passkey))
    token = with_code(db, now, code(now))
    assert token is not None
    for minutes, allowed in ((5, True), (6, False)):
        later = now + timedelta(minutes=minutes)
        by = who(db, token, later)
        assert by is not None
        with db.work() as session:
            assert adding.may_add(session, token=token, by=by, now=later) is allowed
    with pytest.raises(SignInAgain), db.work() as session:
        adding.check_may_add(session, token=token, by=by, now=later)


@pytest.mark.asvs("7.5.3")
def test_a_first_passkey_added_after_a_code_signs_in_at_once_and_is_proof_a_day_later(
    db: Database, ana: StaffId, now: datetime
) -> None:
    """Whoever phished the password and a code has not got hold of acts of weight with them."""
    code = app_for(db, ana, now)
    with db.work() as session:
        session.execute(sa.delete(Passkey))
    token = with_code(db, now, code(now))
    assert token is not None
    by = who(db, token, now)
    assert by is not None
    key = SoftwarePasskey("somebody's")
    with db.work() as session:
        adding.check_may_add(session, token=token, by=by, now=now)
        asked = passkeys.ask_new(session, token=token, site=SITE, staff_id=ana, now=now)
    answer = key.make(json.loads(asked), SITE.origin)
    with db.work() as session:
        assert passkeys.add(
            session,
            token=token,
            site=SITE,
            answer=answer,
            name="x",
            proved=False,
            staff_id=ana,
            by=by,
            now=now,
        )
        assert adding.trusted_later(session, staff_id=ana, now=now) == now + timedelta(hours=24)
    ripe = now + timedelta(hours=24)
    for later, proof in ((now, None), (ripe - timedelta(seconds=1), None), (ripe, ripe)):
        made = half(db, later)
        assert made is not None
        inside = with_passkey(db, later, made.token, key)
        assert inside is not None
        by = who(db, inside, later)
        assert by is not None
        assert by.proved_at == proof
        with db.work() as session:
            asked = passkeys.ask(session, token=inside, use=Use.STEP_UP, site=SITE, staff_id=ana, now=later)
        assert len(json.loads(asked)["allowCredentials"]) == (1 if proof else 0)
        signed = key.sign(json.loads(asked), SITE.origin)
        with db.work() as session:
            fresh = identity.step_up(session, token=inside, site=SITE, answer=signed, by=by, now=later)
        assert (fresh is not None) is (proof is not None)


def test_a_passkey_added_under_a_fresh_proof_counts_at_once(
    db: Database, ana: StaffId, now: datetime
) -> None:
    with db.work() as session:
        kept = passkeys.keep(
            session,
            credential_id=b"spare",
            public_key=b"k",
            sign_count=0,
            name="spare",
            proved=True,
            staff_id=ana,
            by=System("test"),
            now=now,
        )
        assert kept is not None
        assert session.get_one(Passkey, kept).trusted_from == now
        assert adding.trusted_later(session, staff_id=ana, now=now) is None


@pytest.mark.parametrize(("provider", "said"), [(True, "oidc"), (False, "password")])
def test_a_session_says_which_proof_came_first(
    db: Database, ana: StaffId, now: datetime, provider: bool, said: str
) -> None:
    code = app_for(db, ana, now)
    begun = []
    for finish in ("code", "passkey"):
        with db.work() as session:
            token = half_way.begin(
                session, purpose=Purpose.SECOND_FACTOR, staff_id=ana, provider=provider, now=now
            )
        if finish == "passkey":
            begun.append(with_passkey(db, now, token))
            continue
        with db.work() as session:
            begun.append(
                identity.finish_with_code(session, token=token, code=code(now), browser=BROWSER, now=now)
            )
    assert all(begun)
    with db.read() as session:
        ways = session.scalars(sa.select(StaffSession.ways).order_by(StaffSession.id)).all()
    assert sorted(ways) == [[said, "passkey"], [said, "totp"]]
