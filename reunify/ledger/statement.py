"""The one SQL statement that posts an event: all of it, or nothing.

It locks balances in id order, then caps in id order, checks every one against what it would become, and only
then writes event, entries, balances, caps and holds. Holds to be changed were locked before, in id order.
One order for everybody: no deadlock. A shortage changes nothing and aborts nothing: the caller may try
another plan.

New values come from the rows as locked, never from the row being updated: under READ COMMITTED PostgreSQL
tests a CHECK against the row of its snapshot before it reads the locked one, and refuses room just made.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.kernel.ids import FundId, new_id
from reunify.ledger import postings
from reunify.ledger.policy import Account, BudgetCategory, CapReached, InsufficientFunds, Scope, Unit
from reunify.ledger.postings import BalanceKey, Entry


def _arrays(**kinds: str) -> str:
    return ", ".join(f"CAST(:{name} AS {kind}[])" for name, kind in kinds.items())


_SHIFT = _arrays(
    s_fund="uuid",
    s_category="text",
    s_unit="text",
    s_authorized="bigint",
    s_reserved="bigint",
    s_obligated="bigint",
    s_expended="bigint",
)
_ENTRY = _arrays(
    e_id="uuid",
    e_book="text",
    e_fund="uuid",
    e_category="text",
    e_account="text",
    e_unit="text",
    e_amount="bigint",
    e_hold="uuid",
    e_fingerprint="text",
)
_NEW_HOLD = _arrays(n_id="uuid", n_fund="uuid", n_category="text", n_unit="text", n_amount="bigint")
_HOLD = _arrays(h_id="uuid", h_reserved="bigint", h_obligated="bigint", h_expended="bigint")

_POST = sa.text(
    f"""
WITH shift AS (
  SELECT * FROM unnest({_SHIFT})
    AS s(fund_id, budget_category, unit, authorized, reserved, obligated, expended)
), locked AS (
  SELECT b.id, s.fund_id, s.budget_category, s.unit, b.available AS there,
    b.authorized + s.authorized AS authorized, b.reserved + s.reserved AS reserved,
    b.obligated + s.obligated AS obligated, b.expended + s.expended AS expended,
    b.authorized + s.authorized >= 0 AND b.reserved + s.reserved >= 0
    AND b.obligated + s.obligated >= 0 AND b.expended + s.expended >= 0
    AND b.available + s.authorized - s.reserved - s.obligated - s.expended >= 0 AS fits
  FROM ledger_balances b JOIN shift s
    ON (b.fund_id, b.budget_category, b.unit) = (s.fund_id, s.budget_category, s.unit)
  ORDER BY b.id FOR UPDATE OF b
), cap_shift AS (
  SELECT * FROM unnest({_arrays(c_id="uuid", c_amount="bigint")}) AS c(id, amount)
), locked_cap AS (
  SELECT c.id, c.scope, c.at_most, c.used, s.amount, c.used + s.amount BETWEEN 0 AND c.at_most AS fits
  FROM ledger_caps c JOIN cap_shift s ON c.id = s.id
  WHERE (SELECT count(*) FROM locked) >= 0  -- balances are locked first, always
  ORDER BY c.id FOR UPDATE OF c
), verdict AS (
  SELECT (SELECT count(*) FROM locked WHERE fits) = (SELECT count(*) FROM shift)
    AND (SELECT count(*) FROM locked_cap WHERE fits) = (SELECT count(*) FROM cap_shift) AS good
), event AS (
  INSERT INTO ledger_events (id, kind, external_ref, content_hash, day, at, by)
  SELECT CAST(:id AS uuid), :kind, :ref, :content_hash, CAST(:day AS date), CAST(:at AS timestamptz), :by
  FROM verdict WHERE good
  ON CONFLICT (external_ref) DO NOTHING RETURNING id
), balance AS (
  UPDATE ledger_balances b SET
    authorized = l.authorized, reserved = l.reserved, obligated = l.obligated, expended = l.expended
  FROM locked l, event WHERE b.id = l.id
), cap AS (
  UPDATE ledger_caps c SET used = l.used + l.amount FROM locked_cap l, event WHERE c.id = l.id
), new_hold AS (
  INSERT INTO ledger_holds (id, fund_id, budget_category, unit, ceiling, reserved)
  SELECT n.id, n.fund, n.category, n.unit, n.amount, n.amount
  FROM unnest({_NEW_HOLD}) AS n(id, fund, category, unit, amount), event
), hold_cap AS (
  INSERT INTO ledger_hold_caps (hold_id, cap_id)
  SELECT l.hold, l.cap FROM unnest({_arrays(l_hold="uuid", l_cap="uuid")}) AS l(hold, cap), event
), hold AS (
  UPDATE ledger_holds h SET reserved = h.reserved + s.reserved, obligated = h.obligated + s.obligated,
    expended = h.expended + s.expended
  FROM unnest({_HOLD}) AS s(id, reserved, obligated, expended), event WHERE h.id = s.id
), entry AS (
  INSERT INTO ledger_entries
    (id, event_id, book, fund_id, budget_category, account, unit, amount, hold_id, fingerprint)
  SELECT e.id, event.id, e.book, e.fund, e.category, e.account, e.unit, e.amount, e.hold, e.fingerprint
  FROM unnest({_ENTRY}) AS e(id, book, fund, category, account, unit, amount, hold, fingerprint), event
)
SELECT 'posted' AS what, id, NULL AS category, NULL AS unit, NULL::bigint AS there, NULL::bigint AS asked,
  NULL::bigint AS used FROM event
UNION ALL
SELECT 'short', s.fund_id, s.budget_category, s.unit, coalesce(l.there, 0),
  s.reserved + s.obligated + s.expended - s.authorized, NULL
FROM shift s LEFT JOIN locked l
  ON (l.fund_id, l.budget_category, l.unit) = (s.fund_id, s.budget_category, s.unit)
WHERE NOT coalesce(l.fits, false)
UNION ALL
SELECT 'capped', id, scope, NULL, at_most, amount, used FROM locked_cap WHERE NOT fits
"""  # noqa: S608 - built from the constants above; every value is a parameter
)


@dataclass(frozen=True, slots=True)
class Event:
    kind: str
    external_ref: str
    content_hash: str
    day: date
    at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class NewHold:
    id: UUID
    key: BalanceKey
    amount: int
    caps: tuple[UUID, ...] = ()


def post(
    session: Session,
    event: Event,
    entries: Sequence[Entry],
    *,
    new_holds: Sequence[NewHold] = (),
    caps: Mapping[UUID, int] | None = None,
) -> UUID | None:
    """The event's id, or None if the reference was taken meanwhile. `caps`: change of use by cap id.

    Raises InsufficientFunds, CapReached; then nothing was written and the transaction is still good.
    """
    entries = postings.check_balanced(entries)
    event_id = new_id()
    rows = session.execute(
        _POST,
        {
            "id": event_id,
            "kind": event.kind,
            "ref": event.external_ref,
            "content_hash": event.content_hash,
            "day": event.day,
            "at": event.at,
            "by": event.by,
            **_of_balances(entries),
            **_of_entries(entries, event_id),
            **_of_new_holds(new_holds),
            **_of_holds(entries, {hold.id for hold in new_holds}),
            **_columns(("c_id", "c_amount"), sorted((caps or {}).items())),
        },
    ).all()
    for what, about, category, unit, there, asked, used in rows:
        if what == "short":
            raise InsufficientFunds(FundId(about), BudgetCategory(category), Unit(unit), there, asked)
        if what == "capped":
            raise CapReached(about, Scope(category), there, used, asked)
    return event_id if rows else None


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
    names = ("n_id", "n_fund", "n_category", "n_unit", "n_amount")
    rows = [(h.id, h.key.fund_id, h.key.budget_category.value, h.key.unit.value, h.amount) for h in holds]
    links = [(h.id, cap) for h in holds for cap in h.caps]
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
