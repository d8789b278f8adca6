"""Papers through the browser: sent, looked at, set aside unseen; every header of every answer with bytes."""

from __future__ import annotations

import asyncio
import dataclasses
import io
import re
import threading
from collections.abc import Iterator, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from uuid import UUID

import pytest
import sqlalchemy as sa
from httpx2 import Response
from PIL import Image

from flows import scan_evidence
from reunify.adapters.embedded_postgres import Urls
from reunify.adapters.examining import SeparateExaminer, examined_here
from reunify.bootstrap import House
from reunify.files import evidence_queries as queries
from reunify.files import hand_over, objects
from reunify.files.evidence_policy import LARGEST_EVIDENCE, MOST_AT_ONCE
from reunify.files.ports import Clean, Examined, Infected, Scanned, Unavailable
from reunify.identity import family_links
from reunify.intake.queries import lock_request
from reunify.kernel.ids import RequestId
from reunify.kernel.people import Role, Staff, System
from reunify.retention import actions as retention
from reunify.sandbox import people
from reunify.sandbox.families import sample_family
from reunify.sandbox.people import DemoPerson
from reunify.vault import keepers
from reunify.web.audience import FAMILY_COOKIE
from reunify.web.shield import limit_for
from tests import papers
from tests.lasting import lasting_database
from tests.web.pages_world import (
    AGAIN,
    OWN_PAGES,
    TestClient,
    browser,
    house_over,
    sign_in,
    signed_in,
    text,
)

CLOCK = datetime(2026, 11, 25, 14, 0, tzinfo=UTC)

NAME = "../../\u202egpj.\u200bholiday\r\nSet-Cookie: x.jpg"


@dataclass
class Scanner:
    """Says what it is told to say."""

    answer: Scanned = field(default_factory=lambda: Unavailable("not started"))
    asked: int = 0

    def scan(self, content: bytes) -> Scanned:
        self.asked += 1
        return self.answer


class Here:
    """Reads files in this process: quicker. One test below uses the real one."""

    def examine(self, content: bytes) -> Examined:
        return examined_here(content)


_numbers = count(1)


@dataclass
class Desk:
    """A submitted request, its case manager, and the mother's open page."""

    house: House
    scanner: Scanner
    ana: TestClient
    mother: TestClient
    request_id: str
    # No other test sends the same: a file set aside once is set aside everywhere.
    number: int = field(default_factory=lambda: next(_numbers))

    @property
    def photo(self) -> bytes:
        return papers.photo(color=f"#{self.number * 40503 % 0xFFFFFF:06x}")

    def pdf(self, pages: int = 1) -> bytes:
        return papers.pdf(pages=pages, link=f"https://courts.example/{self.number}")

    @property
    def page(self) -> str:
        return f"/requests/{self.request_id}/papers"

    def send(
        self, *contents: bytes, by: TestClient | None = None, kind: str = "receipt", **more: str
    ) -> Response:
        where = "/family/papers" if by is None else self.page
        files = [("files", (f"paper {n}.jpg", content, "text/html")) for n, content in enumerate(contents)]
        return (by or self.mother).post(where, data={"kind": kind, "lang": "en"} | more, files=files)

    def her_page(self) -> str:
        return text(self.mother.get("/family/papers?lang=en"))

    def kept(self) -> list[UUID]:
        with self.house.db.read() as session:
            found = queries.papers(
                session, request_id=RequestId(UUID(self.request_id)), by=ana_of(self.house)
            )
        return [paper.id for paper in found if paper.state != "refused"]

    def state(self, paper: UUID) -> str:
        with self.house.db.read() as session:
            return str(session.scalar(sa.text("SELECT state FROM evidence WHERE id = :id"), {"id": paper}))

    def scan(self, answer: Scanned) -> int:
        self.scanner.answer = answer
        work = scan_evidence.work(self.house)
        return work.run(work.find(self.house.db, 50), None)

    def addresses(self, paper: UUID) -> list[tuple[TestClient, str]]:
        """Every address that could show something of the paper, to whoever might see it."""
        return [
            (self.ana, f"{self.page}/{paper}/file"),
            (self.mother, f"/family/papers/{paper}/file"),
            (self.mother, f"/family/papers/{paper}"),
        ]

    def audited(self) -> list[str]:
        with self.house.db.read() as session:
            rows = session.scalars(
                sa.text("SELECT verb FROM audit_entries WHERE subject = 'evidence' ORDER BY id")
            )
            return list(rows)


@pytest.fixture(scope="module")
def offices(
    server: Urls, administrator: sa.Engine, settled_template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[House, TestClient]]:
    """One house for all these tests, and Ana in it. Each test has a request of its own."""
    data = tmp_path_factory.mktemp("offices")
    with (
        lasting_database(server, administrator, settled_template) as db,
        house_over(db, data, lambda: CLOCK) as house,
    ):
        house = dataclasses.replace(house, scanner=Scanner(), examiner=Here())
        with house.db.work() as session:
            eve = DemoPerson("eve", "Eve Stone", "cedar-window-12", frozenset({Role.CASE_MANAGER}))
            people.hire(session, eve, now=house.now())
        yield house, signed_in(house, "ana")


@pytest.fixture
def desk(offices: tuple[House, TestClient]) -> Desk:
    house, ana = offices
    assert isinstance(house.scanner, Scanner)
    house.scanner.answer, house.scanner.asked = Unavailable("not started"), 0
    with house.db.work() as session:  # so that no earlier test's papers wait for the scan
        session.execute(sa.text("UPDATE evidence SET state = 'clean' WHERE state = 'not_scanned'"))
    request_id = entered(house, ana)
    return Desk(house, house.scanner, ana, family_of(house, ana, request_id), request_id)


def entered(house: House, ana: TestClient) -> str:
    draft = sample_family("b", house.now().date()).draft
    request_id = str(ana.post("/api/v1/requests", json=draft).json()["id"])
    assert ana.post(f"/api/v1/requests/{request_id}/submission", json=AGAIN).status_code == 202
    return request_id


def a_phone(same_house: TestClient) -> TestClient:
    """Another browser at the same application: making one takes longer than asking it."""
    return TestClient(same_house.app, base_url="https://testserver", headers=OWN_PAGES)


def family_of(house: House, ana: TestClient, request_id: str, reader: str = "mother") -> TestClient:
    client = a_phone(ana)
    with house.db.work() as session:
        link = family_links.make_family_link(
            session, request_id=RequestId(UUID(request_id)), reader=reader, by=ana_of(house), now=house.now()
        )
        opened = family_links.open_family_link(session, token=link.token, pin=link.pin, now=house.now())
    assert opened is not None
    client.cookies.set(FAMILY_COOKIE, opened)
    return client


def ana_of(house: House) -> Staff:
    with house.db.read() as session:
        row = session.execute(sa.text("SELECT id, name FROM staff WHERE username = 'ana'")).one()
    return Staff(row.id, row.name, frozenset({Role.CASE_MANAGER}))


# Sending ------------------------------------------------------------------------------------------------
def test_a_mother_sends_a_photo_and_sees_it_at_once_without_its_place(desk: Desk) -> None:
    answer = desk.send(desk.photo, kind="police_report")
    assert answer.status_code == 200
    assert "We have it. Thank you." in text(answer)
    (paper,) = desk.kept()
    assert "It is being checked." in text(answer)
    own = desk.mother.get(f"/family/papers/{paper}")
    assert f'src="/family/papers/{paper}/file"' in own.text
    picture = desk.mother.get(f"/family/papers/{paper}/file", headers={"sec-fetch-dest": "image"})
    assert picture.headers["content-type"] == "image/jpeg"
    assert papers.PLACE.encode() not in picture.content
    with Image.open(io.BytesIO(picture.content)) as shown:
        assert shown.size == (40, 60)


def test_the_house_reads_files_in_a_process_of_their_own(desk: Desk) -> None:
    assert isinstance(House.__dataclass_fields__["examiner"].default_factory(), SeparateExaminer)  # type: ignore[misc]
    house = dataclasses.replace(desk.house, examiner=SeparateExaminer())
    with browser(house) as mother:
        mother.cookies = desk.mother.cookies
        assert desk.send(desk.photo, by=None).status_code == 200
        answer = mother.post("/family/papers", data={"kind": "other"}, files=[("files", ("x", desk.pdf()))])
    assert answer.status_code == 200
    assert len(desk.kept()) == 2


def test_her_page_speaks_her_language_and_warns_kindly(desk: Desk) -> None:
    for language, words in (("en", "You did nothing wrong."), ("es", "Usted no hizo nada mal.")):
        page = desk.mother.get(f"/family/papers?lang={language}")
        assert words in text(page)
        assert "911" in text(page)
        assert "1-800-843-5678" in text(page)
        assert 'accept="image/jpeg,image/png,application/pdf"' in page.text
    answer = desk.send(b"no paper", lang="es")
    assert (answer.status_code, "No es una foto ni un PDF." in text(answer)) == (422, True)


def test_staff_see_it_after_the_scan_and_not_before(desk: Desk) -> None:
    desk.send(desk.photo)
    (paper,) = desk.kept()
    assert "Not scanned yet" in text(desk.ana.get(desk.page))
    assert desk.ana.get(f"{desk.page}/{paper}/file").status_code == 403
    assert "It cannot be opened now." in text(desk.ana.get(f"{desk.page}/{paper}"))
    assert desk.scan(Clean()) == 1
    page = desk.ana.get(f"{desk.page}/{paper}")
    assert f'<img class="paper" src="{desk.page}/{paper}/file"' in page.text
    assert desk.ana.get(f"{desk.page}/{paper}/file").status_code == 200
    assert desk.audited()[-2:] == ["read", "download"]


def test_a_paper_that_was_lost_is_said_to_be_lost_to_whoever_opens_it(desk: Desk) -> None:
    desk.send(desk.photo)
    (paper,) = desk.kept()
    desk.scan(Clean())
    with desk.house.db.read() as session:
        keys = session.scalars(
            sa.text("SELECT object_key FROM evidence_bytes WHERE evidence_id = :paper"), {"paper": paper}
        ).all()
    assert len(keys) == 2  # as it was sent, and as it is shown
    objects.current().delete(keys)
    to_staff, to_family = (client.get(address) for client, address in desk.addresses(paper)[:2])
    assert (to_staff.status_code, to_family.status_code) == (410, 410)
    assert "This file is lost" in text(to_staff)
    assert "We cannot open this file. Please call us" in text(to_family)


def test_the_list_shows_no_picture(desk: Desk) -> None:
    desk.send(desk.photo)
    desk.scan(Clean())
    for page in (desk.ana.get(desk.page), desk.mother.get("/family/papers")):
        assert "<img" not in page.text


def test_one_bad_file_costs_the_others_nothing_and_says_its_remedy(desk: Desk) -> None:
    answer = desk.send(desk.photo, papers.locked_pdf(), desk.pdf(), by=desk.ana)
    assert answer.status_code == 422
    said = text(answer)
    assert "2 papers are kept." in said
    assert "paper 1.jpg: This PDF asks for a password." in said
    assert re.search(r'value="receipt" selected', answer.text)
    again = text(desk.ana.get(desk.page))
    assert "Not taken" in again  # so that somebody can call the family


@pytest.mark.parametrize(
    ("files", "kind", "status"),
    [
        (1, "receipt", 200),
        (0, "receipt", 422),
        (1, "", 422),
        (1, "a secret", 422),
        (MOST_AT_ONCE, "receipt", 200),
        (MOST_AT_ONCE + 1, "receipt", 422),
    ],
)
def test_what_the_form_needs(desk: Desk, files: int, kind: str, status: int) -> None:
    contents = [desk.pdf(n + 1) for n in range(files)]
    for by in (desk.ana, None):
        before = len(desk.kept())
        assert desk.send(*contents, by=by, kind=kind).status_code == status
        assert len(desk.kept()) - before == (files if status == 200 else 0)


def test_pressing_send_twice_keeps_one(desk: Desk) -> None:
    desk.send(desk.photo)
    desk.send(desk.photo)
    assert len(desk.kept()) == 1


# Sizes --------------------------------------------------------------------------------------------------
@pytest.mark.asvs("5.2.1")
def test_only_the_upload_takes_a_large_body_and_only_from_whom_it_knows(desk: Desk) -> None:
    upload, ordinary = limit_for("/family/papers"), limit_for("/family")
    assert upload >= MOST_AT_ONCE * LARGEST_EVIDENCE
    assert ordinary == limit_for(f"{desk.page}/{UUID(int=0)}/removal") == 1024 * 1024
    assert limit_for(desk.page) == upload
    large = b"\xff\xd8\xff" + b"x" * LARGEST_EVIDENCE
    answer = desk.send(large)
    assert (answer.status_code, "larger than 10 MB" in text(answer)) == (422, True)
    stranger = a_phone(desk.ana)
    assert stranger.post("/family/papers", files=[("files", ("x", large))]).status_code == 401
    assert (
        desk.ana.post(desk.page, content=b"", headers={"content-length": str(upload + 1)}).status_code == 413
    )


@pytest.mark.parametrize("whose", ["the family's", "the staff's"])
def test_nobodys_files_are_read_before_it_is_known_who_sends_them(desk: Desk, whose: str) -> None:
    """The application does not even ask a stranger for the body."""
    asked, said = 0, 0

    async def receive() -> dict[str, object]:
        nonlocal asked
        asked += 1
        return {"type": "http.request", "body": b"x" * 100_000, "more_body": asked < 50}

    async def send(message: MutableMapping[str, object]) -> None:
        nonlocal said
        said = int(str(message.get("status", said)))

    path = "/family/papers" if whose == "the family's" else desk.page
    headers = [(b"host", b"testserver"), (b"content-type", b"multipart/form-data; boundary=b")]
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "https",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": headers,
        "server": ("testserver", 443),
        "client": ("127.0.0.1", 1),
    }
    with ThreadPoolExecutor(1) as apart:  # a browser test before may have left a loop running in this thread
        apart.submit(lambda: asyncio.run(desk.ana.app(scope, receive, send))).result()  # type: ignore[arg-type]
    assert (asked, said) == (0, 401)


# How bytes go out ---------------------------------------------------------------------------------------
@pytest.mark.asvs("3.2.1", "5.4.1", "5.4.2", "5.3.2")
@pytest.mark.parametrize("extension", ["jpg", "pdf"])
def test_a_paper_is_always_an_attachment_under_our_own_name_in_a_sandbox(desk: Desk, extension: str) -> None:
    content = desk.photo if extension == "jpg" else desk.pdf()
    desk.mother.post(
        "/family/papers", data={"kind": "other"}, files=[("files", (NAME, content, "text/html"))]
    )
    desk.scan(Clean())
    (paper,) = desk.kept()
    for client, address in (
        (desk.ana, f"{desk.page}/{paper}/file"),
        (desk.mother, f"/family/papers/{paper}/file"),
    ):
        for destination in ("document", "image", "empty", None):
            headers = {"sec-fetch-dest": destination} if destination else {}
            answer = client.get(address, headers=headers)
            assert answer.status_code == 200
            name = f"paper-{paper.hex[:8]}-other.{extension}"
            assert answer.headers["content-disposition"] == f'attachment; filename="{name}"'
            assert answer.headers["content-security-policy"] == "sandbox; default-src 'none'"
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert answer.headers["cache-control"] == "no-store"
            assert answer.headers["cross-origin-resource-policy"] == "same-origin"
            assert "set-cookie" not in answer.headers
        for destination in ("iframe", "frame", "embed", "object", "script", "style", "worker", "video"):
            assert client.get(address, headers={"sec-fetch-dest": destination}).status_code == 403


@pytest.mark.asvs("5.3.2")
def test_the_senders_own_name_is_shown_clean_and_used_nowhere(desk: Desk) -> None:
    desk.mother.post("/family/papers", data={"kind": "other"}, files=[("files", (NAME, desk.photo))])
    with desk.house.db.read() as session:
        (paper,) = queries.papers(session, request_id=RequestId(UUID(desk.request_id)), by=ana_of(desk.house))
    assert paper.file_name in ("gpj.holiday Set-Cookie: x.jpg", "gpj.holiday%0D%0ASet-Cookie: x.jpg")
    for page in (desk.ana.get(desk.page), desk.mother.get("/family/papers")):
        assert "\u202e" not in page.text


# Whose they are -----------------------------------------------------------------------------------------
@pytest.mark.asvs("8.2.2")
def test_another_familys_paper_and_another_workers_case_are_not_there(desk: Desk) -> None:
    desk.send(desk.photo)
    desk.scan(Clean())
    (paper,) = desk.kept()
    other = entered(desk.house, desk.ana)
    stranger = family_of(desk.house, desk.ana, other)
    for address in (f"/family/papers/{paper}", f"/family/papers/{paper}/file"):
        assert stranger.get(address).status_code == 404
    assert "Nothing yet." in text(stranger.get("/family/papers?lang=en"))
    assert desk.ana.get(f"/requests/{other}/papers/{paper}/file").status_code == 404
    worker = a_phone(desk.ana)
    sign_in(worker, desk.house, "eve")
    for method, address in (
        ("GET", desk.page),
        ("POST", desk.page),
        ("GET", f"{desk.page}/{paper}"),
        ("GET", f"{desk.page}/{paper}/file"),
        ("POST", f"{desk.page}/{paper}/quarantine"),
        ("POST", f"{desk.page}/{paper}/removal"),
    ):
        assert worker.request(method, address).status_code == 404, address
    for name in ("ben", "dee"):
        colleague = a_phone(desk.ana)
        sign_in(colleague, desk.house, name)
        assert colleague.get(desk.page).status_code == 403
        assert colleague.get(f"{desk.page}/{paper}/file").status_code == 403
    assert desk.state(paper) == "clean"


def test_the_same_file_for_another_request_is_named_only_to_whom_it_may_be(desk: Desk) -> None:
    desk.send(desk.photo)
    other = entered(desk.house, desk.ana)
    family_of(desk.house, desk.ana, other).post(
        "/family/papers", data={"kind": "receipt"}, files=[("files", ("x", desk.photo))]
    )
    reference = desk.ana.get(f"/api/v1/requests/{other}").json()["reference"]
    assert f"The same file was sent for {reference} too." in text(desk.ana.get(desk.page))
    with desk.house.db.work() as session:
        eve = "(SELECT id FROM staff WHERE username = 'eve')"
        given = f"UPDATE requests SET handled_by = {eve}, team = 'West' WHERE id = :id"
        session.execute(sa.text(given), {"id": other})
    said = text(desk.ana.get(desk.page))
    assert "The same file was sent for another request: ask a supervisor." in said
    assert reference not in said


# Set aside unseen ---------------------------------------------------------------------------------------
def test_one_button_sets_aside_without_opening_and_no_address_shows_it_any_more(desk: Desk) -> None:
    desk.send(desk.photo)
    desk.scan(Clean())
    (paper,) = desk.kept()
    for client, address in desk.addresses(paper):
        assert client.get(address).status_code == 200
    before = desk.audited()
    page = desk.ana.post(f"{desk.page}/{paper}/quarantine")
    assert "It is set aside." in text(page)
    assert desk.audited()[len(before) :] == ["quarantine", "read_list"]
    for client, address in desk.addresses(paper):
        assert client.get(address).status_code in (403, 404), address
    assert "<img" not in desk.ana.get(f"{desk.page}/{paper}").text
    assert "Please call us." in desk.her_page()
    assert desk.ana.post(f"{desk.page}/{paper}/removal", data={"reason": "x"}).status_code == 409


def test_a_paper_set_aside_while_it_is_scanned_stays_so(desk: Desk) -> None:
    desk.send(desk.photo)
    (paper,) = desk.kept()

    class SlowScanner:
        def scan(self, content: bytes) -> Scanned:
            assert desk.ana.post(f"{desk.page}/{paper}/quarantine").status_code == 200
            return Clean()

    house = dataclasses.replace(desk.house, scanner=SlowScanner())
    work = scan_evidence.work(house)
    assert work.run(work.find(house.db, 50), None) == 0
    assert desk.state(paper) == "quarantined"


def test_both_upload_pages_warn_and_the_staffs_names_the_button(desk: Desk) -> None:
    said = text(desk.ana.get(desk.page))
    assert "Never send or open a picture of a child's abuse here." in said
    assert "Set aside unseen" in said


# The scan -----------------------------------------------------------------------------------------------
@pytest.mark.asvs("5.4.3")
def test_what_waited_for_the_scanner_is_scanned_when_it_is_back(desk: Desk) -> None:
    desk.send(desk.photo, desk.pdf())
    waiting = desk.kept()
    assert desk.scan(Unavailable("gone")) == 0
    assert {desk.state(p) for p in waiting} == {"not_scanned"}
    assert desk.scan(Clean()) == 2
    assert {desk.state(p) for p in waiting} == {"clean"}


def test_a_silent_scanner_is_not_asked_again_at_once(desk: Desk) -> None:
    desk.send(desk.photo, desk.pdf())
    work = scan_evidence.work(desk.house)
    assert work.run(work.find(desk.house.db, 50), None) == 0
    assert desk.scanner.asked == 1
    assert work.find(desk.house.db, 50) == []


@pytest.mark.asvs("5.4.3")
def test_malware_opens_for_nobody_and_the_family_is_told_kindly(desk: Desk) -> None:
    desk.send(desk.photo)
    (paper,) = desk.kept()
    desk.scan(Infected("Win.Marker-1"))
    for client, address in desk.addresses(paper):
        assert client.get(address).status_code in (403, 404)
    assert "It is not your fault." in desk.her_page()
    assert "The scanner calls it Win.Marker-1." in text(desk.ana.get(desk.page))


def test_without_a_scanner_papers_are_held_and_staff_are_told(desk: Desk) -> None:
    house = dataclasses.replace(desk.house, scanner=None)
    assert scan_evidence.work(house).find(house.db, 50) == []
    said = text(signed_in(house, "ana").get(desk.page))
    assert "No malware scanner is connected." in said


# Sent by mistake ----------------------------------------------------------------------------------------
def test_a_paper_of_a_held_case_is_not_removed_and_the_remedy_is_told(desk: Desk) -> None:
    desk.send(desk.photo)
    (paper,) = desk.kept()
    with desk.house.db.work() as session:
        sue = Staff(ana_of(desk.house).id, "Sue", frozenset({Role.SUPERVISOR}))
        retention.place_hold(
            session,
            request_id=UUID(desk.request_id),
            reason="A suit",
            asked_by="A court",
            by=sue,
            now=desk.house.now(),
        )
    refused = desk.ana.post(f"{desk.page}/{paper}/removal", data={"reason": "wrong file"})
    assert refused.status_code == 422
    assert "A legal hold stands for this case" in text(refused)
    assert desk.state(paper) == "not_scanned"


def test_what_arrives_while_its_case_is_erased_is_refused_and_not_thanked_for(desk: Desk) -> None:
    answers: list[Response] = []
    sending = threading.Thread(target=lambda: answers.append(desk.send(desk.photo)))
    with desk.house.db.work() as session:
        request_id = RequestId(UUID(desk.request_id))
        lock_request(session, request_id)
        keepers.destroy(session, keeper=request_id, now=desk.house.now())
        sending.start()
        sending.join(0.7)
        assert sending.is_alive()
    sending.join(20)
    assert answers[0].status_code == 410
    assert "We have it" not in text(answers[0])
    with desk.house.db.read() as session:
        kept = "SELECT count(*) FROM evidence WHERE request_id = :id"
        assert session.scalar(sa.text(kept), {"id": request_id}) == 0


def test_a_family_whose_file_another_family_sent_reads_that_it_is_being_checked(desk: Desk) -> None:
    other = entered(desk.house, desk.ana)
    father = family_of(desk.house, desk.ana, other, "mother")
    pdf, photo = desk.pdf(), desk.photo
    desk.send(pdf, photo)
    for paper in desk.kept():
        desk.ana.post(f"{desk.page}/{paper}/quarantine")
    sent = father.post(
        "/family/papers",
        data={"kind": "receipt", "lang": "en"},
        files=[("files", ("a.pdf", pdf, "x/y")), ("files", ("b.jpg", photo, "x/y"))],
    )
    his = text(sent)
    assert his.count("It is being checked.") == 2
    assert "aside" not in his
    assert "set aside already" in text(desk.ana.get(f"/requests/{other}/papers"))


def test_a_paper_sent_by_mistake_is_destroyed_with_a_reason(desk: Desk) -> None:
    desk.send(desk.photo)
    (paper,) = desk.kept()
    assert desk.ana.post(f"{desk.page}/{paper}/removal", data={"reason": " "}).status_code == 422
    assert "destroyed" in text(desk.ana.post(f"{desk.page}/{paper}/removal", data={"reason": "wrong file"}))
    for client, address in desk.addresses(paper):
        assert client.get(address).status_code in (403, 404)
    assert "We no longer keep this one." in desk.her_page()


# Handed over --------------------------------------------------------------------------------------------
def person(desk: Desk, name: str, role: Role) -> TestClient:
    """Signed in with a passkey just now."""
    with desk.house.db.work() as session:
        if not session.scalar(sa.text("SELECT 1 FROM staff WHERE username = :name"), {"name": name}):
            hired = DemoPerson(name, name.capitalize(), "cedar-window-12", frozenset({role}))
            people.hire(session, hired, now=desk.house.now())
    client = a_phone(desk.ana)
    sign_in(client, desk.house, name)
    return client


def test_a_supervisor_asks_an_administrator_agrees_and_no_page_shows_the_file(desk: Desk) -> None:
    desk.send(desk.photo)
    (paper,) = desk.kept()
    desk.ana.post(f"{desk.page}/{paper}/quarantine")
    sue, adam = person(desk, "sue", Role.SUPERVISOR), person(desk, "adam", Role.ADMINISTRATOR)
    asking = f"/set-aside/papers/{paper}/hand-over"
    assert desk.ana.get("/set-aside").status_code == 403
    assert adam.post(asking, data={"handed_to": "Det. Ruiz"}).status_code == 403
    assert sue.post(asking, data={"handed_to": " "}).status_code == 422
    assert "An administrator agrees within a day" in text(
        sue.post(asking, data={"handed_to": "Det. Ruiz, 7"})
    )
    page = adam.get("/set-aside")
    assert "Sue asks to hand it to Det. Ruiz, 7" in text(page)
    assert "<img" not in page.text
    agreeing = re.search(r"/set-aside/hand-overs/[0-9a-f-]{36}/agreement", page.text)
    assert agreeing is not None
    assert sue.post(agreeing[0]).status_code == 403
    assert "Agreed by Adam" in text(adam.post(agreeing[0]))
    for client, address in desk.addresses(paper):
        assert client.get(address).status_code in (403, 404)
    with desk.house.db.work() as session:
        taken = hand_over.take(session, evidence_id=paper, by=System("test"), now=desk.house.now())
    assert taken == desk.photo


@pytest.mark.asvs("7.5.3")
def test_asking_and_agreeing_need_a_passkey_just_now(desk: Desk) -> None:
    for name, role, path in (
        ("sue", Role.SUPERVISOR, f"/set-aside/papers/{UUID(int=1)}/hand-over"),
        ("adam", Role.ADMINISTRATOR, f"/set-aside/hand-overs/{UUID(int=1)}/agreement"),
    ):
        client = person(desk, name, role)
        with desk.house.db.work() as session:
            session.execute(sa.text("UPDATE staff_sessions SET proved_at = proved_at - interval '6 minutes'"))
        assert client.post(path, data={"handed_to": "x"}, follow_redirects=False).status_code in (303, 401)
