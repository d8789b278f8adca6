"""What each cost line may be paid, by the published rule of its own date and place.

Two steps: `line_facts` looks everything up once per request (kept with the facts, so that an answer can be
repeated years later); `try_line` says what one source may pay. Cents for money, whole nights and miles for
what partners give.

For whoever judges a source: `try_line(line, book, decisions)`; `decisions` are the recorded ones of the
request. What a person may decide about a line is in `LineTest.decides`, each by its `line_decision_id`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from reunify.eligibility import costs_per_diem, fares, minors
from reunify.eligibility.line_tests import LineOutcome, LineTest, line_decision_id, try_line
from reunify.eligibility.lines import LineFacts, bare, staff_check
from reunify.intake.form import Category, CostLine, Settlement, TravelRequest
from reunify.rates.fields import Words
from reunify.rates.published import NoPublishedRate, PlaceUnclear, Published

__all__ = ["LineFacts", "LineOutcome", "LineTest", "line_decision_id", "line_facts", "try_line"]

_Price = Callable[[LineFacts, CostLine, TravelRequest, Published], LineFacts]


@dataclass(frozen=True, slots=True)
class PricedBy:
    """One function of published rates. `called` is its name and version, kept with each line it priced: a
    function whose result can change for the same line is a new version. `source`: the rule it works by."""

    called: str
    source: str
    price: _Price


PRICES: dict[Category, PricedBy] = {
    Category.LODGING: PricedBy(
        "lodging_for_a_night@1",
        "41 CFR 301-11: the rate of the night's own date and place, per room, tax apart",
        costs_per_diem.lodging,
    ),
    Category.MEALS: PricedBy(
        "meals_for_days@1",
        "41 CFR 301-11: each day's own date and place, 75% on the first and last day, provided meals off",
        costs_per_diem.meals,
    ),
    Category.MILEAGE: PricedBy(
        "mileage_of_a_drive@1",
        "GSA mileage rate of the day of driving; whole cents on the total, half a cent up",
        costs_per_diem.mileage,
    ),
}
_NO_RATE = Words(
    "No rate is published for this place or date; a person on our team decides.",
    "No hay una tarifa publicada para este lugar o fecha; lo decide una persona de nuestro equipo.",
)


def line_facts(request: TravelRequest, *, published: Published) -> tuple[LineFacts, ...]:
    """Every line with the rate of its date and place. What is missing is named, never guessed."""
    abroad = fares.foreign_travel(request)
    alone = minors.children_alone(request, published)
    found: list[LineFacts] = []
    for number, line in enumerate(request.cost_lines):
        facts = _priced(bare(number, line), line, request, published)
        facts = facts.checked(*fares.checks(facts, line, request))
        if alone.ways:
            facts = facts.checked(*alone.checks(line))
        if line.category is Category.UNACCOMPANIED_MINOR_FEE:
            facts = alone.fee(facts, line)
        if facts.unit == "cents":
            mixed = fares.mixed_methods(line, request)
            facts = facts.checked(*(check for check in (abroad, mixed) if check is not None))
        found.append(facts)
    noticed = alone.without_a_line(request.cost_lines)
    at = next((n for n, facts in enumerate(found) if facts.unit == "cents"), 0)
    found[at] = found[at].checked(*noticed)
    return tuple(found)


def _priced(facts: LineFacts, line: CostLine, request: TravelRequest, published: Published) -> LineFacts:
    if line.settled is Settlement.PARTNER_GIVES:
        return _given(facts, line)
    by = PRICES.get(line.category)
    if by is None:
        return facts
    facts = replace(facts, worked_out_by=by.called)
    try:
        return by.price(facts, line, request, published)
    except PlaceUnclear as unclear:
        return replace(facts, missing=(unclear.part,))
    except NoPublishedRate:
        return replace(facts, cite="No published rate", en=_NO_RATE.en, es=_NO_RATE.es).checked(
            staff_check("PD-RATE", _NO_RATE, "No published rate")
        )


def _given(facts: LineFacts, line: CostLine) -> LineFacts:
    """A partner gives rooms by the night and flights by the mile."""
    given = replace(facts, cite="Given by the partner")
    if facts.unit == "mile":
        return replace(given, units=line.units or 0, missing=() if line.units else ("units",))
    return replace(given, units=1, missing=() if line.night else ("night",))
