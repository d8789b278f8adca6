"""Who is on call, where nobody is, and whom to call when those on call may not decide."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.identity import delegation, duties
from reunify.identity.duties import Duty, Span
from reunify.identity.records import StaffRecord
from reunify.identity.roster_records import ShiftRecord
from reunify.kernel.ids import StaffId
from reunify.kernel.people import Role


@dataclass(frozen=True, slots=True)
class Contact:
    """Somebody to call. `phone`: the number on file, if any."""

    id: StaffId
    name: str
    phone: str | None = field(repr=False)

    @property
    def said(self) -> str:
        return f"{self.name} ({self.phone})" if self.phone else f"{self.name} (no number on file)"


@dataclass(frozen=True, slots=True)
class OnCall:
    """One duty at one moment. Without a person it is a hole, and the backup is called first."""

    duty: Duty
    person: Contact | None
    backup: Contact | None
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Shift:
    id: UUID
    duty: Duty
    person_id: StaffId | None
    backup_id: StaffId | None
    span: Span


@dataclass(frozen=True, slots=True)
class Hole:
    """Outside office hours, and nobody is on call."""

    duty: Duty
    span: Span


def who_is_on_call(session: Session, *, now: datetime) -> list[OnCall]:
    """Every duty, in order, whether somebody is on call for it or not."""
    live = {s.duty: s for s in shifts(session, Span(now, now + timedelta(microseconds=1)))}
    wanted = [i for s in live.values() for i in (s.person_id, s.backup_id) if i]
    known = _contacts(session, wanted)
    found = []
    for duty in Duty:
        shift = live.get(duty)
        person = known.get(shift.person_id) if shift and shift.person_id else None
        backup = known.get(shift.backup_id) if shift and shift.backup_id else None
        found.append(OnCall(duty, person, backup, shift.span.ends_at if shift else None))
    return found


def shifts(session: Session, span: Span) -> list[Shift]:
    """Every shift that touches this time, open ones too, the first to begin first."""
    rows = session.scalars(
        sa.select(ShiftRecord)
        .where(
            ShiftRecord.starts_at < span.ends_at,
            ShiftRecord.ends_at > span.starts_at,
            ShiftRecord.withdrawn_at.is_(None),
        )
        .order_by(ShiftRecord.starts_at, ShiftRecord.duty)
    )
    return [
        Shift(
            r.id,
            Duty(r.duty),
            StaffId(r.person_id) if r.person_id else None,
            StaffId(r.backup_id) if r.backup_id else None,
            Span(r.starts_at, r.ends_at),
        )
        for r in rows
    ]


def holes(session: Session, *, zone: tzinfo, now: datetime) -> list[Hole]:
    """Within the next 14 days, outside office hours on the organisation's clock; the soonest first."""
    ahead = Span(now, now + duties.LOOK_AHEAD)
    known = shifts(session, ahead)
    first = now.astimezone(zone).date() - timedelta(days=3)  # a weekend under way began up to three days ago
    found = []
    for wanted in duties.to_cover(first, duties.LOOK_AHEAD.days + 7, zone):
        if not wanted.overlaps(ahead):
            continue
        cut = Span(max(wanted.starts_at, ahead.starts_at), min(wanted.ends_at, ahead.ends_at))
        for duty in Duty:
            covered = [s.span for s in known if s.duty is duty and s.person_id]
            found += [Hole(duty, span) for span in duties.uncovered(cut, covered)]
    return sorted(found, key=lambda hole: (hole.span.starts_at, hole.duty))


def is_needed(*, zone: tzinfo, now: datetime) -> bool:
    """Outside office hours somebody must be on call."""
    first = now.astimezone(zone).date() - timedelta(days=3)
    return any(span.holds(now) for span in duties.to_cover(first, 7, zone))


def whom_to_call(session: Session, *, authors: Collection[StaffId], now: datetime) -> str:
    """Who may decide on this family's money now, in words: on call, else the backup, else anybody who may.

    An author, and whoever stands for one, may not, on call or not.
    """
    on = _for_money(session, now)
    for contact, as_what in ((on.person, "who is on call"), (on.backup, "the backup")):
        if contact is not None and _may_decide(session, contact.id, authors, now):
            return f"Call {contact.said}, {as_what}."
    others = [c for c in _finance(session) if _may_decide(session, c.id, authors, now)]
    nobody = "Nobody on call may decide on this family's money. " if on.person or on.backup else ""
    if others:
        return f"{nobody}Call {' or '.join(c.said for c in others[:3])}."
    return (
        f"{nobody}Nobody else in finance may either: call an administrator, who can lend the role to someone."
    )


def deciders(session: Session, *, authors: Collection[StaffId], now: datetime) -> list[Contact]:
    """The same people in the order they are called: on call, the backup, then everybody who may, by name."""
    on = _for_money(session, now)
    called = [c for c in (on.person, on.backup) if c is not None]
    known = {c.id: c for c in [*called, *_finance(session)]}
    return [c for c in known.values() if _may_decide(session, c.id, authors, now)]


def contacts(session: Session, ids: Collection[StaffId]) -> list[Contact]:
    """Of these people the active ones with their numbers, by name."""
    active = session.scalars(
        sa.select(StaffRecord.id).where(StaffRecord.id.in_(set(ids)), StaffRecord.active)
    ).all()
    return sorted(_contacts(session, [StaffId(i) for i in active]).values(), key=lambda c: c.name)


def _for_money(session: Session, now: datetime) -> OnCall:
    (on,) = (o for o in who_is_on_call(session, now=now) if o.duty is Duty.NIGHT_FINANCE)
    return on


def _may_decide(session: Session, staff_id: StaffId, authors: Collection[StaffId], now: datetime) -> bool:
    stands_for = delegation.standing(session, staff_id, now).stands_for
    return stands_for.isdisjoint(authors) and staff_id not in authors


def _finance(session: Session) -> list[Contact]:
    """Active people who can do both halves, by name."""
    ids = session.scalars(
        sa.select(StaffRecord.id).where(
            StaffRecord.active,
            StaffRecord.roles.contains([Role.FINANCE_APPROVER.value, Role.FINANCE_RELEASER.value]),
        )
    ).all()
    return sorted(_contacts(session, [StaffId(i) for i in ids]).values(), key=lambda c: c.name)


def _contacts(session: Session, ids: Collection[StaffId]) -> dict[StaffId, Contact]:
    rows = session.scalars(sa.select(StaffRecord).where(StaffRecord.id.in_(set(ids))))
    return {StaffId(r.id): Contact(StaffId(r.id), r.name, r.phone_on_file) for r in rows}
