"""What a trip told at night may cost: seats by the fare quoted, room and meals by published rates. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from reunify.kernel.money import Money
from reunify.rates.places import Town
from reunify.rates.published import Published

PlaceDraft = dict[str, str | None]


@dataclass(frozen=True, slots=True)
class Terms:
    """What the house knows by itself. `contingency`: whole percents above a quoted fare. `tax`: whole
    percents of the room's rate, as a not-to-exceed; both set by the organisation."""

    rates: Published
    contingency: int
    tax: int


@dataclass(frozen=True, slots=True)
class Days:
    """Local days: the adult leaves home, arrives (and sleeps there), and both are home again."""

    leaves: date
    arrives: date
    home: date

    @property
    def start_home(self) -> date:
        return self.arrives + timedelta(days=1)


def seats(seat_cents: int, terms: Terms) -> list[dict[str, Any]]:
    """There and back for the adult, one way for the child; the ceiling is the quote and the contingency."""
    return [
        _seat("seat-adult", "Seat there and back", "adult", 2 * seat_cents, terms),
        _seat("seat-child", "Seat home", "child", seat_cents, terms),
    ]


def by_rates(place: PlaceDraft, days: Days, terms: Terms) -> list[dict[str, Any]]:
    """The room and both travelers' meals. Raises NoPublishedRate, PlaceUnclear."""
    town = Town(str(place["city"]), place["state"], zip=place["zip"])
    return [
        _room(place, town, days, terms),
        _meals("meals-adult", "adult", place, _meal_cents(town, days.leaves, days, terms), days.leaves, days),
        _meals(
            "meals-child",
            "child",
            place,
            _meal_cents(town, days.start_home, days, terms),
            days.start_home,
            days,
        ),
    ]


def _seat(key: str, what: str, traveler: str, cents: int, terms: Terms) -> dict[str, Any]:
    return {
        "key": key,
        "category": "air_fare",
        "what": what,
        "settled": "organisation_books",
        "payee": "airline",
        "quote_cents": cents,
        "ceiling_cents": cents + cents * terms.contingency // 100,
        "traveler": traveler,
        "fare_class": "economy",
    }


def _room(place: PlaceDraft, town: Town, days: Days, terms: Terms) -> dict[str, Any]:
    rate = terms.rates.lodging(place=town, night=days.arrives).amount.cents
    tax = rate * terms.tax // 100
    return {
        "key": "night-1",
        "category": "lodging",
        "what": "First night",
        "settled": "organisation_books",
        "payee": "hotel",
        "quote_cents": rate + tax,
        "ceiling_cents": rate + tax,
        "tax_cents": tax,
        "place": place,
        "night": days.arrives.isoformat(),
    }


def _meal_cents(town: Town, first: date, days: Days, terms: Terms) -> Money:
    """Three quarters of the rate on the traveler's first and last day of travel (PD-001)."""
    every = [first + timedelta(days=n) for n in range((days.home - first).days + 1)]
    rates = [(day, terms.rates.mie(place=town, day=day)) for day in every]
    return Money(sum((rate.reduced if day in (first, days.home) else rate.full).cents for day, rate in rates))


def _meals(
    key: str, traveler: str, place: PlaceDraft, amount: Money, first: date, days: Days
) -> dict[str, Any]:
    return {
        "key": key,
        "category": "meals",
        "what": "Meals on the way",
        "settled": "advance",
        "payee": "adult",
        "quote_cents": amount.cents,
        "ceiling_cents": amount.cents,
        "traveler": traveler,
        "place": place,
        "first_day": first.isoformat(),
        "last_day": days.home.isoformat(),
    }
