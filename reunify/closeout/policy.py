"""When a cost may be moved to another fund or category, and who may say so. Pure.

2 CFR 200.405: a cost belongs to an award that it benefits. Paragraph (c): it is not shifted to another one to
get over a shortage, to keep clear of a restriction, or for convenience; so that money is about to lapse is
never a reason here.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from reunify.kernel.ids import RequestId, StaffId
from reunify.kernel.money import Money
from reunify.kernel.moves import START, Move, Moves
from reunify.kernel.people import Actor, Role, Staff, check_role
from reunify.kernel.refusals import BadInput, NotAllowed, NotFound, OutOfStep, Problem, Refused
from reunify.kernel.text import is_safe
from reunify.ledger.policy import BudgetCategory

TRANSFER_MOVES = Moves(
    "cost transfer",
    Move(START, "ask", "asked", "finance"),
    Move("asked", "confirm", "confirmed", "another finance person, not an author"),
    Move("asked", "turn_down", "turned_down", "another finance person"),
    Move("asked", "withdraw", "withdrawn", "whoever asked"),
)
# The organisation's own number (2 CFR 200.405 names none): the day the cost was posted is day 0.
CLOCK: Final = timedelta(days=90)
SHORTEST, LONGEST = 20, 2_000  # characters of an answer in words


class Reason(StrEnum):
    """Why a cost is moved. A closed list."""

    FUNDER_DECIDED = "funder_decided_after_bridging"
    WRONG_SOURCE = "charged_to_the_wrong_source"
    NOT_ALLOWED_THERE = "not_allowable_where_it_is"
    CATEGORY = "correct_budget_category"
    NIGHT = "review_of_a_night_decision"


IN_WORDS: Final = {
    Reason.FUNDER_DECIDED: "The funder decided after our own money had paid",
    Reason.WRONG_SOURCE: "It was charged to the wrong source",
    Reason.NOT_ALLOWED_THERE: "The source it is charged to may not bear it",
    Reason.CATEGORY: "It was counted in the wrong budget category",
    Reason.NIGHT: "The review turned down what was decided at night: our own money bears it",
}


class NoSuchCost(NotFound):
    """Nothing of this request is spent there."""


class NoSuchTransfer(NotFound):
    """There is no such transfer, or it is another request's."""


class NotAReason(Refused):
    """The reason is not one of the list."""

    field = "/reason"


class MoreThanSpent(OutOfStep):
    """More than is spent there and not asked for already."""

    field = "/amount"


class ExplainLateness(Refused):
    """The clock has run out and the three questions are not answered."""


class FindingNeeded(Refused):
    """No rule finds the cost allocable, and the confirming person has not said why it is."""

    field = "/finding"


class ThereAlready(Refused):
    """The source bears the cost in this budget category already."""

    field = "/category"


class SamePersonTwice(NotAllowed):
    """Whoever asked cannot confirm, nor anybody who counts as the same person."""


class AuthorMayNotConfirm(NotAllowed):
    """Whoever wrote the request decides on none of its money."""


class OnlyWhoAsked(NotAllowed):
    """An ask is taken back by whoever made it; a colleague turns it down."""


@dataclass(frozen=True, slots=True)
class Late:
    """The expanded justification: the three questions of a transfer after the clock."""

    why_charged: str = ""
    why_belongs: str = ""
    why_late: str = ""


IN_TIME: Final = Late()  # nothing to explain


@dataclass(frozen=True, slots=True)
class Asked:
    """So many cents spent on `from_hold` are to be borne by the source with code `to`. `by`: who asks, and
    whom they stand for."""

    request_id: RequestId
    from_hold: UUID
    to: str
    category: BudgetCategory
    amount: int
    reason: str
    justification: str
    late: Late
    by: UUID
    stands_for: frozenset[StaffId] = frozenset()


LATE_QUESTIONS: Final = {
    "why_charged": "Why was the cost charged where it is?",
    "why_belongs": "Why does it belong to the other source?",
    "why_late": "Why is it moved only now?",
}


def days_left(posted_on: date, on: date) -> int:
    """Of the clock, on that day: 0 is the last one in time, below it is late."""
    return (posted_on + CLOCK - on).days


def is_late(posted_on: date, on: date) -> bool:
    return days_left(posted_on, on) < 0


def check_asker(by: Actor) -> Staff:
    """Finance people ask. Raises NotAllowed."""
    if not isinstance(by, Staff):
        raise NotAllowed("A person asks for a cost transfer, never a rule.")
    check_role(by, Role.FINANCE_APPROVER, Role.FINANCE_RELEASER)
    return by


def check_second(by: Actor, first: UUID, first_for: Collection[UUID], *, authors: Collection[UUID]) -> Staff:
    """Another finance person than `first` (with `first_for`, whom they stood for), and no author of the
    request. Raises SamePersonTwice, AuthorMayNotConfirm, NotAllowed."""
    if not isinstance(by, Staff):
        raise NotAllowed("A person confirms this, never a rule.")
    check_role(by, Role.FINANCE_APPROVER, Role.FINANCE_RELEASER)
    if by.id == first:
        raise SamePersonTwice("You wrote this down yourself: a colleague in finance must confirm it.")
    if not by.selves.isdisjoint({first, *first_for}):
        raise SamePersonTwice(
            "You and whoever wrote this down stand in for the same person: another colleague must confirm it."
        )
    if not by.selves.isdisjoint(authors):
        raise AuthorMayNotConfirm(
            "You, or a colleague you stand in for, entered or changed this request: another colleague must "
            "confirm it."
        )
    return by


def check_who_asked(by: Actor, asked_by: UUID, asked_for: Collection[UUID]) -> None:
    """Raises OnlyWhoAsked."""
    if not isinstance(by, Staff) or by.selves.isdisjoint({asked_by, *asked_for}):
        raise OnlyWhoAsked("Only whoever asked takes this back. You may turn it down, with your reason.")


def check_reason(code: str, *, same_fund: bool) -> Reason:
    """Raises NotAReason."""
    try:
        reason = Reason(code)
    except ValueError:
        raise NotAReason(
            "Choose a reason of the list. That money is about to lapse, or is short elsewhere, is never one "
            "(2 CFR 200.405(c))."
        ) from None
    if (reason is Reason.CATEGORY) != same_fund:
        raise NotAReason(
            "A wrong budget category is set right within one source: choose that source, or another reason."
            if reason is Reason.CATEGORY
            else "Within one source only the category can be wrong: choose that reason, or another source."
        )
    return reason


def check_in_own_name(by: Actor, asked_by: UUID) -> None:
    """People ask in their own name; only a flow asks in the name of whoever reviewed. Raises NotAllowed."""
    if isinstance(by, Staff) and by.id != asked_by:
        raise NotAllowed("A cost transfer is asked for in your own name.")


def check_moves(*, same_fund: bool, same_category: bool) -> None:
    """Raises ThereAlready."""
    if same_fund and same_category:
        raise ThereAlready("The cost is there already: choose another source, or another category.")


def check_words(said: dict[str, str], *, least: int = SHORTEST) -> dict[str, str]:
    """Each answer, by field, in plain words of a sentence or more. Raises BadInput with every problem."""
    found = {name: words.strip() for name, words in said.items()}
    wrong = [
        Problem(f"/{name}", f"Write {least} to {LONGEST:,} plain characters.")
        for name, words in found.items()
        if not least <= len(words) <= LONGEST or not is_safe(words)
    ]
    if wrong:
        raise BadInput(wrong)
    return found


def check_late(late: Late, *, posted_on: date, on: date) -> dict[str, str]:
    """The three answers where they are owed, else none. Raises ExplainLateness, BadInput."""
    said = {name: getattr(late, name) for name in LATE_QUESTIONS}
    if not is_late(posted_on, on):
        return {}
    if not any(words.strip() for words in said.values()):
        raise ExplainLateness(
            f"The cost was posted on {posted_on.isoformat()}, {(on - posted_on).days} days ago. After "
            f"{CLOCK.days} days a transfer answers three questions: why it was charged there, why it belongs "
            "to the other source, and why it is late.",
            field="/why_charged",
        )
    return check_words(said)


def check_amount(amount: int, *, free: int) -> None:
    """Raises MoreThanSpent, BadInput."""
    if amount <= 0:
        raise BadInput([Problem("/amount", "Write dollars and cents, like 120.00.")])
    if amount > free:
        raise MoreThanSpent(
            f"{Money(free)} can be moved from there: ask for that or less. What was asked before counts too."
        )


def check_finding(finding: str, *, basis: str | None) -> str | None:
    """The confirming person's words where no rule is the basis; None where one is and nothing was said.

    Raises FindingNeeded, BadInput.
    """
    if not finding.strip():
        if basis is None:
            raise FindingNeeded(
                "The rules did not find this source may pay this cost. Write why it benefits the source's "
                "purpose and may be charged to it (2 CFR 200.405), or turn the transfer down."
            )
        return None
    return check_words({"finding": finding})["finding"]
