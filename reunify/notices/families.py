"""What a family is told by itself, and the last moments of bookings: planned from what happened, once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from reunify.bookings.queries import Alarm
from reunify.consent import safe_contact
from reunify.consent.safe_contact import Allowed, may_contact
from reunify.consent.safe_contact import Kind as Why
from reunify.identity import on_call
from reunify.identity import queries as people
from reunify.identity.duties import Duty
from reunify.identity.on_call import Contact
from reunify.intake import households, outcomes, signers
from reunify.intake import queries as intake
from reunify.intake.form import Traveler, TravelerRole, TravelRequest
from reunify.kernel.ids import InstructionId, RequestId
from reunify.kernel.may import may
from reunify.kernel.people import Actor, Role
from reunify.notices import outbox, policy
from reunify.notices.policy import Channel, Kind
from reunify.notices.records import NoticeRecord
from reunify.vault.keepers import Erased

_NOT_ADULT: Final = (TravelerRole.CHILD,)
_BOOKED: Final = ":booked:"
_BANK: Final = ":bank:"
NOBODY: Final = ""  # stands for a family in which nobody can be texted, so that it is not looked at again


@dataclass(frozen=True, slots=True)
class Later:
    """Allowed, but not at this hour."""


@dataclass(frozen=True, slots=True)
class Never:
    """We were not told that we may."""


def booked_move(award: str, at: datetime) -> str:
    return f"{award}{_BOOKED}{at.isoformat()}"


def alarm_move(booking_id: UUID, cancel_by: datetime) -> str:
    return f"booking:{booking_id}:{cancel_by.isoformat()}"


def bank_move(instruction_id: UUID, tried: int) -> str:
    """`tried`: attempts made before it waited for bank details."""
    return f"instruction:{instruction_id}{_BANK}{tried}"


def instruction_of(move: str) -> InstructionId:
    """The payment that a `bank_move` is of."""
    return InstructionId(UUID(move.partition(":")[2].partition(_BANK)[0]))


@may(system=True)
def tell(
    session: Session,
    *,
    request_id: RequestId,
    move: str,
    kind: Kind,
    changed: Mapping[str, datetime] | None = None,
    payee: str | None = None,
    by: Actor,
    now: datetime,
) -> bool:
    """A text to each adult of the family who may be texted; a question goes to those it is asked of, and what
    was booked (`changed`: when, by cost line) to those whose line it is: `booked_move` of their newest. What
    waits for a `payee`'s bank details goes to those who may give them.

    Whoever may not be is written down as left out: staff call them. False while a quiet outcome stands.
    """
    if outcomes.is_quiet(session, request_id):
        return False
    content = _content(session, request_id)
    told = _readers(content, kind)
    if payee is not None and content is not None:
        givers = signers.bank_givers(content, payee)
        told = [reader for reader in told if reader.key in givers]
    moves = {r.key: _move_for(r, move, changed, content) for r in told}
    planned = False
    for reader in told:
        own = moves[reader.key]
        if own is None:
            continue
        ways = verdict(reader, now)
        planned |= outbox.plan(
            session,
            move=own,
            kind=kind,
            channel=Channel.TEXT,
            reader=reader.key,
            language=reader.contact.language if reader.contact else "en",
            request_id=request_id,
            never="not_allowed" if isinstance(ways, Never) else None,
            by=by,
            now=now,
        )
    if move not in moves.values():
        planned |= outbox.plan(
            session,
            move=move,
            kind=kind,
            channel=Channel.TEXT,
            reader=NOBODY,
            request_id=request_id,
            never="nobody",
            by=by,
            now=now,
        )
    return planned


@may(system=True)
def tell_cancel_by(session: Session, *, alarm: Alarm, zone: tzinfo, by: Actor, now: datetime) -> bool:
    """The last moment to cancel a booking without cost nears: whoever is called for the case is told."""
    told = False
    for contact in _called_for(session, alarm, zone, now):
        told |= outbox.plan(
            session,
            move=alarm_move(alarm.booking_id, alarm.cancel_by),
            kind=Kind.CANCEL_BY,
            channel=Channel.TEXT,
            staff_id=contact.id,
            request_id=alarm.request_id,
            award_id=alarm.award_id,
            about_time=alarm.cancel_by,
            never=None if policy.number(contact.phone) else "no_number",
            by=by,
            now=now,
        )
    return told


def number_now(session: Session, notice: NoticeRecord, now: datetime) -> str | Later | Never:
    """What the newest version says of this reader, in the transaction that commits to the text."""
    assert notice.request_id is not None
    key = notice.person.removeprefix("reader:")
    readers = _readers(_content(session, notice.request_id), Kind(notice.kind))
    found = [t for t in readers if t.key == key]
    return verdict(found[0], now) if found else Never()


def verdict(reader: Traveler, now: datetime) -> str | Later | Never:
    """The number as dialled if this person may be texted now by a program."""
    contact = reader.contact
    dialled = policy.number(contact.phone) if contact else None
    if dialled is None:
        return Never()
    if isinstance(may_contact(contact, safe_contact.Channel.TEXT, now, Why.AUTOMATIC), Allowed):
        return dialled
    hours_apart = may_contact(contact, safe_contact.Channel.TEXT, now, Why.ASKED_FOR)
    known = contact is not None and contact.safe_from and contact.safe_until and contact.zone
    return Later() if isinstance(hours_apart, Allowed) and known else Never()


def _content(session: Session, request_id: UUID) -> TravelRequest | None:
    try:
        return intake.newest_version(session, request_id).content
    except Erased:
        return None


def _move_for(
    reader: Traveler, move: str, changed: Mapping[str, datetime] | None, content: TravelRequest | None
) -> str | None:
    """What this reader hears of; None where nothing of their household's changed."""
    if changed is None or content is None:
        return move
    theirs = households.household_of_reader(content, reader.key)
    lines = [c.key for c in content.cost_lines if theirs and households.of_cost(c, content) == theirs]
    newest = max((changed[key] for key in lines if key in changed), default=None)
    return booked_move(move.partition(_BOOKED)[0], newest) if newest else None


def _readers(content: TravelRequest | None, kind: Kind) -> list[Traveler]:
    if content is None:
        return []
    adults = [t for t in signers.readers(content) if t.role not in _NOT_ADULT]
    if kind is Kind.QUESTION:
        asked = households.primary(content)
        adults = [t for t in adults if households.household_of_reader(content, t.key) == asked]
    return adults


def _called_for(session: Session, alarm: Alarm, zone: tzinfo, now: datetime) -> list[Contact]:
    """In office hours whoever handles the case; at night who is on call for cases, else the backup."""
    handler = on_call.contacts(session, [alarm.handled_by])
    if not on_call.is_needed(zone=zone, now=now) and any(policy.number(c.phone) for c in handler):
        return handler
    (on,) = (o for o in on_call.who_is_on_call(session, now=now) if o.duty is Duty.NIGHT_CASE_MANAGER)
    called = [c for c in (on.person, on.backup) if c is not None]
    dialled = [c for c in called if policy.number(c.phone)]
    if dialled:
        return [*called[: called.index(dialled[0])], dialled[0]]
    return [*called, *on_call.contacts(session, list(people.holders(session, Role.SUPERVISOR)))]
