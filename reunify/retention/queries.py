"""What the page Retention shows: the schedule, holds, plans, final reports."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.funds import queries as funds
from reunify.identity import queries as people
from reunify.kernel.ids import StaffId
from reunify.reporting import ending
from reunify.retention.finding import schedule_now
from reunify.retention.policy import NoSuchHold, NoSuchPlan
from reunify.retention.records import Erasure, FinalReport, LegalHold, OwnPeriod, Plan, PlanItem
from reunify.retention.schedule import Kept, published
from reunify.vault.keepers import Erased


@dataclass(frozen=True, slots=True)
class RowShown:
    """One row of the schedule; `own` if the organisation set its period."""

    kept: Kept
    own: bool


@dataclass(frozen=True, slots=True)
class HoldShown:
    """`reason` and `asked_by` None once the family is erased, and in lists."""

    id: UUID
    references: tuple[str, ...]
    whole_person: bool
    state: str
    reason: str | None
    asked_by: str | None
    placed_by: str
    placed_at: datetime
    lift_asked_by: str | None
    lift_asked_by_id: UUID | None
    asked_as: str | None


@dataclass(frozen=True, slots=True)
class ItemShown:
    request_id: UUID
    reference: str
    record: str
    due_on: date
    outcome: str | None


@dataclass(frozen=True, slots=True)
class PlanShown:
    id: UUID
    number: int
    state: str
    digest: str
    held: int
    planned_by: str | None
    planned_by_id: UUID | None
    planned_at: datetime
    approved_by: str | None
    approved_at: datetime | None
    finished_at: datetime | None
    items: tuple[ItemShown, ...]

    @property
    def outcomes(self) -> dict[str, int]:
        return dict(Counter(i.outcome for i in self.items if i.outcome))

    @property
    def by_record(self) -> dict[str, int]:
        return dict(Counter(i.record for i in self.items))


@dataclass(frozen=True, slots=True)
class ReportShown:
    """A fund that is a federal award; `sent_on` None while its final report is not written down."""

    fund_id: UUID
    name: str
    sent_on: date | None


def schedule(session: Session) -> list[RowShown]:
    own = set(session.scalars(sa.select(OwnPeriod.record)))
    return [RowShown(kept, name in own) for name, kept in schedule_now(session).rows.items()]


def law_says(record: str) -> str | None:
    """The published period of this record, in words."""
    kept = published().rows.get(record)
    return str(kept.period) if kept and kept.period else None


def holds(session: Session) -> list[HoldShown]:
    """Those that stand, the newest first; without their words."""
    rows = session.scalars(
        sa.select(LegalHold).where(LegalHold.state != "lifted").order_by(LegalHold.placed_at.desc())
    ).all()
    names = _names(session, [i for r in rows for i in (r.placed_by, r.lift_asked_by)])
    return [_hold(session, row, names) for row in rows]


def hold(session: Session, hold_id: UUID) -> HoldShown:
    """With its words. Raises NoSuchHold."""
    row = session.get(LegalHold, hold_id)
    if row is None:
        raise NoSuchHold("There is no such legal hold.")
    shown = _hold(session, row, _names(session, [row.placed_by, row.lift_asked_by]))
    try:
        return replace(shown, reason=row.reason, asked_by=row.asked_by)
    except Erased:
        return shown


def _hold(session: Session, row: LegalHold, names: dict[UUID, str]) -> HoldShown:
    named = [row.request_id] if row.request_id else ending.requests_of_person(session, row.keeper)
    return HoldShown(
        id=row.id,
        references=tuple(ending.references(session, named)),
        whole_person=row.person_id is not None,
        state=row.state,
        reason=None,
        asked_by=None,
        placed_by=names[row.placed_by],
        placed_at=row.placed_at,
        lift_asked_by=names[row.lift_asked_by] if row.lift_asked_by else None,
        lift_asked_by_id=row.lift_asked_by,
        asked_as=row.asked_as,
    )


def plans(session: Session, *, limit: int = 10) -> list[PlanShown]:
    """The newest first."""
    rows = session.scalars(sa.select(Plan).order_by(Plan.number.desc()).limit(limit)).all()
    names = _names(session, [i for r in rows for i in (r.planned_by, r.approved_by)])
    return [_plan(session, row, names) for row in rows]


def plan(session: Session, plan_id: UUID) -> PlanShown:
    """Raises NoSuchPlan."""
    row = session.get(Plan, plan_id)
    if row is None:
        raise NoSuchPlan("There is no such retention plan.")
    return _plan(session, row, _names(session, [row.planned_by, row.approved_by]))


def _plan(session: Session, row: Plan, names: dict[UUID, str]) -> PlanShown:
    items = session.scalars(
        sa.select(PlanItem)
        .where(PlanItem.plan_id == row.id)
        .order_by(PlanItem.due_on, PlanItem.reference, PlanItem.part)
    )
    return PlanShown(
        id=row.id,
        number=row.number,
        state=row.state,
        digest=row.digest,
        held=row.held,
        planned_by=names[row.planned_by] if row.planned_by else None,
        planned_by_id=row.planned_by,
        planned_at=row.planned_at,
        approved_by=names[row.approved_by] if row.approved_by else None,
        approved_at=row.approved_at,
        finished_at=row.finished_at,
        items=tuple(ItemShown(i.request_id, i.reference, i.record, i.due_on, i.outcome) for i in items),
    )


def reports(session: Session) -> list[ReportShown]:
    newest = sa.select(FinalReport.fund_id, FinalReport.sent_on).order_by(FinalReport.number)
    sent = {fund: on for fund, on in session.execute(newest)}
    return [
        ReportShown(fund.id, fund.name, sent.get(fund.id))
        for fund in funds.all_funds(session)
        if fund.id in ending.federal_funds(session)
    ]


def erased_on(session: Session, request_id: UUID) -> datetime | None:
    """When the request was erased; None while it stands."""
    return session.scalar(
        sa.select(Erasure.at).where(Erasure.keeper == request_id, Erasure.kind == "request")
    )


def _names(session: Session, ids: list[UUID | None]) -> dict[UUID, str]:
    found = people.staff_names(session, [StaffId(i) for i in ids if i is not None])
    return {UUID(str(i)): name for i, name in found.items()}
