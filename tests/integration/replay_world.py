"""An office that raises its fund's income limit from 100 to 120 percent, with families on both sides."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from reunify.db import Database
from reunify.eligibility import actions as eligibility
from reunify.eligibility import look_back_queries, replays
from reunify.eligibility.look_back_queries import LookBackView
from reunify.identity.queries import staff_id
from reunify.intake import actions as intake
from reunify.intake import queries as intake_queries
from reunify.kernel.ids import RequestId
from reunify.kernel.people import Staff, System
from reunify.rates.queries import organisation
from reunify.rules import actions as rules
from reunify.rules import queries
from reunify.rules.views import ReplayView
from reunify.sandbox.families import sample_family
from reunify.sandbox.people import PEOPLE_BY_NAME

FUND = "domestic_reunification"
LIMIT = 54_640_00  # for three people, in cents: 100 percent of what the organisation set
UP_TO_120 = 65_568_00
FLOW = System("replay_rules")
ASSESS = System("assess")


@dataclass
class Office:
    db: Database
    now: datetime

    def person(self, name: str) -> Staff:
        with self.db.read() as session:
            found = staff_id(session, name)
        return Staff(found, PEOPLE_BY_NAME[name].name, PEOPLE_BY_NAME[name].roles)

    def family(self, income: int | None, **changed: Any) -> RequestId:
        """A family of three in Texas with this yearly income, entered and checked."""
        draft = copy.deepcopy(sample_family("d", self.now.date()).draft)
        draft["household"] = {"size": 3, "yearly_income_cents": income, "state": "TX"}
        request_id = self.submitted(draft | changed)
        self.check(request_id)
        return request_id

    def submitted(self, draft: dict[str, Any]) -> RequestId:
        ana = self.person("ana")
        with self.db.work() as session:
            request_id = intake.create(session, draft=draft, by=ana, now=self.now).id
            case_types = queries.in_force(session).dictionary.case_types
            intake.submit(
                session,
                request_id=request_id,
                case_types=case_types,
                going_on="Entered again by a test.",
                by=ana,
                now=self.now,
            )
        return RequestId(request_id)

    def again(self, request_id: RequestId) -> None:
        """A case manager has it checked again."""
        with self.db.work() as session:
            case_types = queries.in_force(session).dictionary.case_types
            intake.check_again(
                session, request_id=request_id, case_types=case_types, by=self.person("ana"), now=self.now
            )
        self.check(request_id)

    def corrected(self, request_id: RequestId, income: int) -> None:
        """The family's income was told wrongly; checked again with the right one."""
        with self.db.work() as session:
            intake.answer(
                session,
                request_id=request_id,
                answers={"/household/yearly_income_cents": income},
                award_stands=False,
                case_types=queries.in_force(session).dictionary.case_types,
                by=self.person("ana"),
                now=self.now,
            )
        self.check(request_id)

    def check(self, request_id: RequestId) -> None:
        with self.db.work() as session:
            version = intake_queries.newest_version(session, request_id)
            eligibility.assess(
                session,
                version_id=version.id,
                request_id=request_id,
                number=version.number,
                content=version.content,
                organisation=organisation(session, on=self.now.date()),
                rulebooks=queries.in_force(session),
                by=ASSESS,
                now=self.now,
                run=None,
            )

    def raised(self, to: int = 120) -> str:
        """Ada's draft of the same day with a higher limit, submitted; its fingerprint."""
        ada = self.person("ada")
        with self.db.work() as session:
            standing = queries.in_force(session).versions[FUND][-1]
            begun = rules.begin_draft(
                session,
                source=FUND,
                effective_from=standing.effective_from,
                based_on=standing.sha256,
                by=ada,
                now=self.now,
            )
            draft = queries.draft(session, begun)
            text = draft.rules.replace('"<= 100"', f'"<= {to}"')
            assert text != draft.rules
            rules.save_draft(
                session,
                draft_id=begun,
                expected_revision=draft.revision,
                rules=text,
                tables=draft.tables,
                examples=_at_limit(draft.examples, to),
                by=ada,
                now=self.now,
            )
            return rules.submit(session, draft_id=begun, by=ada, now=self.now)

    def waiting(self) -> UUID:
        with self.db.read() as session:
            (found,) = queries.replays_waiting(session, limit=5)
        return found

    def turn(self, replay_id: UUID, **bounds: int) -> int:
        return replays.run_replay(
            self.db, replay_id=replay_id, by=FLOW, clock=lambda: self.now, run="run-1", **bounds
        )

    def replayed(self, **bounds: int) -> dict[str, Any]:
        """Turn after turn to the end; the report."""
        replay_id = self.waiting()
        while self.turn(replay_id, **bounds):
            pass
        report = self.replay(replay_id).report
        assert report is not None
        return report

    def replay(self, replay_id: UUID) -> ReplayView:
        with self.db.read() as session:
            return queries.replay(session, replay_id)

    def approved(self, sha256: str, by: str = "noor") -> bool:
        with self.db.work() as session:
            return replays.approve_version(
                session, sha256=sha256, reason="The board raised it.", by=self.person(by), now=self.now
            )

    def owed(self, *request_ids: UUID) -> list[LookBackView]:
        with self.db.read() as session:
            of_each = [look_back_queries.of_request(session, request_id) for request_id in request_ids]
        return [view for views in of_each for view in views if view.open]

    def ask(self, sha256: str, since: date | None) -> UUID:
        with self.db.work() as session:
            return rules.ask_replay(session, sha256=sha256, since=since, by=self.person("ada"), now=self.now)


def _at_limit(examples: str, to: int) -> str:
    """The examples at the limit and one over it, moved to the new one."""
    moved = examples.replace("_of_limit: 100", f"_of_limit: {to}")
    return moved.replace("_of_limit: 101", f"_of_limit: {to + 1}")
