"""The ways a child goes without an adult: legs of one direction, with the carrier's rules on file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from reunify.intake.form import Category, CostLine, Leg, Mode, Traveler, TravelerRole, TravelRequest
from reunify.rates.minors import ADULT_FROM, CarrierRules, carrier_name
from reunify.rates.published import Published
from reunify.rates.snapshots import plain_name

FARES = {Category.AIR_FARE: Mode.AIR, Category.RAIL_FARE: Mode.RAIL, Category.BUS_FARE: Mode.BUS}
_SAME_TRIP = timedelta(hours=24)  # a longer stop ends one way and begins the next


@dataclass(frozen=True, slots=True)
class Way:
    """One child's way in one direction without an adult: one leg, or several that connect.

    `age` None: not known. `at`: the legs' places in the request. `carriers` and `by_leg`: who takes each leg
    as told, and their rules on file.
    """

    child: str
    age: int | None
    birth_at: str
    legs: tuple[Leg, ...]
    at: tuple[int, ...]
    carriers: tuple[str | None, ...]
    by_leg: tuple[CarrierRules | None, ...]

    @property
    def rules(self) -> CarrierRules | None:
        """Of the first leg's carrier: of all of them where there is but one."""
        return self.by_leg[0]

    @property
    def of_one_carrier(self) -> bool:
        said = zip(self.carriers, self.by_leg, strict=True)
        return len({rules.carrier if rules else carrier_name(told or "") for told, rules in said}) == 1

    @property
    def keys(self) -> tuple[str, ...]:
        return tuple(leg.key for leg in self.legs)

    @property
    def is_minor(self) -> bool:
        """Also where no age is known."""
        return self.age is None or self.age < ADULT_FROM

    @property
    def connecting(self) -> bool | None:
        """None: not told. What is told of the flight itself counts before its list of airports."""
        first = self.legs[0]
        if len(self.legs) > 1 or first.nonstop == "no":
            return True
        if first.nonstop == "yes":
            return False
        return True if first.connections else None

    @property
    def needs_service(self) -> bool:
        """Whether this carrier's staff must look after a child of this age who travels alone."""
        return self.age is not None and self.rules is not None and self.rules.looks_after(self.age)

    def is_of(self, line: CostLine) -> bool:
        return line.traveler in (None, self.child) and (line.leg is None or line.leg in self.keys)


def ways_alone(request: TravelRequest, published: Published) -> tuple[Way, ...]:
    """Of every child of the request, by the order told."""
    children = [(n, t) for n, t in enumerate(request.travelers) if t.role is TravelerRole.CHILD]
    return tuple(way for number, child in children for way in _ways(number, child, request, published))


def age_on(child: Traveler, request: TravelRequest, day: date) -> int | None:
    """By the date of birth; for the child of the case also by the age told. None: not known."""
    children = [t for t in request.travelers if t.role is TravelerRole.CHILD]
    is_the_child = len(children) == 1 or child.name == request.case.child.name
    born = child.birth_date or (request.case.child.birth_date if is_the_child else None)
    if born is not None:
        return _years(born, day)
    return request.case.child.age_now if is_the_child else None


def is_old_enough(traveler: Traveler, request: TravelRequest, day: date, least: int = ADULT_FROM) -> bool:
    """By the date of birth, whatever the role; who is no child and has none told counts as an adult."""
    if traveler.role is TravelerRole.CHILD:
        age = age_on(traveler, request, day)
        return age is not None and age >= least
    return traveler.birth_date is None or _years(traveler.birth_date, day) >= least


def _years(born: date, day: date) -> int:
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def _ways(number: int, child: Traveler, request: TravelRequest, published: Published) -> Iterator[Way]:
    mine = [
        (n, leg)
        for n, leg in enumerate(request.legs)
        if child.key in leg.travelers and leg.mode in FARES.values()
    ]
    group: list[tuple[int, Leg]] = []
    for n, leg in sorted(mine, key=lambda pair: pair[1].departs):
        alone = not _accompanied(child, leg, request, published)
        if group and not (alone and _connects(group[-1][1], leg)):
            yield _way(number, child, group, request, published)
            group = []
        if alone:
            group.append((n, leg))
    if group:
        yield _way(number, child, group, request, published)


def _way(
    number: int, child: Traveler, group: list[tuple[int, Leg]], request: TravelRequest, published: Published
) -> Way:
    legs = tuple(leg for _, leg in group)
    return Way(
        child=child.key,
        age=age_on(child, request, legs[0].departs.date()),
        birth_at=f"/travelers/{number}/birth_date",
        legs=legs,
        at=tuple(n for n, _ in group),
        carriers=tuple(leg.carrier for leg in legs),
        by_leg=tuple(_rules_on(leg, published) for leg in legs),
    )


def _connects(one: Leg, other: Leg) -> bool:
    same_place = plain_name(one.destination.city) == plain_name(other.origin.city)
    wait = other.departs.replace(tzinfo=None) - one.arrives.replace(tzinfo=None)
    return one.mode is other.mode and same_place and timedelta(0) <= wait <= _SAME_TRIP


def _accompanied(child: Traveler, leg: Leg, request: TravelRequest, published: Published) -> bool:
    """Someone on the same leg is of the age from which this carrier counts them as an adult."""
    rules = _rules_on(leg, published)
    least = rules.accompanied_by if rules else ADULT_FROM
    others = [t for t in request.travelers if t.key != child.key and t.key in leg.travelers]
    return any(is_old_enough(t, request, leg.departs.date(), least) for t in others)


def _rules_on(leg: Leg, published: Published) -> CarrierRules | None:
    return published.minor_rules(leg.carrier, leg.mode.value) if leg.carrier else None
