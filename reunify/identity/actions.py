"""Register staff; sign in with two proofs, or with a passkey that is both."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.audit import actions as audit
from reunify.identity import factors, half_way, passkeys, passwords, policy, sessions, totp, tries
from reunify.identity.enrolment import DOOR
from reunify.identity.half_way import Purpose
from reunify.identity.passkeys import Site, Use
from reunify.identity.records import StaffRecord
from reunify.identity.secret import PASSWORDS
from reunify.kernel.ids import StaffId
from reunify.kernel.may import ANYBODY, may
from reunify.kernel.people import Actor, Role, Staff, System
from reunify.kernel.refusals import Refused


class NameTaken(Refused):
    """Two people cannot sign in with the same name."""


@dataclass(frozen=True, slots=True)
class HalfWayIn:
    """The password was right. `token` leads to the second step only; `totp`, `passkeys`: what may follow."""

    token: str
    totp: bool
    passkeys: bool


@may(Role.ADMINISTRATOR, system=True)
def add_staff(
    session: Session,
    *,
    username: str,
    name: str,
    roles: set[Role],
    by: Actor,
    now: datetime,
    password: str | None = None,
    team: str | None = None,
    phone: str | None = None,
) -> StaffId:
    """Without a password the person begins with a one-time code. Raises WeakPassword, NameTaken."""
    if password is not None:
        passwords.check_new(password, about=(username, name))
    if session.scalar(sa.select(StaffRecord.id).where(StaffRecord.username == username.casefold())):
        raise NameTaken("This name is taken. Choose another one to sign in with.", field="/username")
    staff = StaffRecord(
        username=username.casefold(),
        name=name,
        password_hash=PASSWORDS.hash(password) if password is not None else None,
        roles=sorted(roles),
        active=True,
        team=team,
        phone_on_file=phone,
    )
    session.add(staff)
    session.flush()
    audit.record(
        session,
        by=by,
        at=now,
        subject="staff",
        subject_id=staff.id,
        moved="add",
        detail={"roles": sorted(roles)},
    )
    return StaffId(staff.id)


@may(system=True)
def first_administrator(session: Session, *, username: str, name: str, by: System, now: datetime) -> StaffId:
    """Once: with an active administrator there already, raises AdministratorExists."""
    session.execute(sa.select(sa.func.pg_advisory_xact_lock(20_012)))
    held = StaffRecord.roles.op("@>")(sa.cast([Role.ADMINISTRATOR.value], StaffRecord.roles.type))
    if session.scalar(sa.select(StaffRecord.id).where(StaffRecord.active, held).limit(1)):
        raise policy.AdministratorExists(
            "There is an administrator. Ask them, or use `reunify admin recover` if they cannot sign in."
        )
    return add_staff(session, username=username, name=name, roles={Role.ADMINISTRATOR}, by=by, now=now)


@may(system=True)
def second_administrator(session: Session, *, username: str, name: str, by: System, now: datetime) -> StaffId:
    """While fewer than two people could confirm for each other. Raises AdministratorExists, NameTaken."""
    session.execute(sa.select(sa.func.pg_advisory_xact_lock(20_012)))
    held = sa.or_(*(StaffRecord.roles.contains([r.value]) for r in (Role.ADMINISTRATOR, Role.SUPERVISOR)))
    able = sa.select(StaffRecord.id).where(StaffRecord.active, StaffRecord.enrolled_at.is_not(None), held)
    if len(session.scalars(able.limit(2)).all()) > 1:
        raise policy.AdministratorExists(
            "Two people can confirm each other's changes. Let one of them ask for the new administrator."
        )
    return add_staff(session, username=username, name=name, roles={Role.ADMINISTRATOR}, by=by, now=now)


def sign_in(session: Session, *, username: str, password: str, now: datetime) -> HalfWayIn | None:
    """Half-way in, or None for a wrong pair (the failure is counted in this transaction).

    Raises TooManyTries while the name is paused, EnrolFirst for a right pair without a second factor.
    """
    who = f"password:{username.casefold()}"
    tries.check_not_paused(session, who, now=now)
    staff = session.scalar(
        sa.select(StaffRecord).where(StaffRecord.username == username.casefold(), StaffRecord.active)
    )
    right = passwords.is_right(staff.password_hash if staff else None, password)
    if staff is None or not right:
        tries.count(session, who, now=now)
        if staff is not None:
            audit.record(
                session, by=DOOR, at=now, subject="staff", subject_id=staff.id, moved="wrong_password"
            )
        return None
    tries.forget(session, who)
    staff_id = StaffId(staff.id)
    has = factors.of(session, staff_id)
    if not has:
        raise policy.EnrolFirst("You have no second factor yet. Ask an administrator for a one-time code.")
    token = half_way.begin(session, purpose=Purpose.SECOND_FACTOR, staff_id=staff_id, now=now)
    return HalfWayIn(token, has.totp, bool(has.passkeys))


def ask_passkey(session: Session, *, token: str, site: Site, now: datetime) -> str | None:
    """Options (JSON) for the passkey that finishes a half-way sign-in; None if nobody stands there."""
    at = half_way.find(session, token=token, now=now)
    if at is None or at.purpose is Purpose.SET_UP:
        return None
    return passkeys.ask(session, token=token, use=Use.SIGN_IN, site=site, staff_id=at.staff_id, now=now)


def finish_with_code(session: Session, *, token: str, code: str, browser: str, now: datetime) -> str | None:
    """The session's token after the six digits; None for wrong ones. Raises TooManyTries."""
    at = half_way.find(session, token=token, now=now, lock=True)
    if at is None or at.purpose is not Purpose.SECOND_FACTOR or at.staff_id is None:
        return None
    if not totp.prove(session, staff_id=at.staff_id, code=code, now=now):
        half_way.wrong_try(session, token=token)
        audit.record(session, by=DOOR, at=now, subject="staff", subject_id=at.staff_id, moved="wrong_code")
        return None
    return finish(
        session,
        token=token,
        staff_id=at.staff_id,
        ways=[at.first_way, "totp"],
        proved_at=None,
        browser=browser,
        now=now,
    )


def finish_with_passkey(
    session: Session, *, token: str, site: Site, answer: Mapping[str, Any], browser: str, now: datetime
) -> str | None:
    """The session's token after a passkey, alone or after a password; None if it proves nothing."""
    at = half_way.find(session, token=token, now=now, lock=True)
    if at is None or at.purpose is Purpose.SET_UP:
        return None
    found = passkeys.prove(
        session, token=token, use=Use.SIGN_IN, site=site, answer=answer, staff_id=at.staff_id, now=now
    )
    if found is None:
        half_way.wrong_try(session, token=token)
        if at.staff_id is not None:
            audit.record(
                session, by=DOOR, at=now, subject="staff", subject_id=at.staff_id, moved="wrong_passkey"
            )
        return None
    ways = ["passkey"] if at.purpose is Purpose.PASSKEY else [at.first_way, "passkey"]
    return finish(
        session,
        token=token,
        staff_id=found.staff_id,
        ways=ways,
        proved_at=now if found.trusted else None,
        browser=browser,
        now=now,
    )


@may(*ANYBODY)
def step_up(
    session: Session, *, token: str, site: Site, answer: Mapping[str, Any], by: Staff, now: datetime
) -> str | None:
    """The session's new token, proved at this moment; None if the answer proves nothing (and is used up)."""
    if (
        passkeys.prove(
            session, token=token, use=Use.STEP_UP, site=site, answer=answer, staff_id=by.id, now=now
        )
        is None
    ):
        audit.record(session, by=by, at=now, subject="staff", subject_id=by.id, moved="wrong_passkey")
        return None
    return sessions.mark_proved(session, token=token, by=by, now=now)


def finish(
    session: Session,
    *,
    token: str,
    staff_id: StaffId,
    ways: list[str],
    proved_at: datetime | None,
    browser: str,
    now: datetime,
) -> str | None:
    """The half-way state becomes a session, once; None for somebody disabled meanwhile."""
    half_way.spend(session, token=token)
    if not session.get_one(StaffRecord, staff_id).active:
        return None
    return sessions.begin(
        session, staff_id=staff_id, ways=ways, browser=browser, proved_at=proved_at, now=now
    )
