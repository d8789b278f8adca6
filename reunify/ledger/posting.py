"""How a verb becomes an event: find a repeat, lock the holds, check them, post once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.kernel.canonical import digest_of
from reunify.kernel.may import FINANCE, may
from reunify.kernel.people import Actor, Role, written_by
from reunify.kernel.refusals import Refused
from reunify.ledger import policy, postings, queries
from reunify.ledger.columns import NOTHING, Counted, Event, NewHold
from reunify.ledger.policy import Account, CapReached, Hold, InsufficientFunds, Kind
from reunify.ledger.postings import BalanceKey, Entries, Part
from reunify.ledger.records import LedgerCap, LedgerEvent, LedgerHold, LedgerHoldCap
from reunify.ledger.statement import post
from reunify.rates import queries as rates


@dataclass(frozen=True, slots=True)
class Days:
    """`day`: the accounting day, else today. `happened_on`: else that day. `corrects`: the event reversed."""

    day: date | None = None
    happened_on: date | None = None
    corrects: UUID | None = None

    def said(self) -> list[date]:
        """What was given, for the content of the event: a repeat gives the same."""
        return [d for d in (self.day, self.happened_on) if d is not None]


TODAY = Days()
_POSTED = sa.select(
    LedgerEvent.id, LedgerEvent.content_hash, queries.reversed_since(LedgerEvent.id).label("gone")
).where(LedgerEvent.external_ref == sa.bindparam("reference", type_=sa.Text()))


@may(*FINANCE, Role.CASE_MANAGER, Role.ADMINISTRATOR, Role.FUND_MANAGER, system=True)
def on_holds(
    session: Session,
    kind: Kind,
    external_ref: str,
    amounts: Mapping[UUID, int],
    source: Account,
    entries_of: Callable[[Part], Entries],
    *,
    about: str = "",
    days: Days = TODAY,
    by: Actor,
    now: datetime,
) -> UUID:
    """Lock the holds, then post. A repeat that waited here finds the first one posted: as it is written, or
    because the holds have no more of it."""
    check_named(amounts)
    held = queries.read_holds(session, amounts.keys(), lock=True)
    content = [about, sorted([str(i), amount] for i, amount in amounts.items()), *days.said()]
    try:
        _check_enough(held, amounts, source)
    except Refused:
        before = posted_before(session, kind, external_ref, content)
        if before is None:
            raise
        return before
    parts = [part_of(hold, amounts[hold.id]) for hold in held]
    entries = [e for part in parts for e in entries_of(part)]
    counted = freed(session, entries)
    return write(session, kind, external_ref, content, entries, counted=counted, days=days, by=by, now=now)


def _check_enough(held: Sequence[Hold], amounts: Mapping[UUID, int], source: Account) -> None:
    if len(held) < len(amounts):
        raise policy.NoSuchHold("One of these reservations does not exist.")
    for hold in held:
        policy.check_holds_enough(hold, source, amounts[hold.id])


def check_named(amounts: Mapping[UUID, int] | Sequence[object]) -> None:
    """Raises NothingPosted."""
    if not amounts:
        raise policy.NothingPosted("There is nothing to post: name at least one line.")


def part_of(hold: Hold, amount: int) -> Part:
    return Part(BalanceKey(hold.fund_id, hold.budget_category, hold.unit), amount, hold.id)


def freed(session: Session, entries: Iterable[postings.Entry]) -> Counted:
    """A cap counts what is live; what became available again no longer is (or, corrected, is again)."""
    amounts: dict[UUID, int] = {}
    for e in entries:
        if e.account is Account.AVAILABLE and e.hold_id is not None:
            amounts[e.hold_id] = amounts.get(e.hold_id, 0) + e.amount
    if not amounts:
        return NOTHING
    caps: dict[UUID, int] = {}
    trips: dict[tuple[UUID, str], int] = {}
    links = session.execute(
        sa.select(LedgerHoldCap.hold_id, LedgerHoldCap.cap_id, LedgerCap.scope, LedgerHold.use_ref)
        .join(LedgerCap, LedgerCap.id == LedgerHoldCap.cap_id)
        .join(LedgerHold, LedgerHold.id == LedgerHoldCap.hold_id)
        .where(LedgerHoldCap.hold_id.in_(amounts))
    )
    for hold_id, cap_id, scope, use_ref in links:
        if scope == policy.Scope.LIFETIME:
            trips[cap_id, use_ref] = trips.get((cap_id, use_ref), 0) - amounts[hold_id]
        else:
            caps[cap_id] = caps.get(cap_id, 0) - amounts[hold_id]
    return Counted(caps, trips)


def posted_before(session: Session, kind: Kind, external_ref: str, content: Any) -> UUID | None:
    """The event posted before under this reference.

    Raises ReferenceUsed if it says something else, or was reversed since: then it stands for nothing.
    """
    found = session.execute(_POSTED, {"reference": external_ref}).first()
    if found is None:
        return None
    if found.content_hash != digest_of([kind, content]):
        raise policy.ReferenceUsed(
            f"Something else was already posted as {external_ref}: post a correction under a new reference."
        )
    if found.gone:
        raise policy.ReferenceUsed(f"{external_ref} was reversed: post what is right under a new reference.")
    event_id: UUID = found.id
    return event_id


@may(*FINANCE, Role.CASE_MANAGER, Role.ADMINISTRATOR, Role.FUND_MANAGER, system=True)
def write(
    session: Session,
    kind: Kind,
    external_ref: str,
    content: Any,
    entries: Sequence[postings.Entry],
    *,
    new_holds: Sequence[NewHold] = (),
    counted: Counted = NOTHING,
    days: Days = TODAY,
    by: Actor,
    now: datetime,
) -> UUID:
    """The event's id; the one posted before if this reference was used for the same.

    The statement itself finds a repeat; it is asked about only then. Raises ReferenceUsed, NotYet, and what
    `statement.post` raises.
    """
    check_named(entries)
    today = now.astimezone(rates.organisation(session, on=now.date()).zone).date()
    day = days.day or today
    happened_on = days.happened_on or day
    policy.check_days(day=day, happened_on=happened_on, today=today)
    event = Event(
        kind=kind,
        external_ref=external_ref,
        content_hash=digest_of([kind, content]),
        day=day,
        at=now,
        by=written_by(by),
        happened_on=happened_on,
        corrects=days.corrects,
    )
    try:
        made = post(session, event, entries, new_holds=new_holds, counted=counted)
    except (InsufficientFunds, CapReached):
        # The same may have been posted while we waited, and have taken the last of it.
        made = posted_before(session, kind, external_ref, content)
        if made is None:
            raise
    if made is None:
        made = posted_before(session, kind, external_ref, content)
        assert made is not None
    return made
