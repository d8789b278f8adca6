"""A partner is asked for a room: the consent first, then the paper, and no more once it is taken back."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from pytest_bdd import given, then, when

from reunify.consent import actions as consent
from reunify.consent import queries as consents
from reunify.consent.actions import Paper
from reunify.documents import queries as documents
from reunify.intake import queries as requests
from reunify.intake import signers
from reunify.kernel.ids import RequestId
from reunify.sandbox.people import known_as
from tests.unit.test_documents_samples import text_of
from tests.web.pages_world import signed_in

PARTNER = "Sample Hotels Foundation"
ASKED = {"kind": "partner_request", "about": "partner", "language": "en"}


@given("a boy's mother who needs a room that a partner gives")
def needs_room(story: Any) -> None:
    story.enter(story.family("b"))


@when("Ana asks the partner for it")
def asks_partner(story: Any) -> None:
    story.tries("Ana", f"/requests/{story.request_id}/outside-papers", ASKED)


@then("it is refused: one person still has to sign")
def refused(story: Any) -> None:
    assert story.answer.status_code == 403
    assert f"{PARTNER} may not be told this: 1 person still has to sign." in story.answer.json()["detail"]


@when("Ana asks the mother, and she signs on paper")
def signs(story: Any) -> None:
    story.act("Ana", "ask her", f"/requests/{story.request_id}/outside-papers/consents", ASKED)
    house = story.town.house
    with house.db.work() as session:
        by = known_as(session, "ana")
        (ask,) = (a for a in _asks(session, story) if a.recipient.name == PARTNER)
        content = requests.newest_version(session, UUID(story.request_id)).content
        consent.record_paper(
            session,
            ask=ask,
            needed=signers.needed_for(content, ask.about, on=house.now().date()),
            giver="mother",
            name="Marisol Quintero Vega",
            months=3,
            paper=Paper("Folder 3", by.id),
            language="es",
            by=by,
            now=house.now(),
        )


@then("the partner's paper names the mother and the night, and nobody else")
def paper_names(story: Any) -> None:
    assert story.answer.status_code == 201, story.answer.text
    page = signed_in(story.town.house, "ana")
    said = text_of(page.get(f"/documents/{_paper(story).id}/docx").content)
    for one in ("Marisol Quintero Vega", "Hotel, night of", "1 night", "Atlanta", _paper(story).code or "?"):
        assert one in said
    for secret in ("Mateo", "Sample Southern", "$", "1986"):
        assert secret not in said


@then("the family's page says that the partner was told")
def family_reads(story: Any) -> None:
    with story.town.house.db.read() as session:
        told = [r for r in consents.releases(session, UUID(story.request_id)) if r.recipient.name == PARTNER]
    assert [(r.what, r.about) for r in told] == [("room_details", "mother")]


@when("the mother takes it back")
def takes_back(story: Any) -> None:
    house = story.town.house
    with house.db.work() as session:
        (ask,) = (a for a in _asks(session, story) if a.recipient.name == PARTNER)
        consent.take_back(session, ask=ask, giver="mother", by=known_as(session, "ana"), now=house.now())


@then("the paper that was made is not handed out any more")
def closed(story: Any) -> None:
    page = signed_in(story.town.house, "ana")
    assert page.get(f"/documents/{_paper(story).id}/docx").status_code == 403


def _asks(session: Any, story: Any) -> list[consents.Ask]:
    return consents.asks(session, UUID(story.request_id))


def _paper(story: Any) -> documents.Document:
    with story.town.house.db.read() as session:
        found = documents.list_for_request(session, RequestId(UUID(story.request_id)))
    (paper,) = (one for one in found if one.kind == "partner_request")
    return paper
