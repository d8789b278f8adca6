"""What the page of requests to others shows: whom a paper would tell what, and who still has to sign."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.orm import Session

from reunify.bookings.queries import Booking
from reunify.consent import queries as consents
from reunify.consent import wording
from reunify.consent.policy import CUSTODIAN, RecipientKind, Told
from reunify.consent.queries import Ask
from reunify.documents import (
    minor_request,
    outside_leave,
    outside_papers,
    partner_request,
    supervision_request,
    words,
)
from reunify.documents.outside_facts import Telling, told_of_leg
from reunify.documents.outside_leave import Lacking
from reunify.intake import signers
from reunify.intake.form import Leg, PayeeSaid, TravelerRole, TravelRequest
from reunify.kernel.ids import RequestId

Options = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Shown:
    """One paper that could be made. `offices`: recipients a consent was asked for; `airports` of the flight.

    `about`: the partner's or the leg's key. `to`: whom it tells; empty until somebody is chosen.
    """

    kind: str
    about: str
    to: str
    title: str = field(repr=False)
    tells: list[str] = field(repr=False)
    lacks: list[str] = field(repr=False)
    adults: Options = field(repr=False, default=())
    released_to: str = ""
    offices: Sequence[str] = ()
    airports: Sequence[str] = ()
    late: bool = False

    @property
    def whose(self) -> str:
        return f"{self.kind}-{self.about}"


def shown(session: Session, request_id: RequestId, content: TravelRequest, now: datetime) -> list[Shown]:
    """Every paper this request could need, the partners first, then leg by leg."""
    look = _Look(session, request_id, content, consents.asks(session, request_id), now)
    bookings = outside_papers.standing(session, request_id)
    return [
        *(look.partner(partner) for partner in partner_request.partners(content)),
        *(look.minor(leg, bookings) for leg in minor_request.legs(content)),
        *(look.supervision(leg) for leg in supervision_request.legs(content)),
    ]


@dataclass(frozen=True, slots=True)
class _Look:
    """What each paper is weighed by, read once."""

    session: Session
    request_id: RequestId
    content: TravelRequest = field(repr=False)
    asked: Sequence[Ask] = field(repr=False)
    now: datetime

    @property
    def adults(self) -> Options:
        return [(t.key, t.name) for t in self.content.travelers if t.role is not TravelerRole.CHILD]

    @property
    def to(self) -> str:
        """Whom the child is released to, where that is an adult of the request."""
        key = self.content.return_authority.released_to or ""
        return key if key in dict(self.adults) else ""

    def partner(self, partner: PayeeSaid) -> Shown:
        tells, lacking = self.said(partner_request.told(self.content, partner.key))
        title = f"Ask {partner.name} for what it gives"
        return Shown(partner_request.KIND, partner.key, partner.name, title, tells, lacking)

    def minor(self, leg: Leg, bookings: Sequence[Booking]) -> Shown:
        carrier = outside_papers.carrier_of(self.content, leg.key, bookings)
        tells, lacking = self.said(told_of_leg(self.content, carrier, leg.key, (self.to,)) if carrier else [])
        name = carrier.name if carrier else ""
        title = f"Ask {name or 'the carrier'} to take care of a child: {_way(leg)}"
        return Shown(minor_request.KIND, leg.key, name, title, tells, lacking, self.adults, self.to)

    def supervision(self, leg: Leg) -> Shown:
        """Of every office that somebody was asked about: the trip of a child on this leg."""
        named = [
            one.recipient
            for one in self.asked
            if one.recipient.kind is RecipientKind.AGENCY
            and one.what is Told.TRAVEL_DETAILS
            and one.about in leg.travelers
        ]
        offices = list(dict.fromkeys(named))
        told = [one for to in offices for one in told_of_leg(self.content, to, leg.key, (self.to,))]
        tells, lacking = self.said(told)
        return Shown(
            supervision_request.KIND,
            leg.key,
            ", ".join(office.name for office in offices),
            f"Ask for supervision at an airport: {_way(leg)}",
            tells,
            lacking,
            self.adults,
            self.to,
            [office.name for office in offices],
            supervision_request.airports(leg),
            supervision_request.is_late(leg, self.now),
        )

    def said(self, told: Sequence[Telling]) -> tuple[list[str], list[str]]:
        lacking = outside_leave.weighed(
            self.session, self.request_id, self.content, told, asked=self.asked, now=self.now
        )[1]
        tells = [f"{one.recipient.name}: {what_of(self.content, one)}" for one in told]
        return tells, [lacks(self.content, one) for one in lacking]


def what_of(content: TravelRequest, one: Telling) -> str:
    return f"{wording.WHAT[one.what][0]}, of {signers.called(content, one.about)}"


def lacks(content: TravelRequest, one: Lacking) -> str:
    """Who still has to sign what, by name; of several parents one is enough."""
    needed = _needed(content, one)
    said = " and ".join(needed)
    ended = f" {one.ended}" if one.ended else ""
    return f"{one.telling.recipient.name}: {what_of(content, one.telling)}. Still to sign: {said}.{ended}"


def _needed(content: TravelRequest, one: Lacking) -> list[str]:
    about = next((t for t in content.travelers if t.key == one.telling.about), None)
    themselves = [key for key in one.missing if about is not None and key == about.key]
    others = [key for key in one.missing if key not in themselves]
    parts = [signers.called(content, key) for key in themselves]
    if others:
        parts.append(" or ".join(signers.called(content, key) for key in others))
    if CUSTODIAN in one.missing:
        parts[-1] += " (on paper)"
    return parts


def _way(leg: Leg) -> str:
    day = words.day(leg.departs.date(), "en", year=False)
    return f"{leg.origin.city} to {leg.destination.city}, {day}"
