"""A family whose trip abroad a federal program may be asked for: real rules, real books, real people."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from flows import assess
from reunify.allocation import queries as plans
from reunify.allocation.queries import AwardPlan
from reunify.approval import queries as awards
from reunify.consent import actions as consent
from reunify.consent.actions import Paper
from reunify.consent.policy import Recipient, RecipientKind, Told
from reunify.eligibility import actions as eligibility
from reunify.eligibility import asking, asking_actions, asking_deciding
from reunify.funds import actions as funds
from reunify.funds import queries as sources
from reunify.funds.policy import FundKind
from reunify.intake import actions as intake
from reunify.intake import queries as requests
from reunify.intake import signers
from reunify.kernel.ids import RequestId
from reunify.kernel.people import Staff, System
from reunify.ledger import queries as books
from reunify.ledger.policy import BudgetCategory, Unit
from reunify.reporting import progress
from reunify.reporting.waiting import versions_to_assess
from reunify.rules import queries as rules
from reunify.sandbox.families import sample_family
from reunify.sandbox.people import join, known_as
from tests.town import NOW, Town

PROGRAM = "ovc_reunification_travel"
NAME = "International Family Travel Program"
OWN = "domestic_reunification"
TODAY = NOW.date()
MONEY = BudgetCategory.TRANSPORT
RICH = 9_000_000_00  # over our own fund's limit: nobody but the program can pay
CHILD = 31_820  # the child's fare


@dataclass
class Office:
    """People and one program that is asked, known to the books and holding nothing of its own."""

    town: Town
    staff: dict[str, Staff] = field(default_factory=dict)
    _before: tuple[int, ...] = (0, 0, 0, 0, 0)

    def __post_init__(self) -> None:
        with self.town.house.db.work() as session:
            join(session, now=NOW)
            for name in ("ana", "sam", "eli", "ben", "carla"):
                self.staff[name] = known_as(session, name)
            funds.open_fund(
                session,
                code=PROGRAM,
                name="OVC Victim Reunification Travel Program (through NCMEC)",
                public_name=NAME,
                kind=FundKind.ASKED,
                unit=Unit.CENTS,
                amounts={},
                period_start=date(2026, 1, 1),
                period_end=None,
                organisation_set=False,
                by=System("sandbox"),
                now=NOW,
            )

    def begin(self) -> None:
        """Before each test: what another left waiting is checked, and the books are read."""
        self.town.clock.at = NOW
        self.check()
        self._before = self._book(MONEY)

    @property
    def case_types(self) -> Any:
        return self.town.house.case_types

    def work(self) -> Any:
        return self.town.house.db.work()

    def read(self) -> Any:
        return self.town.house.db.read()

    def submitted(self, *, fare: int = 40_000, income: int | None = RICH, child: bool = True) -> RequestId:
        """A mother flies to a hearing in Peru, a child home with her. `income` None: our own fund can pay."""
        with self.work() as session:
            request_id = intake.create(
                session, draft=abroad(fare, income, child), by=self.staff["ana"], now=self.town.clock()
            ).id
            intake.submit(
                session,
                request_id=request_id,
                case_types=self.case_types,
                going_on="Entered again by a test.",
                by=self.staff["ana"],
                now=self.town.clock(),
            )
        self.check()
        self.decide(request_id, "VR-06", "VR-07")
        return request_id

    def decide(self, request_id: RequestId, *requirements: str, decision: str = "met") -> None:
        with self.work() as session:
            for requirement in requirements:
                eligibility.decide_requirement(
                    session,
                    request_id=request_id,
                    requirement=requirement,
                    decision=decision,
                    reason="Found on the telephone, and written down.",
                    rulebooks=rules.in_force(session),
                    by=self.staff["ana"],
                    now=self.town.clock(),
                )
            intake.check_again(
                session,
                request_id=request_id,
                case_types=self.case_types,
                by=self.staff["ana"],
                now=self.town.clock(),
            )
        self.check()

    def check(self, only: RequestId | None = None) -> int:
        """What the worker does with versions that wait."""
        with self.read() as session:
            waiting = versions_to_assess(session, limit=20)
            if only is not None:
                waiting = [requests.newest_version(session, only).id]
        return assess.assess(self.town.house, waiting, None)

    def ask(
        self,
        request_id: RequestId,
        amounts: Mapping[str, int],
        *,
        told: tuple[UUID, ...] = (),
        by: str = "ana",
        **more: Any,
    ) -> UUID:
        said: dict[str, Any] = {
            "source": PROGRAM,
            "asked_on": TODAY,
            "how": "letter",
            "reference": "L-2026-0117",
            "names_nobody": not told,
        }
        with self.work() as session:
            return asking_actions.record_ask(
                session,
                request_id=request_id,
                amounts=amounts,
                told=told,
                by=self.staff[by],
                now=self.town.clock(),
                **said | more,
            )

    def record(
        self,
        request_id: RequestId,
        ask_id: UUID,
        decided: str,
        amounts: Mapping[BudgetCategory, int] | None = None,
        **more: Any,
    ) -> UUID:
        said: dict[str, Any] = {
            "decided_on": TODAY,
            "conditions": "",
            "evidence_id": None,
            "reference": "Their letter of today, folder 3",
            "by": self.staff["ana"],
            "now": self.town.clock(),
        }
        with self.work() as session:
            return asking_deciding.record_decision(
                session,
                request_id=request_id,
                ask_id=ask_id,
                decided=decided,
                amounts=amounts or {},
                case_types=self.case_types,
                **said | more,
            )

    def confirm(
        self, request_id: RequestId, decision_id: UUID, *, by: str = "sam", check: bool = True
    ) -> None:
        with self.work() as session:
            asking_deciding.confirm_decision(
                session,
                request_id=request_id,
                decision_id=decision_id,
                case_types=self.case_types,
                by=self.staff[by],
                now=self.town.clock(),
            )
        if check:
            self.check()

    def granted(
        self, request_id: RequestId, asked: Mapping[str, int], grant: int | None = None, *, check: bool = True
    ) -> UUID:
        """Asked, answered and confirmed: all of it, or `grant` cents of transport. The ask's id."""
        ask_id = self.ask(request_id, asked)
        if grant is None:
            decision = self.record(request_id, ask_id, "full")
        else:
            decision = self.record(request_id, ask_id, "partial", {MONEY: grant})
        self.confirm(request_id, decision, check=check)
        return ask_id

    def consented(self, request_id: RequestId, name: str = NAME, *, sign: bool = True) -> UUID:
        """The mother's written yes that this funder is told why we help her."""
        now = self.town.clock()
        with self.work() as session:
            content = requests.newest_version(session, request_id).content
            asked = consent.ask(
                session,
                request_id=request_id,
                recipient=Recipient(RecipientKind.FUNDER, name),
                what=Told.CASE_SUMMARY,
                about="mother",
                by=self.staff["ana"],
                now=now,
            )
            needed = signers.needed_for(content, "mother", on=now.date())
            for giver in needed.givers if sign else ():
                consent.record_paper(
                    session,
                    ask=asked,
                    needed=needed,
                    giver=giver,
                    name="Marisol Sample",
                    months=3,
                    paper=Paper("Folder 3", self.staff["ana"].id),
                    language="es",
                    by=self.staff["ana"],
                    now=now,
                )
            return asked.id

    def stage(self, request_id: RequestId) -> str:
        with self.read() as session:
            return progress.of(session, request_id=request_id).stage

    def plan(self, request_id: RequestId) -> AwardPlan | None:
        with self.read() as session:
            award = awards.newest_award(session, request_id)
            return plans.award_plan(session, award.allocation_id) if award else None

    def paid_by(self, request_id: RequestId) -> dict[str, dict[str, int]]:
        """Cents by fund, then by line."""
        found: dict[str, dict[str, int]] = {}
        plan = self.plan(request_id)
        for line in plan.lines if plan else ():
            found.setdefault(line.fund_code, {})[line.line_key] = line.ceiling
        return found

    def book(self) -> tuple[int, ...]:
        """Of the program, since the test began: authorized, available, reserved, obligated, expended."""
        return tuple(now - was for now, was in zip(self._book(MONEY), self._before, strict=True))

    def _book(self, category: BudgetCategory) -> tuple[int, ...]:
        with self.read() as session:
            fund_id = sources.fund_called(session, PROGRAM).id
            for b in books.balances(session):
                if (b.key.fund_id, b.key.budget_category) == (fund_id, category):
                    return b.authorized, b.available, b.reserved, b.obligated, b.expended
        return 0, 0, 0, 0, 0

    def grant(self, request_id: RequestId) -> asking.Grant | None:
        with self.read() as session:
            return asking.granted(session, request_id, TODAY).get(PROGRAM)


def abroad(fare: int, income: int | None, child: bool) -> dict[str, Any]:
    """The sample family on its way to a court in Peru: the mother's fare, and $318.20 for the child's."""
    draft = copy.deepcopy(sample_family("b", TODAY).draft)
    draft["case"] |= {"case_type": "family_abduction"}
    draft["purpose"] = "attend_hearing"
    peru = {"city": "Lima", "country": "PE"}
    draft["legs"][0]["destination"] = draft["legs"][1]["origin"] = peru
    for leg in draft["legs"]:
        leg["us_flag"] = "yes"
    draft["cost_lines"] = [
        line | {"fare_class": "economy"} for line in draft["cost_lines"] if line["category"] == "air_fare"
    ]
    draft["cost_lines"] = draft["cost_lines"][: 2 if child else 1]
    draft["cost_lines"][0] |= {"quote_cents": fare, "ceiling_cents": fare}
    draft["foreign_approval"] = "Their letter of November 20, on travel abroad"
    draft["told"] = {"taken_from_united_states": "yes", "proceeding_abroad": "court_proceeding"}
    if income is not None:
        draft["household"]["yearly_income_cents"] = income
    return draft
