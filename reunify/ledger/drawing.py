"""What an envelope holds goes to one award's lines, and back: each in the one posting that reserves or frees.

In between nothing is available to anybody else, and a crash leaves all of it or none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from reunify.kernel.may import FINANCE, may
from reunify.kernel.people import Actor, Role
from reunify.kernel.refusals import OutOfStep, Refused
from reunify.ledger import policy, postings, queries
from reunify.ledger.columns import NewHold
from reunify.ledger.policy import Account, Hold, Kind
from reunify.ledger.posting import check_named, freed, part_of, posted_before, write
from reunify.ledger.postings import BalanceKey, Entry

_Amounts = list[tuple[Hold, int]]


class DrawnElsewhere(Refused):
    """What is drawn from a hold, or put back into one, is of another source or category than the plan."""


class MoreThanDrawn(OutOfStep):
    """More would be put back into a hold than was ever drawn from it."""


def drawn_for(
    session: Session, plan: Sequence[NewHold], drawn: Mapping[UUID, int]
) -> Callable[[], list[Entry]]:
    """Lock these holds, in id order. What comes back checks them and says what they give up, so that a repeat
    of the same posting can be found in between.

    Raises NoSuchHold; then MoreThanReserved, DrawnElsewhere.
    """
    held = _locked(session, drawn)

    def given_up() -> list[Entry]:
        for hold, amount in held:
            policy.check_holds_enough(hold, Account.RESERVED, amount)
        wanted: dict[BalanceKey, int] = {}
        for line in plan:
            wanted[line.key] = wanted.get(line.key, 0) + line.amount
        _check_within(held, wanted)
        return [e for hold, amount in held for e in postings.unreserve(part_of(hold, amount))]

    return given_up


@may(*FINANCE, Role.CASE_MANAGER, system=True)
def put_back(
    session: Session,
    *,
    external_ref: str,
    amounts: Mapping[UUID, int],
    back: Mapping[UUID, int],
    by: Actor,
    now: datetime,
) -> UUID:
    """Give up reservations (`amounts`, by hold), of which `back` is reserved again by the holds it was drawn
    from. Returns the event's id.

    Raises MoreThanReserved, MoreThanDrawn, DrawnElsewhere, NoSuchHold, ReferenceUsed.
    """
    check_named(amounts)
    every = _locked(session, {**amounts, **back})
    content = [_said(amounts), _said(back)]
    before = posted_before(session, Kind.UNRESERVE, external_ref, content)
    if before is not None:
        return before
    freeing = [(hold, amounts[hold.id]) for hold, _ in every if hold.id in amounts]
    taking = [(hold, back[hold.id]) for hold, _ in every if hold.id in back]
    for hold, amount in freeing:
        policy.check_holds_enough(hold, Account.RESERVED, amount)
    freed_of: dict[BalanceKey, int] = {}
    for hold, amount in freeing:
        key = part_of(hold, amount).key
        freed_of[key] = freed_of.get(key, 0) + amount
    _check_within(taking, freed_of)
    for hold, amount in taking:
        if hold.live + policy.check_amount(amount) > hold.ceiling:
            raise MoreThanDrawn(
                f"This hold was made for {hold.ceiling} {hold.unit} and {hold.live} are in it: put back less."
            )
    entries = [e for hold, amount in freeing for e in postings.unreserve(part_of(hold, amount))]
    entries += [e for hold, amount in taking for e in postings.reserve(part_of(hold, amount))]
    return write(
        session,
        Kind.UNRESERVE,
        external_ref,
        content,
        entries,
        counted=freed(session, entries),
        by=by,
        now=now,
    )


def _locked(session: Session, amounts: Mapping[UUID, int]) -> _Amounts:
    held = queries.read_holds(session, amounts.keys(), lock=True)
    if len(held) < len(amounts):
        raise policy.NoSuchHold("One of these reservations does not exist.")
    return [(hold, amounts[hold.id]) for hold in held]


def _check_within(holds: _Amounts, there: Mapping[BalanceKey, int]) -> None:
    """Of each source and category no more than stands on the other side. Raises DrawnElsewhere."""
    left = dict(there)
    for hold, amount in holds:
        key = part_of(hold, amount).key
        left[key] = left.get(key, 0) - amount
    if any(amount < 0 for amount in left.values()):
        raise DrawnElsewhere(
            "More is drawn from a source or category than these lines are of: draw from their own."
        )


def _said(amounts: Mapping[UUID, int]) -> list[list[object]]:
    return sorted([str(hold), amount] for hold, amount in amounts.items())
