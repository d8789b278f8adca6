"""May this person be reached in this way now? Every message must pass `may_contact`. Pure.

Unknown is not yes: what nobody asked about is not allowed until somebody has.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time
from enum import StrEnum
from typing import Final, Protocol
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError


class Channel(StrEnum):
    CALL = "call"
    TEXT = "text"
    VOICEMAIL = "voicemail"
    EMAIL = "email"
    POST = "post"
    PAGE = "page"  # the family's own page, opened by themselves


class Kind(StrEnum):
    """`automatic`: sent by the program. `by_staff`: a person decided it. `pin`: the six numbers of a link.

    `asked_for`: the person called us just now and waits for the answer; safe hours do not bind it.
    """

    AUTOMATIC = "automatic"
    BY_STAFF = "by_staff"
    PIN = "pin"
    ASKED_FOR = "asked_for"


class Outcome(StrEnum):
    """It went terribly wrong: whatever is automatic is quiet from that second on."""

    CHILD_DIED = "child_died"
    MISSING_AGAIN = "missing_again"
    RETURN_STOPPED = "return_stopped"


class Contact(Protocol):
    """What we were told about reaching this person. `safe_from`, `safe_until`: `HH:MM` in `zone`."""

    @property
    def phone(self) -> str | None: ...
    @property
    def email(self) -> str | None: ...
    @property
    def address(self) -> str | None: ...
    @property
    def may_call(self) -> bool: ...
    @property
    def may_text(self) -> bool: ...
    @property
    def may_leave_voicemail(self) -> bool: ...
    @property
    def may_email(self) -> bool: ...
    @property
    def may_post(self) -> bool: ...
    @property
    def safe_from(self) -> str | None: ...
    @property
    def safe_until(self) -> str | None: ...
    @property
    def zone(self) -> str | None: ...
    @property
    def seen_by_others(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Allowed:
    """`care`: what whoever does it must mind."""

    care: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NotAllowed:
    """`reason`: in words for staff, with what to ask."""

    reason: str


Verdict = Allowed | NotAllowed

_TO: Final = {
    Channel.CALL: ("phone", "may_call", "call", "phone number"),
    Channel.TEXT: ("phone", "may_text", "text", "phone number"),
    Channel.VOICEMAIL: ("phone", "may_leave_voicemail", "leave voicemail", "phone number"),
    Channel.EMAIL: ("email", "may_email", "e-mail", "e-mail address"),
    Channel.POST: ("address", "may_post", "post letters", "postal address"),
}
# These ring or light up a phone; mail waits until it is opened.
_RINGS: Final = frozenset({Channel.CALL, Channel.TEXT, Channel.VOICEMAIL})
# Somebody else may read or hear these without the person being there.
_LEFT_BEHIND: Final = frozenset({Channel.TEXT, Channel.VOICEMAIL, Channel.EMAIL, Channel.POST})
_MAY_CARRY_PIN: Final = frozenset({Channel.CALL, Channel.PAGE})
ASK_BY_NAME = "Others may answer: ask for the person, say nothing about why to anyone else."


def may_contact(
    contact: Contact | None, channel: Channel, at: datetime, kind: Kind, *, outcome: Outcome | None = None
) -> Verdict:
    """`at` is aware; hours are read in the person's own zone. `outcome`: how the case stands, if ill."""
    if outcome is not None and kind is Kind.AUTOMATIC:
        return NotAllowed("Be quiet: nothing automatic is said any more. A person decides what is said.")
    if kind is Kind.PIN and channel not in _MAY_CARRY_PIN:
        return NotAllowed("The PIN is only ever spoken to the person: never written, never left behind.")
    if channel is Channel.PAGE:
        return Allowed()
    if contact is None:
        return NotAllowed("Nobody has asked how this person may be reached. Ask first.")
    place, permission, verb, called = _TO[channel]
    if not getattr(contact, place):
        return NotAllowed(f"No {called} is on file.")
    if not getattr(contact, permission):
        return NotAllowed(f"We were not told that we may {verb}.")
    return _seen(contact, channel) or _hours(contact, channel, at, kind) or Allowed(_care(contact, channel))


def _seen(contact: Contact, channel: Channel) -> NotAllowed | None:
    if channel not in _LEFT_BEHIND or contact.seen_by_others == "no":
        return None
    if contact.seen_by_others == "yes":
        return NotAllowed("Someone else sees what is left there.")
    return NotAllowed("Nobody has asked who else sees it. Ask first.")


def _hours(contact: Contact, channel: Channel, at: datetime, kind: Kind) -> NotAllowed | None:
    if channel not in _RINGS or kind is Kind.ASKED_FOR:
        return None
    if not contact.safe_from or not contact.safe_until or not contact.zone:
        return NotAllowed("Nobody has asked at which hours it is safe, and in which time zone. Ask first.")
    try:
        here = at.astimezone(ZoneInfo(contact.zone)).time()
        first, last = time.fromisoformat(contact.safe_from), time.fromisoformat(contact.safe_until)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return NotAllowed("The safe hours or their time zone cannot be read. Ask again.")
    if _between(first, here, last):
        return None
    return NotAllowed(
        f"It is {here:%H:%M} there; it is safe from {contact.safe_from} to {contact.safe_until}."
    )


def _between(first: time, here: time, last: time) -> bool:
    """The last minute is outside. The same time twice is the whole day; hours may run past midnight."""
    if first == last:
        return True
    return first <= here < last if first < last else here >= first or here < last


def _care(contact: Contact, channel: Channel) -> tuple[str, ...]:
    return (ASK_BY_NAME,) if channel is Channel.CALL and contact.seen_by_others != "no" else ()
