"""What may be told of a referral, where, and for how long after somebody checked it. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from typing import Final, Literal
from uuid import UUID

from reunify.kernel.ids import StaffId
from reunify.kernel.people import Role
from reunify.kernel.refusals import Problem
from reunify.kernel.text import is_safe

Language = Literal["en", "es"]
KEEPS: Final = (Role.CASE_MANAGER, Role.SUPERVISOR)

# organisation-set: no source gives a period. Half a year, then a month to make one telephone call; a number
# that may ring in an empty office is not given to somebody who needs it tonight.
DUE_AFTER: Final = timedelta(days=180)
NOT_TOLD_AFTER: Final = timedelta(days=210)


class Kind(StrEnum):
    HOTLINE = "hotline"
    PEER_SUPPORT = "peer_support"
    COUNSELLING = "counselling"
    LEGAL_HELP = "legal_help"
    FOOD = "food"
    LODGING = "lodging"


class Standing(StrEnum):
    """`due`: told still, and staff are asked to check it. `lapsed`: told to nobody until it is checked."""

    GOOD = "good"
    DUE = "due"
    LAPSED = "lapsed"


@dataclass(frozen=True, slots=True)
class Entry:
    """As staff write it. `area`: two letters of a state, or empty for everywhere. `speaks`: who answers does.

    `neutral`: a stranger who reads it learns nothing of why the family travels, so it may stand on paper.
    """

    kind: Kind
    neutral: bool
    what_en: str
    what_es: str
    phone: str
    hours_en: str
    hours_es: str
    area: str
    speaks: tuple[Language, ...]

    def texts(self) -> list[tuple[str, Language, str]]:
        """(field, language, text) of every text a family reads."""
        return [
            ("/what_en", "en", self.what_en),
            ("/what_es", "es", self.what_es),
            ("/hours_en", "en", self.hours_en),
            ("/hours_es", "es", self.hours_es),
        ]


@dataclass(frozen=True, slots=True)
class Referral:
    """One that is kept, as last checked."""

    id: UUID
    entry: Entry = field(repr=False)
    verified_on: date
    verified_by: StaffId

    def standing(self, on: date) -> Standing:
        age = on - self.verified_on
        if age > NOT_TOLD_AFTER:
            return Standing.LAPSED
        return Standing.DUE if age > DUE_AFTER else Standing.GOOD

    def told_until(self) -> date:
        """The last day on which it is told unless it is checked again."""
        return self.verified_on + NOT_TOLD_AFTER


_STATE: Final = re.compile(r"[A-Z]{2}")
_PHONE: Final = re.compile(r"\+?[0-9][0-9 ()-]{1,22}[0-9]")
_MOST = {"/what_en": 90, "/what_es": 90, "/hours_en": 40, "/hours_es": 40}  # one line on paper
# What tells a stranger at a gate why a family travels, or that a child is in it.
_TELLS: Final = re.compile(
    r"\b(?:child\w*|kids?|son|daughter|parents?|missing|found|reunif\w*|abuse\w*|violence|exploit\w*|assault\w*|"
    r"surviv\w*|crime\w*|police|court|custody|trauma\w*|youth|runaway\w*|victim\w*|traffick\w*|kidnap\w*|abduct\w*|"
    r"domestic|sexual\w*|rape\w*|teen\w*|minors?|juvenile\w*|foster|immigra\w*|asylum|"
    r"niñ\w*|hij[oa]s?|menor\w*|padres|desaparec\w*|reunific\w*|abus\w*|maltrat\w*|violencia|explota\w*|agresi\w*|"
    r"sobrevivient\w*|delito\w*|crimen\w*|policía|tribunal|custodia|jóvenes|fug\w*|víctima\w*|trata|secuestr\w*|"
    r"doméstic\w*|violaci\w*|adolescent\w*|juvenil\w*|inmigra\w*|asilo)\b",
    re.IGNORECASE,
)


def problems(entry: Entry) -> list[Problem]:
    """All that needs mending, but the words that are avoided: those are the glossary's."""
    found = []
    for at, _, text in entry.texts():
        if not is_safe(text):
            found.append(Problem(at, "Remove hidden or control characters."))
        elif not text:
            found.append(Problem(at, "Write it in both languages: a family reads one of them."))
        elif len(text) > _MOST[at]:
            found.append(Problem(at, f"Say it in at most {_MOST[at]} characters: it is one line on paper."))
    if not _PHONE.fullmatch(entry.phone):
        found.append(Problem("/phone", "Write the number as it is dialled, like 1-800-555-0100 or 211."))
    if entry.area and not _STATE.fullmatch(entry.area):
        found.append(Problem("/area", "Write two capital letters like TX, or nothing for everywhere."))
    if not entry.speaks:
        found.append(Problem("/speaks", "Choose in which language somebody answers."))
    return found + _telling(entry)


def _telling(entry: Entry) -> list[Problem]:
    said = [(at, unicodedata.normalize("NFC", text)) for at, _, text in entry.texts()]
    told = [(at, hit.group()) for at, text in said if (hit := _TELLS.search(text))]
    if not entry.neutral:
        return []
    return [
        Problem(
            at, f'"{word}" tells a stranger why the family travels. Say it otherwise, or keep it off paper.'
        )
        for at, word in told
    ]


def in_reach(found: Sequence[Referral], *, states: frozenset[str], on: date) -> list[Referral]:
    """Those a family there may be told today, hotlines first."""
    told = [
        r
        for r in found
        if r.standing(on) is not Standing.LAPSED and (not r.entry.area or r.entry.area in states)
    ]
    order = list(Kind)
    return sorted(told, key=lambda r: (order.index(r.entry.kind), not r.entry.area, r.entry.what_en))
