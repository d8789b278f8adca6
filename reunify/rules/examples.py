"""Worked examples kept beside the rules; each is run as a test."""

from __future__ import annotations

from dataclasses import dataclass

from reunify.rates.closed_yaml import Reader, read
from reunify.rates.fields import Dictionary, FactValue, NotAValue

ANSWERS = (
    "eligible",
    "ineligible",
    "needs_information",
    "needs_staff_decision",
    "worth_applying",
    "unlikely",
    "ask",
)


@dataclass(frozen=True, slots=True)
class Example:
    """`because` is the one requirement that decides; `asks` the facts to be asked for, if stated."""

    name: str
    facts: dict[str, FactValue]
    answer: str
    because: str | None
    asks: tuple[str, ...] | None


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
            )
        )
        part.done()
    top.done()
    return tuple(found)


def _facts(part: Reader, dictionary: Dictionary) -> dict[str, FactValue]:
    found: dict[str, FactValue] = {}
    for name in part.names():
        written = part.text(name)
        if name not in dictionary.fields:
            raise part.broken(name, f"unknown field `{name}`", "a field of _fields.yaml")
        if written == "unknown":
            found[name] = None
            continue
        try:
            found[name] = dictionary[name].parse(written)
        except NotAValue as wrong:
            raise part.broken(name, f"`{written}`", f"{wrong}, or unknown") from None
    return found
