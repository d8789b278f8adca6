"""Send what is planned: freeze it and commit, then call, then write down the outcome.

The key is the notice's id, so an outcome nobody knows is only ever asked for again as the same message.
Whether it should be sent at all is asked anew in the transaction that commits to it.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.audit import actions as audit
from reunify.bookings import queries as bookings
from reunify.disbursement import bank_details
from reunify.disbursement import queries as payments
from reunify.identity import on_call
from reunify.identity.secret import hashed
from reunify.intake import outcomes
from reunify.intake.outcome_policy import QuietNow
from reunify.kernel.ids import StaffId
from reunify.kernel.may import ANYBODY, may
from reunify.kernel.people import Actor, Staff
from reunify.kernel.refusals import NotFound
from reunify.notices import escalations, families, policy, texts
from reunify.notices.policy import NOTICE, Channel, Kind
from reunify.notices.ports import Accepted, Message, NotTried, Outcome, Refused, Unclear
from reunify.notices.records import NoticeRecord
from reunify.rates.queries import organisation_now


@dataclass(frozen=True, slots=True)
class ToSend:
    """Committed to: the call with this key is made now."""

    id: UUID
    message: Message
    key: str


@dataclass(frozen=True, slots=True)
class ToLookUp:
    """Accepted a while ago: did it arrive?"""

    id: UUID
    gateway_id: str


Step = ToSend | ToLookUp


class _NotNow(Exception):
    """It is not sent, or not yet: `verb` of the table of moves, or None to wait until `again`."""

    def __init__(self, verb: str | None, code: str, again: datetime | None = None) -> None:
        super().__init__(code)
        self.verb, self.code, self.again = verb, code, again


def due(session: Session, *, now: datetime, limit: int) -> list[UUID]:
    """What waits to be sent, asked again or looked up, whose time has come; the longest first.

    While a quiet outcome stands nothing of that family's is found, but what may still save a room.
    """
    n = NoticeRecord
    loud = sa.or_(n.kind == Kind.CANCEL_BY.value, n.request_id.is_(None), ~outcomes.quiet_of(n.request_id))
    asked = sa.select(n.id).where(n.state.in_(("planned", "sending", "sent")), n.next_at <= now, loud)
    return list(session.scalars(asked.order_by(n.next_at, n.id).limit(limit)))


@may(system=True)
def claim(session: Session, *, notice_id: UUID, own_url: str, by: Actor, now: datetime) -> Step | None:
    """What to do with it now; None if nothing, or if another worker is at it. `own_url`: of the pages."""
    n = NoticeRecord
    asked = sa.select(n).where(n.id == notice_id).with_for_update(skip_locked=True)
    record = session.scalar(asked)
    if record is None or record.state not in ("planned", "sending", "sent") or record.next_at > now:
        return None
    record.next_at = now + policy.SPOKEN_FOR
    if record.state == "sent":
        assert record.gateway_id is not None
        return ToLookUp(record.id, record.gateway_id)
    try:
        _check_still_wanted(session, record, now)
        if record.number is None:
            record.number, record.body = _frozen(session, record, own_url, now)
    except _NotNow as why:
        _leave(session, record, why, by, now)
        return None
    _move(session, record, "send", by, now)
    record.tries += 1
    session.flush()
    assert record.number is not None
    assert record.body is not None
    message = Message(record.number, Channel(record.channel), record.body, texts.spoken(record.language))
    return ToSend(record.id, message, f"reunify:notice:{record.id}")


@may(system=True)
def note(session: Session, *, notice_id: UUID, outcome: Outcome, by: Actor, now: datetime) -> bool:
    """What the gateway said to a call with its key. True if the notice moved on."""
    record = session.get_one(NoticeRecord, notice_id, with_for_update=True)
    if record.state not in ("sending", "stopped"):
        return False
    if record.state == "stopped":  # decided while the call was under way: what left is only remembered
        record.gateway_id = outcome.id if isinstance(outcome, Accepted) else None
        return False
    match outcome:
        case Accepted(id=gateway_id, delivered=delivered):
            record.gateway_id, record.code = gateway_id, None
            _move(session, record, "accept", by, now)
            if delivered is not None:
                _arrived(session, record, delivered, by, now)
            record.next_at = now + policy.ASK_WHETHER_DELIVERED
            return True
        case Refused(code=code):
            record.code = code
            _move(session, record, "refuse", by, now)
            return True
        case Unclear(code=code) | NotTried(code=code):
            record.code = code
            record.next_at = now + policy.rest(record.tries)
            if record.tries >= policy.TRIES:
                _move(session, record, "give_up", by, now)
            return record.state != "sending"


@may(system=True)
def note_arrival(session: Session, *, notice_id: UUID, outcome: Outcome, by: Actor, now: datetime) -> bool:
    """What the gateway knows of a message it accepted; after an hour nobody asks any more."""
    record = session.get_one(NoticeRecord, notice_id, with_for_update=True)
    if record.state != "sent":
        return False
    if isinstance(outcome, Accepted) and outcome.delivered is not None:
        _arrived(session, record, outcome.delivered, by, now)
        return True
    if now - record.moved_at >= policy.STOP_ASKING:
        _move(session, record, "forget", by, now)
        return True
    record.next_at = now + policy.ASK_WHETHER_DELIVERED * 3
    return False


@may(system=True)
def cannot_send(session: Session, *, notice_id: UUID, by: Actor, now: datetime) -> bool:
    """Texts are switched off: a person has to tell them."""
    record = session.get_one(NoticeRecord, notice_id, with_for_update=True)
    if record.state != "planned":
        return False
    record.code = "texts_are_off"
    _move(session, record, "find_no_way", by, now)
    return True


@may(*ANYBODY)
def tell_otherwise(session: Session, *, notice_id: UUID, by: Staff, now: datetime) -> None:
    """A person has told them some other way. The caller asks whether `by` may see it. Raises NotFound."""
    record = session.get(NoticeRecord, notice_id, with_for_update=True)
    if record is None:
        raise NotFound("There is no such message.")
    NOTICE.check(record.state, "tell_otherwise")
    record.told_by = by.id
    _move(session, record, "tell_otherwise", by, now)


# ------------------------------------------------------------------------------------------------------
def _check_still_wanted(session: Session, record: NoticeRecord, now: datetime) -> None:
    """Raises _NotNow."""
    if record.staff_id is not None and not on_call.contacts(session, [StaffId(record.staff_id)]):
        raise _NotNow("stop", "has_left")
    if record.escalation_id is not None and not escalations.waits(session, record):
        raise _NotNow("stop", "decided")
    if record.kind == Kind.CANCEL_BY and not _still_alarms(session, record, now):
        raise _NotNow("stop", "decided")
    if record.kind == Kind.BANK_DETAILS and not _still_waits(session, record):
        raise _NotNow("stop", "decided")
    if record.kind != Kind.CANCEL_BY and record.request_id is not None:
        try:  # a room held for nobody costs money all the same; that one is for staff alone
            outcomes.check_not_quiet(session, record.request_id)
        except QuietNow:
            raise _NotNow("stop", "quiet") from None
    if record.state == "planned" and record.useful_until <= now:
        raise _NotNow("find_no_way", "too_late")
    if record.escalation_id is not None and record.state == "planned":
        still = escalations.still_until(session, record.escalation_id, now)
        if still is not None:
            raise _NotNow(None, "somebody_has_it", still)


def _still_alarms(session: Session, record: NoticeRecord, now: datetime) -> bool:
    return any(
        record.move == families.alarm_move(alarm.booking_id, alarm.cancel_by)
        for alarm in bookings.alarms(session, now=now)
    )


def _still_waits(session: Session, record: NoticeRecord) -> bool:
    return bank_details.asks(payments.instruction(session, families.instruction_of(record.move)))


def _frozen(session: Session, record: NoticeRecord, own_url: str, now: datetime) -> tuple[str, str]:
    """The number and the words, from what is on file now. Raises _NotNow."""
    kind, channel = Kind(record.kind), Channel(record.channel)
    org = organisation_now(session, now=now)
    if record.staff_id is None:
        verdict = families.number_now(session, record, now)
        if isinstance(verdict, families.Later):
            raise _NotNow(None, "not_at_this_hour", now + policy.LATER)
        if isinstance(verdict, families.Never):
            raise _NotNow("stop", "not_allowed")
        phone = org.night_phone if on_call.is_needed(zone=org.zone, now=now) else org.day_phone
        return verdict, texts.said(kind, channel, texts.spoken(record.language), phone=phone)
    found = on_call.contacts(session, [StaffId(record.staff_id)])
    number = policy.number(found[0].phone) if found else None
    if number is None:
        raise _NotNow("find_no_way", "no_number")
    token = secrets.token_urlsafe(16)
    record.link_hash = hashed(token)
    time = record.about_time.astimezone(org.zone) if record.about_time else None
    return number, texts.said(kind, channel, "en", link=f"{own_url}/n/{token}", time=time)


def _leave(session: Session, record: NoticeRecord, why: _NotNow, by: Actor, now: datetime) -> None:
    record.code = why.code
    if why.verb is None:
        assert why.again is not None
        record.next_at = why.again
    else:
        _move(session, record, why.verb, by, now)
    session.flush()


def _arrived(session: Session, record: NoticeRecord, delivered: bool, by: Actor, now: datetime) -> None:
    if not delivered:
        record.code = "not_delivered"
    _move(session, record, "deliver" if delivered else "bounce", by, now)


def _move(session: Session, record: NoticeRecord, verb: str, by: Actor, now: datetime) -> None:
    moved = NOTICE.apply(record, verb)
    record.moved_at = now
    detail = {"code": record.code} if record.code else {}
    audit.record(session, by=by, at=now, subject="notice", subject_id=record.id, moved=moved, detail=detail)
