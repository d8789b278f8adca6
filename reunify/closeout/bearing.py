"""What the review of a night decision turned down is borne by the organisation's own money.

Whoever said no has asked for it; another person confirms each transfer, as ever. Nobody asks the family.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.allocation import queries as plans
from reunify.approval import envelope_queries as reviews
from reunify.approval import envelope_reviews
from reunify.approval import queries as approval
from reunify.approval.envelope_queries import Review
from reunify.closeout.actions import ask
from reunify.closeout.policy import IN_TIME, Asked, Late, Reason, is_late
from reunify.closeout.records import CostTransferRecord
from reunify.closeout.spent import Cost, costs, spent
from reunify.funds import queries as funds
from reunify.funds.policy import FundKind
from reunify.kernel.ids import RequestId
from reunify.kernel.may import may
from reunify.kernel.people import Actor
from reunify.kernel.refusals import Refused
from reunify.ledger import queries as books
from reunify.ledger.policy import Unit
from reunify.rates import queries as rates

_WHY: Final = "The review of what one person decided at night said no: {reason}"
_MOST: Final = 2_000  # characters of a justification


def to_bear(session: Session, *, limit: int) -> list[UUID]:
    """Ids of awards whose review said no, where something can be asked for, or all is borne."""
    found = []
    for review in reviews.reviews(session, states=["refused"]):
        if not _open(session, review.award_id) or _askable(session, review.award_id, review.request_id):
            found.append(UUID(str(review.award_id)))
    return found[:limit]


def open_cents(session: Session, award_id: UUID) -> int:
    """Of an award a review turned down: the cents another source than our own bears, or still may."""
    return _open(session, award_id)


@may(system=True)
def bear_refused(session: Session, *, award_id: UUID, by: Actor, now: datetime) -> bool:
    """Ask, in the name of whoever said no, that our own money bear what is spent; say when it all is.

    What is not paid yet is paid as approved, and asked for then. True if something moved on.
    """
    review = reviews.review_of(session, award_id)
    if review is None or review.state != "refused" or review.reviewed_by is None:
        return False
    if not _open(session, award_id):
        return envelope_reviews.bear(session, award_id=award_id, by=by, now=now)
    asked = [_ask(session, review, cost, by, now) for cost in _askable(session, award_id, review.request_id)]
    return any(asked)


def _ask(session: Session, review: Review, cost: Cost, by: Actor, now: datetime) -> bool:
    """Of our own sources the first that may bear it. False where none may: it stays on the list."""
    assert review.reviewed_by is not None
    why = _WHY.format(reason=review.reason or "").strip()[:_MOST]
    late = is_late(cost.of.posted_on, rates.today(session, now=now))
    for code in _ours(session):
        wish = Asked(
            request_id=review.request_id,
            from_hold=cost.hold_id,
            to=code,
            category=cost.budget_category,
            amount=cost.free,
            reason=Reason.NIGHT.value,
            justification=why,
            late=Late(why, why, why) if late else IN_TIME,
            by=review.reviewed_by,
            stands_for=review.reviewed_for,
        )
        try:
            with session.begin_nested():
                ask(session, asked=wish, by=by, now=now)
        except Refused:
            continue
        return True
    return False


def _ours(session: Session) -> list[str]:
    """Codes of the sources whose rules the organisation sets itself, in their order."""
    return [
        fund.code
        for fund in funds.all_funds(session)
        if fund.organisation_set
        and fund.kind is FundKind.HELD
        and fund.unit is Unit.CENTS
        and fund.state == "open"
    ]


def _open(session: Session, award_id: UUID) -> int:
    """Reserved, obligated or spent on sources that are not our own, wherever it lies now."""
    award = approval.award(session, award_id)
    own = [
        line.hold_id
        for line in plans.award_plan(session, award.allocation_id).lines
        if line.unit == Unit.CENTS
    ]
    moved = [move.to_hold for move in books.moved(session, own)]
    held = books.holds(session, [*own, *moved]).values()
    ours = {fund.id for fund in funds.all_funds(session) if fund.organisation_set}
    return sum(hold.live for hold in held if hold.fund_id not in ours)


def _askable(session: Session, award_id: UUID, request_id: RequestId) -> list[Cost]:
    """Spent on others' money, and neither asked for nor turned down by a second person."""
    award = approval.award(session, award_id)
    known = approval.newest_award(session, request_id)
    if known is None or known.id != award.id:
        return []
    found = [c for c in costs(session, spent(session, request_id)) if not c.fund.organisation_set and c.free]
    answered = _answered(session, [c.hold_id for c in found])
    return [c for c in found if c.hold_id not in answered]


def _answered(session: Session, holds: Collection[UUID]) -> set[UUID]:
    """A second person said no to moving it, or whoever asked took it back: people look at it then."""
    t = CostTransferRecord
    rows = session.scalars(
        sa.select(t.from_hold).where(
            t.from_hold.in_(holds),
            t.reason == Reason.NIGHT.value,
            t.state.in_(["turned_down", "withdrawn"]),
        )
    )
    return set(rows)
