"""How long a decision takes: `make bench-rules`. Writes build/bench/rules.json.

One neutral policy: ten sources of four requirements, twenty facts (choices, yes or no, whole numbers, cents),
8% of them unknown; `answers` in the results says how many are yes. Beside it zen-engine reads the same
requirements as one decision table that collects, from a static loader, which is its fastest way; its hits are
made into the same ten answers. It gives no reasons and knows no third value. They are timed in turns and each
keeps its best rounds, since the machine does other things as well.
"""

from __future__ import annotations

import json
import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product

import zen

from reunify.rates.fields import Dictionary, FactValue, load_dictionary
from reunify.rules import cells
from reunify.rules.cells import Cell
from reunify.rules.compiled import Status, status
from reunify.rules.decide import determine
from reunify.rules.library import shipped
from reunify.rules.model import Requirement, Rulebook
from tests.benchmarks.harness import Row, report

Facts = dict[str, FactValue]
SOURCES, EACH, FACTS = 10, 4, 20
DECISIONS, AT_A_TIME, ROUNDS = 400, 4, 15
REPLAYED, VERSIONS = 100_000, 2
FASTER = 0.2  # of zen's time at most: five times as fast
EXPLAINED_US, REPLAY_S = 500, 5
_WORDS = ("parent", "guardian", "agency", "officer", "other")
_FIELD = """
  {name}:
    type: {kind}
    {more}
    label: {{en: Fact {name}, es: Hecho {name}}}
    question: {{en: "What is {name}?", es: "¿Qué es {name}?"}}
    pointer: /{name}
    sensitivity: open
    supplied_by: [family]
    family_can_fix: no
"""


@dataclass(frozen=True, slots=True)
class Policy:
    """The forty requirements in ten books, twice: the second version has other limits."""

    dictionary: Dictionary
    books: tuple[Rulebook, ...]
    newer: tuple[Rulebook, ...]

    @property
    def requirements(self) -> tuple[Requirement, ...]:
        return tuple(r for book in self.books for r in book.requirements)


def policy(dice: random.Random) -> Policy:
    dictionary = facts_dictionary()
    books = tuple(book(n, dictionary, dice, version=1) for n in range(SOURCES))
    newer = tuple(book(n, dictionary, dice, version=2) for n in range(SOURCES))
    return Policy(dictionary, books, newer)


def facts_dictionary() -> Dictionary:
    values = ", ".join(f"{word}: {{en: {word}, es: {word} aquí}}" for word in _WORDS)
    shapes = (
        ("choice", f"values: {{{values}}}"),
        ("yes_no", "unit: none"),
        ("integer", "range: 0..1000"),
        ("money", "unit: US dollars"),
    )
    written = "fields:"
    for n in range(FACTS):
        kind, more = shapes[n % len(shapes)]
        written += _FIELD.format(name=f"f{n}", kind=kind, more=more)
    return load_dictionary(written.encode())


def book(number: int, dictionary: Dictionary, dice: random.Random, *, version: int) -> Rulebook:
    """All at once, any of two, and a refusal: the forms a program officer writes."""
    ours = next(b for versions in shipped().versions.values() for b in versions if b.held)
    rules = []
    for n, form in enumerate(("require", "require_any", "deny_if", "require")[:EACH]):
        groups = [group(form, dictionary, dice) for _ in range(2 if form == "require_any" else 1)]
        rules.append(
            replace(
                ours.requirements[0],
                id=f"BM-{number * EACH + n:02}",
                form=form,
                groups=tuple(groups),
                confidence="HIGH",
                owed_within=None,
            )
        )
    source = f"source_{number}"
    known_by = f"{source} {version}"  # as each shipped version has a fingerprint of its own
    return replace(ours, source=source, sha256=known_by, requirements=tuple(rules), tables=(), kind="held")


def group(form: str, dictionary: Dictionary, dice: random.Random) -> tuple[Cell, ...]:
    """A refusal needs four facts together, so that it is rare."""
    names = sorted(dice.sample(sorted(dictionary.fields), 4 if form == "deny_if" else 2))
    return tuple(cells.parse(cell(dictionary[name].type, dice), dictionary[name]) for name in names)


def cell(kind: str, dice: random.Random) -> str:
    """One that most facts meet, as most families meet most requirements."""
    match kind:
        case "choice":
            return f"in {', '.join(dice.sample(_WORDS, 4))}"
        case "yes_no":
            return "yes"
        case "integer":
            low = dice.randrange(50, 150)
            return dice.choice((f"<= {1000 - low}", f"> {low}", f"{low}..{1000 - low}"))
        case _:
            low = dice.randrange(50, 150)
            return dice.choice((f"<= {1000 - low}.50", f">= {low}.50"))


def some_facts(dice: random.Random, times: int, *, unknown: float) -> list[Facts]:
    return [
        {f"f{n}": value for n in range(FACTS) if (value := some(n, dice, unknown)) is not None}
        for _ in range(times)
    ]


def some(number: int, dice: random.Random, unknown: float) -> FactValue:
    if dice.random() < unknown:
        return None
    match number % 4:
        case 0:
            return dice.choice(_WORDS)
        case 1:
            return dice.random() < 0.8
        case 2:
            return dice.randrange(0, 1001)
        case _:
            return dice.randrange(0, 100_000)


class Zen:
    """The same requirements as one table: a row for each group, which gives the requirement's id."""

    def __init__(self, requirements: Sequence[Requirement]) -> None:
        rows = [zen_row(r.id, cells) for r in requirements for cells in r.groups]
        heads = [{"id": f"i{n}", "name": f"f{n}", "field": f"f{n}"} for n in range(FACTS)]
        table = {
            "hitPolicy": "collect",
            "inputs": heads,
            "outputs": [{"id": "o", "name": "id", "field": "id"}],
            "rules": [{"_id": str(n), **row} for n, row in enumerate(rows)],
        }
        graph = {
            "nodes": [
                {"id": "in", "name": "in", "type": "inputNode", "content": {}},
                {"id": "table", "name": "table", "type": "decisionTableNode", "content": table},
                {"id": "out", "name": "out", "type": "outputNode", "content": {}},
            ],
            "edges": [
                {"id": "a", "sourceId": "in", "targetId": "table", "type": "edge"},
                {"id": "b", "sourceId": "table", "targetId": "out", "type": "edge"},
            ],
        }
        self._engine = zen.ZenEngine({"loader": {"type": "static", "content": {"rules": graph}}})

    def hits(self, facts: Facts) -> set[str]:
        return {row["id"] for row in self._engine.evaluate("rules", facts)["result"]}

    def answers(self, facts: Facts, books: Sequence[Rulebook]) -> list[bool]:
        """Yes or not for each book."""
        hits = self.hits(facts)
        return [all((r.id in hits) is not (r.form == "deny_if") for r in b.requirements) for b in books]


def zen_row(name: str, group: Sequence[Cell]) -> dict[str, str]:
    return {f"i{int(c.field[1:])}": zen_cell(c) for c in group} | {"o": json.dumps(name)}


def zen_cell(one: Cell) -> str:
    if isinstance(one.wants[0], bool):
        return json.dumps(one.wants[0])
    if one.written.startswith("in "):
        return ", ".join(json.dumps(want) for want in one.wants)
    if len(one.wants) == 2:
        return f"[{one.wants[0]}..{one.wants[1]}]"
    sign = one.written.split()[0]
    return ("" if sign == "=" else f"{sign} ") + json.dumps(one.wants[0])


def check_same(rules: Policy, engine: Zen, facts: Sequence[Facts]) -> None:
    """Of facts that are all known both must say the same, or the comparison is worth nothing."""
    for one in facts:
        ours = [determine(book, one, rules.dictionary).may_pay for book in rules.books]
        if engine.answers(one, rules.books) != ours:
            raise SystemExit("the two engines disagree")


def per_call(calls: Sequence[Callable[[Facts], object]], facts: Sequence[Facts]) -> list[float]:
    """Microseconds of each; in turns, so that a slow moment strikes all alike, and each few facts keep their
    best round. Nothing that is timed remembers an answer: the second round is no easier than the first."""
    some = [facts[at : at + AT_A_TIME] for at in range(0, len(facts), AT_A_TIME)]
    best = [[float("inf")] * len(some) for _ in calls]
    for _, (n, call), (place, few) in product(range(ROUNDS), enumerate(calls), enumerate(some)):
        begun = time.perf_counter()
        for one in few:
            call(one)
        best[n][place] = min(best[n][place], time.perf_counter() - begun)
    return [sum(each) / len(facts) * 1e6 for each in best]


def replay(statuses: Sequence[Sequence[Status]], facts: Sequence[Facts]) -> tuple[float, int]:
    """Seconds for every fact set by both versions, and how many answers differ."""
    begun = time.perf_counter()
    flips = 0
    for one in facts:
        flips += sum(old(one) is not new(one) for old, new in zip(*statuses, strict=True))
    return time.perf_counter() - begun, flips


def rows(rules: Policy, dice: random.Random) -> Iterator[Row]:
    engine = Zen(rules.requirements)
    check_same(rules, engine, some_facts(dice, 200, unknown=0.0))
    before, after = ([status(b, rules.dictionary) for b in books] for books in (rules.books, rules.newer))

    def only_status(facts: Facts) -> None:
        for one in before:
            one(facts)

    def in_full(facts: Facts) -> None:
        for book in rules.books:
            determine(book, facts, rules.dictionary)

    def by_zen(facts: Facts) -> None:
        engine.answers(facts, rules.books)

    facts = some_facts(dice, DECISIONS, unknown=0.08)
    quick, full, other = per_call((only_status, in_full, by_zen), facts)
    yield Row("40 requirements, status only", quick, other, "us", FASTER)
    yield Row("the same, fully explained", full, other, "us", within=EXPLAINED_US)
    seconds, _ = replay((before, after), some_facts(dice, REPLAYED, unknown=0.08))
    theirs = other * REPLAYED * VERSIONS / 1e6
    what = f"replay of {REPLAYED:,} fact sets by {VERSIONS} versions"
    yield Row(what, seconds, theirs, "s", within=REPLAY_S)


def answers(rules: Policy, dice: random.Random) -> dict[str, int]:
    facts = some_facts(dice, DECISIONS, unknown=0.08)
    return Counter(determine(b, f, rules.dictionary).answer.value for f in facts for b in rules.books)


def main() -> int:
    dice = random.Random(40)
    rules = policy(dice)
    about = {"requirements": SOURCES * EACH, "facts": FACTS, "reference": "zen-engine"}
    return report("rules", list(rows(rules, dice)), about={**about, "answers": answers(rules, dice)})


if __name__ == "__main__":
    sys.exit(main())
