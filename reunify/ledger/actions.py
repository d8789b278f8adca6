"""What we do: one verb per business event. Each is posted once per `external_ref`, whatever happens.

The same reference with the same content returns the event already posted; with other content it raises
ReferenceUsed. Events say who and when and are append-only themselves; the caller audits its own move.
A caller that posts several events in one transaction may meet LostTheTurn: try again.

An event is posted on a day that is open. What happened in a closed period and became known later is posted
today, with the day it took place as `happened_on`; every verb may raise PeriodClosed and NotYet.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType
from typing import Final
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from reunify.kernel.ids import FundId, new_id
from reunify.kernel.may import FINANCE, may
from reunify.kernel.people import Actor, Role
from reunify.ledger import policy, postings
from reunify.ledger.caps import CapKey, count_new, set_caps
from reunify.ledger.columns import NewHold
from reunify.ledger.coming_back import GivenBack, give_back, recover
from reunify.ledger.correcting import correct
from reunify.ledger.drawing import drawn_for, put_back
from reunify.ledger.moving import CostMove, cost_transfer
from reunify.ledger.policy import Account, BudgetCategory, Cash, Kind, Scope, Unit
from reunify.ledger.posting import Days, on_holds, posted_before, write
from reunify.ledger.postings import BalanceKey, Entries, Part
from reunify.ledger.records import LedgerBalance

__all__ = [
    "CostMove",
    "GivenBack",
    "HoldLine",
    "authorise",
    "charge_fee",
    "correct",
    "cost_transfer",
    "draw_down",
    "expend",
    "fail",
    "give_back",
    "obligate",
    "put_back",
    "recover",
    "reserve",
    "set_cap",
    "unobligate",
    "unreserve",
]


_NOTHING_DRAWN: Final[Mapping[UUID, int]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class HoldLine:
    """Reserve this much for one award line. `caps` are counted too (ids from `set_cap`).

    `uses` are caps of `Scope.LIFETIME`: they count the trip `use_ref`, once however many lines it has.
    """

    hold_id: UUID
    fund_id: FundId
    budget_category: BudgetCategory
    unit: Unit
    amount: int
    caps: tuple[UUID, ...] = ()
    uses: tuple[UUID, ...] = ()
    use_ref: str = ""


@may(Role.ADMINISTRATOR, Role.FUND_MANAGER, system=True)
def authorise(
    session: Session,
    *,
    external_ref: str,
    fund_id: FundId,
    budget_category: BudgetCategory,
    unit: Unit,
    amount: int,
    by: Actor,
    now: datetime,
) -> UUID:
    """Spending authority, in cents or units; negative takes it back. Returns the event's id.

    Raises InsufficientFunds when what is taken back is not available, ReferenceUsed.
    """
    policy.check_amount(abs(amount))
    key = BalanceKey(fund_id, budget_category, unit)
    session.execute(insert(LedgerBalance).values(id=new_id(), **key._asdict()).on_conflict_do_nothing())
    content = [fund_id, budget_category, unit, amount]
    entries = postings.authorise(Part(key, amount))
    return write(session, Kind.AUTHORISE, external_ref, content, entries, by=by, now=now)


@may(Role.ADMINISTRATOR, Role.FUND_MANAGER, system=True)
def draw_down(
    session: Session,
    *,
    external_ref: str,
    fund_id: FundId,
    cash: Cash,
    amount: int,
    happened_on: date | None = None,
    by: Actor,
    now: datetime,
) -> UUID:
    """Money of a fund arrives in one of our accounts, in cents. Raises AmountNotWhole, ReferenceUsed."""
    entries = postings.draw_down(fund_id, cash, policy.check_amount(amount))
    days = Days(happened_on=happened_on)
    content = [fund_id, cash, amount, *days.said()]
    return write(session, Kind.DRAW_DOWN, external_ref, content, entries, days=days, by=by, now=now)


def set_cap(
    session: Session, *, fund_id: FundId, scope: Scope, scope_id: str, unit: Unit, at_most: int
) -> UUID:
    """Make or change a cap; returns its id. Raises StillInUse when more is in use already."""
    (cap,) = set_caps(session, [(CapKey(fund_id, scope, scope_id, unit), at_most)])
    if cap is None:
        raise policy.StillInUse(f"More than {at_most} is already in use under this {scope} cap.")
    return cap.id


@may(*FINANCE, Role.CASE_MANAGER, system=True)
def reserve(
    session: Session,
    *,
    external_ref: str,
    plan: Sequence[HoldLine],
    drawn: Mapping[UUID, int] = _NOTHING_DRAWN,
    by: Actor,
    now: datetime,
) -> UUID:
    """Hold every line of the plan, or none. Returns the event's id.

    `drawn`: by hold, what an envelope gives up for this plan in the same posting: nobody else can take it in
    between. Its holds are locked first, in id order, as every verb on holds does.
    Raises InsufficientFunds, CapReached (the transaction stays usable), NoSuchCap, CapMisused,
    ReferenceUsed, AmountNotWhole, MoreThanReserved, DrawnElsewhere.
    """
    lines = [_new_hold(line) for line in plan]
    entries = [e for line in lines for e in postings.reserve(Part(line.key, line.amount, line.id))]
    content: Sequence[object] = sorted(
        [str(n.id), *map(str, n.key), n.amount, sorted(map(str, n.caps)), *_trip(n)] for n in lines
    )
    if drawn:
        content = [content, sorted([str(i), amount] for i, amount in drawn.items())]
        given_up = drawn_for(session, lines, drawn)
        before = posted_before(session, Kind.RESERVE, external_ref, content)
        if before is not None:
            return before
        entries += given_up()
    return write(
        session,
        Kind.RESERVE,
        external_ref,
        content,
        entries,
        new_holds=lines,
        counted=count_new(session, lines),
        by=by,
        now=now,
    )


def _new_hold(line: HoldLine) -> NewHold:
    policy.check_caps(line.caps, line.uses)
    return NewHold(
        line.hold_id,
        BalanceKey(line.fund_id, line.budget_category, line.unit),
        policy.check_amount(line.amount),
        tuple(dict.fromkeys(line.caps)),
        uses=tuple(dict.fromkeys(line.uses)),
        use_ref=policy.check_trip(line.use_ref, line.uses),
    )


def _trip(line: NewHold) -> list[object]:
    return [line.use_ref, sorted(map(str, line.uses))] if line.uses else []


@may(*FINANCE, Role.CASE_MANAGER, system=True)
def unreserve(
    session: Session, *, external_ref: str, amounts: Mapping[UUID, int], by: Actor, now: datetime
) -> UUID:
    """Give up reservations (by hold id): a booked difference, a replaced version. Raises MoreThanReserved."""
    return on_holds(
        session, Kind.UNRESERVE, external_ref, amounts, Account.RESERVED, postings.unreserve, by=by, now=now
    )


@may(*FINANCE, Role.CASE_MANAGER, system=True)
def obligate(
    session: Session, *, external_ref: str, amounts: Mapping[UUID, int], by: Actor, now: datetime
) -> UUID:
    """Reserved becomes obligated (2 CFR 200.1 "financial obligation"). Raises MoreThanReserved."""
    return on_holds(
        session, Kind.OBLIGATE, external_ref, amounts, Account.RESERVED, postings.obligate, by=by, now=now
    )


@may(*FINANCE, Role.CASE_MANAGER, system=True)
def unobligate(
    session: Session, *, external_ref: str, amounts: Mapping[UUID, int], by: Actor, now: datetime
) -> UUID:
    """An obligation written down in error is a reservation again. Raises MoreThanObligated."""
    return on_holds(
        session,
        Kind.UNOBLIGATE,
        external_ref,
        amounts,
        Account.OBLIGATED,
        postings.unobligate,
        by=by,
        now=now,
    )


@may(*FINANCE, Role.CASE_MANAGER, system=True)
def expend(
    session: Session,
    *,
    external_ref: str,
    amounts: Mapping[UUID, int],
    cash: Cash = Cash.STRIPE,
    happened_on: date | None = None,
    by: Actor,
    now: datetime,
) -> UUID:
    """Paid, or given in units; never more than is obligated. `cash`: where the money left.

    Raises MoreThanObligated.
    """

    def entries(part: Part) -> Entries:
        return postings.expend(part, cash)

    return on_holds(
        session,
        Kind.EXPEND,
        external_ref,
        amounts,
        Account.OBLIGATED,
        entries,
        about=cash,
        days=Days(happened_on=happened_on),
        by=by,
        now=now,
    )


@may(*FINANCE, Role.CASE_MANAGER, system=True)
def fail(
    session: Session, *, external_ref: str, amounts: Mapping[UUID, int], by: Actor, now: datetime
) -> UUID:
    """Failed, cancelled or withdrawn: obligated is available again. Raises MoreThanObligated."""
    return on_holds(
        session, Kind.FAIL, external_ref, amounts, Account.OBLIGATED, postings.fail, by=by, now=now
    )


@may(*FINANCE, Role.CASE_MANAGER, system=True)
def charge_fee(
    session: Session,
    *,
    external_ref: str,
    fund_id: FundId,
    budget_category: BudgetCategory,
    cash: Cash,
    amount: int,
    happened_on: date | None = None,
    by: Actor,
    now: datetime,
) -> UUID:
    """A bank or processor fee in cents, out of what is available. Raises InsufficientFunds, ReferenceUsed."""
    part = Part(BalanceKey(fund_id, budget_category, Unit.CENTS), policy.check_amount(amount))
    days = Days(happened_on=happened_on)
    content = [fund_id, budget_category, cash, amount, *days.said()]
    return write(
        session, Kind.FEE, external_ref, content, postings.fee(part, cash), days=days, by=by, now=now
    )
