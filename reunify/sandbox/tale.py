"""Who lives a sample story, and how it is looked at while it goes on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from reunify.sandbox.driver import Diary, Person

WHO = ("ana", "ben", "carla", "sam", "fay")
SETTLED = ("paid", "refused", "paid_elsewhere")


def is_checked(progress: dict[str, Any]) -> bool:
    return progress["stage"] not in ("draft", "checking")


@dataclass(frozen=True, slots=True)
class Team:
    """The demo's people by name. `base`: where a family's phone finds the house; `day`: the organisation's.

    `stripe`: the simulator. `work`: what happens while people wait; nothing where the house works by itself.
    """

    people: Mapping[str, Person]
    base: str
    stripe: str
    day: date
    work: Callable[[], None] = lambda: None

    def __getitem__(self, name: str) -> Person:
        return self.people[name]

    def close(self) -> None:
        for person in self.people.values():
            person.close()


@dataclass(frozen=True, slots=True)
class Tale:
    """A story being lived: whose, by whom, with what written down of it."""

    team: Team
    diary: Diary
    request_id: str

    def until(self, ready: Callable[[dict[str, Any]], bool], what: str) -> dict[str, Any]:
        self.team.work()
        return self.team["ana"].wait(self.request_id, ready, what)

    def checked(self, what: str = "a check") -> dict[str, Any]:
        return self.until(is_checked, what)

    def card(self, award_id: str) -> str:
        """The award's card, once Stripe has made it; its id there."""
        self.team.work()
        seen = self.team["ana"].look(
            f"/awards/{award_id}/card", lambda c: c["state"] == "active", "the trip's card", shown="sentence"
        )
        return str(seen["card"])

    def page(self, who: str = "ana", part: str = "") -> str:
        return self.team[who].reads(f"/requests/{self.request_id}{part}")

    def fill(
        self, what: str, part: str, form: Mapping[str, str], who: str = "ana", *, passkey: bool = False
    ) -> None:
        """One act on the request's page, or on a part of it."""
        path = f"/requests/{self.request_id}{part}"
        self.team[who].fills_in(self.diary, what, path, dict(form), passkey=passkey)

    def act(self, what: str, part: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        return self.team["ana"].act(self.diary, what, f"/requests/{self.request_id}{part}", body)
