"""A request short of what a later part of a source would pay waits for that day, and is tried again then."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from reunify.allocation.keeping import Kept
from reunify.allocation.need_facts import need_of
from reunify.allocation.policy import LineNeed, RuleCap
from reunify.allocation.records import AllocationWait
from reunify.allocation.solving import Waits
from reunify.intake.form import Category
from reunify.kernel.ids import RequestId, VersionId
from reunify.rates.closed_yaml import RuleFileBroken

_WAITING, _OVER = "waiting", "over"


@dataclass(frozen=True, slots=True)
class Offered:
    """What was offered to the sources when it was judged. The answer stands; only the money had to wait."""

    needs: tuple[LineNeed, ...]
    rule_caps: tuple[RuleCap, ...]
    travelers: int
    legs: int


@dataclass(frozen=True, slots=True)
class Waiting:
    version_id: VersionId
    request_id: RequestId
    next_on: date
    departs_on: date | None
    offered: Offered


def keep_wait(
    session: Session,
    kept: Kept,
    waits: Waits,
    offered: Offered,
    *,
    departs_on: date | None,
    on: date,
) -> None:
    """Once for each version; a later try moves its day."""
    row = {
        "version_id": kept.version_id,
        "request_id": kept.scopes.trip,
        "state": _WAITING,
        "next_on": waits.next_on,
        "departs_on": departs_on,
        "points": points(session, kept.version_id, on),
        "plan": asdict(offered),
        "at": kept.now,
    }
    made = insert(AllocationWait).values(row)
    session.execute(
        made.on_conflict_do_update(
            index_elements=["version_id"],
            set_={n: made.excluded[n] for n in ("state", "next_on", "departs_on", "points", "plan")},
        )
    )


def end_wait(session: Session, version_id: VersionId) -> None:
    """Nothing is kept of what was offered, of the need, or of the day of departure."""
    wait = AllocationWait
    nothing: dict[str, Any] = {"state": _OVER, "plan": {}, "departs_on": None, "points": None}
    session.execute(sa.update(wait).where(wait.version_id == version_id).values(nothing))


def put_off(session: Session, version_id: VersionId, next_on: date | None) -> None:
    """Tried, and nothing more came of it: the next part is waited for, or (None) none comes any more."""
    if next_on is None:
        end_wait(session, version_id)
        return
    wait = AllocationWait
    session.execute(
        sa.update(wait).where(wait.version_id == version_id).values(state=_WAITING, next_on=next_on)
    )


def waiting(session: Session, version_id: UUID) -> Waiting | None:
    """None where it does not wait."""
    row = session.scalar(
        sa.select(AllocationWait)
        .where(AllocationWait.version_id == version_id, AllocationWait.state == _WAITING)
        .execution_options(populate_existing=True)
    )
    return _as_waiting(row) if row is not None else None


def waits_of(session: Session, version_ids: Collection[UUID]) -> dict[UUID, date]:
    """When each of these is tried again; those that do not wait are absent."""
    wait = AllocationWait
    rows = session.execute(
        sa.select(wait.version_id, wait.next_on).where(
            wait.version_id.in_(version_ids), wait.state == _WAITING
        )
    )
    return {version_id: next_on for version_id, next_on in rows}


def points(session: Session, version_id: UUID, on: date) -> int | None:
    """Of need; a broken file of factors never stops a split: health and the rules say it."""
    try:
        found = need_of(session, version_id, on=on)
    except RuleFileBroken:
        return None
    return found.points if found else None


def _as_waiting(row: AllocationWait) -> Waiting:
    plan: dict[str, Any] = row.plan
    return Waiting(
        version_id=VersionId(row.version_id),
        request_id=RequestId(row.request_id),
        next_on=row.next_on,
        departs_on=row.departs_on,
        offered=Offered(
            tuple(LineNeed(**n | {"category": Category(n["category"])}) for n in plan["needs"]),
            tuple(RuleCap(**c) for c in plan["rule_caps"]),
            plan["travelers"],
            plan["legs"],
        ),
    )
