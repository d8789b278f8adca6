"""Reservations nobody has approved yet: which run out, what keeps them, whom to tell. No name, no place."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.allocation.expiring import ANNOUNCED_AHEAD_DAYS, Block, Look, Step, look, travels
from reunify.allocation.records import AllocationWarning
from reunify.approval.records import AwardRecord
from reunify.bookings import policy as bookings
from reunify.bookings.records import BookingRecord
from reunify.eligibility.asking_records import FunderAsk, FunderDecision
from reunify.eligibility.look_back_records import LookBack
from reunify.intake.outcomes import quiet_of
from reunify.intake.records import RequestRecord, VersionRecord
from reunify.kernel.ids import AwardId, RequestId, StaffId
from reunify.kernel.people import Role, Staff
from reunify.rates.policy import Organisation
from reunify.vault.keepers import Erased
from reunify.vault.records import FamilyKey

MOST = 200
_WAITS = "awaiting_approval"
_TOLD = (  # the latest day announced of each reservation
    sa.select(
        AllocationWarning.allocation_id, sa.func.max(AllocationWarning.runs_out_on).label("runs_out_on")
    )
    .group_by(AllocationWarning.allocation_id)
    .subquery()
)


@dataclass(frozen=True, slots=True)
class Reservation:
    """`found`: what is to be done with it today, and what keeps it."""

    award_id: AwardId
    award_reference: str
    request_id: RequestId
    reference: str
    handled_by: StaffId
    opened_at: datetime
    reserved_on: date
    found: Look


def to_act_on(session: Session, *, org: Organisation, today: date) -> Iterator[AwardId]:
    """Awards whose reservation is to be announced or given up today, the oldest first.

    They are read on page by page for as long as the caller asks for more, so those that something open keeps
    are in nobody's way.
    """
    w = AwardRecord
    old = _midnight(today - timedelta(days=org.reservation_days - ANNOUNCED_AHEAD_DAYS), org.zone)
    due = [
        w.opened_at < old,
        sa.or_(_TOLD.c.runs_out_on <= today, _TOLD.c.runs_out_on.is_(None)),
        ~quiet_of(w.request_id),
    ]
    after: list[sa.ColumnElement[bool]] = []
    while True:
        page = _read(session, [*due, *after], org, today, order=[w.opened_at, w.id])
        yield from (found.award_id for found in page if found.found.step is not Step.KEEP)
        if len(page) < MOST:
            return
        last = page[-1]
        after = [sa.tuple_(w.opened_at, w.id) > sa.tuple_(last.opened_at, last.award_id)]


def one(session: Session, award_id: UUID, *, org: Organisation, today: date) -> Reservation | None:
    """None once somebody has decided, and while a quiet outcome stands: nothing runs out then."""
    found = _read(session, [AwardRecord.id == award_id, ~quiet_of(AwardRecord.request_id)], org, today)
    return found[0] if found else None


def of_request(session: Session, request_id: UUID, *, org: Organisation, today: date) -> Reservation | None:
    """What was announced for this request; None where nothing was."""
    found = _read(
        session,
        [AwardRecord.request_id == request_id, _TOLD.c.runs_out_on.is_not(None)],
        org,
        today,
    )
    return found[0] if found else None


def announced(session: Session, *, me: Staff, org: Organisation, today: date) -> list[Reservation]:
    """Of the cases this person has, covers or leads: what was announced, the soonest first."""
    r = RequestRecord
    ways: list[sa.ColumnElement[bool]] = []
    if Role.CASE_MANAGER in me.roles:
        ways.append(r.handled_by.in_({me.id, *me.covers}))
    if Role.SUPERVISOR in me.roles:
        ways.append(r.team.in_(me.supervises))
    if not ways:
        return []
    erased = sa.exists().where(FamilyKey.keeper == r.id, FamilyKey.destroyed_at.is_not(None))
    asked = [_TOLD.c.runs_out_on.is_not(None), sa.or_(*ways), ~erased, ~quiet_of(r.id)]
    return _read(session, asked, org, today)


def _read(
    session: Session,
    asked: Iterable[sa.ColumnElement[bool]],
    org: Organisation,
    today: date,
    *,
    order: Iterable[Any] = (_TOLD.c.runs_out_on.nulls_last(), AwardRecord.opened_at, AwardRecord.id),
) -> list[Reservation]:
    w, r, told, v = AwardRecord, RequestRecord, _TOLD.c, VersionRecord
    funder = sa.or_(
        sa.exists().where(FunderAsk.request_id == w.request_id, FunderAsk.state == "open"),
        sa.exists().where(FunderDecision.request_id == w.request_id, FunderDecision.state == "waiting"),
    )
    change = sa.or_(
        sa.exists().where(v.request_id == w.request_id, v.number > w.version_number),
        sa.exists().where(LookBack.request_id == w.request_id, LookBack.state == "open"),
    )
    booking = sa.exists().where(
        BookingRecord.request_id == w.request_id, BookingRecord.state.not_in(bookings.ENDED)
    )
    rows = session.execute(
        sa.select(
            w.id,
            w.reference.label("award_reference"),
            w.request_id,
            w.version_id,
            w.opened_at,
            r.reference,
            r.handled_by,
            told.runs_out_on,
            funder.label("funder"),
            change.label("change"),
            booking.label("booking"),
        )
        .join(r, r.id == w.request_id)
        .outerjoin(_TOLD, told.allocation_id == w.allocation_id)
        .where(w.state == _WAITS, *asked)
        .order_by(*order)
        .limit(MOST)
    ).all()
    trips = _trips(session, [row.version_id for row in rows])
    return [_reservation(row, trips.get(row.version_id), org, today) for row in rows]


def _reservation(row: Any, trip: tuple[date, date] | None, org: Organisation, today: date) -> Reservation:
    reserved_on = row.opened_at.astimezone(org.zone).date()
    departs_on, arrives_on = trip or (None, None)
    # What nobody marked as used after the trip keeps no money from other families.
    books = row.booking and (arrives_on is None or today <= arrives_on)
    ways = ((Block.FUNDER, row.funder), (Block.CHANGE, row.change), (Block.BOOKING, books))
    blocks = [block for block, is_open in ways if is_open]
    if travels(departs_on, arrives_on, today=today, days=org.reservation_days):
        blocks.append(Block.DEPARTURE)
    return Reservation(
        award_id=AwardId(row.id),
        award_reference=row.award_reference,
        request_id=RequestId(row.request_id),
        reference=row.reference,
        handled_by=StaffId(row.handled_by),
        opened_at=row.opened_at,
        reserved_on=reserved_on,
        found=look(
            reserved_on=reserved_on,
            days=org.reservation_days,
            runs_out_on=row.runs_out_on,
            blocks=blocks,
            today=today,
        ),
    )


def _trips(session: Session, version_ids: Collection[UUID]) -> dict[UUID, tuple[date, date]]:
    """By version, the local days of its first departure and its last arrival; all are read at once."""
    if not version_ids:
        return {}
    found = {}
    for version in session.scalars(sa.select(VersionRecord).where(VersionRecord.id.in_(version_ids))).all():
        try:
            legs = version.content["legs"]
        except Erased:
            continue
        if legs:
            days = (min(leg["departs"] for leg in legs), max(leg["arrives"] for leg in legs))
            found[version.id] = (date.fromisoformat(days[0][:10]), date.fromisoformat(days[1][:10]))
    return found


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=zone)
