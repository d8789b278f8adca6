"""The night of story (g), timed: two people and three acts between the call and a locator.

The clock begins at the first act and is shown as if the call had come at 02:07. What is measured is what the
house takes, with every form filled in at once: the minutes people need to ask, think and type come on top.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from reunify.sandbox import desk
from reunify.sandbox.driver import Diary, StoryBroke, family_reads
from reunify.sandbox.families import Emergency
from reunify.sandbox.story import paid_or_refused
from reunify.sandbox.tale import Tale, Team

BEGINS = datetime(2026, 11, 26, 2, 7)  # a clock on the wall, for showing alone  # noqa: DTZ001
LONGEST_SECONDS = 60.0  # the house's own share of the 53 minutes until 03:00
ON_CALL = ("ben", "carla")  # whoever of the two is on call, or the backup


@dataclass(frozen=True, slots=True)
class Moment:
    """`seconds` since the first act began."""

    seconds: float
    who: str
    what: str

    @property
    def clock(self) -> str:
        return (BEGINS + timedelta(seconds=self.seconds)).strftime("%H:%M:%S")


@dataclass
class Timeline:
    """What happened when, from the first act on."""

    began: float = field(default_factory=time.perf_counter)
    moments: list[Moment] = field(default_factory=list)

    def mark(self, who: str, what: str) -> None:
        self.moments.append(Moment(round(time.perf_counter() - self.began, 2), who, what))

    @property
    def seconds(self) -> float:
        return self.moments[-1].seconds if self.moments else 0.0


@dataclass(frozen=True, slots=True)
class Night:
    """How it went until the locator was there: who, in how many acts and calls, and what came after."""

    timeline: Timeline
    people: frozenset[str]
    acts: tuple[str, ...]
    calls: int
    progress: dict[str, Any]

    @property
    def as_it_must(self) -> bool:
        """Two people, three acts, one call, and never the minute the house may take."""
        counted = (len(self.people), len(self.acts), self.calls)
        return counted == (2, 3, 1) and self.timeline.seconds <= LONGEST_SECONDS


def live_through(team: Team, family: Emergency, diary: Diary) -> Night:
    """The walk, then its end by day: the card's charges settle, and a third person reviews."""
    timeline = Timeline()
    entered = team["ana"].act(diary, "submit", "/emergencies", family.answers)
    timeline.mark("Ana", "twelve answers and the return authority are in")
    tale = Tale(team, diary, str(entered["id"]))
    award = tale.checked("the answer of the rules")["award"]
    if award is None:
        raise StoryBroke("the rules gave no award for the night")
    timeline.mark("the house", "the rules answer: eligible, provisional; the envelope's money is set aside")
    _approve(team, diary, award["id"])
    timeline.mark("on call", "approved and released in one act, inside the signed envelope")
    tale.card(award["id"])
    timeline.mark("the house", "the trip has a card of its own")
    desk.book(tale, award["id"], family.bookings)
    timeline.mark("Ana", f"booked, locator {family.bookings[0]['locator']}")
    tale.team["ana"].reads(f"/requests/{tale.request_id}/read-aloud")
    timeline.mark("Ana", "one call: the script is read to the mother in Spanish")
    reached = frozenset(diary.people), tuple(diary.acts)
    progress = _by_day(tale, award["id"])
    return Night(timeline, *reached, 1, progress)


def _approve(team: Team, diary: Diary, award_id: str) -> None:
    """The person on call in one act; who is not on call is turned away."""
    path = f"/awards/{award_id}/approval-and-release"
    if not team["fay"].is_refused(path, 403):
        raise StoryBroke("somebody who is not on call could decide alone")
    team[ON_CALL[0]].act(diary, "approve and release", path)


def _by_day(tale: Tale, award_id: str) -> dict[str, Any]:
    """The next working day: a third person who neither wrote, approved nor signed looks at it."""
    tale.team["fay"].act(tale.diary, "review", f"/reviews/{award_id}", {"answer": "yes"})
    family_reads(tale.team.base, tale.act("make the family's link", "/family-link"))
    return paid_or_refused(tale)


def as_json(night: Night) -> dict[str, Any]:
    return {
        "seconds": night.timeline.seconds,
        "people": sorted(night.people),
        "acts": list(night.acts),
        "calls": night.calls,
        "timeline": [{"clock": m.clock, "who": m.who, "what": m.what} for m in night.timeline.moments],
    }


def in_words(night: Night) -> str:
    """The timeline, line by line."""
    lines = [f"  {m.clock}  {m.who}: {m.what}" for m in night.timeline.moments]
    counted = f"{len(night.people)} people, {len(night.acts)} acts, {night.calls} call"
    lines.append(
        f"  {counted}; {night.timeline.seconds:.1f} s of the house's own time to the locator and the call"
    )
    return "\n".join(lines)
