"""What is worked out from a request: each function named, versioned, and with the source of what it computes.

A rule speaks of these by name; `_fields.yaml` says `computed_by: name@version`. A function whose result can
change for the same request is a new version. None: it cannot be worked out yet; never a guess, never a no.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

from reunify.eligibility.ages import age_of_the_child
from reunify.eligibility.income import IncomePercent, household_area, income_percent
from reunify.eligibility.miles import SURELY_FAR, abroad, driven_one_way, farthest
from reunify.eligibility.ways import is_old_enough
from reunify.intake.form import Asker, Leg, TravelerRole, TravelRequest
from reunify.rates.fields import FactValue
from reunify.rates.published import Published

_PARENTS = (TravelerRole.PARENT, TravelerRole.GUARDIAN)
_RUNAWAY = "endangered_runaway"
_MAYBE_RUNAWAY = ("missing_from_care", "critically_missing_young_adult")


@dataclass(frozen=True)
class Given:
    """What the functions may read: the request, the published tables, the organisation's income limit."""

    request: TravelRequest
    published: Published
    guideline_limit_percent: int

    @cached_property
    def income(self) -> IncomePercent:
        return income_percent(
            self.request.household,
            on=travel_start(self.request),
            published=self.published,
            limit_percent=self.guideline_limit_percent,
        )


@dataclass(frozen=True, slots=True)
class Computed:
    """One registered function. `called` is its name and version, as `_fields.yaml` writes it."""

    called: str
    source: str
    work_out: Callable[[Given], FactValue]


REGISTRY: dict[str, Computed] = {}


def computed(
    name: str, *, version: int, source: str
) -> Callable[[Callable[[Given], FactValue]], Callable[[Given], FactValue]]:
    """Enters a function as `name@version`. `source`: the rule or text that says what it computes."""

    def enter(function: Callable[[Given], FactValue]) -> Callable[[Given], FactValue]:
        called = f"{name}@{version}"
        if called in REGISTRY:
            raise ValueError(f"{called} is registered twice")
        REGISTRY[called] = Computed(called, source, function)
        return function

    return enter


# --- what is on file -------------------------------------------------------------------------------------


def _given(value: Any) -> bool | None:
    """Yes once it is there; until then unknown, never no."""
    return True if value else None


_ON_FILE = "the request form: yes once it is filled in"


@computed("case_number_given", version=1, source=_ON_FILE)
def case_number_given(given: Given) -> FactValue:
    return _given(given.request.case.number)


@computed("child_located", version=1, source=_ON_FILE)
def child_located(given: Given) -> FactValue:
    return _given(given.request.case.located_on)


@computed("verifying_agency_given", version=1, source=_ON_FILE)
def verifying_agency_given(given: Given) -> FactValue:
    return _given(given.request.case.verifying_agency)


@computed("report_number_given", version=1, source=_ON_FILE)
def report_number_given(given: Given) -> FactValue:
    return _given(given.request.case.report_number)


# --- the trip --------------------------------------------------------------------------------------------

_LEGS = "the legs of the trip, local time of each end"


def travel_start(request: TravelRequest) -> date:
    """The local day of the first departure."""
    return min(leg.departs for leg in request.legs).date()


def travel_end(request: TravelRequest) -> date:
    """The local day of the last arrival."""
    return max(leg.arrives for leg in request.legs).date()


@computed("travel_start", version=1, source=_LEGS)
def first_day(given: Given) -> FactValue:
    return travel_start(given.request)


@computed("travel_end", version=1, source=_LEGS)
def last_day(given: Given) -> FactValue:
    return travel_end(given.request)


@computed("nights_away", version=1, source="1 TAC 61.404: meals only with a stay overnight")
def nights_away(given: Given) -> FactValue:
    """Nights between the day of the first departure and the day of the last arrival, never below 0."""
    return max(0, (travel_end(given.request) - travel_start(given.request)).days)


@computed("traveler_count", version=1, source="the travelers of the request")
def traveler_count(given: Given) -> FactValue:
    return len(given.request.travelers)


@computed(
    "trip_goes_abroad",
    version=1,
    source="VRT award 15POVC-23-GK-01955-NONF: proceedings and recovery events abroad; territories are home",
)
def trip_goes_abroad(given: Given) -> FactValue:
    """Whether any leg begins or ends outside the United States and its territories."""
    return any(abroad(p) for leg in given.request.legs for p in (leg.origin, leg.destination))


@computed("child_comes_from_abroad", version=1, source="7 FAM 370: a one-way return to the United States")
def child_comes_from_abroad(given: Given) -> FactValue:
    """Whether a child travels from outside the United States into it."""
    return any(abroad(leg.origin) and not abroad(leg.destination) for leg in legs_of_children(given.request))


@computed("child_found_abroad", version=1, source="VRT award: to recover children from a foreign country")
def child_found_abroad(given: Given) -> FactValue:
    """Whether the child was found, or handed over, outside the United States. None: where is not known."""
    found, handed_over = given.request.case.located_place, given.request.case.recovered_place
    if any(place is not None and abroad(place) for place in (found, handed_over)):
        return True
    return None if found is None else False


def legs_of_children(request: TravelRequest) -> list[Leg]:
    children = {t.key for t in request.travelers if t.role is TravelerRole.CHILD}
    return [leg for leg in request.legs if children.intersection(leg.travelers)]


@computed(
    "one_way_miles",
    version=1,
    source="1 TAC 61.404 counts miles one way from the residence; the measure is our own",
)
def one_way_miles(given: Given) -> FactValue:
    """Miles one way when nobody has told them: of a trip driven whole, else at least the straight line.

    A straight line (between the cities' airports, rounded down) counts from SURELY_FAR on: below, the road
    could lie on either side of a limit, so a person says how far it is. None until then.
    """
    request = given.request
    if (driven := driven_one_way(request)) is not None:
        return driven
    first = min(request.legs, key=lambda leg: leg.departs)
    straight = farthest(first.origin, (leg.destination for leg in request.legs))
    return straight if straight is not None and straight >= SURELY_FAR else None


# --- the child, and who travels --------------------------------------------------------------------------


@computed("child_age_now", version=1, source="the date of birth, on the first travel day; else the age told")
def child_age_now(given: Given) -> FactValue:
    """None, so that a person is asked, where the dates of birth or the age told do not agree."""
    return age_of_the_child(given.request, travel_start(given.request))


@computed("found_out_of_state", version=1, source="Interstate Compact for Juveniles, Rule 7-101")
def found_out_of_state(given: Given) -> FactValue:
    """Whether the child was found in another state than the home state; None while either is unknown.

    The home state is the household's and nothing else: a trip may end where the child does not live. Without
    a household a person says it.
    """
    request = given.request
    if told := request.told.get("found_out_of_state"):
        return told == "yes"
    found, home = request.case.located_place, request.household.state if request.household else None
    if found is None or found.country != "US" or found.state is None or home is None:
        return None
    return found.state != home


@computed(
    "compact_applies", version=1, source="Interstate Compact for Juveniles, Rule 7-101 and bench book 4-3"
)
def compact_applies(given: Given) -> FactValue:
    """Whether the home state must pay, by what is on file: shown, ruled_out, or neither (not_ruled_out).

    Ruled out only by what is known: a case type the Compact is not for, a child found in the home state, or
    a child neither held over 24 hours nor suspected of being abused. It agrees with rules IC-01 to IC-04.
    """
    case, authority = given.request.case, given.request.return_authority
    triggers, away = (case.held_over_24_hours, authority.abuse_suspected), found_out_of_state(given)
    if case.case_type not in (_RUNAWAY, *_MAYBE_RUNAWAY) or away is False or triggers == ("no", "no"):
        return "ruled_out"
    shown = case.case_type == _RUNAWAY and away is True and "yes" in triggers
    return "shown" if shown else "not_ruled_out"


@computed("days_since_recovery", version=1, source="the day of recovery, else found; the first travel day")
def days_since_recovery(given: Given) -> FactValue:
    """Days from the day the child was with someone safe (else was found) to the first travel day; below zero
    when the trip begins first. None while neither day is known."""
    found = given.request.case.recovered_on or given.request.case.located_on
    return (travel_start(given.request) - found).days if found else None


@computed("parent_or_guardian_travels", version=1, source="VRT award 15POVC-23-GK-01955-NONF: who is helped")
def parent_or_guardian_travels(given: Given) -> FactValue:
    return any(t.role in _PARENTS for t in given.request.travelers)


@computed("adult_travels_with_child", version=1, source="National Runaway Safeline; ICJ Rule 7-106")
def adult_travels_with_child(given: Given) -> FactValue:
    """Whether every leg with a child has somebody who is not a child, nor by their date of birth below 18
    that day. None while no leg has a child."""
    request = given.request
    others = [t for t in request.travelers if t.role is not TravelerRole.CHILD]
    legs = legs_of_children(request)

    def has_adult(leg: Leg) -> bool:
        day = leg.departs.date()
        return any(t.key in leg.travelers and is_old_enough(t, request, day) for t in others)

    return all(has_adult(leg) for leg in legs) if legs else None


@computed(
    "going_to", version=1, source="National Runaway Safeline, Home Free: to whom a young person returns"
)
def going_to(given: Given) -> FactValue:
    """A parent or guardian when the child is released to one; of anybody else a person tells us."""
    to = given.request.return_authority.released_to
    roles = {t.key: t.role for t in given.request.travelers}
    return "parent_or_guardian" if to and roles.get(to) in _PARENTS else None


# --- income ----------------------------------------------------------------------------------------------

_HHS = "HHS poverty guidelines (2026: 91 FR 1797)"


@computed("income_test_applies", version=1, source="policy of the domestic reunification fund, 2")
def income_test_applies(given: Given) -> FactValue:
    """No only when an agency asks and names no household: a worker on duty travels, not a family."""
    return given.request.household is not None or given.request.asked_by.kind is Asker.FAMILY


@computed("household_area", version=1, source=_HHS)
def area(given: Given) -> FactValue:
    return household_area(given.request.household)


@computed("income_percent_of_guideline", version=1, source=_HHS)
def percent_of_guideline(given: Given) -> FactValue:
    return given.income.of_guideline


@computed("income_percent_of_limit", version=1, source=f"{_HHS} times the organisation's dated percent")
def percent_of_limit(given: Given) -> FactValue:
    return given.income.of_limit


@computed("guideline_provisional", version=1, source=f"{_HHS}: the last year loaded, until the new one is")
def guideline_provisional(given: Given) -> FactValue:
    return given.income.provisional
