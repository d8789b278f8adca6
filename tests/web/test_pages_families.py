"""The family's doors and decisions over HTTP: another's link, a used-up PIN, a replayed code, a consent."""

from __future__ import annotations

import copy
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.adapters.embedded_postgres import Urls
from reunify.bootstrap import ROOT, House
from reunify.consent import queries as consents
from reunify.consent import wording
from reunify.consent.policy import Told
from reunify.consent.records import ReleaseRecord
from reunify.documents import glossary, spoken
from reunify.documents import queries as papers
from reunify.documents.drafts import Draft
from reunify.files.evidence_policy import MediaType
from reunify.identity.family_links import NewLink
from reunify.identity.family_policy import CODE_LETTERS
from reunify.identity.queries import staff_id
from reunify.intake import disclosing, disclosures
from reunify.intake import queries as intake
from reunify.intake.form import Language
from reunify.intake.order_papers import OrderPaper
from reunify.kernel.ids import DocumentId, RequestId, StaffId
from reunify.kernel.people import Role, Staff
from reunify.sandbox.families import sample_family
from reunify.web.pages import read_aloud
from reunify.web.pages.family import LINK_COOKIE
from tests.issued import issued
from tests.lasting import lasting_database
from tests.unit.test_documents_samples import contexts
from tests.web.pages_world import TestClient, browser, house_over, read_form, signed_in, text, work_off

CLOCK = datetime(2026, 11, 25, 14, 0, tzinfo=UTC)
BOY = sample_family("b", CLOCK.date()).draft


@dataclass
class Made:
    """What staff were shown once."""

    address: str
    code: str
    pin: str


@pytest.fixture(scope="module")
def house(
    server: Urls, administrator: sa.Engine, settled_template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[House]:
    """One house for all: each test has a family of its own."""
    data = tmp_path_factory.mktemp("families")
    with (
        lasting_database(server, administrator, settled_template) as db,
        house_over(db, data, lambda: CLOCK) as built,
    ):
        yield built


@pytest.fixture(scope="module")
def ana(house: House) -> TestClient:
    return signed_in(house, "ana")


def submit(ana: TestClient, house: House, draft: dict[str, Any]) -> str:
    kept = ana.post("/api/v1/requests", json=draft).json()["id"]
    again = {"overlap_reason": "Entered again by a test."}
    assert ana.post(f"/api/v1/requests/{kept}/submission", json=again).status_code == 202
    work_off(house)
    return str(kept)


@pytest.fixture
def request_id(ana: TestClient, house: House) -> str:
    return submit(ana, house, BOY)


def apart() -> dict[str, Any]:
    """The boy's father lives elsewhere, protected; he has a page of his own."""
    draft = copy.deepcopy(BOY)
    draft["travelers"][0]["household"] = "mother"
    reach = {"language": "en", "phone": "+1 208 555 0177", "address": "77 Quiet Orchard Road"}
    draft["travelers"].append(
        {
            "key": "father",
            "name": "Tomás Hidalgo",
            "role": "parent",
            "household": "father",
            "contact": reach | {"address_protected": True},
        }
    )
    for line in draft["cost_lines"]:
        line["household"] = "mother"
    return draft


def unasked() -> dict[str, Any]:
    """Nobody has asked at which hours she may be called."""
    draft = copy.deepcopy(BOY)
    del draft["travelers"][0]["contact"]["safe_from"]
    return draft


def make(ana: TestClient, request_id: str, reader: str = "mother", **typed: str) -> Made:
    page = ana.post(f"/requests/{request_id}/links", data={"reader": reader, **typed})
    assert page.status_code == 200, text(page)
    address, code, pin = re.findall(r'class="(?:secret|code)[^"]*">([^<]+)<', page.text)
    return Made(address.removeprefix("https://testserver"), code, pin)


def opened(house: House, made: Made) -> TestClient:
    phone = browser(house)
    phone.get(made.address)
    assert phone.post("/family", data={"pin": made.pin}).status_code == 200
    return phone


# Doors -----------------------------------------------------------------------------------------------------
@pytest.mark.asvs("14.2.1", "14.3.2")
def test_a_phone_that_opens_no_links_types_a_code_and_the_pin(
    house: House, ana: TestClient, request_id: str
) -> None:
    made = make(ana, request_id)
    phone = browser(house)
    door = phone.get("/go?lang=en")
    assert read_form(door).controls <= read_form(door).labelled
    page = phone.post("/go", data={"code": made.code.lower(), "pin": made.pin})
    assert page.url.path == "/family"
    assert page.headers["cache-control"] == "no-store"
    assert "Estamos organizando su viaje" in text(page)
    assert made.code not in page.text


@pytest.mark.asvs("6.3.8", "6.6.3")
def test_no_code_is_confirmed_to_whoever_guesses(house: House, ana: TestClient, request_id: str) -> None:
    made = make(ana, request_id)
    wrong_pin = f"{(int(made.pin) + 1) % 10**6:06d}"
    phone = browser(house)
    guesses = [{"code": "CCCC-CCCC", "pin": made.pin}, *[{"code": made.code, "pin": wrong_pin}] * 6]
    answers = [phone.post("/go", data=guess) for guess in guesses]
    assert {a.status_code for a in answers} == {401}
    assert len({text(a) for a in answers}) == 1
    assert phone.post("/go", data={"code": made.code, "pin": made.pin}).status_code == 401
    assert browser(house).post("/family", data={"pin": made.pin}).status_code == 401


def test_a_code_is_worth_nothing_after_the_next_link(house: House, ana: TestClient, request_id: str) -> None:
    made = make(ana, request_id)
    make(ana, request_id, number="+1 915 555 0142", spoke_with="Marisol")
    assert browser(house).post("/go", data={"code": made.code, "pin": made.pin}).status_code == 401


@pytest.mark.asvs("7.4.1")
def test_a_closed_link_throws_out_whoever_has_it_open(house: House, ana: TestClient, request_id: str) -> None:
    made = make(ana, request_id)
    phone = opened(house, made)
    ana.post(f"/requests/{request_id}/links/closing", data={"reader": "mother"})
    assert phone.get("/family").status_code == 401
    phone.get(made.address)
    assert phone.post("/family", data={"pin": made.pin}).status_code == 401


@pytest.mark.asvs("7.4.1", "14.3.1")
def test_quick_exit_shuts_the_door_on_the_server_so_back_shows_nothing(
    house: House, ana: TestClient, request_id: str
) -> None:
    phone = opened(house, make(ana, request_id))
    kept = phone.cookies.get("__Host-family")
    away = phone.get("/family/leave", follow_redirects=False)
    assert away.headers["location"] == "https://www.weather.gov/"
    assert phone.get("/family").status_code == 401
    phone.cookies.set("__Host-family", str(kept), domain="testserver.local", path="/")
    assert phone.get("/family", headers={"cookie": f"__Host-family={kept}"}).status_code == 401


def test_the_secret_is_in_no_page_and_no_cookie_once_inside(
    house: House, ana: TestClient, request_id: str
) -> None:
    made = make(ana, request_id)
    phone = opened(house, made)
    token = made.address.rpartition("/")[2]
    page = phone.get("/family")
    assert LINK_COOKIE not in phone.cookies
    assert token not in page.text
    assert token not in str(page.url)
    title = re.search(r"<title>([^<]+)</title>", page.text)
    assert title is not None
    assert title[1] in ("Plan de viaje", "Travel plan")


# Another family, another household -------------------------------------------------------------------------
def a_document(house: House, request_id: str, household: str) -> str:
    with house.db.work() as session:
        made = issued(
            session,
            Draft(
                RequestId(UUID(request_id)),
                1,
                "refusal_letter",
                "en",
                contexts("en")["refusal_letter"],
                household=household,
            ),
            renderer=house.renderer,
            converter=house.converter,
            own_url=house.settings.own_url,
            now=CLOCK,
        )
    return f"/family/documents/{made.id}/pdf"


def test_whoever_holds_a_paper_learns_whether_it_is_ours_and_nothing_of_the_family(
    house: House, ana: TestClient, request_id: str
) -> None:
    paper = UUID(a_document(house, request_id, "home").split("/")[-2])
    with house.db.read() as session:
        code = papers.document(session, DocumentId(paper)).code
        pdf = papers.content(session, DocumentId(paper), "pdf").body
    assert code is not None
    clerk = browser(house)
    yes = clerk.get(f"/genuine/{code.replace('-', '')}?lang=en")
    assert yes.status_code == 200
    for told in ("This paper is genuine", "November 25, 2026", "Letter about what we can do"):
        assert told in text(yes)
    reference = ana.get(f"/api/v1/requests/{request_id}").json()["reference"]
    for secret in (reference, request_id, str(paper), "Rosa", "$", *BOY["travelers"][0]["name"].split()):
        assert secret not in yes.text
    assert "Este documento es auténtico" in text(clerk.get(f"/genuine/{code}?lang=es"))
    no = clerk.get("/genuine/0123456789AB?lang=en")
    assert (no.status_code, "We have no paper with that code" in text(no)) == (404, True)
    assert text(clerk.get("/genuine/%3Cb%3E?lang=en")) == text(no)

    said = {"code": code.lower(), "lang": "en"}
    same = clerk.post("/genuine", data=said, files={"file": ("a.pdf", pdf)})
    assert "Nothing in it was changed" in text(same)
    typed = clerk.post("/genuine", data=said | {"sha256": hashlib.sha256(pdf).hexdigest().upper()})
    assert "Nothing in it was changed" in text(typed)
    changed = clerk.post("/genuine", data=said, files={"file": ("a.pdf", pdf.replace(b"1", b"2", 1))})
    assert "This file is not the one we made" in text(changed)
    assert "This paper is genuine" not in text(changed)
    cut = clerk.post("/genuine", data=said | {"sha256": "abc"}, files={"file": ("", b"")})
    assert "it has 64 signs" in text(cut)
    assert "Is this paper from us?" in text(clerk.post("/genuine", data={"code": ""}))


@pytest.mark.asvs("8.2.2")
def test_another_familys_link_opens_none_of_these_documents(
    house: House, ana: TestClient, request_id: str
) -> None:
    other = submit(ana, house, sample_family("d", CLOCK.date()).draft)
    paper = a_document(house, request_id, "home")
    reader = BOY["travelers"][0]["key"]
    assert opened(house, make(ana, request_id, reader)).get(paper).status_code == 200
    father = next(
        t["key"] for t in sample_family("d", CLOCK.date()).draft["travelers"] if t["role"] != "child"
    )
    stranger = opened(house, make(ana, other, father))
    assert stranger.get(paper).status_code == 404
    assert browser(house).get(paper).status_code == 401


@pytest.mark.asvs("8.2.2", "8.2.3")
def test_one_households_reader_finds_nothing_of_the_others(house: House, ana: TestClient) -> None:
    request_id = submit(ana, house, apart())
    hers, his = (a_document(house, request_id, household) for household in ("mother", "father"))
    mother, father = (opened(house, make(ana, request_id, reader)) for reader in ("mother", "father"))
    assert (mother.get(hers).status_code, mother.get(his).status_code) == (200, 404)
    assert (father.get(hers).status_code, father.get(his).status_code) == (404, 200)
    page = mother.get("/family").text
    assert his not in page
    assert hers in page
    for hidden in ("Quiet Orchard", "208 555 0177", "Hidalgo"):
        assert hidden not in page
    assert "Marisol" not in father.get("/family").text


# Consents --------------------------------------------------------------------------------------------------
def question(house: House, request_id: str) -> consents.Ask:
    with house.db.read() as session:
        (found,) = consents.asks(session, UUID(request_id))
    return found


@pytest.mark.asvs("2.2.1")
def test_a_mother_takes_back_says_no_and_agrees_without_any_script(
    house: House, ana: TestClient, request_id: str
) -> None:
    phone = opened(house, make(ana, request_id))
    page = phone.get("/family/consents?lang=en")
    assert "You agreed. It ends by itself on November 25, 2027." in text(page)
    assert "<script" not in page.text
    ask = {"ask": str(question(house, request_id).id), "lang": "en"}
    assert "You took it back." in text(phone.post("/family/consents", data=ask | {"answer": "back"}))
    assert "You took it back." in text(phone.post("/family/consents", data=ask | {"answer": "back"}))
    assert "You said no" in text(phone.post("/family/consents", data=ask | {"answer": "no"}))
    unsigned = phone.post("/family/consents", data=ask | {"answer": "yes", "name": " "})
    assert unsigned.status_code == 422
    assert "Please type your name first." in text(unsigned)
    signed = phone.post("/family/consents", data=ask | {"answer": "yes", "name": "Marisol Q", "months": "3"})
    assert "It ends by itself on February 23, 2027." in text(signed)
    given = question(house, request_id).given[-1]
    assert (given.signed_name, given.how, given.language) == ("Marisol Q", "page", "en")
    assert (
        phone.post(
            "/family/consents", data=ask | {"answer": "yes", "name": "M Q", "months": "13"}
        ).status_code
        == 422
    )


def leader(session: Session, request_id: str, who: StaffId) -> Staff:
    """The supervisor of the team whose case it is."""
    team = intake.request(session, UUID(request_id)).team
    return Staff(who, "B", frozenset({Role.SUPERVISOR}), supervises=frozenset({team} if team else ()))


def test_the_family_reads_who_may_read_their_names_by_order_of_the_law(
    house: House, ana: TestClient, request_id: str
) -> None:
    with house.db.work() as session:
        ids = {name: staff_id(session, name) for name in ("ana", "ben", "dee")}
        writes = Staff(ids["ana"], "A", frozenset({Role.ADMINISTRATOR}))
        confirms = leader(session, request_id, ids["ben"])
        order = disclosing.propose(
            session,
            reader=ids["dee"],
            auditors={ids["dee"]},
            asked_by="The office of the inspector",
            basis="court_order",
            paper="Order 7, safe",
            attached=OrderPaper(b"order", MediaType.PDF, b"order", MediaType.PDF),
            references=[intake.request(session, UUID(request_id)).reference],
            starts_at=CLOCK,
            ends_at=CLOCK + timedelta(days=10),
            by=writes,
            now=CLOCK,
        )
        disclosing.confirm(session, disclosure_id=order, by=confirms, now=CLOCK)
    page = text(opened(house, make(ana, request_id)).get("/family/consents?lang=en"))
    assert (
        "The office of the inspector may read your names from November 25, 2026 to December 5, 2026" in page
    )


@pytest.mark.asvs("8.2.3")
def test_no_recipient_and_no_order_tells_her_where_the_protected_household_is(
    house: House, ana: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    request_id = submit(ana, house, apart())
    end = CLOCK + timedelta(days=10)
    order = disclosures.Told(UUID(int=8), "The sheriff of Boise", "court_order", CLOCK, end, None)
    monkeypatch.setattr(disclosures, "disclosures_for_family", lambda _session, _request: [order])
    at = f"/requests/{request_id}/consents"
    for kind, recipient, about in (
        ("carrier", "Boise Air", "child"),
        ("funder", "Idaho Families", "mother"),
        ("agency", "Ada County Office", "mother"),
    ):
        asked = {"kind": kind, "recipient": recipient, "what": "travel_details", "about": about}
        assert ana.post(at, data=asked).status_code == 200
    with house.db.work() as session:
        for ask in consents.asks(session, UUID(request_id)):
            session.add(told_of(ask))
    mother = opened(house, make(ana, request_id, "mother"))
    page = text(mother.get("/family/consents?lang=en"))
    for hidden in ("Boise", "Idaho", "Ada County"):
        assert hidden not in page
    assert "An office the law names may read your names" in page
    assert "Stripe, on November 25, 2026" in page
    father = text(opened(house, make(ana, request_id, "father")).get("/family/consents?lang=en"))
    assert "The sheriff of Boise may read your names" in father


def told_of(ask: consents.Ask) -> ReleaseRecord:
    return ReleaseRecord(
        request_id=ask.request_id,
        recipient_kind=ask.recipient.kind.value,
        recipient=ask.recipient.name,
        what=ask.what.value,
        about=ask.about,
        told_at=CLOCK,
    )


def test_a_yes_given_before_the_other_was_protected_can_still_be_taken_back(
    house: House, ana: TestClient
) -> None:
    request_id = submit(ana, house, apart())
    at = f"/requests/{request_id}/consents"
    asked = {"kind": "agency", "recipient": "Ada County Office", "what": "case_summary", "about": "mother"}
    ana.post(at, data=asked)
    with house.db.read() as session:
        (ask,) = [
            a for a in consents.asks(session, UUID(request_id)) if a.recipient.name == "Ada County Office"
        ]
    mother = opened(house, make(ana, request_id, "mother"))
    said = {"ask": str(ask.id), "lang": "en"}
    assert (
        mother.post("/family/consents", data=said | {"answer": "yes", "name": "Marisol Q"}).status_code == 404
    )
    paper = {
        "giver": "mother",
        "name": "Marisol Quintero",
        "paper": "Folder 7",
        "months": "6",
        "language": "es",
    }
    ana.post(f"{at}/paper", data=said | paper)
    assert "Ada County Office" in text(mother.get("/family/consents?lang=en"))
    assert mother.post("/family/consents", data=said | {"answer": "back"}).status_code == 200
    assert "Ada County Office" not in text(mother.get("/family/consents?lang=en"))
    with house.db.read() as session:
        (given,) = consents.ask(session, UUID(request_id), ask.id).given
    assert given.revoked_at == CLOCK


def test_staff_read_why_a_link_closed_by_itself(house: House, ana: TestClient, request_id: str) -> None:
    phone = opened(house, make(ana, request_id))
    answers = {"answers": {"/travelers/0/name": "Rosa Quintero"}}
    assert ana.post(f"/api/v1/requests/{request_id}/answers", json=answers).status_code == 202
    assert phone.get("/family").status_code == 401
    assert "closed because the request now tells another name" in text(
        ana.get(f"/requests/{request_id}/links")
    )


@pytest.mark.asvs("8.2.2")
def test_nobody_answers_for_another_reader_or_another_family(
    house: House, ana: TestClient, request_id: str
) -> None:
    other = submit(ana, house, apart())
    ask = {"ask": str(question(house, other).id), "answer": "back"}
    father = opened(house, make(ana, other, "father"))
    assert "Stripe" not in father.get("/family/consents?lang=en").text
    assert father.post("/family/consents", data=ask).status_code == 404
    stranger = opened(house, make(ana, request_id))
    assert stranger.post("/family/consents", data=ask).status_code == 404
    assert question(house, other).given[-1].revoked_at is None


def test_staff_ask_write_down_a_paper_and_that_it_was_taken_back(
    house: House, ana: TestClient, request_id: str
) -> None:
    at = f"/requests/{request_id}/consents"
    asked = {"kind": "agency", "recipient": "Sample county office", "what": "case_summary", "about": "child"}
    assert "Name the recipient" in text(ana.post(at, data=asked | {"recipient": ""}))
    page = ana.post(at, data=asked)
    assert "Still to sign: Mateo Quintero and Marisol Quintero Vega." in text(page)
    assert read_form(page).controls - {"None"} <= read_form(page).labelled
    with house.db.read() as session:
        (ask,) = [a for a in consents.asks(session, UUID(request_id)) if a.about == "child"]
    paper = {
        "ask": str(ask.id),
        "name": "Marisol Quintero",
        "paper": "Folder 7",
        "months": "6",
        "language": "es",
    }
    assert ana.post(f"{at}/paper", data=paper | {"giver": "nobody"}).status_code == 422
    assert ana.post(f"{at}/paper", data=paper | {"giver": "mother", "paper": ""}).status_code == 422
    said = text(ana.post(f"{at}/paper", data=paper | {"giver": "mother"}))
    assert "Still to sign: Mateo Quintero." in said
    assert "on paper (Folder 7), seen by Ana Whitfield" in said
    back = text(ana.post(f"{at}/taking-back", data={"ask": str(ask.id), "giver": "mother"}))
    assert "Still to sign: Mateo Quintero and Marisol Quintero Vega." in back
    assert signed_in(house, "dee").get(at).status_code == 403


# The page staff make links on ------------------------------------------------------------------------------
def test_staff_are_told_whether_they_may_call_and_read_a_script_in_her_language(
    house: House, ana: TestClient, request_id: str
) -> None:
    assert "You may call now." in text(ana.get(f"/requests/{request_id}/links"))
    unknown = text(ana.get(f"/requests/{submit(ana, house, unasked())}/links"))
    assert "Do not call now. Nobody has asked at which hours it is safe" in unknown
    page = ana.post(f"/requests/{request_id}/links", data={"reader": "mother"})
    _, code, pin = re.findall(r'class="(?:secret|code)[^"]*">([^<]+)<', page.text)
    assert f"Sus seis números son: {spoken.digits(pin, 'es')}." in text(page)
    assert spoken.spelled(code, "es") in text(page)
    assert len(code.replace("-", "")) == CODE_LETTERS


def test_a_new_link_asks_for_the_call_back_and_keeps_what_was_typed(
    house: House, ana: TestClient, request_id: str
) -> None:
    make(ana, request_id)
    at = f"/requests/{request_id}/links"
    page = text(ana.get(at))
    assert "I called the number on file" in page
    assert "ending in ..42" in page
    for typed in ({}, {"number": "+1 505 555 0100", "spoke_with": "A new voice"}):
        refused = ana.post(at, data={"reader": "mother", **typed})
        assert refused.status_code == 422
        assert 'class="secret' not in refused.text
    assert "A new voice" in refused.text
    assert "the number ending in ..42; Marisol answered" in text(
        ana.post(at, data={"reader": "mother", "number": "+1 915 555 0142", "spoke_with": "Marisol"})
    )
    assert ana.post(f"/requests/{request_id}/family-link").url.path == at
    assert ana.post(f"/api/v1/requests/{request_id}/family-link").status_code == 403


@pytest.mark.parametrize("language", ["en", "es"])
def test_what_is_read_aloud_and_asked_avoids_the_words_no_family_hears(language: Language) -> None:
    spoken = read_aloud.script(NewLink("t", "CDFGHJKM", "012345"), "reunify.example/go", language)
    for what in Told:
        spoken += wording.sentences(recipient="Stripe", what=what, about="Ana", language=language)
    avoided = glossary.load(ROOT / "document_templates")
    assert glossary.avoided_in(" ".join(spoken), language, avoided) == []
