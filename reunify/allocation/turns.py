"""Two requests of one child are judged one after the other: what a source gave the child before is counted
from what is committed, so the second must see the first."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.kernel.ids import PersonId

_LOCKS = 8  # apart from the other rooms' locks of one id


def take_turn(session: Session, child: PersonId | None) -> None:
    """Held until the transaction ends. Taken before any balance is locked, so that nobody waits in a ring."""
    if child is not None:
        key = sa.func.hashtextextended(str(child), _LOCKS)
        session.execute(sa.select(sa.func.pg_advisory_xact_lock(key)))
