"""The sample families: realistic, entirely fictional. Used by the demo, the features and the tests.

Phones are 555-01xx, e-mail addresses end in example.org; no real case, person or vendor is meant.
Each is a JSON file beside this one: the draft as it would be entered, and how its story must end.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

Draft = dict[str, Any]
HERE = Path(__file__).parent
_DAY = re.compile(r"today([+-]\d+)")


@dataclass(frozen=True, slots=True)
class Expected:
    """How a family's story must end. `covered_cents` None: by the room rate of the night it is told."""

    covered_cents: int | None
    by_stripe_cents: int
    logged_cents: int
    nights_given: int
    sources: int
    people: int
    state: str
    by_card_cents: int = 0

    def is_met(self, outcome: Mapping[str, Any]) -> bool:
        return all(outcome[name] == value for name, value in asdict(self).items() if value is not None)


@dataclass(frozen=True, slots=True)
class Family:
    letter: str
    title: str
    draft: Draft
    expected: Expected
    answers: dict[str, Any] | None = None
    story: tuple[dict[str, Any], ...] = ()  # what people do between the first check and the approval
    bookings: tuple[dict[str, Any], ...] = ()  # what is bought with the award's card, and how

    @property
    def entered(self) -> Draft:
        """As its story enters it: what is bought with the card is booked by the organisation."""
        told = copy.deepcopy(self.draft)
        booked = {booking["line"] for booking in self.bookings}
        for line in told["cost_lines"]:
            if line["key"] in booked:
                line["settled"] = "organisation_books"
        return told


@dataclass(frozen=True, slots=True)
class Emergency:
    """A family helped in the night: the emergency form's answers, and what is booked."""

    letter: str
    title: str
    answers: dict[str, Any]
    bookings: tuple[dict[str, Any], ...]
    expected: Expected


def sample_families(today: date) -> list[Family]:
    """Every sample family, in the order the demo tells them; `today+1` in a file is the day after today."""
    return [_told(text, today) for text in _texts()]


@cache
def _texts() -> tuple[str, ...]:
    return tuple(file.read_text() for file in sorted(HERE.glob("*.json")))


@cache
def _night_text() -> str:
    (file,) = (HERE / "night").glob("*.json")
    return file.read_text()


def _dated(text: str, today: date) -> Any:
    return json.loads(_DAY.sub(lambda n: (today + timedelta(days=int(n[1]))).isoformat(), text))


def _told(text: str, today: date) -> Family:
    said = _dated(text, today)
    return Family(
        said["letter"],
        said["title"],
        said["draft"],
        Expected(**said["expected"]),
        said["answers"],
        tuple(said.get("story") or ()),
        tuple(said.get("bookings") or ()),
    )


def the_night(today: date) -> Emergency:
    """The family of the 02:07 walk. It has no form of its own: the emergency form's answers become one."""
    said = _dated(_night_text(), today)
    expected = Expected(**said["expected"])
    return Emergency(said["letter"], said["title"], said["answers"], tuple(said["bookings"]), expected)


def somebody_else(draft: Draft, number: int) -> Draft:
    """The same story of other people: nobody in it is taken for the family it was told of first."""
    names = {t["name"] for t in draft["travelers"]} | {
        draft["case"]["child"]["name"],
        draft["case"]["number"],
    }
    told = json.dumps(draft)
    for name in sorted(names):
        told = told.replace(json.dumps(name)[:-1], f"{json.dumps(name)[:-1]} {number}")
    return dict(json.loads(told))


def sample_family(letter: str, today: date) -> Family:
    """The one family of that letter."""
    return next(f for f in sample_families(today) if f.letter == letter)
