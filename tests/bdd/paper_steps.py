"""Papers sent in: what a mother sends, who may look at it, and what is set aside."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from fastapi.testclient import TestClient
from pytest_bdd import given, then, when
from sqlalchemy import text

from flows import scan_evidence
from reunify.adapters.examining import examined_here
from reunify.files import evidence, setting_aside
from reunify.files import evidence_queries as queries
from reunify.files.evidence import Sent
from reunify.files.evidence_policy import LARGEST_EVIDENCE, Kind
from reunify.files.ports import Clean, Examined, Scanned, Unavailable
from reunify.identity import family_links
from reunify.kernel.ids import RequestId
from reunify.kernel.people import Family, Role, Staff
from reunify.kernel.refusals import Refused
from reunify.web.audience import FAMILY_COOKIE
from tests import papers
from tests.apps import app_of

PHOTO = papers.photo()
FILES = {
    "a PDF with a password": papers.locked_pdf(),
    "a PDF with a program in it": papers.acting_pdf("/JavaScript"),
    "a PDF cut short": papers.pdf()[:-30],
    "an iPhone photo in HEIC": papers.heic(),
    "a photo of one byte over 10 MB": PHOTO + b"\0" * (LARGEST_EVIDENCE + 1 - len(PHOTO)),
    "a picture of 2,500 million dots": papers.bomb(),
}


@dataclass
class Scanner:
    answer: Scanned

    def scan(self, content: bytes) -> Scanned:
        return self.answer


class Here:
    def examine(self, content: bytes) -> Examined:
        return examined_here(content)


@dataclass
class Phone:
    """The mother's page, and who she and Ana are behind their doors."""

    http: TestClient
    mother: Family
    ana: Staff
    scanner: Scanner
    paper: UUID | None = None


@given("the family of story b has a page of its own", target_fixture="phone")
def page_of_its_own(story: Any) -> Phone:
    scanner = Scanner(Clean())
    story.town.house = dataclasses.replace(story.town.house, scanner=scanner, examiner=Here())
    story.enter(story.family("b"))
    house = story.town.house
    with house.db.work() as session:
        row = session.execute(text("SELECT id, name FROM staff WHERE username = 'ana'")).one()
        ana = Staff(row.id, row.name, frozenset({Role.CASE_MANAGER}))
        request_id = RequestId(UUID(story.request_id))
        link = family_links.make_family_link(
            session, request_id=request_id, reader="mother", by=ana, now=house.now()
        )
        opened = family_links.open_family_link(session, token=link.token, pin=link.pin, now=house.now())
        assert opened is not None
        who = family_links.family_of(session, token=opened, now=house.now())
    assert who is not None
    headers = {"sec-fetch-site": "same-origin"}
    http = TestClient(app_of(house), base_url=house.settings.own_url, headers=headers)
    http.cookies.set(FAMILY_COOKIE, opened)
    return Phone(http, who[0], ana, scanner)


@given("no scanner answers")
def no_scanner(phone: Phone) -> None:
    phone.scanner.answer = Unavailable("stopped")


@when("the mother sends a photo that says where it was taken")
def sends_photo(story: Any, phone: Phone) -> None:
    assert papers.PLACE.encode() in PHOTO
    assert send(phone, PHOTO).status_code == 200
    with story.town.house.db.read() as session:
        (found,) = queries.papers(session, request_id=of(story), by=phone.ana)
    phone.paper = found.id
    scan(story)


@when("the scanner is back and finds nothing")
def scanner_back(story: Any, phone: Phone) -> None:
    phone.scanner.answer = Clean()
    scan(story)


@when("Ana sets it aside without opening it")
def set_aside(story: Any, phone: Phone) -> None:
    assert phone.paper is not None
    house = story.town.house
    with house.db.work() as session:
        setting_aside.quarantine(
            session, evidence_id=phone.paper, request_id=of(story), by=phone.ana, now=house.now()
        )


@then("the picture she sees does not say it")
def says_no_place(story: Any, phone: Phone) -> None:
    picture = phone.http.get(f"/family/papers/{phone.paper}/file").content
    assert picture.startswith(b"\xff\xd8\xff")
    assert papers.PLACE.encode() not in picture


@then("she can look at it, and Ana cannot yet")
def she_alone(story: Any, phone: Phone) -> None:
    assert (looks(story, phone, phone.mother), looks(story, phone, phone.ana)) == (True, False)


@then("Ana can look at it too")
def ana_too(story: Any, phone: Phone) -> None:
    assert looks(story, phone, phone.ana)


@then("neither Ana nor the mother can look at it")
def nobody(story: Any, phone: Phone) -> None:
    assert not looks(story, phone, phone.ana)
    assert not looks(story, phone, phone.mother)


@then("the file that was sent is kept as it was")
def kept_as_it_was(story: Any, phone: Phone) -> None:
    assert phone.paper is not None
    with story.town.house.db.read() as session:
        assert evidence.bytes_of(session, phone.paper, "original") == PHOTO
        assert evidence.bytes_of(session, phone.paper, "safe") is None


@then("it is set aside at once when it is sent again")
def again(story: Any, phone: Phone) -> None:
    house = story.town.house
    with house.db.work() as session:
        copy = evidence.keep(
            session,
            request_id=of(story),
            sent=Sent(PHOTO, Kind.OTHER, "again.jpg"),
            examined=examined_here(PHOTO),
            by=phone.ana,
            now=house.now(),
        )
        found = queries.paper(session, evidence_id=copy, request_id=of(story), by=phone.ana)
    assert found is not None
    assert (found.id != phone.paper, found.state) == (True, "quarantined")


@then("each of these files is answered in her words")
def answered(phone: Phone, datatable: list[list[str]]) -> None:
    rows = datatable[1:]
    assert {name for name, _ in rows} == set(FILES)
    for name, words in rows:
        answer = send(phone, FILES[name])
        assert (answer.status_code, words in answer.text) == (422, True), name


def send(phone: Phone, content: bytes) -> Any:
    return phone.http.post(
        "/family/papers", data={"kind": "police_report", "lang": "en"}, files=[("files", ("p", content))]
    )


def scan(story: Any) -> None:
    work = scan_evidence.work(story.town.house)
    work.run(work.find(story.town.house.db, 50), None)


def of(story: Any) -> RequestId:
    return RequestId(UUID(story.request_id))


def looks(story: Any, phone: Phone, by: Staff | Family) -> bool:
    assert phone.paper is not None
    house = story.town.house
    try:
        with house.db.work() as session:
            evidence.show(session, evidence_id=phone.paper, request_id=of(story), by=by, now=house.now())
    except Refused:
        return False
    return True
