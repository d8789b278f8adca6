"""Two funds in a real database, and the ledger's verbs in few words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID, uuid4

from reunify.db import Database
from reunify.funds import actions as funds
from reunify.funds.policy import FundKind
from reunify.kernel.ids import FundId
from reunify.kernel.people import System
from reunify.ledger import actions as ledger
from reunify.ledger import queries
from reunify.ledger.actions import HoldLine
from reunify.ledger.policy import BudgetCategory, Unit
from reunify.ledger.queries import Balance, Hold
from reunify.sandbox.people import settle_in

BY = System("tests")
TRANSPORT, LODGING, MEALS = BudgetCategory.TRANSPORT, BudgetCategory.LODGING, BudgetCategory.MEALS


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
    ) -> HoldLine:
        return HoldLine(uuid4(), self.funds[code], category, unit, amount, caps)

    def reserve(self, *plan: HoldLine, ref: str | None = None) -> UUID:
        with self.db.work() as session:
            return ledger.reserve(session, external_ref=ref or str(uuid4()), plan=plan, by=BY, now=self.now)

    def do(self, verb: str, hold: UUID, amount: int, *, ref: str | None = None, **more: object) -> UUID:
        with self.db.work() as session:
            done: UUID = getattr(ledger, verb)(
                session, external_ref=ref or str(uuid4()), amounts={hold: amount}, by=BY, now=self.now, **more
            )
            return done

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
