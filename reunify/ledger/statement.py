"""The one SQL statement that posts an event: all of it, or nothing.

It locks balances in id order, then caps in id order, then the trips counted under them, checks every one
against what it would become, and only then writes event, entries, balances, caps and holds. Holds to be
changed were locked before, in id order. One order for everybody: no deadlock. A shortage changes nothing and
aborts nothing: the caller may try another plan.

A cap of trips goes up by one when the first cent of a trip becomes live, and down when the last no longer is.

The locks leave the keys free: a row that only refers to a cap, such as a trip counted under it, never waits.

New values come from the rows as locked, never from the row being updated: under READ COMMITTED PostgreSQL
tests a CHECK against the row of its snapshot before it reads the locked one, and refuses room just made.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.orm import Session

from reunify.kernel.ids import FundId, new_id
from reunify.ledger import columns, postings
from reunify.ledger.columns import NOTHING, Counted, Event, NewHold
from reunify.ledger.policy import (
    BudgetCategory,
    CapMisused,
    CapReached,
    InsufficientFunds,
    NoSuchCap,
    PeriodClosed,
    Scope,
    Unit,
)
from reunify.ledger.postings import Entry

CLOSED = "is in a closed accounting period"  # said by the trigger on ledger_events, migration 0013


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
_NEW_HOLD = _arrays(
    n_id="uuid",
    n_fund="uuid",
    n_category="text",
    n_unit="text",
    n_amount="bigint",
    n_expended="bigint",
    n_use="text",
)
_LINK = _arrays(l_hold="uuid", l_cap="uuid")
_CAP = _arrays(c_id="uuid", c_amount="bigint", c_trips="boolean")
_USE = _arrays(u_cap="uuid", u_ref="text", u_amount="bigint")
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
  ORDER BY b.id FOR NO KEY UPDATE OF b
), cap_shift AS (
  SELECT * FROM unnest({_CAP}) AS c(id, amount, trips)
), held_cap AS (
  SELECT c.id, c.scope, c.at_most, c.used, s.amount
  FROM ledger_caps c JOIN cap_shift s ON c.id = s.id AND (c.scope = 'lifetime') = s.trips
  WHERE (SELECT count(*) FROM locked) >= 0  -- balances are locked first, always
  ORDER BY c.id FOR NO KEY UPDATE OF c
), locked_use AS (
  SELECT u.cap_id, u.use_ref, u.live + s.amount AS live,
    (u.live + s.amount > 0)::int - (u.live > 0)::int AS trips
  FROM ledger_uses u JOIN unnest({_USE}) AS s(cap_id, use_ref, amount)
    ON (u.cap_id, u.use_ref) = (s.cap_id, s.use_ref)
  WHERE (SELECT count(*) FROM held_cap) >= 0
  ORDER BY u.cap_id, u.use_ref FOR NO KEY UPDATE OF u
), locked_cap AS (
  SELECT c.id, c.scope, c.at_most, c.used, c.amount + t.trips AS amount,
    c.used + c.amount + t.trips BETWEEN 0 AND c.at_most AS fits
  FROM held_cap c CROSS JOIN LATERAL (
    SELECT coalesce(sum(u.trips), 0)::bigint AS trips FROM locked_use u WHERE u.cap_id = c.id
  ) t
), unfit AS (
  SELECT l.cap FROM unnest({_LINK}) AS l(hold, cap)
  JOIN unnest({_NEW_HOLD}) AS n(id, fund, category, unit, amount, expended, use_ref) ON n.id = l.hold
  JOIN ledger_caps c ON c.id = l.cap AND (c.fund_id, c.unit) <> (n.fund, n.unit)
), closed AS (
  SELECT max(through) AS through FROM ledger_periods
), verdict AS (
  SELECT (SELECT count(*) FROM locked WHERE fits) = (SELECT count(*) FROM shift)
    AND (SELECT count(*) FROM locked_cap WHERE fits) = (SELECT count(*) FROM cap_shift)
    AND NOT EXISTS (SELECT FROM unfit)
    AND (SELECT through IS NULL OR through < CAST(:day AS date) FROM closed) AS good
), event AS (
  INSERT INTO ledger_events
    (id, kind, external_ref, content_hash, day, at, by, happened_on, corrects, fingerprint)
  SELECT CAST(:id AS uuid), :kind, :ref, :content_hash, CAST(:day AS date), CAST(:at AS timestamptz), :by,
    CAST(:happened_on AS date), CAST(:corrects AS uuid), :fingerprint
  FROM verdict WHERE good
  ON CONFLICT (external_ref) DO NOTHING RETURNING id
), balance AS (
  UPDATE ledger_balances b SET
    authorized = l.authorized, reserved = l.reserved, obligated = l.obligated, expended = l.expended
  FROM locked l, event WHERE b.id = l.id
), cap AS (
  UPDATE ledger_caps c SET used = l.used + l.amount FROM locked_cap l, event WHERE c.id = l.id
), use AS (
  UPDATE ledger_uses u SET live = l.live
  FROM locked_use l, event WHERE (u.cap_id, u.use_ref) = (l.cap_id, l.use_ref)
), new_hold AS (
  INSERT INTO ledger_holds (id, fund_id, budget_category, unit, ceiling, reserved, expended, use_ref)
  SELECT n.id, n.fund, n.category, n.unit, n.amount, n.amount - n.expended, n.expended, n.use_ref
  FROM unnest({_NEW_HOLD}) AS n(id, fund, category, unit, amount, expended, use_ref), event
), hold_cap AS (
  INSERT INTO ledger_hold_caps (hold_id, cap_id)
  SELECT l.hold, l.cap FROM unnest({_LINK}) AS l(hold, cap), event
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
  NULL::bigint AS used, NULL::date AS through FROM event
UNION ALL
SELECT 'closed', NULL, NULL, NULL, NULL, NULL, NULL, through FROM closed WHERE through >= CAST(:day AS date)
UNION ALL
SELECT 'short', s.fund_id, s.budget_category, s.unit, coalesce(l.there, 0),
  s.reserved + s.obligated + s.expended - s.authorized, NULL, NULL
FROM shift s LEFT JOIN locked l
  ON (l.fund_id, l.budget_category, l.unit) = (s.fund_id, s.budget_category, s.unit)
WHERE NOT coalesce(l.fits, false)
UNION ALL
SELECT 'capped', id, scope, NULL, at_most, amount, used, NULL FROM locked_cap WHERE NOT fits
UNION ALL
SELECT 'no cap', s.id, NULL, NULL, NULL, NULL, NULL, NULL FROM cap_shift s
WHERE NOT EXISTS (SELECT FROM held_cap c WHERE c.id = s.id)
UNION ALL
SELECT 'unfit', cap, NULL, NULL, NULL, NULL, NULL, NULL FROM unfit
"""  # noqa: S608 - built from the constants above; every value is a parameter
)
# Sent as it stands: what SQLAlchemy does for each execution takes a tenth of the time of the whole.
_WRITTEN = str(_POST.compile(dialect=PGDialect_psycopg()))  # type: ignore[no-untyped-call]  # the dialect has no types


def post(
    session: Session,
    event: Event,
    entries: Sequence[Entry],
    *,
    new_holds: Sequence[NewHold] = (),
    counted: Counted = NOTHING,
) -> UUID | None:
    """The event's id, or None if the reference was taken before.

    Raises InsufficientFunds, CapReached, NoSuchCap, CapMisused, PeriodClosed; then nothing was written and
    the transaction is still good. A period closed while we waited raises PeriodClosed too, and ends it.
    """
    entries = postings.check_balanced(entries)
    event_id = new_id()
    try:
        session.flush()
        rows = (
            session.connection()
            .exec_driver_sql(_WRITTEN, columns.values(event, event_id, entries, new_holds, counted))
            .all()
        )
    except sa.exc.IntegrityError as error:
        if CLOSED in str(error.orig):
            raise PeriodClosed(event.day) from error
        raise
    for what, about, category, unit, there, asked, used, through in rows:
        if what == "closed":
            raise PeriodClosed(through)
        if what == "no cap":
            raise NoSuchCap("One of these caps does not exist or counts something else: set it again.")
        if what == "unfit":
            raise CapMisused("A cap counts lines of its own source and unit only: name caps of the source.")
        if what == "short":
            raise InsufficientFunds(FundId(about), BudgetCategory(category), Unit(unit), there, asked)
        if what == "capped":
            raise CapReached(about, Scope(category), there, used, asked)
    return event_id if rows else None
