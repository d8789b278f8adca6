"""Paid requests in a whole house, a second source of money, and the two people who move a cost."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from flows import assess
from reunify.allocation import queries as plans
from reunify.approval import queries as awards
from reunify.closeout import actions as closeout
from reunify.closeout import queries, recovering
from reunify.closeout.policy import Late, Reason
from reunify.closeout.queries import Transfer
from reunify.closeout.spent import Cost, costs, spent
from reunify.disbursement import queries as disbursement
from reunify.funds import actions as funds
from reunify.funds import queries as sources
from reunify.funds.policy import FundKind
from reunify.intake import actions as intake
from reunify.kernel.ids import InstructionId, RequestId
from reunify.kernel.money import Money
from reunify.kernel.people import Staff, System
from reunify.ledger import actions as ledger
from reunify.ledger import queries as books
from reunify.ledger.policy import BudgetCategory, Cash, Unit
from reunify.reporting import invariants
from reunify.reporting.waiting import versions_to_assess
from reunify.sandbox.families import sample_family
from reunify.sandbox.people import join, known_as
from reunify.web import award_acts
from tests.town import NOW, Town

KEEPER = System("sandbox")
OWN, GIFT = "domestic_reunification", "harbor_gift"
STATE = "interstate_compact"
TRANSPORT = BudgetCategory.TRANSPORT
WHY = "The gift was given for exactly this trip, as its letter says."
FINDING = "Its letter names fares of recovered children; this is one of them."
LATE = Late(
    "The letter of the gift had not been read when it was paid.",
    "The letter names the fares of recovered children.",
    "The letter was found at the close of the quarter.",
)


@dataclass
class Closing:
    """`begin` before each test puts the clock back; each test brings requests of its own."""

    town: Town
    staff: dict[str, Staff] = field(default_factory=dict)
    _kept: RequestId | None = None

    def __post_init__(self) -> None:
        with self.town.house.db.work() as session:
            join(session, now=NOW)
            for name in ("ana", "ben", "carla", "dee"):
                self.staff[name] = known_as(session, name)
        self.open(GIFT, {TRANSPORT: 9_000_000})

    def begin(self) -> None:
        self.town.clock.at = NOW

    def work(self) -> Any:
        return self.town.house.db.work()

    def read(self) -> Any:
        return self.town.house.db.read()

    def later(self, days: int) -> None:
        """So many days after the money was paid."""
        self.town.clock.at = NOW + timedelta(days=days)

    @property
    def today(self) -> date:
        return self.town.clock.at.date()

    def open(
        self,
        code: str,
        amounts: dict[BudgetCategory, int],
        *,
        starts: date = date(2026, 1, 1),
        ends: date | None = None,
        kind: FundKind = FundKind.HELD,
        unit: Unit = Unit.CENTS,
        award_number: str | None = None,
        assistance_listing: str | None = None,
        liquidation_date: date | None = None,
    ) -> None:
        with self.work() as session:
            funds.open_fund(
                session,
                code=code,
                name=code.replace("_", " ").title(),
                public_name=code,
                kind=kind,
                unit=unit,
                amounts=amounts,
                period_start=starts,
                period_end=ends,
                organisation_set=False,
                by=KEEPER,
                now=NOW,
                award_number=award_number,
                assistance_listing=assistance_listing,
                liquidation_date=liquidation_date,
            )

    def paid(self, cents: int = 40_000, *, day: date = NOW.date()) -> RequestId:  # noqa: B008 - a constant
        """One fare, paid from our own fund: approved and released by people, spent in the books. `day`: on
        which the family asks; it travels two days later."""
        request_id = self._entered(cents, day)
        self.released(request_id)
        self.spends(request_id)
        return request_id

    def spends(self, request_id: RequestId) -> None:
        """Every line in money, to its ceiling."""
        with self.work() as session:
            award = awards.newest_award(session, request_id)
            assert award is not None
            lines = plans.award_plan(session, award.allocation_id).lines
            amounts = {line.hold_id: line.ceiling for line in lines if line.unit == Unit.CENTS}
            held = books.holds(session, amounts)
            owed = {hold: cents for hold, cents in amounts.items() if held[hold].reserved}
            now = self.town.clock()
            if owed:  # what binds us only when it is paid
                ledger.obligate(session, external_ref=f"owed:{award.id}", amounts=owed, by=KEEPER, now=now)
            ledger.expend(session, external_ref=f"paid:{award.id}", amounts=amounts, by=KEEPER, now=now)

    def untouched(self) -> RequestId:
        """One such request for every test that is refused, and so leaves it as it was."""
        if self._kept is None:
            self._kept = self.paid()
        return self._kept

    def paid_out(self, cents: int = 40_000) -> RequestId:
        """The same with every step of the house: Stripe pays it out."""
        request_id = self._entered(cents)
        self.released(request_id)
        self.town.work()
        assert self.town.progress(str(request_id))["stage"] == "paid"
        return request_id

    def payment(self, request_id: RequestId) -> str:
        """Stripe's number of the one payment of the request."""
        (made,) = self.town.progress(str(request_id))["instructions"]
        with self.read() as session:
            (tried,) = disbursement.attempts(session, InstructionId(UUID(made["id"])))
        assert tried.payment is not None
        return tried.payment

    def _entered(self, cents: int, day: date = NOW.date()) -> RequestId:  # noqa: B008 - a constant
        draft = copy.deepcopy(sample_family("f", day).draft)
        draft["case"]["report_number"] = "SG-26-30981"
        line = draft["cost_lines"][0]
        line["quote_cents"] = line["ceiling_cents"] = cents
        draft["cost_lines"] = [line]
        house, now = self.town.house, self.town.clock()
        with self.work() as session:
            request_id = intake.create(session, draft=draft, by=self.staff["ana"], now=now).id
            intake.submit(
                session,
                request_id=request_id,
                case_types=house.case_types,
                going_on="Entered again by a test.",
                by=self.staff["ana"],
                now=now,
            )
        with self.read() as session:
            waiting = versions_to_assess(session, limit=20)
        assess.assess(house, waiting, None)
        return request_id

    def released(self, request_id: RequestId) -> None:
        with self.read() as session:
            award = awards.newest_award(session, request_id)
        assert award is not None
        now = self.town.clock()
        for name, act in (("ben", award_acts.approve), ("carla", award_acts.release)):
            act(self.town.house, award.id, replace(self.staff[name], proved_at=now))

    def costs(self, request_id: RequestId) -> list[Cost]:
        with self.read() as session:
            return costs(session, spent(session, request_id))

    def cost(self, request_id: RequestId, code: str = OWN) -> Cost:
        (found,) = [c for c in self.costs(request_id) if c.fund.code == code]
        return found

    def lies(self, request_id: RequestId) -> dict[str, int]:
        """Cents by the fund that bears them."""
        found: dict[str, int] = {}
        for cost in self.costs(request_id):
            found[cost.fund.code] = found.get(cost.fund.code, 0) + cost.cents
        return found

    def ask(self, request_id: RequestId, amount: int = 40_000, *, by: str = "ben", **more: Any) -> UUID:
        said: dict[str, Any] = {
            "from_hold": None,
            "to": GIFT,
            "category": TRANSPORT,
            "reason": Reason.WRONG_SOURCE.value,
            "justification": WHY,
        }
        said |= more
        said["from_hold"] = said["from_hold"] or self.cost(request_id).hold_id
        with self.work() as session:
            return closeout.ask_transfer(
                session,
                request_id=request_id,
                amount=amount,
                by=self.staff[by],
                now=self.town.clock(),
                **said,
            )

    def confirm(
        self, request_id: RequestId, transfer_id: UUID, *, by: str | Staff = "carla", finding: str = FINDING
    ) -> UUID:
        with self.work() as session:
            return closeout.confirm_transfer(
                session,
                request_id=request_id,
                transfer_id=transfer_id,
                finding=finding,
                by=by if isinstance(by, Staff) else self.staff[by],
                now=self.town.clock(),
            )

    def move(self, request_id: RequestId, amount: int = 40_000, **more: Any) -> UUID:
        """Asked and confirmed; the transfer's id."""
        transfer = self.ask(request_id, amount, **more)
        self.confirm(request_id, transfer)
        return transfer

    def transfer(self, request_id: RequestId, transfer_id: UUID) -> Transfer:
        with self.read() as session:
            found = queries.transfers_of(session, request_id, today=self.today)
        return next(t for t in found if t.id == transfer_id)

    def pays_back(self, request_id: RequestId, amount: int, *, by: str = "ben", **more: Any) -> UUID:
        """Written down: the home state sent so much for the one line that was paid."""
        said: dict[str, Any] = {
            "line_id": self.costs(request_id)[0].of.line.id,
            "source": STATE,
            "cash": Cash.BANK,
            "happened_on": self.today,
            "bank_reference": "WIRE-77",
            "evidence": "Their letter of this week, folder 3",
        }
        with self.work() as session:
            return recovering.record_recovery(
                session,
                request_id=request_id,
                amount=amount,
                by=self.staff[by],
                now=self.town.clock(),
                **said | more,
            )

    def verify(self, request_id: RequestId, recovery_id: UUID, *, by: str = "carla") -> UUID:
        with self.work() as session:
            return recovering.verify_recovery(
                session,
                request_id=request_id,
                recovery_id=recovery_id,
                by=self.staff[by],
                now=self.town.clock(),
            )

    def gives_back(self, hold: UUID, cents: int) -> None:
        """So much of what was paid came back to our account."""
        with self.work() as session:
            ledger.give_back(
                session,
                external_ref=f"back:{hold}:{cents}",
                amounts={hold: cents},
                pay_again=False,
                by=KEEPER,
                now=self.town.clock(),
            )

    def reverses(self, event: UUID) -> None:
        """In the books, past every door."""
        with self.work() as session:
            ledger.correct(
                session,
                event_id=event,
                external_ref=f"undone:{event}",
                by=self.staff["ben"],
                now=self.town.clock(),
            )

    def available(self, code: str, category: BudgetCategory = TRANSPORT) -> int:
        with self.read() as session:
            fund = sources.fund_called(session, code)
            return sum(
                b.available
                for b in books.balances(session)
                if (b.key.fund_id, b.key.budget_category) == (fund.id, category)
            )

    def used(self, code: str) -> dict[tuple[str, str], int]:
        """What the counters of this source's limits say, by scope and category."""
        asked = sa.text(
            "SELECT c.scope, c.category, c.used FROM ledger_caps c "
            "JOIN funding_sources f ON f.id = c.fund_id WHERE f.code = :code"
        )
        with self.read() as session:
            return {(row.scope, row.category): row.used for row in session.execute(asked, {"code": code})}

    def cash(self, account: Cash = Cash.STRIPE) -> Money:
        with self.read() as session:
            return books.cash(session, account)

    def sound(self) -> list[str]:
        """What the proof of the books finds; empty if they agree."""
        with self.read() as session:
            return [str(finding) for finding in invariants.check(session)]
