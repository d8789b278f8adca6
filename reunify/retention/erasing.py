"""Erase one family: destroy its key, and remove what finds it. Books, audit rows and hashes stay."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.audit import actions as audit
from reunify.files import actions as files
from reunify.files import evidence
from reunify.files.evidence_policy import HeldByQuarantine, Kind
from reunify.identity import forgetting, persons
from reunify.intake import booking, overlaps
from reunify.intake import queries as intake
from reunify.kernel.ids import RequestId
from reunify.kernel.people import System
from reunify.reporting import ending
from reunify.retention.finding import Item, find_one, held_among
from reunify.retention.policy import Part
from reunify.retention.records import Erasure
from reunify.vault import keepers

BY = System("retention run")


def erase(session: Session, *, item: Item, plan_id: UUID, approved_by: UUID, now: datetime) -> str:
    """The outcome: `erased`, or why not: `held`, `changed`, `erased_before`.

    All is asked again while the request is locked: a hold placed meanwhile, an answer, a reopened case.
    """
    intake.lock_request(session, item.request_id)
    if is_erased(session, item.request_id):
        return "erased_before"
    if held_among(session, [item.request_id]):
        return "held"
    if find_one(session, item.request_id, item.part, now=now) != item:
        return "changed"
    gone = Gone(session, item, plan_id, now)
    try:
        ERASE[item.part](gone)
    except HeldByQuarantine:
        return "held"  # preserved for the police; nothing was destroyed
    audit.record(
        session,
        by=BY,
        at=now,
        subject="request",
        subject_id=item.request_id,
        moved=f"erase_{item.part}",
        detail={"plan": str(plan_id), "record": item.record, "approved_by": f"staff:{approved_by}"},
    )
    return "erased"


@dataclass(frozen=True)
class Gone:
    """One erasure on its way."""

    session: Session
    item: Item
    plan_id: UUID
    now: datetime

    def destroy(self, keeper: UUID, kind: str) -> None:
        """A key whose end is written down already is not destroyed twice."""
        if self.session.get(Erasure, (keeper, kind)) is not None:
            return
        keepers.destroy(self.session, keeper=keeper, now=self.now)
        self.session.add(
            Erasure(keeper=keeper, kind=kind, plan_id=self.plan_id, record=self.item.record, at=self.now)
        )
        self.session.flush()


def _case(gone: Gone) -> None:
    """Papers first: a quarantined one stops the erasure. The family's key goes last of all it seals."""
    session, request_id = gone.session, RequestId(gone.item.request_id)
    _papers(gone, only=None)
    _booking_facts(gone)
    forgetting.forget_family_access(session, request_id=request_id)
    overlaps.forget(session, request_id=request_id)
    child = ending.child_of(session, request_id)
    files.forget(session, keeper=request_id, now=gone.now)
    gone.destroy(request_id, "request")
    if child is None:
        return
    persons.lock_person(session, child)  # who registers a request on this child meanwhile, goes first
    if not _named_elsewhere(session, child):
        forgetting.forget_person(session, person_id=child)
        gone.destroy(child, "person")


def _booking_facts(gone: Gone) -> None:
    for keeper in booking.forget(gone.session, request_id=gone.item.request_id):
        gone.destroy(keeper, "booking_facts")


def _identity_papers(gone: Gone) -> None:
    _papers(gone, only=Kind.IDENTITY)


def _papers(gone: Gone, *, only: Kind | None) -> None:
    """Bytes, and the keys of those papers that have one of their own: an old backup opens none of them."""
    own = evidence.erase(
        gone.session, request_id=RequestId(gone.item.request_id), by=BY, now=gone.now, only=only
    )
    for keeper in sorted(own):
        gone.destroy(keeper, "identity_papers")


ERASE: Final[dict[Part, Callable[[Gone], None]]] = {
    Part.CASE: _case,
    Part.BOOKING_FACTS: _booking_facts,
    Part.IDENTITY_PAPERS: _identity_papers,
}


def is_erased(session: Session, request_id: UUID) -> bool:
    return session.get(Erasure, (request_id, "request")) is not None


def _named_elsewhere(session: Session, person: UUID) -> bool:
    """Whether a request that still stands is about this person too."""
    requests = ending.requests_of_person(session, person)
    gone = session.scalars(
        sa.select(Erasure.keeper).where(Erasure.kind == "request", Erasure.keeper.in_(requests))
    )
    return bool(set(requests) - set(gone))
