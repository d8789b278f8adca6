"""One case on which a quiet outcome stands: what still stands of it, for the case manager's one screen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from reunify.approval import queries as approval
from reunify.approval.queries import Award
from reunify.bookings import policy as desk
from reunify.bookings import queries as bookings
from reunify.bookings.queries import Booking
from reunify.disbursement import policy, quiet
from reunify.disbursement import queries as disbursement
from reunify.disbursement.queries import Instruction
from reunify.documents import queries as documents
from reunify.documents.queries import Document
from reunify.intake import queries as intake
from reunify.intake.form import TravelRequest
from reunify.kernel.ids import RequestId

_MAY = {"may_call": "call", "may_text": "text", "may_email": "e-mail", "may_post": "post"}


@dataclass(frozen=True, slots=True)
class Payment:
    """`held_back`: it would go by itself; a finance person lets it go or withdraws it."""

    made: Instruction
    held_back: bool


@dataclass(frozen=True, slots=True)
class ToCall:
    """One person of the trip and how they may be reached; nothing shows in a `repr`."""

    name: str = field(repr=False)
    role: str
    phone: str | None = field(repr=False)
    ways: tuple[str, ...]
    language: str


@dataclass(frozen=True, slots=True)
class Standing:
    """Money, bookings (those that stand, the soonest to cancel first), people and papers."""

    award: Award | None
    payments: tuple[Payment, ...]
    bookings: tuple[Booking, ...]
    people: tuple[ToCall, ...]
    papers: tuple[Document, ...]


def what_stands(session: Session, request_id: UUID) -> Standing:
    """Of a draft nobody is to call: it was told nothing yet that counts. Raises vault's Erased."""
    award = approval.newest_award(session, request_id)
    made = disbursement.of_award(session, award.id) if award else []
    booked = [b for b in bookings.of_requests(session, [request_id]) if b.state not in desk.ENDED]
    people = (
        _people(intake.newest_version(session, request_id).content)
        if intake.newest_number(session, request_id)
        else ()
    )
    return Standing(
        award,
        tuple(
            Payment(one, quiet.is_held_back(session, one.id)) for one in made if one.state not in policy.ENDED
        ),
        tuple(sorted(booked, key=_soonest)),
        tuple(people),
        tuple(documents.list_for_request(session, RequestId(request_id))),
    )


def as_json(found: Standing) -> dict[str, Any]:
    """For the API: ids, codes, cents and times; no name, no phone."""
    return {
        "award": {"id": found.award.id, "state": found.award.state} if found.award else None,
        "payments": [
            {"id": p.made.id, "state": p.made.state, "amount": p.made.amount, "held_back": p.held_back}
            for p in found.payments
        ],
        "bookings": [{"id": b.id, "state": b.state, "cancel_by": b.cancel_by} for b in found.bookings],
        "people": len(found.people),
        "papers": len(found.papers),
    }


def _soonest(booking: Booking) -> tuple[bool, datetime | None, str]:
    return (booking.cancel_by is None, booking.cancel_by, str(booking.id))


def _people(content: TravelRequest) -> Sequence[ToCall]:
    return [
        ToCall(
            t.name,
            t.role.value,
            t.contact.phone if t.contact.may_call or t.contact.may_text else None,
            tuple(word for way, word in _MAY.items() if getattr(t.contact, way)),
            t.contact.language,
        )
        for t in content.travelers
        if t.contact is not None
    ]
