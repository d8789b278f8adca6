"""What we show of envelopes and of the reviews of night decisions; and who may act alone."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.allocation import enveloped as money
from reunify.approval import envelope_policy as policy
from reunify.approval.envelope_records import EnvelopeLine, EnvelopeRecord, EnvelopeReview
from reunify.approval.records import AwardRecord
from reunify.identity import on_call
from reunify.identity.duties import Duty
from reunify.kernel.ids import AwardId, FundId, RequestId, StaffId
from reunify.kernel.money import Money
from reunify.kernel.people import Actor, Staff
from reunify.ledger.policy import BudgetCategory
from reunify.vault.keepers import ERASED

OPEN_STATES = ("proposed", "in_force")
OPEN_REVIEWS = ("due", "refused")


@dataclass(frozen=True, slots=True)
class Part:
    """Of one budget category: what was signed, and what is still in the envelope."""

    budget_category: BudgetCategory
    signed: Money
    left: Money


@dataclass(frozen=True, slots=True)
class Envelope:
    """`signed_by` proposed it, `confirmed_by` put it in force."""

    id: UUID
    reference: str
    fund_id: FundId
    state: str
    per_request: Money
    starts_at: datetime
    ends_at: datetime
    signed_by: StaffId
    signed_for: frozenset[UUID]
    signed_at: datetime
    confirmed_by: StaffId | None
    confirmed_at: datetime | None
    ended_at: datetime | None
    ended_reason: str | None
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Review:
    """`barred`: whoever had a part in it, who may not review it."""

    award_id: AwardId
    award_reference: str
    request_id: RequestId
    ceiling: Money
    due_on: date
    state: str
    barred: frozenset[UUID]
    opened_at: datetime
    decided_by: StaffId
    reviewed_by: StaffId | None
    reviewed_for: frozenset[StaffId]
    reviewed_at: datetime | None
    reason: str | None = field(repr=False)

    def is_overdue(self, today: date) -> bool:
        return self.state == "due" and self.due_on < today


def envelopes(session: Session, *, states: Sequence[str] = OPEN_STATES, limit: int = 200) -> list[Envelope]:
    """The newest first."""
    e = EnvelopeRecord
    rows = session.scalars(
        sa.select(e).where(e.state.in_(states)).order_by(e.signed_at.desc(), e.id).limit(limit)
    ).all()
    lines = _lines(session, [row.id for row in rows]) if rows else {}
    return [
        Envelope(
            row.id,
            row.reference,
            FundId(row.fund_id),
            row.state,
            Money(row.per_request_cents),
            row.starts_at,
            row.ends_at,
            StaffId(row.signed_by),
            frozenset(row.signed_for),
            row.signed_at,
            StaffId(row.confirmed_by) if row.confirmed_by else None,
            row.confirmed_at,
            row.ended_at,
            row.ended_reason,
            lines.get(row.id, ()),
        )
        for row in rows
    ]


def _lines(session: Session, ids: Collection[UUID]) -> dict[UUID, tuple[Part, ...]]:
    line = EnvelopeLine
    rows = session.execute(
        sa.select(line.envelope_id, line.budget_category, line.amount_cents)
        .where(line.envelope_id.in_(ids))
        .order_by(line.envelope_id, line.budget_category)
    ).all()
    left = money.left_in(session, ids)
    found: dict[UUID, tuple[Part, ...]] = {}
    for envelope, category, cents in rows:
        part = Part(BudgetCategory(category), Money(cents), Money(left.get((envelope, category), 0)))
        found[envelope] = (*found.get(envelope, ()), part)
    return found


def to_expire(session: Session, *, now: datetime, limit: int) -> list[UUID]:
    """In force, and their time is over."""
    e = EnvelopeRecord
    asked = sa.select(e.id).where(e.state == "in_force", e.ends_at <= now)
    return list(session.scalars(asked.order_by(e.ends_at).limit(limit)))


def signers_of(session: Session, allocation_id: UUID) -> set[UUID]:
    """Who signed the envelopes this split drew on, with all they stood for."""
    e = EnvelopeRecord
    rows = session.execute(
        sa.select(e.signed_by, e.signed_for, e.confirmed_by, e.confirmed_for).where(
            e.id.in_(money.envelopes_of(session, allocation_id))
        )
    )
    return {i for first, firsts, second, seconds in rows for i in (first, *firsts, second, *seconds) if i}


def why_not_alone(
    session: Session, *, enveloped: bool, allocation_id: UUID, by: Actor, now: datetime
) -> str | None:
    """None if this person, on call now, may approve and release it in one act; else why not, in words."""
    if not enveloped:
        return policy.why_not_alone(enveloped=False, open_now=False, on_call=(), by=by)
    open_now = money.is_open(session, allocation_id, now=now)
    (duty,) = (o for o in on_call.who_is_on_call(session, now=now) if o.duty is Duty.NIGHT_FINANCE)
    called = {c.id for c in (duty.person, duty.backup) if c is not None}
    return policy.why_not_alone(enveloped=True, open_now=open_now, on_call=called, by=by)


def reviews(session: Session, *, states: Sequence[str] = OPEN_REVIEWS, limit: int = 200) -> list[Review]:
    """The soonest due first."""
    r = EnvelopeReview
    return _reviews(session, sa.select(r).where(r.state.in_(states)).order_by(r.due_on, r.opened_at), limit)


def review_of(session: Session, award_id: UUID) -> Review | None:
    """None where no person acted alone on this award inside an envelope."""
    found = _reviews(session, sa.select(EnvelopeReview).where(EnvelopeReview.award_id == award_id), 1)
    return found[0] if found else None


def _reviews(session: Session, asked: sa.Select[EnvelopeReview], limit: int) -> list[Review]:
    w = AwardRecord
    rows = session.execute(
        asked.join(w, w.id == EnvelopeReview.award_id)
        .add_columns(w.reference, w.ceiling_cents, w.released_by)
        .limit(limit)
    ).all()
    return [
        Review(
            AwardId(row.award_id),
            reference,
            RequestId(row.request_id),
            Money(cents),
            row.due_on,
            row.state,
            frozenset(row.barred),
            row.opened_at,
            StaffId(decided_by),
            StaffId(row.reviewed_by) if row.reviewed_by else None,
            frozenset(StaffId(i) for i in row.reviewed_for),
            row.reviewed_at,
            EnvelopeReview.reason.told(row, erased=ERASED),
        )
        for row, reference, cents, decided_by in rows
    ]


def to_sign(session: Session, *, me: Staff) -> list[Envelope]:
    """Proposed ones that wait for this person's second signature."""
    found = envelopes(session, states=["proposed"])
    return [one for one in found if me.selves.isdisjoint({one.signed_by, *one.signed_for})]


def to_review(session: Session, *, me: Staff) -> list[Review]:
    """What this person may review, the soonest due first."""
    return [one for one in reviews(session, states=["due"]) if policy.can_review(me, barred=one.barred)]
