"""When money that somebody else paid back counts: written down by one person, verified by another. Pure."""

from __future__ import annotations

from datetime import date

from reunify.funds.policy import FundKind
from reunify.funds.queries import Fund
from reunify.kernel.money import Money
from reunify.kernel.moves import START, Move, Moves
from reunify.kernel.refusals import BadInput, NotFound, OutOfStep, Problem, Refused
from reunify.kernel.text import is_safe

RECOVERY_MOVES = Moves(
    "cost recovery",
    Move(START, "record", "recorded", "finance"),
    Move("recorded", "verify", "verified", "another finance person, not an author"),
    Move("recorded", "strike", "struck", "finance"),
)
LONGEST = 300


class NoSuchRecovery(NotFound):
    """There is no such recovery, or it is another request's."""


class NotElsewhere(Refused):
    """Only a source that pays by itself pays back."""

    field = "/source"


class MoreThanWasSpent(OutOfStep):
    """More would come back than is spent of the line."""

    field = "/amount"


class RecordedAlready(OutOfStep):
    """The same bank reference was written down before for this line and source."""

    field = "/bank_reference"


def check_source(fund: Fund) -> None:
    """Raises NotElsewhere."""
    if fund.kind is not FundKind.ELSEWHERE:
        raise NotElsewhere(
            f"{fund.name} is a source of ours: what it should bear is moved to it by a cost transfer."
        )


def check_typed(
    amount: int, *, happened_on: date, paid_on: date, today: date, bank_reference: str, evidence: str
) -> tuple[str, str]:
    """The bank reference and where the paper is kept, trimmed. `paid_on`: the day of the line's first
    payment; nothing of it came back before. Raises BadInput with every problem."""
    wrong = []
    if amount <= 0:
        wrong.append(Problem("/amount", "Write dollars and cents, like 120.00."))
    if happened_on > today:
        wrong.append(Problem("/happened_on", "The money has not come yet: name the day it did."))
    if happened_on < paid_on:
        remedy = f"The line was first paid on {paid_on.isoformat()}: name that day or a later one."
        wrong.append(Problem("/happened_on", remedy))
    said = {"/bank_reference": bank_reference.strip(), "/evidence": evidence.strip()}
    remedies = {
        "/bank_reference": "Write the number on the bank's line, at least 2 plain characters.",
        "/evidence": "Name the paper that says what the money is for, and where it is kept.",
    }
    for pointer, text in said.items():
        if not 2 <= len(text) <= LONGEST or not is_safe(text):
            wrong.append(Problem(pointer, remedies[pointer]))
    if wrong:
        raise BadInput(wrong)
    return said["/bank_reference"], said["/evidence"]


def check_recoverable(amount: int, *, spent: int, waiting: int) -> None:
    """`waiting`: written down before and not verified yet. Raises MoreThanWasSpent."""
    if amount > spent - waiting:
        also = f" {Money(waiting)} of it waits to be verified." if waiting else ""
        raise MoreThanWasSpent(
            f"{Money(spent)} is spent of this line, and no more can come back.{also} What is beyond it is "
            "not ours: ask the payer."
        )
