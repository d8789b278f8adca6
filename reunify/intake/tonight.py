"""The emergency form: at most twelve answers and the return authority become a whole request. Pure.

What can wait (income, report number) stays unknown and is attested; identity, custody and safety are asked.
What nobody answers is planned here and said to whoever submits: out on the flight named, one night near the
child, home the day after; meals and room by the published rates, seats by the fare quoted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Annotated, Any, Final, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from reunify.intake import problems, tonight_costs
from reunify.intake.form import Language, Part, Phone, Slug, YesNoUnknown
from reunify.intake.tonight_costs import Days, Terms
from reunify.intake.tonight_places import PlaceSaid, TownAt, town_at
from reunify.kernel.refusals import BadInput, Problem
from reunify.kernel.text import LongText, SafeText
from reunify.rates.published import NoPublishedRate, PlaceUnclear

MOST_ANSWERS: Final = 12
SOONEST_DAYS: Final = 3  # later than that, there is a working day in which the whole form can be filled in
_FLIGHT: Final = timedelta(hours=6)  # until the booking says better
_LEAVES_HOME_AT: Final = time(12, 0)
_ADULT, _OLDEST_ADULT = 18, 110
_OLDEST: Final = 20  # what the form takes as an age when missing

Custody = Literal["parent", "guardian", "court_order", "agency_custody"]


_ROLES: Final[Mapping[str, str]] = {
    "parent": "parent",
    "guardian": "guardian",
    "court_order": "guardian",
    "agency_custody": "caseworker",
}


class Authority(Part):
    """Who releases the child to whom, and may it be: asked in full, whatever the hour."""

    released_by: SafeText
    released_to: SafeText  # the adult's name, exactly as on the ID
    custody_basis: Custody
    called_back: YesNoUnknown
    protective_order: YesNoUnknown
    abuse_suspected: YesNoUnknown
    child_wish: LongText | None = None
    decision: Literal["safe_and_lawful", "not_safe_or_lawful"] | None = None
    decision_reason: LongText | None = None


class Answers(BaseModel):
    """The twelve, all needed. `departs`: local time where the adult is. `seat_cents`: one seat, one way."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    case_number: SafeText
    case_type: Slug
    child_name: SafeText
    child_birth_date: date
    child_place: PlaceSaid
    held_over_24_hours: YesNoUnknown
    adult_birth_date: date
    adult_phone: Phone
    adult_language: Language
    adult_home: PlaceSaid
    departs: datetime
    seat_cents: Annotated[int, Field(ge=1, le=1_000_000)]
    return_authority: Authority


ANSWERS: Final = tuple(name for name in Answers.model_fields if name != "return_authority")

# Where a problem of the whole request is mended on this form; the longest beginning that fits.
_MENDED_AT: Final = (
    ("/case/case_type", "/case_type"),
    ("/case/child/age", "/child_birth_date"),
    ("/case/number", "/case_number"),
    ("/return_authority/", "/return_authority/"),
    ("/legs/", "/departs"),
    ("/cost_lines/", "/seat_cents"),
    ("/travelers/1/", "/child_name"),
    ("/travelers/", "/return_authority/released_to"),
)


@dataclass(frozen=True, slots=True)
class _Trip:
    """Local times of both flights, each at its own end."""

    out_departs: datetime
    out_arrives: datetime
    home_departs: datetime
    home_arrives: datetime

    @property
    def days(self) -> Days:
        return Days(self.out_departs.date(), self.out_arrives.date(), self.home_arrives.date())


def read(said: Mapping[str, Any]) -> Answers:
    """Raises BadInput with every problem at its answer."""
    try:
        return Answers.model_validate(said)
    except ValidationError as wrong:
        raise BadInput(problems.of_validation(wrong)) from None


def draft_of(said: Answers, *, now: datetime, terms: Terms) -> dict[str, Any]:
    """The whole request in the shape of `form.TravelRequest`, for the ordinary submission to check.

    Raises BadInput where an answer cannot stand: an unclear place, a flight that is over or days away.
    """
    child_at, adult_at = town_at(said.child_place, "/child_place"), town_at(said.adult_home, "/adult_home")
    _check_departure(said.departs, adult_at, now)
    trip = _trip(said.departs, adult_at, child_at)
    today = now.astimezone(ZoneInfo(child_at.zone)).date()
    _check_adult(said.adult_birth_date, today)
    told, by_agency = said.return_authority, said.return_authority.custody_basis == "agency_custody"
    return {
        "asked_by": {
            "kind": "child_welfare_agency" if by_agency else "family",
            "name": told.released_to,
            "organisation": told.released_by if by_agency else None,
        },
        "case": _case(said, child_at, today),
        "return_authority": told.model_dump() | {"released_to": "adult"},
        "household": None if by_agency else {"state": adult_at.state},
        "travelers": _travelers(said, adult_at),
        "purpose": "bring_child_home",
        "legs": _legs(trip, adult_at, child_at),
        "payees": [
            {"key": "airline", "kind": "vendor", "name": "Airline, chosen at booking"},
            {"key": "hotel", "kind": "vendor", "name": "Hotel, chosen at booking"},
            {"key": "adult", "kind": "person", "name": told.released_to, "traveler": "adult"},
        ],
        "cost_lines": _costs(said, trip, child_at, terms),
    }


def mended_at(found: list[Problem]) -> list[Problem]:
    """Problems of the whole request, each at the answer of this form that mends it."""
    return [Problem(_answer_for(p.pointer), p.remedy) for p in found]


def _answer_for(pointer: str) -> str:
    for beginning, answer in _MENDED_AT:
        if pointer.startswith(beginning):
            return pointer if answer == beginning else answer
    return pointer


def _check_departure(departs: datetime, at: TownAt, now: datetime) -> None:
    if departs.tzinfo is not None:
        raise BadInput([Problem("/departs", "Write the local time without an offset.")])
    ahead = departs.replace(tzinfo=ZoneInfo(at.zone)) - now
    if ahead <= timedelta(0):
        raise BadInput([Problem("/departs", "This flight has left. Name the next one.")])
    if ahead > timedelta(days=SOONEST_DAYS):
        remedy = f"More than {SOONEST_DAYS} days away: fill in the whole form, there is time for it."
        raise BadInput([Problem("/departs", remedy)])


def _trip(departs: datetime, home: TownAt, away: TownAt) -> _Trip:
    out_arrives = _after(departs, home, away)
    home_departs = datetime.combine(out_arrives.date() + timedelta(days=1), _LEAVES_HOME_AT)
    return _Trip(departs, out_arrives, home_departs, _after(home_departs, away, home))


def _after(departs: datetime, origin: TownAt, destination: TownAt) -> datetime:
    there = departs.replace(tzinfo=ZoneInfo(origin.zone)).timestamp() + _FLIGHT.total_seconds()
    return datetime.fromtimestamp(there, ZoneInfo(destination.zone)).replace(tzinfo=None)


def _case(said: Answers, child_at: TownAt, today: date) -> dict[str, Any]:
    age = _age(said.child_birth_date, today)
    return {
        "number": said.case_number,
        "case_type": said.case_type,
        "child": {
            "name": said.child_name,
            "birth_date": said.child_birth_date.isoformat(),
            "age_when_missing": age,
            "age_now": age,
        },
        "located_on": today.isoformat(),
        "located_place": child_at.place(),
        "recovered": "yes",  # somebody is there to release the child: whoever `released_by` names
        "recovered_on": today.isoformat(),
        "recovered_place": child_at.place(),
        "held_over_24_hours": said.held_over_24_hours,
        "verifying_agency": said.return_authority.released_by,
    }


def _check_adult(born: date, today: date) -> None:
    if not _ADULT <= _years(born, today) <= _OLDEST_ADULT:
        remedy = (
            f"Whoever takes the child home is {_ADULT} or older: check the date, or fill in the whole form."
        )
        raise BadInput([Problem("/adult_birth_date", remedy)])


def _years(born: date, today: date) -> int:
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


def _age(born: date, today: date) -> int:
    years = _years(born, today)
    if not 0 <= years <= _OLDEST:
        remedy = f"A child or young person up to {_OLDEST} years old: check the date of birth."
        raise BadInput([Problem("/child_birth_date", remedy)])
    return years


def _travelers(said: Answers, home: TownAt) -> list[dict[str, Any]]:
    return [
        {
            "key": "adult",
            "name": said.return_authority.released_to,
            "role": _ROLES[said.return_authority.custody_basis],
            "birth_date": said.adult_birth_date.isoformat(),
            "contact": {
                "language": said.adult_language,
                "phone": said.adult_phone,
                "may_call": True,  # the form asks for a phone that is safe to call and text at any hour
                "may_text": True,
                "safe_from": "00:00",
                "safe_until": "00:00",
                "zone": home.zone,
            },
        },
        {
            "key": "child",
            "name": said.child_name,
            "role": "child",
            "birth_date": said.child_birth_date.isoformat(),
        },
    ]


def _costs(said: Answers, trip: _Trip, away: TownAt, terms: Terms) -> list[dict[str, Any]]:
    seats = tonight_costs.seats(said.seat_cents, terms)
    try:
        return [*seats, *tonight_costs.by_rates(away.place(), trip.days, terms)]
    except (NoPublishedRate, PlaceUnclear):
        remedy = (
            "No rate is published for this place as written: add the ZIP code, or fill in the whole form."
        )
        raise BadInput([Problem("/child_place", remedy)]) from None


def _legs(trip: _Trip, home: TownAt, away: TownAt) -> list[dict[str, Any]]:
    def leg(
        key: str, who: list[str], origin: TownAt, to: TownAt, departs: datetime, arrives: datetime
    ) -> dict[str, Any]:
        return {
            "key": key,
            "travelers": who,
            "mode": "air",
            "origin": origin.place(),
            "destination": to.place(),
            "departs": departs.isoformat(),
            "departs_zone": origin.zone,
            "arrives": arrives.isoformat(),
            "arrives_zone": to.zone,
        }

    return [
        leg("out", ["adult"], home, away, trip.out_departs, trip.out_arrives),
        leg("home", ["adult", "child"], away, home, trip.home_departs, trip.home_arrives),
    ]
