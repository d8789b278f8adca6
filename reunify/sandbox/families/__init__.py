"""The sample families: realistic, entirely fictional. Used by the demo, the features and the tests.

Phones are 555-01xx, e-mail addresses end in example.org; no real case, person or vendor is meant.
Each is a JSON file beside this one: the draft as it would be entered, and how its story must end.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

Draft = dict[str, Any]
HERE = Path(__file__).parent
_DAY = re.compile(r"today([+-]\d+)")


@dataclass(frozen=True, slots=True)
class Expected:
    """How a family's story must end."""

    covered_cents: int
    by_stripe_cents: int
    logged_cents: int
    nights_given: int
    sources: int
    people: int
    state: str


@dataclass(frozen=True, slots=True)
class Family:
    letter: str
    title: str
    draft: Draft
    expected: Expected
    answers: dict[str, Any] | None = None


def sample_families(today: date) -> list[Family]:
    """Every sample family, in the order the demo tells them; `today+1` in a file is the day after today."""
    return [_told(text, today) for text in _texts()]


@cache
def _texts() -> tuple[str, ...]:
    return tuple(file.read_text() for file in sorted(HERE.glob("*.json")))


def _told(text: str, today: date) -> Family:
    dated = _DAY.sub(lambda n: (today + timedelta(days=int(n[1]))).isoformat(), text)
    said = json.loads(dated)
    return Family(said["letter"], said["title"], said["draft"], Expected(**said["expected"]), said["answers"])


def sample_family(letter: str, today: date) -> Family:
    """The one family of that letter."""
    return next(f for f in sample_families(today) if f.letter == letter)
