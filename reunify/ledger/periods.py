"""Accounting periods: once closed, nothing more is dated into them. What comes late is posted today.

Closing waits for postings under way, and postings wait for a closing: both take one lock, the postings
together (a trigger on the events, migration 0013), the closing alone.
"""

from __future__ import annotations

import hashlib
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.audit import actions as audit
from reunify.kernel.ids import new_id
from reunify.kernel.may import FINANCE, may
from reunify.kernel.people import Actor, Role, written_by
from reunify.ledger import policy
from reunify.ledger.records import LedgerPeriod
from reunify.rates import queries as rates

LOCK = 0x4C45_4447_4552  # also in the trigger
_ALONE = sa.text("SELECT pg_advisory_xact_lock(CAST(:key AS bigint))")
_WITHIN = "v.day <= :through AND v.day > coalesce(CAST(:before AS date), '-infinity')"
# Day by day: what `ledger check` compares is made of these, so that a day may be read again by itself.
_DAYS = sa.text(
    f"""
    SELECT day, count(*) AS events,
      encode(sha256(convert_to(string_agg(said, '' ORDER BY id), 'UTF8')), 'hex') AS digest
    FROM (
      SELECT v.day, v.id,
        v.fingerprint || coalesce(string_agg(e.fingerprint, '' ORDER BY e.id), '') AS said
      FROM ledger_events v LEFT JOIN ledger_entries e ON e.event_id = v.id
      WHERE {_WITHIN} AND (CAST(:days AS date[]) IS NULL OR v.day = ANY(CAST(:days AS date[])))
      GROUP BY v.id
    ) event GROUP BY day
    """  # noqa: S608 - constants only
)
_COUNTS = sa.text(f"SELECT v.day, count(*) AS events FROM ledger_events v WHERE {_WITHIN} GROUP BY v.day")  # noqa: S608


def closed_through(session: Session) -> date | None:
    """The last day that is closed; None while none is."""
    return session.scalar(sa.select(sa.func.max(LedgerPeriod.through)))


@may(Role.ADMINISTRATOR, Role.FUND_MANAGER, *FINANCE)
def close_period(session: Session, *, through: date, reason: str, by: Actor, now: datetime) -> None:
    """Close the books through a day that is over in the organisation's time zone. It is never opened again.

    Raises NotYet, PeriodClosed, WhyMissing, NotAllowed.
    """
    why = reason.strip()
    if not why:
        raise policy.WhyMissing("Say why the period is closed, such as the report it was closed for.")
    today = now.astimezone(rates.organisation(session, on=now.date()).zone).date()
    if through >= today:
        raise policy.NotYet(
            f"{through} is not over yet: close through a day before {today}.", field="/through"
        )
    before = closed_through(session)
    days = _read(session, through=through, before=before)
    session.execute(_ALONE, {"key": LOCK})
    closed = closed_through(session)
    if closed is not None and through <= closed:
        raise policy.PeriodClosed(closed)
    events, digest = _held(session, days, through=through, before=before, closed=closed)
    period = LedgerPeriod(
        id=new_id(), through=through, reason=why, events=events, digest=digest, by=written_by(by), at=now
    )
    session.add(period)
    session.flush()
    detail = {"through": through.isoformat(), "events": events}
    audit.record(
        session, by=by, at=now, subject="ledger_period", subject_id=period.id, moved="close", detail=detail
    )


def _read(
    session: Session, *, through: date, before: date | None, days: list[date] | None = None
) -> dict[date, tuple[int, str]]:
    """How many events each day has, and their digest. `days`: only these."""
    rows = session.execute(_DAYS, {"through": through, "before": before, "days": days})
    return {row.day: (row.events, row.digest) for row in rows}


def _held(
    session: Session,
    days: dict[date, tuple[int, str]],
    *,
    through: date,
    before: date | None,
    closed: date | None,
) -> tuple[int, str]:
    """What the period holds. `days` were read before the lock: nobody waits while a year is read.

    Events are only ever added, so a day with as many as before is as it was; the others are read again.
    """
    if closed != before:  # somebody closed a part of it while we waited
        days = {day: said for day, said in days.items() if closed is None or day > closed}
    counts = session.execute(_COUNTS, {"through": through, "before": closed})
    late = [row.day for row in counts if days.get(row.day, (0, ""))[0] != row.events]
    if late:
        days = days | _read(session, through=through, before=closed, days=late)
    digests = "".join(days[day][1] for day in sorted(days))
    return sum(events for events, _ in days.values()), hashlib.sha256(digests.encode()).hexdigest()
