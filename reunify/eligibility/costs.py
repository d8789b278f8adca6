"""What each cost line may be paid, by the published rate of its own date and place.

Two steps: `line_facts` looks the rates up (kept with the facts, so that an answer can be repeated years
later); `try_line` says what one source may pay. Cents for money, whole nights for rooms given in kind.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

from reunify.eligibility.facts import travel_start
from reunify.intake.form import Category, CostLine, Place, Settlement, TravelRequest
from reunify.kernel.money import Money
from reunify.rates.fields import Words
from reunify.rates.places import Town
from reunify.rates.published import NoPublishedRate, Published
from reunify.rules.answers import Question

_MOST_DAYS = 60
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


class LineOutcome(StrEnum):
    PAYABLE = "payable"
    NOT_THIS_SOURCE = "not_this_source"
    NEEDS_INFORMATION = "needs_information"
    NEEDS_STAFF_DECISION = "needs_staff_decision"


@dataclass(frozen=True, slots=True)
class LineFacts:
    """One cost line with its rate. `limit_cents` None: the quote is the price (fares, documents)."""

    number: int
    key: str
    category: str
    settled: str
    quote_cents: int
    ceiling_cents: int
    limit_cents: int | None = None
    provisional: bool = False
    missing: tuple[str, ...] = ()
    for_staff: bool = False
    cite: str = "Price as quoted"
    en: str = "At the quoted price."
    es: str = "Al precio cotizado."

    def content(self) -> dict[str, Any]:
        return {name: _listed(getattr(self, name)) for name in self.__slots__}

    @classmethod
    def from_content(cls, stored: dict[str, Any]) -> LineFacts:
        return cls(**{**stored, "missing": tuple(stored["missing"])})


@dataclass(frozen=True, slots=True)
class LineTest:
    """What one source may pay of one line.

    `payable` is at the quoted price, `ceiling` is not to exceed; both in cents or in nights, as `unit` says.
    """

    key: str
    source: str
    outcome: LineOutcome
    unit: str
    payable: int
    ceiling: int
    reason: Words
    cite: str
    provisional: bool
    questions: tuple[Question, ...] = ()

    def content(self) -> dict[str, Any]:
        return {
            "key": self.key,
            "outcome": self.outcome.value,
            "unit": self.unit,
            "payable": self.payable,
            "ceiling": self.ceiling,
            "en": self.reason.en,
            "es": self.reason.es,
            "cite": self.cite,
            "provisional": self.provisional,
            "questions": [q.content() for q in self.questions],
        }


def _listed(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def line_facts(request: TravelRequest, *, published: Published) -> tuple[LineFacts, ...]:
    """Every line with the rate of its date and place. What is missing is named, never guessed."""
    found = []
    for number, line in enumerate(request.cost_lines):
        bare = LineFacts(
            number, line.key, line.category.value, line.settled.value, line.quote_cents, line.ceiling_cents
        )
        price = _PRICES.get(line.category)
        try:
            found.append(price(bare, line, request, published) if price else bare)
        except NoPublishedRate:
            found.append(
                replace(bare, for_staff=True, cite="No published rate", en=_NO_RATE.en, es=_NO_RATE.es)
            )
    return tuple(found)


_NO_RATE = Words(
    "No rate is published for this place or date; a person on our team decides.",
    "No hay una tarifa publicada para este lugar o fecha; lo decide una persona de nuestro equipo.",
)


def _lodging(bare: LineFacts, line: CostLine, request: TravelRequest, published: Published) -> LineFacts:
    """Per room and night, by the night's date and place; tax apart (PD-006, PD-007)."""
    if line.settled is Settlement.PARTNER_GIVES:
        return replace(bare, missing=() if line.night else ("night",), cite="Given by the partner")
    missing = tuple(n for n in ("night", "place") if getattr(line, n) is None) or _no_state(line.place)
    if missing or line.night is None or line.place is None:
        return replace(bare, missing=missing)
    rate = published.lodging(place=_town(line.place), night=line.night)
    return replace(
        bare,
        limit_cents=rate.amount.cents,
        provisional=rate.provisional,
        cite=rate.cite,
        en=f"One room for the night of {in_english(line.night)}: up to {rate.amount}, tax apart.",
        es=f"Una habitación, la noche del {in_spanish(line.night)}: hasta {rate.amount}, impuestos aparte.",
    )


def _meals(bare: LineFacts, line: CostLine, request: TravelRequest, published: Published) -> LineFacts:
    """Meals and incidentals day by day, 75% on the traveler's first and last day of travel (PD-001)."""
    needed = ("first_day", "last_day", "place")
    missing = tuple(n for n in needed if getattr(line, n) is None) or _no_state(line.place)
    if missing or line.first_day is None or line.last_day is None or line.place is None:
        return replace(bare, missing=missing)
    count = (line.last_day - line.first_day).days + 1
    if not 1 <= count <= _MOST_DAYS:
        raise NoPublishedRate("A meals line covers 1 to 60 days.")
    ends, cents, provisional, cites = _travel_days(request, line.traveler), 0, False, dict[str, None]()
    reduced = 0
    for day in (line.first_day + timedelta(days=n) for n in range(count)):
        rate = published.mie(place=_town(line.place), day=day)
        cents += (rate.reduced if day in ends else rate.full).cents
        reduced += day in ends
        provisional |= rate.provisional
        cites[rate.cite] = None
    days_en, days_es = ("day", "día") if count == 1 else ("days", "días")
    part_en = f", {reduced} at 75% (first or last day of travel)" if reduced else ""
    part_es = f", {reduced} al 75% (primer o último día de viaje)" if reduced else ""
    return replace(
        bare,
        limit_cents=cents,
        provisional=provisional,
        cite="; ".join(cites),
        en=f"Meals for {count} {days_en}{part_en}: up to {Money(cents)}.",
        es=f"Comidas por {count} {days_es}{part_es}: hasta {Money(cents)}.",
    )


def _mileage(bare: LineFacts, line: CostLine, request: TravelRequest, published: Published) -> LineFacts:
    """Miles times the rate of the day of driving; whole cents on the total, half a cent up."""
    if line.miles is None:
        return replace(bare, missing=("miles",))
    legs = [leg for leg in request.legs if leg.key == line.leg]
    day = legs[0].departs.date() if legs else travel_start(request)
    rate = published.mileage(day=day)
    amount = rate.for_miles(line.miles)
    return replace(
        bare,
        limit_cents=amount.cents,
        provisional=rate.provisional,
        cite=rate.cite,
        en=f"{line.miles} miles at ${rate.dollars_per_mile} a mile: {amount}.",
        es=f"{line.miles} millas a ${rate.dollars_per_mile} por milla: {amount}.",
    )


_Price = Callable[[LineFacts, CostLine, TravelRequest, Published], LineFacts]
_PRICES: dict[Category, _Price] = {
    Category.LODGING: _lodging,
    Category.MEALS: _meals,
    Category.MILEAGE: _mileage,
}


def _no_state(place: Place | None) -> tuple[str, ...]:
    return ("state",) if place is not None and place.country == "US" and place.state is None else ()


def _town(place: Place) -> Town:
    return Town(place.city, place.state, place.country, place.county)


def _travel_days(request: TravelRequest, traveler: str | None) -> frozenset[date]:
    """The first and the last local day this traveler is on the way."""
    legs = [leg for leg in request.legs if traveler is None or traveler in leg.travelers] or request.legs
    return frozenset({min(leg.departs for leg in legs).date(), max(leg.arrives for leg in legs).date()})


def try_line(line: LineFacts, *, source: str, unit: str) -> LineTest:
    """A partner's nights pay the rooms the partner gives; money pays everything else."""
    given = line.settled == Settlement.PARTNER_GIVES.value
    if unit == "night" and not (given and line.category == Category.LODGING.value):
        return _test(line, source, unit, LineOutcome.NOT_THIS_SOURCE, _ONLY_ROOMS)
    if unit == "cents" and given:
        return _test(line, source, unit, LineOutcome.NOT_THIS_SOURCE, _IN_KIND)
    if line.missing:
        asked = tuple(_question(line, what) for what in line.missing)
        return _test(line, source, unit, LineOutcome.NEEDS_INFORMATION, _NOT_YET, asked)
    if line.for_staff:
        return _test(line, source, unit, LineOutcome.NEEDS_STAFF_DECISION, Words(line.en, line.es))
    if unit == "night":
        return LineTest(
            line.key, source, LineOutcome.PAYABLE, unit, 1, 1, _ONE_NIGHT, line.cite, line.provisional
        )
    most = line.limit_cents
    payable = line.quote_cents if most is None else min(line.quote_cents, most)
    ceiling = line.ceiling_cents if most is None else min(line.ceiling_cents, most)
    return LineTest(
        line.key,
        source,
        LineOutcome.PAYABLE,
        unit,
        payable,
        ceiling,
        Words(line.en, line.es),
        line.cite,
        line.provisional,
    )


_ONLY_ROOMS = Words(
    "This partner gives hotel nights, nothing else.", "Este hotel solidario solo da noches de hotel."
)
_IN_KIND = Words("A partner gives this, so no money is needed.", "Esto lo da un hotel solidario, sin dinero.")
_NOT_YET = Words("We need one more answer first.", "Primero necesitamos una respuesta más.")
_ONE_NIGHT = Words("One night given by the partner.", "Una noche dada por el hotel solidario.")


def _test(
    line: LineFacts,
    source: str,
    unit: str,
    outcome: LineOutcome,
    reason: Words,
    questions: tuple[Question, ...] = (),
) -> LineTest:
    return LineTest(line.key, source, outcome, unit, 0, 0, reason, line.cite, line.provisional, questions)


# What is missing -> where the answer goes in the line, and the question.
_ASKED: dict[str, tuple[str, Words]] = {
    "night": ("night", Words("Which night is the room for?", "¿Para qué noche es la habitación?")),
    "place": ("place", Words("In which city and state is it?", "¿En qué ciudad y estado es?")),
    "state": ("place/state", Words("In which state is this city?", "¿En qué estado está esta ciudad?")),
    "first_day": (
        "first_day",
        Words("What is the first day of meals?", "¿Cuál es el primer día de comidas?"),
    ),
    "last_day": ("last_day", Words("What is the last day of meals?", "¿Cuál es el último día de comidas?")),
    "miles": ("miles", Words("How many miles is the drive?", "¿Cuántas millas son en coche?")),
}


def _question(line: LineFacts, what: str) -> Question:
    where, text = _ASKED[what]
    pointer = f"/cost_lines/{line.number}/{where}"
    return Question(f"line.{what}", pointer, text, ("staff", "family"), "document")


def in_english(day: date) -> str:
    return f"{_MONTHS[day.month - 1][0]} {day.day}, {day.year}"


def in_spanish(day: date) -> str:
    return f"{day.day} de {_MONTHS[day.month - 1][1]} de {day.year}"
