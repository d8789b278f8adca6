"""What we do: one verb per business event. Each is posted once per `external_ref`, whatever happens.

The same reference with the same content returns the event already posted; with other content it raises
ReferenceUsed. Events say who and when and are append-only themselves; the caller audits its own move.
A caller that posts several events in one transaction may meet a deadlock, which PostgreSQL ends: try again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from reunify.kernel.ids import FundId, new_id
from reunify.kernel.may import FINANCE, may
from reunify.kernel.people import Actor, Role
from reunify.ledger import policy, postings
from reunify.ledger.caps import CapKey, set_caps
from reunify.ledger.policy import Account, BudgetCategory, Cash, Kind, Scope, Unit
from reunify.ledger.posting import on_holds, post_once
from reunify.ledger.postings import BalanceKey, Entries, Part
from reunify.ledger.records import LedgerBalance
from reunify.ledger.statement import NewHold


@dataclass(frozen=True, slots=True)
class HoldLine:
    """Reserve this much for one award line. `caps` are counted too (ids from `set_cap`)."""

    hold_id: UUID
    fund_id: FundId
    budget_category: BudgetCategory
    unit: Unit
    amount: int
    caps: tuple[UUID, ...] = ()


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
    return post_once(session, Kind.AUTHORISE, external_ref, content, entries, by=by, now=now)


@may(Role.ADMINISTRATOR, Role.FUND_MANAGER, system=True)
def draw_down(
    session: Session, *, external_ref: str, fund_id: FundId, cash: Cash, amount: int, by: Actor, now: datetime
) -> UUID:
    """Money of a fund arrives in one of our accounts, in cents. Raises AmountNotWhole, ReferenceUsed."""
    entries = postings.draw_down(fund_id, cash, policy.check_amount(amount))
    content = [fund_id, cash, amount]
    return post_once(session, Kind.DRAW_DOWN, external_ref, content, entries, by=by, now=now)


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
    session: Session, *, external_ref: str, plan: Sequence[HoldLine], by: Actor, now: datetime
) -> UUID:
    """Hold every line of the plan, or none. Returns the event's id.

    Raises InsufficientFunds, CapReached (the transaction stays usable), ReferenceUsed, AmountNotWhole.
    """
    lines = [
        NewHold(
            line.hold_id,
            BalanceKey(line.fund_id, line.budget_category, line.unit),
            policy.check_amount(line.amount),
            line.caps,
        )
        for line in plan
    ]
    entries = [e for line in lines for e in postings.reserve(Part(line.key, line.amount, line.id))]
    caps: dict[UUID, int] = {}
    for line in lines:
        for cap in line.caps:
            caps[cap] = caps.get(cap, 0) + line.amount
    content = sorted([str(n.id), *map(str, n.key), n.amount, sorted(map(str, n.caps))] for n in lines)
    return post_once(
        session, Kind.RESERVE, external_ref, content, entries, new_holds=lines, caps=caps, by=by, now=now
    )


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
    by: Actor,
    now: datetime,
) -> UUID:
    """Paid, or given in units; never more than is obligated. `cash`: where the money left.

    Raises MoreThanObligated.
    """

    def entries(part: Part) -> Entries:
        return postings.expend(part, cash)

    return on_holds(
        session, Kind.EXPEND, external_ref, amounts, Account.OBLIGATED, entries, about=cash, by=by, now=now
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
def give_back(
    session: Session,
    *,
    external_ref: str,
    amounts: Mapping[UUID, int],
    pay_again: bool,
    cash: Cash = Cash.STRIPE,
    by: Actor,
    now: datetime,
) -> UUID:
    """A payment came back. `pay_again` keeps it obligated, else it is available. Raises MoreThanExpended."""

    def entries(part: Part) -> Entries:
        return postings.give_back(part, cash, pay_again=pay_again)

    about = f"{cash}:{'obligated' if pay_again else 'available'}"
    return on_holds(
        session, Kind.GIVE_BACK, external_ref, amounts, Account.EXPENDED, entries, about=about, by=by, now=now
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
    by: Actor,
    now: datetime,
) -> UUID:
    """A bank or processor fee in cents, out of what is available. Raises InsufficientFunds, ReferenceUsed."""
    part = Part(BalanceKey(fund_id, budget_category, Unit.CENTS), policy.check_amount(amount))
    content = [fund_id, budget_category, cash, amount]
    return post_once(session, Kind.FEE, external_ref, content, postings.fee(part, cash), by=by, now=now)
