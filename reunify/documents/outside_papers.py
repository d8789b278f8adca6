"""Papers for funders, partners, carriers and offices: made under consents that name them, and kept as told.

A consent that is taken back makes no further paper and closes the download of those that were made (ADR 35).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.approval import queries as approval
from reunify.audit import actions as audit
from reunify.bookings import queries as desk
from reunify.consent import actions as consent
from reunify.consent import queries as consents
from reunify.consent.policy import Permit, Recipient, RecipientKind
from reunify.documents import actions as documents
from reunify.documents import (
    booked,
    funder_letters,
    minor_request,
    outside_leave,
    partner_request,
    supervision_request,
)
from reunify.documents.context import Addressee, Heading, Organisation, Signer
from reunify.documents.drafts import Draft
from reunify.documents.making import Made
from reunify.documents.outside_facts import (
    NothingToRequest,
    OfLeg,
    Telling,
    Trusted,
    leg_called,
    told_of_leg,
    travelers_on,
)
from reunify.documents.queries import Document
from reunify.documents.records import DocumentRecord
from reunify.identity.queries import staff_names
from reunify.intake import outcomes
from reunify.intake import queries as intake
from reunify.intake.form import Language, TravelRequest
from reunify.kernel.canonical import digest_of
from reunify.kernel.ids import RequestId
from reunify.kernel.may import may
from reunify.kernel.people import Role, Staff, System
from reunify.kernel.refusals import OutOfStep
from reunify.rates.queries import organisation_now

RELEASES: Final = System("outside_papers")


class SaysMoreNow(OutOfStep):
    """What the paper tells has changed while it was made."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What staff ask for. `concerning`: the ask, the partner (payee key) or the leg (`OfLeg`).

    `brings`, `meets`: workers who stand at the ends of the leg, where no traveler does. `at`: the airport.
    """

    request_id: RequestId
    kind: str
    language: Language
    concerning: str
    brings: str = ""
    meets: str = ""
    at: str = ""


@dataclass(frozen=True, slots=True)
class Told:
    """Whom the paper of a version tells what."""

    number: int
    content: TravelRequest
    recipient: Recipient | None
    tellings: list[Telling]


@may(Role.CASE_MANAGER)
def draft(session: Session, wanted: Wanted, *, by: Staff, now: datetime) -> Draft:
    """All that the paper says.

    Raises StillToSign, QuietNow, NothingToRequest (also as NotTheCarrier, NotSafeYet, AgeUnknown),
    NotOnThisRequest, NoSuchAsk.
    """
    return _drafted(session, wanted, by, now)[0]


@may(Role.CASE_MANAGER)
def keep(session: Session, *, wanted: Wanted, made: Made, by: Staff, now: datetime) -> Document:
    """The paper as it was made, if every consent still stands; the family reads from now on who was told.

    Raises SaysMoreNow, and all that `draft` raises.
    """
    outcomes.check_not_quiet(session, wanted.request_id)
    consent.take_turns(session, request_id=wanted.request_id)
    owed, permits = _drafted(session, wanted, by, now)
    if not owed.says_the_same_as(made.draft):
        raise SaysMoreNow("The request or a consent has changed meanwhile: look again, then make the paper.")
    kept = documents.keep(session, made=made, by=RELEASES, now=now, run=None)
    for permit in permits:
        consent.record_release(session, permit=permit, by=RELEASES, now=now)
    told = {"kind": wanted.kind, "language": wanted.language, "consents": len(permits)}
    audit.record(
        session, by=by, at=now, subject="document", subject_id=kept.id, moved="ask_outside", detail=told
    )
    return kept


def of_leg(
    session: Session,
    request_id: RequestId,
    recipient: Recipient,
    leg: str,
    *,
    brings: str,
    meets: str,
    now: datetime,
) -> OfLeg:
    """What a paper to this very recipient is about. Raises StillToSign where they were never asked about."""
    content = intake.newest_version(session, request_id).content
    tellings = told_of_leg(content, recipient, leg, (brings, meets))
    first = tellings[0]
    asked = consents.find(session, request_id, recipient=first.recipient, what=first.what, about=first.about)
    if asked is None:
        every = consents.asks(session, request_id)
        raise outside_leave.StillToSign(
            outside_leave.weighed(session, request_id, content, tellings, asked=every, now=now)[1]
        )
    return OfLeg(leg, brings, meets, asked.id)


def check_may_be_sent(session: Session, document: Document, *, now: datetime) -> None:
    """Raises StillToSign, QuietNow, NotSafeYet for a paper that may not be told (any more).

    It tells what it told then; who may sign, and to whom a child is handed, is judged by what is known now.
    """
    outcomes.check_not_quiet(session, document.request_id)
    said = told(session, document.request_id, document.kind, document.concerning, document.number)
    known = _permits(session, document.request_id, said, now)[1]
    if document.kind in (minor_request.KIND, supervision_request.KIND):
        minor_request.check_meets(known, OfLeg.read(document.concerning).meets)


def told(
    session: Session, request_id: RequestId, kind: str, concerning: str, number: int | None = None
) -> Told:
    """Read off what a paper is about; of the newest version unless `number` says which."""
    if kind == funder_letters.KIND:
        ask = funder_letters.ask_called(session, request_id, UUID(concerning))
        content = _version(session, request_id, ask.number)
        return Told(ask.number, content, None, funder_letters.tellings(session, request_id, ask.id))
    number = number or intake.newest_number(session, request_id)
    content = _version(session, request_id, number)
    if kind == partner_request.KIND:
        given_by = partner_request.recipient(content, concerning)
        return Told(number, content, given_by, partner_request.told(content, concerning))
    leg = OfLeg.read(concerning)
    recipient = consents.ask(session, request_id, leg.asked).recipient
    tellings = told_of_leg(content, recipient, leg.leg, (leg.brings, leg.meets))
    return Told(number, content, recipient, tellings)


def standing(session: Session, request_id: RequestId) -> list[desk.Booking]:
    """What is booked for the newest award and stands."""
    award = approval.newest_award(session, request_id)
    if award is None:
        return []
    every = desk.of_requests(session, [request_id])
    return [b for b in every if b.award_id == award.id and b.confirmed]


def tickets(content: TravelRequest, leg: str, bookings: Sequence[desk.Booking]) -> list[desk.Booking]:
    """Those of `bookings` that are for the children on this leg."""
    ridden = leg_called(content, leg)
    fares = [line for t in travelers_on(content, ridden) for line in booked.fares(ridden, t, content)]
    return booked.of_lines(fares, bookings)


def carrier_of(content: TravelRequest, leg: str, bookings: Sequence[desk.Booking]) -> Recipient | None:
    """Who carries the children on this leg: of their tickets (`standing`), else as planned."""
    vendor = booked.told_once(b.vendor for b in tickets(content, leg, bookings))
    return minor_request.carrier(leg_called(content, leg), vendor)


def _version(session: Session, request_id: RequestId, number: int) -> TravelRequest:
    return next(v for v in intake.versions(session, request_id) if v.number == number).content


def _drafted(session: Session, wanted: Wanted, by: Staff, now: datetime) -> tuple[Draft, list[Permit]]:
    outcomes.check_not_quiet(session, wanted.request_id)
    said = told(session, wanted.request_id, wanted.kind, wanted.concerning)
    permits, _ = _permits(session, wanted.request_id, said, now)
    say = _funder if wanted.kind == funder_letters.KIND else _others
    context = say(session, wanted, said, by, now)
    return (
        Draft(
            request_id=wanted.request_id,
            number=said.number,
            kind=wanted.kind,
            language=wanted.language,
            context=context,
            revision=_revision(session, wanted, said.number, digest_of(context)),
            concerning=wanted.concerning,
        ),
        permits,
    )


def _permits(
    session: Session, request_id: RequestId, said: Told, now: datetime
) -> tuple[list[Permit], TravelRequest]:
    """And the newest version: whoever is feared since a paper was asked for signs no more."""
    known = intake.newest_version(session, request_id).content
    return outside_leave.permits(session, request_id, known, said.tellings, now=now), known


def _funder(session: Session, wanted: Wanted, said: Told, by: Staff, now: datetime) -> dict[str, Any]:
    ask = funder_letters.ask_called(session, wanted.request_id, UUID(wanted.concerning))
    name = funder_letters.funder_named(session, ask)
    heading = _heading(session, wanted.request_id, name, by, now)
    sentences = [
        funder_letters.told_of(said.content, one.what, one.about, wanted.language) for one in said.tellings
    ]
    return funder_letters.letter(
        heading, wanted.language, ask=ask, request=said.content, told=sentences, by=ask.answer_due
    )


def _others(session: Session, wanted: Wanted, said: Told, by: Staff, now: datetime) -> dict[str, Any]:
    assert said.recipient is not None  # only a funder's is not read off the version
    heading = _heading(session, wanted.request_id, said.recipient.name, by, now)
    if wanted.kind == partner_request.KIND:
        partner_request.check_ahead(said.content, wanted.concerning, heading.dated)
        return partner_request.context(
            heading, wanted.language, request=said.content, payee=wanted.concerning
        )
    leg = OfLeg.read(wanted.concerning)
    minor_request.check_ahead(leg_called(said.content, leg.leg), now)
    bookings = standing(session, wanted.request_id)
    ends: dict[str, Any] = {
        "brings": Trusted(leg.brings, wanted.brings),
        "meets": Trusted(leg.meets, wanted.meets),
        "locator": booked.locators(tickets(said.content, leg.leg, bookings)),
    }
    if wanted.kind == supervision_request.KIND:
        if said.recipient.kind is not RecipientKind.AGENCY:
            raise NothingToRequest("Choose a consent that names the office at the airport.", field="/asked")
        return supervision_request.context(
            heading, wanted.language, request=said.content, leg=leg.leg, at=wanted.at, now=now, **ends
        )
    if wanted.kind == minor_request.KIND:
        minor_request.check_carrier(said.recipient, carrier_of(said.content, leg.leg, bookings))
        return minor_request.context(heading, wanted.language, request=said.content, leg=leg.leg, **ends)
    raise NothingToRequest("Choose which paper to make.", field="/kind")


def _revision(session: Session, wanted: Wanted, number: int, said: str) -> int:
    """Of the newest with the same words, else one more than it."""
    d = DocumentRecord
    newest = session.execute(
        sa.select(d.revision, d.context_hash)
        .where(
            d.request_id == wanted.request_id,
            d.number == number,
            d.kind == wanted.kind,
            d.language == wanted.language,
            d.concerning == wanted.concerning,
        )
        .order_by(d.revision.desc())
        .limit(1)
    ).first()
    if newest is None:
        return 0
    return newest.revision if newest.context_hash == said else int(newest.revision) + 1


def _heading(session: Session, request_id: RequestId, to: str, by: Staff, now: datetime) -> Heading:
    org = organisation_now(session, now=now)
    return Heading(
        reference=intake.request(session, request_id).reference,
        dated=now.astimezone(org.zone).date(),
        organisation=Organisation(org.name, org.letterhead_lines, org.day_phone, org.night_phone),
        addressee=Addressee(to),
        signer=Signer(
            staff_names(session, [by.id])[by.id], "Case manager", "Responsable del caso", org.day_phone
        ),
    )
