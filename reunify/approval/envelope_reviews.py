"""A third person looks at what one person approved and released at night, and says yes or no to it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.approval import envelope_policy as policy
from reunify.approval.behind import authors_of, deciders
from reunify.approval.envelope_policy import REVIEW_MOVES
from reunify.approval.envelope_queries import signers_of
from reunify.approval.envelope_records import EnvelopeReview
from reunify.approval.records import AwardRecord
from reunify.audit import actions as audit
from reunify.intake import queries as intake
from reunify.kernel.may import FINANCE, may
from reunify.kernel.moves import START, Moved
from reunify.kernel.people import Actor, Role
from reunify.rates.queries import organisation_now


@may(Role.FINANCE_RELEASER)
def open_review(session: Session, *, award: AwardRecord, by: Actor, now: datetime) -> None:
    """With the one act itself, in its transaction: it is due by the next working day."""
    zone = organisation_now(session, now=now).zone
    review = EnvelopeReview(
        award_id=award.id,
        request_id=award.request_id,
        due_on=policy.review_due(now.astimezone(zone)),
        state=REVIEW_MOVES.check(START, "open").target,
        barred=_barred(session, award, now),
        opened_at=now,
    )
    session.add(review)
    session.flush()
    _noted(session, review, "open", by, now)


@may(*FINANCE)
def review(
    session: Session, *, award_id: UUID, agrees: bool, reason: str = "", by: Actor, now: datetime
) -> None:
    """Yes, or no with a reason: then the organisation's own money bears it, and nobody asks the family.

    Raises NoSuchReview, WrongState, ReviewedByAThird, EnvelopeReasonNeeded, NotAllowed.
    """
    found, award = _locked(session, award_id)
    REVIEW_MOVES.check(found.state, "agree")
    found.barred = sorted({*found.barred, *_barred(session, award, now)})
    person = policy.check_reviewer(by, barred=found.barred)
    if not agrees:
        found.reason = policy.check_reason(reason)
    moved = REVIEW_MOVES.apply(found, "agree" if agrees else "refuse")
    found.reviewed_by, found.reviewed_for = person.id, sorted(person.stands_for)
    found.reviewed_at = now
    session.flush()
    _noted(session, found, moved, by, now)


@may(system=True)
def bear(session: Session, *, award_id: UUID, by: Actor, now: datetime) -> bool:
    """Our own money bears all of it now. False if that was said before."""
    found, _ = _locked(session, award_id)
    if not REVIEW_MOVES.can(found.state, "bear"):
        return False
    moved = REVIEW_MOVES.apply(found, "bear")
    found.borne_at = now
    session.flush()
    _noted(session, found, moved, by, now)
    return True


def _barred(session: Session, award: AwardRecord, now: datetime) -> list[UUID]:
    wrote = authors_of(session, award.request_id, now)
    copied = {award.requested_by, award.submitted_by, *award.authors}
    return sorted({*wrote, *copied, *deciders(award), *signers_of(session, award.allocation_id)})


def _locked(session: Session, award_id: UUID) -> tuple[EnvelopeReview, AwardRecord]:
    """The request first, as everybody locks them. Raises NoSuchReview."""
    asked = sa.select(EnvelopeReview.request_id).where(EnvelopeReview.award_id == award_id)
    request_id = session.scalar(asked)
    if request_id is None:
        raise policy.NoSuchReview("No review waits for this award.")
    intake.lock_request(session, request_id)
    found = session.get_one(EnvelopeReview, award_id, with_for_update=True, populate_existing=True)
    return found, session.get_one(AwardRecord, award_id, populate_existing=True)


def _noted(session: Session, review: EnvelopeReview, moved: Moved | str, by: Actor, now: datetime) -> None:
    audit.record(session, by=by, at=now, subject="envelope_review", subject_id=review.award_id, moved=moved)
