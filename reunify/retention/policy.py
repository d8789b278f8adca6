"""When a record is due, what stops its erasure, and who may say so. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Final
from uuid import UUID

from reunify.kernel.moves import START, Move, Moves
from reunify.kernel.people import Role, Staff
from reunify.kernel.refusals import NotAllowed, NotFound, OutOfStep, Refused
from reunify.kernel.text import is_safe
from reunify.reporting.standing import Case, CaseStanding

if TYPE_CHECKING:
    from reunify.retention.schedule import Schedule

HOLD_MOVES = Moves(
    "legal hold",
    Move(START, "place", "placed", "supervisor or administrator"),
    Move("placed", "ask_to_lift", "lift_asked", "supervisor or administrator"),
    Move("lift_asked", "lift", "lifted", "the other of supervisor and administrator"),
    Move("lift_asked", "keep", "placed", "supervisor or administrator"),
)
PLAN_MOVES = Moves(
    "retention plan",
    Move(START, "plan", "planned", "operator, supervisor or administrator"),
    Move("planned", "take_on", "planned", "supervisor or administrator, of a plan made at the command line"),
    Move("planned", "approve", "approved", "another supervisor or administrator"),
    Move("planned", "discard", "discarded", "supervisor or administrator"),
    Move("approved", "discard", "discarded", "supervisor or administrator"),
    Move("approved", "finish", "done", "operator"),
)
KEEPERS: Final = frozenset({Role.SUPERVISOR, Role.ADMINISTRATOR})
PLAN_STANDS_FOR: Final = timedelta(days=30)
LONGEST_REASON: Final = 2000


class Event(StrEnum):
    """What a period is counted from."""

    FINAL_REPORT = "final_report"
    CASE_CLOSED = "case_closed"
    LAST_CHANGE = "last_change"
    CONSENT_END = "consent_end"
    TRIP_END = "trip_end"
    ACCESS_END = "access_end"
    NOTHING = "nothing"


class Basis(StrEnum):
    LAW = "law"
    ORGANISATION_SET = "organisation-set"


class How(StrEnum):
    PLAN = "plan"
    SWEEP = "sweep"
    KEPT = "kept"


class Part(StrEnum):
    """What of a request is erased at once."""

    CASE = "case"
    BOOKING_FACTS = "booking_facts"
    IDENTITY_PAPERS = "identity_papers"


class ShorterThanTheLaw(Refused):
    """The organisation may lengthen a legal minimum, never shorten it."""


class KeptForEver(Refused):
    """These records have no period."""


class NoSuchRecord(NotFound):
    """The schedule has no such kind of record."""


class NoSuchHold(NotFound):
    """There is no such legal hold."""


class NoSuchPlan(NotFound):
    """There is no such retention plan."""


class NoFamilyNamed(Refused):
    """A hold names the request or the person it is for."""


class HoldNeedsWords(Refused):
    """A hold says why, and who asked for it."""


class SecondPersonLifts(NotAllowed):
    """A hold is lifted by a supervisor and an administrator, two different people."""


class PlannerMayNotApprove(NotAllowed):
    """Whoever made a plan, or took it on, never approves it."""


class PlanChanged(OutOfStep):
    """The plan on the page is not the plan that is kept."""


class PlanTooOld(OutOfStep):
    """A plan stands for 30 days; what it names may have changed."""


class PlanNotApproved(OutOfStep):
    """A plan is run only after another person approved it."""


class ReportNotYet(Refused):
    """A final report is written down after it was sent, not before."""


@dataclass(frozen=True, slots=True)
class Period:
    """How long, in whole years or whole days; the day it ends is the first day of erasure."""

    years: int = 0
    days: int = 0

    def after(self, start: date) -> date:
        """Never a day short: three years after 29 February end on 1 March."""
        try:
            moved = start.replace(year=start.year + self.years)
        except ValueError:
            moved = date(start.year + self.years, 3, 1)
        return moved + timedelta(days=self.days)

    def __str__(self) -> str:
        if self.years:
            return f"{self.years} year{'' if self.years == 1 else 's'}"
        return f"{self.days} day{'' if self.days == 1 else 's'}"


@dataclass(frozen=True, slots=True)
class Due:
    """The kind of record that decides and its day; `on` None while it waits for something, in words."""

    record: str
    on: date | None
    waits_for: str | None = None

    def is_due(self, today: date) -> bool:
        return self.on is not None and self.on <= today


def due(case: Case, schedule: Schedule) -> Due:
    """The last of all the days that apply: every period must be over."""
    match case.standing:
        case CaseStanding.OPEN:
            return Due("paid_case", None, "The case is open.")
        case CaseStanding.DRAFT:
            days = [("draft", case.changed_on)]
        case CaseStanding.WITHOUT_PAYMENT:
            days = [("case_without_payment", case.closed_on or case.changed_on)]
        case CaseStanding.PAID:
            missing = [c.fund for c in case.federal if c.final_report is None]
            if missing:
                said = f"The final report of {', '.join(sorted(missing))} is not written down."
                return Due("federal_award_case", None, said)
            last = max(filter(None, (case.closed_on, case.trip_ends_on)), default=case.changed_on)
            days = [("paid_case", last)]
            days += [("federal_award_case", c.final_report) for c in case.federal if c.final_report]
    if case.consent_ends_on is not None:
        days.append(("consent", case.consent_ends_on))
    on, record = max((schedule.period(record).after(start), record) for record, start in days)
    return Due(record, on)


def parts_due(case: Case, schedule: Schedule) -> list[tuple[Part, Due]]:
    """The case as a whole, and what goes before it: facts for booking and identity papers, after the trip."""
    found = [(Part.CASE, due(case, schedule))]
    if case.standing in (CaseStanding.PAID, CaseStanding.WITHOUT_PAYMENT) and case.trip_ends_on is not None:
        for part in (Part.BOOKING_FACTS, Part.IDENTITY_PAPERS):
            found.append((part, Due(part.value, schedule.period(part.value).after(case.trip_ends_on))))
    return found


def check_period(period: Period, *, of: Period | None, basis: Basis) -> None:
    """Raises KeptForEver or ShorterThanTheLaw."""
    if of is None:
        raise KeptForEver("These records are kept for ever; there is no period to set.", field="/record")
    day = date(2001, 1, 1)
    if basis is Basis.LAW and period.after(day) < of.after(day):
        raise ShorterThanTheLaw(f"The law asks for {of}; choose that or longer.", field="/keep")


def check_hold(*, request_id: UUID | None, person_id: UUID | None, reason: str, asked_by: str) -> None:
    """Raises NoFamilyNamed or HoldNeedsWords."""
    if (request_id is None) == (person_id is None):
        raise NoFamilyNamed("Name one request or one person to hold.", field="/reference")
    for field, said in (("/reason", reason), ("/asked_by", asked_by)):
        if not said.strip() or len(said) > LONGEST_REASON or not is_safe(said):
            raise HoldNeedsWords("Write why it is held and who asked for it, in plain text.", field=field)


def check_can_lift(by: Staff, *, asked_by: UUID, asked_as: Role) -> None:
    """The second person is another, and holds the other of the two roles. Raises SecondPersonLifts."""
    (other,) = KEEPERS - {asked_as}
    if asked_by in by.selves or other not in by.roles:
        raise SecondPersonLifts(
            "A hold is lifted by a supervisor and an administrator. A "
            f"{asked_as.value} asked; now another person, who is {other.value}, lifts it."
        )


def keeper_role(by: Staff) -> Role:
    """As what this person asks: supervisor before administrator."""
    return Role.SUPERVISOR if Role.SUPERVISOR in by.roles else Role.ADMINISTRATOR


def check_can_approve_plan(by: Staff, *, planned_by: UUID | None) -> None:
    """Raises PlannerMayNotApprove."""
    if planned_by is not None and planned_by in by.selves:
        raise PlannerMayNotApprove("Another supervisor or administrator approves this plan.")


def check_plan_read(digest: str, *, kept: str) -> None:
    """Raises PlanChanged."""
    if digest != kept:
        raise PlanChanged("This plan is not the one you read. Open the page again.")


def check_plan_stands(*, state: str, planned_at: datetime, now: datetime) -> None:
    """Raises PlanNotApproved or PlanTooOld."""
    if state != "approved":
        raise PlanNotApproved(
            f"This plan is {state}. First a supervisor or administrator approves it, on the page Retention."
        )
    if now - planned_at > PLAN_STANDS_FOR:
        raise PlanTooOld("This plan is older than 30 days. Make a new one: reunify retention plan.")
