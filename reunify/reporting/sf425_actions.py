"""What we do: prepare an award's federal financial report, which stays as it is; close the books."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.audit import actions as audit
from reunify.kernel.ids import new_id
from reunify.kernel.may import FINANCE, may
from reunify.kernel.people import Role, Staff
from reunify.ledger import periods
from reunify.rates import queries as rates
from reunify.reporting import sf425, sf425_entries, sf425_periods, sf425_queries
from reunify.reporting.sf425 import Line
from reunify.reporting.sf425_periods import ReportingPeriod
from reunify.reporting.sf425_queries import Current
from reunify.reporting.sf425_records import Sf425Report


@may(*FINANCE, Role.FUND_MANAGER)
def prepare(session: Session, *, code: str, period: ReportingPeriod, by: Staff, now: datetime) -> UUID:
    """Keep the figures of a period that is over, as the ledger says them now; returns the report's id.

    After the first it is a restatement. Closes no accounting period. Raises NoSuchFund, NotFederal,
    BeforeTheAward, TheFinalReportsIt, QuarterNotOver, NothingNew, BooksDisagree.
    """
    fund = sf425_queries.award(session, code)
    sf425_periods.check_reported_so(period, fund)
    today = rates.today(session, now=now)
    _lock(session, fund.id)
    before = sf425_queries.prepared(session, fund, period)
    report_id = new_id()
    sf425_entries.count_events(session, fund.id, through=period.end, report_id=report_id)
    now_said = sf425_queries.current(session, fund, period, counted=True)
    found = now_said.figures
    sf425_periods.check_over(period, fund, today, unliquidated=found[Line.F])
    if before and before[0].figures == found:
        raise sf425.NothingNew(
            f"The report of {period} prepared last still says what the ledger says: "
            "there is nothing to restate."
        )
    number = len(before) + 1
    session.add(_report(report_id, fund.id, period, number, now_said, by, now))
    session.flush()
    detail = {"code": code, "period": str(period), "number": number, "final": period.final}
    audit.record(
        session,
        by=by,
        at=now,
        subject="sf425_report",
        subject_id=report_id,
        moved="prepare",
        detail=detail | {line.value: found[line] for line in Line},
    )
    return report_id


@may(*FINANCE, Role.FUND_MANAGER)
def close_books(session: Session, *, code: str, period: ReportingPeriod, by: Staff, now: datetime) -> None:
    """Close the books of every source through the period's last day, once its report stands.

    Raises NoSuchFund, NotFederal, NoSuchReport, ToBeRestated, and what `close_period` raises.
    """
    fund = sf425_queries.award(session, code)
    report = sf425_queries.standing(session, fund, period)
    reason = f"SF-425 of {fund.award_number}, {period}, report {report.number}"
    periods.close_period(session, through=period.end, reason=reason, by=by, now=now)
    # Closing waited for the postings under way; what they dated into the period is seen only now.
    sf425_queries.standing(session, fund, period)


def _lock(session: Session, fund_id: UUID) -> None:
    """One report of an award at a time, until the transaction ends: each event is first counted once."""
    session.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtextextended(str(fund_id), 425))))


def _report(
    report_id: UUID,
    fund_id: UUID,
    period: ReportingPeriod,
    number: int,
    said: Current,
    by: Staff,
    now: datetime,
) -> Sf425Report:
    found = said.figures
    return Sf425Report(
        id=report_id,
        fund_id=fund_id,
        through=period.end,
        number=number,
        final=period.final,
        receipts=found.receipts,
        disbursements=found.disbursements,
        authorized=found.authorized,
        expended=found.expended,
        obligated=found.obligated,
        recipient_expended=found.recipient_expended,
        match_percent=found.match_percent,
        recipient_entries=sorted(str(entry) for entry in said.recipient_entries),
        prepared_by=by.id,
        prepared_at=now,
    )
