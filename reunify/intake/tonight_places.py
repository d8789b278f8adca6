"""A town in one answer: `El Paso, TX 79901`, or `Alpine, TX Central` where only people know the clock."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated

from pydantic import AfterValidator, StringConstraints

from reunify.intake import zones
from reunify.kernel.refusals import BadInput, Problem
from reunify.kernel.text import is_safe

_CLOCK = "|".join(zones.CLOCKS)
_WRITTEN = re.compile(rf"([^,\d]{{2,80}}), ?([A-Z]{{2}})(?: ([0-9]{{5}}))?(?: ({_CLOCK}))?")


def _seen(text: str) -> str:
    if not is_safe(text):
        raise ValueError("remove hidden or control characters")
    return text


PlaceSaid = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, pattern=rf"^[^,\d]{{2,80}}, ?[A-Z]{{2}}( [0-9]{{5}})?( ({_CLOCK}))?$"
    ),
    AfterValidator(_seen),
]


@dataclass(frozen=True, slots=True)
class TownAt:
    """A town as told, with its clock."""

    city: str
    state: str
    zip: str | None
    zone: str

    def place(self) -> dict[str, str | None]:
        return {"city": self.city, "state": self.state, "country": "US", "zip": self.zip}


def town_at(said: str, pointer: str) -> TownAt:
    """Raises BadInput: where two clocks meet somebody says which; another country needs the whole form."""
    city, state, zip_code, clock = _parts(said)
    zone = zones.zone_of(state, zip_code, clock)
    if zone is None:
        raise BadInput([Problem(pointer, _remedy(state, zip_code, clock))])
    return TownAt(re.sub(r"\s+", " ", city), state, zip_code, zone)


def _parts(said: str) -> tuple[str, str, str | None, str | None]:
    found = _WRITTEN.fullmatch(said)
    assert found is not None  # PlaceSaid has the same form
    return found[1], found[2], found[3], found[4]


def _remedy(state: str, zip_code: str | None, clock: str | None) -> str:
    if not zones.clocks_of(state):
        return "This is no state we know. Outside the United States, fill in the whole form."
    if clock is not None:
        return f"No town of {state} lives on that clock: leave the word out, or check the state."
    if zip_code is None:
        return "Two clocks divide this state: add the ZIP code, like El Paso, TX 79901."
    return (
        "Two clocks meet there, or the ZIP code is not of this state: add the clock, like Alpine, TX Central."
    )
