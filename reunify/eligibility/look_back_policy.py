"""What becomes of a family whose past answer the new rules would turn into a yes. Pure."""

from __future__ import annotations

from enum import StrEnum

from reunify.kernel.moves import START, Move, Moves
from reunify.kernel.refusals import NotFound, OutOfStep, Refused
from reunify.kernel.text import is_safe

LONGEST_REASON = 2_000
LOOK_BACK_MOVES = Moves(
    "look back",
    Move(START, "owe", "open", "approval of new rules, or flow"),
    Move("open", "settle", "done", "case manager of the case"),
)


class LookBackOutcome(StrEnum):
    CHECKED_AGAIN = "checked_again"
    NOT_NEEDED = "not_needed"


class NoSuchLookBack(NotFound):
    """There is no such look back, or it is another request's."""


class NotCheckedAgain(OutOfStep):
    """No version was frozen since the old rules answered."""


class NoSuchOutcome(Refused):
    """A look back ends in one of two ways."""

    field = "/outcome"


class LookBackReasonMissing(Refused):
    """A family that nobody goes back to has a reason written down."""

    field = "/reason"


def check_outcome(outcome: str, reason: str) -> tuple[LookBackOutcome, str]:
    """Both as kept. A check again speaks for itself; `not needed` has a reason.

    Raises NoSuchOutcome, LookBackReasonMissing.
    """
    if outcome not in list(LookBackOutcome):
        raise NoSuchOutcome("Say whether you checked the request again, or why that is not needed.")
    said = reason.strip()
    if outcome == LookBackOutcome.NOT_NEEDED and len(said) < 5:
        raise LookBackReasonMissing("Write why, in a sentence: it is read when somebody asks about them.")
    if len(said) > LONGEST_REASON or not is_safe(said.replace("\r\n", "\n")):
        raise LookBackReasonMissing(f"Write it in plain text of at most {LONGEST_REASON:,} characters.")
    return LookBackOutcome(outcome), said


def check_checked(outcome: LookBackOutcome, *, number: int, newest: int) -> None:
    """`number`: the version the look back is of; `newest`: the last one frozen, which checks itself."""
    if outcome is LookBackOutcome.CHECKED_AGAIN and newest <= number:
        raise NotCheckedAgain(
            "This request was not checked again yet. Check it again first, then say so here."
        )
