"""What a request must hold together before it is frozen, and who may touch it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from enum import StrEnum
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from reunify.intake import cost_details, households, told, zones
from reunify.intake.form import (
    Case,
    Category,
    CostLine,
    Leg,
    ReturnAuthority,
    Settlement,
    TravelerRole,
    TravelRequest,
)
from reunify.kernel.ids import StaffId
from reunify.kernel.moves import START, Move, Moves
from reunify.kernel.people import Actor, Role, check_role
from reunify.kernel.refusals import NotAllowed, OutOfStep, Problem, Refused

MOVES = Moves(
    "request",
    Move(START, "create", "draft", "case manager"),
    Move("draft", "edit", "draft", "case manager"),
    Move("draft", "submit", "submitted", "case manager"),
    Move("submitted", "answer", "submitted", "case manager"),
    Move("submitted", "check_again", "submitted", "case manager"),
    Move("draft", "withdraw", "withdrawn", "case manager"),
)


class Lane(StrEnum):
    """`EMERGENCY`: told in a few answers, approved by one person on call out of a signed envelope."""

    ORDINARY = "ordinary"
    EMERGENCY = "emergency"


class NotYours(NotAllowed):
    """A draft belongs to whoever began it."""


class DraftMovedOn(OutOfStep):
    """Someone saved this draft after the page was read."""


class NothingAnswered(Refused):
    """An answer must answer something."""


def check_can_create(by: Actor) -> None:
    check_role(by, Role.CASE_MANAGER)


def check_can_edit(by: Actor, requested_by: StaffId) -> None:
    check_role(by, Role.CASE_MANAGER)
    if by.id != requested_by:
        raise NotYours("This draft belongs to a colleague; ask them, or start a new request.")


def check_revision(expected: int | None, actual: int) -> None:
    if expected is not None and expected != actual:
        raise DraftMovedOn("This draft was saved elsewhere in the meantime. Load it again, then save.")


def check_together(request: TravelRequest, *, case_types: Iterable[str]) -> list[Problem]:
    """Problems no single field can show: names that point nowhere, times that run backwards."""
    problems: list[Problem] = []
    allowed = sorted(case_types)
    if request.case.case_type not in allowed:
        problems.append(Problem("/case/case_type", f"Choose one of: {', '.join(allowed)}."))
    travelers = {t.key for t in request.travelers}
    legs = {leg.key for leg in request.legs}
    payees = {p.key for p in request.payees}
    for part in ("travelers", "legs", "payees", "cost_lines"):
        keys = Counter(item.key for item in getattr(request, part))
        problems += [
            Problem(f"/{part}", f"Two entries share the key {k}; rename one.")
            for k, n in keys.items()
            if n > 1
        ]
    problems += _recovery_problems(request.case)
    problems += _authority_problems(
        request.return_authority, roles={t.key: t.role for t in request.travelers}
    )
    for i, payee in enumerate(request.payees):
        if payee.traveler is not None and payee.traveler not in travelers:
            problems.append(Problem(f"/payees/{i}/traveler", "Name one of the travelers."))
    for i, leg in enumerate(request.legs):
        problems += _leg_problems(i, leg, travelers)
    for i, line in enumerate(request.cost_lines):
        problems += _line_problems(i, line, travelers, legs, payees)
    problems += cost_details.problems_together(request)
    problems += _zone_problems(request)
    return problems + households.problems(request) + told.check(request.told)


# What a decision on the return authority stands on, with the remedy where it is missing.
DECISION_NEEDS = {
    "decision_reason": "Write the reason for the decision.",
    "released_by": "Write which agency or officer releases the child; the decision rests on it.",
    "released_to": "Choose the adult the child is released to; the decision rests on it.",
    "custody_basis": "Choose what the custody rests on; the decision rests on it.",
    "called_back": "Answer yes or no: was the agency or officer called back on a number we looked up?",
}


def is_missing(said: str | None) -> bool:
    """Nothing, blanks only, or "unknown"."""
    return said is None or said.strip() in ("", "unknown")


def needs_suitability_finding(released_to: str | None, roles: Mapping[str, TravelerRole]) -> bool:
    """A companion is not the child's own parent or guardian."""
    return released_to is not None and roles.get(released_to) is TravelerRole.COMPANION


def _authority_problems(told: ReturnAuthority, *, roles: Mapping[str, TravelerRole]) -> list[Problem]:
    """Before the decision all may be open; no decision is kept without the facts a person has to weigh."""
    where = "/return_authority"
    problems = []
    if told.released_to is not None and told.released_to not in roles:
        problems.append(Problem(f"{where}/released_to", "Name one of the travelers."))
    if told.decision is None:
        return problems
    problems += [
        Problem(f"{where}/{name}", remedy)
        for name, remedy in DECISION_NEEDS.items()
        if is_missing(getattr(told, name))
    ]
    if (
        told.decision == "safe_and_lawful"
        and needs_suitability_finding(told.released_to, roles)
        and is_missing(told.suitability_finding)
    ):
        problems.append(
            Problem(
                f"{where}/suitability_finding",
                "A companion is not the child's own parent or guardian: write the suitability finding, "
                "or choose a parent or guardian.",
            )
        )
    return problems


def _recovery_problems(case: Case) -> list[Problem]:
    if case.recovered_on and case.located_on and case.recovered_on < case.located_on:
        return [Problem("/case/recovered_on", "The child was recovered before being located; check both.")]
    return []


def _zone_problems(request: TravelRequest) -> list[Problem]:
    found = []
    for i, traveler in enumerate(request.travelers):
        zone = traveler.contact.zone if traveler.contact else None
        try:
            ZoneInfo(zone or "UTC")
        except (ZoneInfoNotFoundError, ValueError, OSError):
            found.append(Problem(f"/travelers/{i}/contact/zone", "Write a time zone like America/Denver."))
    return found


def pays_others(before: TravelRequest, after: TravelRequest) -> bool:
    """True if who is paid, or by which line, differs. Fewer lines to the same payees are no difference."""
    paid = {line.key: line.payee for line in before.cost_lines}
    return before.payees != after.payees or any(paid.get(line.key) != line.payee for line in after.cost_lines)


def _leg_problems(i: int, leg: Leg, travelers: set[str]) -> list[Problem]:
    problems = [
        Problem(f"/legs/{i}/travelers/{j}", "Name one of the travelers.")
        for j, key in enumerate(leg.travelers)
        if key not in travelers
    ]
    ends = []
    for side, zone in (("departs", leg.departs_zone), ("arrives", leg.arrives_zone)):
        local = leg.departs if side == "departs" else leg.arrives
        if local.tzinfo is not None:
            problems.append(Problem(f"/legs/{i}/{side}", "Write the local time without an offset."))
            continue
        try:
            ends.append(local.replace(tzinfo=ZoneInfo(zone)))
        except (ZoneInfoNotFoundError, ValueError, OSError):
            problems.append(Problem(f"/legs/{i}/{side}_zone", "Write a time zone like America/Denver."))
            continue
        place = leg.origin if side == "departs" else leg.destination
        if place.country == "US" and not zones.on_a_clock_of(ends[-1], place.state or "", place.zip):
            remedy = f"{place.city}, {place.state} is not on that clock; check the zone and the place."
            problems.append(Problem(f"/legs/{i}/{side}_zone", remedy))
    if len(ends) == 2 and ends[1].timestamp() <= ends[0].timestamp():
        problems.append(Problem(f"/legs/{i}/arrives", "The arrival is not after the departure; check both."))
    return problems


_GIVEN_BY_PARTNERS = (Category.LODGING, Category.AIR_FARE)


def _line_problems(
    i: int, line: CostLine, travelers: set[str], legs: set[str], payees: set[str]
) -> list[Problem]:
    where = f"/cost_lines/{i}"
    problems = []
    if line.payee not in payees:
        problems.append(Problem(f"{where}/payee", "Name one of the payees."))
    if line.traveler is not None and line.traveler not in travelers:
        problems.append(Problem(f"{where}/traveler", "Name one of the travelers."))
    if line.leg is not None and line.leg not in legs:
        problems.append(Problem(f"{where}/leg", "Name one of the legs."))
    if line.settled is Settlement.PARTNER_GIVES and line.category not in _GIVEN_BY_PARTNERS:
        problems.append(
            Problem(
                f"{where}/settled",
                "Partners give hotel nights only, and flights by airline miles; "
                "choose another way to settle this.",
            )
        )
    if line.quote_cents < 1:
        problems.append(Problem(f"{where}/quote_cents", "The quote is zero; write what it costs."))
    if line.ceiling_cents < line.quote_cents:
        problems.append(Problem(f"{where}/ceiling_cents", "The ceiling is below the quote; raise it."))
    if line.first_day and line.last_day and line.last_day < line.first_day:
        problems.append(Problem(f"{where}/last_day", "The last day is before the first; check both."))
    return problems + cost_details.problems(i, line)
