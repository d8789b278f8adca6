"""What the carriers' own rules say of one way a child goes without an adult: age, airlines, route and hour.

They decide nothing alone: only where a rule is sure (HIGH) must the plan change. Where it is not even likely
(LOW, UNVERIFIED, or nothing on file) a person decides, whatever the child's age below 18.
"""

from __future__ import annotations

from collections.abc import Iterator

from reunify.eligibility.lines import LineCheck, asking, change_of_plan, staff_check
from reunify.eligibility.ways import Way
from reunify.intake.form import Leg
from reunify.rates.fields import Words
from reunify.rates.minors import CarrierRules

NO_CARRIER = "The carrier's own rules for children who travel without an adult"


def cite_of(way: Way) -> str:
    return way.rules.cite if way.rules else NO_CARRIER


def rules_of(way: Way) -> Iterator[LineCheck]:
    """Nothing for who is 18. What is not told is asked for first."""
    unnamed = [n for n, carrier in zip(way.at, way.carriers, strict=True) if carrier is None]
    if not way.is_minor:
        return
    if unnamed:
        for number in unnamed:
            yield asking("UM-AGE", "carrier", f"/legs/{number}/carrier", NO_CARRIER)
    elif way.age is None:
        yield asking("UM-AGE", "birth_date", way.birth_at, cite_of(way))
    else:
        yield from _told(way, way.age)


def _told(way: Way, age: int) -> Iterator[LineCheck]:
    for number, rules in zip(way.at, way.by_leg, strict=True):
        yield from _age(age, rules, number)
    kept = [rules for rules in way.by_leg if rules is not None and not rules.goes_as_anyone(age)]
    if not way.of_one_carrier:
        if kept or None in way.by_leg:
            yield _two_carriers(way, kept)
    elif way.rules is not None and way.rules.ages_sure and way.needs_service and kept:
        yield from _route(way, age, way.rules)
        for number, leg in zip(way.at, way.legs, strict=True):
            if way.rules.departs_too_late(leg.departs.hour):
                yield _not_so("UM-HOUR", _TOO_LATE, way.rules, "other_hour", f"/legs/{number}/departs")


def _age(age: int, rules: CarrierRules | None, number: int) -> Iterator[LineCheck]:
    """A child older than the ages on file, with no word of going as anyone does, is a person's question."""
    if rules is None or (rules.alone_from is None and rules.service_ages is None):
        yield staff_check("UM-AGE", _CARRIER_UNKNOWN, rules.cite if rules else NO_CARRIER)
    elif not rules.ages_sure:
        yield staff_check("UM-AGE", _RULES_UNSURE, rules.cite)
    elif rules.goes_as_anyone(age):
        return
    elif rules.looks_after(age):
        if rules.service == "restricted":
            yield staff_check("UM-AGE", _BY_PHONE, rules.cite)
    elif rules.service_ages is not None and age > rules.service_ages[1]:
        yield staff_check("UM-AGE", _RULES_UNSURE, rules.cite)
    else:
        yield _not_so("UM-AGE", _TOO_YOUNG, rules, "adult_along", f"/legs/{number}/travelers")


def _two_carriers(way: Way, kept: list[CarrierRules]) -> LineCheck:
    """No source says that one carrier takes a child over from another; a sure one says it does not."""
    sure = [rules for rules in kept if rules.one_airline and rules.ages_confidence == "HIGH"]
    if sure:
        return change_of_plan(
            "UM-AIRLINE", _ONE_AIRLINE, sure[0].cite, "one_airline", f"/legs/{way.at[-1]}/carrier"
        )
    return staff_check("UM-AIRLINE", _TWO_COMPANIES, cite_of(way))


def _route(way: Way, age: int, rules: CarrierRules) -> Iterator[LineCheck]:
    low, high = rules.nonstop_ages or (1, 0)
    if low <= age <= high:
        if way.connecting is None:
            yield asking("UM-ROUTE", "nonstop", f"/legs/{way.at[0]}/nonstop", rules.cite)
        elif way.connecting:
            yield _nonstop_only(way, rules)
    elif rules.hubs:
        for number, leg in zip(way.at, way.legs, strict=True):
            yield from _changes(number, leg, rules, onward=leg is not way.legs[-1])


def _changes(number: int, leg: Leg, rules: CarrierRules, *, onward: bool) -> Iterator[LineCheck]:
    """Each airport of a change has to be named, and be one of the carrier's: those on the flight itself and,
    where another flight of the way follows (`onward`), the last one, where that flight leaves from."""
    if leg.nonstop == "unknown" and (onward or not leg.connections):
        yield asking("UM-ROUTE", "nonstop", f"/legs/{number}/nonstop", rules.cite)
        return
    named = [] if leg.nonstop == "yes" and not onward else leg.connections
    if len(named) < onward + (leg.nonstop == "no"):
        yield asking("UM-ROUTE", "connections", f"/legs/{number}/connections", rules.cite)
    elif set(named) - rules.hubs:
        yield _not_so("UM-ROUTE", _OTHER_HUBS, rules, "hub_instead", f"/legs/{number}/connections")


def _nonstop_only(way: Way, rules: CarrierRules) -> LineCheck:
    """Two legs are never nonstop: there an adult has to travel along."""
    if len(way.legs) > 1:
        return _not_so("UM-ROUTE", _NONSTOP_ONLY, rules, "adult_along", f"/legs/{way.at[0]}/travelers")
    return _not_so("UM-ROUTE", _NONSTOP_ONLY, rules, "nonstop_instead", f"/legs/{way.at[0]}/nonstop")


def _not_so(rule: str, words: Words, rules: CarrierRules, what: str, at: str) -> LineCheck:
    """A sure rule asks for another plan; of any other a person decides."""
    if rules.ages_confidence == "HIGH":
        return change_of_plan(rule, words, rules.cite, what, at)
    return staff_check(rule, words, rules.cite)


_CARRIER_UNKNOWN = Words(
    "We ask this company how it takes a child without an adult; a person on our team decides.",
    "Preguntamos a esta empresa cómo lleva a un niño sin una persona adulta; "
    "lo decide una persona de nuestro equipo.",
)
_TOO_YOUNG = Words(
    "This company does not take a child of this age without an adult; an adult has to travel along.",
    "Esta empresa no lleva a un niño de esta edad sin una persona adulta; tiene que viajar un adulto.",
)
_RULES_UNSURE = Words(
    "We confirm this company's rules for children when we book; a person on our team decides.",
    "Confirmamos las reglas de esta empresa para niños al reservar; lo decide una persona de nuestro equipo.",
)
_BY_PHONE = Words(
    "This company takes a child of this age alone only when booked by phone; a person on our team does it.",
    "Esta empresa lleva a un niño de esta edad solo si se reserva por teléfono; "
    "lo hace una persona de nuestro equipo.",
)
_NONSTOP_ONLY = Words(
    "This airline takes a child of this age without an adult on nonstop flights only; "
    "another route is needed.",
    "Esta aerolínea lleva a un niño de esta edad sin una persona adulta solo en vuelos sin escalas; "
    "hace falta otra ruta.",
)
_OTHER_HUBS = Words(
    "This airline lets a child change planes at some airports only; another route is needed.",
    "Esta aerolínea permite que un niño cambie de avión solo en algunos aeropuertos; hace falta otra ruta.",
)
_TOO_LATE = Words(
    "This airline takes no child without an adult on flights that leave at night; another flight is needed.",
    "Esta aerolínea no lleva a un niño sin una persona adulta en vuelos nocturnos; hace falta otro vuelo.",
)
_ONE_AIRLINE = Words(
    "This airline does not hand a child who travels without an adult to another airline; "
    "another route is needed.",
    "Esta aerolínea no entrega a un niño que viaja sin una persona adulta a otra aerolínea; "
    "hace falta otra ruta.",
)
_TWO_COMPANIES = Words(
    "Two companies take the child on one way without an adult; a person on our team decides.",
    "Dos empresas llevan al niño o niña en un mismo trayecto sin una persona adulta; "
    "lo decide una persona de nuestro equipo.",
)
