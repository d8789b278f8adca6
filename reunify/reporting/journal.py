"""The whole journal, entry by entry, for somebody outside to read: ids, amounts and days, no person."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.funds.records import FundingSource
from reunify.kernel.workbook import Cell, Column, Kind, Sheet
from reunify.ledger.records import LedgerBalance, LedgerEntry, LedgerEvent

_AT_A_TIME: Final = 5_000


@dataclass(frozen=True, slots=True)
class JournalLine:
    """`amount`: debit positive, credit negative; cents or whole units, as `unit` says.

    `happened_on` differs from the accounting `day` where a fact became known after its period was closed.
    """

    event_id: UUID
    kind: str
    external_ref: str
    day: date
    happened_on: date
    at: datetime
    by: str
    corrects: UUID | None
    book: str
    fund_code: str
    budget_category: str | None
    account: str
    unit: str
    amount: int
    hold_id: UUID | None


@dataclass(frozen=True, slots=True)
class Asserted:
    """A balance as the house keeps it: authorized, available, reserved, obligated, expended."""

    fund_code: str
    budget_category: str
    unit: str
    amounts: tuple[int, ...]


COLUMNS: Final = (
    Column("Accounting day", Kind.DAY),
    Column("Happened on", Kind.DAY),
    Column("Written (UTC)"),
    Column("Event"),
    Column("Kind"),
    Column("Reference"),
    Column("Book"),
    Column("Source"),
    Column("Budget category"),
    Column("Account"),
    Column("Amount (US dollars)", Kind.CENTS),
    Column("Amount (units)", Kind.COUNT),
    Column("Unit"),
    Column("Hold"),
    Column("Corrects"),
    Column("Written by"),
)


def lines(
    session: Session, *, since: date | None = None, through: date | None = None
) -> Iterator[JournalLine]:
    """Every entry of those accounting days, in order of day and writing; streamed, never all in memory."""
    v, e = LedgerEvent, LedgerEntry
    asked = (
        sa.select(
            v.id,
            v.kind,
            v.external_ref,
            v.day,
            v.happened_on,
            v.at,
            v.by,
            v.corrects,
            e.book,
            FundingSource.code,
            e.budget_category,
            e.account,
            e.unit,
            e.amount,
            e.hold_id,
        )
        .join(e, e.event_id == v.id)
        .join(FundingSource, FundingSource.id == e.fund_id)
        .order_by(v.day, v.at, v.id, e.book, FundingSource.code, e.budget_category, e.account, e.amount, e.id)
        .execution_options(yield_per=_AT_A_TIME)
    )
    if since is not None:
        asked = asked.where(v.day >= since)
    if through is not None:
        asked = asked.where(v.day <= through)
    rows: Iterator[Any] = iter(session.execute(asked))
    for row in rows:
        yield JournalLine(*row)


def asserted(session: Session) -> list[Asserted]:
    """Every cached balance, for another program to compare with the entries."""
    b = LedgerBalance
    rows = session.execute(
        sa.select(
            FundingSource.code,
            b.budget_category,
            b.unit,
            b.authorized,
            b.available,
            b.reserved,
            b.obligated,
            b.expended,
        )
        .join(FundingSource, FundingSource.id == b.fund_id)
        .order_by(FundingSource.code, b.budget_category, b.unit)
    )
    return [Asserted(code, category, unit, tuple(amounts)) for code, category, unit, *amounts in rows]


def sheet(journal: Iterable[JournalLine]) -> Sheet:
    return Sheet("Journal", COLUMNS, tuple(_row(line) for line in journal))


def _row(line: JournalLine) -> tuple[Cell, ...]:
    in_cents = line.unit == "cents"
    return (
        line.day,
        line.happened_on,
        line.at.isoformat(timespec="seconds"),
        str(line.event_id),
        line.kind,
        line.external_ref,
        line.book,
        line.fund_code,
        line.budget_category,
        line.account,
        line.amount if in_cents else None,
        None if in_cents else line.amount,
        line.unit,
        str(line.hold_id) if line.hold_id else None,
        str(line.corrects) if line.corrects else None,
        line.by,
    )
