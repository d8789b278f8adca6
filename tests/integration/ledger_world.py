"""Two funds in a real database, and the ledger's verbs in few words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID, uuid4

from sqlalchemy.orm import Session

from reunify.db import Database
from reunify.funds import actions as funds
from reunify.funds.policy import FundKind
from reunify.kernel.ids import FundId, StaffId
from reunify.kernel.money import Money
from reunify.kernel.people import Role, Staff, System
from reunify.ledger import actions as ledger
from reunify.ledger import periods, queries
from reunify.ledger.actions import CostMove, GivenBack, HoldLine
from reunify.ledger.policy import BudgetCategory, Cash, Unit
from reunify.ledger.queries import Balance, Hold
from reunify.reporting import invariants
from reunify.reporting.invariants import Finding
from reunify.sandbox.people import settle_in

BY = System("tests")
KEEPER = Staff(StaffId(uuid4()), "Flor", frozenset({Role.FUND_MANAGER}))
TRANSPORT, LODGING, MEALS = BudgetCategory.TRANSPORT, BudgetCategory.LODGING, BudgetCategory.MEALS

# Here one person posts what a room above the ledger lets two people do.
_OF_TWO = {"moved without a second person", "recovered without a second person"}


def faults(session: Session) -> list[Finding]:
    """What the proof finds, but for who agreed: the ledger is tested alone."""
    return [found for found in invariants.check(session) if found.rule not in _OF_TWO]


@dataclass
class Books:
    db: Database
    now: datetime
    funds: dict[str, FundId] = field(default_factory=dict)

    def open(self, code: str, amounts: Mapping[BudgetCategory, int], unit: Unit = Unit.CENTS) -> FundId:
        with self.db.work() as session:
            self.funds[code] = funds.open_fund(
                session,
                code=code,
                name=code,
                public_name=f"Public {code}",
                kind=FundKind.HELD,
                unit=unit,
                amounts=amounts,
                period_start=date(2026, 1, 1),
                period_end=None,
                organisation_set=True,
                by=BY,
                now=self.now,
            )
        return self.funds[code]

    def line(
        self,
        amount: int,
        category: BudgetCategory = TRANSPORT,
        *,
        code: str = "cash",
        unit: Unit = Unit.CENTS,
        caps: tuple[UUID, ...] = (),
        uses: tuple[UUID, ...] = (),
        use_ref: str = "",
    ) -> HoldLine:
        return HoldLine(uuid4(), self.funds[code], category, unit, amount, caps, uses, use_ref)

    def reserve(self, *plan: HoldLine, ref: str | None = None) -> UUID:
        with self.db.work() as session:
            return ledger.reserve(session, external_ref=ref or str(uuid4()), plan=plan, by=BY, now=self.now)

    def do(self, verb: str, hold: UUID, amount: int, *, ref: str | None = None, **more: object) -> UUID:
        with self.db.work() as session:
            done: UUID = getattr(ledger, verb)(
                session, external_ref=ref or str(uuid4()), amounts={hold: amount}, by=BY, now=self.now, **more
            )
            return done

    def spent(self, amount: int, *, cash: Cash = Cash.STRIPE, caps: tuple[UUID, ...] = ()) -> UUID:
        """A hold of transport in the fund `cash` that has been paid in full."""
        line = self.line(amount, caps=caps)
        self.reserve(line)
        self.do("obligate", line.hold_id, amount)
        self.do("expend", line.hold_id, amount, cash=cash)
        return line.hold_id

    def money(self) -> tuple[Money, Money]:
        """At Stripe, and in the organisation's bank."""
        with self.db.read() as session:
            return queries.cash(session, Cash.STRIPE), queries.cash(session, Cash.BANK)

    def sound(self) -> bool:
        with self.db.read() as session:
            return faults(session) == []

    def give_back(self, hold: UUID, amount: int, *, pay_again: bool, ref: str | None = None) -> GivenBack:
        with self.db.work() as session:
            return ledger.give_back(
                session,
                external_ref=ref or str(uuid4()),
                amounts={hold: amount},
                pay_again=pay_again,
                by=BY,
                now=self.now,
            )

    def cost(
        self,
        hold: UUID,
        amount: int,
        category: BudgetCategory = TRANSPORT,
        *,
        code: str = "gift",
        caps: tuple[UUID, ...] = (),
        uses: tuple[UUID, ...] = (),
        use_ref: str = "",
    ) -> CostMove:
        return CostMove(hold, uuid4(), self.funds[code], category, amount, caps, uses, use_ref)

    def transfer(self, *moves: CostMove, ref: str | None = None, day: date | None = None) -> UUID:
        with self.db.work() as session:
            return ledger.cost_transfer(
                session, external_ref=ref or str(uuid4()), moves=moves, day=day, by=BY, now=self.now
            )

    def move(self, hold: UUID, amount: int) -> UUID:
        """One cost goes to transport of the fund `gift`; the hold that bears it now."""
        move = self.cost(hold, amount)
        self.transfer(move)
        return move.to_hold

    def correct(self, event: UUID, *, ref: str | None = None) -> UUID:
        with self.db.work() as session:
            return ledger.correct(
                session, event_id=event, external_ref=ref or str(uuid4()), by=BY, now=self.now
            )

    def close(self, through: str) -> None:
        with self.db.work() as session:
            periods.close_period(
                session, through=date.fromisoformat(through), reason="SF-425", by=KEEPER, now=self.now
            )

    def hold(self, hold: UUID) -> Hold:
        with self.db.read() as session:
            return queries.holds(session, [hold])[hold]

    def balance(self, category: BudgetCategory = TRANSPORT, code: str = "cash") -> Balance:
        with self.db.read() as session:
            (found,) = [
                b
                for b in queries.balances(session)
                if (b.key.fund_id, b.key.budget_category) == (self.funds[code], category)
            ]
        return found

    def amounts(self, category: BudgetCategory = TRANSPORT, code: str = "cash") -> tuple[int, int, int, int]:
        """available, reserved, obligated, expended."""
        b = self.balance(category, code)
        return b.available, b.reserved, b.obligated, b.expended


def open_books(db: Database, now: datetime) -> Books:
    with db.work() as session:
        settle_in(session, now=now)
    books = Books(db, now)
    books.open("cash", {TRANSPORT: 100_000, LODGING: 50_000, MEALS: 10_000})
    books.open("nights", {LODGING: 5}, Unit.NIGHT)
    return books
