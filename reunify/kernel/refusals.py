"""Two roots: `Refused` (a person must act) and `Retryable` (try again)."""

from __future__ import annotations

from dataclasses import dataclass


class Refused(Exception):
    """Something was asked that may not be done. `str()` is a sentence with the remedy."""

    field: str | None = None  # JSON pointer of the field to mend, when there is one

    def __init__(self, sentence: str, *, field: str | None = None) -> None:
        super().__init__(sentence)
        if field is not None:
            self.field = field


class NotFound(Refused):
    """What was asked for does not exist, or may not be seen by who asks."""


class NotAllowed(Refused):
    """This person may not do this."""


class OutOfStep(Refused):
    """The thing has moved on since the page was read."""


class Retryable(Exception):
    """It did not work this time; the same call may work later."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One field that cannot stand as it is: where (JSON pointer), and the remedy in words."""

    pointer: str
    remedy: str


class BadInput(Refused):
    """One or more fields need mending. Carries every problem, never the rejected values."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("Some answers need another look.")
        self.problems = problems
