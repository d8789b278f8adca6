"""When a family's link may be made anew, and how its secrets are spelled. Pure."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from reunify.identity.policy import FAMILY_LINK
from reunify.kernel.ids import SAFE_ALPHABET
from reunify.kernel.people import Staff
from reunify.kernel.refusals import NotAllowed, OutOfStep, Refused

CODE_LETTERS = 8
VOUCHER = timedelta(hours=1)


class CallBackFirst(NotAllowed):
    """A link is made anew only after somebody called the number on file."""


class NotOnFile(NotAllowed):
    """A number typed on the spot proves nothing about who is calling."""


class WhoAnswered(Refused):
    """A call back says who answered."""


class HowKnown(Refused):
    """A person who vouches says how they know."""


class OnePersonTwice(NotAllowed):
    """Where no number is on file two people are needed, and they are not one person."""


class VoucherSpent(OutOfStep):
    """The word of the first person was used, or is older than an hour."""


class NumberIsOnFile(NotAllowed):
    """With a number on file the way is the call back."""


@dataclass(frozen=True, slots=True)
class OneNight:
    """An emergency opening of a case, and when it is over."""

    opening_id: UUID
    ends_at: datetime


def link_ends(now: datetime, within: OneNight | None) -> datetime:
    """A link never outlives the right of whoever made it."""
    latest = now + FAMILY_LINK
    return min(latest, within.ends_at) if within else latest


@dataclass(frozen=True, slots=True)
class CallBack:
    """`number` as it is on file; `spoke_with`: who answered. Neither shows in a `repr`."""

    number: str
    spoke_with: str

    def __repr__(self) -> str:
        return "CallBack()"

    @property
    def ending(self) -> str:
        return digits(self.number)[-2:]


def digits(number: str) -> str:
    """What tells one number from another, however it is written: its last ten digits."""
    return "".join(c for c in number if c.isdigit())[-10:]


def check_call_back(call: CallBack | None, on_file: Iterable[str]) -> CallBack:
    """Raises CallBackFirst, NotOnFile, WhoAnswered."""
    if call is None:
        raise CallBackFirst("Call the number on file first, then say which one you called and who answered.")
    known = {digits(number) for number in on_file}
    if not digits(call.number) or digits(call.number) not in known:
        raise NotOnFile("Call a number that was on file before today; a new one proves nothing.")
    if len(call.spoke_with.strip()) < 2:
        raise WhoAnswered("Write who answered the call.", field="/spoke_with")
    return call


def check_how_known(words: str) -> str:
    """Raises HowKnown."""
    if len(words.strip()) < 10:
        raise HowKnown("Write how you know it is this person.", field="/how_known")
    return words.strip()


def check_second(
    vouched_by: UUID, vouched_at: datetime, used_at: datetime | None, by: Staff, now: datetime
) -> None:
    """Raises OnePersonTwice, VoucherSpent."""
    if vouched_by in by.selves:
        raise OnePersonTwice("A colleague confirms this: two people are needed when no number is on file.")
    if used_at is not None or now - vouched_at > VOUCHER:
        raise VoucherSpent("Your colleague's word was used, or is older than an hour. Ask again.")


def new_code() -> str:
    """Eight letters and digits that a tired ear does not confuse: 22 to the power of 8."""
    return "".join(secrets.choice(SAFE_ALPHABET) for _ in range(CODE_LETTERS))


def new_pin() -> str:
    return f"{secrets.randbelow(10**6):06d}"


def plain_code(typed: str) -> str:
    """The code as typed on any keyboard: no spaces, no hyphens, capitals."""
    return "".join(c for c in typed.upper() if c.isalnum())


def spelled(code: str) -> str:
    """`ABCD-EFGH`."""
    return f"{code[:4]}-{code[4:]}"
