"""Seal audit rows: each exactly once, none skipped, however late its transaction commits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.audit import merkle
from reunify.audit.records import AuditEntry
from reunify.audit.seal_records import AuditSeal
from reunify.kernel.canonical import digest_of
from reunify.kernel.refusals import Refused

_LOCK: Final = 7341915  # one sealer at a time, whichever process it runs in

# Every transaction below this number is over: its rows are all to be seen, and no more will come.
_ALL_OVER: Final = sa.text("SELECT (pg_snapshot_xmin(pg_current_snapshot())::text)::bigint")


class SealsAhead(Refused):
    """The database counts its transactions from below the last seal: it was loaded from a dump."""


@dataclass(frozen=True, slots=True)
class Seal:
    """`root` stands for the rows of this seal, `hash` for all rows up to and with them."""

    number: int
    from_xid: int
    to_xid: int
    row_count: int
    root: str
    previous: str | None
    hash: str
    made_at: datetime

    @property
    def own_hash(self) -> str:
        """What `hash` must be."""
        return seal_hash(
            number=self.number,
            from_xid=self.from_xid,
            to_xid=self.to_xid,
            row_count=self.row_count,
            root=self.root,
            previous=self.previous,
            made_at=self.made_at,
        )


def seal_hash(
    *,
    number: int,
    from_xid: int,
    to_xid: int,
    row_count: int,
    root: str,
    previous: str | None,
    made_at: datetime,
) -> str:
    """Over everything the seal says, and through `previous` over every seal before it."""
    return digest_of(
        {
            "number": number,
            "from_xid": from_xid,
            "to_xid": to_xid,
            "row_count": row_count,
            "root": root,
            "previous": previous,
            "made_at": made_at.astimezone(UTC),
        }
    )


def as_seal(record: AuditSeal) -> Seal:
    return Seal(
        record.number,
        record.from_xid,
        record.to_xid,
        record.row_count,
        record.root,
        record.previous,
        record.hash,
        record.made_at,
    )


def newest(session: Session) -> Seal | None:
    record = session.scalar(sa.select(AuditSeal).order_by(AuditSeal.number.desc()).limit(1))
    return as_seal(record) if record else None


def rows_wait(session: Session) -> bool:
    """Whether a seal could be made now. One look at an index."""
    done = sa.select(sa.func.coalesce(sa.func.max(AuditSeal.to_xid), 0)).scalar_subquery()
    over = session.scalar(_ALL_OVER)
    found = session.scalar(
        sa.select(AuditEntry.id).where(AuditEntry.xid >= done, AuditEntry.xid < over).limit(1)
    )
    return found is not None


def waiting_since(session: Session) -> datetime | None:
    """When the oldest row that no seal covers was written; None if every row is sealed."""
    done = sa.select(sa.func.coalesce(sa.func.max(AuditSeal.to_xid), 0)).scalar_subquery()
    return session.scalar(sa.select(sa.func.min(AuditEntry.at)).where(AuditEntry.xid >= done))


def seal(session: Session, *, now: datetime) -> Seal | None:
    """One seal over all that is over; None if nothing waits or another process is sealing.

    Needs READ COMMITTED: the rows are read after the moment below which every transaction is over.
    Raises SealsAhead.
    """
    if not session.scalar(sa.text("SELECT pg_try_advisory_xact_lock(:lock)"), {"lock": _LOCK}):
        return None
    last = newest(session)
    begin = last.to_xid if last else 0
    end = session.scalar(_ALL_OVER) or 0
    if end < begin:
        raise SealsAhead(
            "The database counts its transactions from below the last seal: it was loaded from a dump. "
            "Advance the counter (docs/guides/retention.md, Moving the database), then seal again."
        )
    rows = session.execute(
        sa.select(AuditEntry.id, AuditEntry.hash)
        .where(AuditEntry.xid >= begin, AuditEntry.xid < end)
        .order_by(AuditEntry.id)
    )
    leaves = [merkle.leaf(row_id, row_hash) for row_id, row_hash in rows]
    if not leaves:
        return None
    number = last.number + 1 if last else 1
    previous = last.hash if last else None
    root = merkle.root(leaves)
    made = AuditSeal(
        number=number,
        from_xid=begin,
        to_xid=end,
        row_count=len(leaves),
        leaves=b"".join(leaves),
        root=root,
        previous=previous,
        hash=seal_hash(
            number=number,
            from_xid=begin,
            to_xid=end,
            row_count=len(leaves),
            root=root,
            previous=previous,
            made_at=now,
        ),
        made_at=now,
    )
    session.add(made)
    session.flush()
    return as_seal(made)
