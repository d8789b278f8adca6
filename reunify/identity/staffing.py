"""Add people, change what they may do, disable and enable them. A change counts from the next request."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from reunify.audit import actions as audit
from reunify.identity import actions, delegation, factors, recovery, roles, roster, sessions, tokens
from reunify.identity.actions import NameTaken
from reunify.identity.records import StaffRecord
from reunify.kernel.ids import StaffId
from reunify.kernel.may import may
from reunify.kernel.people import Role, Staff
from reunify.kernel.refusals import NotAllowed, NotFound, OutOfStep, Refused
from reunify.kernel.text import is_safe
from reunify.vault import keyring

EMAIL_PLACE = "staff.oidc_email"


class OwnRoles(NotAllowed):
    """Nobody changes their own roles, or disables themselves."""


class LastAdministrator(Refused):
    """Without an administrator nobody could let anybody in."""


class DetailDoesNotFit(Refused):
    """A name, team, phone number or address that cannot be kept as it is."""


class AlreadySo(OutOfStep):
    """Somebody else has done it meanwhile."""


@dataclass(frozen=True, slots=True)
class Person:
    """A member of staff as administrators see them. `bound`: has signed in with the provider before."""

    id: StaffId
    username: str
    name: str
    roles: frozenset[Role]
    active: bool
    enrolled: bool
    team: str | None
    phone: str | None = field(repr=False)
    email: str | None = field(repr=False)
    bound: bool
    passkeys: int


@dataclass(frozen=True, slots=True)
class Details:
    """What an administrator writes about a person. Empty text means none."""

    name: str
    team: str = ""
    phone: str = field(default="", repr=False)
    email: str = field(default="", repr=False)  # the address the identity provider knows them by


@may(Role.ADMINISTRATOR)
def add(
    session: Session,
    *,
    username: str,
    details: Details,
    held: Collection[Role],
    by: Staff,
    now: datetime,
) -> tuple[StaffId, str]:
    """The new person and their one-time enrolment code, shown once.

    Raises DetailDoesNotFit, NameTaken, NoRole, RolesDoNotMix.
    """
    known_as = username.strip().casefold()
    if not known_as or len(known_as) > 100 or not is_safe(known_as) or " " in known_as:
        raise DetailDoesNotFit("Write a name to sign in with, without spaces.", field="/username")
    roles.check_some(held)
    staff_id = actions.add_staff(
        session, username=known_as, name=_name(details), roles=set(held), by=by, now=now
    )
    _write(_locked(session, staff_id), details)
    _flush(session)
    return staff_id, recovery.issue_enrolment(session, staff_id=staff_id, by=by, now=now)


@may(Role.ADMINISTRATOR)
def change_details(
    session: Session, *, staff_id: StaffId, details: Details, by: Staff, now: datetime
) -> None:
    """Another address at the provider unbinds the account there: the next sign-in binds it anew.

    Raises DetailDoesNotFit, NameTaken, NotFound.
    """
    record = _locked(session, staff_id)
    before = (record.name, record.team or "", record.phone_on_file or "", record.oidc_email or "")
    _write(record, details)
    after = (record.name, record.team or "", record.phone_on_file or "", record.oidc_email or "")
    _flush(session)
    fields = ("name", "team", "phone", "email")
    changed = [name for name, was, is_now in zip(fields, before, after, strict=True) if was != is_now]
    audit.record(
        session,
        by=by,
        at=now,
        subject="staff",
        subject_id=staff_id,
        moved="change_details",
        detail={"fields": changed},
    )


@may(Role.ADMINISTRATOR)
def change_roles(
    session: Session, *, staff_id: StaffId, held: Collection[Role], by: Staff, now: datetime
) -> None:
    """In force on the next request. What no longer fits ends too: loans, tokens, nights on call.

    Raises OwnRoles, NoRole, RolesDoNotMix, LastAdministrator, NotFound.
    """
    _check_another(by, staff_id)
    roles.check_some(held)
    _check_administrator_left(session, staff_id, stays=Role.ADMINISTRATOR in held)
    record = _locked(session, staff_id)
    before, after = set(record.roles), set(held)
    record.roles = sorted(held)
    session.flush()
    detail = {"given": sorted(after - before), "taken": sorted(before - after)}
    audit.record(
        session, by=by, at=now, subject="staff", subject_id=staff_id, moved="change_roles", detail=detail
    )
    delegation.revoke_unfit(session, staff_id=staff_id, held=held, by=by, now=now)
    roster.open_unfit(session, staff_id=staff_id, held=held, by=by, now=now)
    if Role.CASE_MANAGER not in after:
        tokens.revoke_all(session, owner_id=staff_id, by=by, now=now)


@may(Role.ADMINISTRATOR)
def disable(session: Session, *, staff_id: StaffId, by: Staff, now: datetime) -> None:
    """They lose every session at once; their loans and tokens end, their nights on call become holes.

    Raises OwnRoles, LastAdministrator, AlreadySo, NotFound.
    """
    _check_another(by, staff_id)
    _check_administrator_left(session, staff_id, stays=False)
    record = _locked(session, staff_id)
    if not record.active:
        raise AlreadySo("This person is disabled already.")
    record.active = False
    session.flush()
    audit.record(session, by=by, at=now, subject="staff", subject_id=staff_id, moved="disable")
    sessions.end_all(session, staff_id=staff_id, by=by, now=now)
    delegation.revoke_all(session, staff_id=staff_id, by=by, now=now)
    tokens.revoke_all(session, owner_id=staff_id, by=by, now=now)
    roster.open_unfit(session, staff_id=staff_id, held=(), by=by, now=now)


@may(Role.ADMINISTRATOR)
def enable(session: Session, *, staff_id: StaffId, by: Staff, now: datetime) -> None:
    """They may sign in again, with what they signed in with before. Raises OwnRoles, AlreadySo, NotFound."""
    _check_another(by, staff_id)
    record = _locked(session, staff_id)
    if record.active:
        raise AlreadySo("This person is not disabled.")
    record.active = True
    session.flush()
    audit.record(session, by=by, at=now, subject="staff", subject_id=staff_id, moved="enable")


def people(session: Session) -> list[Person]:
    """Everybody, active people first, by name; without number and address: a list needs neither."""
    rows = session.scalars(
        sa.select(StaffRecord).order_by(StaffRecord.active.desc(), sa.func.lower(StaffRecord.name))
    )
    return [_as_person(session, row, whole=False) for row in rows]


@may(Role.ADMINISTRATOR)
def read_one(session: Session, staff_id: StaffId, *, by: Staff, now: datetime) -> Person:
    """With number and address, for an administrator; that they were read is written down. Raises NotFound."""
    found = person(session, staff_id)
    audit.record(session, by=by, at=now, subject="staff", subject_id=staff_id, moved="read")
    return found


def person(session: Session, staff_id: StaffId) -> Person:
    """Raises NotFound."""
    record = session.get(StaffRecord, staff_id)
    if record is None:
        raise NotFound("There is no such member of staff.")
    return _as_person(session, record, whole=True)


def _as_person(session: Session, record: StaffRecord, *, whole: bool) -> Person:
    return Person(
        StaffId(record.id),
        record.username,
        record.name,
        frozenset(Role(r) for r in record.roles),
        record.active,
        record.enrolled_at is not None,
        record.team,
        record.phone_on_file if whole else None,
        record.oidc_email if whole else None,
        record.oidc_subject is not None,
        factors.of(session, StaffId(record.id)).passkeys,
    )


def _write(record: StaffRecord, details: Details) -> None:
    record.name = _name(details)
    record.team = _kept(details.team, "/team", 100, "Write the team in a few words.")
    record.phone_on_file = _kept(
        details.phone, "/phone", 40, "Write the number in full, like +1 703 555 0100."
    )
    email = _kept(details.email, "/email", 254, "Write one e-mail address.")
    if email is not None and (email.count("@") != 1 or " " in email):
        raise DetailDoesNotFit("Write one e-mail address.", field="/email")
    if email != record.oidc_email:
        record.oidc_email = email
        record.oidc_email_index = (
            keyring.current().blind_index(email, place=EMAIL_PLACE) if email is not None else None
        )
        record.oidc_issuer = record.oidc_subject = None


def _name(details: Details) -> str:
    said = _kept(details.name, "/name", 200, "Write the person's name.")
    if said is None:
        raise DetailDoesNotFit("Write the person's name.", field="/name")
    return said


def _kept(text: str, pointer: str, longest: int, remedy: str) -> str | None:
    said = " ".join(text.split())
    if len(said) > longest or not is_safe(said):
        raise DetailDoesNotFit(remedy, field=pointer)
    return said or None


def _flush(session: Session) -> None:
    """Raises NameTaken where the database finds somebody else."""
    try:
        with session.begin_nested():
            session.flush()
    except IntegrityError as taken:
        constraint = str(getattr(getattr(taken.orig, "diag", None), "constraint_name", ""))
        if constraint == "uq_staff_oidc_email_index":
            raise NameTaken("This address is somebody else's.", field="/email") from None
        raise


def _locked(session: Session, staff_id: StaffId) -> StaffRecord:
    record = session.get(StaffRecord, staff_id, with_for_update=True, populate_existing=True)
    if record is None:
        raise NotFound("There is no such member of staff.")
    return record


def _check_another(by: Staff, staff_id: StaffId) -> None:
    if staff_id in by.selves:
        raise OwnRoles("Nobody changes their own account, nor that of a colleague they stand in for.")


def _check_administrator_left(session: Session, staff_id: StaffId, *, stays: bool) -> None:
    """Two administrators who take each other's role at the same moment take turns here."""
    left = session.scalars(
        sa.select(StaffRecord.id)
        .where(StaffRecord.active, StaffRecord.roles.contains([Role.ADMINISTRATOR.value]))
        .order_by(StaffRecord.id)
        .with_for_update()
    ).all()
    if not stays and set(left) <= {staff_id} and left:
        raise LastAdministrator(
            "This is the last active administrator. Make somebody else an administrator first."
        )
