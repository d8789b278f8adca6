"""The guide of the night walk says what the walk does, and counts as the walk counts."""

from __future__ import annotations

import re

import pytest

from reunify.bootstrap import ROOT
from reunify.sandbox.night import LONGEST_SECONDS, Moment, Night, Timeline, in_words

GUIDE = (ROOT / "docs/guides/night-walk.md").read_text()
ACTS = tuple(re.findall(r"^\| (?!act \|)([a-z ]+) \|", GUIDE, re.MULTILINE))
PEOPLE = frozenset({"ana", "ben"})


def went(seconds: float = 9.5, *, people: frozenset[str] = PEOPLE, acts: tuple[str, ...] = ACTS) -> Night:
    timeline = Timeline()
    timeline.moments.append(Moment(seconds, "Ana", "booked"))
    return Night(timeline, people, acts, 1, {})


def test_the_guide_names_the_three_acts_of_the_walk() -> None:
    assert ACTS == ("submit", "approve and release", "book")
    assert went().as_it_must
    assert f"over {LONGEST_SECONDS:.0f} seconds" in GUIDE


def test_the_clock_on_the_wall_begins_at_seven_past_two() -> None:
    assert Moment(0.0, "Ana", "in").clock == "02:07:00"
    assert Moment(61.2, "Ana", "booked").clock == "02:08:01"
    assert "02:07:09  Ana: booked" in in_words(went())
    assert "2 people, 3 acts, 1 call" in in_words(went())


@pytest.mark.parametrize(
    ("night", "good"),
    [
        (went(LONGEST_SECONDS), True),
        (went(LONGEST_SECONDS + 0.01), False),
        (went(people=PEOPLE | {"carla"}), False),
        (went(acts=(*ACTS, "log a payment")), False),
    ],
    ids=["at the minute", "over it", "a third person", "a fourth act"],
)
def test_the_walk_fails_when_it_takes_more(night: Night, good: bool) -> None:
    assert night.as_it_must is good
