"""What we show of vendors' bills, and which of their lines wait for somebody."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.disbursement.logging_policy import VERIFIED
from reunify.disbursement.logging_records import LoggedPaymentRecord
from reunify.disbursement.statements_policy import ACCEPTABLE, Billed, Verdict
from reunify.disbursement.statements_records import StatementLineRecord, VendorStatementRecord
from reunify.kernel.ids import InstructionId, StaffId
from reunify.kernel.money import Money
from reunify.kernel.refusals import NotFound
from reunify.vault.keepers import ERASED

_L, _S, _P = StatementLineRecord, VendorStatementRecord, LoggedPaymentRecord
_MATCHED = sa.and_(_L.verdict == Verdict.MATCHED.value, ~_L.set_aside)
_OPEN_CASE = sa.and_(~_MATCHED, _L.resolved_at.is_(None))

_CODES = {Verdict.UNKNOWN: "unknown_locator", Verdict.OTHER_AMOUNT: "other_price"}


@dataclass(frozen=True, slots=True)
class Statement:
    """A bill with how many of its lines wait, and for what. `total` of all lines."""

    id: UUID
    vendor: str = field(repr=False)
    billed_on: date
    sha256: str
    uploaded_by: StaffId
    uploaded_at: datetime
    lines: int
    total: Money
    to_record: int
    to_verify: int
    paid: int
    cases: int


@dataclass(frozen=True, slots=True)
class LineShown:
    """`stage`: to_record, to_verify, paid, case or resolved. `days`: whole days since the upload."""

    id: UUID
    statement: UUID
    vendor: str = field(repr=False)
    number: int
    locator: str = field(repr=False)
    reference: str | None = field(repr=False)
    amount: Money
    billed_for: date
    verdict: Verdict
    set_aside: bool
    stage: str
    payment: InstructionId | None
    recorder: StaffId | None
    owner: StaffId | None
    days: int
    resolution: str | None = field(repr=False)
    resolved_by: StaffId | None
    accepted_by: StaffId | None
    accepted_why: str | None = field(repr=False)

    @property
    def acceptable(self) -> bool:
        """The number and the price are ours; a person may say that the vendor or the day is too."""
        return self.stage == "case" and self.verdict in ACCEPTABLE

    @property
    def code(self) -> str:
        """The code of its words, where a verdict alone would be said otherwise elsewhere."""
        if self.set_aside:
            return "set_aside_line"
        return _CODES.get(self.verdict, self.verdict.value)


def statements(session: Session, *, limit: int = 200) -> list[Statement]:
    """The newest first. One statement for the rows, one for their counts."""
    rows = session.scalars(sa.select(_S).order_by(_S.uploaded_at.desc(), _S.id).limit(limit)).all()
    counts = _counts(session, [row.id for row in rows])
    return [_as_statement(row, counts[row.id]) for row in rows]


def statement(session: Session, statement_id: UUID, *, now: datetime) -> tuple[Statement, list[LineShown]]:
    """One bill with its lines in the order of the file. Raises NotFound."""
    row = session.get(_S, statement_id)
    if row is None:
        raise NotFound("There is no such bill.")
    return _as_statement(row, _counts(session, [row.id])[row.id]), _lines(
        session, _L.statement_id == row.id, now=now
    )


def open_cases(session: Session, *, now: datetime) -> list[LineShown]:
    """Of every bill, the oldest first."""
    return _lines(session, _OPEN_CASE, now=now)


def as_billed(line: StatementLineRecord) -> Billed:
    """The line as the vendor wrote it."""
    return Billed(line.number, line.locator, Money(line.cents), line.billed_for, line.reference)


def _lines(session: Session, which: sa.ColumnElement[bool], *, now: datetime) -> list[LineShown]:
    rows = session.execute(
        sa.select(_L, _S, _P.instruction_id, _P.state, _P.recorder)
        .join(_S, _S.id == _L.statement_id)
        .outerjoin(_P, _P.id == _L.logged_payment_id)
        .where(which)
        .order_by(_S.uploaded_at, _L.statement_id, _L.number)
    )
    return [_shown(*row, now=now) for row in rows]


def _shown(
    line: StatementLineRecord,
    bill: VendorStatementRecord,
    instruction: UUID | None,
    state: str | None,
    recorder: UUID | None,
    *,
    now: datetime,
) -> LineShown:
    return LineShown(
        line.id,
        bill.id,
        bill.vendor,
        line.number,
        _L.locator.told(line, erased=ERASED),
        _L.reference.told(line, erased=ERASED),
        Money(line.cents),
        line.billed_for,
        Verdict(line.verdict),
        line.set_aside,
        _stage(line, state),
        InstructionId(instruction) if instruction and state != "voided" else None,
        StaffId(recorder) if recorder and state == "recorded" else None,
        StaffId(line.owner) if line.owner else None,
        max((now - bill.uploaded_at).days, 0),
        _L.resolution.told(line, erased=ERASED),
        StaffId(line.resolved_by) if line.resolved_by else None,
        StaffId(line.accepted_by) if line.accepted_by else None,
        _L.accepted_why.told(line, erased=ERASED) if line.accepted_by else None,
    )


def _stage(line: StatementLineRecord, state: str | None) -> str:
    if line.resolved_at is not None:
        return "resolved"
    if line.verdict != Verdict.MATCHED.value or line.set_aside:
        return "case"
    if state in VERIFIED:
        return "paid"
    return "to_verify" if state == "recorded" else "to_record"


def _counts(session: Session, ids: list[UUID]) -> dict[UUID, Any]:
    def many(which: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
        return sa.func.count().filter(which)

    not_written = sa.or_(_P.id.is_(None), _P.state == "voided")
    rows = session.execute(
        sa.select(
            _L.statement_id,
            sa.func.count().label("lines"),
            sa.func.sum(_L.cents).label("cents"),
            many(sa.and_(_MATCHED, not_written)).label("to_record"),
            many(_P.state == "recorded").label("to_verify"),
            many(_P.state.in_(VERIFIED)).label("paid"),
            many(_OPEN_CASE).label("cases"),
        )
        .outerjoin(_P, _P.id == _L.logged_payment_id)
        .where(_L.statement_id.in_(ids))
        .group_by(_L.statement_id)
    )
    return {row.statement_id: row for row in rows}


def _as_statement(row: VendorStatementRecord, counts: Any) -> Statement:
    return Statement(
        row.id,
        row.vendor,
        row.billed_on,
        row.sha256,
        StaffId(row.uploaded_by),
        row.uploaded_at,
        counts.lines,
        Money(int(counts.cents)),
        counts.to_record,
        counts.to_verify,
        counts.paid,
        counts.cases,
    )
