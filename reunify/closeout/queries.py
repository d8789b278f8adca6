"""What we show of cost transfers and recoveries. Lists name a request by its reference, and nobody."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.closeout.policy import days_left
from reunify.closeout.records import CostRecoveryRecord, CostTransferRecord
from reunify.intake.queries import references
from reunify.kernel.ids import FundId, LineId, RequestId, StaffId
from reunify.kernel.may import FINANCE
from reunify.kernel.people import Staff
from reunify.ledger.hold_queries import reversed_among
from reunify.vault.keepers import ERASED

MOST = 200


@dataclass(frozen=True, slots=True)
class Transfer:
    """One ask without its words. `days_left`: of the clock, on the day it was confirmed or of today; below
    zero it is late. `state` is `reversed` where the books undid what was confirmed."""

    id: UUID
    request_id: RequestId
    reference: str
    line_id: LineId
    from_hold: UUID
    from_fund: FundId
    from_category: str
    to_fund: FundId
    to_category: str
    cents: int
    reason: str
    basis: str | None
    state: str
    posted_on: date
    days_left: int
    asked_by: StaffId
    asked_for: frozenset[StaffId]
    asked_at: datetime
    ended_by: StaffId | None
    ended_at: datetime | None

    @property
    def late(self) -> bool:
        return self.days_left < 0


@dataclass(frozen=True, slots=True)
class Words:
    """What was written about one transfer; what was erased reads as such."""

    justification: str = field(repr=False)
    why_charged: str | None = field(repr=False)
    why_belongs: str | None = field(repr=False)
    why_late: str | None = field(repr=False)
    finding: str | None = field(repr=False)
    closed_reason: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class Recovery:
    """Money paid back by a source elsewhere, without its words. `state` is `reversed` where the books undid
    what was verified."""

    id: UUID
    request_id: RequestId
    reference: str
    line_id: LineId
    source_fund: FundId
    cents: int
    cash: str
    happened_on: date
    state: str
    recorded_by: StaffId
    recorded_for: frozenset[StaffId]
    recorded_at: datetime
    ended_by: StaffId | None
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class Papers:
    """Of one recovery: the bank's number, where the paper is, and why it was struck."""

    bank_reference: str = field(repr=False)
    evidence: str = field(repr=False)
    struck_reason: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class ToConfirm:
    """What waits for this person. `what`: `transfer` or `recovery`."""

    what: str
    request_id: RequestId
    reference: str
    cents: int
    since: datetime
    days_left: int | None


def transfers(
    session: Session, *, today: date, states: Collection[str] = (), limit: int = MOST
) -> list[Transfer]:
    """Over all requests, the newest ask first; with `states`, only those."""
    t = CostTransferRecord
    asked = sa.select(t).order_by(t.asked_at.desc(), t.id).limit(limit)
    return _transfers(session, asked.where(t.state.in_(states)) if states else asked, today)


def transfers_of(session: Session, request_id: UUID, *, today: date) -> list[Transfer]:
    """Of one request, the oldest first."""
    t = CostTransferRecord
    return _transfers(
        session, sa.select(t).where(t.request_id == request_id).order_by(t.asked_at, t.id), today
    )


def recoveries(session: Session, *, states: Collection[str] = (), limit: int = MOST) -> list[Recovery]:
    """Over all requests, the newest first; with `states`, only those."""
    r = CostRecoveryRecord
    asked = sa.select(r).order_by(r.recorded_at.desc(), r.id).limit(limit)
    return _recoveries(session, asked.where(r.state.in_(states)) if states else asked)


def recoveries_of(session: Session, request_id: UUID) -> list[Recovery]:
    """Of one request, the oldest first."""
    r = CostRecoveryRecord
    return _recoveries(session, sa.select(r).where(r.request_id == request_id).order_by(r.recorded_at, r.id))


def words_of(session: Session, request_id: UUID) -> dict[UUID, Words]:
    """What was written about the transfers of one request, by transfer."""
    t = CostTransferRecord
    return {
        row.id: Words(
            t.justification.told(row, erased=ERASED),
            t.why_charged.told(row, erased=ERASED),
            t.why_belongs.told(row, erased=ERASED),
            t.why_late.told(row, erased=ERASED),
            t.finding.told(row, erased=ERASED),
            t.closed_reason.told(row, erased=ERASED),
        )
        for row in session.scalars(sa.select(t).where(t.request_id == request_id))
    }


def papers_of(session: Session, request_id: UUID) -> dict[UUID, Papers]:
    """What was written about the recoveries of one request, by recovery."""
    r = CostRecoveryRecord
    return {
        row.id: Papers(
            r.bank_reference.told(row, erased=ERASED),
            r.evidence.told(row, erased=ERASED),
            r.struck_reason.told(row, erased=ERASED),
        )
        for row in session.scalars(sa.select(r).where(r.request_id == request_id))
    }


def to_confirm(session: Session, *, me: Staff, today: date) -> list[ToConfirm]:
    """What a finance person may confirm: nothing they or whom they stand for wrote down. Oldest first."""
    if me.roles.isdisjoint(FINANCE):
        return []
    found = [
        ToConfirm("transfer", t.request_id, t.reference, t.cents, t.asked_at, t.days_left)
        for t in transfers(session, today=today, states=["asked"])
        if me.selves.isdisjoint({t.asked_by, *t.asked_for})
    ]
    found += [
        ToConfirm("recovery", r.request_id, r.reference, r.cents, r.recorded_at, None)
        for r in recoveries(session, states=["recorded"])
        if me.selves.isdisjoint({r.recorded_by, *r.recorded_for})
    ]
    return sorted(found, key=lambda one: (one.since, one.reference))


def _transfers(session: Session, asked: sa.Select[CostTransferRecord], today: date) -> list[Transfer]:
    rows = session.scalars(asked).all()
    names = references(session, {row.request_id for row in rows}) if rows else {}
    undone = _undone(session, rows)
    return [
        Transfer(
            id=row.id,
            request_id=RequestId(row.request_id),
            reference=names[RequestId(row.request_id)],
            line_id=LineId(row.line_id),
            from_hold=row.from_hold,
            from_fund=FundId(row.from_fund),
            from_category=row.from_category,
            to_fund=FundId(row.to_fund),
            to_category=row.to_category,
            cents=row.amount,
            reason=row.reason,
            basis=row.basis,
            state="reversed" if row.event_id in undone else row.state,
            posted_on=row.posted_on,
            days_left=days_left(row.posted_on, row.confirmed_on or today),
            asked_by=StaffId(row.asked_by),
            asked_for=frozenset(map(StaffId, row.asked_for)),
            asked_at=row.asked_at,
            ended_by=_person(row.confirmed_by or row.closed_by),
            ended_at=row.confirmed_at or row.closed_at,
        )
        for row in rows
    ]


def _recoveries(session: Session, asked: sa.Select[CostRecoveryRecord]) -> list[Recovery]:
    rows = session.scalars(asked).all()
    names = references(session, {row.request_id for row in rows}) if rows else {}
    undone = _undone(session, rows)
    return [
        Recovery(
            id=row.id,
            request_id=RequestId(row.request_id),
            reference=names[RequestId(row.request_id)],
            line_id=LineId(row.line_id),
            source_fund=FundId(row.source_fund),
            cents=row.amount,
            cash=row.cash,
            happened_on=row.happened_on,
            state="reversed" if row.event_id in undone else row.state,
            recorded_by=StaffId(row.recorded_by),
            recorded_for=frozenset(map(StaffId, row.recorded_for)),
            recorded_at=row.recorded_at,
            ended_by=_person(row.verified_by or row.struck_by),
            ended_at=row.verified_at or row.struck_at,
        )
        for row in rows
    ]


def _undone(session: Session, rows: Sequence[CostTransferRecord] | Sequence[CostRecoveryRecord]) -> set[UUID]:
    return reversed_among(session, [row.event_id for row in rows if row.event_id is not None])


def _person(found: UUID | None) -> StaffId | None:
    return None if found is None else StaffId(found)
