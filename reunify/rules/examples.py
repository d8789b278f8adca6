"""Worked examples kept beside the rules; each is run as a test."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date

from reunify.rates.closed_yaml import Reader, read
from reunify.rates.fields import Dictionary, FactValue, NotAValue
from reunify.rules.model import Decision

DECIDED_ON = date(2026, 1, 1)  # the day of every decision in an example; what is owed counts from it
CAP = re.compile(r"lifetime_uses|[a-z]+_cap(?: [a-z_]+)?")
MOST = re.compile(r"\d{1,9}(?:\.\d\d)?")
WORDS = ("met", "not_met", "attested")
ANSWERS = (
    "eligible",
    "eligible_provisional",
    "ineligible",
    "needs_information",
    "needs_staff_decision",
    "worth_applying",
    "unlikely",
    "ask",
)


@dataclass(frozen=True, slots=True)
class Example:
    """`because` is the one requirement that decides; `asks` the facts to be asked for, if stated.

    `decisions`: what a person has recorded, by requirement. `caps`: all that the tables must give, if stated,
    by the table's own heads without the arrow (`trip_cap lodging`), as written; `proving` knows the unit.
    """

    name: str
    facts: dict[str, FactValue]
    answer: str
    because: str | None
    asks: tuple[str, ...] | None
    decisions: dict[str, Decision] = field(default_factory=dict)
    caps: dict[str, str] | None = None


def load_examples(body: bytes, dictionary: Dictionary, file: str) -> tuple[Example, ...]:
    """Raises RuleFileBroken."""
    top = Reader(read(body, file), file, "top")
    given = _facts(top.part("given"), dictionary)
    found = []
    for number, value in enumerate(top.items("examples"), 1):
        part = Reader(value, file, f"example {number}")
        changed = _facts(part.part("facts"), dictionary) if part.has("facts") else {}
        found.append(
            Example(
                name=part.text("name"),
                facts={**given, **changed},
                answer=part.one_of("answer", ANSWERS),
                because=part.optional("because"),
                asks=tuple(map(str, part.items("asks"))) if part.has("asks") else None,
                decisions=_decisions(part.part("decisions")) if part.has("decisions") else {},
                caps=_caps(part.part("caps")) if part.has("caps") else None,
            )
        )
        part.done()
    top.done()
    return tuple(found)


def _decisions(part: Reader) -> dict[str, Decision]:
    return {name: Decision(part.one_of(name, WORDS), DECIDED_ON) for name in part.names()}


def _caps(part: Reader) -> dict[str, str]:
    found = {}
    for name in part.names():
        if not CAP.fullmatch(name):
            raise part.broken(name, "no cap", "trip_cap, or trip_cap lodging, as a table heads its outputs")
        found[name] = part.text(name)
        if not MOST.fullmatch(found[name]):
            raise part.broken(name, f"`{found[name]}`", "dollars like 7500.00, or a whole number")
    return found


def _facts(part: Reader, dictionary: Dictionary) -> dict[str, FactValue]:
    found: dict[str, FactValue] = {}
    for name in part.names():
        written = part.text(name)
        if name not in dictionary.fields:
            raise part.broken(name, f"unknown field `{name}`", dictionary.allowed_for(name))
        if written == "unknown":
            found[name] = None
            continue
        try:
            found[name] = dictionary[name].parse(written)
        except NotAValue as wrong:
            raise part.broken(name, f"`{written}`", f"{wrong}, or unknown") from None
    return found
