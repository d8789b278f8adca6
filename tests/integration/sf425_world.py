"""A federal award in a real database, and what happens to it at a minute of the organisation's clock."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from reunify.db import Database
from reunify.funds import actions as funds
from reunify.funds.policy import FundKind
from reunify.identity.queries import staff_id
from reunify.kernel.ids import FundId
from reunify.kernel.people import Role, Staff, System
from reunify.kernel.refusals import NotFound
from reunify.ledger import actions as ledger
from reunify.ledger.actions import HoldLine
from reunify.ledger.policy import BudgetCategory, Cash, Unit
from reunify.reporting import sf425_actions, sf425_periods, sf425_queries
from reunify.reporting.sf425 import Line
from reunify.reporting.sf425_periods import FinalPeriod, Quarter, ReportingPeriod
from reunify.reporting.sf425_queries import Prepared, Restatement
from reunify.sandbox.people import settle_in

BY = System("tests")
HERE = ZoneInfo("America/New_York")
TRANSPORT, LODGING = BudgetCategory.TRANSPORT, BudgetCategory.LODGING
Q1, Q2, Q3 = Quarter(2026, 1), Quarter(2026, 2), Quarter(2026, 3)


def at(month: int, day: int, hour: int = 12, minute: int = 0, *, year: int = 2026) -> datetime:
    """That minute on the organisation's clock, as the world's."""
    return datetime(year, month, day, hour, minute, tzinfo=HERE).astimezone(UTC)


def settled(db: Database) -> Staff:
    """Ben, who approves for finance; the demo's people and organisation are there, or are made."""
    with db.work() as session:
        try:
            ben = staff_id(session, "ben")
        except NotFound:
            ben = settle_in(session, now=at(12, 1, year=2025))["ben"]
        return Staff(ben, "Ben", frozenset({Role.FINANCE_APPROVER}))


@dataclass
class Award:
    """`code` names it; holds are named by the test."""

    db: Database
    ben: Staff
    code: str = "award"
    fund: FundId = field(default_factory=lambda: FundId(uuid4()))
    holds: dict[str, UUID] = field(default_factory=dict)

    def open(
        self,
        amounts: dict[BudgetCategory, int],
        when: datetime,
        *,
        number: str | None = "15POVC-26-GG-00001",
        unit: Unit = Unit.CENTS,
        ends: date = date(2027, 3, 31),
        kind: FundKind = FundKind.HELD,
    ) -> Award:
        with self.db.work() as session:
            self.fund = funds.open_fund(
                session,
                code=self.code,
                name=f"Award {self.code}",
                public_name="A public award",
                kind=kind,
                unit=unit,
                amounts=amounts,
                period_start=date(2026, 1, 1),
                period_end=ends,
                organisation_set=number is None,
                award_number=number,
                assistance_listing="16.320" if number else None,
                by=BY,
                now=when,
            )
        return self

    def amend(self, cents: int, when: datetime, category: BudgetCategory = TRANSPORT) -> None:
        with self.db.work() as session:
            funds.amend(
                session,
                code=self.code,
                budget_category=category,
                authorized=cents,
                effective_from=date(2026, 1, 1),
                reason="tests",
                by=BY,
                now=when,
            )

    def draw(self, cents: int, when: datetime, *, happened_on: date | None = None) -> None:
        with self.db.work() as session:
            ledger.draw_down(
                session,
                external_ref=str(uuid4()),
                fund_id=self.fund,
                cash=Cash.STRIPE,
                amount=cents,
                happened_on=happened_on,
                by=BY,
                now=when,
            )

    def fee(self, cents: int, when: datetime) -> None:
        with self.db.work() as session:
            ledger.charge_fee(
                session,
                external_ref=str(uuid4()),
                fund_id=self.fund,
                budget_category=TRANSPORT,
                cash=Cash.BANK,
                amount=cents,
                by=BY,
                now=when,
            )

    def reserve(self, name: str, cents: int, when: datetime, category: BudgetCategory = TRANSPORT) -> None:
        self.holds[name] = uuid4()
        with self.db.work() as session:
            plan = [HoldLine(self.holds[name], self.fund, category, Unit.CENTS, cents)]
            ledger.reserve(session, external_ref=str(uuid4()), plan=plan, by=BY, now=when)

    def do(self, verb: str, name: str, cents: int, when: datetime, **more: object) -> UUID:
        with self.db.work() as session:
            done: UUID = getattr(ledger, verb)(
                session,
                external_ref=str(uuid4()),
                amounts={self.holds[name]: cents},
                by=BY,
                now=when,
                **more,
            )
            return done

    def figures(self, period: ReportingPeriod) -> dict[str, int]:
        """Cents by line, as the page shows them."""
        with self.db.read() as session:
            fund = sf425_queries.award(session, self.code)
            figures = sf425_queries.current(session, fund, period).figures
        return {line.value: figures[line] for line in Line}

    def dated_later(self, period: ReportingPeriod) -> dict[str, int]:
        """By line, the cents that happened by then and are dated later."""
        with self.db.read() as session:
            fund = sf425_queries.award(session, self.code)
            found = sf425_queries.dated_later(session, fund, period)
        return {line.value: cents for line, cents in found.items()}

    def final(self) -> FinalPeriod:
        with self.db.read() as session:
            found = sf425_periods.final_of(sf425_queries.award(session, self.code))
        assert found
        return found

    def drilled(self, period: ReportingPeriod, line: Line) -> list[int]:
        """What each entry behind a line adds to it."""
        with self.db.read() as session:
            fund = sf425_queries.award(session, self.code)
            entries, count = sf425_queries.drilled(session, fund, period, line)
        assert count == len(entries)
        return [entry.cents for entry in entries]

    def prepare(self, period: ReportingPeriod, when: datetime) -> UUID:
        with self.db.work() as session:
            return sf425_actions.prepare(session, code=self.code, period=period, by=self.ben, now=when)

    def reports(self, period: ReportingPeriod | None = None) -> list[Prepared]:
        with self.db.read() as session:
            return sf425_queries.prepared(session, sf425_queries.award(session, self.code), period)

    def restated(self, report: Prepared) -> Restatement:
        with self.db.read() as session:
            fund = sf425_queries.award(session, self.code)
            now = sf425_queries.current(session, fund, report.period)
            return sf425_queries.restated(session, fund, report, now=now)


def lines(*amounts: int) -> dict[str, int]:
    """10a to 10k in the form's order."""
    return dict(zip((line.value for line in Line), amounts, strict=True))


def spend(award: Award) -> Award:
    """By the end of March $300 are drawn down, $250 obligated, and $120 of that paid."""
    award.draw(30_000, at(2, 1))
    award.reserve("fare", 40_000, at(3, 1))
    award.reserve("room", 10_000, at(3, 1), LODGING)
    award.do("obligate", "fare", 25_000, at(3, 10))
    award.do("expend", "fare", 12_000, at(3, 20))
    return award
