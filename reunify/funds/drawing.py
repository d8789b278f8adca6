"""Money the funder sends: recorded with the funder's reference, never above what is authorized."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.funds import policy, setting_policy, typed
from reunify.funds.changing import locked, note, today
from reunify.funds.policy import MANAGES, FundKind
from reunify.funds.records import FundDrawdown
from reunify.kernel.ids import FundId
from reunify.kernel.may import may
from reunify.kernel.people import Actor, written_by
from reunify.kernel.refusals import OutOfStep, Refused
from reunify.ledger import actions as ledger
from reunify.ledger.fund_queries import sums
from reunify.ledger.policy import Account, Cash, Unit
from reunify.ledger.queries import balances


class DrawDoesNotFit(Refused):
    """No money comes from such a source, or not this amount."""


class MoreThanAuthorized(OutOfStep):
    """More than is authorized less what was drawn already."""


class ReferenceTaken(OutOfStep):
    """The funder's reference belongs to another drawdown of this source."""


@dataclass(frozen=True, slots=True)
class Drawdown:
    reference: str
    cents: int
    cash: Cash
    received_on: date
    reason: str
    set_by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class FundMoney:
    """All in cents. Of a federal award no more is drawn than is needed at once (2 CFR 200.305(b))."""

    authorized: int
    obligated: int
    drawn: int
    at_stripe: int
    at_bank: int
    on_cards: int

    @property
    def left_to_draw(self) -> int:
        return max(0, self.authorized - self.drawn)

    @property
    def above_authorized(self) -> int:
        """Drawn, and no longer authorized: it goes back to the funder."""
        return max(0, self.drawn - self.authorized)

    @property
    def on_hand(self) -> int:
        return self.at_stripe + self.at_bank + self.on_cards

    @property
    def needed_now(self) -> int:
        """What is obligated and not paid yet."""
        return self.obligated

    @property
    def more_than_needed(self) -> int:
        return max(0, self.on_hand - self.needed_now)


@may(*MANAGES, system=True)
def draw(
    session: Session,
    *,
    code: str,
    reference: str,
    cents: int,
    cash: Cash,
    received_on: date,
    reason: str,
    by: Actor,
    now: datetime,
) -> FundMoney:
    """Money arrived in one of our accounts, as the funder's reference says. Returns how the source stands.

    The same once more changes nothing. Raises NotAllowed, NoSuchFund, DrawDoesNotFit, MoreThanAuthorized,
    ReferenceTaken, NotYet, and what `typed` refuses.
    """
    policy.check_can_manage(by)
    reason = typed.check_reason(reason)
    reference = typed.check_line(reference, "/reference", "the funder's reference of this payment")
    fund = locked(session, code)
    _check_draws(FundKind(fund.kind), Unit(fund.unit), cents)
    typed.check_day(received_on, "/received_on")
    setting_policy.check_has_come(received_on, today(session, now), "/received_on")
    if received_on < fund.period_start:
        raise DrawDoesNotFit(
            f"Its period begins on {fund.period_start.isoformat()}: no money of it came before.",
            field="/received_on",
        )
    d, fund_id = FundDrawdown, FundId(fund.id)
    before = session.scalar(sa.select(d).where(d.fund_id == fund.id, d.reference == reference))
    if before is not None:
        if (before.cents, before.cash, before.received_on) != (cents, cash, received_on):
            raise ReferenceTaken("This reference is kept with another amount or day.", field="/reference")
        return money_of(session, fund_id)
    left = money_of(session, fund_id).left_to_draw
    if cents > left:
        raise MoreThanAuthorized(
            f"No more than {policy.written(left, Unit.CENTS)} is authorized and not drawn yet.",
            field="/amount",
        )
    event = ledger.draw_down(
        session,
        external_ref=f"draw:{fund.id}:{reference}",
        fund_id=fund_id,
        cash=cash,
        amount=cents,
        happened_on=received_on,
        by=by,
        now=now,
    )
    session.add(
        FundDrawdown(
            fund_id=fund.id,
            reference=reference,
            cents=cents,
            cash=cash,
            received_on=received_on,
            reason=reason,
            event_id=event,
            set_by=written_by(by),
            at=now,
        )
    )
    session.flush()
    about = {"reference": reference, "cents": cents, "cash": cash, "received_on": received_on.isoformat()}
    note(session, fund, "draw", reason, by=by, now=now, **about)
    return money_of(session, fund_id)


def money_of(session: Session, fund_id: FundId) -> FundMoney:
    """What was authorized, drawn and is still in our accounts of one source."""
    own = [b for b in balances(session) if b.key.fund_id == fund_id and b.key.unit is Unit.CENTS]
    cash = sums(session, fund_id, [Account.GRANT_REVENUE, *(Account(c) for c in Cash)])
    return FundMoney(
        authorized=sum(b.authorized for b in own),
        obligated=sum(b.obligated for b in own),
        drawn=-cash[Account.GRANT_REVENUE],
        at_stripe=cash[Account.CASH_STRIPE],
        at_bank=cash[Account.CASH_BANK],
        on_cards=cash[Account.CASH_CARD],
    )


def drawdowns(session: Session, fund_id: FundId) -> list[Drawdown]:
    """The newest first."""
    d = FundDrawdown
    rows = session.scalars(
        sa.select(d).where(d.fund_id == fund_id).order_by(d.received_on.desc(), d.at.desc())
    )
    return [
        Drawdown(r.reference, r.cents, Cash(r.cash), r.received_on, r.reason, r.set_by, r.at) for r in rows
    ]


def _check_draws(kind: FundKind, unit: Unit, cents: int) -> None:
    if kind is FundKind.ELSEWHERE:
        raise DrawDoesNotFit("Someone else pays from this source: no money of it comes to us.")
    if unit is not Unit.CENTS:
        raise DrawDoesNotFit("Nights and miles are given, not drawn.", field="/amount")
    if type(cents) is not int or cents <= 0:
        raise DrawDoesNotFit("Write an amount above zero.", field="/amount")
