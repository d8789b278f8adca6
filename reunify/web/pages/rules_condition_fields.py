"""The controls of each condition: which fact, how it is tested, and its value by the fact's type. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from reunify.rates.fields import Dictionary
from reunify.rates.fields import Field as Fact
from reunify.web.pages.form_fields import Field, Kind, Options
from reunify.web.pages.form_showing import ShownField
from reunify.web.pages.rules_conditions import AS_WRITTEN, MANY, WORDS, Condition, joined
from reunify.web.pages.rules_document import show_field

_DATES = {
    "under": "is before",
    "at_most": "is on or before",
    "over": "is after",
    "at_least": "is on or after",
}
_ORDERED = (
    "is",
    "is_not",
    "under",
    "at_most",
    "over",
    "at_least",
    "between",
    "one_of",
    "none_of",
    "any",
)
_NO_END = 1_000_000
_BY_TYPE = {"choice": ("is", "is_not", "one_of", "none_of", "any"), "yes_no": ("yes", "no", "any")}


@dataclass(frozen=True, slots=True)
class ShownCondition:
    """The controls of one test. `to` only where the fact has an order."""

    fact: ShownField
    how: ShownField
    value: ShownField | None
    to: ShownField | None
    number: int
    wrong: list[str]


@dataclass(frozen=True, slots=True)
class ShownGroup:
    number: int
    conditions: list[ShownCondition]


def show_groups(
    groups: Sequence[Sequence[Condition]], dictionary: Dictionary, wrong: dict[str, list[str]]
) -> list[ShownGroup]:
    """`wrong`: what is said of a control, by its name, or of a fact wherever it is tested."""
    facts = fact_options(dictionary)
    return [
        ShownGroup(g, [_show(t, f"g{g}t{n}", n, facts, dictionary, wrong) for n, t in enumerate(group)])
        for g, group in enumerate(groups)
    ]


def fact_options(dictionary: Dictionary) -> Options:
    """Every fact by its label."""
    named = sorted((f.label.en, f.name) for f in dictionary.fields.values())
    return (("", "Choose a fact"), *((name, label) for label, name in named))


def how_options(known: Fact | None) -> Options:
    """How a fact of this type can be tested; every way while no fact is chosen."""
    offered = _BY_TYPE.get(known.type, _ORDERED) if known else tuple(WORDS)[:-1]
    words = WORDS | _DATES if known and known.type == "date" else WORDS
    return tuple((how, words[how]) for how in offered)


def value_fields(name: str, label: str, known: Fact | None, test: Condition) -> Field | None:
    """The control the value is written in, by the fact's type."""
    if test.how in ("yes", "no", "any") and (known is None or known.type == "yes_no"):
        return None
    if known is None or known.type == "yes_no":
        return Field(name, label)
    if known.type == "choice":
        options = tuple((code, words.en) for code, words in known.values.items())
        if test.how in MANY:
            return Field(name, label, "several", options=options)
        return Field(name, label, "choice", options=(("", "Choose"), *options))
    if known.type == "date" and test.how not in MANY and _all_dates(test):
        return Field(name, label, "date")
    kinds: dict[str, Kind] = {"date": "text", "money": "money"}
    return Field(name, label, kinds.get(known.type, "whole"), hint(known))


def hint(known: Fact) -> str:
    if known.type == "money":
        return "Dollars and cents, like 1284.50"
    if known.type == "date":
        return "Like 2026-09-30; several with commas"
    open_ended = known.high is None or known.high >= _NO_END
    between = "A whole number" if open_ended else f"{known.low} to {known.high}"
    return f"{between}{', ' + known.unit.partition(',')[0] if known.unit else ''}"


def _all_dates(test: Condition) -> bool:
    return all(re.fullmatch(r"(\d{4}-\d\d-\d\d)?", v) for v in (*test.values, test.to))


def _show(
    test: Condition, at: str, number: int, facts: Options, dictionary: Dictionary, wrong: dict[str, list[str]]
) -> ShownCondition:
    known = dictionary.fields.get(test.fact)
    hows = how_options(known)
    fitting = test.how in dict(hows)
    shown = test if fitting else replace(test, values=(joined(test),), how=AS_WRITTEN, to="")
    if not fitting:
        hows = (*hows, (AS_WRITTEN, WORDS[AS_WRITTEN]))
    field = value_fields(f"{at}_value", "Value", known, shown) if fitting else Field(f"{at}_value", "Value")
    value: object = list(shown.values) if field and field.kind == "several" else ", ".join(shown.values)
    ordered = known is not None and known.type in ("integer", "money", "date") and fitting
    to = replace(field, path=f"{at}_to", label="To", hint="Only for between") if field and ordered else None
    said = wrong.get(f"{at}_fact", []) + wrong.get(f"fact {test.fact}", [])
    return ShownCondition(
        fact=show_field(Field(f"{at}_fact", "Fact", "choice", options=facts), test.fact, []),
        how=show_field(Field(f"{at}_how", "How", "choice", options=hows), shown.how, []),
        value=show_field(field, value, []) if field else None,
        to=show_field(to, test.to, []) if to else None,
        number=number,
        wrong=said,
    )
