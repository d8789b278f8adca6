"""Which ledger entries each line of the federal financial report sums. Nothing else is read for a figure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.funds import queries as funds
from reunify.funds.terms import terms_of
from reunify.kernel.ids import FundId
from reunify.ledger.policy import Account, Unit
from reunify.ledger.records import LedgerEntry, LedgerEvent
from reunify.reporting.sf425 import FACTS, SOURCES, Line, effects
from reunify.reporting.sf425_records import Sf425Event, Sf425Report


@dataclass(frozen=True, slots=True)
class EntryShown:
    """`cents`: what the entry adds to the line, so that the entries of a line sum to its figure.

    `day`: the accounting day. `happened_on`: when it took place, earlier where it became known late.
    """

    id: UUID
    day: date
    happened_on: date
    at: datetime
    kind: str
    reference: str
    fund: str
    budget_category: str | None
    account: str
    cents: int


@dataclass(frozen=True, slots=True)
class EventShown:
    """An event and what it changes in each line, in cents."""

    id: UUID
    day: date
    at: datetime
    kind: str
    reference: str
    by: str
    changes: Mapping[Line, int]


def _of_award(fund_id: FundId, through: date) -> tuple[sa.ColumnElement[bool], ...]:
    """The award's entries in money with an accounting day up to the last day reported, itself included."""
    return (
        LedgerEntry.fund_id == fund_id,
        LedgerEntry.unit == Unit.CENTS.value,
        LedgerEvent.day <= through,
    )


def _dated_later(fund_id: FundId, through: date) -> tuple[sa.ColumnElement[bool], ...]:
    """The award's entries in money of what happened by that day and was posted on a later one."""
    return (
        LedgerEntry.fund_id == fund_id,
        LedgerEntry.unit == Unit.CENTS.value,
        LedgerEvent.day > through,
        LedgerEvent.happened_on <= through,
    )


def _counted(fund_id: FundId, by_then: int | None = None) -> sa.Exists:
    """Whether a report counted the event: any, or the one with this sequence and those before it."""
    found = sa.exists().where(Sf425Event.fund_id == fund_id, Sf425Event.event_id == LedgerEvent.id)
    if by_then is None:
        return found
    return found.where(Sf425Event.report_id == Sf425Report.id, Sf425Report.sequence <= by_then)


def sums(session: Session, fund_id: FundId, *, through: date, counted: bool = False) -> dict[Account, int]:
    """The award's entries by account, in cents; `counted`: only of events a report has counted."""
    asked = (
        sa.select(LedgerEntry.account, sa.func.sum(LedgerEntry.amount))
        .join(LedgerEvent, LedgerEvent.id == LedgerEntry.event_id)
        .where(*_of_award(fund_id, through))
        .group_by(LedgerEntry.account)
    )
    if counted:
        asked = asked.where(_counted(fund_id))
    return {Account(account): int(cents) for account, cents in session.execute(asked)}


def dated_later(session: Session, fund_id: FundId, *, through: date) -> dict[Line, int]:
    """By line, in cents, what had happened by that day and is dated later: a later report has it."""
    asked = (
        sa.select(LedgerEntry.account, sa.func.sum(LedgerEntry.amount))
        .join(LedgerEvent, LedgerEvent.id == LedgerEntry.event_id)
        .where(*_dated_later(fund_id, through))
        .group_by(LedgerEntry.account)
    )
    found = effects({Account(account): int(cents) for account, cents in session.execute(asked)})
    return {line: found[line] for line in FACTS if found[line]}


def count_events(session: Session, fund_id: FundId, *, through: date, report_id: UUID) -> None:
    """The report counts every event of the award up to its last day that no report counted before."""
    new = (
        sa.select(sa.literal(fund_id), LedgerEvent.id, sa.literal(report_id))
        .join(LedgerEntry, LedgerEntry.event_id == LedgerEvent.id)
        .where(*_of_award(fund_id, through), ~_counted(fund_id))
        .distinct()
    )
    session.execute(sa.insert(Sf425Event).from_select(["fund_id", "event_id", "report_id"], new))


def since(session: Session, fund_id: FundId, *, through: date, sequence: int) -> list[EventShown]:
    """What changed a line since the report with this sequence, the oldest first: events it did not count."""
    v, e = LedgerEvent, LedgerEntry
    rows = session.execute(
        sa.select(v.id, v.day, v.at, v.kind, v.external_ref, v.by, e.account, sa.func.sum(e.amount))
        .join(e, e.event_id == v.id)
        .where(*_of_award(fund_id, through), ~_counted(fund_id, sequence))
        .group_by(v.id, e.account)
        .order_by(v.at, v.id)
    )
    said: dict[UUID, tuple[date, datetime, str, str, str]] = {}
    sums_of: dict[UUID, dict[Account, int]] = {}
    for event_id, day, at, kind, reference, by, account, cents in rows:
        said[event_id] = (day, at, kind, reference, by)
        sums_of.setdefault(event_id, {})[Account(account)] = int(cents)
    found = [EventShown(event_id, *said[event_id], effects(of)) for event_id, of in sums_of.items()]
    return [event for event in found if any(event.changes.values())]


def entries(
    session: Session,
    fund_id: FundId,
    line: Line,
    *,
    through: date,
    later: bool = False,
    limit: int | None = None,
    skip: int = 0,
) -> list[EntryShown]:
    """The entries of the award's own that the line sums, in the order they were posted.

    `later`: instead, those that it does not sum because they are dated later than they happened.
    """
    source = SOURCES[line]
    which = _dated_later(fund_id, through) if later else _of_award(fund_id, through)
    asked = (
        sa.select(LedgerEntry, LedgerEvent)
        .join(LedgerEvent, LedgerEvent.id == LedgerEntry.event_id)
        .where(
            *which,
            LedgerEntry.book == source.book.value,
            LedgerEntry.account.in_([account.value for account in source.accounts]),
        )
        .order_by(LedgerEvent.day, LedgerEvent.at, LedgerEntry.id)
        .offset(skip)
        .limit(limit)
    )
    code = {fund.id: fund.code for fund in funds.funds_of(session, [fund_id])}[fund_id]
    return [_shown(e, v, code, source.sign) for e, v in session.execute(asked)]


def how_many(session: Session, fund_id: FundId, line: Line, *, through: date) -> int:
    """How many entries the line sums."""
    source = SOURCES[line]
    asked = (
        sa.select(sa.func.count())
        .select_from(LedgerEntry)
        .join(LedgerEvent, LedgerEvent.id == LedgerEntry.event_id)
        .where(
            *_of_award(fund_id, through),
            LedgerEntry.book == source.book.value,
            LedgerEntry.account.in_([account.value for account in source.accounts]),
        )
    )
    return int(session.scalar(asked) or 0)


# A hold belongs to the trip whose split made it, a moved cost to the trip it was moved from. Money that is
# not federal is the share of one award only (2 CFR 200.306(b)): of those that ask a share and paid for the
# trip, the one that asks the most, then by code.
_RECIPIENT = sa.text(
    """
WITH RECURSIVE trip(hold_id, request_id) AS (
  SELECT l.hold_id, a.request_id FROM allocation_lines l JOIN allocations a ON a.id = l.allocation_id
  UNION SELECT m.to_hold, t.request_id FROM ledger_cost_moves m JOIN trip t ON t.hold_id = m.from_hold
), spent AS (
  SELECT e.id, e.amount, e.fund_id, t.request_id FROM ledger_entries e
  JOIN ledger_events v ON v.id = e.event_id JOIN trip t ON t.hold_id = e.hold_id
  WHERE e.account = 'expended' AND e.book = 'budget' AND e.unit = 'cents' AND v.day <= :through
), paid AS (
  SELECT request_id, fund_id FROM spent WHERE fund_id = ANY(:matched)
  GROUP BY request_id, fund_id HAVING sum(amount) > 0
), counts_for AS (
  SELECT DISTINCT ON (request_id) request_id, fund_id FROM paid
  ORDER BY request_id, array_position(:matched, fund_id)
)
SELECT s.id FROM spent s JOIN counts_for c ON c.request_id = s.request_id AND c.fund_id = :fund
JOIN funding_sources f ON f.id = s.fund_id WHERE f.award_number IS NULL
"""
).bindparams(sa.bindparam("matched", type_=sa.ARRAY(sa.Uuid())))


def shares_asked(session: Session, *, on: date) -> dict[FundId, int]:
    """For every 100 of a source so much must come from others, by the terms in force that day."""
    asks = {fund: terms.match_percent for fund, terms in terms_of(session, on=on).items()}
    return {fund: percent for fund, percent in asks.items() if percent}


def recipient_entries(
    session: Session, fund_id: FundId, *, through: date, asks: Mapping[FundId, int]
) -> list[UUID]:
    """What line 10j sums: spent on trips this award paid for, from money that is not federal.

    None where the award asks no share (`shares_asked` on the last day reported).
    """
    if fund_id not in asks:
        return []
    federal = [f for f in funds.all_funds(session) if f.federal and f.id in asks]
    matched = [f.id for f in sorted(federal, key=lambda f: (-asks[f.id], f.code))]
    found = session.scalars(_RECIPIENT, {"through": through, "matched": matched, "fund": fund_id})
    return sorted(found)


def named(session: Session, ids: Collection[UUID]) -> list[EntryShown]:
    """These entries as line 10j counts them, in the order they were posted."""
    if not ids:
        return []
    rows = session.execute(
        sa.select(LedgerEntry, LedgerEvent)
        .join(LedgerEvent, LedgerEvent.id == LedgerEntry.event_id)
        .where(LedgerEntry.id.in_(ids))
        .order_by(LedgerEvent.day, LedgerEvent.at, LedgerEntry.id)
    ).all()
    codes = {f.id: f.code for f in funds.all_funds(session)}
    return [_shown(e, v, codes[FundId(e.fund_id)], 1) for e, v in rows]


def _shown(e: LedgerEntry, v: LedgerEvent, code: str, sign: int) -> EntryShown:
    return EntryShown(
        id=e.id,
        day=v.day,
        happened_on=v.happened_on,
        at=v.at,
        kind=v.kind,
        reference=v.external_ref,
        fund=code,
        budget_category=e.budget_category,
        account=e.account,
        cents=sign * e.amount,
    )
