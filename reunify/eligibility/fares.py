"""Fares: economy with five exceptions, United States carriers abroad, and the funder's prior approval.

None of these refuses: what is not as the rule wants it, a person decides.
"""

from __future__ import annotations

from collections.abc import Iterator

from reunify.eligibility.lines import Finding, LineCheck, LineFacts, asking, pointer, staff_check
from reunify.intake.form import Category, CostLine, FareException, Leg, Mode, Place, Settlement, TravelRequest
from reunify.rates.fields import Words
from reunify.rates.snapshots import TERRITORIES

_ECONOMY = "2 CFR 200.475: economy fare, with five exceptions"
_FLY_AMERICA = "Fly America Act (49 U.S.C. 40118): United States carrier"
_ONE_METHOD = "2 CFR 200.475(a): one method for the entire trip"
_GIVEN = Settlement.PARTNER_GIVES
_ABROAD = "DOJ Financial Guide 3.9: prior approval of foreign travel"
# Not foreign to the funder's rule; to Fly America they are (TR-006, TR-007).
_NEIGHBORS = frozenset({"CA", "MX"})
EXCEPTIONS: dict[FareException, Words] = {
    FareException.CIRCUITOUS_ROUTING: Words(
        "economy would mean a long way round", "la clase económica daría un gran rodeo"
    ),
    FareException.UNREASONABLE_HOURS: Words(
        "economy would mean traveling at unreasonable hours",
        "la clase económica obligaría a viajar a horas poco razonables",
    ),
    FareException.PROLONGED_TRAVEL: Words(
        "economy would make the trip far too long", "la clase económica alargaría demasiado el viaje"
    ),
    FareException.OFFSETS_SAVINGS: Words(
        "economy would cost more in other ways", "la clase económica costaría más por otro lado"
    ),
    FareException.MEDICAL_NEED: Words("of a medical need", "hay una necesidad médica"),
}
_ABOVE = Words(
    "This fare is above economy and no reason is given; a person on our team decides.",
    "Este boleto es de una clase superior a la económica y no se da un motivo; "
    "lo decide una persona de nuestro equipo.",
)
_FOREIGN_CARRIER = Words(
    "This flight abroad is not with a United States airline; a person on our team decides.",
    "Este vuelo al extranjero no es con una aerolínea de Estados Unidos; "
    "lo decide una persona de nuestro equipo.",
)
_TWO_METHODS = Words(
    "Other costs of this kind on this trip are counted by the published rate, this one by what it really "
    "costs; a person on our team decides.",
    "Otros gastos de este tipo en el viaje se cuentan por la tarifa publicada y este por lo que cuesta de "
    "verdad; lo decide una persona de nuestro equipo.",
)
_NOT_YET_AGREED = Words(
    "The funder agrees to travel abroad beforehand, and no reference is noted; a person on our team decides.",
    "El fondo autoriza antes los viajes al extranjero y no consta la referencia; "
    "lo decide una persona de nuestro equipo.",
)


def checks(facts: LineFacts, line: CostLine, request: TravelRequest) -> Iterator[LineCheck]:
    """Of an air fare paid in money; a partner's miles buy what the partner offers."""
    if line.category is not Category.AIR_FARE or facts.unit != "cents":
        return
    yield from _class(facts, line)
    yield from _carrier(line, request)


def foreign_travel(request: TravelRequest) -> LineCheck | None:
    """TR-006, for every line of a trip abroad: federal money waits for the funder's recorded approval."""
    places = [p for leg in request.legs for p in (leg.origin, leg.destination)]
    places += [line.place for line in request.cost_lines if line.place is not None]
    if not any(is_foreign(p) and p.country not in _NEIGHBORS for p in places):
        return None
    if request.foreign_approval:
        said = Words(
            f"The funder agreed to travel abroad: {request.foreign_approval}.",
            f"El fondo autorizó el viaje al extranjero: {request.foreign_approval}.",
        )
        return LineCheck("TR-006", Finding.MET, _ABROAD, said.en, said.es, federal=True)
    return staff_check("TR-006", _NOT_YET_AGREED, _ABROAD, federal=True)


def mixed_methods(line: CostLine, request: TravelRequest) -> LineCheck | None:
    """TR-001 (of the traveler's costs a scope is only likely, TR-004), federal money only: rooms, or meals,
    are counted one way for the whole trip. Some at what they really cost and some at the rate is two ways."""
    if not line.actual_expense:
        return None
    others = [c for c in request.cost_lines if c.category is line.category and c.settled is not _GIVEN]
    if all(c.actual_expense for c in others):
        return None
    return staff_check("TR-001", _TWO_METHODS, _ONE_METHOD, federal=True)


def is_foreign(place: Place) -> bool:
    """Outside the states, DC and the territories."""
    return place.country != "US" and place.country not in TERRITORIES


def _class(facts: LineFacts, line: CostLine) -> Iterator[LineCheck]:
    """TR-003 (MEDIUM). A class nobody has told is asked for where the money is federal."""
    if line.fare_class is None:
        yield asking("TR-003", "fare_class", pointer(facts, "fare_class"), _ECONOMY, federal=True)
    elif line.fare_class == "above_economy":
        if line.fare_exception is None:
            yield staff_check("TR-003", _ABOVE, _ECONOMY)
            return
        why = EXCEPTIONS[line.fare_exception]
        yield LineCheck(
            "TR-003",
            Finding.MET,
            _ECONOMY,
            f"Above economy, because {why.en}.",
            f"Clase superior a la económica, porque {why.es}.",
        )


def _carrier(line: CostLine, request: TravelRequest) -> Iterator[LineCheck]:
    """TR-007 (MEDIUM), federal money only: each flight of this fare that begins or ends abroad."""
    flown = {leg.key: (n, leg) for n, leg in enumerate(request.legs) if _is_of(line, leg)}
    for number, leg in flown.values():
        if not (is_foreign(leg.origin) or is_foreign(leg.destination)):
            continue
        if leg.us_flag == "no":
            yield staff_check("TR-007", _FOREIGN_CARRIER, _FLY_AMERICA, federal=True)
        elif leg.us_flag == "unknown":
            yield asking("TR-007", "us_flag", f"/legs/{number}/us_flag", _FLY_AMERICA, federal=True)


def _is_of(line: CostLine, leg: Leg) -> bool:
    if leg.mode is not Mode.AIR or line.leg not in (None, leg.key):
        return False
    return line.traveler is None or line.traveler in leg.travelers
