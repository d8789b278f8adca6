"""What a paper tells somebody outside, and of whom: each needs a consent that names this recipient. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self
from uuid import UUID

from reunify.consent.policy import Recipient, Told
from reunify.intake.form import Leg, Traveler, TravelerRole, TravelRequest
from reunify.kernel.refusals import NotFound, Refused


class NotOnThisRequest(NotFound):
    """The leg, the partner or the person is not of this request."""


class NothingToRequest(Refused):
    """There is nothing that this recipient could be asked for."""


class NotAWorker(Refused):
    """A person of the request is chosen, and asked first; nobody types them in as a worker."""


@dataclass(frozen=True, slots=True)
class Telling:
    """One kind of thing about one person of the request (its key), told to one named recipient."""

    recipient: Recipient
    what: Told
    about: str


@dataclass(frozen=True, slots=True)
class Trusted:
    """Who brings a child or meets one: a traveler of the request, else a worker, named as they wish."""

    traveler: str = ""
    worker: str = ""


@dataclass(frozen=True, slots=True)
class OfLeg:
    """Which leg a request is about, who of the family stands at its ends, and the question that names whom
    we tell (`asked`: its id). Kept as one text, so that what a kept paper told can be read off its row."""

    leg: str
    brings: str
    meets: str
    asked: UUID

    def __str__(self) -> str:
        return f"{self.leg}:{self.brings}:{self.meets}:{self.asked}"

    @classmethod
    def read(cls, text: str) -> Self:
        leg, brings, meets, asked = text.split(":")
        return cls(leg, brings, meets, UUID(asked))


def leg_called(request: TravelRequest, key: str) -> Leg:
    """Raises NotOnThisRequest."""
    found = next((leg for leg in request.legs if leg.key == key), None)
    if found is None:
        raise NotOnThisRequest("There is no such leg on this request.")
    return found


def travelers_on(request: TravelRequest, leg: Leg) -> list[Traveler]:
    return [t for t in request.travelers if t.key in leg.travelers]


def traveler_called(request: TravelRequest, key: str) -> Traveler:
    """Raises NotOnThisRequest."""
    found = next((t for t in request.travelers if t.key == key), None)
    if found is None:
        raise NotOnThisRequest("There is no such person on this request.")
    return found


def told_of_leg(
    request: TravelRequest, recipient: Recipient, leg: str, people: Iterable[str]
) -> list[Telling]:
    """The trip of each child on the leg; name and telephone of each of `people` (keys; adults; "" is nobody).

    Raises NotOnThisRequest.
    """
    children = [t.key for t in travelers_on(request, leg_called(request, leg))]
    known = [key for key in dict.fromkeys(people) if key]
    if any(traveler_called(request, key).role is TravelerRole.CHILD for key in known):
        raise NotOnThisRequest("Choose an adult of this request.")
    return [
        *(Telling(recipient, Told.TRAVEL_DETAILS, key) for key in children),
        *(Telling(recipient, Told.CONTACT_DETAILS, key) for key in known),
    ]


def check_worker(request: TravelRequest, typed: str, field: str) -> None:
    """Two words of the name of somebody of the request, or their telephone, make it them.

    Raises NotAWorker.
    """
    words, digits = _words(typed), _digits(typed)
    people = [t.name for t in request.travelers] + [p.name for p in request.payees if p.kind == "person"]
    phones = [t.contact.phone for t in request.travelers if t.contact]
    phones += [t.readiness.phone_for_gate_texts for t in request.travelers]
    named = any(len(name & words) >= min(2, len(name)) for name in map(_words, people) if name)
    if named or any(phone and _digits(phone)[-10:] in digits for phone in phones):
        raise NotAWorker(
            "This is somebody of the request: choose them from the list, so that they are asked first.",
            field=field,
        )


def _words(text: str) -> set[str]:
    """Without accents and case: `Peña` is typed as `pena` too."""
    plain = unicodedata.normalize("NFKD", text)
    return set(re.findall(r"[^\W\d_]+", "".join(c for c in plain if not unicodedata.combining(c)).casefold()))


def _digits(text: str) -> str:
    return "".join(c for c in text if c.isdigit())
