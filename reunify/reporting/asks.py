"""Asks of funders over all requests: whom to ask again, what to confirm, and whose request has ended."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.eligibility.asking_checks import may_look_second
from reunify.eligibility.asking_policy import why_chased
from reunify.eligibility.asking_records import FunderAsk, FunderDecision, FunderDecisionAmount
from reunify.intake.outcomes import is_quiet, quiet_of
from reunify.intake.queries import lock_request
from reunify.intake.records import RequestRecord
from reunify.kernel.ids import RequestId, StaffId
from reunify.kernel.people import Role, Staff
from reunify.ledger.policy import Scope
from reunify.ledger.records import LedgerCap
from reunify.reporting.progress import stages
from reunify.vault.records import FamilyKey

MOST = 200
# Whether it was paid, by us.
ENDED = {"paid": True, "refused": False, "paid_elsewhere": False, "declined": False, "withdrawn": False}


@dataclass(frozen=True, slots=True)
class AskToChase:
    """`why`: `confirm` (a decision waits for its second look), `departs_first` or `overdue`. No name, no
    place."""

    request_id: RequestId
    reference: str
    handled_by: StaffId
    source: str
    why: str
    asked_on: date
    answer_due: date
    departs_on: date | None


def to_chase(session: Session, *, me: Staff, today: date) -> list[AskToChase]:
    """Of the cases this person has, covers or leads; the soonest departure first, then the longest due.

    A decision waits for whoever did not record it, nor stood in for who did. Who was erased is left out.
    """
    r, a, d = RequestRecord, FunderAsk, FunderDecision
    ways: list[sa.ColumnElement[bool]] = []
    if Role.CASE_MANAGER in me.roles:
        ways.append(r.handled_by.in_({me.id, *me.covers}))
        ways.append(r.team == me.team)  # a colleague confirms
    if Role.SUPERVISOR in me.roles:
        ways.append(r.team.in_(me.supervises))
    if not ways:
        return []
    erased = sa.exists().where(FamilyKey.keeper == r.id, FamilyKey.destroyed_at.is_not(None))
    rows = session.execute(
        sa.select(
            a.request_id,
            r.reference,
            r.handled_by,
            r.team,
            a.source,
            a.state,
            a.asked_on,
            a.answer_due,
            a.departs_on,
            d.recorded_by,
            d.recorded_for,
        )
        .join(r, r.id == a.request_id)
        .outerjoin(d, sa.and_(d.ask_id == a.id, d.state == "waiting"))
        .where(
            sa.or_(sa.and_(a.state == "open", ~quiet_of(a.request_id)), d.id.is_not(None)),
            sa.or_(*ways),
            ~erased,
        )
        .order_by(a.departs_on.nulls_last(), a.answer_due, a.id)
        .limit(MOST)
    )
    return [found for row in rows if (found := _to_chase(row, me, today)) is not None]


def _to_chase(row: Any, me: Staff, today: date) -> AskToChase | None:
    mine = row.handled_by in {me.id, *me.covers} or row.team in me.supervises
    if row.recorded_by is not None:
        why = "confirm" if may_look_second(me, row.recorded_by, row.recorded_for) else None
    elif mine:
        why = why_chased(answer_due=row.answer_due, departs_on=row.departs_on, today=today)
    else:
        why = None
    if why is None:
        return None
    return AskToChase(
        request_id=RequestId(row.request_id),
        reference=row.reference,
        handled_by=StaffId(row.handled_by),
        source=row.source,
        why=why,
        asked_on=row.asked_on,
        answer_due=row.answer_due,
        departs_on=row.departs_on,
    )


def ended(session: Session) -> Iterator[tuple[RequestId, bool]]:
    """Ended requests with an ask still open or a grant not used up, and whether the request was paid.

    All of them, the first begun first: they are read on page by page for as long as the caller asks for more,
    so those that go on, or keep what they have, are in nobody's way. A paid request only with a grant.
    """
    last: UUID | None = None
    while True:
        page = session.execute(_unsettled(after=last).limit(MOST)).all()
        stage = stages(session, [row.request_id for row in page])
        for row in page:
            paid = ENDED.get(stage[row.request_id])
            if paid is False or (paid and row.has_grant):
                yield RequestId(row.request_id), paid
        if len(page) < MOST:
            return
        last = page[-1].request_id


def _unsettled(*, after: UUID | None) -> sa.Select[Any]:
    """Requests whose asks are not settled, by id; `has_grant`: something granted is not used. An ask whose
    decision waits for its second look is left to people, and who was erased is left out."""
    a, d, amount, cap = FunderAsk, FunderDecision, FunderDecisionAmount, LedgerCap
    used = sa.func.coalesce(cap.used, 0)
    unused = (
        sa.select(a.request_id, sa.true().label("has_grant"))
        .join(d, sa.and_(d.ask_id == a.id, d.state == "in_force"))
        .join(amount, amount.decision_id == d.id)
        .outerjoin(
            cap,
            sa.and_(
                cap.fund_id == a.fund_id,
                cap.scope == Scope.CATEGORY.value,
                cap.unit == a.unit,
                cap.category == "",
                cap.scope_id
                == sa.func.concat("asked:", sa.cast(a.request_id, sa.Text), ":", amount.budget_category),
            ),
        )
        .group_by(a.request_id, a.fund_id, amount.budget_category, used)
        .having(sa.func.sum(amount.amount) > used)
    )
    looked_at = sa.exists().where(d.ask_id == a.id, d.state == "waiting")
    waits = sa.select(a.request_id, sa.false()).where(a.state == "open", ~looked_at)
    both = sa.union_all(unused, waits).subquery()
    erased = sa.exists().where(FamilyKey.keeper == both.c.request_id, FamilyKey.destroyed_at.is_not(None))
    asked = sa.select(both.c.request_id, sa.func.bool_or(both.c.has_grant).label("has_grant"))
    asked = asked.where(~erased, ~quiet_of(both.c.request_id))
    if after is not None:
        asked = asked.where(both.c.request_id > after)
    return asked.group_by(both.c.request_id).order_by(both.c.request_id)


def ended_one(session: Session, request_id: UUID) -> bool | None:
    """Whether this request was paid, if it has ended; None while it goes on, or is quiet. Its row is held."""
    lock_request(session, request_id)
    if is_quiet(session, request_id):
        return None
    return ENDED.get(stages(session, [request_id])[request_id])
