"""Dates, times, money and lists read as Unicode's data say they do in the United States, in both languages.

We write them by our own small tables (ADR 4). Meant otherwise: English `6:00 a.m.` for `6:00 AM`, no comma
before `and`, Spanish `e Íñigo`, and the Spanish names of zones that radio and airports use (`OURS`).
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo

import pytest
from babel.dates import format_date, format_time, get_timezone_name
from babel.lists import format_list
from babel.numbers import format_currency, format_decimal

from reunify.documents import messages, words
from reunify.intake.form import Language
from reunify.kernel.money import Money

LOCALES: Final[dict[Language, str]] = {"en": "en_US", "es": "es_US"}
BOTH: Final = sorted(LOCALES)
YEAR: Final = [date(2027, 12, 31) + timedelta(days=n) for n in range(1, 367)]
OURS: Final = {"oriental": "del Este", "central": "del Centro", "las Montañas Rocosas": "la Montaña"}
ZONES: Final = [
    "America/Anchorage",
    "America/Chicago",
    "America/Denver",
    "America/Los_Angeles",
    "America/New_York",
    "America/Phoenix",
    "America/Puerto_Rico",
]


@pytest.mark.parametrize("language", BOTH)
def test_every_day_of_a_year_is_written_as_it_is_there(language: Language) -> None:
    locale = LOCALES[language]
    for one in YEAR:
        assert words.day(one, language) == format_date(one, "long", locale=locale)
        assert words.day(one, language, weekday=True) == format_date(one, "full", locale=locale)
        short = format_date(one, "EEE MMM d" if language == "en" else "EEE d MMM", locale=locale)
        assert messages._day(one, language) == short.replace("sept", "sep")


@pytest.mark.parametrize("language", BOTH)
def test_every_hour_and_amount_is_written_as_it_is_there(language: Language) -> None:
    locale = LOCALES[language]
    for minute in range(0, 24 * 60, 5):
        moment = datetime(2026, 11, 6, minute // 60, minute % 60, tzinfo=ZoneInfo("America/Denver"))
        said = format_time(moment, "short", tzinfo=moment.tzinfo, locale=locale).replace("\u202f", " ")
        assert words.clock(moment, language) == said.replace("AM", "a.m.").replace("PM", "p.m.")
    for cents in (0, 1, 99, 100, 14_250, 128_450, 99_999_999, 123_456_789_00):
        spelled = format_currency(Decimal(cents) / 100, "USD", locale=locale)
        assert words.money(Money(cents), language) == spelled
    assert words.airline_miles(25_000, language).split()[0] == format_decimal(25_000, locale=locale)


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("language", BOTH)
def test_the_clocks_of_the_country_have_their_names(language: Language, zone: str) -> None:
    for month in (1, 7):
        noon = datetime(2026, month, 1, 12, tzinfo=ZoneInfo(zone))
        name = get_timezone_name(noon, width="long", locale=LOCALES[language])
        for theirs, ours in OURS.items():
            name = name.replace(theirs, ours)
        assert words.zone(noon, language) == f"{name} ({noon.tzname()})"


def test_names_are_joined_as_they_are_there() -> None:
    for names in (["Ana"], ["Ana", "Luis"], ["Ana", "Luis", "Rosa"]):
        assert words.joined(names, "es") == format_list(names, locale="es_US")
        assert words.joined(names, "en") == format_list(names, locale="en_US").replace(", and", " and")
