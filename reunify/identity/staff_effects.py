"""What a change of staff does once two people agree: in the name of whoever asked for it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy.orm import Session

from reunify.audit import actions as audit
from reunify.identity import actions, delegation, enrolment, roles, roster, sessions, staff_details
from reunify.identity.records import StaffRecord
from reunify.identity.roster_records import StaffChangeRecord
from reunify.kernel.ids import StaffId
from reunify.kernel.people import Role, Staff
from reunify.kernel.refusals import NotFound


class Kind(StrEnum):
    ADD = "add"
    ROLES = "roles"
    REACH = "reach"  # the number called back, the address at the provider
    CODE = "code"


@dataclass(frozen=True, slots=True)
class Outcome:
    """`waits` for a second person. `code`: the one-time code, shown once, where one was issued."""

    waits: bool
    staff_id: StaffId | None = None
    code: str | None = field(default=None, repr=False)


def in_force(session: Session, row: StaffChangeRecord, maker: Staff, now: datetime) -> Outcome:
    """As the maker asked, in the maker's name; the confirmation has its own line in the audit."""
    match Kind(row.kind):
        case Kind.ADD:
            return _add(session, row.payload, maker, now)
        case Kind.ROLES:
            outcome = _give_roles(session, _of(row), row.payload, maker, now)
        case Kind.REACH:
            outcome = _change_reach(session, _of(row), row.payload, maker, now)
        case Kind.CODE:
            staff_id = _of(row)
            code = enrolment.issue_enrolment(session, staff_id=staff_id, by=maker, now=now)
            outcome = Outcome(waits=False, staff_id=staff_id, code=code)
    return outcome


def _add(session: Session, asked: dict[str, Any], maker: Staff, now: datetime) -> Outcome:
    held = {Role(r) for r in asked["roles"]}
    staff_id = actions.add_staff(
        session, username=asked["username"], name=asked["name"], roles=held, by=maker, now=now
    )
    record = session.get_one(StaffRecord, staff_id)
    record.team = asked["team"] or None
    staff_details.write_phone(record, asked["phone"])
    staff_details.write_email(session, record, asked["email"])
    code = enrolment.issue_enrolment(session, staff_id=staff_id, by=maker, now=now)
    return Outcome(waits=False, staff_id=staff_id, code=code)


def _give_roles(
    session: Session, staff_id: StaffId, asked: dict[str, Any], maker: Staff, now: datetime
) -> Outcome:
    """What no longer fits beside the new roles ends: loans, nights on call. Raises RolesDoNotMix."""
    record = _person(session, staff_id)
    given = {Role(r) for r in asked["roles"]}
    held = {Role(r) for r in record.roles} | given
    roles.check_some(held)
    record.roles = sorted(held)
    session.flush()
    audit.record(
        session,
        by=maker,
        at=now,
        subject="staff",
        subject_id=staff_id,
        moved="change_roles",
        detail={"given": sorted(given), "taken": []},
    )
    delegation.revoke_unfit(session, staff_id=staff_id, held=held, by=maker, now=now)
    roster.open_unfit(session, staff_id=staff_id, held=held, by=maker, now=now)
    return Outcome(waits=False, staff_id=staff_id)


def _change_reach(
    session: Session, staff_id: StaffId, asked: dict[str, Any], maker: Staff, now: datetime
) -> Outcome:
    record = _person(session, staff_id)
    if "phone" in asked:
        staff_details.write_phone(record, asked["phone"])
    if "email" in asked:
        staff_details.write_email(session, record, asked["email"])
    audit.record(
        session,
        by=maker,
        at=now,
        subject="staff",
        subject_id=staff_id,
        moved="change_details",
        detail={"fields": sorted(asked)},
    )
    sessions.end_all(session, staff_id=staff_id, by=maker, now=now)
    return Outcome(waits=False, staff_id=staff_id)


def _person(session: Session, staff_id: StaffId) -> StaffRecord:
    record = session.get(StaffRecord, staff_id, with_for_update=True, populate_existing=True)
    if record is None:
        raise NotFound("There is no such member of staff.")
    return record


def _of(row: StaffChangeRecord) -> StaffId:
    if row.staff_id is None:
        raise NotFound("There is no such member of staff.")
    return StaffId(row.staff_id)
