"""How a verb becomes an event: find a repeat, lock the holds, check them, post once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.kernel.canonical import digest_of
from reunify.kernel.may import FINANCE, may
from reunify.kernel.people import Actor, Role, written_by
from reunify.ledger import policy, postings, queries
from reunify.ledger.policy import Account, Hold, Kind
from reunify.ledger.postings import BalanceKey, Entries, Part
from reunify.ledger.records import LedgerEvent, LedgerHoldCap
from reunify.ledger.statement import Event, NewHold, post
from reunify.rates import queries as rates


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
    by: Actor,
    now: datetime,
) -> UUID:
    """Lock the holds, then look for the reference: a repeat that waited here finds the first one posted."""
    if not amounts:
        raise policy.NothingPosted("There is nothing to post: name at least one line.")
    held = queries.read_holds(session, amounts.keys(), lock=True)
    content = [about, sorted([str(i), amount] for i, amount in amounts.items())]
    before = _posted(session, kind, external_ref, content)
    if before is not None:
        return before
    if len(held) < len(amounts):
        raise policy.NoSuchHold("One of these reservations does not exist.")
    parts = []
    for hold in held:
        policy.check_holds_enough(hold, source, amounts[hold.id])
        key = BalanceKey(hold.fund_id, hold.budget_category, hold.unit)
        parts.append(Part(key, amounts[hold.id], hold.id))
    entries = [e for part in parts for e in entries_of(part)]
    caps = _cap_changes(session, held, entries)
    return _write(session, kind, external_ref, content, entries, (), caps, by, now)


def _cap_changes(session: Session, held: list[Hold], entries: Iterable[postings.Entry]) -> dict[UUID, int]:
    """A cap counts what is live; what became available again no longer is."""
    freed: dict[UUID, int] = {}
    for e in entries:
        if e.account is Account.AVAILABLE and e.hold_id is not None:
            freed[e.hold_id] = freed.get(e.hold_id, 0) + e.amount
    if not freed:
        return {}
    changes: dict[UUID, int] = {}
    links = session.execute(
        sa.select(LedgerHoldCap.hold_id, LedgerHoldCap.cap_id).where(LedgerHoldCap.hold_id.in_(freed))
    )
    for hold_id, cap_id in links:
        changes[cap_id] = changes.get(cap_id, 0) - freed[hold_id]
    return changes


def _posted(session: Session, kind: Kind, external_ref: str, content: Any) -> UUID | None:
    """The event posted before under this reference. Raises ReferenceUsed if it says something else."""
    found = session.execute(
        sa.select(LedgerEvent.id, LedgerEvent.content_hash).where(LedgerEvent.external_ref == external_ref)
    ).first()
    if found is None:
        return None
    if found.content_hash != digest_of([kind, content]):
        raise policy.ReferenceUsed(
            f"Something else was already posted as {external_ref}: post a correction under a new reference."
        )
    event_id: UUID = found.id
    return event_id


@may(*FINANCE, Role.CASE_MANAGER, Role.ADMINISTRATOR, Role.FUND_MANAGER, system=True)
def post_once(
    session: Session,
    kind: Kind,
    external_ref: str,
    content: Any,
    entries: Sequence[postings.Entry],
    *,
    new_holds: Sequence[NewHold] = (),
    caps: Mapping[UUID, int] | None = None,
    by: Actor,
    now: datetime,
) -> UUID:
    """The event's id; the one posted before if this reference was used for the same. Raises ReferenceUsed."""
    if not entries:
        raise policy.NothingPosted("There is nothing to post: name at least one line.")
    before = _posted(session, kind, external_ref, content)
    if before is not None:
        return before
    return _write(session, kind, external_ref, content, entries, new_holds, caps, by, now)


def _write(
    session: Session,
    kind: Kind,
    external_ref: str,
    content: Any,
    entries: Sequence[postings.Entry],
    new_holds: Sequence[NewHold],
    caps: Mapping[UUID, int] | None,
    by: Actor,
    now: datetime,
) -> UUID:
    zone = rates.organisation(session, on=now.date()).zone
    event = Event(
        kind=kind,
        external_ref=external_ref,
        content_hash=digest_of([kind, content]),
        day=now.astimezone(zone).date(),
        at=now,
        by=written_by(by),
    )
    made = post(session, event, entries, new_holds=new_holds, caps=caps)
    if made is None:  # the same reference was posted while we waited
        made = _posted(session, kind, external_ref, content)
        assert made is not None
    return made
