"""What we show of the books."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from reunify.kernel.ids import FundId
from reunify.kernel.money import Money
from reunify.ledger.policy import Account, BudgetCategory, Cash, Hold, Unit
from reunify.ledger.postings import BalanceKey
from reunify.ledger.records import (
    LedgerBalance,
    LedgerCostMove,
    LedgerEntry,
    LedgerEvent,
    LedgerHold,
    LedgerUse,
)

__all__ = [
    "Balance",
    "Hold",
    "Line",
    "Moved",
    "balances",
    "bearing_moved",
    "came_back",
    "cash",
    "followed",
    "history",
    "holds",
    "moved",
    "obligated_again",
    "reversed_since",
    "trips",
]


@dataclass(frozen=True, slots=True)
class Balance:
    """Cents or whole units, as the key says."""

    key: BalanceKey
    authorized: int
    available: int
    reserved: int
    obligated: int
    expended: int


@dataclass(frozen=True, slots=True)
class Line:
    """One entry with its event, as a journal shows it."""

    event_id: UUID
    kind: str
    external_ref: str
    day: date
    at: datetime
    by: str
    book: str
    fund_id: FundId
    budget_category: str | None
    account: str
    unit: str
    amount: int
    hold_id: UUID | None
    happened_on: date
    corrects: UUID | None


@dataclass(frozen=True, slots=True)
class Moved:
    """So many cents of what `from_hold` had expended are borne by `to_hold`, since this cost transfer."""

    event_id: UUID
    from_hold: UUID
    to_hold: UUID
    amount: int


# Made once: putting a select together takes longer than running this one.
_HOLDS = (
    sa.select(
        LedgerHold.id,
        LedgerHold.fund_id,
        LedgerHold.budget_category,
        LedgerHold.unit,
        LedgerHold.ceiling,
        LedgerHold.reserved,
        LedgerHold.obligated,
        LedgerHold.expended,
    )
    .where(LedgerHold.id.in_(sa.bindparam("holds", expanding=True)))
    .order_by(LedgerHold.id)
)
_LOCKED = _HOLDS.with_for_update(key_share=True)


def balances(session: Session) -> list[Balance]:
    """Every balance as it stands, in the order of fund, category, unit."""
    b = LedgerBalance
    rows = session.execute(
        sa.select(
            b.fund_id,
            b.budget_category,
            b.unit,
            b.authorized,
            b.available,
            b.reserved,
            b.obligated,
            b.expended,
        ).order_by(b.fund_id, b.budget_category, b.unit)
    )
    return [
        Balance(BalanceKey(FundId(fund), BudgetCategory(category), Unit(unit)), *amounts)
        for fund, category, unit, *amounts in rows
    ]


def holds(session: Session, hold_ids: Collection[UUID]) -> dict[UUID, Hold]:
    """What each of these lines holds now; ids that do not exist are absent."""
    return {hold.id: hold for hold in read_holds(session, hold_ids, lock=False)}


def read_holds(session: Session, hold_ids: Collection[UUID], *, lock: bool) -> list[Hold]:
    """In id order; `lock` keeps them until the transaction ends."""
    if not hold_ids:
        return []
    rows = session.execute(_LOCKED if lock else _HOLDS, {"holds": list(hold_ids)})
    return [
        Hold(i, FundId(fund), BudgetCategory(category), Unit(unit), *amounts)
        for i, fund, category, unit, *amounts in rows
    ]


def cash(session: Session, account: Cash = Cash.STRIPE) -> Money:
    """What the actual book says is in that account, over all funds."""
    said = session.scalar(
        sa.select(sa.func.coalesce(sa.func.sum(LedgerEntry.amount), 0)).where(
            LedgerEntry.account == Account(account).value
        )
    )
    return Money(int(said or 0))


def history(session: Session, hold_ids: Collection[UUID]) -> list[Line]:
    """Every entry on these holds, the oldest first."""
    rows = session.execute(
        sa.select(LedgerEvent, LedgerEntry)
        .join(LedgerEntry, LedgerEntry.event_id == LedgerEvent.id)
        .where(LedgerEntry.hold_id.in_(hold_ids))
        .order_by(LedgerEvent.at, LedgerEvent.id, LedgerEntry.book, LedgerEntry.account)
    )
    return [
        Line(
            event_id=v.id,
            kind=v.kind,
            external_ref=v.external_ref,
            day=v.day,
            at=v.at,
            by=v.by,
            book=e.book,
            fund_id=FundId(e.fund_id),
            budget_category=e.budget_category,
            account=e.account,
            unit=e.unit,
            amount=e.amount,
            hold_id=e.hold_id,
            happened_on=v.happened_on,
            corrects=v.corrects,
        )
        for v, e in rows
    ]


def moved(session: Session, hold_ids: Collection[UUID]) -> list[Moved]:
    """Every cost transfer away from these holds, and on from there, the newest first; none that was reversed.

    Whether the cost still lies there, the hold says: part may have come back since.
    """
    if not hold_ids:
        return []
    m = LedgerCostMove
    reached = sa.select(m.to_hold).where(m.from_hold.in_(hold_ids)).cte("reached", recursive=True)
    reached = reached.union(sa.select(m.to_hold).join(reached, m.from_hold == reached.c.to_hold))
    rows = session.execute(
        sa.select(m.event_id, m.from_hold, m.to_hold, m.amount)
        .join(LedgerEvent, LedgerEvent.id == m.event_id)
        .where(m.to_hold.in_(sa.select(reached.c.to_hold)), ~reversed_since(m.event_id))
        .order_by(LedgerEvent.at.desc(), m.to_hold)
    )
    return [Moved(*row) for row in rows]


def reversed_since(event_id: sa.ColumnElement[UUID] | InstrumentedAttribute[UUID]) -> sa.Exists:
    """True of an event that a later one reverses; for a question of one's own."""
    reversal = aliased(LedgerEvent)
    return sa.select(reversal.id).where(reversal.corrects == event_id).exists()


def bearing_moved(session: Session, hold_ids: Collection[UUID]) -> set[UUID]:
    """Which of these holds were made to bear a cost that another hold paid."""
    return set(session.scalars(sa.select(LedgerCostMove.to_hold).where(LedgerCostMove.to_hold.in_(hold_ids))))


def followed(session: Session, external_refs: Collection[str], hold_ids: Collection[UUID]) -> dict[UUID, int]:
    """Of what came back for these lines under these references: the cents that followed a moved cost.

    They are available in the fund that bore it, and no longer obligated on the line.
    """
    moves = moved(session, hold_ids)
    if not moves:
        return {}
    line_of = _lines_of(moves)
    rows = session.execute(
        sa.select(LedgerEntry.hold_id, LedgerEntry.amount)
        .join(LedgerEvent, LedgerEvent.id == LedgerEntry.event_id)
        .where(
            LedgerEvent.external_ref.in_(external_refs),
            LedgerEntry.hold_id.in_(line_of),
            LedgerEntry.account == Account.EXPENDED.value,
            ~reversed_since(LedgerEvent.id),
        )
    )
    found: dict[UUID, int] = {}
    for hold_id, amount in rows:
        assert hold_id is not None
        line = line_of[hold_id]
        found[line] = found.get(line, 0) - int(amount)
    return found


def obligated_again(
    session: Session, external_refs: Collection[str], hold_ids: Collection[UUID]
) -> dict[UUID, int]:
    """Of what came back for these holds under these references: the cents that are obligated there again."""
    return _posted_as(session, external_refs, hold_ids, Account.OBLIGATED)


def _posted_as(
    session: Session, external_refs: Collection[str], hold_ids: Collection[UUID], account: Account
) -> dict[UUID, int]:
    rows = session.execute(
        sa.select(LedgerEntry.hold_id, sa.func.sum(LedgerEntry.amount))
        .join(LedgerEvent, LedgerEvent.id == LedgerEntry.event_id)
        .where(
            LedgerEvent.external_ref.in_(external_refs),
            LedgerEntry.hold_id.in_(hold_ids),
            LedgerEntry.account == account.value,
            ~reversed_since(LedgerEvent.id),
        )
        .group_by(LedgerEntry.hold_id)
    )
    return dict.fromkeys(hold_ids, 0) | {hold: int(cents) for hold, cents in rows if hold is not None}


def came_back(
    session: Session, external_refs: Collection[str], hold_ids: Collection[UUID]
) -> dict[UUID, int]:
    """All that came back for these holds under these references, wherever the cost lay."""
    if not external_refs:
        return {}
    here = _posted_as(session, external_refs, hold_ids, Account.EXPENDED)
    elsewhere = followed(session, external_refs, hold_ids)
    return {hold: elsewhere.get(hold, 0) - cents for hold, cents in here.items()}


def _lines_of(moves: Sequence[Moved]) -> dict[UUID, UUID]:
    """For each hold a cost was moved to, the one it was first paid from."""
    came_from = {move.to_hold: move.from_hold for move in moves}
    lines = {}
    for hold_id in came_from:
        line = hold_id
        while line in came_from:
            line = came_from[line]
        lines[hold_id] = line
    return lines


def trips(session: Session, cap_ids: Collection[UUID]) -> dict[UUID, frozenset[str]]:
    """The trips each cap of trips counts just now. A cap that counts none is absent."""
    rows = session.execute(
        sa.select(LedgerUse.cap_id, LedgerUse.use_ref).where(
            LedgerUse.cap_id.in_(cap_ids), LedgerUse.live > 0
        )
    )
    found: dict[UUID, set[str]] = {}
    for cap_id, use_ref in rows:
        found.setdefault(cap_id, set()).add(use_ref)
    return {cap_id: frozenset(refs) for cap_id, refs in found.items()}
