"""What we do when a request has ended: what it did not use of its grants is given up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.eligibility import asking_force as force
from reunify.eligibility.asking import granted
from reunify.eligibility.asking_policy import ASK_MOVES, DECISION_MOVES, Amounts, Decided
from reunify.eligibility.asking_records import FunderAsk, FunderDecision
from reunify.eligibility.asking_rows import grants_of, keep_decision, next_number, noted, waits
from reunify.intake import queries as requests
from reunify.kernel.ids import RequestId, new_id
from reunify.kernel.may import may
from reunify.kernel.moves import START
from reunify.kernel.people import System
from reunify.ledger.policy import BudgetCategory
from reunify.rates import queries as rates


@may(system=True)
def take_back(
    session: Session,
    *,
    request_id: RequestId,
    keep: Mapping[str, Amounts],
    paid: bool,
    by: System,
    now: datetime,
) -> int:
    """The request has ended: what it did not use of its grants is no longer ours to spend. Gives how many
    decisions were written.

    `keep`, by fund code and category, stays for a cost transfer. An ask that is still open ends with it,
    unless the request was `paid`: then the funder may yet repay what our own money bridged.
    """
    requests.lock_request(session, request_id)
    today = rates.today(session, now=now)
    ends = _ends(session, request_id, keep, paid, today)
    return sum(_close(session, end, today, by, now) for end in ends)


def anything_ends(
    session: Session, *, request_id: UUID, keep: Mapping[str, Amounts], paid: bool, today: date
) -> bool:
    """Whether `take_back` would change anything; nothing is locked or changed."""
    return bool(_ends(session, request_id, keep, paid, today))


@dataclass(frozen=True, slots=True)
class _End:
    """An ask that ends: what it gave, and what is left of that."""

    ask: FunderAsk
    gave: Amounts
    gives: dict[BudgetCategory, int]


def _ends(
    session: Session, request_id: UUID, keep: Mapping[str, Amounts], paid: bool, today: date
) -> list[_End]:
    """Of several asks of one fund the first keeps what is used. A decision that waits holds its ask open."""
    stays: dict[tuple[str, BudgetCategory], int] = {}
    for code, grant in granted(session, request_id, today).items():
        for category in grant.by_category:
            kept = keep.get(code, {}).get(category, 0)
            stays[code, category] = grant.used.get(category, 0) + kept
    asks = sa.select(FunderAsk).where(FunderAsk.request_id == request_id)
    found = []
    for ask in session.scalars(asks.order_by(FunderAsk.recorded_at, FunderAsk.id)).all():
        if waits(session, ask) or (ask.state == "open" and paid):
            continue
        gave = grants_of(session, ask)
        gives: dict[BudgetCategory, int] = {}
        for category, amount in sorted(gave.items()):
            gives[category] = min(amount, stays.get((ask.source, category), 0))
            stays[ask.source, category] = stays.get((ask.source, category), 0) - gives[category]
        end = _End(ask, gave, {category: amount for category, amount in gives.items() if amount})
        if end.gives != gave or (ask.state != "closed" and not gave):
            found.append(end)
    return found


def _close(session: Session, end: _End, today: date, by: System, now: datetime) -> int:
    """What it granted falls to what is left, by a row no person wrote; what granted nothing only ends."""
    ask = end.ask
    if end.gives == end.gave:
        ASK_MOVES.apply(ask, "close")
        session.flush()
        return 0
    fund = force.end_the_one_before(session, ask)
    decision = FunderDecision(
        id=new_id(),
        ask_id=ask.id,
        request_id=ask.request_id,
        number=next_number(session, ask),
        decided=Decided.CLOSED.value,
        decided_on=today,
        state=DECISION_MOVES.check(START, "take_back").target,
        recorded_at=now,
    )
    keep_decision(session, decision, end.gives)
    ASK_MOVES.apply(ask, "close")
    session.flush()
    force.follow_in_books(session, fund, ask, decision, now)
    noted(session, ask, decision, "take_back_grant", by, now)
    return 1
