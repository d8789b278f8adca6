"""An office with people who keep its records; and the same in a whole house, where money moves."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi.testclient import TestClient
from sqlalchemy.orm import Session

from reunify.db import Database
from reunify.identity import actions as identity
from reunify.intake import actions as intake_actions
from reunify.intake import queries as intake
from reunify.kernel.ids import RequestId
from reunify.kernel.people import Role, Staff, System
from reunify.rates import actions as rates
from reunify.rates.fields import dictionary
from reunify.reporting import ending
from reunify.reporting.standing import Case
from reunify.retention import actions, finding, planning, queries, running
from reunify.sandbox.families import sample_family
from reunify.sandbox.people import IN_FORCE_FROM, ORGANISATION
from tests.apps import app_of
from tests.town import NOW, Clock, Town, built, proved

MARK = "Zyxwvut-Quillfeather"
ZONE = ZoneInfo("America/New_York")  # the sample organisation's
TEST = System("test")


@dataclass
class Office:
    db: Database
    clock: Clock
    sue: Staff  # supervisor
    ada: Staff  # administrator
    mia: Staff  # case manager

    @property
    def now(self) -> datetime:
        return self.clock()

    def later(self, **spans: int) -> None:
        self.clock.at += timedelta(**spans)

    def noon(self, day: date) -> None:
        """Noon of that day on the organisation's clock."""
        self.clock.at = datetime.combine(day, time(12), ZONE).astimezone(UTC)

    def drafted(self, mark: str = MARK) -> UUID:
        """A draft nobody will submit, every name marked: due after ninety days."""
        draft = marked(sample_family("b", NOW.date()).draft, mark)
        with self.db.work() as session:
            return intake_actions.create(session, draft=draft, by=self.mia, now=self.now).id

    def submitted(self, mark: str = MARK) -> UUID:
        """Submitted, and nobody has looked at it yet."""
        request_id = self.drafted(mark)
        self.submit(request_id)
        return request_id

    def submit(self, request_id: UUID, within: Session | None = None) -> None:
        """`within`: a transaction of the caller's."""
        with nullcontext(within) if within is not None else self.db.work() as session:
            intake_actions.submit(
                session,
                request_id=RequestId(request_id),
                case_types=dictionary().case_types,
                going_on="Entered again by a test.",
                by=self.mia,
                now=self.now,
            )

    def edited(self, request_id: UUID) -> None:
        with self.db.work() as session:
            intake_actions.edit(
                session,
                request_id=RequestId(request_id),
                draft={"purpose": "visit_child"},
                expected_revision=None,
                by=self.mia,
                now=self.now,
            )

    def records_due(self) -> list[str]:
        with self.db.read() as session:
            return sorted(item.record for item in finding.find(session, now=self.now).due)

    def planned(self) -> UUID:
        with self.db.work() as session:
            plan_id, _ = planning.plan(session, by=self.ada, now=self.now)
        return plan_id

    def digest(self, plan_id: UUID) -> str:
        with self.db.read() as session:
            return queries.plan(session, plan_id).digest

    def approved(self) -> UUID:
        plan_id = self.planned()
        digest = self.digest(plan_id)
        with self.db.work() as session:
            planning.approve_plan(session, plan_id=plan_id, digest=digest, by=self.sue, now=self.now)
        return plan_id

    def run(self, plan_id: UUID) -> dict[str, int]:
        return running.run(self.db, plan_id=plan_id, clock=self.clock, tell=print)

    def held(self, **named: Any) -> UUID:
        with self.db.work() as session:
            return actions.place_hold(
                session, reason="A suit", asked_by="A court", by=self.sue, now=self.now, **named
            )

    def child(self, request_id: UUID) -> UUID:
        with self.db.read() as session:
            found = intake.request(session, request_id).child_person_id
        assert found is not None
        return found

    def told(self, request_id: UUID) -> Any:
        """What the family told us, as the newest version says it. Raises Erased."""
        with self.db.read() as session:
            return intake.newest_version(session, request_id).raw

    def case(self, request_id: UUID) -> Case:
        with self.db.read() as session:
            (found,) = ending.cases(session, [request_id], zone=ZONE, reports={})
        return found

    def trip_ends_on(self, request_id: UUID) -> date:
        found = self.case(request_id).trip_ends_on
        assert found is not None
        return found

    def due_on(self, request_id: UUID) -> date:
        """Three years after the last of: its payments, its trip, its consents."""
        case = self.case(request_id)
        last = max(filter(None, (case.closed_on, case.trip_ends_on, case.consent_ends_on)))
        return last.replace(year=last.year + 3)


@dataclass
class House:
    """The same office in a whole house, where a family can be paid."""

    town: Town
    office: Office

    def paid(self, mark: str = MARK) -> UUID:
        """A family paid to the last cent, every name marked; its request."""
        request_id = self.town.submitted(marked(sample_family("b", NOW.date()).draft, mark))
        award = self.town.progress(request_id)["award"]["id"]
        self._act("ben", f"/awards/{award}/approval")
        self._act("carla", f"/awards/{award}/release")
        self.town.work()
        for at in self.town.progress(request_id)["instructions"]:
            if at["rail"] == "logged":
                body = {
                    "instrument": "hotel_night" if at["unit"] == "night" else "vendor_payment",
                    "external_reference": "INV-1",
                    "paid_on": self.town.clock().date().isoformat(),
                    "evidence": f"{mark} seen",
                }
                self._act("ben", f"/payments/{at['id']}/record", body)
                proved(self.town, at)
                self._act("carla", f"/payments/{at['id']}/verification")
        self.town.work()
        assert self.town.progress(request_id)["stage"] == "paid"
        return UUID(request_id)

    def browser(self, who: str) -> TestClient:
        """Signed in now: sessions of years ago have ended."""
        for person in self.town._people.values():
            person.close()
        self.town._people.clear()
        token = self.town.person(who)._http.headers["authorization"]
        return TestClient(
            app_of(self.town.house), base_url="http://localhost", headers={"authorization": token}
        )

    def _act(self, who: str, path: str, body: dict[str, Any] | None = None) -> None:
        self.town.person(who).act(self.town.diary, "act", path, body)


def marked(draft: dict[str, Any], mark: str) -> dict[str, Any]:
    """Every name in the draft carries the mark."""

    def walk(value: Any) -> Any:
        if isinstance(value, dict):
            return {
                k: f"{mark} {v}" if k == "name" and isinstance(v, str) else walk(v) for k, v in value.items()
            }
        return [walk(v) for v in value] if isinstance(value, list) else value

    return dict(walk(copy.deepcopy(draft)))


def hired(session: Session, name: str, role: Role, now: datetime) -> Staff:
    staff_id = identity.add_staff(
        session, username=name.casefold(), name=name, roles={role}, by=TEST, now=now
    )
    return Staff(staff_id, name, frozenset({role}))


def office_over(db: Database, clock: Clock, *, furnish: bool = True) -> Office:
    """`furnish`: the organisation's settings too; a town has its own."""
    with db.work() as session:
        if furnish:
            for key, value in ORGANISATION.items():
                rates.set_organisation(
                    session, key=key, value=value, effective_from=IN_FORCE_FROM, by=TEST, now=clock()
                )
        sue = hired(session, "Sue", Role.SUPERVISOR, clock())
        ada = hired(session, "Ida", Role.ADMINISTRATOR, clock())
        mia = hired(session, "Mia", Role.CASE_MANAGER, clock())
    return Office(db, clock, sue, ada, mia)


@contextmanager
def house_over(db: Database, data: Path) -> Iterator[House]:
    with built(db, data) as town:
        yield House(town, office_over(db, town.clock, furnish=False))
