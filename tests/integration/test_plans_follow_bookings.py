"""The plan turns from planned to confirmed as the desk books: made again, told alike."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from icalendar import Calendar
from sqlalchemy.orm import Session

from flows import issue_documents
from flows.send_notices import BY
from reunify.approval import queries as approval
from reunify.documents import queries, trips
from reunify.documents.queries import Document
from reunify.kernel.ids import RequestId
from reunify.notices import families
from reunify.reporting import telling, waiting
from tests.integration.desk_world import award_of, books, boy, released, to_book, told
from tests.objects import stored
from tests.town import Town, built
from tests.unit.test_documents_samples import text_of


@pytest.fixture
def town(settled_db: Any, tmp_path: Path) -> Iterator[Town]:
    with built(settled_db, tmp_path) as town:
        yield town


def plans(session: Session, request: str) -> list[Document]:
    """Oldest first."""
    found = queries.list_for_request(session, RequestId(UUID(request)))
    return sorted((d for d in found if d.kind == "itinerary"), key=lambda d: d.revision)


def test_each_booking_makes_the_plan_again_until_it_is_confirmed(town: Town) -> None:
    request = released(town)
    first, *others = to_book(town, request)
    books(town, request, told(first, first["ceiling_cents"]))
    town.work()
    books(town, request, *(told(b, b["ceiling_cents"], locator="RM8841", vendor="Inn") for b in others))
    partner = [b for b in town.progress(request)["bookings"] if b["settlement"] == "partner_gives"]
    books(
        town, request, *(told(b, 0, locator="GIFT22", vendor="Oak Inn", paid_with="partner") for b in partner)
    )
    town.work()
    with town.house.db.read() as session:
        made = plans(session, request)
        said = [text_of(queries.content(session, d.id, "docx").body) for d in made]
        events = [Calendar.from_ical(queries.content(session, d.id, "ics").body).walk("VEVENT") for d in made]
        letters = session.scalar(sa.text("SELECT count(*) FROM documents WHERE kind = 'approval_letter'"))
        waits = waiting.requests_to_document(session, limit=10)
    faces = [next(p for p in paper.splitlines() if p.startswith("Su plan de viaje:")) for paper in said]
    assert faces == [
        "Su plan de viaje: planeado",
        "Su plan de viaje: confirmado en parte",
        "Su plan de viaje: confirmado",
    ]
    assert ["QK7P2M" in paper for paper in said] == [False, True, True]
    assert ["RM8841" in paper for paper in said] == [False, False, True]
    assert "Mateo Quintero" not in "".join(said)
    sequences = [event[0]["sequence"] for event in events]
    assert sequences == sorted(set(sequences))
    assert len({str(event[0]["uid"]) for event in events}) == 1
    for code in ("QK7P2M", "RM8841"):
        assert code in " ".join(str(event["description"]) for event in events[2])
    assert letters == 1
    assert waits == []
    assert issue_documents.issue_documents(town.house, [UUID(request)], None) == 1  # finds what there is
    with town.house.db.read() as session:
        assert len(plans(session, request)) == 3
        rows = session.execute(sa.text("SELECT d::text FROM documents d")).scalars().all()
        kept = stored(session)
        (trip,) = trips.of_award(
            session, approval.award(session, UUID(award_of(town, request))), now=town.clock()
        )
    # The codes stand in sealed files alone: they are gone with the family's key.
    assert not any(code in row for row in rows for code in ("QK7P2M", "RM8841", "GIFT22"))
    assert not any(code in blob for blob in kept for code in (b"QK7P2M", b"RM8841", b"GIFT22"))
    assert trip.face == "confirmed"
    assert "QK7P2M" not in repr(trip)


def of_two_households() -> dict[str, Any]:
    """The father flies to where the boy is on a plan of his own; the mother brings him home."""
    draft = boy()
    mother = draft["travelers"][0]
    father = copy.deepcopy(mother) | {"key": "father", "name": "Tomas Quintero", "birth_date": "1984-02-11"}
    mother["household"], father["household"] = "hers", "his"
    draft["travelers"].append(father)
    draft["legs"] = [leg | {"household": "hers"} for leg in draft["legs"]]
    draft["legs"].append(draft["legs"][0] | {"key": "his-out", "travelers": ["father"], "household": "his"})
    fare = next(line for line in draft["cost_lines"] if line["key"] == "fare-mother")
    draft["cost_lines"] = [line | {"household": "hers"} for line in draft["cost_lines"]]
    draft["cost_lines"].append(fare | {"key": "fare-father", "traveler": "father", "household": "his"})
    return draft


def test_of_two_households_neither_hears_that_something_of_the_other_was_booked(town: Town) -> None:
    request = released(town, of_two_households())
    (his,) = [b for b in to_book(town, request) if b["line"] == "fare-father"]
    books(town, request, told(his, his["ceiling_cents"]))
    town.work()
    with town.house.db.read() as session:
        made = plans(session, request)
        assert waiting.requests_to_document(session, limit=10) == []
    revisions = [(document.household, document.revision) for document in made]
    assert sorted(revisions)[0] == ("hers", 0)
    assert [household for household, _ in revisions].count("hers") == 1
    assert [household for household, _ in revisions].count("his") == 2
    assert booked_texts(town) == {"reader:father"}


def booked_texts(town: Town) -> set[str]:
    """Who hears by text that something was booked, once all news is planned."""
    with town.house.db.work() as session:
        for one in telling.news(session, now=town.clock(), limit=10):
            families.tell(
                session,
                request_id=one.request_id,
                move=one.move,
                kind=one.kind,
                changed=one.changed,
                by=BY,
                now=town.clock(),
            )
        assert telling.news(session, now=town.clock(), limit=10) == []
        return set(session.scalars(sa.text("SELECT person FROM notices WHERE kind = 'booked'")))
