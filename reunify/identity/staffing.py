"""Add people, change what they may do, disable and enable them.

What gives power or reaches somebody waits for a second person; what takes away counts from the next request.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, dataclass, field
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.audit import actions as audit
from reunify.identity import (
    delegation,
    enrolment,
    factors,
    roles,
    roster,
    sessions,
    staff_changes,
    staff_details,
    tokens,
)
from reunify.identity.actions import NameTaken
from reunify.identity.records import StaffRecord
from reunify.identity.staff_details import EMAIL_PLACE, DetailDoesNotFit, Details
from reunify.identity.staff_effects import Kind, Outcome
from reunify.kernel.ids import StaffId
from reunify.kernel.may import may
from reunify.kernel.people import Role, Staff
from reunify.kernel.refusals import NotAllowed, NotFound, OutOfStep, Refused
from reunify.vault import keyring

__all__ = [
    "AlreadySo",
    "DetailDoesNotFit",
    "Details",
    "LastAdministrator",
    "OwnRoles",
    "Person",
    "add",
    "ask_code",
    "change_details",
    "change_roles",
    "disable",
    "enable",
    "people",
    "person",
    "read_one",
]


class OwnRoles(NotAllowed):
    """Nobody changes their own roles, or disables themselves."""


class LastAdministrator(Refused):
    """Without an administrator nobody could let anybody in."""


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


@may(Role.ADMINISTRATOR)
def add(
    session: Session,
    *,
    username: str,
    details: Details,
    held: Collection[Role],
    by: Staff,
    now: datetime,
) -> Outcome:
    """Asked for: a second person confirms, and is shown the one-time code (see staff_changes).

    Raises DetailDoesNotFit, NameTaken, NoRole, RolesDoNotMix.
    """
    known_as, kept = staff_details.username(username), staff_details.as_kept(details)
    roles.check_some(held)
    if session.scalar(sa.select(StaffRecord.id).where(StaffRecord.username == known_as)):
        raise NameTaken("This name is taken. Choose another one to sign in with.", field="/username")
    _check_address_free(session, kept.email)
    asked = {"username": known_as, **asdict(kept), "roles": sorted(held)}
    return staff_changes.ask(session, kind=Kind.ADD, staff_id=None, asked=asked, by=by, now=now)


@may(Role.ADMINISTRATOR)
def ask_code(session: Session, *, staff_id: StaffId, by: Staff, now: datetime) -> Outcome:
    """Another one-time code for somebody who has not begun. Raises AlreadyEnrolled, NotFound."""
    enrolment.check_not_enrolled(_locked(session, staff_id))
    return staff_changes.ask(session, kind=Kind.CODE, staff_id=staff_id, asked={}, by=by, now=now)


@may(Role.ADMINISTRATOR)
def change_details(
    session: Session, *, staff_id: StaffId, details: Details, by: Staff, now: datetime
) -> Outcome:
    """Name and team at once. The number called back and the address at the provider wait: both are ways in.

    Raises DetailDoesNotFit, NameTaken, NotFound.
    """
    record = _locked(session, staff_id)
    kept = staff_details.as_kept(details)
    told = {"name": (record.name, kept.name), "team": (record.team or "", kept.team)}
    record.name, record.team = kept.name, kept.team or None
    session.flush()
    audit.record(
        session,
        by=by,
        at=now,
        subject="staff",
        subject_id=staff_id,
        moved="change_details",
        detail={"fields": [name for name, (was, is_now) in told.items() if was != is_now]},
    )
    asked = {}
    if kept.phone != (record.phone_on_file or ""):
        asked["phone"] = kept.phone
    if kept.email != (record.oidc_email or ""):
        _check_address_free(session, kept.email)
        asked["email"] = kept.email
    if not asked:
        return Outcome(waits=False, staff_id=staff_id)
    return staff_changes.ask(session, kind=Kind.REACH, staff_id=staff_id, asked=asked, by=by, now=now)


@may(Role.ADMINISTRATOR)
def change_roles(
    session: Session, *, staff_id: StaffId, held: Collection[Role], by: Staff, now: datetime
) -> Outcome:
    """Taken on the next request, with the loans, tokens and nights that no longer fit; given once confirmed.

    Raises OwnRoles, NoRole, RolesDoNotMix, LastAdministrator, NotFound.
    """
    _check_another(by, staff_id)
    roles.check_some(held)
    _check_administrator_left(session, staff_id, stays=Role.ADMINISTRATOR in held)
    record = _locked(session, staff_id)
    before, after = {Role(r) for r in record.roles}, set(held)
    if before - after:
        _take(session, record, before & after, by, now)
    if not after - before:
        return Outcome(waits=False, staff_id=staff_id)
    asked = {"roles": sorted(after - before)}
    return staff_changes.ask(session, kind=Kind.ROLES, staff_id=staff_id, asked=asked, by=by, now=now)


def _take(session: Session, record: StaffRecord, left: set[Role], by: Staff, now: datetime) -> None:
    staff_id = StaffId(record.id)
    taken = sorted(set(record.roles) - left)
    record.roles = sorted(left)
    session.flush()
    detail = {"given": [], "taken": taken}
    audit.record(
        session, by=by, at=now, subject="staff", subject_id=staff_id, moved="change_roles", detail=detail
    )
    delegation.revoke_unfit(session, staff_id=staff_id, held=left, by=by, now=now)
    roster.open_unfit(session, staff_id=staff_id, held=left, by=by, now=now)
    if Role.CASE_MANAGER not in left:
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


def _check_address_free(session: Session, email: str) -> None:
    """Said to whoever asks; the table refuses it once more when it is confirmed. Raises NameTaken."""
    if not email:
        return
    index = keyring.current().blind_index(email, place=EMAIL_PLACE)
    if session.scalar(sa.select(StaffRecord.id).where(StaffRecord.oidc_email_index == index)):
        raise NameTaken("This address is somebody else's.", field="/email")


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
