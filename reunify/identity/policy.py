"""What is allowed at the door, and for how long (ASVS 5.0: 6.3, 7.3)."""

from __future__ import annotations

from datetime import datetime, timedelta

from reunify.kernel.people import Staff
from reunify.kernel.refusals import NotAllowed, Refused

SESSION_IDLE = timedelta(minutes=30)
SESSION_LONGEST = timedelta(hours=12)
STEP_UP = timedelta(minutes=5)
FAMILY_SESSION = timedelta(minutes=30)
FAMILY_LINK = timedelta(days=30)
PIN_TRIES = 5
PASSWORD_TRIES = 5
PASSWORD_PAUSE = timedelta(minutes=15)
PASSWORD_SHORTEST = 12


class WrongSignIn(NotAllowed):
    """Deliberately does not say which half was wrong."""


class TooManyTries(NotAllowed):
    """Someone has guessed too often."""


class LinkNotOpen(NotAllowed):
    """The family link has ended, was replaced, or the PIN was mistyped too often."""


class StepUpFirst(NotAllowed):
    """The act needs a passkey proved within the last five minutes (RFC 9470)."""


class WeakPassword(Refused):
    """The password is too short to keep a family's file."""


def check_password_strength(password: str) -> None:
    if len(password) < PASSWORD_SHORTEST:
        raise WeakPassword(f"Use at least {PASSWORD_SHORTEST} characters.", field="/password")


def check_proved(by: Staff, *, now: datetime) -> None:
    """Raises StepUpFirst unless the person proved a passkey within STEP_UP of `now` (ASVS 7.5.3)."""
    if by.proved_at is None or now - by.proved_at > STEP_UP:
        raise StepUpFirst("Please confirm with your passkey first.")


def session_is_live(*, seen_at: datetime, ends_at: datetime, now: datetime) -> bool:
    return now < ends_at and now - seen_at < SESSION_IDLE


def check_link_open(
    *, ends_at: datetime, revoked_at: datetime | None, tries_left: int, now: datetime
) -> None:
    """Raises LinkNotOpen with what to do; the same words for every cause."""
    if revoked_at is not None or now >= ends_at or tries_left <= 0:
        raise LinkNotOpen("This link is closed. Please call us and we will give you a new one.")
