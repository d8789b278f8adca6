"""Limits of a source for one trip, family or child: their counters are made on first use."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from reunify.kernel.ids import FundId, new_id
from reunify.ledger.policy import Scope, Unit
from reunify.ledger.records import LedgerCap


class CapKey(NamedTuple):
    """`scope_id`: whom or what it counts for. `category`: of one cost category alone; empty, of all."""

    fund_id: FundId
    scope: Scope
    scope_id: str
    unit: Unit
    category: str = ""


class Cap(NamedTuple):
    """Cents or units, as the key says."""

    id: UUID
    used: int


_KEY = (LedgerCap.fund_id, LedgerCap.scope, LedgerCap.scope_id, LedgerCap.unit, LedgerCap.category)


def set_caps(session: Session, wanted: Sequence[tuple[CapKey, int]]) -> list[Cap | None]:
    """Make or change each to its limit, in at most two statements. None where more is in use already.

    A cap that is there already with this limit is only read: locking it here, before the balances, could
    deadlock with a posting that holds a balance and waits for the cap.
    """
    if not wanted:
        return []
    rows = session.execute(
        sa.select(*_KEY, LedgerCap.id, LedgerCap.used, LedgerCap.at_most).where(
            sa.tuple_(*_KEY).in_([key for key, _ in wanted])
        )
    )
    limits = dict(wanted)
    found: dict[CapKey, Cap] = {}
    for row in rows:
        if limits[_key_of(row)] == row.at_most:
            found[_key_of(row)] = Cap(row.id, row.used)
    found |= _kept(session, [(key, at_most) for key, at_most in wanted if key not in found])
    return [found.get(key) for key, _ in wanted]


def _kept(session: Session, wanted: Sequence[tuple[CapKey, int]]) -> dict[CapKey, Cap]:
    if not wanted:
        return {}
    made = insert(LedgerCap).values(
        [{"id": new_id(), **key._asdict(), "at_most": at_most} for key, at_most in wanted]
    )
    rows = session.execute(
        made.on_conflict_do_update(
            index_elements=list(CapKey._fields),
            set_={"at_most": made.excluded.at_most},
            where=LedgerCap.used <= made.excluded.at_most,
        ).returning(*_KEY, LedgerCap.id, LedgerCap.used)
    )
    return {_key_of(row): Cap(row.id, row.used) for row in rows}


def _key_of(row: Any) -> CapKey:
    return CapKey(FundId(row.fund_id), Scope(row.scope), row.scope_id, Unit(row.unit), row.category)
