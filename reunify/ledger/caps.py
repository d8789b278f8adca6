"""Limits of a source for one trip, family or child: their counters are made on first use.

A cap of `Scope.LIFETIME` counts trips: those of which something is reserved, owed or spent.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import Insert, insert
from sqlalchemy.orm import Session

from reunify.kernel.ids import FundId, new_id
from reunify.ledger.columns import Counted, NewHold
from reunify.ledger.policy import Scope, Unit
from reunify.ledger.records import LedgerBalance, LedgerCap, LedgerUse


class CapKey(NamedTuple):
    """`scope_id`: whom or what it counts for. `category`: of one cost category alone; empty, of all."""

    fund_id: FundId
    scope: Scope
    scope_id: str
    unit: Unit
    category: str = ""


class Cap(NamedTuple):
    """Cents or units, as the key says; trips under `Scope.LIFETIME`."""

    id: UUID
    used: int


Limits = dict[CapKey, int]
_KEY = (LedgerCap.fund_id, LedgerCap.scope, LedgerCap.scope_id, LedgerCap.unit, LedgerCap.category)


# Every posting locks balances first, in id order, and caps after them.
_ALL_BALANCES = sa.select(LedgerBalance.id).order_by(LedgerBalance.id).with_for_update(key_share=True)


def lock_balances(session: Session) -> None:
    """Every balance until the transaction ends: for whoever gives back and reserves anew in one transaction,
    so that nobody waits in a ring. Before any hold or cap is locked that others may hold."""
    session.execute(_ALL_BALANCES)


def set_caps(
    session: Session, wanted: Sequence[tuple[CapKey, int]], *, after_balances: bool = False
) -> list[Cap | None]:
    """Make or change each to its limit. None where more is in use already.

    A cap that is there already with this limit, or with more in use than the new one, is only read. Where a
    limit is another one, which is rare, every balance is locked before the cap: a posting that holds a
    balance and waits for the cap would else wait for us while we wait for it. `after_balances`: the caller
    has posted to the sources of these caps in this transaction, so that it holds what it needs already.
    """
    if not wanted:
        return []
    limits = dict(wanted)
    found, missing, another = _standing(session, limits)
    if missing:  # before any balance: somebody else may be making the same
        found |= _made(session, missing)
        late, _, differ = _standing(session, {k: m for k, m in missing.items() if k not in found})
        found |= late
        another |= differ
    if another and not after_balances:
        session.execute(_ALL_BALANCES)
    found |= _changed(session, another)
    return [found.get(key) for key, _ in wanted]


def _standing(session: Session, limits: Limits) -> tuple[dict[CapKey, Cap], Limits, Limits]:
    """The caps with just this limit; the limits nobody has set; those to change because no more is in use."""
    if not limits:
        return {}, {}, {}
    rows = session.execute(
        sa.select(*_KEY, LedgerCap.id, LedgerCap.used, LedgerCap.at_most).where(
            sa.tuple_(*_KEY).in_(list(limits))
        )
    )
    found: dict[CapKey, Cap] = {}
    missing, another = dict(limits), {}
    for row in rows:
        key = _key_of(row)
        at_most = missing.pop(key)
        if at_most == row.at_most:
            found[key] = Cap(row.id, row.used)
        elif row.used <= at_most:
            another[key] = at_most
    return found, missing, another


def caps_of(session: Session, keys: Collection[CapKey]) -> dict[CapKey, Cap]:
    """These counters as they stand; keys without one are absent. Nothing is made or locked."""
    if not keys:
        return {}
    rows = session.execute(
        sa.select(*_KEY, LedgerCap.id, LedgerCap.used).where(sa.tuple_(*_KEY).in_(list(keys)))
    )
    return {_key_of(row): Cap(row.id, row.used) for row in rows}


def _made(session: Session, wanted: Limits) -> dict[CapKey, Cap]:
    """One that somebody else made meanwhile is left alone, and not locked: no balance is held yet."""
    rows = session.execute(
        _insert(wanted).on_conflict_do_nothing().returning(*_KEY, LedgerCap.id, LedgerCap.used)
    )
    return {_key_of(row): Cap(row.id, row.used) for row in rows}


def _changed(session: Session, wanted: Limits) -> dict[CapKey, Cap]:
    """Those in use for more by now are absent."""
    if not wanted:
        return {}
    made = _insert(wanted)
    rows = session.execute(
        made.on_conflict_do_update(
            index_elements=list(CapKey._fields),
            set_={"at_most": made.excluded.at_most},
            where=LedgerCap.used <= made.excluded.at_most,
        ).returning(*_KEY, LedgerCap.id, LedgerCap.used)
    )
    return {_key_of(row): Cap(row.id, row.used) for row in rows}


def _insert(wanted: Limits) -> Insert:
    return insert(LedgerCap).values(
        [{"id": new_id(), **key._asdict(), "at_most": at_most} for key, at_most in sorted(wanted.items())]
    )


def count_new(session: Session, holds: Sequence[NewHold]) -> Counted:
    """What new holds add to the caps they name.

    The rows of their trips are there before the posting: it locks them, and a row that another transaction
    makes meanwhile could not be seen by a statement that had begun.
    """
    caps: dict[UUID, int] = {}
    trips: dict[tuple[UUID, str], int] = {}
    for hold in holds:
        for cap in hold.caps:
            caps[cap] = caps.get(cap, 0) + hold.amount
        for cap in hold.uses:
            trips[cap, hold.use_ref] = trips.get((cap, hold.use_ref), 0) + hold.amount
    if trips:
        named = sa.values(sa.column("cap_id", sa.Uuid()), sa.column("use_ref", sa.Text()), name="named").data(
            sorted(trips)
        )
        of_trips = sa.select(named.c.cap_id, named.c.use_ref).join(
            LedgerCap, sa.and_(LedgerCap.id == named.c.cap_id, LedgerCap.scope == Scope.LIFETIME.value)
        )
        session.execute(
            insert(LedgerUse).from_select(["cap_id", "use_ref"], of_trips).on_conflict_do_nothing()
        )
    return Counted(caps, trips)


def _key_of(row: Any) -> CapKey:
    return CapKey(FundId(row.fund_id), Scope(row.scope), row.scope_id, Unit(row.unit), row.category)
