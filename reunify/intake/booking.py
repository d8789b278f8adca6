"""Facts told for booking only (phone for gate texts, mobility, medicines, needs, papers), kept apart.

They are erased after the trip, long before the rest of the case; whoever reads the request then finds them
unknown. The hash of a version is over the whole, as it was told.
"""

from __future__ import annotations

import copy
from collections.abc import Collection, Iterator
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.intake.booking_records import BookingFacts
from reunify.kernel.ids import new_id
from reunify.vault.keepers import Erased

Facts = dict[str, dict[str, Any]]  # by the traveler's place in the list


def split(told: Any) -> tuple[Any, Facts]:
    """The same document without the facts, and the facts. A half-entered draft is taken as it is."""
    rest = copy.deepcopy(told)
    facts: Facts = {}
    for place, ready in _readiness(rest):
        if any(value not in (None, "", "unknown") for value in ready.values()):
            facts[place] = dict(ready)
            for key in ready:
                ready[key] = "unknown" if key == "identification" else None
    return rest, facts


def joined(rest: Any, facts: Facts | None) -> Any:
    """The document as it was told; as it is without facts."""
    if not facts or not isinstance(rest, dict):
        return rest
    travelers = rest.get("travelers")
    if not isinstance(travelers, list):
        return rest
    told = {**rest, "travelers": [dict(t) if isinstance(t, dict) else t for t in travelers]}
    for place, ready in list(_readiness(told)):
        told["travelers"][int(place)]["readiness"] = ready | facts.get(place, {})
    return told


def keep(session: Session, *, row_id: UUID, request_id: UUID, facts: Facts) -> None:
    """Keep them for this draft, in place of what was kept for it."""
    record = session.get(BookingFacts, row_id)
    if record is not None:
        record.facts = facts
    else:
        keep_new(session, row_id=row_id, request_id=request_id, facts=facts)


def keep_new(session: Session, *, row_id: UUID, request_id: UUID, facts: Facts) -> None:
    """Keep them for a version or draft that has none yet.

    One key seals all of a request's, beside the family's own; what is told after an erasure gets a new one.
    """
    if facts:
        standing = sa.select(BookingFacts.keeper).where(BookingFacts.request_id == request_id).limit(1)
        keeper = session.scalar(standing) or new_id()
        session.add(BookingFacts(id=row_id, request_id=request_id, keeper=keeper, facts=facts))


def kept(session: Session, row_ids: Collection[UUID]) -> dict[UUID, Facts]:
    """By version or draft; those without facts, or with facts erased, are left out. One query."""
    rows = session.scalars(sa.select(BookingFacts).where(BookingFacts.id.in_(row_ids))).all()
    return {record.id: facts for record in rows if (facts := opened(record)) is not None}


def opened(record: BookingFacts | None) -> Facts | None:
    """None where none were told, or they are erased."""
    try:
        return record.facts if record is not None else None
    except Erased:
        return None


def told(session: Session, request_ids: Collection[UUID]) -> frozenset[UUID]:
    """Those of the requests for which such facts are kept."""
    b = BookingFacts
    return frozenset(session.scalars(sa.select(b.request_id).where(b.request_id.in_(request_ids)).distinct()))


def forget(session: Session, *, request_id: UUID) -> frozenset[UUID]:
    """Remove the rows. Returns the keepers whose keys the caller destroys."""
    b = BookingFacts
    gone = session.scalars(sa.delete(b).where(b.request_id == request_id).returning(b.keeper))
    return frozenset(gone)


def _readiness(told: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    travelers = told.get("travelers") if isinstance(told, dict) else None
    for place, traveler in enumerate(travelers if isinstance(travelers, list) else []):
        ready = traveler.get("readiness") if isinstance(traveler, dict) else None
        if isinstance(ready, dict):
            yield str(place), ready
