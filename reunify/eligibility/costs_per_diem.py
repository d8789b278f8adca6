"""Rooms, meals and driving by the published rates: each night, day and drive by its own date and place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta

from reunify.eligibility.facts import travel_start
from reunify.eligibility.lines import LineCheck, LineFacts, staff_check, town
from reunify.intake.form import CostLine, Place, TravelRequest
from reunify.kernel.money import Money
from reunify.rates.daily_rates import NEXT_YEAR
from reunify.rates.fields import Words
from reunify.rates.published import MealRate, NoPublishedRate, Published

_MOST_DAYS = 60
ACTUAL_PERCENT = 300  # 41 CFR 301-11.300 to .306 (PD-005)
MOST_TAX_PERCENT = 25  # of the room's rate; set by the organisation, no published rule limits the tax
_MONTHS = (
    ("January", "enero"),
    ("February", "febrero"),
    ("March", "marzo"),
    ("April", "abril"),
    ("May", "mayo"),
    ("June", "junio"),
    ("July", "julio"),
    ("August", "agosto"),
    ("September", "septiembre"),
    ("October", "octubre"),
    ("November", "noviembre"),
    ("December", "diciembre"),
)
_OLD_TABLE = Words(
    "The newest rates on file for this place are of April 2026; a person on our team decides.",
    "Las tarifas más recientes de este lugar son de abril de 2026; lo decide una persona de nuestro equipo.",
)
_MUCH_TAX = Words(
    "The tax is more than a quarter of the published rate, a limit we set ourselves; "
    "a person on our team decides.",
    "Los impuestos pasan de la cuarta parte de la tarifa, un límite que pusimos nosotros; "
    "lo decide una persona de nuestro equipo.",
)
_NO_PARTS = Words(
    "The rate of this place is not divided by meal; a person on our team decides what to take off.",
    "La tarifa de este lugar no está dividida por comida; una persona de nuestro equipo decide qué restar.",
)


def lodging(facts: LineFacts, line: CostLine, request: TravelRequest, published: Published) -> LineFacts:
    """Per room and night, by the night's date and place; tax apart (PD-006, PD-007)."""
    missing = tuple(n for n in ("night", "place") if getattr(line, n) is None) or no_state(line.place)
    if missing or line.night is None or line.place is None:
        return replace(facts, missing=missing)
    rate = published.lodging(place=town(line.place), night=line.night)
    limit = rate.amount.cents + line.tax_cents
    tax_en = f"{Money(line.tax_cents)} tax" if line.tax_cents else "tax apart"
    tax_es = f"{Money(line.tax_cents)} de impuestos" if line.tax_cents else "impuestos aparte"
    joined_en, joined_es = (" and ", " y ") if line.tax_cents else (", ", ", ")
    priced = replace(
        facts,
        limit_cents=limit,
        awaits=rate.awaits,
        cite=rate.cite,
        en=f"One room for the night of {in_english(line.night)}: up to {rate.amount}{joined_en}{tax_en}.",
        es=f"Una habitación, la noche del {in_spanish(line.night)}: hasta {rate.amount}{joined_es}{tax_es}.",
    )
    tax = _tax(line, rate.amount.cents, rate.cite)
    return priced.checked(*_old_table(rate.stale, rate.cite), *tax, *_actual(line, limit, rate.amount.cents))


@dataclass(frozen=True, slots=True)
class MealDays:
    """What some days of meals come to: whole cents, how many days at 75%, how many meals were taken off.

    `undivided`: meals are given on a day whose rate is not divided by meal, so nothing was taken off it.
    """

    cents: int
    reduced: int
    taken_off: int
    undivided: bool
    awaits: str
    stale: bool
    cites: tuple[str, ...]


def meals(facts: LineFacts, line: CostLine, request: TravelRequest, published: Published) -> LineFacts:
    """Meals and incidentals day by day, 75% on the traveler's first and last day of travel (PD-001)."""
    needed = ("first_day", "last_day", "place")
    missing = tuple(n for n in needed if getattr(line, n) is None) or no_state(line.place)
    if missing or line.first_day is None or line.last_day is None or line.place is None:
        return replace(facts, missing=missing)
    count = (line.last_day - line.first_day).days + 1
    if not 1 <= count <= _MOST_DAYS:
        raise NoPublishedRate("A meals line covers 1 to 60 days.")
    days = [line.first_day + timedelta(days=n) for n in range(count)]
    ends = travel_days(request, line.traveler)
    found = meal_days(days, line.place, ends, taken_off(line.provided_meals), published)
    limit = found.cents + line.tax_cents
    words = _meal_words(count, found)
    priced = replace(
        facts,
        limit_cents=limit,
        awaits=found.awaits,
        cite="; ".join(found.cites),
        en=words.en,
        es=words.es,
    )
    cite = found.cites[0]
    undivided = (staff_check("PD-002", _NO_PARTS, cite),) if found.undivided else ()
    stale = _old_table(found.stale, cite)
    return priced.checked(*stale, *undivided, *_actual(line, limit, found.cents))


def meal_days(
    days: Iterable[date],
    place: Place,
    ends: frozenset[date],
    provided: Mapping[date, frozenset[str]],
    published: Published,
) -> MealDays:
    """`provided`: the meals of each day that somebody else gives. Raises NoPublishedRate, PlaceUnclear."""
    cents = reduced = off = 0
    stale = undivided = False
    awaits = dict[str, None]()
    cites = dict[str, None]()
    for day in days:
        rate = published.mie(place=town(place), day=day)
        given = provided.get(day, frozenset())
        cents += day_of_meals(rate, reduced=day in ends, provided=given).cents
        reduced += day in ends
        off += len(given) if rate.parts else 0
        undivided |= bool(given) and rate.parts is None
        awaits |= {rate.awaits: None} if rate.awaits else {}
        stale |= rate.stale
        cites[rate.cite] = None
    return MealDays(cents, reduced, off, undivided, "; ".join(awaits), stale, tuple(cites))


def day_of_meals(rate: MealRate, *, reduced: bool, provided: frozenset[str] = frozenset()) -> Money:
    """A provided meal is taken off at its full table amount, even on a 75% day, but never into the
    incidental amount (PD-002, 41 CFR 301-11.18)."""
    base = rate.reduced if reduced else rate.full
    if not provided or rate.parts is None:
        return base
    off = sum(getattr(rate.parts, meal).cents for meal in provided)
    return Money(max(base.cents - off, rate.parts.incidental.cents))


def taken_off(provided: Iterable[str]) -> dict[date, frozenset[str]]:
    """`2026-11-26 lunch` counts; a carrier's meal or a hotel's free one (`... hotel`) does not (PD-003)."""
    found: dict[date, set[str]] = {}
    for said in provided:
        day, meal, *by = said.split()
        if not by:
            found.setdefault(date.fromisoformat(day), set()).add(meal)
    return {day: frozenset(given) for day, given in found.items()}


def mileage(facts: LineFacts, line: CostLine, request: TravelRequest, published: Published) -> LineFacts:
    """Miles times the rate of the day of driving; whole cents on the total, half a cent up."""
    if line.miles is None:
        return replace(facts, missing=("miles",))
    legs = [leg for leg in request.legs if leg.key == line.leg]
    day = legs[0].departs.date() if legs else travel_start(request)
    rate = published.mileage(day=day)
    amount = rate.for_miles(line.miles)
    return replace(
        facts,
        limit_cents=amount.cents,
        awaits=NEXT_YEAR if rate.provisional else "",
        cite=rate.cite,
        en=f"{line.miles} miles at ${rate.dollars_per_mile} a mile: {amount}.",
        es=f"{line.miles} millas a ${rate.dollars_per_mile} por milla: {amount}.",
    )


def travel_days(request: TravelRequest, traveler: str | None) -> frozenset[date]:
    """The first and the last local day this traveler is on the way."""
    legs = [leg for leg in request.legs if traveler is None or traveler in leg.travelers] or request.legs
    return frozenset({min(leg.departs for leg in legs).date(), max(leg.arrives for leg in legs).date()})


def no_state(place: Place | None) -> tuple[str, ...]:
    """A ZIP code says the state by itself."""
    untold = place is not None and place.country == "US" and place.state is None and place.zip is None
    return ("state",) if untold else ()


def in_english(day: date) -> str:
    return f"{_MONTHS[day.month - 1][0]} {day.day}, {day.year}"


def in_spanish(day: date) -> str:
    return f"{day.day} de {_MONTHS[day.month - 1][1]} de {day.year}"


def _meal_words(count: int, found: MealDays) -> Words:
    days_en, days_es = ("day", "día") if count == 1 else ("days", "días")
    part_en = f", {found.reduced} at 75% (first or last day of travel)" if found.reduced else ""
    part_es = f", {found.reduced} al 75% (primer o último día de viaje)" if found.reduced else ""
    if found.taken_off:
        part_en += f", {found.taken_off} given by others taken off"
        part_es += f", menos {found.taken_off} que dan otros"
    return Words(
        f"Meals for {count} {days_en}{part_en}: up to {Money(found.cents)}.",
        f"Comidas por {count} {days_es}{part_es}: hasta {Money(found.cents)}.",
    )


def _tax(line: CostLine, rate: int, cite: str) -> tuple[LineCheck, ...]:
    """A tax beyond all proportion may be a part of the price written in the wrong place."""
    if line.tax_cents * 100 <= rate * MOST_TAX_PERCENT:
        return ()
    return (staff_check("PD-TAX", _MUCH_TAX, f"Set by the organisation: tax up to 25% of the rate; {cite}"),)


def _old_table(stale: bool, cite: str) -> tuple[LineCheck, ...]:
    return (staff_check("PD-OLD", _OLD_TABLE, cite),) if stale else ()


def _actual(line: CostLine, limit: int, rate: int) -> tuple[LineCheck, ...]:
    """More than the rate, up to 300% of it, on a person's word given beforehand (PD-005)."""
    if not line.actual_expense or line.quote_cents <= limit:
        return ()
    most = rate * ACTUAL_PERCENT // 100
    words = Words(
        f"This costs more than the published rate; a person on our team decides, up to {Money(most)}.",
        "Esto cuesta más que la tarifa publicada; lo decide una persona de nuestro equipo, "
        f"hasta {Money(most)}.",
    )
    cite = "41 CFR 301-11.300 to .306: actual expense, at most 300% of the rate"
    return (staff_check("PD-005", words, cite, lifts_to=most + line.tax_cents),)
