"""What we do: keep what a person found who looked at a cost that seemed paid twice."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from reunify.audit import actions as audit
from reunify.kernel.ids import new_id
from reunify.kernel.may import FINANCE, may
from reunify.kernel.people import Staff
from reunify.reporting import duplicates_queries
from reunify.reporting.duplicates import DecidedIt, NotSuspected, Verdict, check_reason
from reunify.reporting.duplicates_records import DuplicateLook


@may(*FINANCE)
def look(
    session: Session,
    *,
    suspicion: str,
    requests: Collection[UUID],
    verdict: Verdict,
    reason: str,
    by: Staff,
    now: datetime,
) -> UUID:
    """Looked at, and no duplicate, because `reason`; or to be looked at again. Moves no money.

    `requests`: whose lines it is about; no others are compared. Kept beside what was found before; the newest
    counts while the same is suspected. Raises SayWhy, NotSuspected, DecidedIt.
    """
    said = check_reason(reason)
    rows = duplicates_queries.report(session, now=now, only=requests).rows
    found = next((row.suspicion for row in rows if row.suspicion.id == suspicion), None)
    if found is None:
        raise NotSuspected("This is not suspected any more: read the report again.")
    one, *others = dict.fromkeys(line.request_id for line in found.lines)
    if verdict is Verdict.NO_DUPLICATE:
        _check_decided_neither(session, (one, *others), by)
    kept = DuplicateLook(
        id=new_id(),
        suspicion=suspicion,
        why=found.why.value,
        verdict=verdict.value,
        request_id=one,
        other_request_id=others[0] if others else None,
        reason=said,
        looked_by=by.id,
        at=now,
    )
    session.add(kept)
    session.flush()
    audit.record(
        session,
        by=by,
        at=now,
        subject="duplicate_look",
        subject_id=kept.id,
        moved=verdict.value,
        why=said,
        family=one,
        detail={"suspicion": suspicion, "why": found.why.value, "cents": found.cents},
    )
    return kept.id


def _check_decided_neither(session: Session, requests: Collection[UUID], by: Staff) -> None:
    if not by.selves.isdisjoint(duplicates_queries.deciders(session, requests)):
        raise DecidedIt(
            "You, or somebody you stand in for, approved or released an award of these requests. "
            "A colleague in finance who did neither must find that it is no duplicate."
        )
