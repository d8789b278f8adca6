"""Closing a source for good: only once nothing is open on it, and what its cash becomes is said."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from reunify.funds import policy, queries, typed
from reunify.funds.amending import not_begun
from reunify.funds.changing import locked, note, today
from reunify.funds.drawing import money_of
from reunify.funds.policy import FUND_MOVES, MANAGES, FundKind
from reunify.funds.records import FundingSource
from reunify.kernel.ids import FundId
from reunify.kernel.may import may
from reunify.kernel.money import Money
from reunify.kernel.people import Actor
from reunify.ledger import queries as books
from reunify.ledger.policy import Unit


@may(*MANAGES, system=True)
def close(
    session: Session,
    *,
    code: str,
    reason: str,
    open_elsewhere: Callable[[], Sequence[str]] = tuple,
    cash_goes: str = "",
    by: Actor,
    now: datetime,
) -> None:
    """For good, once nothing on it is open: no reservation, no obligation, no amendment to come, no grant.

    `open_elsewhere` says in words what waits of it in rooms downstream; it is asked once nobody can add to
    it. `cash_goes`: what becomes of the cash on hand. Raises StillOpen with the list, CashOnHand, WrongState,
    NotAllowed, NoSuchFund, ReasonNeeded.
    """
    policy.check_can_manage(by)
    reason = typed.check_reason(reason)
    fund = locked(session, code, closing=True)
    FUND_MOVES.check(fund.state, "close")
    waits = [*_unsettled(session, fund, now), *open_elsewhere()]
    policy.check_nothing_open(queries.open_holds(session, FundId(fund.id)), waits)
    about = {}
    on_hand = max(0, money_of(session, FundId(fund.id)).on_hand)
    if on_hand:
        if not cash_goes.strip():
            raise policy.CashOnHand(
                f"{Money(on_hand)} of it is on hand: say what becomes of it, such as the day and the "
                "reference of its return to the funder.",
                field="/cash_goes",
            )
        goes = typed.check_said(cash_goes, "/cash_goes", "what becomes of the cash on hand")
        about = {"cash_on_hand": on_hand, "cash_goes": goes}
    note(session, fund, FUND_MOVES.apply(fund, "close"), reason, by=by, now=now, **about)


def _unsettled(session: Session, fund: FundingSource, now: datetime) -> list[str]:
    """Amendments that the books do not know yet, and what a funder granted and nobody has used."""
    unit = Unit(fund.unit)
    found = [
        f"{category}: {policy.written(authorized, unit)} is authorized from {begins.isoformat()} and not in "
        "the books yet (amend it, or wait)"
        for category, authorized, begins in not_begun(session, FundId(fund.id), on=today(session, now))
    ]
    if FundKind(fund.kind) is not FundKind.ASKED:
        return found
    granted = [b for b in books.balances(session) if b.key.fund_id == fund.id and b.available > 0]
    return found + [
        f"{b.key.budget_category}: {policy.written(b.available, unit)} is granted and not used (it ends with "
        "the request it was granted for)"
        for b in granted
    ]
