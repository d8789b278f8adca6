"""When cases ended: read over the rooms a request has passed, for the retention schedule."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, datetime, tzinfo
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from reunify.approval.records import AwardRecord, RefusalRecord
from reunify.consent.records import ConsentRecord, ConsentRevocation
from reunify.disbursement.logging_records import LoggedPaymentRecord
from reunify.disbursement.records import (
    AttemptRecord,
    InstructionLineRecord,
    InstructionRecord,
)
from reunify.eligibility.hand_off_records import HandOff
from reunify.funds.records import FundingSource
from reunify.intake.records import RequestRecord, VersionRecord
from reunify.reporting import signs
from reunify.reporting.progress import stage_of
from reunify.reporting.standing import Case, CaseStanding, Charged

# Stages after which nobody has anything to do.
_ENDED = {
    "draft": CaseStanding.DRAFT,
    "paid": CaseStanding.PAID,
    "refused": CaseStanding.WITHOUT_PAYMENT,
    "paid_elsewhere": CaseStanding.WITHOUT_PAYMENT,
    "declined": CaseStanding.WITHOUT_PAYMENT,
    "withdrawn": CaseStanding.WITHOUT_PAYMENT,
}
_TRAVELED = (CaseStanding.PAID, CaseStanding.WITHOUT_PAYMENT)
_IS_FEDERAL = sa.or_(FundingSource.award_number.is_not(None), FundingSource.assistance_listing.is_not(None))


def request_ids(session: Session) -> list[UUID]:
    """Every request there ever was, the oldest first."""
    return list(
        session.scalars(sa.select(RequestRecord.id).order_by(RequestRecord.created_at, RequestRecord.id))
    )


def requests_of_person(session: Session, person_id: UUID) -> list[UUID]:
    """The requests about this person, in the order of their ids: the order in which they are locked."""
    r = RequestRecord
    return list(session.scalars(sa.select(r.id).where(r.child_person_id == person_id).order_by(r.id)))


def child_of(session: Session, request_id: UUID) -> UUID | None:
    return session.scalar(sa.select(RequestRecord.child_person_id).where(RequestRecord.id == request_id))


def references(session: Session, request_ids: Collection[UUID]) -> list[str]:
    """In the order in which the requests came."""
    r = RequestRecord
    return list(
        session.scalars(sa.select(r.reference).where(r.id.in_(request_ids)).order_by(r.created_at, r.id))
    )


def federal_funds(session: Session) -> frozenset[UUID]:
    """Funds that are federal awards: they have an award number or an assistance listing."""
    return frozenset(session.scalars(sa.select(FundingSource.id).where(_IS_FEDERAL)))


def request_called(session: Session, reference: str) -> tuple[UUID, UUID | None] | None:
    """Id and child of the request with this reference."""
    r = RequestRecord
    row = session.execute(sa.select(r.id, r.child_person_id).where(r.reference == reference.strip().upper()))
    found = row.first()
    return (found[0], found[1]) if found else None


def cases(
    session: Session,
    request_ids: Collection[UUID],
    *,
    zone: tzinfo,
    reports: Mapping[UUID, date],
) -> list[Case]:
    """Each request's case. `reports`: when each fund's final report was sent.

    Only of an ended case is anything unsealed: the day its trip ends. No erased request may be among the ids.
    """
    r = RequestRecord
    found = signs.of(session, request_ids)
    standing = {i: _ENDED.get(stage_of(at), CaseStanding.OPEN) for i, at in found.items()}
    paid = [i for i, s in standing.items() if s is CaseStanding.PAID]
    helped = [i for i, at in found.items() if stage_of(at) == "paid_elsewhere"]
    closed = _settled(session, paid) | _refused(session, request_ids) | _helped(session, helped)
    charged = _federal(session, paid)
    consents = _consents(session, request_ids)
    trips = trip_ends(session, [i for i, s in standing.items() if s in _TRAVELED])
    rows = session.execute(
        sa.select(r.id, r.reference, r.child_person_id, r.changed_at)
        .where(r.id.in_(found))
        .order_by(r.created_at, r.id)
    )
    return [
        Case(
            request_id=row.id,
            reference=row.reference,
            child=row.child_person_id,
            version_number=found[row.id].number,
            standing=standing[row.id],
            changed_on=_day(row.changed_at, zone),
            closed_on=_day(closed[row.id], zone) if row.id in closed else None,
            trip_ends_on=trips.get(row.id),
            federal=tuple(Charged(code, reports.get(fund)) for fund, code in charged.get(row.id, ())),
            consent_ends_on=_day(consents[row.id], zone) if row.id in consents else None,
        )
        for row in rows
    ]


def _day(moment: datetime, zone: tzinfo) -> date:
    return moment.astimezone(zone).date()


def _settled(session: Session, request_ids: Collection[UUID]) -> dict[UUID, datetime]:
    """When the last payment of each request was made or checked."""
    last = sa.func.max(
        sa.func.greatest(AttemptRecord.settled_at, LoggedPaymentRecord.verified_at, AwardRecord.released_at)
    )
    rows = session.execute(
        sa.select(AwardRecord.request_id, last)
        .join(InstructionRecord, InstructionRecord.award_id == AwardRecord.id)
        .outerjoin(AttemptRecord, AttemptRecord.instruction_id == InstructionRecord.id)
        .outerjoin(LoggedPaymentRecord, LoggedPaymentRecord.instruction_id == InstructionRecord.id)
        .where(AwardRecord.request_id.in_(request_ids))
        .group_by(AwardRecord.request_id)
    )
    return {request_id: at for request_id, at in rows if at is not None}


def _helped(session: Session, ids: Collection[UUID]) -> dict[UUID, datetime]:
    """When it was written down that another payer helped; nothing is asked where nobody was."""
    if not ids:
        return {}
    h = HandOff
    asked = sa.select(h.request_id, sa.func.max(h.ended_at)).where(h.request_id.in_(ids), h.state == "helped")
    rows = session.execute(asked.group_by(h.request_id))
    return {request_id: at for request_id, at in rows if at is not None}


def _refused(session: Session, request_ids: Collection[UUID]) -> dict[UUID, datetime]:
    rows = session.execute(
        sa.select(RefusalRecord.request_id, sa.func.max(RefusalRecord.confirmed_at))
        .where(RefusalRecord.request_id.in_(request_ids), RefusalRecord.state == "confirmed")
        .group_by(RefusalRecord.request_id)
    )
    return {request_id: at for request_id, at in rows if at is not None}


def _consents(session: Session, request_ids: Collection[UUID]) -> dict[UUID, datetime]:
    """When the last consent of each request ended or ends: by its own day, or because it was taken back."""
    c, back = ConsentRecord, ConsentRevocation
    rows = session.execute(
        sa.select(c.request_id, sa.func.max(sa.func.least(c.ends_at, back.at)))
        .outerjoin(back, back.consent_id == c.id)
        .where(c.request_id.in_(request_ids), c.ends_at.is_not(None))
        .group_by(c.request_id)
    )
    return {request_id: at for request_id, at in rows if at is not None}


def _federal(session: Session, request_ids: Collection[UUID]) -> dict[UUID, list[tuple[UUID, str]]]:
    """The federal awards each request was paid from: funds with an award number."""
    rows = session.execute(
        sa.select(AwardRecord.request_id, FundingSource.id, FundingSource.code)
        .join(InstructionRecord, InstructionRecord.award_id == AwardRecord.id)
        .join(InstructionLineRecord, InstructionLineRecord.instruction_id == InstructionRecord.id)
        .join(FundingSource, FundingSource.id == InstructionLineRecord.fund_id)
        .where(
            AwardRecord.request_id.in_(request_ids),
            _IS_FEDERAL,
        )
        .distinct()
        .order_by(AwardRecord.request_id, FundingSource.code)
    )
    charged: dict[UUID, list[tuple[UUID, str]]] = {}
    for request_id, fund_id, code in rows:
        charged.setdefault(request_id, []).append((fund_id, code))
    return charged


def trip_ends(session: Session, request_ids: Collection[UUID]) -> dict[UUID, date]:
    """The last arrival of each newest version, on that place's own calendar. Unseals one version of each."""
    newest = session.scalars(
        sa.select(VersionRecord)
        .where(VersionRecord.request_id.in_(request_ids))
        .ext(distinct_on(VersionRecord.request_id))
        .order_by(VersionRecord.request_id, VersionRecord.number.desc())
    ).all()  # all at once, so that their keys are asked for at once
    ends: dict[UUID, date] = {}
    for version in newest:
        arrivals = [str(leg["arrives"])[:10] for leg in version.content.get("legs", [])]
        if arrivals:
            ends[version.request_id] = date.fromisoformat(max(arrivals))
    return ends
