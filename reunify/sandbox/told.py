"""How one family's story went: people, acts and money, against how it must end."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any

from reunify.kernel.money import Money
from reunify.sandbox.driver import Diary
from reunify.sandbox.families import Emergency, Family
from reunify.sandbox.night import Night, as_json, in_words


@dataclass(frozen=True, slots=True)
class Told:
    """`did`: every human act, in order. `night`: of the emergency, what happened when."""

    family: str
    title: str
    people: int
    acts: int
    did: list[str]
    answer: str
    covered_cents: int
    by_stripe_cents: int
    by_card_cents: int
    logged_cents: int
    nights_given: int
    sources: int
    state: str
    run: str | None
    documents: list[str]
    as_expected: bool
    broke: str | None
    night: Night | None

    def json(self) -> dict[str, Any]:
        """As the report keeps it: of the night its timeline."""
        plain = {f.name: getattr(self, f.name) for f in fields(self)}
        return plain | {"night": as_json(self.night) if self.night else None}

    @property
    def money(self) -> str:
        parts = [
            f"covered {Money(self.covered_cents)}",
            f"by Stripe {Money(self.by_stripe_cents)}",
            *([f"by card {Money(self.by_card_cents)}"] if self.by_card_cents else []),
            f"logged {Money(self.logged_cents)}",
            *([f"nights given {self.nights_given}"] if self.nights_given else []),
        ]
        return ", ".join(parts)


def told_of(
    family: Family | Emergency,
    diary: Diary,
    progress: dict[str, Any],
    broke: str | None,
    *,
    night: Night | None = None,
) -> Told:
    outcome = _outcome(diary, progress)
    return Told(
        family=family.letter,
        title=family.title,
        acts=len(diary.acts),
        did=list(diary.acts),
        answer=str(progress.get("outcome", "none")),
        run=progress.get("run"),
        documents=sorted({d["kind"] for d in progress.get("documents", [])}),
        as_expected=broke is None and family.expected.is_met(outcome),
        broke=broke,
        night=night,
        **outcome,
    )


def _outcome(diary: Diary, progress: dict[str, Any]) -> dict[str, Any]:
    paid = [i for i in progress.get("instructions", []) if i["state"] == "settled"]
    plan = (progress.get("plan") or {}).get("lines", [])

    def by(rail: str) -> int:
        return sum(i["amount"] for i in paid if i["rail"] == rail and i["unit"] == "cents")

    return {
        "covered_cents": sum(line["ceiling"] for line in plan if line["unit"] == "cents"),
        "by_stripe_cents": by("global_payout"),
        "by_card_cents": by("travel_card"),
        "logged_cents": by("logged"),
        "nights_given": sum(i["amount"] for i in paid if i["unit"] == "night"),
        "sources": len({line["fund"] for line in plan}),
        "people": len(diary.people),
        "state": str(progress.get("stage", "broken")),
    }


def lines_of(told: Told) -> Iterator[str]:
    """For the terminal: one line, and the night's timeline below it."""
    mark = "as expected" if told.as_expected else f"NOT AS EXPECTED {told.broke or ''}"
    yield (
        f"({told.family}) {told.title}: {told.people} people, {told.acts} acts; {told.answer};"
        f" {told.money}; {told.state}; {mark}"
    )
    if told.night is not None:
        yield in_words(told.night)
