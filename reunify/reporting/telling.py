"""What waits to be told, by state: awards of the emergency lane, and news of the last day for families."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.allocation.records import AllocationLineRecord
from reunify.approval.records import AwardRecord
from reunify.bookings.queries import Alarm
from reunify.bookings.records import BookingEventRecord, BookingRecord
from reunify.disbursement.rail_policy import NO_BANK
from reunify.disbursement.records import AttemptRecord, InstructionLineRecord, InstructionRecord
from reunify.documents.records import DocumentRecord
from reunify.eligibility.records import AssessmentRecord
from reunify.intake.outcomes import quiet_of
from reunify.intake.policy import Lane
from reunify.intake.records import RequestRecord, VersionRecord
from reunify.kernel.ids import RequestId
from reunify.notices import policy
from reunify.notices.escalations import STAGE_OF
from reunify.notices.families import alarm_move, bank_move, booked_move
from reunify.notices.policy import Kind
from reunify.notices.records import EscalationEvent, EscalationRecord, NoticeRecord
from reunify.payees.records import PayeeRecord
from reunify.reporting.money_left import ADVICE

NEWS_FOR: Final = timedelta(hours=24)
# What a family reads otherwise than before; a hold or a wish changes nothing for them.
_TOLD_OF: Final = ("book", "ticket", "change", "cancel")


@dataclass(frozen=True, slots=True)
class News:
    """Something happened that a family hears of by itself. `move` names it once. `changed`: by cost line.
    `payee`: only those hear of it who may say where this payee's money goes."""

    request_id: RequestId
    kind: Kind
    move: str
    changed: Mapping[str, datetime] | None = None
    payee: str | None = None


def awards_to_look_at(session: Session, *, now: datetime) -> list[UUID]:
    """Emergency awards whose ladder is to begin, to go on or to end; the one that waits longest first."""
    w, e = AwardRecord, EscalationRecord
    stage = sa.case(STAGE_OF, value=w.state, else_=None)
    rows = session.execute(
        sa.select(
            w.id, e.id.label("escalation"), e.began_at, sa.or_(stage != e.stage, quiet_of(w.request_id))
        )
        .join(RequestRecord, RequestRecord.id == w.request_id)
        .outerjoin(e, sa.and_(e.award_id == w.id, e.state == "open"))
        .where(
            RequestRecord.lane == Lane.EMERGENCY.value,
            sa.or_(w.state.in_(STAGE_OF), e.id.is_not(None)),
            sa.or_(~quiet_of(w.request_id), e.id.is_not(None)),
        )
        .order_by(w.opened_at)
    ).all()
    events = _events(session, [row.escalation for row in rows if row.escalation])
    found = []
    for award_id, escalation, began, over in rows:
        pauses, told = events.get(escalation, ([], []))
        if escalation is None or over or over is None or policy.due(began, pauses, told, now):
            found.append(award_id)
    return list(dict.fromkeys(found))


def _events(session: Session, ids: Collection[UUID]) -> dict[UUID, tuple[list[datetime], list[int]]]:
    """By escalation: when it was held, and the rungs that were told."""
    e = EscalationEvent
    found: dict[UUID, tuple[list[datetime], list[int]]] = {}
    if not ids:
        return found
    for row in session.execute(
        sa.select(e.escalation_id, e.moved, e.minutes, e.at).where(e.escalation_id.in_(ids))
    ):
        pauses, told = found.setdefault(row.escalation_id, ([], []))
        if row.moved == "acknowledge":
            pauses.append(row.at)
        else:
            told.append(row.minutes)
    return found


def news(session: Session, *, now: datetime, limit: int) -> list[News]:
    """Of the last day, that no notice was planned for yet; nothing while a quiet outcome stands."""
    found = [
        *_arranged(session, now),
        *_booked(session, now),
        *_questions(session, now),
        *_came_back(session),
        *_bank_details(session),
        *_paid(session, now),
    ]
    moves = {one.move for one in found}
    known = set(session.scalars(sa.select(NoticeRecord.move).where(NoticeRecord.move.in_(moves)).distinct()))
    return [one for one in found if one.move not in known][:limit]


def _arranged(session: Session, now: datetime) -> list[News]:
    w = AwardRecord
    rows = session.execute(
        sa.select(w.id, w.request_id).where(
            w.state == "released", w.released_at > now - NEWS_FOR, ~quiet_of(w.request_id)
        )
    )
    return [News(RequestId(r.request_id), Kind.ARRANGED, f"award:{r.id}:released") for r in rows]


def _booked(session: Session, now: datetime) -> list[News]:
    """Several bookings of one act are one piece of news; whose they are is for `families.tell`."""
    b, e = BookingRecord, BookingEventRecord
    newest = sa.func.max(e.at)
    rows = session.execute(
        sa.select(b.award_id, b.request_id, b.line_key, newest.label("at"))
        .join(e, e.booking_id == b.id)
        .where(e.moved.in_(_TOLD_OF), ~quiet_of(b.request_id))
        .group_by(b.award_id, b.request_id, b.line_key)
        .having(newest > now - NEWS_FOR)
    )
    changed: dict[tuple[UUID, UUID], dict[str, datetime]] = {}
    for r in rows:
        changed.setdefault((r.award_id, r.request_id), {})[r.line_key] = r.at
    return [
        News(RequestId(request_id), Kind.BOOKED, booked_move(f"award:{award_id}", max(at.values())), at)
        for (award_id, request_id), at in changed.items()
    ]


def _questions(session: Session, now: datetime) -> list[News]:
    a = AssessmentRecord
    newer = sa.exists().where(VersionRecord.request_id == a.request_id, VersionRecord.number > a.number)
    rows = session.execute(
        sa.select(a.id, a.request_id).where(
            a.outcome == "needs_information",
            a.asks_family,
            a.at > now - NEWS_FOR,
            ~newer,
            ~quiet_of(a.request_id),
        )
    )
    return [News(RequestId(r.request_id), Kind.QUESTION, f"assessment:{r.id}") for r in rows]


def _came_back(session: Session) -> list[News]:
    """A payment to a person that their bank sent back, until somebody decides how it is paid; told to those
    whose costs it was for."""
    i, a, p, part = InstructionRecord, AttemptRecord, PayeeRecord, InstructionLineRecord
    rows = session.execute(
        sa.select(i.id, p.request_id, a.settled_at, AllocationLineRecord.line_key)
        .join(a, sa.and_(a.instruction_id == i.id, a.state == "returned"))
        .join(p, p.id == i.payee_id)
        .join(part, part.instruction_id == i.id)
        .join(AllocationLineRecord, AllocationLineRecord.id == part.allocation_line_id)
        .where(i.state == "returned", p.kind == "person", ~quiet_of(p.request_id))
    )
    lines: dict[tuple[UUID, UUID], dict[str, datetime]] = {}
    for r in rows:
        theirs = lines.setdefault((r.id, r.request_id), {})
        theirs[r.line_key] = max(r.settled_at, theirs.get(r.line_key, r.settled_at))
    return [
        News(RequestId(request_id), Kind.CAME_BACK, booked_move(f"instruction:{made}", max(at.values())), at)
        for (made, request_id), at in lines.items()
    ]


def _bank_details(session: Session) -> list[News]:
    """A payment to a person that waits until they say, at Stripe, where it goes: told anew after each try."""
    i, a, p = InstructionRecord, AttemptRecord, PayeeRecord
    tried = sa.select(sa.func.count()).where(a.instruction_id == i.id).scalar_subquery()
    rows = session.execute(
        sa.select(i.id, p.request_id, p.key, tried.label("tried"))
        .join(p, p.id == i.payee_id)
        .where(i.state == "ready", i.trouble == NO_BANK, p.kind == "person", ~quiet_of(p.request_id))
    )
    return [
        News(RequestId(r.request_id), Kind.BANK_DETAILS, bank_move(r.id, r.tried), payee=r.key) for r in rows
    ]


def _paid(session: Session, now: datetime) -> list[News]:
    """Somebody was paid and may read on which day; told to those who say where this payee's money goes."""
    d, i, p = DocumentRecord, InstructionRecord, PayeeRecord
    rows = session.execute(
        sa.select(d.id, d.request_id, p.key)
        .join(i, sa.cast(i.id, sa.Text) == d.concerning)
        .join(p, p.id == i.payee_id)
        .where(
            d.kind == ADVICE,
            d.made_at > now - NEWS_FOR,
            i.state == "settled",
            ~quiet_of(d.request_id),
        )
    )
    return [News(RequestId(r.request_id), Kind.ARRANGED, f"document:{r.id}", payee=r.key) for r in rows]


def alarms_to_tell(session: Session, alarms: Collection[Alarm]) -> list[Alarm]:
    """Those nobody was told of yet."""
    moves = {alarm_move(a.booking_id, a.cancel_by): a for a in alarms}
    known = set(session.scalars(sa.select(NoticeRecord.move).where(NoticeRecord.move.in_(moves)).distinct()))
    return [alarm for move, alarm in moves.items() if move not in known]
