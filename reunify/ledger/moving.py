"""A cost is charged to another fund or category than the one that paid it (2 CFR 200.405, allocability).

Who may decide it, by when and why is the caller's; here the books follow, and never move more than was spent.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from reunify.kernel.ids import FundId
from reunify.kernel.may import FINANCE, may
from reunify.kernel.people import Actor
from reunify.kernel.refusals import Refused
from reunify.ledger import policy, postings, queries
from reunify.ledger.caps import count_new
from reunify.ledger.columns import Counted, NewHold
from reunify.ledger.policy import Account, BudgetCategory, Cash, Hold, Kind, Unit
from reunify.ledger.posting import Days, check_named, freed, part_of, posted_before, write
from reunify.ledger.postings import BalanceKey, Entry, Part
from reunify.ledger.records import LedgerCostMove, LedgerEntry, LedgerEvent


class BeforeItWasPaid(Refused):
    """A cost is moved on a day on which it had not been paid."""


@dataclass(frozen=True, slots=True)
class CostMove:
    """So many cents that `from_hold` has expended become the cost of `to_hold`, a new id, in another fund.

    `caps`, `uses` and `use_ref` count the new hold, as `HoldLine` does; the old one's caps let go of it.
    """

    from_hold: UUID
    to_hold: UUID
    to_fund: FundId
    to_category: BudgetCategory
    amount: int
    caps: tuple[UUID, ...] = ()
    uses: tuple[UUID, ...] = ()
    use_ref: str = ""


@may(*FINANCE, system=True)
def cost_transfer(
    session: Session,
    *,
    external_ref: str,
    moves: Sequence[CostMove],
    by: Actor,
    now: datetime,
    day: date | None = None,
) -> UUID:
    """All of the moves, or none; returns the event's id. `day`: an open accounting day, else today.

    The old fund has its money available again, the new one has spent it; in each account of ours the cash is
    in all what it was. Raises InsufficientFunds, CapReached, CapMisused, MoreThanExpended, OnlyCents,
    MovesNowhere, NoSuchHold, BeforeItWasPaid, PeriodClosed, NotYet, ReferenceUsed.
    """
    check_named(moves)
    days = Days(day=day)
    held = {h.id: h for h in queries.read_holds(session, {m.from_hold for m in moves}, lock=True)}
    content = [*sorted(_said(move) for move in moves), *days.said()]
    before = posted_before(session, Kind.COST_TRANSFER, external_ref, content)
    if before is not None:
        return before
    check_moves(moves, held)
    if day is not None:
        check_paid_by(day, _last_paid(session, held.keys()))
    entries = _entries(moves, held, _paid_from(session, held.keys()))
    new = [_new_hold(move) for move in moves]
    event = write(
        session,
        Kind.COST_TRANSFER,
        external_ref,
        content,
        entries,
        new_holds=new,
        counted=_together(freed(session, entries), count_new(session, new)),
        days=days,
        by=by,
        now=now,
    )
    rows = [
        {"event_id": event, "from_hold": m.from_hold, "to_hold": m.to_hold, "amount": m.amount} for m in moves
    ]
    session.execute(insert(LedgerCostMove), rows)
    return event


def check_moves(moves: Sequence[CostMove], held: Mapping[UUID, Hold]) -> None:
    """Raises NoSuchHold, OnlyCents, MovesNowhere, MoreThanExpended, AmountNotWhole, TripMissing and
    CapMisused."""
    leaving: dict[UUID, int] = {}
    for move in moves:
        hold = held.get(move.from_hold)
        if hold is None:
            raise policy.NoSuchHold("One of these lines has no cost in the books.")
        policy.check_money(hold)
        policy.check_amount(move.amount)
        policy.check_caps(move.caps, move.uses)
        policy.check_trip(move.use_ref, move.uses)
        if (hold.fund_id, hold.budget_category) == (move.to_fund, move.to_category):
            raise policy.MovesNowhere("The cost is there already: choose another fund or category.")
        leaving[hold.id] = leaving.get(hold.id, 0) + move.amount
    for hold_id, amount in leaving.items():
        policy.check_holds_enough(held[hold_id], Account.EXPENDED, amount)


def check_paid_by(day: date, paid_on: date | None) -> None:
    """`paid_on`: the last day on which something of the cost was posted as paid. Raises BeforeItWasPaid."""
    if paid_on is not None and day < paid_on:
        raise BeforeItWasPaid(
            f"The cost was paid on {paid_on} and cannot be moved on {day}: give that day or a later one.",
            field="/day",
        )


def _entries(
    moves: Sequence[CostMove], held: Mapping[UUID, Hold], paid: dict[UUID, dict[Cash, int]]
) -> list[Entry]:
    """In the accounts the cost was paid from: the account of the organisation's bank last."""
    entries: list[Entry] = []
    for move in moves:
        target, left = BalanceKey(move.to_fund, move.to_category, Unit.CENTS), move.amount
        there = paid[move.from_hold]
        for cash in Cash:
            part = min(left, max(0, there.get(cash, 0)))
            if part:
                there[cash] -= part
                left -= part
                entries += postings.move_cost(
                    part_of(held[move.from_hold], part), Part(target, part, move.to_hold), cash
                )
        assert not left, "a hold has expended what no account of ours has paid"
    return entries


def _paid_from(session: Session, hold_ids: Collection[UUID]) -> dict[UUID, dict[Cash, int]]:
    """What left each account of ours for these holds, less what came back. The holds are locked."""
    rows = session.execute(
        sa.select(LedgerEntry.hold_id, LedgerEntry.account, -sa.func.sum(LedgerEntry.amount))
        .where(LedgerEntry.hold_id.in_(hold_ids), LedgerEntry.account.in_([c.value for c in Cash]))
        .group_by(LedgerEntry.hold_id, LedgerEntry.account)
    )
    paid: dict[UUID, dict[Cash, int]] = {}
    for hold_id, account, cents in rows:
        assert hold_id is not None
        paid.setdefault(hold_id, {})[Cash(account)] = int(cents)
    return paid


def _last_paid(session: Session, hold_ids: Collection[UUID]) -> date | None:
    """The last accounting day on which something became expended on one of these holds."""
    return session.scalar(
        sa.select(sa.func.max(LedgerEvent.day))
        .join(LedgerEntry, LedgerEntry.event_id == LedgerEvent.id)
        .where(
            LedgerEntry.hold_id.in_(hold_ids),
            LedgerEntry.account == Account.EXPENDED.value,
            LedgerEntry.amount > 0,
        )
    )


def _new_hold(move: CostMove) -> NewHold:
    key = BalanceKey(move.to_fund, move.to_category, Unit.CENTS)
    return NewHold(
        move.to_hold,
        key,
        move.amount,
        tuple(dict.fromkeys(move.caps)),
        expended=move.amount,
        uses=tuple(dict.fromkeys(move.uses)),
        use_ref=move.use_ref,
    )


def _said(move: CostMove) -> list[object]:
    said: list[object] = [str(move.from_hold), str(move.to_hold), str(move.to_fund), move.to_category]
    said += [move.amount, sorted(map(str, move.caps))]
    return [*said, sorted(map(str, move.uses)), move.use_ref]


def _together(old: Counted, new: Counted) -> Counted:
    """The old holds' caps let go, the new ones' count: a cap of both is changed once, by what remains."""
    caps, trips = Counter(old.caps), Counter(old.trips)
    caps.update(new.caps)
    trips.update(new.trips)
    return Counted(caps, trips)
