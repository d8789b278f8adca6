"""What the one posting statement is given: an event, and its parts as columns of values."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from reunify.kernel.ids import new_id
from reunify.ledger import postings
from reunify.ledger.policy import Account
from reunify.ledger.postings import BalanceKey, Entry

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Event:
    kind: str
    external_ref: str
    content_hash: str
    day: date
    at: datetime
    by: str
    happened_on: date
    corrects: UUID | None = None

    def fingerprint(self, event_id: UUID) -> str:
        """SHA-256 hex over the row as it is stored; `ledger check` computes the same in SQL."""
        said = (
            event_id,
            self.kind,
            self.external_ref,
            self.content_hash,
            self.day,
            (self.at - _EPOCH) // timedelta(microseconds=1),
            self.by,
            self.happened_on,
            self.corrects or "",
        )
        return hashlib.sha256("|".join(str(s) for s in said).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class NewHold:
    """`expended`: so much of it was paid before the hold was made (a moved cost); the rest is reserved."""

    id: UUID
    key: BalanceKey
    amount: int
    caps: tuple[UUID, ...] = ()
    expended: int = 0
    uses: tuple[UUID, ...] = ()  # caps of trips
    use_ref: str = ""


@dataclass(frozen=True, slots=True)
class Counted:
    """What an event changes in the caps: cents or units by cap, and by cap and trip."""

    caps: Mapping[UUID, int] = field(default_factory=dict)
    trips: Mapping[tuple[UUID, str], int] = field(default_factory=dict)


NOTHING = Counted()


def values(
    event: Event, event_id: UUID, entries: Sequence[Entry], new_holds: Sequence[NewHold], counted: Counted
) -> dict[str, object]:
    """Every parameter of the statement, by name."""
    return {
        "id": event_id,
        "kind": event.kind,
        "ref": event.external_ref,
        "content_hash": event.content_hash,
        "day": event.day,
        "at": event.at,
        "by": event.by,
        "happened_on": event.happened_on,
        "corrects": event.corrects,
        "fingerprint": event.fingerprint(event_id),
        **_of_balances(entries),
        **_of_entries(entries, event_id),
        **_of_new_holds(new_holds),
        **_of_holds(entries, {hold.id for hold in new_holds}),
        **_of_caps(counted),
    }


def _columns(names: Sequence[str], rows: Sequence[tuple[object, ...]]) -> dict[str, list[object]]:
    return {name: [row[i] for row in rows] for i, name in enumerate(names)}


def _of_balances(entries: Sequence[Entry]) -> dict[str, list[object]]:
    names = ("s_fund", "s_category", "s_unit", "s_authorized", "s_reserved", "s_obligated", "s_expended")
    return _columns(
        names,
        [
            (
                key.fund_id,
                key.budget_category.value,
                key.unit.value,
                s.authorized,
                s.reserved,
                s.obligated,
                s.expended,
            )
            for key, s in postings.shifts(entries).items()
        ],
    )


def _of_entries(entries: Sequence[Entry], event_id: UUID) -> dict[str, list[object]]:
    names = (
        "e_id",
        "e_book",
        "e_fund",
        "e_category",
        "e_account",
        "e_unit",
        "e_amount",
        "e_hold",
        "e_fingerprint",
    )
    rows = []
    for e in entries:
        entry_id = new_id()
        category = e.budget_category.value if e.budget_category else None
        written = e.fingerprint(entry_id, event_id)
        rows.append(
            (
                entry_id,
                e.book.value,
                e.fund_id,
                category,
                e.account.value,
                e.unit.value,
                e.amount,
                e.hold_id,
                written,
            )
        )
    return _columns(names, rows)


def _of_new_holds(holds: Sequence[NewHold]) -> dict[str, list[object]]:
    names = ("n_id", "n_fund", "n_category", "n_unit", "n_amount", "n_expended", "n_use")
    rows = [
        (
            h.id,
            h.key.fund_id,
            h.key.budget_category.value,
            h.key.unit.value,
            h.amount,
            h.expended,
            h.use_ref,
        )
        for h in holds
    ]
    links = [(h.id, cap) for h in holds for cap in (*h.caps, *h.uses)]
    return {**_columns(names, rows), **_columns(("l_hold", "l_cap"), links)}


def _of_holds(entries: Sequence[Entry], new: set[UUID]) -> dict[str, list[object]]:
    changed: dict[UUID, dict[Account, int]] = {}
    for e in entries:
        if e.hold_id is not None and e.hold_id not in new:
            on = changed.setdefault(e.hold_id, {})
            on[e.account] = on.get(e.account, 0) + e.amount
    accounts = (Account.RESERVED, Account.OBLIGATED, Account.EXPENDED)
    rows = [(hold, *(on.get(a, 0) for a in accounts)) for hold, on in changed.items()]
    return _columns(("h_id", "h_reserved", "h_obligated", "h_expended"), rows)


def _of_caps(counted: Counted) -> dict[str, list[object]]:
    amounts = [(cap, amount, False) for cap, amount in counted.caps.items()]
    of_trips = [(cap, 0, True) for cap in {cap for cap, _ in counted.trips}]
    trips = [(cap, trip, amount) for (cap, trip), amount in counted.trips.items()]
    return {
        **_columns(("c_id", "c_amount", "c_trips"), [*amounts, *of_trips]),
        **_columns(("u_cap", "u_ref", "u_amount"), trips),
    }
