"""Who must take turns. Two requests of one child are judged one after the other: what a source gave the child
before is counted from what is committed, so the second must see the first. Two that draw on one paced source
as well: the ledger keeps its balance, but knows no part of it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.funds.terms import Release, terms_of
from reunify.kernel.ids import FundId, PersonId

_LOCKS = 8  # apart from the other rooms' locks of one id
_PACED = 9


def take_turn(session: Session, child: PersonId | None) -> None:
    """Held until the transaction ends. Taken before any balance is locked, so that nobody waits in a ring."""
    if child is not None:
        key = sa.func.hashtextextended(str(child), _LOCKS)
        session.execute(sa.select(sa.func.pg_advisory_xact_lock(key)))


def take_turns_of_paced(session: Session, on: date) -> None:
    """Of every paced source: for whoever gives back a reservation before it splits anew. After the child's
    turn, before any balance is locked."""
    terms = terms_of(session, on=on)
    take_turns_of(session, [f for f, said in terms.items() if said.release is Release.PACED])


def take_turns_of(session: Session, funds: Collection[FundId]) -> None:
    """In the order of their ids, in one statement; harmless where it is taken already."""
    if funds:
        fund = sa.values(sa.column("id", sa.Text()), name="fund").data([(str(f),) for f in sorted(funds)])
        ordered = sa.select(fund.c.id).order_by(fund.c.id).offset(0).subquery()
        key = sa.func.hashtextextended(ordered.c.id, _PACED)
        session.execute(sa.select(sa.func.pg_advisory_xact_lock(key)))
