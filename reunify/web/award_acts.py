"""The acts over an award, each once: the page and the API only differ in what they answer."""

from __future__ import annotations

from uuid import UUID

from reunify.approval import actions, refusing
from reunify.bootstrap import House
from reunify.disbursement import cards
from reunify.kernel.ids import AwardId
from reunify.kernel.people import Staff


def approve(at: House, award_id: UUID, by: Staff) -> None:
    """Yes to exactly what stands now; the digest holds it."""
    with at.db.work() as session:
        actions.approve(
            session, award_id=AwardId(award_id), templates=at.letter_templates(), by=by, now=at.now()
        )


def release(at: House, award_id: UUID, by: Staff) -> None:
    """The last money gate: obligates, and the flow pays."""
    with at.db.work(wake=True) as session:
        actions.release(session, award_id=AwardId(award_id), by=by, now=at.now())


def approve_and_release(at: House, award_id: UUID, by: Staff) -> None:
    """Both in one act, at or under the dated small-amount limit only."""
    with at.db.work(wake=True) as session:
        actions.approve_and_release(
            session, award_id=AwardId(award_id), templates=at.letter_templates(), by=by, now=at.now()
        )


def decline(at: House, award_id: UUID, reason: str, by: Staff) -> None:
    """No, with a reason; what was reserved is free again. Raises ReasonNeeded."""
    with at.db.work(wake=True) as session:
        actions.decline(session, award_id=AwardId(award_id), reason=reason, by=by, now=at.now())


def close_card(at: House, award_id: UUID, why: str, by: Staff) -> None:
    """A finance person has looked at Stripe for a card nobody knows of, and cancelled what was there."""
    with at.db.work(wake=True) as session:
        cards.close(session, award_id=AwardId(award_id), why=why, by=by, now=at.now())


def confirm_refusal(at: House, refusal_id: UUID, by: Staff) -> None:
    """A named person says no, once, kindly; the one letter follows."""
    with at.db.work(wake=True) as session:
        refusing.confirm_refusal(session, refusal_id=refusal_id, by=by, now=at.now())
