"""Which events are facts about money, and so reversed when wrong, and which are decisions. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from reunify.kernel.refusals import NotFound, OutOfStep, Refused
from reunify.ledger.policy import Kind

# Facts about money may have been written down wrongly; a correction reverses them, entry by entry.
CORRECTABLE = frozenset(
    {
        Kind.DRAW_DOWN,
        Kind.EXPEND,
        Kind.GIVE_BACK,
        Kind.FEE,
        Kind.RECOVER,
        Kind.COST_TRANSFER,
        Kind.TOP_UP,
    }
)
# The others are decisions, each undone by a decision of its own.
_UNDONE_BY: Mapping[Kind, str] = {
    Kind.AUTHORISE: "amend the amounts of the source instead",
    Kind.RESERVE: "give the reservation up instead",
    Kind.UNRESERVE: "reserve again, from what is available now",
    Kind.OBLIGATE: "take the obligation back instead",
    Kind.UNOBLIGATE: "obligate it again",
    Kind.FAIL: "what it freed may be promised to someone else, so reserve anew",
    Kind.SUSPEND: "explain what is in suspense instead",
    Kind.EXPLAIN: "hold it in suspense again, under a new reference",
    Kind.CORRECT: "post the event itself again, under a new reference",
}


class NoSuchEvent(NotFound):
    """The event to be corrected does not exist."""


class AlreadyCorrected(OutOfStep):
    """An event is reversed once."""


class CannotBeCorrected(Refused):
    """A decision, not a fact about money: it is undone by another decision."""


def check_correctable(kind: Kind) -> None:
    """Raises CannotBeCorrected, which names what to do instead."""
    if kind not in CORRECTABLE:
        raise CannotBeCorrected(f"An event of the kind {kind} is not reversed: {_UNDONE_BY[kind]}.")
