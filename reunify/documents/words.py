"""Dates, times, money and lists as a family reads them, in English and in United States Spanish."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from reunify.intake.form import Language
from reunify.kernel.money import Money
from reunify.kernel.refusals import Refused

_DAYS: Final = {
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    "es": ("lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo"),
}
_MONTHS: Final = {
    "en": (
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ),
    "es": (
        "enero",
        "febrero",
        "marzo",
        "abril",
        "mayo",
        "junio",
        "julio",
        "agosto",
        "septiembre",
        "octubre",
        "noviembre",
        "diciembre",
    ),
}
# Zone abbreviations of the tz database, spelled out: a family does not know what MDT means.
_ZONES: Final = {
    "EST": ("Eastern Standard Time", "hora estándar del Este"),
    "EDT": ("Eastern Daylight Time", "hora de verano del Este"),
    "CST": ("Central Standard Time", "hora estándar del Centro"),
    "CDT": ("Central Daylight Time", "hora de verano del Centro"),
    "MST": ("Mountain Standard Time", "hora estándar de la Montaña"),
    "MDT": ("Mountain Daylight Time", "hora de verano de la Montaña"),
    "PST": ("Pacific Standard Time", "hora estándar del Pacífico"),
    "PDT": ("Pacific Daylight Time", "hora de verano del Pacífico"),
    "AKST": ("Alaska Standard Time", "hora estándar de Alaska"),
    "AKDT": ("Alaska Daylight Time", "hora de verano de Alaska"),
    "HST": ("Hawaii Standard Time", "hora estándar de Hawái"),
    "AST": ("Atlantic Standard Time", "hora estándar del Atlántico"),
    "ChST": ("Guam time", "hora de Guam"),
    "SST": ("Samoa time", "hora de Samoa"),
}


class ZoneUnknown(Refused):
    """The time zone is not one of the tz database, so no local time can be told."""


def zone_of(name: str) -> ZoneInfo:
    """The IANA zone, e.g. `America/Denver`. Raises ZoneUnknown."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as unknown:
        raise ZoneUnknown("Choose the time zone of the place, such as America/Denver.") from unknown


def local(moment: datetime, zone: str) -> datetime:
    """`moment` as the wall clock of `zone`: a time without a zone is already local there."""
    there = zone_of(zone)
    return moment.replace(tzinfo=there) if moment.tzinfo is None else moment.astimezone(there)


def happens_once(moment: datetime) -> bool:
    """False for a local time that the clock shows twice, or skips, when clocks change."""
    other = moment.replace(fold=1 - moment.fold)
    return other.utcoffset() == moment.utcoffset()


def in_utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC)


def day(value: date, language: Language, *, weekday: bool = False, year: bool = True) -> str:
    """`Thursday, November 5, 2026` / `jueves, 5 de noviembre de 2026`."""
    month = _MONTHS[language][value.month - 1]
    if language == "en":
        said = f"{month} {value.day}" + (f", {value.year}" if year else "")
    else:
        said = f"{value.day} de {month}" + (f" de {value.year}" if year else "")
    return f"{_DAYS[language][value.weekday()]}, {said}" if weekday else said


def days(first: date, last: date, language: Language) -> str:
    """`November 5 to 7` / `del 5 al 7 de noviembre`."""
    if first == last:
        return day(first, language, year=False)
    same_month = (first.year, first.month) == (last.year, last.month)
    if language == "en":
        end = str(last.day) if same_month else day(last, language, year=False)
        return f"{day(first, language, year=False)} to {end}"
    start = str(first.day) if same_month else day(first, language, year=False)
    return f"del {start} al {day(last, language, year=False)}"


def clock(value: datetime, language: Language) -> str:
    """Twelve hours in both languages; `noon` and `midnight` are not spelled, a timetable never does."""
    hour = value.hour % 12 or 12
    half = ("a.m.", "p.m.")[value.hour >= 12]
    return f"{hour}:{value.minute:02d} {half}"


def zone(value: datetime, language: Language) -> str:
    """`Eastern Standard Time (EST)`; elsewhere in the world `local time (UTC-05:00)`."""
    short = value.tzname() or ""
    spelled = _ZONES.get(short)
    # "CST" is also China and Cuba, "IST" three places: only American clocks get the American words.
    if spelled and str(value.tzinfo).startswith(("America/", "US/", "Pacific/")):
        return f"{spelled[language == 'es']} ({short})"
    offset = value.strftime("%z")
    here = "local time" if language == "en" else "hora local"
    return f"{here} (UTC{offset[:3]}:{offset[3:5]})"


def clocks_change(value: datetime, language: Language) -> str:
    """A sentence for a time that comes twice that night; empty for every other time."""
    if happens_once(value):
        return ""
    utc = in_utc(value).strftime("%H:%M")
    said = f"{clock(value, language)} {zone(value, language)}"
    if language == "en":
        return f"The clocks change that night: this is {said}, {utc} UTC."
    return f"Esa noche cambia la hora: es {said}, {utc} UTC."


def money(amount: Money, language: Language) -> str:
    """`$1,284.50` in both languages: families in the United States read dollars this way."""
    return str(amount)


def nights(count: int, language: Language) -> str:
    one, many = (("night", "nights"), ("noche", "noches"))[language == "es"]
    return f"{count} {one if count == 1 else many}"


def airline_miles(count: int, language: Language) -> str:
    one, many = (("airline mile", "airline miles"), ("milla aérea", "millas aéreas"))[language == "es"]
    return f"{count:,} {one if count == 1 else many}"


def joined(items: Sequence[str], language: Language) -> str:
    """`Ana, Luis and Rosa` / `Ana, Luis y Rosa`; Spanish `e` before an i sound."""
    if len(items) < 2:
        return "".join(items)
    last = items[-1]
    word = "and" if language == "en" else _and_before(last)
    return f"{', '.join(items[:-1])} {word} {last}"


def _and_before(word: str) -> str:
    start = word.casefold()
    sounds_i = start.startswith(("i", "í", "hi", "hí")) and not start.startswith(
        ("hie", "hia", "hio", "ia", "ie", "io")
    )
    return "e" if sounds_i else "y"


def first_name(name: str) -> str:
    """What strangers may read of a child's name: its first word."""
    return name.split()[0]
