"""A fund released in twenty-four parts, of which little is left: real rules, books, flows; time is moved."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import uuid4

from flows import assess, reservations, tranches
from reunify.allocation import queries as plans
from reunify.allocation.queries import AwardPlan
from reunify.approval import queries as awards
from reunify.approval.queries import Award
from reunify.funds import actions as funds
from reunify.funds import queries as sources
from reunify.funds.terms import Release, Terms
from reunify.intake import actions as intake
from reunify.intake import queries as requests
from reunify.kernel.ids import FundId, RequestId
from reunify.kernel.people import Staff, System
from reunify.ledger import actions as ledger
from reunify.ledger.actions import HoldLine
from reunify.ledger.policy import BudgetCategory, Unit
from reunify.reporting import invariants, progress
from reunify.reporting.waiting import versions_to_assess
from reunify.sandbox.families import sample_family
from reunify.sandbox.people import known_as
from reunify.web import award_acts
from tests.town import NOW, Town

OWN = "domestic_reunification"
FARES = BudgetCategory.TRANSPORT
TRANCHES = 24
PART = date(2026, 12, 1)  # the twelfth of twenty-four parts of 2026 and 2027; the next one after NOW
AFTER = date(2027, 1, 1)  # and the one after it
MIDNIGHT = datetime.fromisoformat("2026-12-01T00:00-05:00")  # the organisation's own
BY = System("tests")


@dataclass
class Scarce:
    town: Town
    staff: dict[str, Staff] = field(default_factory=dict)
    _families: int = 0
    _look: reservations.Look | None = None

    def __post_init__(self) -> None:
        with self.town.house.db.read() as session:
            for name in ("ana", "ben", "carla"):
                self.staff[name] = known_as(session, name)

    def paced(self) -> None:
        terms = Terms(release=Release.PACED, tranches=TRANCHES)
        with self.town.house.db.work() as session:
            funds.set_terms(
                session,
                code=OWN,
                terms=terms,
                effective_from=NOW.date(),
                reason="it would be gone by May",
                by=BY,
                now=NOW,
            )

    def leave(self, cents: int, *, begun: int = 11) -> None:
        """So much of what is released for fares is left; the rest is set aside for others."""
        with self.town.house.db.work() as session:
            fund = sources.fund_called(session, OWN)
            (at,) = [
                b
                for b in sources.held_balances(session)
                if b.fund.id == fund.id and b.budget_category is FARES
            ]
            others = at.authorized * begun // TRANCHES - cents - (at.authorized - at.available)
            line = HoldLine(uuid4(), FundId(fund.id), FARES, Unit.CENTS, others)
            ledger.reserve(session, external_ref=f"others:{uuid4()}", plan=[line], by=BY, now=NOW)

    def asks(self, cents: int, departs: date, *, more: dict[str, Any] | None = None) -> RequestId:
        """A mother and her child, another family each time: one bus fare; submitted and not checked yet."""
        self._families += 1
        draft = copy.deepcopy(sample_family("f", NOW.date()).draft)
        draft["case"] |= {"report_number": f"SG-26-{self._families}", "number": f"SAMPLE-{self._families}"}
        child = draft["case"]["child"]["name"]
        for person in (draft["case"]["child"], *draft["travelers"]):
            person["name"] = f"{child} {self._families}" if person["name"] == child else person["name"]
        later = departs - date.fromisoformat(draft["legs"][0]["departs"][:10])
        for leg in draft["legs"]:
            for end in ("departs", "arrives"):
                leg[end] = (datetime.fromisoformat(leg[end]) + later).isoformat(timespec="minutes")
        fare = draft["cost_lines"][0] | {"quote_cents": cents, "ceiling_cents": cents}
        draft["cost_lines"] = [fare]
        draft |= more or {}
        house = self.town.house
        with house.db.work() as session:
            made = intake.create(session, draft=draft, by=self.staff["ana"], now=self.town.clock()).id
            intake.submit(
                session,
                request_id=made,
                case_types=house.case_types,
                going_on="Entered again by a test.",
                by=self.staff["ana"],
                now=self.town.clock(),
            )
        self.town.clock.at += timedelta(minutes=1)
        return made

    def check(self) -> int:
        """What the worker does with versions that wait, in one batch."""
        with self.town.house.db.read() as session:
            waiting = versions_to_assess(session, limit=50)
        return assess.assess(self.town.house, waiting, None)

    def checked(self, cents: int, departs: date) -> RequestId:
        made = self.asks(cents, departs)
        self.check()
        return made

    def check_again(self, request_id: RequestId) -> None:
        with self.town.house.db.work() as session:
            intake.check_again(
                session,
                request_id=request_id,
                case_types=self.town.house.case_types,
                by=self.staff["ana"],
                now=self.town.clock(),
            )
        self.check()

    def try_again(self) -> int:
        found = tranches.work(self.town.house)
        return found.run(found.find(self.town.house.db, 50), None)

    def look_at_reservations(self) -> int:
        """What the worker does once an hour."""
        self._look = reservations.Look(self.town.house)
        return self._look.run(self._look.find(self.town.house.db, 50), None)

    def at(self, moment: datetime) -> None:
        self.town.clock.at = moment

    def award(self, request_id: RequestId) -> Award | None:
        with self.town.house.db.read() as session:
            return awards.newest_award(session, request_id)

    def plan(self, request_id: RequestId) -> AwardPlan | None:
        award = self.award(request_id)
        with self.town.house.db.read() as session:
            return plans.award_plan(session, award.allocation_id) if award else None

    def set_aside(self, request_id: RequestId) -> int:
        """Cents; nothing where no award stands or it lapsed."""
        award, plan = self.award(request_id), self.plan(request_id)
        return plan.ceiling_cents if plan and award and award.state != "lapsed" else 0

    def why(self, request_id: RequestId) -> dict[str, Any]:
        """The newest certificate, of a split that paid nothing too."""
        plan = self.plan(request_id)
        if plan is not None:
            return plan.certificate
        with self.town.house.db.read() as session:
            found = plans.empty_split(session, request_id)
        assert found is not None
        return found.certificate

    def stage(self, request_id: RequestId) -> str:
        with self.town.house.db.read() as session:
            return progress.of(session, request_id=request_id).stage

    def version_number(self, request_id: RequestId) -> int:
        with self.town.house.db.read() as session:
            return requests.newest_number(session, request_id)

    def approve(self, request_id: RequestId) -> None:
        award = self.award(request_id)
        assert award is not None
        award_acts.approve(self.town.house, award.id, self.staff["ben"])

    def findings(self) -> list[str]:
        with self.town.house.db.read() as session:
            return [str(f) for f in invariants.check(session)]
