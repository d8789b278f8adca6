"""The acts over a hand-off, each once: the page and the API only differ in what they answer."""

from __future__ import annotations

from uuid import UUID

from reunify.bootstrap import House
from reunify.eligibility import hand_offs
from reunify.eligibility.hand_off_policy import HandOffId
from reunify.intake import actions as intake
from reunify.intake.reach import Reach
from reunify.kernel.people import Staff
from reunify.rules import queries as rules


def hand_over(at: House, case: Reach, source: str, told: str, by: Staff) -> HandOffId:
    """Under the consents that name the source and stand now."""
    with at.db.work() as session:
        return hand_offs.hand_over(
            session, request_id=case.request_id, source=source, told=told, by=by, now=at.now()
        )


def write_outcome(at: House, case: Reach, hand_off_id: UUID, outcome: str, reason: str, by: Staff) -> None:
    """What became of it; where that meets a last-resort question, the request is checked again."""
    with at.db.work(wake=True) as session:
        met = hand_offs.write_outcome(
            session,
            hand_off_id=HandOffId(hand_off_id),
            outcome=outcome,
            reason=reason,
            rulebooks=rules.in_force(session),
            by=by,
            now=at.now(),
        )
        if met:
            intake.check_again(
                session, request_id=case.request_id, case_types=at.case_types, by=by, now=at.now()
            )
