"""From the request as told to typed facts. Everything worked out is a named function with its source."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from reunify.intake.form import Asker, TravelerRole, TravelRequest, YesNoUnknown
from reunify.kernel.refusals import Refused
from reunify.rates.fields import Dictionary, FactValue
from reunify.rates.published import NoPublishedRate, Published, guideline_area

Facts = dict[str, FactValue]


class UnknownCaseType(Refused):
    """The case type is not one of the dictionary's values."""

    field = "/case/case_type"


@dataclass(frozen=True, slots=True)
class IncomePercent:
    """Whole percents, rounded up: whatever is over the limit by one cent reads 101 or more."""

    of_guideline: int | None
    of_limit: int | None
    provisional: bool


def facts_of(
    request: TravelRequest, *, published: Published, guideline_limit_percent: int, dictionary: Dictionary
) -> Facts:
    """One value for every field of the dictionary; None where nobody has told us."""
    case, authority, household = request.case, request.return_authority, request.household
    if case.case_type not in dictionary.case_types:
        raise UnknownCaseType(f"The case type must be one of: {', '.join(dictionary.case_types)}.")
    income = income_percent(request, published=published, limit_percent=guideline_limit_percent)
    return {
        "asked_by": request.asked_by.kind.value,
        "case_type": case.case_type,
        "case_number_given": _given(case.number),
        "child_located": _given(case.located_on),
        "child_recovered": _told(case.recovered),
        "child_age_now": case.child.age_now,
        "child_age_when_missing": case.child.age_when_missing,
        "found_out_of_state": found_out_of_state(request),
        "held_over_24_hours": _told(case.held_over_24_hours),
        "verifying_agency_given": _given(case.verifying_agency),
        "report_number_given": _given(case.report_number),
        "return_authority_decision": authority.decision,
        "abuse_suspected": _told(authority.abuse_suspected),
        "protective_order": _told(authority.protective_order),
        "household_size": household.size if household else None,
        "household_income": household.yearly_income_cents if household else None,
        "household_area": household_area(request),
        "income_test_applies": income_test_applies(request),
        "income_percent_of_guideline": income.of_guideline,
        "income_percent_of_limit": income.of_limit,
        "guideline_provisional": income.provisional,
        "purpose": request.purpose.value,
        "traveler_count": len(request.travelers),
        "travel_start": travel_start(request),
        "travel_end": travel_end(request),
    }


def _told(answer: YesNoUnknown) -> bool | None:
    return {"yes": True, "no": False}.get(answer)


def _given(value: Any) -> bool | None:
    """Yes once it is there; until then unknown, never no."""
    return True if value else None


def travel_start(request: TravelRequest) -> date:
    """The local day of the first departure."""
    return min(leg.departs for leg in request.legs).date()


def travel_end(request: TravelRequest) -> date:
    """The local day of the last arrival."""
    return max(leg.arrives for leg in request.legs).date()


def income_test_applies(request: TravelRequest) -> bool:
    """No only when an agency asks and names no household: a worker on duty travels, not a family."""
    return request.household is not None or request.asked_by.kind is Asker.FAMILY


def household_area(request: TravelRequest) -> str | None:
    """The poverty guideline area of the household's state (HHS publishes three)."""
    state = request.household.state if request.household else None
    return (guideline_area(state) or "none_published") if state else None


def income_percent(request: TravelRequest, *, published: Published, limit_percent: int) -> IncomePercent:
    """Yearly income against the HHS poverty guideline in force on the first travel day.

    The limit is the guideline times the organisation's own percent. Rounded up to the whole percent.
    """
    start, house, area = travel_start(request), request.household, household_area(request)
    if house is None or house.size is None or house.yearly_income_cents is None or area is None:
        return IncomePercent(None, None, False)
    try:
        guideline = published.guideline(on=start, area=area, size=house.size)
    except NoPublishedRate:
        return IncomePercent(None, None, False)
    cents, income = guideline.amount.cents, house.yearly_income_cents
    return IncomePercent(
        _percent_up(income, cents),
        _percent_up(income * 100, cents * limit_percent),
        guideline.provisional,
    )


def _percent_up(part: int, whole: int) -> int:
    return -(-part * 100 // whole)


def found_out_of_state(request: TravelRequest) -> bool | None:
    """Whether the child was found in another state than the home state; None while either is unknown.

    The home state is the household's, else where the child's own last leg ends when it brings the child home.
    """
    found = request.case.located_place
    home = request.household.state if request.household else None
    if home is None and request.purpose.value == "bring_child_home":
        children = {t.key for t in request.travelers if t.role is TravelerRole.CHILD}
        legs = [leg for leg in request.legs if children.intersection(leg.travelers)]
        home = max(legs, key=lambda leg: leg.arrives).destination.state if legs else None
    if found is None or found.country != "US" or found.state is None or home is None:
        return None
    return found.state != home
