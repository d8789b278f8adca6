"""Every difference is somebody's: finance as a whole, until a person of finance takes it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from reunify.audit import actions as audit
from reunify.identity.queries import holders
from reunify.kernel.ids import StaffId
from reunify.kernel.may import FINANCE, may
from reunify.kernel.people import Actor
from reunify.kernel.refusals import NotFound
from reunify.reconciliation import cash_settings
from reunify.reconciliation.records import DifferenceRecord


@may(*FINANCE)
def assign(session: Session, *, difference_id: UUID, to: StaffId | None, by: Actor, now: datetime) -> None:
    """A person of finance answers for it; None: finance as a whole. Raises NotFound, NotAnOwner."""
    row = session.get(DifferenceRecord, difference_id, with_for_update=True)
    if row is None or row.resolved_at is not None:
        raise NotFound("There is no such open difference.")
    cash_settings.check_owner(session, to)
    row.owner = to
    audit.record(session, by=by, at=now, subject="difference", subject_id=row.id, moved="assign")


def may_own(session: Session) -> list[tuple[StaffId, str]]:
    """Finance's people who are with us, by name: one of them may be given a case."""
    found = {id_: name for role in FINANCE for id_, name in holders(session, role).items()}
    return sorted(found.items(), key=lambda one: (one[1], one[0]))
