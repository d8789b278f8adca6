"""What may be typed about a source: codes, words, days and amounts within bounds. Pure."""

from __future__ import annotations

import re
from datetime import date

from reunify.kernel.refusals import Refused
from reunify.kernel.text import is_safe
from reunify.ledger.policy import Unit

MOST_LINE, MOST_TEXT = 300, 4000  # characters
FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2100, 12, 31)
MOST_CENTS = 10**11  # a billion dollars: a hundred of them still add up to an amount of money
MOST_UNITS, MOST_VALUE = 10**8, 10**5  # nights or miles, and cents for one: together still an amount
_CODE = re.compile(r"[a-z0-9][a-z0-9_-]{0,59}")


class Missing(Refused):
    """Something that must be said was left out."""


class ReasonNeeded(Refused):
    """A change of spending authority carries a reason."""


class NotPlain(Refused):
    """Text with characters that hide, break or reorder what is read."""


class TooLong(Refused):
    """More text than is kept."""


class DayOutOfRange(Refused):
    """A day no source of ours lives in: most likely a year with a digit too few or too many."""


class TooMuch(Refused):
    """More than any funder gives: most likely a digit too many."""


def is_code(code: str) -> bool:
    """Small letters, digits, `-` and `_`: what cannot be a code is never asked of the database."""
    return _CODE.fullmatch(code) is not None


def check_line(text: str, pointer: str, what: str) -> str:
    """One line without surrounding space. Raises Missing, NotPlain, TooLong, naming the field."""
    said = check_said(text, pointer, what, most=MOST_LINE)
    if len(said.splitlines()) > 1 or "\t" in said:
        raise NotPlain("Write it in one line.", field=pointer)
    return said


def check_said(text: str, pointer: str, what: str, *, most: int = MOST_TEXT) -> str:
    """The text without surrounding space. Raises Missing, NotPlain, TooLong, naming the field."""
    said = text.replace("\r\n", "\n").strip()  # as browsers send the lines of a long answer
    if not said:
        raise Missing(f"Say {what}.", field=pointer)
    if not is_safe(said):
        raise NotPlain("Remove hidden or control characters: type it anew.", field=pointer)
    if len(said) > most:
        raise TooLong(f"Say it in {most} characters or fewer; these are {len(said)}.", field=pointer)
    return said


def check_reason(reason: str) -> str:
    """Raises ReasonNeeded, NotPlain, TooLong."""
    if len(reason.strip()) < 3:
        raise ReasonNeeded("Say why, in a few words.", field="/reason")
    return check_said(reason, "/reason", "why")


def check_day(day: date | None, pointer: str) -> None:
    """Raises DayOutOfRange."""
    if day is not None and not FIRST_DAY <= day <= LAST_DAY:
        raise DayOutOfRange(f"Write a day from {FIRST_DAY.year} to {LAST_DAY.year}.", field=pointer)


def check_most(amount: int, unit: Unit, pointer: str) -> None:
    """Raises TooMuch. Of a source, a limit or a least amount; cents or units."""
    if unit is Unit.CENTS and amount > MOST_CENTS:
        raise TooMuch(f"No more than ${MOST_CENTS // 100:,} is kept: look at the digits.", field=pointer)
    if unit is not Unit.CENTS and amount > MOST_UNITS:
        raise TooMuch(f"No more than {MOST_UNITS:,} {unit}s are kept: look at the digits.", field=pointer)
