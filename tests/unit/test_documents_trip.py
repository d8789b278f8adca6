"""The itinerary and the calendar: right times, right zones, and nothing a stranger should read."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from icalendar import Calendar

from reunify.adapters.docx_renderer import DocxRenderer
from reunify.documents import words
from reunify.documents.calendar import travel_calendar
from reunify.documents.words import ZoneUnknown
from reunify.intake.form import Language, TravelRequest
from tests.unit.test_documents_samples import TEMPLATES, contexts, plan, text_of, trip

NOW = datetime(2026, 11, 5, 3, 0, tzinfo=UTC)


def _calendar(request: TravelRequest, language: Language = "en", sequence: int = 1) -> Calendar:
    made = travel_calendar(
        request, language, reference="R-7KQ4MX", sequence=sequence, call="1-800-555-0143", now=NOW
    )
    assert all(len(line) <= 75 for line in made.split(b"\r\n"))
    return Calendar.from_ical(made)  # type: ignore[return-value]


def _one_leg(**changed: Any) -> TravelRequest:
    leg = trip().model_dump(mode="json")["legs"][0] | changed
    return trip(legs=[leg])


def test_times_are_local_to_each_end_with_the_zone_spelled_out() -> None:
    first = contexts("en")["itinerary"]["travelers"][0]["legs"][0]
    assert first["title"] == "Flight 1 of 2"
    assert first["leaves"] == {
        "time": "6:00 a.m.",
        "day": "Friday, November 6",
        "place": "El Paso, TX",
        "zone": "Mountain Standard Time (MST)",
    }
    assert first["arrives"]["zone"] == "Eastern Standard Time (EST)"
    spanish = contexts("es")["itinerary"]["travelers"][0]["legs"][0]
    assert spanish["leaves"]["day"] == "viernes, 6 de noviembre"
    assert spanish["leaves"]["zone"] == "hora estándar de la Montaña (MST)"


def test_strangers_read_no_whole_name_of_a_child_no_medicine_no_case_and_no_fund() -> None:
    said = text_of(DocxRenderer(TEMPLATES).render("itinerary", "en", contexts("en")["itinerary"]))
    for hidden in ("Ortiz", "insulin", "runaway", "C-1", "Fund"):
        assert hidden not in said
    assert "A county worker waits with Luis at baggage claim" in said
    assert "Medicines, in the hand bag." in said


def test_the_desk_sentence_is_said_in_english_and_explained_in_spanish() -> None:
    stay = contexts("es")["itinerary"]["stays"][0]
    assert stay["say"].startswith("I have a room under the name Rosa María Peña, paid by Homeward")
    assert stay["meaning"].startswith("Tengo un cuarto a nombre de")
    assert contexts("en")["itinerary"]["stays"][0]["meaning"] == ""


def test_only_what_is_arranged_is_listed_as_paid() -> None:
    lines = contexts("en")["itinerary"]["lines"]
    assert [line["what"] for line in lines] == [
        "Plane ticket",
        "Hotel, night of November 6",
        "Meals, November 6 to 7",
    ]
    assert lines[2]["amount"] == "up to $142.50"
    assert lines[0]["amount"] == ""


def test_a_child_who_flies_alone_is_met_by_name() -> None:
    leg = plan("en", _one_leg(travelers=["child"]))["travelers"][0]["legs"][0]
    assert leg["people"] == "Luis will fly alone with airline staff"
    assert leg["meets"] == "Rosa María Peña"


def test_a_plan_with_nothing_optional_still_reads_well() -> None:
    bare = _one_leg(carrier=None, note=None)
    said = text_of(DocxRenderer(TEMPLATES).render("itinerary", "es", plan("es", bare)))
    assert "None" not in said
    assert "Dónde va a dormir" in said


def test_calendar_titles_tell_neither_who_nor_where() -> None:
    written = travel_calendar(
        trip(), "en", reference="R-7KQ4MX", sequence=1, call="555-0100", now=NOW
    ).decode()
    for hidden in ("Luis", "Rosa", "Paso", "Atlanta", "elp", "LOCATION", "Delta"):
        assert hidden not in written
    events = _calendar(trip()).walk("VEVENT")
    assert [str(e["summary"]) for e in events] == ["Flight 1 of 2", "Flight 2 of 2"]
    assert {str(e["class"]) for e in events} == {"PRIVATE"}
    assert all(len(e.walk("VALARM")) == 2 for e in events)


def test_calendar_times_are_the_same_moments_with_their_zones() -> None:
    first = _calendar(trip(), "es").walk("VEVENT")[0]
    assert first["dtstart"].dt.astimezone(UTC) == datetime(2026, 11, 6, 13, 0, tzinfo=UTC)
    assert first["dtend"].dt.astimezone(UTC) == datetime(2026, 11, 6, 16, 5, tzinfo=UTC)
    assert {str(z["tzid"]) for z in _calendar(trip()).walk("VTIMEZONE")} == {
        "America/Denver",
        "America/New_York",
    }


def test_a_new_version_replaces_the_same_events() -> None:
    before, after = _calendar(trip()).walk("VEVENT"), _calendar(trip(), sequence=2).walk("VEVENT")
    assert [e["uid"] for e in before] == [e["uid"] for e in after]
    assert before[0]["sequence"] == 1
    assert after[0]["sequence"] == 2


def test_a_time_that_comes_twice_is_written_in_utc_and_explained() -> None:
    request = _one_leg(
        departs="2026-11-01T01:30",
        departs_zone="America/Los_Angeles",
        arrives="2026-11-01T09:00",
        arrives_zone="America/New_York",
    )
    written = travel_calendar(request, "en", reference="R-1", sequence=1, call="555-0100", now=NOW)
    assert b"DTSTART:20261101T083000Z" in written
    leg = plan("en", request)["travelers"][0]["legs"][0]
    assert leg["clocks"] == (
        "The clocks change that night: this is 1:30 a.m. Pacific Daylight Time (PDT), 08:30 UTC."
    )


def test_a_zone_that_does_not_exist_is_refused_in_words() -> None:
    for name in ("Mars/Olympus", "../../etc/passwd", ""):
        with pytest.raises(ZoneUnknown):
            words.zone_of(name)


def test_words_are_spoken_as_each_language_does() -> None:
    moment = words.local(datetime(2026, 11, 5, 0, 5), "America/Mexico_City")
    assert words.clock(moment, "es") == "12:05 a.m."
    assert (
        words.zone(words.local(datetime(2026, 7, 1, 12, 0), "Europe/Madrid"), "es")
        == "hora local (UTC+02:00)"
    )
    assert words.joined(["Ana", "Luis", "Íñigo"], "es") == "Ana, Luis e Íñigo"
    assert words.joined(["Ana", "Hiedra"], "es") == "Ana y Hiedra"
    assert words.joined(["Ana", "Luis"], "en") == "Ana and Luis"
    assert words.days(moment.date(), moment.date(), "en") == "November 5"
    assert words.days(datetime(2026, 9, 30).date(), datetime(2026, 10, 1).date(), "es") == (
        "del 30 de septiembre al 1 de octubre"
    )
