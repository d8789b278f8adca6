"""What gives power over the house, or a way into an account, waits for a second person.

An administrator asks; another active, enrolled administrator or supervisor confirms, and only then it takes
effect. A one-time code is shown to whoever confirms, never to whoever asked: neither can begin as the person.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.audit import actions as audit
from reunify.identity import brought_in, policy, sessions, staff_effects
from reunify.identity.records import Passkey, StaffRecord
from reunify.identity.roster_records import StaffChangeRecord
from reunify.identity.staff_effects import Kind, Outcome
from reunify.kernel.ids import StaffId
from reunify.kernel.may import may
from reunify.kernel.people import Role, Staff
from reunify.kernel.refusals import NotAllowed, NotFound, OutOfStep

CONFIRMS = (Role.ADMINISTRATOR, Role.SUPERVISOR)


class SecondPersonNeeded(NotAllowed):
    """Whoever asked, the person concerned, or somebody too close to one of them, does not confirm."""


class NoLongerWaits(OutOfStep):
    """It was confirmed or withdrawn meanwhile, or what it was about has changed."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """What a colleague asks for. `asked` as sealed: username, name, team, phone, email, roles."""

    id: UUID
    kind: Kind
    staff_id: StaffId | None
    made_by: StaffId
    made_at: datetime
    asked: dict[str, Any] = field(repr=False)
    before: dict[str, str] = field(repr=False)  # the number and address now on file


@may(Role.ADMINISTRATOR)
def ask(
    session: Session,
    *,
    kind: Kind,
    staff_id: StaffId | None,
    asked: dict[str, Any],
    by: Staff,
    now: datetime,
) -> Outcome:
    """Kept until a second person confirms; done at once while there is nobody else to ask.

    The same asked anew for a person replaces what waits.
    """
    if staff_id is not None:
        _replace_earlier(session, kind, staff_id, by, now)
    alone = nobody_to_ask(session, by.id)
    row = StaffChangeRecord(
        kind=kind.value,
        staff_id=staff_id,
        payload=asked,
        made_by=by.id,
        made_at=now,
        alone=alone,
        confirmed_at=now if alone else None,
    )
    if alone:
        outcome = staff_effects.in_force(session, row, by, now)
        row.staff_id = outcome.staff_id
    else:
        outcome = Outcome(waits=True, staff_id=staff_id)
    session.add(row)
    session.flush()
    detail = {"kind": kind.value, "alone": alone}
    audit.record(
        session, by=by, at=now, subject="staff_change", subject_id=row.id, moved="ask", detail=detail
    )
    return outcome


@may(*CONFIRMS)
def confirm(session: Session, *, change_id: UUID, by: Staff, now: datetime) -> Outcome:
    """In force from now on. Whose number or address changes is signed out everywhere.

    Raises StepUpFirst, SecondPersonNeeded, NoLongerWaits, NotFound, and what asking raises.
    """
    policy.check_proved(by, now=now)
    row = _locked(session, change_id)
    maker = _acting(session, row.made_by, now)
    _check_second(session, row, maker, by, now)
    if maker is None or Role.ADMINISTRATOR not in maker.roles:
        raise NoLongerWaits(
            "Whoever asked for this is no longer an administrator. Withdraw it, and ask anew."
        )
    outcome = staff_effects.in_force(session, row, maker, now)
    row.staff_id, row.confirmed_by, row.confirmed_at = outcome.staff_id, by.id, now
    session.flush()
    audit.record(
        session,
        by=by,
        at=now,
        subject="staff_change",
        subject_id=row.id,
        moved="confirm",
        detail={"kind": row.kind, "staff": str(row.staff_id)},
    )
    return outcome


@may(*CONFIRMS)
def withdraw(session: Session, *, change_id: UUID, by: Staff, now: datetime) -> None:
    """It never takes effect. One person is enough to refuse. Raises NoLongerWaits, NotFound."""
    row = _locked(session, change_id)
    row.withdrawn_at = now
    audit.record(session, by=by, at=now, subject="staff_change", subject_id=row.id, moved="withdraw")


@may(*CONFIRMS)
def waiting(session: Session, *, by: Staff, now: datetime) -> list[Waiting]:
    """All that waits, the oldest first; that it was read is written down."""
    found = [
        _as_waiting(session, row) for row in session.scalars(_open().order_by(StaffChangeRecord.made_at))
    ]
    for one in found:
        audit.record(session, by=by, at=now, subject="staff_change", subject_id=one.id, moved="read")
    return found


def waiting_for(session: Session, person: Staff) -> int:
    """How many wait for somebody like this person: not what they asked themselves, nor what is about them."""
    c = StaffChangeRecord
    others = _open().where(c.made_by != person.id, c.staff_id.is_distinct_from(person.id))
    return session.scalar(sa.select(sa.func.count()).select_from(others.subquery())) or 0


def nobody_to_ask(session: Session, but: StaffId) -> bool:
    """The beginning of a house: nobody else has ever signed in, or could; the disabled count too."""
    begun = sa.or_(
        StaffRecord.enrolled_at.is_not(None),
        sa.select(Passkey.id).where(Passkey.staff_id == StaffRecord.id).exists(),
    )
    return session.scalar(sa.select(StaffRecord.id).where(StaffRecord.id != but, begun).limit(1)) is None


def _check_second(
    session: Session, row: StaffChangeRecord, maker: Staff | None, by: Staff, now: datetime
) -> None:
    """Lent roles do not count here: whoever lends them could be whoever asked."""
    own = session.get_one(StaffRecord, by.id)
    if own.enrolled_at is None or not own.active or not {r.value for r in CONFIRMS} & set(own.roles):
        raise SecondPersonNeeded("An administrator or a supervisor must confirm, in a role of their own.")
    made_by = StaffId(row.made_by)
    makers = maker.selves if maker is not None else frozenset({made_by})
    if by.selves & makers:
        raise SecondPersonNeeded(
            "Somebody else must confirm: you asked for this, or count as one with whoever did."
        )
    if row.staff_id is not None and StaffId(row.staff_id) in by.selves:
        raise SecondPersonNeeded("Somebody else must confirm what is about you, or whom you stand in for.")
    if brought_in.lately(session, by.id, made_by, now=now):
        raise SecondPersonNeeded(brought_in.SAID)


def _acting(session: Session, staff_id: UUID, now: datetime) -> Staff | None:
    record = session.get_one(StaffRecord, staff_id, populate_existing=True)
    return sessions.acting(session, record, proved_at=None, now=now) if record.active else None


def _open() -> sa.Select[StaffChangeRecord]:
    c = StaffChangeRecord
    return sa.select(c).where(c.confirmed_at.is_(None), c.withdrawn_at.is_(None))


def _locked(session: Session, change_id: UUID) -> StaffChangeRecord:
    row = session.get(StaffChangeRecord, change_id, with_for_update=True, populate_existing=True)
    if row is None:
        raise NotFound("Nothing like this waits.")
    if row.confirmed_at is not None or row.withdrawn_at is not None:
        raise NoLongerWaits("A colleague has confirmed or withdrawn this already.")
    return row


def _replace_earlier(session: Session, kind: Kind, staff_id: StaffId, by: Staff, now: datetime) -> None:
    c = StaffChangeRecord
    for row in session.scalars(_open().where(c.kind == kind.value, c.staff_id == staff_id)).all():
        withdraw(session, change_id=row.id, by=by, now=now)
    session.flush()


def _as_waiting(session: Session, row: StaffChangeRecord) -> Waiting:
    person = session.get(StaffRecord, row.staff_id) if row.staff_id is not None else None
    before = {"phone": person.phone_on_file or "", "email": person.oidc_email or ""} if person else {}
    staff_id = StaffId(row.staff_id) if row.staff_id is not None else None
    return Waiting(row.id, Kind(row.kind), staff_id, StaffId(row.made_by), row.made_at, row.payload, before)
