"""Whether worked examples prove a version: each gives its answer, and each requirement decides one. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

from reunify.rates.fields import Dictionary
from reunify.rules.answers import Determination, Outcome
from reunify.rules.bundle import fingerprint
from reunify.rules.decide import determine
from reunify.rules.examples import Example
from reunify.rules.model import Cap, Rulebook


def failures(book: Rulebook, examples: Sequence[Example], dictionary: Dictionary) -> tuple[str, ...]:
    """A sentence for each thing that is not proved; none when all is.

    A requirement is decisive in an example when the answer would be another one without it.
    """
    if not examples:
        return ("There is no example. Write one for each answer these rules can give.",)
    found: list[str] = []
    decisive: set[str] = set()
    for example in examples:
        answer = determine(book, example.facts, dictionary, example.decisions)
        found += _wrong(example, answer)
        decisive |= _decisive(book, example, answer, dictionary)
    found += [
        f"No example is decided by requirement {r.id} ({r.name}): add one whose answer would be another "
        "without it."
        for r in book.requirements
        if r.id not in decisive
    ]
    return tuple(found)


def known_failures(book: Rulebook, examples: Sequence[Example], dictionary: Dictionary) -> tuple[str, ...]:
    """As `failures`, of a book as it was compiled: kept while text, examples and dictionary are the same."""
    said = hashlib.sha256(repr(examples).encode()).hexdigest()
    key = (book.sha256, said, fingerprint(dictionary.body))
    return _kept(_Case(key, book, tuple(examples), dictionary))


@dataclass(frozen=True, slots=True)
class _Case:
    """`key`: the fingerprints of all three; only they are compared."""

    key: tuple[str, str, str]
    book: Rulebook = field(compare=False)
    examples: tuple[Example, ...] = field(compare=False)
    dictionary: Dictionary = field(compare=False)


@lru_cache(maxsize=64)
def _kept(case: _Case) -> tuple[str, ...]:
    return failures(case.book, case.examples, case.dictionary)


def _wrong(example: Example, found: Determination) -> list[str]:
    said = []
    if found.answer.value != example.answer:
        said.append(
            f"Example `{example.name}` expects {example.answer}, but the rules answer {found.answer.value}."
        )
    outcomes = {r.requirement.id: r.outcome for r in found.results}
    if example.because is not None and outcomes.get(example.because, Outcome.MET) is Outcome.MET:
        said.append(
            f"Example `{example.name}` says it is because of {example.because}, but that does not decide it."
        )
    asked = tuple(q.field for q in found.questions)
    if example.asks is not None and asked != example.asks:
        said.append(
            f"Example `{example.name}` expects to ask for {', '.join(example.asks) or 'nothing'}, "
            f"but the rules ask for {', '.join(asked) or 'nothing'}."
        )
    caps = {_head(cap): _most(cap, found.rulebook) for cap in found.caps}
    if example.caps is not None and {n: _plain(m) for n, m in example.caps.items()} != caps:
        said.append(
            f"Example `{example.name}` expects the tables to give {_listed(example.caps)}, "
            f"but they give {_listed(caps)}."
        )
    return said


def _head(cap: Cap) -> str:
    """As a table heads it, without the arrow."""
    if cap.scope == "lifetime_uses":
        return cap.scope
    return f"{cap.scope}_cap {cap.category}" if cap.category else f"{cap.scope}_cap"


def _most(cap: Cap, book: Rulebook) -> str:
    """As an example writes it: dollars, or whole nights, miles and uses."""
    in_money = book.unit in (None, "cents") and cap.scope != "lifetime_uses"
    return _plain(f"{cap.at_most // 100}.{cap.at_most % 100:02}" if in_money else str(cap.at_most))


def _plain(most: str) -> str:
    return most.removesuffix(".00")


def _listed(caps: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {caps[name]}" for name in sorted(caps)) or "nothing"


def _decisive(book: Rulebook, example: Example, found: Determination, dictionary: Dictionary) -> set[str]:
    unmet = [r.requirement for r in found.results if r.outcome is not Outcome.MET]
    decides = set()
    for requirement in unmet:
        others = tuple(r for r in book.requirements if r.id != requirement.id)
        without = determine(replace(book, requirements=others), example.facts, dictionary, example.decisions)
        if without.answer is not found.answer:
            decides.add(requirement.id)
    return decides
