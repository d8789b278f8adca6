"""What is allowed at the door, and for how long (ASVS 5.0: 6.2, 6.3, 6.5, 7.3, 7.5)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from reunify.kernel.people import Role, Staff
from reunify.kernel.refusals import NotAllowed, Refused

SESSION_IDLE = timedelta(minutes=30)
SESSION_LONGEST = timedelta(hours=12)
STEP_UP = timedelta(minutes=5)
PASSKEY_RIPENS = timedelta(hours=24)
HALF_WAY = timedelta(minutes=5)
SET_UP = timedelta(minutes=30)
FAMILY_SESSION = timedelta(minutes=30)
FAMILY_LINK = timedelta(days=30)
PIN_TRIES = 5
CODE_TRIES = 5
PASSWORD_TRIES = 5
PASSWORD_PAUSE = timedelta(minutes=15)
PASSWORD_SHORTEST = 12
PASSWORD_LONGEST = 128
PASSWORD_SCORE = 3  # of 0 to 4, zxcvbn: at least 10^8 guesses
ENROLMENT = timedelta(minutes=60)
RECOVERY = timedelta(minutes=30)
VOUCHED = timedelta(hours=24)
OPERATOR_SEEN = timedelta(days=7)
OPENS_RECOVERY = (Role.ADMINISTRATOR, Role.SUPERVISOR)
POWER = frozenset(
    {
        Role.CASE_MANAGER,
        Role.SUPERVISOR,
        Role.FINANCE_APPROVER,
        Role.FINANCE_RELEASER,
        Role.FUND_MANAGER,
        Role.ADMINISTRATOR,
    }
)
CONFIRMS_RECOVERY = (*OPENS_RECOVERY, Role.FINANCE_APPROVER, Role.FINANCE_RELEASER)


class WrongSignIn(NotAllowed):
    """Deliberately does not say which half was wrong."""


class TooManyTries(NotAllowed):
    """Someone has guessed too often."""


class EnrolFirst(NotAllowed):
    """The password is right, and there is no second factor yet."""


class LinkNotOpen(NotAllowed):
    """The family link has ended, was replaced, or the PIN was mistyped too often."""


class StepUpFirst(NotAllowed):
    """The act needs a passkey proved within the last five minutes (RFC 9470)."""


class SignInAgain(NotAllowed):
    """A first passkey is added right after signing in, never in a session left open."""


class PasskeyFirst(Refused):
    """Whoever decides on cases, money or people begins with a passkey."""


class WeakPassword(Refused):
    """The password would be guessed: too short, too common, or about the person."""


class WrongPassword(Refused):
    """The password in use was not the one typed."""


class PasskeyRefused(Refused):
    """What the passkey answered proves nothing here."""


class WrongCode(Refused):
    """The six digits are not the ones shown now, or were used before."""


class LastFactor(Refused):
    """Without it the person could not sign in any more."""


class AlreadyEnrolled(Refused):
    """Who has signed in before gets a new beginning from two colleagues, never from one."""


class AdministratorExists(Refused):
    """The first administrator is made once."""


class NotCalledBack(Refused):
    """Nobody has spoken to the person on the number on file."""


class CannotVouch(NotAllowed):
    """Three different people are needed."""


def check_password_length(password: str) -> None:
    """Raises WeakPassword. Any characters, in any mixture (ASVS 6.2.1, 6.2.5, 6.2.9)."""
    if len(password) < PASSWORD_SHORTEST:
        raise WeakPassword(f"Use at least {PASSWORD_SHORTEST} characters.", field="/password")
    if len(password) > PASSWORD_LONGEST:
        raise WeakPassword(f"Use at most {PASSWORD_LONGEST} characters.", field="/password")


def is_fresh(proved_at: datetime | None, *, now: datetime) -> bool:
    return proved_at is not None and now - proved_at <= STEP_UP


def check_proved(by: Staff, *, now: datetime) -> None:
    """Raises StepUpFirst unless the person proved a passkey within STEP_UP of `now` (ASVS 7.5.3)."""
    if not is_fresh(by.proved_at, now=now):
        raise StepUpFirst("Please confirm with your passkey first.")


def trusted_from(*, proved: bool, now: datetime) -> datetime:
    """From when a new passkey counts as proof.

    Added after a password and an app's code it is worth no more than they are: both can be phished. Until
    then its owner would hear of it, and two colleagues can vouch.
    """
    return now if proved else now + PASSKEY_RIPENS


def needs_passkey(roles: Collection[Role], *, provider: bool) -> bool:
    """True if an app for codes alone is no beginning. `provider`: the house has an identity provider."""
    return not provider and not POWER.isdisjoint(roles)


def check_app_is_enough(roles: Collection[Role], *, provider: bool) -> None:
    """Raises PasskeyFirst."""
    if needs_passkey(roles, provider=provider):
        raise PasskeyFirst(
            "Your work needs a passkey: make one first. You can add the app on your sign-in page afterwards."
        )


def session_is_live(*, seen_at: datetime, ends_at: datetime, now: datetime) -> bool:
    return now < ends_at and now - seen_at < SESSION_IDLE


def check_may_end_factor(*, passkeys: int, totp: bool) -> None:
    """Raises LastFactor; counts what the person has before one is ended."""
    if passkeys + totp <= 1:
        raise LastFactor("This is your only second factor. Add another one first.")


def check_link_open(
    *, ends_at: datetime, revoked_at: datetime | None, tries_left: int, now: datetime
) -> None:
    """Raises LinkNotOpen with what to do; the same words for every cause."""
    if revoked_at is not None or now >= ends_at or tries_left <= 0:
        raise LinkNotOpen("This link is closed. Please call us and we will give you a new one.")


# What a browser says of itself, in the few words a person needs to know their own sessions again.
_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR", "Opera"),
    ("Firefox", "Firefox"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)
_SYSTEMS = (
    ("iPhone", "an iPhone"),
    ("iPad", "an iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS", "a Mac"),
    ("Linux", "Linux"),
)


def browser_words(user_agent: str) -> str:
    """`Firefox on Windows`; never anything of the text itself."""
    browser = next((name for mark, name in _BROWSERS if mark in user_agent), None)
    system = next((name for mark, name in _SYSTEMS if mark in user_agent), None)
    if browser is None:
        return "A program"
    return f"{browser} on {system}" if system else browser
