"""Money comes back: a payment that was returned, or a cost that somebody else paid after all.

It goes to the fund that bears the cost now. The caller names the line it paid; what was moved from that line
to another fund is followed there, the newest move first, and only then is the line itself relieved.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.orm import Session

from reunify.kernel.may import FINANCE, may
from reunify.kernel.people import Actor, Role
from reunify.ledger import policy, postings, queries
from reunify.ledger.policy import Account, Cash, Hold, Kind
from reunify.ledger.posting import Days, check_named, freed, part_of, posted_before, write
from reunify.ledger.postings import Entries, Entry
from reunify.ledger.queries import Moved


@dataclass(frozen=True, slots=True)
class GivenBack:
    """The event; and of each line named, the cents that followed a moved cost to the fund that bore it.

    Those are available there: they are never obligated again on the line that was named, and cannot be paid
    from it.
    """

    event: UUID
    followed: Mapping[UUID, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Share:
    """So much of what came back belongs to this hold. `line`: the one that was named.

    `is_moved`: the hold bears a cost that another one paid. Nothing is ever obligated on it.
    """

    line: UUID
    hold: Hold
    amount: int
    is_moved: bool


@may(*FINANCE, Role.CASE_MANAGER, system=True)
def give_back(
    session: Session,
    *,
    external_ref: str,
    amounts: Mapping[UUID, int],
    pay_again: bool,
    cash: Cash = Cash.STRIPE,
    happened_on: date | None = None,
    by: Actor,
    now: datetime,
) -> GivenBack:
    """A payment came back. `pay_again` keeps it obligated, else it is available.

    What was moved to another fund is available there, whatever `pay_again` says. Raises MoreThanExpended,
    NoSuchHold, ReferenceUsed, NotYet.
    """

    def entries(share: Share) -> Entries:
        again = pay_again and not share.is_moved
        return postings.give_back(part_of(share.hold, share.amount), cash, pay_again=again)

    about = f"{cash}:{'obligated' if pay_again else 'available'}"
    return _come_back(
        session,
        Kind.GIVE_BACK,
        external_ref,
        amounts,
        entries,
        about=about,
        days=Days(happened_on=happened_on),
        by=by,
        now=now,
    )


def not_there(session: Session, amounts: Mapping[UUID, int]) -> dict[UUID, int]:
    """Of these amounts by line, what cannot come back: it was recovered from elsewhere, or came back before.

    Lines of which all can are absent. They stay locked until the transaction ends, so that what is said here
    holds for a `give_back` in it. Raises NoSuchHold, AmountNotWhole.
    """
    check_named(amounts)
    return _laid_out(amounts, *_locked(session, amounts))[1]


@may(*FINANCE, system=True)
def recover(
    session: Session,
    *,
    external_ref: str,
    amounts: Mapping[UUID, int],
    cash: Cash,
    happened_on: date | None = None,
    by: Actor,
    now: datetime,
) -> UUID:
    """Somebody else paid for a cost after all: its cents are available again in the fund that bears it.

    Returns the event's id. Raises MoreThanExpended, OnlyCents, NoSuchHold, ReferenceUsed, NotYet.
    """

    def entries(share: Share) -> Entries:
        policy.check_money(share.hold)
        return postings.give_back(part_of(share.hold, share.amount), cash, pay_again=False)

    days = Days(happened_on=happened_on)
    return _come_back(
        session, Kind.RECOVER, external_ref, amounts, entries, about=cash, days=days, by=by, now=now
    ).event


@may(*FINANCE, Role.CASE_MANAGER, system=True)
def _come_back(
    session: Session,
    kind: Kind,
    external_ref: str,
    amounts: Mapping[UUID, int],
    entries_of: Callable[[Share], Entries],
    *,
    about: str,
    days: Days,
    by: Actor,
    now: datetime,
) -> GivenBack:
    check_named(amounts)
    held, moves = _locked(session, amounts)
    content = [about, sorted([str(i), amount] for i, amount in amounts.items()), *days.said()]
    before = posted_before(session, kind, external_ref, content)
    if before is not None:
        return GivenBack(before, queries.followed(session, [external_ref], amounts.keys()))
    shares = share_out(amounts, held, moves, queries.bearing_moved(session, amounts.keys()))
    entries: list[Entry] = [e for share in shares for e in entries_of(share)]
    event = write(
        session,
        kind,
        external_ref,
        content,
        entries,
        counted=freed(session, entries),
        days=days,
        by=by,
        now=now,
    )
    followed: dict[UUID, int] = {}
    for share in shares:
        if share.hold.id != share.line:
            followed[share.line] = followed.get(share.line, 0) + share.amount
    return GivenBack(event, followed)


def _locked(session: Session, amounts: Mapping[UUID, int]) -> tuple[dict[UUID, Hold], list[Moved]]:
    """The lines and every hold their costs were moved to, locked in id order.

    Once they are locked nothing more is moved from them; what was moved just before is locked too.
    """
    moves = queries.moved(session, amounts.keys())
    while True:
        known = {move.to_hold for move in moves}
        with session.begin_nested() as looked:
            held = queries.read_holds(session, {*amounts, *known}, lock=True)
            moves = queries.moved(session, amounts.keys())
            if known.issuperset(move.to_hold for move in moves):
                return {hold.id: hold for hold in held}, moves
            looked.rollback()  # lets go of them: one more, locked out of the order, could end in a deadlock


def share_out(
    amounts: Mapping[UUID, int],
    held: Mapping[UUID, Hold],
    moves: Sequence[Moved],
    bearing_moved: Collection[UUID],
) -> list[Share]:
    """Where each line's cost lies now, up to its amount: the newest move first, the line itself last. Pure.

    Raises NoSuchHold, AmountNotWhole, MoreThanExpended.
    """
    shares, missing = _laid_out(amounts, held, moves, bearing_moved)
    for line, cents in missing.items():
        policy.check_holds_enough(held[line], Account.EXPENDED, held[line].expended + cents)
    return shares


def _laid_out(
    amounts: Mapping[UUID, int],
    held: Mapping[UUID, Hold],
    moves: Sequence[Moved],
    bearing_moved: Collection[UUID] = (),
) -> tuple[list[Share], dict[UUID, int]]:
    """The shares; and of each line what is not there any more. Raises NoSuchHold, AmountNotWhole."""
    left = {hold.id: hold.expended for hold in held.values()}
    shares: list[Share] = []
    missing: dict[UUID, int] = {}
    for line, amount in amounts.items():
        if line not in held:
            raise policy.NoSuchHold("One of these reservations does not exist.")
        wanted = policy.check_amount(amount)
        for hold_id in (*_below(line, moves), line):
            part = min(wanted, left[hold_id])
            if part:
                left[hold_id] -= part
                wanted -= part
                is_moved = hold_id != line or line in bearing_moved
                shares.append(Share(line, held[hold_id], part, is_moved))
        if wanted:
            missing[line] = wanted
    return shares, missing


def _below(line: UUID, moves: Sequence[Moved]) -> list[UUID]:
    """The holds the line's cost was moved to, directly or on from there; `moves` are the newest first."""
    reached, found = {line}, True
    while found:
        more = {m.to_hold for m in moves if m.from_hold in reached} - reached
        reached |= more
        found = bool(more)
    return [m.to_hold for m in moves if m.to_hold in reached]
