"""Others who can help: the neutral ones on paper, each of them behind the PIN and by voice. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from reunify.documents import words
from reunify.intake.form import Language, TravelRequest
from reunify.referrals.policy import Referral

MOST_ON_PAPER: Final = 4  # a letter stays one page
# Said where whoever answers does not speak the reader's language.
OTHER_LANGUAGE: Final = (
    "They answer in Spanish. Ask for someone who speaks English.",
    "Contestan en inglés. Pida un intérprete.",
)
ON_PAPER: Final = (
    "they answer in Spanish: ask for someone who speaks English",
    "contestan en inglés: pida un intérprete",
)


@dataclass(frozen=True, slots=True)
class Told:
    """One of them in the reader's language. `kind`: the key of its heading; `checked`: the day, spoken."""

    kind: str
    what: str
    phone: str
    hours: str
    note: str
    checked: str


def on_paper(found: Sequence[Referral], language: Language) -> list[dict[str, str]]:
    """`what`, `phone`, `hours` of the neutral ones: strangers read it at gates and desks."""
    neutral = [r for r in found if r.entry.neutral]
    note = ON_PAPER[language == "es"]
    return [
        {"what": t.what, "phone": t.phone, "hours": f"{t.hours}; {note}" if t.note else t.hours}
        for t in told(neutral[:MOST_ON_PAPER], language)
    ]


def told(found: Iterable[Referral], language: Language) -> list[Told]:
    """All of them, for those who opened the page with the PIN, or who listen."""
    spanish = language == "es"
    return [
        Told(
            kind=r.entry.kind.value,
            what=r.entry.what_es if spanish else r.entry.what_en,
            phone=r.entry.phone,
            hours=r.entry.hours_es if spanish else r.entry.hours_en,
            note="" if language in r.entry.speaks else OTHER_LANGUAGE[spanish],
            checked=_day(r.verified_on, language),
        )
        for r in found
    ]


def states_of(view: TravelRequest) -> frozenset[str]:
    """The states this household's own trip touches, and where they live.

    Not where an address is protected: local helpers would tell the state to whoever finds the paper.
    """
    named = {place.state for leg in view.legs for place in (leg.origin, leg.destination)}
    hidden = any(t.contact and t.contact.address_protected for t in view.travelers)
    if view.household is not None and not hidden:
        named.add(view.household.state)
    return frozenset(state for state in named if state)


def _day(value: date, language: Language) -> str:
    return words.day(value, language)
