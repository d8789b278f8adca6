"""What this room needs of the outside."""

from __future__ import annotations

from typing import Protocol

from reunify.referrals.policy import Language


class Wording(Protocol):
    """Knows the words no family reads."""

    def instead(self, text: str, language: Language) -> str | None:
        """A sentence naming the first avoided word and what to say; None if there is none."""
        ...
