"""The person on call hands over to a colleague. Until the colleague accepts, the first stays on call."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.audit import actions as audit
from reunify.identity import roster
from reunify.identity.duties import Duty, Span
from reunify.identity.roster_records import HandOverRecord, ShiftRecord
from reunify.kernel.ids import StaffId
from reunify.kernel.may import may
from reunify.kernel.people import Staff
from reunify.kernel.refusals import NotAllowed, NotFound, OutOfStep, Refused
from reunify.kernel.text import is_safe


class NotOnThisShift(NotAllowed):
    """Only who has the shift hands it over; only who was asked answers."""


class NoteNeeded(Refused):
    """Whoever takes over must know what is open."""


class AlreadyOffered(OutOfStep):
    """One colleague at a time is asked."""


class OfferClosed(OutOfStep):
    """It was answered or taken back before."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A hand-over that waits for an answer. The note is for the one who was asked."""

    id: UUID
    shift_id: UUID
    duty: Duty
    span: Span
    from_id: StaffId
    to_id: StaffId
    note: str = field(repr=False)
    offered_at: datetime


@may(*roster.CALLED)
def offer(session: Session, *, shift_id: UUID, to_id: StaffId, note: str, by: Staff, now: datetime) -> UUID:
    """Ask a colleague to take over, with what they must know.

    Raises NotOnThisShift, NoteNeeded, AlreadyOffered, ShiftOver, NotForThisDuty, BothDuties, NotFound.
    """
    roster.take_turns(session)
    shift = roster.locked_shift(session, shift_id, now)
    if shift.person_id != by.id:
        raise NotOnThisShift("Only the person on call can hand this shift over.")
    said = note.strip()
    if len(said) < 3 or len(said) > 2000 or not is_safe(said):
        raise NoteNeeded("Write what is open and what to look at, in 3 to 2,000 characters.", field="/note")
    if to_id == by.id:
        raise NotOnThisShift("Choose a colleague to hand over to.")
    if _open_offer(session, shift.id) is not None:
        raise AlreadyOffered("A colleague has been asked already. Take that back first.")
    _check_fits(session, shift, to_id)
    made = HandOverRecord(shift_id=shift.id, from_id=by.id, to_id=to_id, note=said, offered_at=now)
    session.add(made)
    session.flush()
    _audit(session, made, "offer", by, now)
    return made.id


@may(*roster.CALLED)
def accept(session: Session, *, offer_id: UUID, by: Staff, now: datetime) -> None:
    """From this moment the colleague is on call. Checked again: the roster may have changed meanwhile.

    Raises NotOnThisShift, OfferClosed, ShiftOver, NotForThisDuty, BothDuties.
    """
    roster.take_turns(session)
    asked = _locked(session, offer_id)
    if asked.to_id != by.id:
        raise NotOnThisShift("Only the colleague who was asked can take this shift over.")
    shift = roster.locked_shift(session, asked.shift_id, now)
    if shift.person_id != asked.from_id:
        raise OfferClosed("The shift is not theirs to hand over any more.")
    _check_fits(session, shift, StaffId(by.id))
    rest = roster.from_now_on(session, shift, now)
    rest.person_id = by.id
    if rest.backup_id == by.id:
        rest.backup_id = None  # who was the backup is on call now: the roster shows that none is left
    session.refresh(asked)
    asked.outcome, asked.closed_at = "accepted", now
    session.flush()
    _audit(session, asked, "accept", by, now)


@may(*roster.CALLED)
def decline(session: Session, *, offer_id: UUID, by: Staff, now: datetime) -> None:
    """The first stays on call. Raises NotOnThisShift, OfferClosed."""
    asked = _locked(session, offer_id)
    if asked.to_id != by.id:
        raise NotOnThisShift("Only the colleague who was asked can answer.")
    _close(session, asked, "declined", by, now)


@may(*roster.CALLED)
def take_back(session: Session, *, offer_id: UUID, by: Staff, now: datetime) -> None:
    """Raises NotOnThisShift, OfferClosed."""
    asked = _locked(session, offer_id)
    if asked.from_id != by.id:
        raise NotOnThisShift("Only who asked can take this back.")
    _close(session, asked, "withdrawn", by, now)


def open_offers(session: Session, *, of: StaffId, now: datetime) -> list[Offer]:
    """What this person has asked or was asked, of shifts that are not over."""
    rows = session.execute(
        sa.select(HandOverRecord, ShiftRecord)
        .join(ShiftRecord, ShiftRecord.id == HandOverRecord.shift_id)
        .where(
            sa.or_(HandOverRecord.from_id == of, HandOverRecord.to_id == of),
            HandOverRecord.outcome.is_(None),
            ShiftRecord.ends_at > now,
            ShiftRecord.withdrawn_at.is_(None),
        )
        .order_by(ShiftRecord.starts_at)
    ).all()
    return [
        Offer(
            asked.id,
            shift.id,
            Duty(shift.duty),
            Span(shift.starts_at, shift.ends_at),
            StaffId(asked.from_id),
            StaffId(asked.to_id),
            asked.note,
            asked.offered_at,
        )
        for asked, shift in rows
    ]


def _check_fits(session: Session, shift: ShiftRecord, to_id: StaffId) -> None:
    backup = StaffId(shift.backup_id) if shift.backup_id and shift.backup_id != to_id else None
    roster.check_people(
        session,
        duty=Duty(shift.duty),
        span=Span(shift.starts_at, shift.ends_at),
        person_id=to_id,
        backup_id=backup,
        but=shift.id,
    )


def _open_offer(session: Session, shift_id: UUID) -> HandOverRecord | None:
    return session.scalar(
        sa.select(HandOverRecord).where(HandOverRecord.shift_id == shift_id, HandOverRecord.outcome.is_(None))
    )


def _locked(session: Session, offer_id: UUID) -> HandOverRecord:
    asked = session.get(HandOverRecord, offer_id, with_for_update=True, populate_existing=True)
    if asked is None:
        raise NotFound("There is no such hand-over.")
    if asked.outcome is not None:
        raise OfferClosed("This hand-over was answered or taken back already.")
    return asked


def _close(session: Session, asked: HandOverRecord, outcome: str, by: Staff, now: datetime) -> None:
    asked.outcome, asked.closed_at = outcome, now
    session.flush()
    _audit(session, asked, outcome, by, now)


def _audit(session: Session, asked: HandOverRecord, verb: str, by: Staff, now: datetime) -> None:
    detail = {"shift": str(asked.shift_id), "from": str(asked.from_id), "to": str(asked.to_id)}
    audit.record(session, by=by, at=now, subject="hand_over", subject_id=asked.id, moved=verb, detail=detail)
