"""How a journey may end badly, who says so, and what the money policy then leaves aside. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from reunify.kernel.ids import StaffId
from reunify.kernel.moves import START, Move, Moves
from reunify.kernel.people import Staff
from reunify.kernel.refusals import NotAllowed, OutOfStep, Refused

SHORTEST_REASON = 10


class Outcome(StrEnum):
    """After each of these nothing automatic reaches the family, and no deadline runs against it."""

    CHILD_DIED = "child_died"
    MISSING_AGAIN = "missing_again"
    RETURN_STOPPED = "return_stopped"  # by a court


OUTCOME = Moves(
    "quiet outcome",
    Move(START, "record", "standing", "case manager, supervisor"),
    Move("standing", "correct", "corrected", "another case manager or supervisor"),
)


@dataclass(frozen=True, slots=True)
class ReceiptPolicy:
    """From `since` on, whoever travelled in a case with a quiet outcome owes no receipts.

    Costs are then supported by the award, its bookings and its payments: 2 CFR 200.302(b)(3) asks for source
    documentation of what was paid, not for papers out of a family's hands.
    """

    code: str
    since: date


# A new decision of the organisation is a new line; what an outcome was recorded under never changes.
RECEIPT_POLICIES = (ReceiptPolicy("quiet-receipts-1", date(2026, 1, 1)),)


class QuietNow(OutOfStep):
    """Nothing leaves by itself: a person recorded that the journey ended badly."""


class AlreadyQuiet(OutOfStep):
    """One quiet outcome stands at a time."""


class NeedsReason(Refused):
    """Whoever records or corrects an outcome says what it rests on."""


class NeedsAnother(NotAllowed):
    """Whoever recorded an outcome does not take it back alone."""


def receipt_policy(on: date, policies: Sequence[ReceiptPolicy] = RECEIPT_POLICIES) -> ReceiptPolicy | None:
    """The one in force on that day; None before the first."""
    begun = [p for p in policies if p.since <= on]
    return max(begun, key=lambda p: p.since, default=None)


def check_reason(reason: str) -> str:
    """The reason without blanks around it. Raises NeedsReason."""
    said = reason.strip()
    if len(said) < SHORTEST_REASON:
        raise NeedsReason("Write in a sentence who told you and what it rests on.", field="/reason")
    return said


def check_another(by: Staff, recorded_by: StaffId) -> None:
    """Raises NeedsAnother: a stand-in counts as the person they stand for."""
    if recorded_by in by.selves:
        raise NeedsAnother(
            "You recorded this outcome. Ask a colleague or the supervisor to correct it; until then all "
            "stays quiet."
        )
