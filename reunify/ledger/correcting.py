"""What was written down wrongly is reversed, once, by an event that names it. Nothing is ever edited.

Facts about money may be wrong, so these are reversed: a drawdown, a payment, a return, a fee, a recovery, a
cost transfer. Decisions are not: each is undone by a decision of its own (`correcting_policy`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.kernel.ids import FundId
from reunify.kernel.may import FINANCE, may
from reunify.kernel.people import Actor, Role
from reunify.ledger import correcting_policy, policy, postings, queries
from reunify.ledger.policy import Account, Book, BudgetCategory, Hold, Kind, Unit
from reunify.ledger.posting import Days, freed, posted_before, write
from reunify.ledger.postings import Entry
from reunify.ledger.records import LedgerEntry, LedgerEvent

_ONE_AT_A_TIME = sa.text("SELECT pg_advisory_xact_lock(hashtextextended('ledger correct ' || :event, 0))")


@may(*FINANCE, Role.ADMINISTRATOR, system=True)
def correct(session: Session, *, event_id: UUID, external_ref: str, by: Actor, now: datetime) -> UUID:
    """The reverse of an event, posted today; returns the new event's id.

    It happened when the event did, so that a report over that time is restated. It is refused if what the
    event brought is not there any more: what was spent of it, or moved on, comes first.

    Raises NoSuchEvent, CannotBeCorrected, AlreadyCorrected, InsufficientFunds, CapReached,
    MoreThanObligated, MoreThanExpended, ReferenceUsed.
    """
    session.execute(_ONE_AT_A_TIME, {"event": str(event_id)})
    event = session.get(LedgerEvent, event_id)
    if event is None:
        raise correcting_policy.NoSuchEvent("There is no such event in the books.")
    correcting_policy.check_correctable(Kind(event.kind))
    content = [event_id]
    before = posted_before(session, Kind.CORRECT, external_ref, content)
    if before is not None:
        return before
    if session.scalar(sa.select(LedgerEvent.id).where(LedgerEvent.corrects == event_id)) is not None:
        raise correcting_policy.AlreadyCorrected(
            "This event was reversed before: post what is right as a new event."
        )
    entries = postings.reversed_of(_entries_of(session, event_id))
    holds = queries.read_holds(session, {e.hold_id for e in entries if e.hold_id}, lock=True)
    check_there(entries, {hold.id: hold for hold in holds})
    return write(
        session,
        Kind.CORRECT,
        external_ref,
        content,
        entries,
        counted=freed(session, entries),
        days=Days(happened_on=event.happened_on, corrects=event_id),
        by=by,
        now=now,
    )


def check_there(entries: Iterable[Entry], held: Mapping[UUID, Hold]) -> None:
    """What is taken from a hold is on it. Raises MoreThanObligated, MoreThanExpended. Pure."""
    taken: dict[tuple[UUID, Account], int] = {}
    for e in entries:
        if e.book is not Book.ACTUAL and e.hold_id is not None and e.account is not Account.AVAILABLE:
            taken[e.hold_id, e.account] = taken.get((e.hold_id, e.account), 0) - e.amount
    for (hold_id, account), amount in taken.items():
        if amount > 0:
            policy.check_holds_enough(held[hold_id], account, amount)


def _entries_of(session: Session, event_id: UUID) -> list[Entry]:
    rows = session.scalars(sa.select(LedgerEntry).where(LedgerEntry.event_id == event_id))
    return [
        Entry(
            Book(row.book),
            FundId(row.fund_id),
            BudgetCategory(row.budget_category) if row.budget_category else None,
            Account(row.account),
            Unit(row.unit),
            row.amount,
            row.hold_id,
        )
        for row in rows
    ]
