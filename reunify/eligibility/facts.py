"""From the request as told to typed facts: one value for every field of the dictionary.

A field is filled from the form (below), by a function (computed.py), or as told under its own name
(`/told/<fact>`). What is told wins over what is worked out: a person knows the road, we only the map.
"""

from __future__ import annotations

from collections.abc import Callable

from reunify.eligibility.computed import REGISTRY, Given, travel_start
from reunify.intake import told as intake
from reunify.intake.form import TravelRequest, YesNoUnknown
from reunify.kernel.refusals import Refused
from reunify.rates.fields import Dictionary, FactValue, Field, NotAValue
from reunify.rates.published import Published

__all__ = ["Facts", "NotAToldFact", "UnknownCaseType", "UnplacedFact", "facts_of", "travel_start"]

Facts = dict[str, FactValue]


class UnknownCaseType(Refused):
    """The case type is not one of the dictionary's values."""

    field = "/case/case_type"


class NotAToldFact(Refused):
    """Something is told that the dictionary does not know, or in another way than it writes it."""


class UnplacedFact(Refused):
    """A field of the dictionary that nothing can fill: no place in the form, no function, not told."""


def _answer(answer: YesNoUnknown) -> bool | None:
    return {"yes": True, "no": False}.get(answer)


# Where the form has a place of its own.
_FROM_FORM: dict[str, Callable[[TravelRequest], FactValue]] = {
    "asked_by": lambda r: r.asked_by.kind.value,
    "case_type": lambda r: r.case.case_type,
    "child_recovered": lambda r: _answer(r.case.recovered),
    "child_age_when_missing": lambda r: r.case.child.age_when_missing,
    "held_over_24_hours": lambda r: _answer(r.case.held_over_24_hours),
    "return_authority_decision": lambda r: r.return_authority.decision,
    "abuse_suspected": lambda r: _answer(r.return_authority.abuse_suspected),
    "protective_order": lambda r: _answer(r.return_authority.protective_order),
    "household_size": lambda r: r.household.size if r.household else None,
    "household_income": lambda r: r.household.yearly_income_cents if r.household else None,
    "purpose": lambda r: r.purpose.value,
}


def facts_of(
    request: TravelRequest, *, published: Published, guideline_limit_percent: int, dictionary: Dictionary
) -> Facts:
    """None where nobody has told us. Raises UnknownCaseType, NotAToldFact, UnplacedFact."""
    if request.case.case_type not in dictionary.case_types:
        raise UnknownCaseType(f"The case type must be one of: {', '.join(dictionary.case_types)}.")
    told = told_facts(request, dictionary)
    given = Given(request, published, guideline_limit_percent)
    return {
        name: told[name] if name in told else _worked_out(field, given)
        for name, field in dictionary.fields.items()
    }


def told_facts(request: TravelRequest, dictionary: Dictionary) -> Facts:
    """What is told under `told`, typed by its field. Raises NotAToldFact with the allowed values."""
    found: Facts = {}
    allowed = intake.facts(dictionary)
    for name, written in request.told.items():
        if name not in allowed:
            asked = ", ".join(sorted(allowed)) or "none"
            raise NotAToldFact(f"No rule asks for this fact. Those asked for: {asked}.", field=_told(name))
        try:
            found[name] = allowed[name].parse(written)
        except NotAValue as wrong:
            raise NotAToldFact(f"{allowed[name].label.en}: write {wrong}.", field=_told(name)) from None
    return found


def _told(name: str) -> str:
    return f"{intake.POINTER}/{name}"


def _worked_out(field: Field, given: Given) -> FactValue:
    if field.computed_by is not None:
        if field.computed_by not in REGISTRY:
            raise UnplacedFact(
                f"No function is called {field.computed_by}, which {field.name} is computed by."
            )
        return REGISTRY[field.computed_by].work_out(given)
    if field.name in _FROM_FORM:
        return _FROM_FORM[field.name](given.request)
    if field.pointer == _told(field.name):
        return None
    raise UnplacedFact(f"Nothing can fill {field.name}. Give it the pointer {_told(field.name)}.")
