"""On the page of requests to others: blocked until all have signed, kept as told, closed when taken back."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from reunify.bootstrap import House
from reunify.consent import actions as consent
from reunify.consent import queries as consents
from reunify.consent.actions import Paper
from reunify.consent.policy import Recipient, RecipientKind, Told
from reunify.documents import confirming, genuine, outside_papers
from reunify.documents import queries as documents
from reunify.documents.making import Made, make
from reunify.documents.outside_leave import StillToSign
from reunify.documents.outside_papers import Wanted
from reunify.documents.queries import Document
from reunify.intake import actions as intake
from reunify.intake import outcomes, signers
from reunify.intake import queries as requests
from reunify.intake.outcome_policy import Outcome
from reunify.kernel.ids import RequestId
from reunify.kernel.people import Staff
from reunify.sandbox.families import sample_family
from reunify.sandbox.people import known_as
from reunify.web.pages import family_plan as plan
from tests.unit.test_documents_samples import text_of
from tests.web.pages_world import TestClient, signed_in, text

CARRIER = "Sample Southern Airways"
OFFICE = "Sample Compact Office, Georgia"
MOTHER = "Marisol Quintero Vega"
BOY = "Mateo Quintero"


@pytest.fixture
def by(house: House) -> Iterator[Staff]:
    with house.db.read() as session:
        yield known_as(session, "ana")


@pytest.fixture
def ana(house: House) -> TestClient:
    return signed_in(house, "ana")


def submitted(house: House, by: Staff) -> RequestId:
    """The boy flies home alone, his mother meets him; a partner gives a room."""
    draft: dict[str, Any] = copy.deepcopy(sample_family("b", house.now().date()).draft)
    home = draft["legs"][-1]
    home |= {"travelers": ["child"], "carrier": CARRIER}
    with house.db.work() as session:
        made = intake.create(session, draft=draft, by=by, now=house.now()).id
        intake.submit(
            session,
            request_id=made,
            case_types=house.case_types,
            going_on="The same family is entered by a test.",
            by=by,
            now=house.now(),
        )
    return RequestId(made)


def fields(house: House, request_id: RequestId, kind: str, **said: str) -> dict[str, str]:
    with house.db.read() as session:
        leg = requests.newest_version(session, request_id).content.legs[-1]
    return {"kind": kind, "about": leg.key, "meets": "mother", "at": leg.origin.city} | said


def signs(house: House, by: Staff, request_id: RequestId, name: str, *givers: str) -> None:
    """Everybody of `givers` signs on paper whatever this recipient was asked about, where it needs them."""
    with house.db.work() as session:
        content = requests.newest_version(session, request_id).content
        for ask in consents.asks(session, request_id):
            needed = signers.needed_for(content, ask.about, on=house.now().date())
            for giver in set(givers) & set(needed.givers) if ask.recipient.name == name else ():
                consent.record_paper(
                    session,
                    ask=ask,
                    needed=needed,
                    giver=giver,
                    name="Signed Name",
                    months=3,
                    paper=Paper("Folder 3", by.id),
                    language="es",
                    by=by,
                    now=house.now(),
                )


def takes_back(house: House, by: Staff, request_id: RequestId, name: str, giver: str) -> None:
    with house.db.work() as session:
        for ask in consents.asks(session, request_id):
            if ask.recipient.name == name and giver in ask.newest:
                consent.take_back(session, ask=ask, giver=giver, by=by, now=house.now())
                return


def decides(house: House, by: Staff, request_id: RequestId, decision: str) -> None:
    """Whether the boy may be handed to his mother, as the newest version of the request says."""
    with house.db.work() as session:
        intake.answer(
            session,
            request_id=request_id,
            answers={"/return_authority/decision": decision},
            award_stands=False,
            case_types=house.case_types,
            going_on="The same family is entered by a test.",
            by=by,
            now=house.now(),
        )


def _wanted(paper: Document) -> Wanted:
    return Wanted(paper.request_id, paper.kind, "en", paper.concerning, brings="Dana Cole, 404-555-0177")


def test_a_request_to_a_carrier_waits_for_the_child_and_a_parent_and_is_kept_as_it_was_told(
    house: House, by: Staff, ana: TestClient
) -> None:
    request_id = submitted(house, by)
    page = f"/requests/{request_id}/outside"
    said = fields(house, request_id, "minor_request", brings_worker="Dana Cole, 404-555-0177")
    blocked = ana.post(page, data=said)
    assert blocked.status_code == 403
    assert f"{CARRIER} may not be told this: 2 people still have to sign." in text(blocked)
    assert f"Still to sign: {BOY} and {MOTHER}." in text(blocked)
    assert "Dana Cole" in blocked.text
    assert ana.post(f"{page}/consents", data=said).status_code == 200
    with house.db.work() as session:  # the same words to a name one letter off open nothing
        near = Recipient(RecipientKind.CARRIER, CARRIER[:-1])
        for what, about in ((Told.TRAVEL_DETAILS, "child"), (Told.CONTACT_DETAILS, "mother")):
            consent.ask(
                session, request_id=request_id, recipient=near, what=what, about=about, by=by, now=house.now()
            )
    signs(house, by, request_id, CARRIER[:-1], "mother", "child")
    signs(house, by, request_id, CARRIER, "mother")
    blocked = ana.post(page, data=said)
    assert blocked.status_code == 403
    assert f"Still to sign: {BOY}." in text(blocked)  # the child's own signature is missing
    signs(house, by, request_id, CARRIER, "child")
    made = ana.post(page, data=said)
    assert "The paper is made and kept." in text(made)
    assert ana.post(page, data=said).status_code == 200
    with house.db.read() as session:
        (paper,) = documents.list_for_request(session, request_id)  # the same paper is made once
        seen = plan.seen_by(session, request_id, "mother")
        assert seen is not None
        assert not plan.has_document(session, request_id, seen, paper.id)  # it is no letter of the family's
        told = {(r.recipient.name, r.what, r.about) for r in consents.releases(session, request_id)}
        assert confirming.confirm(session, genuine.typed(paper.code or "") or "") is not None
    assert told == {(CARRIER, Told.TRAVEL_DETAILS, "child"), (CARRIER, Told.CONTACT_DETAILS, "mother")}
    words = text_of(ana.get(f"/documents/{paper.id}/docx").content)
    for one in (BOY, "March 14, 2011", "15 years", MOTHER, "+1 915 555 0142", "Dana Cole", paper.code or "?"):
        assert one in words
    typed = ana.post(page, data=said | {"meets": "", "meets_worker": "Marisol Quintero, 915-555-0199"})
    assert "choose them from the list" in text(typed)  # she is no worker: nobody asked her
    decides(house, by, request_id, "not_safe_or_lawful")
    closed = ana.get(f"/documents/{paper.id}/pdf")  # made before, and no longer to be sent
    assert closed.status_code == 422
    assert "safe and lawful" in text(closed)
    decides(house, by, request_id, "safe_and_lawful")
    with house.db.read() as session:
        spanish = replace(_wanted(paper), language="es")
        draft = outside_papers.draft(session, spanish, by=by, now=house.now())
    takes_back(house, by, request_id, CARRIER, "child")
    (ready,) = make([draft], renderer=house.renderer, converter=house.converter, own_url="https://x.example")
    assert isinstance(ready, Made)
    with pytest.raises(StillToSign), house.db.work() as session:  # taken back while the paper was made
        outside_papers.keep(session, wanted=spanish, made=ready, by=by, now=house.now())
    closed = ana.get(f"/documents/{paper.id}/pdf")
    assert closed.status_code == 403
    assert "1 person still has to sign. It was taken back." in text(closed)
    assert ana.post(page, data=said).status_code == 403


def test_an_office_at_an_airport_is_asked_late_and_no_more_once_all_is_quiet(
    house: House, by: Staff, ana: TestClient
) -> None:
    request_id = submitted(house, by)
    page = f"/requests/{request_id}/outside"
    said = fields(house, request_id, "supervision_request", new_office=OFFICE, language="es")
    ana.post(f"{page}/consents", data=said)
    shown = text(ana.get(page))
    assert "Fewer than 48 hours before the flight" not in shown
    signs(house, by, request_id, OFFICE, "mother", "child")
    made = ana.post(page, data=said | {"meets": ""})
    assert made.status_code == 200
    with house.db.read() as session:
        (paper,) = documents.list_for_request(session, request_id)
    assert (paper.kind, paper.language) == ("supervision_request", "es")
    words = text_of(ana.get(f"/documents/{paper.id}/docx").content)
    assert "Le llamamos con el nombre" in words
    assert MOTHER not in words
    assert re.search(r"/documents/[0-9a-f-]+/pdf", ana.get(page).text)
    assert signed_in(house, "ben").post(page, data=said).status_code == 403
    with house.db.work() as session:
        outcomes.record(
            session,
            request_id=request_id,
            outcome=Outcome.MISSING_AGAIN,
            reason="The agency called at ten.",
            by=replace(by, proved_at=house.now()),
            now=house.now(),
        )
    assert ana.post(page, data=said | {"meets": ""}).status_code == 409
    assert ana.get(f"/documents/{paper.id}/docx").status_code == 409
