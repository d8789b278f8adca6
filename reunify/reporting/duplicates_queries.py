"""What we show of costs that look paid twice, each with what people found. References only, no names."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.approval.records import AwardRecord
from reunify.kernel.ids import StaffId
from reunify.reporting.duplicates import Suspicion, Verdict, suspicions
from reunify.reporting.duplicates_lines import lines_since
from reunify.reporting.duplicates_records import DuplicateLook
from reunify.vault.keepers import ERASED

LOOKED_BACK = timedelta(days=400)  # a year's money and its closing


@dataclass(frozen=True, slots=True)
class Look:
    """What somebody found who looked at it."""

    verdict: Verdict
    reason: str = field(repr=False)
    looked_by: StaffId
    at: datetime


@dataclass(frozen=True, slots=True)
class Suspected:
    suspicion: Suspicion
    looks: tuple[Look, ...]  # the newest first

    @property
    def owed(self) -> bool:
        """Whether nobody has found it to be none."""
        return not self.looks or self.looks[0].verdict is Verdict.LOOK_AGAIN


@dataclass(frozen=True, slots=True)
class Report:
    """The most money first, those nobody looked at before the others. `more`: older requests were not
    compared."""

    rows: tuple[Suspected, ...]
    since: datetime
    more: bool

    @property
    def owed(self) -> tuple[Suspected, ...]:
        return tuple(row for row in self.rows if row.owed)

    @property
    def looked_at(self) -> tuple[Suspected, ...]:
        return tuple(row for row in self.rows if not row.owed)


def report(session: Session, *, now: datetime, only: Collection[UUID] | None = None) -> Report:
    """Over all requests whose money was set aside in the last 400 days. `only`: over these of them."""
    since = now - LOOKED_BACK
    found = lines_since(session, since, only=only)
    suspected = suspicions(found.lines)
    looks = _looks(session, [s.id for s in suspected])
    rows = [Suspected(s, tuple(looks.get(s.id, ()))) for s in suspected]
    return Report(tuple(sorted(rows, key=lambda row: not row.owed)), since, found.more)


def deciders(session: Session, request_ids: Collection[UUID]) -> frozenset[UUID]:
    """Who approved or released an award of these requests, and whom they stood for."""
    w = AwardRecord
    rows = session.execute(
        sa.select(w.approved_by, w.approved_for, w.released_by, w.released_for).where(
            w.request_id.in_(request_ids), w.approved_by.is_not(None)
        )
    )
    found = {person for row in rows for person in (row[0], *row[1], row[2], *row[3])}
    return frozenset(person for person in found if person is not None)


def _looks(session: Session, ids: Collection[str]) -> dict[str, list[Look]]:
    if not ids:
        return {}
    k = DuplicateLook
    found: dict[str, list[Look]] = {}
    asked = sa.select(k).where(k.suspicion.in_(ids)).order_by(k.sequence.desc())
    for row in session.scalars(asked).all():
        look = Look(Verdict(row.verdict), k.reason.told(row, erased=ERASED), StaffId(row.looked_by), row.at)
        found.setdefault(row.suspicion, []).append(look)
    return found
