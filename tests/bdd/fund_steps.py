"""Keeping the funds, as a fund manager says it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from pytest_bdd import given, parsers, then, when

from flows import amendments
from reunify.db import Database
from reunify.funds import actions, drawing, paying, policy, queries
from reunify.funds.policy import FundKind
from reunify.kernel.ids import FundId, StaffId, new_id
from reunify.kernel.money import Money
from reunify.kernel.people import Role, Staff, System
from reunify.ledger import actions as ledger
from reunify.ledger.actions import HoldLine
from reunify.ledger.policy import BudgetCategory, Cash, Unit
from tests.town import NOW

BY = System("tests")
LODGING = BudgetCategory.LODGING


class Kept:
    """The award a scenario is about, and who keeps it."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self.manager = Staff(StaffId(new_id()), "Fay", frozenset({Role.FUND_MANAGER}))
        self.hold = uuid4()
        self.id: FundId | None = None

    def do(self, act: str, **said: Any) -> Any:
        with self.db.work() as session:
            return getattr(actions, act)(session, code="award", by=self.manager, now=NOW, **said)

    def draw(self, dollars: str, reference: str) -> drawing.FundMoney:
        money: drawing.FundMoney = self.do(
            "draw",
            reference=reference,
            cents=Money.parse(dollars).cents,
            cash=Cash.BANK,
            received_on=NOW.date(),
            reason="needed this week",
        )
        return money

    def begin(self, day: date) -> None:
        """What the worker does on that day."""
        with self.db.work() as session:
            assert self.id is not None
            actions.apply_due_amendments(session, fund_id=self.id, by=amendments.BY, now=noon(day))

    def available(self) -> str:
        with self.db.read() as session:
            (found,) = [b for b in queries.held_balances(session) if b.fund.code == "award"]
        return str(Money(found.available))

    def fund(self) -> queries.Fund:
        with self.db.read() as session:
            return queries.fund_called(session, "award")

    def reserve(self, dollars: str) -> None:
        assert self.id is not None
        line = HoldLine(self.hold, self.id, LODGING, Unit.CENTS, Money.parse(dollars).cents)
        with self.db.work() as session:
            ledger.reserve(session, external_ref=str(self.hold), plan=[line], by=BY, now=NOW)


def noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 17, tzinfo=UTC)


def said_day(words: str) -> date:
    return datetime.strptime(words, "%B %d, %Y").replace(tzinfo=UTC).date()


@pytest.fixture
def kept(settled_db: Database) -> Kept:
    return Kept(settled_db)


@given(parsers.parse("a federal award of {dollars} from {first} to {last}"))
def federal_award(kept: Kept, dollars: str, first: str, last: str) -> None:
    kept.id = kept.do(
        "open_fund",
        name="Sample award",
        public_name="Travel help",
        kind=FundKind.HELD,
        unit=Unit.CENTS,
        amounts={LODGING: Money.parse(dollars).cents},
        period_start=said_day(first),
        period_end=said_day(last),
        organisation_set=False,
        award_number="15PSAM-00-GG-00001",
        assistance_listing="99.999",
        reason="awarded",
    )


@then(parsers.parse("its last day to pay is {day}"))
def last_day_to_pay(kept: Kept, day: str) -> None:
    assert kept.fund().liquidation_date == said_day(day)


@then(parsers.parse("on {day} nothing new is obligated from it"))
def nothing_obligated(kept: Kept, day: str) -> None:
    kept.reserve("100")
    with kept.db.read() as session, pytest.raises(policy.PeriodOver):
        paying.check_may_obligate(session, [kept.hold], now=noon(said_day(day)))
    with kept.db.read() as session:
        assert "award" not in {f.code for f in queries.open_held(session, on=said_day(day))}


@then(parsers.parse("what was obligated is still paid on {day}"))
def still_paid(kept: Kept, day: str) -> None:
    with kept.db.read() as session:
        paying.check_may_pay(session, [kept.hold], now=noon(said_day(day)))


@then(parsers.parse("nothing is paid from it on {day}"))
def nothing_paid(kept: Kept, day: str) -> None:
    with kept.db.read() as session, pytest.raises(policy.LiquidationOver):
        paying.check_may_pay(session, [kept.hold], now=noon(said_day(day)))


@when(parsers.parse("it is amended to {dollars} from {day}"))
def amended(kept: Kept, dollars: str, day: str) -> None:
    kept.do(
        "amend",
        budget_category=LODGING,
        authorized=Money.parse(dollars).cents,
        effective_from=said_day(day),
        reason="amendment 1",
    )


@then(parsers.parse("{dollars} is available today"))
def available_today(kept: Kept, dollars: str) -> None:
    kept.begin(NOW.date())
    assert kept.available() == f"{dollars}.00"


@then(parsers.parse("{dollars} is available on {day}"))
def available_on(kept: Kept, dollars: str, day: str) -> None:
    kept.begin(said_day(day) - timedelta(days=1))
    assert kept.available() != f"{dollars}.00"
    kept.begin(said_day(day))
    assert kept.available() == f"{dollars}.00"


@when(parsers.parse("{dollars} is drawn under the funder's reference {reference}"))
def drawn(kept: Kept, dollars: str, reference: str) -> None:
    kept.draw(dollars, reference)


@then(parsers.parse("another {dollars} cannot be drawn, and the refusal says that {left} are left"))
def cannot_be_drawn(kept: Kept, dollars: str, left: str) -> None:
    with pytest.raises(drawing.MoreThanAuthorized) as refused:
        kept.draw(dollars, "P-2")
    assert left in str(refused.value)


@then(parsers.parse("{dollars} more is on hand than is needed at once"))
def more_on_hand(kept: Kept, dollars: str) -> None:
    with kept.db.read() as session:
        money = drawing.money_of(session, kept.fund().id)
    assert Money(money.more_than_needed) == Money.parse(dollars)


@when("its lodging needs the funder's prior approval")
def needs_approval(kept: Kept) -> None:
    kept.do(
        "condition",
        budget_category=LODGING,
        text="Hotels need approval",
        cite="Special condition 7",
        effective_from=NOW.date(),
    )


@then("lodging is not charged to it")
def not_charged(kept: Kept) -> None:
    assert stands(kept)


@when("the funder approves by letter")
def approves(kept: Kept) -> None:
    kept.do("lift", number=1, document="Letter 14", approved_on=NOW.date(), reason="asked and granted")


@then("lodging may be charged to it")
def may_be_charged(kept: Kept) -> None:
    assert not stands(kept)


def stands(kept: Kept) -> bool:
    with kept.db.read() as session:
        return any(c.covers(LODGING) for c in queries.conditions(session, NOW.date())[kept.fund().id])


@given(parsers.parse("{dollars} of it are reserved for a family"))
def reserved(kept: Kept, dollars: str) -> None:
    kept.reserve(dollars)


@then(parsers.parse("it cannot be closed, and the refusal lists the {dollars}"))
def cannot_be_closed(kept: Kept, dollars: str) -> None:
    with pytest.raises(policy.StillOpen) as refused:
        kept.do("close", reason="the year is over")
    assert f"{dollars}.00 reserved" in str(refused.value)


@when("the reservation is given up")
def given_up(kept: Kept) -> None:
    with kept.db.work() as session:
        ledger.unreserve(session, external_ref="given-up", amounts={kept.hold: 12_000}, by=BY, now=NOW)


@then("it is closed for good")
def closed(kept: Kept) -> None:
    kept.do("close", reason="the year is over")
    assert kept.fund().state == "closed"
