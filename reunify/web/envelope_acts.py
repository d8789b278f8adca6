"""The acts over envelopes and reviews, each once: the page and the API only differ in what they answer."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from reunify.approval import envelope_reviews, envelopes
from reunify.bootstrap import House
from reunify.identity.duties import Span
from reunify.kernel.money import Money
from reunify.kernel.people import Staff
from reunify.ledger.policy import BudgetCategory


def propose(
    at: House, fund: str, amounts: Mapping[BudgetCategory, int], per_request: Money, span: Span, by: Staff
) -> UUID:
    """The first signature; nothing is held yet."""
    with at.db.work() as session:
        return envelopes.propose(
            session, fund=fund, amounts=amounts, per_request=per_request, span=span, by=by, now=at.now()
        )


def sign(at: House, envelope_id: UUID, by: Staff) -> None:
    """The second signature puts it in force."""
    with at.db.work() as session:
        envelopes.sign(session, envelope_id=envelope_id, by=by, now=at.now())


def withdraw(at: House, envelope_id: UUID, reason: str, by: Staff) -> None:
    with at.db.work() as session:
        envelopes.withdraw(session, envelope_id=envelope_id, reason=reason, by=by, now=at.now())


def close(at: House, envelope_id: UUID, reason: str, by: Staff) -> None:
    """What is left in it is available again: whoever waits for money may be tried."""
    with at.db.work(wake=True) as session:
        envelopes.close(session, envelope_id=envelope_id, reason=reason, by=by, now=at.now())


def review(at: House, award_id: UUID, agrees: bool, reason: str, by: Staff) -> None:
    """A third person's yes or no; after a no the flow asks for the cost transfers."""
    with at.db.work(wake=True) as session:
        envelope_reviews.review(session, award_id=award_id, agrees=agrees, reason=reason, by=by, now=at.now())
