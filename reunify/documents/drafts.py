"""A paper that is owed: whose it is and all it says, before anything is rendered. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from reunify.intake.form import Language
from reunify.intake.households import HOME
from reunify.kernel.ids import AwardId, RequestId


@dataclass(frozen=True, slots=True)
class Draft:
    """`number`: the version of the request it answers. For an approval letter `context` is the frozen facts.

    `household`: who reads it, where two share the child; the context holds what that household may read.
    `revision`: of a plan, how many changes of the bookings it holds; of a closing letter, how many postings;
    of any other paper, how often it was made again. `concerning`: which ask, leg or payment it is about,
    where a request has several.
    `template`: the hash of the Word template people approved with it; else the one in force when it is made.
    """

    request_id: RequestId
    number: int
    kind: str
    language: Language
    context: Mapping[str, Any] = field(repr=False)
    award_id: AwardId | None = None
    digest: str | None = None
    ics: bytes | None = field(default=None, repr=False)
    household: str = HOME
    revision: int = 0
    concerning: str = ""
    template: str | None = None

    @property
    def once(self) -> tuple[object, ...]:
        """What makes it this paper and no other: it is kept once."""
        return (
            self.request_id,
            self.number,
            self.kind,
            self.language,
            self.digest,
            self.household,
            self.revision,
            self.concerning,
        )

    def says_the_same_as(self, other: Draft) -> bool:
        """The same paper with the same words; its calendar names the second it was drafted and may differ."""
        return self.once == other.once and self.context == other.context and self.award_id == other.award_id
