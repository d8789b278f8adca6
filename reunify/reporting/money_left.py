"""Payments that reached a family and trips that are over: which of them no paper tells of yet."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from typing import Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute, Session

from reunify.allocation.records import AllocationLineRecord
from reunify.approval.records import AwardRecord
from reunify.disbursement import policy
from reunify.disbursement.logging_policy import VERIFIED
from reunify.disbursement.logging_records import LoggedPaymentRecord
from reunify.disbursement.outage_policy import Instrument as InOutage
from reunify.disbursement.outage_records import OutagePart, OutagePayment
from reunify.disbursement.policy import Instrument
from reunify.disbursement.records import AttemptRecord, InstructionRecord
from reunify.documents.payment_advice import How
from reunify.documents.records import DocumentRecord
from reunify.intake import queries as intake
from reunify.intake.form import TravelRequest
from reunify.intake.outcomes import quiet_of
from reunify.intake.records import VersionRecord
from reunify.ledger.policy import Account, Unit
from reunify.ledger.records import LedgerCostMove, LedgerEntry
from reunify.payees.records import PayeeRecord
from reunify.rates.queries import organisation_now
from reunify.reporting import progress
from reunify.vault.keepers import Erased

ADVICE: Final = "payment_advice"
CLOSEOUT: Final = "closeout_letter"
# Older than this it is no news: it stands in the letter that closes the trip.
NEWS_FOR: Final = timedelta(days=30)
# An award is closed out within these days (2 CFR 200.344): older trips ended before there were letters.
CLOSED_WITHIN: Final = timedelta(days=120)
LONGEST_AHEAD: Final = timedelta(days=365)  # between release and trip
Column = sa.ColumnElement[UUID] | InstrumentedAttribute[UUID]
_HOW: Final = {
    Instrument.CHECK: How.CHECK,
    Instrument.VOUCHER: How.VOUCHER,
    Instrument.CARD: How.CARD,
    InOutage.CHECK: How.CHECK,
    InOutage.VOUCHER: How.VOUCHER,
    InOutage.ORGANISATION_CARD: How.CARD,
    InOutage.PETTY_CASH: How.CASH,
}


@dataclass(frozen=True, slots=True)
class Left:
    """A payment that stands. `before`: payments of the same instruction that came back, or were stopped."""

    on: date
    how: How
    before: int


def standing(session: Session, instruction_id: UUID, *, zone: tzinfo) -> Left | None:
    """None while nothing was paid of it, or nothing of it stands. `zone`: of the organisation."""
    before = session.scalar(sa.select(_came_back(sa.literal(instruction_id)))) or 0
    a, p, part, o = AttemptRecord, LoggedPaymentRecord, OutagePart, OutagePayment
    i = InstructionRecord
    row = session.execute(
        sa.select(a.settled_at, p.paid_on, p.instrument, o.paid_on, o.instrument)
        .select_from(i)
        .outerjoin(a, sa.and_(a.instruction_id == i.id, a.state == "posted"))
        .outerjoin(p, sa.and_(p.instruction_id == i.id, p.state.in_(VERIFIED)))
        .outerjoin(part, part.instruction_id == i.id)
        .outerjoin(o, sa.and_(o.id == part.outage_id, o.ratified_at.is_not(None)))
        .where(i.id == instruction_id, i.state == "settled")
        .order_by(a.number.desc())
        .limit(1)
    ).first()
    if row is None:
        return None
    posted: datetime | None = row[0]
    logged, outage = _elsewhere(row[1], row[2], Instrument), _elsewhere(row[3], row[4], InOutage)
    if logged is not None:
        return Left(*logged, before)
    if posted is not None:
        return Left(posted.astimezone(zone).date(), How.BANK, before)
    return Left(*outage, before) if outage is not None else None


def _elsewhere(
    on: date | None, instrument: str | None, known: type[Instrument] | type[InOutage]
) -> tuple[date, How] | None:
    if on is None or instrument is None:
        return None
    return on, _HOW.get(known(instrument), How.OTHER)


def payments_to_advise(session: Session, *, now: datetime, limit: int) -> list[UUID]:
    """Payments to people that stand and that no advice tells of, the oldest first.

    Not while a quiet outcome stands, nor after a change that people look at first. A payment that came back
    and was made again is owed another advice.
    """
    i, w, d = InstructionRecord, AwardRecord, DocumentRecord
    told = sa.exists().where(
        d.award_id == i.award_id,
        d.kind == ADVICE,
        d.concerning == sa.cast(i.id, sa.Text),
        d.revision >= _came_back(i.id),
    )
    asked = (
        sa.select(i.id)
        .join(w, w.id == i.award_id)
        .join(PayeeRecord, PayeeRecord.id == i.payee_id)
        .where(
            i.state == "settled",
            i.unit == Unit.CENTS.value,
            PayeeRecord.kind == "person",
            w.state == "released",
            ~told,
            ~quiet_of(w.request_id),
            ~_changed_since(),
            _left_since(now - NEWS_FOR),
        )
    )
    return list(session.scalars(asked.order_by(i.created_at, i.id).limit(limit)))


def awards_to_close(session: Session, *, now: datetime, limit: int) -> list[UUID]:
    """Released awards of which all is paid, nothing is left to book, and whose trip is over; the closing
    letters hold less than the books say. Unseals the requests of those whose letters do."""
    w, i = AwardRecord, InstructionRecord
    open_ = sa.exists().where(i.award_id == w.id, i.state.not_in(policy.DONE))
    of_late = sa.and_(w.state == "released", w.released_at > now - CLOSED_WITHIN - LONGEST_AHEAD)
    reached, e = _reached(sa.and_(of_late, ~open_)), LedgerEntry
    spent = (
        sa.select(reached.c.award, sa.func.count(e.id).label("postings"))
        .join(e, e.hold_id == reached.c.hold)
        .where(e.account == Account.EXPENDED.value)
        .group_by(reached.c.award)
        .subquery()
    )
    asked = (
        sa.select(w.id, w.request_id)
        .join(spent, spent.c.award == w.id)
        .where(~quiet_of(w.request_id), ~_changed_since(), spent.c.postings > _told_of())
    )
    found = {row.request_id: row.id for row in session.execute(asked.order_by(w.released_at, w.id))}
    stages = progress.stages(session, list(found)) if found else {}
    paid = [request_id for request_id in found if stages.get(request_id) == "paid"]
    contents = intake.newest_contents(session, paid) if paid else {}
    today = now.astimezone(organisation_now(session, now=now).zone).date() if paid else now.date()
    over = [one for one, said in contents.items() if not isinstance(said, Erased) and is_over(said, today)]
    return [found[request_id] for request_id in paid if request_id in over][:limit]


def is_over(content: TravelRequest, today: date) -> bool:
    """The day after the last arrival, night or day that was paid for; not of a trip that ended long ago."""
    days = [leg.arrives.date() for leg in content.legs]
    days += [day for line in content.cost_lines for day in (line.night, line.last_day) if day is not None]
    return bool(days) and max(days) < today <= max(days) + CLOSED_WITHIN


def is_closed(session: Session, award_id: UUID, household: str, *, before: int) -> bool:
    """Whether a letter that held fewer postings closed this household's trip already."""
    d = DocumentRecord
    earlier = sa.exists().where(
        d.award_id == award_id, d.kind == CLOSEOUT, d.household == household, d.revision < before
    )
    return bool(session.scalar(sa.select(earlier)))


def postings(session: Session, award_id: UUID) -> dict[UUID, int]:
    """By the own hold of each line of the award, how often the books changed what was spent of it."""
    reached, e = _reached(AwardRecord.id == award_id), LedgerEntry
    rows = session.execute(
        sa.select(reached.c.own, sa.func.count(e.id))
        .join(e, e.hold_id == reached.c.hold)
        .where(e.account == Account.EXPENDED.value)
        .group_by(reached.c.own)
    )
    return {own: count for own, count in rows}


def _reached(which: sa.ColumnElement[bool]) -> sa.CTE:
    """SQL: award, a line's own hold, and each hold its cost ever lay on: its own, and where it was moved."""
    line, w, m = AllocationLineRecord, AwardRecord, LedgerCostMove
    own = (
        sa.select(w.id.label("award"), line.hold_id.label("own"), line.hold_id.label("hold"))
        .join(line, line.allocation_id == w.allocation_id)
        .where(which)
        .cte("reached", recursive=True)
    )
    return own.union(sa.select(own.c.award, own.c.own, m.to_hold).join(m, m.from_hold == own.c.hold))


def _told_of() -> sa.ScalarSelect[int]:
    """Of the award: the postings its closing letters hold, the newest of each household."""
    d = DocumentRecord
    newest = (
        sa.select(sa.func.max(d.revision).label("held"))
        .where(d.award_id == AwardRecord.id, d.kind == CLOSEOUT)
        .correlate(AwardRecord)
        .group_by(d.household)
        .subquery()
        .lateral()
    )
    return sa.select(sa.func.coalesce(sa.func.sum(newest.c.held), 0)).scalar_subquery()


def _came_back(instruction_id: Column) -> sa.ColumnElement[int]:
    """SQL: payments of this instruction that did not stay: returned by a bank, or stopped once verified."""
    a, p = AttemptRecord, LoggedPaymentRecord
    returned = sa.select(sa.func.count(a.id)).where(a.instruction_id == instruction_id, a.state == "returned")
    stopped = sa.select(sa.func.count(p.id)).where(
        p.instruction_id == instruction_id, p.state == "voided", p.verifier.is_not(None)
    )
    return returned.scalar_subquery() + stopped.scalar_subquery()


def _left_since(moment: datetime) -> sa.ColumnElement[bool]:
    i, a, p, part, o = InstructionRecord, AttemptRecord, LoggedPaymentRecord, OutagePart, OutagePayment
    return sa.or_(
        sa.exists().where(a.instruction_id == i.id, a.state == "posted", a.settled_at > moment),
        sa.exists().where(p.instruction_id == i.id, p.state.in_(VERIFIED), p.verified_at > moment),
        sa.exists().where(part.instruction_id == i.id, o.id == part.outage_id, o.ratified_at > moment),
    )


def _changed_since() -> sa.ColumnElement[bool]:
    return sa.exists().where(
        VersionRecord.request_id == AwardRecord.request_id,
        VersionRecord.number > AwardRecord.version_number,
    )
