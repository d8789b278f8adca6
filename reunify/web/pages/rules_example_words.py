"""Worked examples in words, run just now; and the control each fact is said with. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from reunify.rates.fields import Dictionary
from reunify.rates.fields import Field as Fact
from reunify.rules.examples import Example
from reunify.rules.readable import fact_in_words, value_in_words
from reunify.web.pages.form_fields import Field, Options
from reunify.web.pages.rules_condition_fields import hint
from reunify.web.pages.rules_example_caps import caps_in_words

UNKNOWN = "unknown"
_NOT_KNOWN = "Not known yet"
RECORDED = {
    "met": "Staff decided: met",
    "not_met": "Staff decided: not met",
    "attested": "Attested, and owed",
}


@dataclass(frozen=True, slots=True)
class ShownExample:
    """`changes`: what it says beside what every example begins with. `gives`: the limits it states.
    `failures`: empty when it holds."""

    number: int
    name: str
    changes: tuple[str, ...]
    answer: str
    because: str | None
    gives: tuple[str, ...]
    failures: tuple[str, ...]


def fact_field(fact: Fact, given: Any, *, prefix: str = "fact-") -> Field:
    """A drop-down or a text for one fact; empty means as given. `given`: as the file says it, whatever it is;
    None where it says nothing."""
    name, words = prefix + fact.name, fact.label.en
    as_given = "Not said" if given is None else f"As given: {_said(fact, given)}"
    if fact.type in ("choice", "yes_no"):
        values: Options = tuple((code, w.en) for code, w in fact.values.items()) or (
            ("yes", "Yes"),
            ("no", "No"),
        )
        return Field(name, words, "choice", options=(("", as_given), (UNKNOWN, _NOT_KNOWN), *values))
    return Field(
        name,
        words,
        hint=f"{hint(fact).split(';')[0]}, or unknown. Empty: {as_given[0].lower()}{as_given[1:]}",
    )


def _said(fact: Fact, written: Any) -> str:
    if not isinstance(written, str):
        return "more than one value"
    if written == UNKNOWN:
        return _NOT_KNOWN.lower()
    try:
        return value_in_words(fact, fact.parse(written))
    except ValueError:
        return written


def shown_examples(
    examples: tuple[Example, ...], given: dict[str, Any], facts: Dictionary, unproved: tuple[str, ...]
) -> list[ShownExample]:
    """Each with what it changes. `unproved`: what `proving` said of them all."""
    return [
        ShownExample(
            number=number,
            name=example.name,
            changes=(
                *(
                    f"{fact_in_words(facts[name])}: {value_in_words(facts[name], value)}"
                    for name, value in example.facts.items()
                    if name not in given or given[name] != value
                ),
                *(f"{name}: {RECORDED[d.decision].lower()}" for name, d in example.decisions.items()),
            ),
            answer=example.answer,
            because=example.because,
            gives=caps_in_words(example.caps),
            failures=_of_one(example, unproved),
        )
        for number, example in enumerate(examples)
    ]


def _of_one(example: Example, found: tuple[str, ...]) -> tuple[str, ...]:
    """What is said of this example."""
    begins = f"Example `{example.name}` "
    return tuple(f"It {said.removeprefix(begins)}" for said in found if said.startswith(begins))


def given_of(examples: tuple[Example, ...]) -> dict[str, Any]:
    """What most examples share: of each fact the value it has most often."""
    counted: dict[str, dict[Any, int]] = {}
    for example in examples:
        for name, value in example.facts.items():
            held = counted.setdefault(name, {})
            held[value] = held.get(value, 0) + 1
    return {name: max(values, key=lambda v: values[v]) for name, values in counted.items()}


def decision_field(name: str, requirement: str) -> Field:
    """What a member of staff recorded on one requirement."""
    options = (("", "Nothing recorded"), *RECORDED.items())
    return Field(f"decision-{name}", f"{name} {requirement}", "choice", options=options)
