"""Every cost that is set aside or spent, with whose it is and when: what is compared for duplicates.

People are compared by the child's own id and by keyed fingerprints made here and kept nowhere. No question
is asked for each request, and erased cases are left out: nobody knows their days any more.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.allocation.records import AllocationLineRecord, AllocationRecord
from reunify.closeout.records import CostRecoveryRecord
from reunify.funds import queries as funds
from reunify.intake.records import RequestRecord, VersionRecord
from reunify.kernel.ids import FundId, RequestId
from reunify.ledger import queries as books
from reunify.ledger.policy import Hold, Unit
from reunify.ledger.records import LedgerCostMove, LedgerHold
from reunify.reporting.duplicates import Elsewhere, Line, Share
from reunify.reporting.duplicates_told import ToldLine, told_lines
from reunify.vault import keyring
from reunify.vault.records import FamilyKey

MOST = 2_000  # requests compared, those whose money was set aside last first
_PLACE = "duplicates.traveler"
_Key = tuple[UUID, str]  # a request and one of its lines


@dataclass(frozen=True, slots=True)
class Lines:
    """`more`: there are older requests that were not compared."""

    lines: list[Line]
    more: bool


def lines_since(session: Session, since: datetime, *, only: Collection[UUID] | None = None) -> Lines:
    """Of the requests whose money was set aside since then. `only`: of these, and no others are read."""
    asked = _recent(since)
    if only is not None:
        asked = asked.where(AllocationRecord.request_id.in_(only))
    recent = list(session.scalars(asked))
    held = _held(session, recent[:MOST])
    by_line: dict[_Key, list[Any]] = {}
    for row in held:
        by_line.setdefault((row.request_id, row.line_key), []).append(row)
    names = {fund.id: fund.name for fund in funds.all_funds(session)}
    shares = _shares(session, held, names)
    back = _back(session, [row.hold_id for row in held], names)
    told = _told(session, {rows[-1].version_id for rows in by_line.values()})
    found = []
    for (_, key), rows in by_line.items():
        said = told[rows[-1].version_id].get(key)
        mine = [share for row in rows for share in shares[row.hold_id]]
        if said is not None and mine:
            elsewhere = [one for row in rows for one in back.get(row.hold_id, ())]
            found.append(_line(rows[-1], said, mine, elsewhere))
    return Lines(found, len(recent) > MOST)


def _recent(since: datetime) -> sa.Select[UUID]:
    s = AllocationRecord
    erased = sa.exists().where(FamilyKey.keeper == s.request_id, FamilyKey.destroyed_at.is_not(None))
    return (
        sa.select(s.request_id)
        .where(s.at >= since, ~erased)
        .group_by(s.request_id)
        .order_by(sa.func.max(s.at).desc(), s.request_id)
        .limit(MOST + 1)
    )


def _held(session: Session, request_ids: Collection[UUID]) -> list[Any]:
    """Their split lines that still hold something, or whose cost was moved; the oldest split first."""
    line, s, r, hold, move = (
        AllocationLineRecord,
        AllocationRecord,
        RequestRecord,
        LedgerHold,
        LedgerCostMove,
    )
    rows = session.execute(
        sa.select(
            s.request_id,
            s.version_id,
            r.reference,
            r.child_person_id,
            line.line_key,
            line.category,
            hold.id.label("hold_id"),
            hold.fund_id,
            hold.budget_category,
            hold.unit,
            hold.ceiling,
            hold.reserved,
            hold.obligated,
            hold.expended,
        )
        .join(s, s.id == line.allocation_id)
        .join(r, r.id == s.request_id)
        .join(hold, hold.id == line.hold_id)
        .where(
            s.request_id.in_(request_ids),
            sa.or_(
                hold.reserved + hold.obligated + hold.expended > 0,
                sa.exists().where(move.from_hold == hold.id),
            ),
        )
        .order_by(s.at, s.id, line.line_key, line.fund_id)
    )
    return list(rows)


def _shares(
    session: Session, held: Iterable[Any], names: Mapping[FundId, str]
) -> dict[UUID, tuple[Share, ...]]:
    """By the line's own hold: what it bears, and what every hold bears that its cost was moved to."""
    own = {row.hold_id: row for row in held}
    moves = books.moved(session, list(own))
    there = books.holds(session, [move.to_hold for move in moves])
    came_from = {move.to_hold: move.from_hold for move in moves}
    found = {i: [_share(row, names)] for i, row in own.items()}
    for hold_id in sorted(there):
        line = hold_id
        while line in came_from:
            line = came_from[line]
        found[line].append(_share(there[hold_id], names))
    return {i: tuple(share for share in shares if share.live) for i, shares in found.items()}


def _share(hold: Hold | Any, names: Mapping[FundId, str]) -> Share:
    return Share(
        hold.fund_id,
        names[FundId(hold.fund_id)],
        Unit(hold.unit),
        hold.reserved,
        hold.obligated,
        hold.expended,
    )


def _back(
    session: Session, hold_ids: Collection[UUID], names: Mapping[FundId, str]
) -> dict[UUID, list[Elsewhere]]:
    """What sources elsewhere paid back, by the line's own hold; nothing that was struck."""
    r = CostRecoveryRecord

    def in_state(state: str) -> sa.ColumnElement[int]:
        return sa.func.coalesce(sa.func.sum(r.amount).filter(r.state == state), 0)

    rows = session.execute(
        sa.select(r.hold_id, r.source_fund, in_state("verified"), in_state("recorded"))
        .where(r.hold_id.in_(hold_ids), r.state != "struck")
        .group_by(r.hold_id, r.source_fund)
    )
    found: dict[UUID, list[Elsewhere]] = {}
    for hold_id, fund_id, verified, waiting in rows:
        one = Elsewhere(FundId(fund_id), names[FundId(fund_id)], int(verified), int(waiting))
        found.setdefault(hold_id, []).append(one)
    return found


def _told(session: Session, version_ids: Collection[UUID]) -> dict[UUID, dict[str, ToldLine]]:
    """Of each version, its lines; all the keys are fetched at once."""
    v, r = VersionRecord, RequestRecord
    rows = session.execute(
        sa.select(v, r.child_person_id).join(r, r.id == v.request_id).where(v.id.in_(version_ids))
    ).all()
    ring = keyring.current()

    def fingerprint(*parts: str) -> str:
        return ring.blind_index(*parts, place=_PLACE).hex()

    found = {}
    for version, child in rows:
        found[version.id] = told_lines(
            version.content, child=str(child) if child else None, fingerprint=fingerprint
        )
    return found


def _line(row: Any, told: ToldLine, shares: Iterable[Share], elsewhere: Iterable[Elsewhere]) -> Line:
    return Line(
        request_id=RequestId(row.request_id),
        reference=row.reference,
        key=row.line_key,
        number=told.number,
        category=told.category,
        whose=told.whose,
        first=told.first,
        last=told.last,
        leg=told.leg,
        ceiling=told.ceiling,
        shares=tuple(shares),
        elsewhere=tuple(elsewhere),
        when=told.when,
    )
