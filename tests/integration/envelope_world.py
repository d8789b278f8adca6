"""A night in a town: envelopes, who is on call, and emergencies with real rules, books and flows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

import sqlalchemy as sa

from flows import envelopes as flow
from reunify.approval import envelope_queries, envelope_reviews, envelopes
from reunify.approval.envelope_queries import Envelope, Review
from reunify.closeout import actions as moving
from reunify.closeout import queries as closeout
from reunify.closeout.queries import Transfer
from reunify.funds import actions as keep
from reunify.funds import queries as sources
from reunify.funds.policy import FundKind
from reunify.identity import roster
from reunify.identity.duties import Duty, Span
from reunify.kernel.ids import RequestId
from reunify.kernel.money import Money
from reunify.kernel.people import Role
from reunify.ledger import actions as ledger
from reunify.ledger import queries as books
from reunify.ledger.policy import BudgetCategory, Unit
from reunify.sandbox import people
from reunify.sandbox.people import DemoPerson, known_as
from reunify.web import award_acts
from tests.integration.scarce_world import BY, FARES, OWN, Scarce
from tests.town import NOW

FINANCE = frozenset({Role.FINANCE_APPROVER, Role.FINANCE_RELEASER})
THIRD = DemoPerson("gus", "Gus Alder", "thistle-anchor-19", FINANCE)
DEPARTS = date(2026, 12, 3)
NIGHT = Span(NOW - timedelta(hours=1), NOW + timedelta(hours=16))
FARE = 160_000  # above the small-amount limit of 150,000


@dataclass
class Night(Scarce):
    """Ben is on call for money, Carla his backup; both sign; Gus had no part in it."""

    def __post_init__(self) -> None:
        super().__post_init__()
        people.PEOPLE_BY_NAME[THIRD.username] = THIRD
        with self.town.house.db.work() as session:
            people.join(session, now=NOW)
            people.hire(session, THIRD, now=NOW)
            for name in ("gus", "sam", "eli"):
                self.staff[name] = known_as(session, name)
            roster.add_shift(
                session,
                duty=Duty.NIGHT_FINANCE,
                person_id=self.staff["ben"].id,
                backup_id=self.staff["carla"].id,
                span=Span(NOW - timedelta(hours=2), NOW + timedelta(days=2)),
                by=self.staff["sam"],
                now=NOW,
            )

    def propose(
        self,
        amounts: Mapping[BudgetCategory, int],
        per_request: int,
        *,
        fund: str = OWN,
        by: str = "carla",
        span: Span = NIGHT,
    ) -> UUID:
        with self.town.house.db.work() as session:
            return envelopes.propose(
                session,
                fund=fund,
                amounts=amounts,
                per_request=Money(per_request),
                span=span,
                by=self.staff[by],
                now=self.town.clock(),
            )

    def sign(self, envelope: UUID, by: str = "ben") -> None:
        with self.town.house.db.work() as session:
            envelopes.sign(session, envelope_id=envelope, by=self.staff[by], now=self.town.clock())

    def signed(self, cents: int, per_request: int, *, fund: str = OWN, span: Span = NIGHT) -> UUID:
        """An envelope of fares in force."""
        made = self.propose({FARES: cents}, per_request, fund=fund, span=span)
        self.sign(made)
        return made

    def emergency(self, cents: int = FARE) -> RequestId:
        """Submitted in the emergency lane and checked."""
        made = self.asks(cents, DEPARTS)
        self.hurry(made)
        self.check()
        return made

    def hurry(self, request_id: RequestId) -> None:
        with self.town.house.db.work() as session:
            said = sa.text("UPDATE requests SET lane = 'emergency' WHERE id = :id")
            session.execute(said, {"id": request_id})

    def act(self, request_id: RequestId, by: str = "ben") -> None:
        """Approve and release in one act."""
        award = self.award(request_id)
        assert award is not None
        award_acts.approve_and_release(self.town.house, award.id, self.staff[by])

    def review(self, request_id: RequestId, *, agrees: bool, reason: str = "", by: str = "gus") -> None:
        award = self.award(request_id)
        assert award is not None
        with self.town.house.db.work() as session:
            envelope_reviews.review(
                session,
                award_id=award.id,
                agrees=agrees,
                reason=reason,
                by=self.staff[by],
                now=self.town.clock(),
            )

    def review_of(self, request_id: RequestId) -> Review | None:
        award = self.award(request_id)
        assert award is not None
        with self.town.house.db.read() as session:
            return envelope_queries.review_of(session, award.id)

    def flow(self) -> int:
        """What the worker does with envelopes and reviews, until nothing moves."""
        done = 0
        for work in flow.works(self.town.house):
            ids = work.find(self.town.house.db, 50)
            done += work.run(ids, None) if ids else 0
        return done

    def left(self, envelope: UUID) -> int:
        """Cents still in it."""
        return sum(part.left.cents for part in self.envelope(envelope).parts)

    def envelope(self, envelope: UUID) -> Envelope:
        every = ("proposed", "in_force", "withdrawn", "closed", "expired")
        with self.town.house.db.read() as session:
            (found,) = [e for e in envelope_queries.envelopes(session, states=every) if e.id == envelope]
        return found

    def fares(self, fund: str = OWN) -> tuple[int, int, int]:
        """Available, reserved and obligated for fares."""
        with self.town.house.db.read() as session:
            (at,) = [
                b
                for b in sources.held_balances(session)
                if b.fund.code == fund and b.budget_category is FARES
            ]
        return at.available, at.reserved, at.obligated

    def of_a_funder(self, gifts: str = "gifts") -> None:
        """The source of the envelope is a funder's now; the organisation's own money is another one."""
        with self.town.house.db.work() as session:
            session.execute(
                sa.text("UPDATE funding_sources SET organisation_set = false WHERE code = :code"),
                {"code": OWN},
            )
            if any(fund.code == gifts for fund in sources.all_funds(session)):
                return
            keep.open_fund(
                session,
                code=gifts,
                name="Gifts without conditions",
                public_name="Gifts",
                kind=FundKind.HELD,
                unit=Unit.CENTS,
                amounts={FARES: 1_000_000},
                period_start=date(2026, 1, 1),
                period_end=None,
                organisation_set=True,
                by=BY,
                now=NOW,
            )

    def tidy(self) -> None:
        """No envelope is open any more, and the source is the organisation's own again."""
        with self.town.house.db.work() as session:
            for one in envelope_queries.envelopes(session):
                end = envelopes.close if one.state == "in_force" else envelopes.withdraw
                end(session, envelope_id=one.id, reason="The test is over", by=self.staff["gus"], now=NOW)
            said = sa.text("UPDATE funding_sources SET organisation_set = true WHERE code = :code")
            session.execute(said, {"code": OWN})
        self.flow()

    def spend(self, request_id: RequestId) -> None:
        """What the release set aside is paid, in the books alone."""
        plan = self.plan(request_id)
        assert plan is not None
        with self.town.house.db.work() as session:
            for hold in books.holds(session, [line.hold_id for line in plan.lines]).values():
                if hold.reserved:
                    ledger.obligate(
                        session,
                        external_ref=f"o:{hold.id}",
                        amounts={hold.id: hold.reserved},
                        by=BY,
                        now=self.town.clock(),
                    )
                ledger.expend(
                    session,
                    external_ref=f"p:{hold.id}",
                    amounts={hold.id: hold.ceiling},
                    by=BY,
                    now=self.town.clock(),
                )

    def transfers(self, request_id: RequestId) -> list[Transfer]:
        with self.town.house.db.read() as session:
            return closeout.transfers_of(session, request_id, today=self.town.clock().date())

    def confirm(self, request_id: RequestId, transfer_id: UUID, *, by: str) -> None:
        with self.town.house.db.work() as session:
            moving.confirm_transfer(
                session,
                request_id=request_id,
                transfer_id=transfer_id,
                finding="The organisation answers for what it decided at night.",
                by=self.staff[by],
                now=self.town.clock(),
            )
