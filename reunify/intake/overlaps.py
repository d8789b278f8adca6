"""Find the same child, traveler or night in other requests, when a version is frozen; keep where this one is.

Two that are submitted at the same moment take turns by person, so that the second finds the first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from reunify.audit import actions as audit
from reunify.identity.queries import staff_names
from reunify.intake import overlap_policy as policy
from reunify.intake.form import TravelRequest
from reunify.intake.intervals import Span
from reunify.intake.overlap_policy import Found, Item, Place
from reunify.intake.overlap_records import OverlapItem, OverlapReason
from reunify.intake.records import RequestRecord
from reunify.kernel.ids import StaffId
from reunify.kernel.may import may
from reunify.kernel.people import Role, Staff
from reunify.kernel.sight import may_see_case
from reunify.rates.queries import organisation_now
from reunify.vault import keyring
from reunify.vault.keepers import ERASED

_PLACE = "overlap_items.person"
_COLUMNS: tuple[tuple[str, sa.types.TypeEngine[Any]], ...] = (
    ("request_id", sa.Uuid()),
    ("person", sa.LargeBinary()),
    ("role", sa.Text()),
    ("number", sa.Integer()),
    ("item", sa.Text()),
    ("item_number", sa.Integer()),
    ("starts_at", sa.DateTime(timezone=True)),
    ("ends_at", sa.DateTime(timezone=True)),
)


@dataclass(frozen=True, slots=True)
class GoesOn:
    """Why a request goes on beside another. `reason` may be erased with the family."""

    version_number: int
    other_request_id: UUID
    other_reference: str
    reason: str
    by: StaffId
    at: datetime


@may(Role.CASE_MANAGER, service="requests:write")
def meet(
    session: Session,
    *,
    request_id: UUID,
    number: int,
    content: TravelRequest,
    reason: str,
    by: Staff,
    now: datetime,
) -> None:
    """Keep where this version is; refuse it where another request is too, unless a reason is given.

    A reason once given for another request stands until the two overlap no more. Raises OverlapsAnother.
    """
    said = policy.check_reason(reason)
    here = policy.places(content)
    _take_turns(session, here)
    others = search(session, {request_id: here})
    known = set(_reasons_for(session, request_id)) if others and number > 1 else set()
    news = [row for row in others if row.other_request_id not in known]
    if news and not said:
        raise policy.OverlapsAnother(_refusal(session, news, by, now))
    _keep(session, request_id, number, here)
    for other in sorted({row.other_request_id for row in news}):
        kept = OverlapReason(
            request_id=request_id,
            version_number=number,
            other_request_id=other,
            reason=said,
            by=by.id,
            at=now,
        )
        session.add(kept)
        audit.record(
            session,
            by=by,
            at=now,
            subject="request",
            subject_id=request_id,
            moved="go_on_beside_another",
            detail={"version": number, "other": str(other)},
            why=said,
            family=request_id,
        )


def search(session: Session, asked: Mapping[UUID, Sequence[Place]]) -> Sequence[Any]:
    """Of many requests at once, in one query: each overlap with another submitted request.

    Rows: request_id, number, role, item, item_number, starts_at, ends_at (common to both; of a child:
    theirs), other_request_id, their_item, reference, team, handled_by.
    """
    rows = _asked(asked)
    if not rows:
        return []
    arrays = [
        sa.cast(list(values), ARRAY(kind))
        for values, (_, kind) in zip(zip(*rows, strict=True), _COLUMNS, strict=True)
    ]
    mine = sa.func.unnest(*arrays).table_valued(*(sa.column(n, k) for n, k in _COLUMNS), name="mine")
    mine = mine.render_derived()
    o, r = OverlapItem, RequestRecord
    is_child = mine.c.item == Item.CHILD.value
    near = sa.case((is_child, sa.literal(policy.NEAR)), else_=sa.literal(policy.NEAR * 0))
    starts, ends = sa.func.greatest(mine.c.starts_at, o.starts_at), sa.func.least(mine.c.ends_at, o.ends_at)
    return session.execute(
        sa.select(
            mine.c.request_id,
            mine.c.number,
            mine.c.role,
            mine.c.item,
            mine.c.item_number,
            sa.case((is_child, o.starts_at), else_=starts).label("starts_at"),
            sa.case((is_child, o.ends_at), else_=ends).label("ends_at"),
            o.request_id.label("other_request_id"),
            o.item.label("their_item"),
            r.reference,
            r.team,
            r.handled_by,
        )
        .join(
            o,
            sa.and_(
                o.person == mine.c.person,
                o.request_id != mine.c.request_id,
                is_child == (o.item == Item.CHILD.value),
                o.starts_at < mine.c.ends_at + near,
                o.ends_at > mine.c.starts_at - near,
            ),
        )
        .join(r, r.id == o.request_id)
        .order_by(r.reference, mine.c.number, mine.c.item, mine.c.item_number, o.starts_at)
    ).all()


def going_on(session: Session, request_id: UUID) -> list[GoesOn]:
    """What this request goes on beside, and why, the newest first."""
    o, r = OverlapReason, RequestRecord
    rows = session.execute(
        sa.select(o, r.reference)
        .join(r, r.id == o.other_request_id)
        .where(o.request_id == request_id)
        .order_by(o.at.desc(), r.reference)
    )
    return [
        GoesOn(
            row.version_number,
            row.other_request_id,
            reference,
            OverlapReason.reason.told(row, erased=ERASED),
            StaffId(row.by),
            row.at,
        )
        for row, reference in rows
    ]


def forget(session: Session, *, request_id: UUID) -> None:
    """The family is erased: nobody is found by it any more."""
    session.execute(sa.delete(OverlapItem).where(OverlapItem.request_id == request_id))


def _asked(asked: Mapping[UUID, Sequence[Place]]) -> list[tuple[Any, ...]]:
    ring = keyring.current()
    indexes = {p.person: ring.blind_indexes(*p.person, place=_PLACE) for here in asked.values() for p in here}
    return [
        (request_id, index, p.role, p.number, p.item.value, p.item_number, p.span.starts, p.span.ends)
        for request_id, here in asked.items()
        for p in here
        for index in indexes[p.person]
    ]


def _take_turns(session: Session, here: Sequence[Place]) -> None:
    """In order of the numbers, so that two who share several people never wait for each other."""
    ring = keyring.current()
    locks = {int.from_bytes(ring.blind_index(*p.person, place=_PLACE), signed=True) for p in here}
    one = sa.func.unnest(sa.cast(sorted(locks), ARRAY(sa.BigInteger()))).column_valued("lock")
    session.execute(sa.select(sa.func.count(sa.func.pg_advisory_xact_lock(one))))


def _keep(session: Session, request_id: UUID, number: int, here: Sequence[Place]) -> None:
    if number > 1:
        forget(session, request_id=request_id)
    ring = keyring.current()
    session.add_all(
        OverlapItem(
            request_id=request_id,
            version_number=number,
            person=ring.blind_index(*p.person, place=_PLACE),
            role=p.role,
            number=p.number,
            item=p.item.value,
            item_number=p.item_number,
            starts_at=p.span.starts,
            ends_at=p.span.ends,
        )
        for p in here
    )
    session.flush()


def _reasons_for(session: Session, request_id: UUID) -> Sequence[UUID]:
    o = OverlapReason
    return session.scalars(sa.select(o.other_request_id).where(o.request_id == request_id)).all()


def _refusal(session: Session, rows: Sequence[Any], by: Staff, now: datetime) -> str:
    names = staff_names(session, {row.handled_by for row in rows})
    found = [
        Found(
            row.reference,
            may_see_case(by, StaffId(row.handled_by), row.team),
            names[row.handled_by],
            row.role,
            row.number,
            Item(row.item),
            row.item_number,
            Item(row.their_item),
            Span(row.starts_at, row.ends_at),
        )
        for row in rows
    ]
    said = policy.in_words(found, organisation_now(session, now=now).zone)
    return " ".join([*said[:8], "Agree who travels on which request, or say why this one goes on beside it."])
