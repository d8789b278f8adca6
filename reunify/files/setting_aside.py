"""Set a paper aside unseen; remove one sent by mistake."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.files import evidence_policy as policy
from reunify.files.evidence import locked, note, one_at_a_time, same_as
from reunify.files.evidence_bytes import destroy
from reunify.files.evidence_policy import EVIDENCE
from reunify.files.evidence_records import Evidence
from reunify.kernel.ids import RequestId
from reunify.kernel.may import may
from reunify.kernel.people import Role, Staff, System
from reunify.vault import keepers

Held = Callable[[Session, RequestId], bool]  # whether a legal hold stands; locks the request


@may(Role.CASE_MANAGER, Role.SUPERVISOR)
def quarantine(
    session: Session, *, evidence_id: UUID, request_id: RequestId, by: Staff, now: datetime
) -> int:
    """Set aside unseen, this paper and every copy of the same file or picture: how many that were.

    The original stays sealed and untouched; the picture drawn again is destroyed. Once more harms nothing.
    Raises NoLongerKept.
    """
    wanted = sa.and_(Evidence.id == evidence_id, Evidence.request_id == request_id)
    found = session.execute(sa.select(Evidence.original_mark, Evidence.safe_mark).where(wanted)).first()
    mark, safe_mark = found or (None, None)
    if mark is None:
        raise policy.NoLongerKept("Nothing of that file was kept.")
    one_at_a_time(session, mark, safe_mark)
    copies = session.scalars(
        sa.select(Evidence)
        .where(same_as(mark, safe_mark), Evidence.state.not_in(("quarantined", "removed")))
        .order_by(Evidence.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    for copy in copies:
        moved = EVIDENCE.apply(copy, "quarantine")
        here = copy.request_id == request_id  # another case does not learn who, and so not where
        copy.quarantined_at, copy.quarantined_by = now, by.id if here else None
        copy.safe_type = None
        destroy(session, copy.id, "safe", now=now)
        note(session, copy, by if here else System("evidence"), now, moved, {})
    return len(copies)


@may(Role.CASE_MANAGER, Role.SUPERVISOR)
def remove(
    session: Session,
    *,
    evidence_id: UUID,
    request_id: RequestId,
    why: str,
    held: Held,
    by: Staff,
    now: datetime,
) -> None:
    """Sent by mistake: its bytes are destroyed, the note that it was here stays.

    Raises UnderLegalHold, WrongState.
    """
    if held(session, request_id):
        raise policy.UnderLegalHold(
            "A legal hold stands for this case: nothing of it is removed. A supervisor and an administrator "
            "lift it, on the page Retention."
        )
    paper = locked(session, evidence_id, request_id)
    moved = EVIDENCE.apply(paper, "remove")
    paper.removed_at, paper.safe_type, paper.file_name = now, None, ""
    for keeper in destroy(session, paper.id, "original", "safe", now=now):
        keepers.destroy(session, keeper=keeper, now=now)
    note(session, paper, by, now, moved, {}, why=why)
