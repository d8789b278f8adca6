"""Which open requests a source may still pay something of: by reference and amount, never a name."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONPATH
from sqlalchemy.orm import Session

from reunify.allocation.records import AllocationLineRecord, AllocationRecord
from reunify.approval.records import AwardRecord
from reunify.eligibility.assessment import AssessmentOutcome
from reunify.eligibility.records import AssessmentRecord, DeterminationRecord
from reunify.funds.queries import Fund
from reunify.intake.records import RequestRecord, VersionRecord
from reunify.kernel.ids import RequestId
from reunify.ledger.policy import Unit
from reunify.ledger.records import LedgerHold
from reunify.reporting.forecast import AllocableRequest
from reunify.reporting.progress import stages
from reunify.rules.answers import YES_ANSWERS
from reunify.vault.keepers import Erased
from reunify.vault.records import FamilyKey

MOST = 500  # open requests looked at, the longest waiting first; and read at once
_OVER = frozenset({"paid", "paid_elsewhere", "refused", "declined", "withdrawn"})
_STANDS = ("awaiting_approval", "approved", "released")
_YES = [answer.value for answer in YES_ANSWERS]


@dataclass(frozen=True, slots=True)
class Allocable:
    """By the source's code, the most first. `more`: there are open requests beyond those looked at."""

    by_fund: dict[str, list[AllocableRequest]] = field(default_factory=dict)
    more: bool = False


@dataclass(frozen=True, slots=True)
class _Waiting:
    request_id: UUID
    reference: str
    stage: str
    uncovered: Mapping[tuple[str, str], int] | None  # by line and unit; None: nothing is set aside at all


def allocable(session: Session, held: Mapping[str, Fund]) -> Allocable:
    """`held`: the sources looked at, by code. Amounts in each source's own unit, not to exceed."""
    waiting, more = _waiting(session)
    found: dict[str, list[AllocableRequest]] = {}
    for row in _answers(session, waiting, held):
        at = waiting[row.version_id]
        try:
            open_lines = _open_lines(row.content["lines"], held[row.source].unit, at.uncovered)
        except Erased:
            continue
        if open_lines:
            found.setdefault(row.source, []).append(
                AllocableRequest(
                    RequestId(at.request_id), at.reference, at.stage, len(open_lines), sum(open_lines)
                )
            )
    for each in found.values():
        each.sort(key=lambda r: (-r.amount, r.reference))
    return Allocable(found, more)


def _newest_payable(session: Session, after: tuple[datetime, UUID] | None) -> list[Any]:
    """Requests whose newest version was judged payable, the longest waiting first, and that were not declined
    on it, nor withdrawn; nothing is unsealed."""
    a, v, r = AssessmentRecord, VersionRecord, RequestRecord
    newer = sa.orm.aliased(VersionRecord)
    erased = sa.exists().where(FamilyKey.keeper == r.id, FamilyKey.destroyed_at.is_not(None))
    w, s = AwardRecord, AllocationRecord
    open_part = sa.func.jsonb_path_exists(s.certificate, sa.cast("$.uncovered.* ? (@ > 0)", JSONPATH))
    # What is covered whole waits for nobody's money: looked up where something is set aside.
    settled = sa.exists().where(
        w.version_id == a.version_id,
        s.id == w.allocation_id,
        sa.or_(w.state == "declined", sa.and_(w.state.in_(_STANDS), ~open_part)),
    )
    asked = (
        sa.select(a.id, a.at, a.request_id, a.version_id, r.reference)
        .join(v, v.id == a.version_id)
        .join(r, r.id == a.request_id)
        .where(
            a.outcome == AssessmentOutcome.PAYABLE.value,
            ~sa.exists().where(newer.request_id == a.request_id, newer.number > v.number),
            ~erased,
            r.state == "submitted",
            ~settled,
        )
        .order_by(a.at, a.id)
        .limit(MOST + 1)
    )
    if after is not None:
        asked = asked.where(sa.tuple_(a.at, a.id) > sa.tuple_(*after))
    return list(session.execute(asked))


def _waiting(session: Session) -> tuple[dict[UUID, _Waiting], bool]:
    """By version, those that are open; and whether there are more. Read on page by page: what is over, such
    as paid short of money, is in nobody's way."""
    kept: dict[UUID, Any] = {}
    stage: dict[UUID, str] = {}
    after: tuple[datetime, UUID] | None = None
    more = True
    while more and len(kept) <= MOST:
        page = _newest_payable(session, after)
        more = len(page) > MOST
        stage |= stages(session, [row.request_id for row in page])
        kept |= {row.request_id: row for row in page if stage.get(row.request_id, "paid") not in _OVER}
        after = (page[-1].at, page[-1].id) if page else None
    over = len(kept) > MOST
    kept = dict(list(kept.items())[:MOST])
    splits = _splits(session, kept)
    found = {row.version_id: _Waiting(i, row.reference, stage[i], splits.get(i)) for i, row in kept.items()}
    return found, over


def _splits(session: Session, request_ids: Collection[UUID]) -> dict[UUID, dict[tuple[str, str], int]]:
    """What the newest split that still holds something leaves open, by request, line and unit."""
    s, line, hold = AllocationRecord, AllocationLineRecord, LedgerHold
    live = sa.exists().where(
        line.allocation_id == s.id,
        line.hold_id == hold.id,
        hold.reserved + hold.obligated + hold.expended > 0,
    )
    rows = session.execute(
        sa.select(s.request_id, s.certificate).where(s.request_id.in_(request_ids), live).order_by(s.at)
    )
    found: dict[UUID, dict[tuple[str, str], int]] = {}
    for request_id, said in rows:
        unit = {short["line"]: short["unit"] for short in said.get("shortfalls", ())}
        found[request_id] = {
            (key, unit.get(key, Unit.CENTS.value)): left for key, left in said["uncovered"].items()
        }
    return found


def _answers(
    session: Session, waiting: Collection[UUID], held: Collection[str]
) -> Iterable[DeterminationRecord]:
    d = DeterminationRecord
    asked = sa.select(d).where(d.version_id.in_(waiting), d.source.in_(held), d.answer.in_(_YES))
    return session.scalars(asked.order_by(d.version_id, d.source)).all()


def _open_lines(
    lines: Iterable[Mapping[str, Any]], unit: str, uncovered: Mapping[tuple[str, str], int] | None
) -> list[int]:
    """Of each line this source may pay, what nobody pays yet, in the source's unit."""
    found = []
    for line in lines:
        if line["outcome"] != "payable" or line["unit"] != unit:
            continue
        most = int(line["ceiling"])
        left = most if uncovered is None else min(most, uncovered.get((line["key"], unit), 0))
        if left > 0:
            found.append(left)
    return found
