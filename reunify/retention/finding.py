"""What is due today, what is held, and what waits for something."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice
from typing import Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.files import evidence_queries as evidence
from reunify.files.evidence_policy import Kind
from reunify.intake import booking
from reunify.intake import queries as intake
from reunify.kernel.canonical import digest_of
from reunify.rates.queries import organisation
from reunify.reporting import ending
from reunify.reporting.standing import Case
from reunify.retention import policy
from reunify.retention.policy import Part, Period
from reunify.retention.records import Erasure, FinalReport, LegalHold, OwnPeriod
from reunify.retention.schedule import Schedule, published

_AT_ONCE: Final = 500


@dataclass(frozen=True, slots=True)
class Item:
    """One part of a request that may be erased."""

    request_id: UUID
    part: Part
    record: str
    reference: str
    due_on: date
    version_number: int


@dataclass(frozen=True, slots=True)
class Waiting:
    """A case that cannot be due, and why, in words."""

    reference: str
    record: str
    waits_for: str


@dataclass(frozen=True, slots=True)
class Found:
    """`due` may be erased; `held` would be, but for a legal hold; `waiting` has no day yet."""

    due: tuple[Item, ...]
    held: tuple[Item, ...]
    waiting: tuple[Waiting, ...]

    @property
    def digest(self) -> str:
        return digest_of(
            [
                [i.request_id, i.part, i.record, i.due_on, i.version_number]
                for i in sorted(self.due, key=_order)
            ]
        )


def _order(item: Item) -> tuple[str, str]:
    return str(item.request_id), item.part


def schedule_now(session: Session) -> Schedule:
    """The published schedule with the organisation's own periods."""
    rows = session.execute(sa.select(OwnPeriod).order_by(OwnPeriod.number)).scalars()
    return published().lengthened({r.record: Period(years=r.years, days=r.days) for r in rows})


def find(session: Session, *, now: datetime) -> Found:
    """Everything, as of today on the organisation's calendar."""
    erased = set(session.scalars(sa.select(Erasure.keeper).where(Erasure.kind == "request")))
    kept = [i for i in ending.request_ids(session) if i not in erased]
    due: list[Item] = []
    held: list[Item] = []
    waiting: list[Waiting] = []
    for some in _batches(kept):
        holding = held_among(session, some)
        items, unready = _judged(session, some, now=now)
        for item in items:
            (held if item.request_id in holding else due).append(item)
        waiting += unready
    return Found(tuple(due), tuple(held), tuple(waiting))


def find_one(session: Session, request_id: UUID, part: Part, *, now: datetime) -> Item | None:
    """The same question for one part of one request, asked again inside the transaction that erases it."""
    items, _ = _judged(session, [request_id], now=now)
    return next((item for item in items if item.part == part), None)


def held_among(session: Session, request_ids: Collection[UUID]) -> frozenset[UUID]:
    """Those that a hold stands on: on the request, or on the person it is about."""
    standing = LegalHold.state != "lifted"
    by_request = session.scalars(
        sa.select(LegalHold.request_id).where(standing, LegalHold.request_id.in_(request_ids))
    )
    people = session.scalars(sa.select(LegalHold.person_id).where(standing, LegalHold.person_id.is_not(None)))
    found = {i for i in by_request if i is not None}
    for person in people:
        if person is not None:
            found.update(ending.requests_of_person(session, person))
    return frozenset(found & set(request_ids))


def is_held(session: Session, request_id: UUID) -> bool:
    """The same of one request, locked until the transaction ends: a hold on its way is waited for."""
    intake.lock_request(session, request_id)
    return bool(held_among(session, [request_id]))


def _judged(
    session: Session, request_ids: Collection[UUID], *, now: datetime
) -> tuple[list[Item], list[Waiting]]:
    """What is due of these requests today, the whole case instead of its parts; and what waits."""
    zone = organisation(session, on=now.date()).zone
    today, schedule = now.astimezone(zone).date(), schedule_now(session)
    newest = sa.select(FinalReport.fund_id, FinalReport.sent_on).order_by(FinalReport.number)
    reports = {fund: on for fund, on in session.execute(newest)}
    there = {
        Part.BOOKING_FACTS: booking.told(session, request_ids),
        Part.IDENTITY_PAPERS: evidence.with_papers(session, request_ids, kind=Kind.IDENTITY),
    }
    items: list[Item] = []
    waiting: list[Waiting] = []
    for case in ending.cases(session, request_ids, zone=zone, reports=reports):
        parts = dict(policy.parts_due(case, schedule))
        whole = parts.pop(Part.CASE)
        if whole.is_due(today):
            items.append(_item(case, Part.CASE, whole))
            continue
        if whole.on is None:
            waiting.append(Waiting(case.reference, whole.record, whole.waits_for or ""))
        items += [
            _item(case, part, at)
            for part, at in parts.items()
            if at.is_due(today) and case.request_id in there[part]
        ]
    return items, waiting


def _item(case: Case, part: Part, at: policy.Due) -> Item:
    assert at.on is not None  # asked only of what is due
    return Item(case.request_id, part, at.record, case.reference, at.on, case.version_number)


def _batches(ids: Collection[UUID]) -> Iterator[list[UUID]]:
    left = iter(ids)
    while some := list(islice(left, _AT_ONCE)):
        yield some
