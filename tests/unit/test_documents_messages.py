"""The plan as a text message and as it is read aloud: short, countable, nothing for a bystander."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reunify.bookings.queries import Booking
from reunify.documents import aloud, glossary, spoken
from reunify.documents.messages import MOST_PARTS, encoding_of, parts, text_itinerary, without_accents
from reunify.documents.trips import Trip, calendar_of
from reunify.intake.form import Language, TravelRequest
from tests.unit.document_trips import trip_of
from tests.unit.test_documents_samples import HEADING, ROOM, SEAT, TEMPLATES, booking, trip
from tests.unit.test_documents_trip import NOW

BOTH: tuple[Language, ...] = ("en", "es")
PLACE = "homeward.example/go"
ARRANGED = ["a1", "h1", "m1"]


def a_trip(
    language: Language, *bookings: Booking, request: TravelRequest | None = None, sequence: int = 1
) -> Trip:
    return trip_of(language, request or trip(), bookings, arranged=ARRANGED, sequence=sequence)


def with_legs(count: int, **changed: Any) -> TravelRequest:
    leg = trip().model_dump(mode="json")["legs"][0] | changed
    return trip(legs=[leg | {"key": f"leg-{n}"} for n in range(count)])


@pytest.mark.parametrize(
    ("body", "encoding", "count"),
    [
        ("a" * 160, "gsm7", 1),
        ("a" * 161, "gsm7", 2),
        ("a" * 306, "gsm7", 2),
        ("a" * 307, "gsm7", 3),
        ("€" * 80, "gsm7", 1),  # two places each
        ("€" * 81, "gsm7", 2),
        ("a" * 152 + "€" + "a" * 153, "gsm7", 3),  # never cut in two: one place is lost
        ("ó" * 70, "ucs2", 1),
        ("ó" * 71, "ucs2", 2),
        ("ó" * 134, "ucs2", 2),
        ("ó" * 135, "ucs2", 3),
        ("\N{BUS}" * 35, "ucs2", 1),
        ("\N{BUS}" * 36, "ucs2", 2),
        ("ó" * 66 + "\N{BUS}" + "ó" * 66, "ucs2", 3),
        ("ñ¿é" * 53, "gsm7", 1),
    ],
)
def test_parts_are_counted_as_a_phone_company_does(body: str, encoding: str, count: int) -> None:
    assert (encoding_of(body), parts(body)) == (encoding, count)


@pytest.mark.parametrize("language", BOTH)
def test_the_message_says_when_how_sure_and_the_code(language: Language) -> None:
    text = text_itinerary(a_trip(language, SEAT, ROOM), place=PLACE)
    first = text.body.splitlines()[1]
    assert (
        first
        == {
            "en": "Flight 1 of 2 Prairie Air: Fri Nov 6 6:00 a.m. MST - Fri Nov 6 11:05 a.m. EST, confirmed, "
            "code QK7P2M.",
            "es": "Vuelo 1 de 2 Prairie Air: vie 6 nov 6:00 a.m. MST - vie 6 nov 11:05 a.m. EST, confirmado, "
            "codigo QK7P2M.",
        }[language]
    )
    assert PLACE in text.body
    assert HEADING.organisation.phone_night in text.body
    assert text.parts <= MOST_PARTS


@pytest.mark.parametrize("language", BOTH)
def test_the_message_names_nobody_no_place_no_hotel_and_no_case(language: Language) -> None:
    said = text_itinerary(a_trip(language, SEAT, ROOM), place=PLACE).body
    for hidden in ("Rosa", "Luis", "Peña", "Pena", "Paso", "Atlanta", "Inn", "Main", "insulin", "C-1"):
        assert hidden not in said
    assert glossary.avoided_in(said, language, glossary.load(TEMPLATES)) == []


def test_a_carrier_that_says_the_place_is_left_out() -> None:
    seat = replace(SEAT, vendor="Atlanta Coaches")
    assert "Atlanta" not in text_itinerary(a_trip("en", seat), place=PLACE).body


def test_accents_stay_where_the_message_fits_with_them() -> None:
    short = text_itinerary(a_trip("es", request=with_legs(1, mode="car")), place=PLACE)
    assert short.encoding == "ucs2"
    assert "día" in short.body
    long = text_itinerary(a_trip("es", SEAT, ROOM, request=with_legs(3)), place=PLACE)
    assert long.encoding == "gsm7"
    assert "dia" in long.body


def test_what_the_plain_alphabet_has_keeps_its_accent() -> None:
    assert without_accents("mañana, ¿sí? Élé vía") == "mañana, ¿si? Élé via"


@given(
    legs=st.integers(1, 40),
    carrier=st.text(max_size=40),
    language=st.sampled_from(BOTH),
    booked_seat=st.booleans(),
)
@settings(max_examples=40, deadline=None)
def test_however_long_the_trip_the_message_has_at_most_four_parts_and_its_two_ends(
    legs: int, carrier: str, language: Language, booked_seat: bool
) -> None:
    seats = [replace(SEAT, vendor=carrier)] if booked_seat else []
    text = text_itinerary(a_trip(language, *seats, request=with_legs(legs)), place=PLACE)
    assert text.parts == parts(text.body) <= MOST_PARTS
    assert HEADING.reference in text.body.splitlines()[0]
    assert text.body.endswith(HEADING.organisation.phone_night)


def test_a_trip_too_long_says_that_there_is_more() -> None:
    text = text_itinerary(a_trip("en", SEAT, request=with_legs(20)), place=PLACE)
    assert "More is on your page." in text.body.splitlines()
    assert "Flight 1 of 20" in text.body
    assert "Flight 20 of 20" not in text.body


def test_numbers_and_codes_are_said_sign_by_sign() -> None:
    assert spoken.digits("404-555", "en") == "four, zero, four; five, five, five"
    assert spoken.spelled("QK7", "es") == "Q, de queso; K, de kilo; siete"
    assert spoken.spelled("éø-1", "en") == "E, as in egg; one"
    assert spoken.numbers_in("9 Main Street, 303", "es") == "nueve Main Street, tres, cero, tres"
    assert spoken.address("reunify.example/go", "en") == "reunify dot example slash go"


@pytest.mark.parametrize("table", [spoken.DIGITS, spoken.LETTERS], ids=["digits", "letters"])
@pytest.mark.parametrize("language", [0, 1], ids=BOTH)
def test_no_two_signs_sound_alike(table: dict[str, tuple[str, str]], language: int) -> None:
    assert len({pair[language] for pair in table.values()}) == len(table)


@pytest.mark.parametrize("language", BOTH)
def test_every_code_and_phone_of_the_plan_is_read_in_words_and_the_code_asked_back(
    language: Language,
) -> None:
    lines = aloud.script(a_trip(language, SEAT, ROOM))
    said = [line.said for line in lines]
    for code in ("QK7P2M", "88412"):
        (at, *_) = (n for n, line in enumerate(said) if spoken.spelled(code, language) in line)
        assert lines[at + 1].asks
    for phone in ("1-800-555-0177", "404-555-0100", HEADING.organisation.phone_night):
        assert any(spoken.digits(phone, language) in line for line in said)
    assert lines[0].asks
    assert lines[-1].asks


def test_the_script_in_two_languages_has_the_same_lines() -> None:
    for bookings in ([], [SEAT], [SEAT, ROOM]):
        english, spanish = (aloud.script(a_trip(language, *bookings)) for language in BOTH)
        assert [line.asks for line in english] == [line.asks for line in spanish]


def test_a_plan_is_read_as_a_plan() -> None:
    said = [line.said for line in aloud.script(a_trip("es"))]
    assert said[1].startswith("Todavía es un plan. Por favor, no salga")
    assert not any("código" in line for line in said)


@pytest.mark.parametrize("language", BOTH)
def test_nothing_read_aloud_hurts_and_no_child_is_named_whole(language: Language) -> None:
    said = " ".join(line.said for line in aloud.script(a_trip(language, SEAT, ROOM)))
    assert glossary.avoided_in(said, language, glossary.load(TEMPLATES)) == []
    for hidden in ("Ortiz", "insulin", "C-1"):
        assert hidden not in said


def test_one_in_the_afternoon_is_said_as_spanish_does() -> None:
    said = [
        line.said for line in aloud.script(a_trip("es", request=with_legs(1, departs="2026-11-06T13:05")))
    ]
    assert any("a la 1:05 p.m." in line for line in said)
    assert any("a las 11:15 a.m." in line for line in said)


def test_two_who_hear_the_same_of_a_leg_hear_it_once() -> None:
    said = [line.said for line in aloud.script(a_trip("en", SEAT))]
    assert sum(line.startswith("Flight 2 of 2") for line in said) == 1
    assert "This part is for Rosa María Peña and Luis." in said


def test_codes_stand_in_the_description_of_the_calendar_and_no_name_anywhere() -> None:
    written = re.sub(r"\r\n ", "", calendar_of(a_trip("en", SEAT, sequence=3), now=NOW).decode())
    assert written.count("Code: QK7P2M") == 2
    assert written.count("Confirmed.") == 2
    assert written.count("SEQUENCE:3") == 2
    titles = re.findall(r"SUMMARY:(.*)\r", written)
    assert titles == ["Flight 1 of 2", "Flight 2 of 2"]
    for hidden in ("Rosa", "Luis", "Atlanta", "Paso"):
        assert hidden not in written


def test_a_seat_only_held_gives_the_calendar_no_code() -> None:
    held = booking("a1", state="held", locator="QK7P2M")
    assert b"QK7P2M" not in calendar_of(a_trip("en", held), now=NOW)
