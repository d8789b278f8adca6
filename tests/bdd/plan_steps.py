"""The travel plan on paper, aloud, as a text and on an old phone."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

from icalendar import Calendar
from pytest_bdd import given, parsers, then, when

from reunify.approval import queries as approval
from reunify.documents import queries, trips
from reunify.documents.messages import text_itinerary
from reunify.documents.queries import Document
from reunify.kernel.ids import RequestId
from tests.integration import desk_world as desk
from tests.unit.test_documents_samples import text_of
from tests.web.pages_world import browser, signed_in, text

CODE = "Q, de queso; K, de kilo; siete; P, de papel; dos; M, de mano"


def plans(story: Any) -> list[Document]:
    """Oldest first."""
    with story.town.house.db.read() as session:
        made = queries.list_for_request(session, RequestId(UUID(story.request_id)))
    return sorted((d for d in made if d.kind == "itinerary"), key=lambda d: d.revision)


def paper(story: Any) -> str:
    with story.town.house.db.read() as session:
        return text_of(queries.content(session, plans(story)[-1].id, "docx").body)


@given("the boy's trip is released, and the organisation books his mother's way")
def trip_released(story: Any) -> None:
    story.request_id = desk.released(story.town)


@given(parsers.parse("Ana tickets the mother's fare with the code {code}"))
def tickets_fare(story: Any, code: str) -> None:
    (fare,) = (b for b in desk.to_book(story.town, story.request_id) if b["line"] == "fare-mother")
    desk.books(story.town, story.request_id, desk.told(fare, fare["ceiling_cents"], locator=code))
    story.town.work()


@when("Ana tickets all the rest")
def tickets_rest(story: Any) -> None:
    rest = [b for b in story.progress["bookings"] if b["state"] == "wanted"]
    gives = {"paid_with": "partner", "vendor": "Oak Inn"}
    said = [
        desk.told(b, b["ceiling_cents"], **(gives if b["settlement"] == "partner_gives" else {}))
        for b in rest
    ]
    desk.books(story.town, story.request_id, *said)
    story.town.work()


@when("the airline moves the flight and Ana changes the booking")
def changes(story: Any) -> None:
    (made,) = (b for b in story.progress["bookings"] if b["line"] == "fare-mother")
    story.act("Ana", "change it", f"/bookings/{made['id']}/change", {"reason": "The flight was moved."})
    story.town.work()


@given(parsers.parse('the plan on paper is "{face}"'))
@then(parsers.parse('the plan on paper is "{face}"'))
def plan_is(story: Any, face: str) -> None:
    assert f"Su plan de viaje: {face}" in paper(story).splitlines()


@then("no code stands on it")
def no_code(story: Any) -> None:
    assert "Código" not in paper(story)


@then(parsers.parse("the code {code} stands on it"))
def code_stands(story: Any, code: str) -> None:
    assert f"Código: {code}" in paper(story)


@then("the calendar replaces the one before it")
def calendar_replaces(story: Any) -> None:
    with story.town.house.db.read() as session:
        before, after = (
            Calendar.from_ical(queries.content(session, d.id, "ics").body).walk("VEVENT")
            for d in plans(story)
        )
    assert [e["uid"] for e in before] == [e["uid"] for e in after]
    assert all(old["sequence"] < new["sequence"] for old, new in zip(before, after, strict=True))


@when("Ana opens the script for the telephone")
def opens_script(story: Any) -> None:
    story.answer = script_for(story, "ana")


def script_for(story: Any, who: str) -> Any:
    with signed_in(story.town.house, who) as desk_browser:
        return desk_browser.get(f"/requests/{story.request_id}/read-aloud")


@then("she reads the code in Spanish, letter by letter, with the English beside it")
def reads_code(story: Any) -> None:
    said = text(story.answer)
    assert f"El código es: {CODE}." in said
    assert "The code is: Q, as in queen; K, as in kite; seven" in said


@then("she asks for the code back")
def asks_back(story: Any) -> None:
    rows = re.findall(r"<tr>.*?</tr>", story.answer.text, re.DOTALL)
    at = next(n for n, row in enumerate(rows) if CODE in row)
    assert "Por favor, repítame el código." in rows[at + 1]
    assert "Ask back" in rows[at + 1]


@then("the short address is spelled for her to say")
def address_spelled(story: Any) -> None:
    assert "diagonal go" in text(story.answer)


@then("when Ben, who only handles money, asks for the script he is turned away")
def turned_away(story: Any) -> None:
    answer = script_for(story, "ben")
    assert answer.status_code in (403, 404)
    assert CODE not in answer.text


def message(story: Any) -> Any:
    with story.town.house.db.read() as session:
        award = approval.award(session, UUID(story.progress["award"]["id"]))
        (trip,) = trips.of_award(session, award, now=story.town.clock())
    return text_itinerary(trip, place="reunify.example/go")


@then(parsers.parse("the text message has at most {most:d} parts and holds the code {code}"))
def few_parts(story: Any, most: int, code: str) -> None:
    sent = message(story)
    assert 1 <= sent.parts <= most
    assert code in sent.body


@then("it names neither the mother nor the boy, no place and no hotel")
def names_nobody(story: Any) -> None:
    said = message(story).body
    content = desk.boy()
    people = [part for t in content["travelers"] for part in t["name"].split()]
    places = [leg[end]["city"] for leg in content["legs"] for end in ("origin", "destination")]
    hotels = [p["name"] for p in content["payees"] if p["key"] in ("hotel", "partner")]
    assert people
    assert places
    assert hotels
    assert [word for word in (*people, *places, *hotels) if word in said] == []


@given("Ana has told her the code of eight and the six numbers")
def told_code(story: Any) -> None:
    with signed_in(story.town.house, "ana") as desk_browser:
        page = desk_browser.post(f"/requests/{story.request_id}/links", data={"reader": "mother"})
    _, story.draft["code"], story.draft["pin"] = re.findall(
        r'class="(?:secret|code)[^"]*">([^<]+)<', page.text
    )


@when("she types them at the short address")
def types_them(story: Any) -> None:
    with browser(story.town.house) as phone:
        typed = {"code": story.draft["code"].lower(), "pin": story.draft["pin"]}
        story.answer = phone.post("/go", data=typed)


@then(parsers.parse("her page says that part of the trip is confirmed, with the code {code}"))
def page_says(story: Any, code: str) -> None:
    said = text(story.answer)
    assert "Una parte de su viaje está confirmada" in said
    assert f"Código: {code}" in said
    assert "Planeado. Le avisamos cuando esté reservado." in said
