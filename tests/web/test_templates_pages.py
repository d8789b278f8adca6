"""A letter's Word files come in through the page, are seen filled in, and wait for a second person."""

from __future__ import annotations

import io
import re
import zipfile
from typing import Any, Final
from uuid import UUID

import pytest
import sqlalchemy as sa
from httpx2 import Response
from PIL import Image
from sqlalchemy.orm import Session

from reunify.bootstrap import LETTERS
from reunify.cli import templates as cli
from reunify.documents import fields, template_actions, template_queries
from reunify.documents import queries as documents
from reunify.documents.template_samples import sample
from reunify.identity.queries import staff_id
from reunify.kernel.ids import RequestId
from reunify.kernel.people import Staff
from reunify.sandbox.families import sample_family
from reunify.sandbox.people import PEOPLE_BY_NAME
from reunify.web import template_acts
from tests.unit.test_documents_samples import text_of
from tests.web.pages_world import AGAIN, TestClient, text
from tests.web.rules_world import NOW, Hall, hall

__all__ = ["hall"]

KIND: Final = "information_request"
AT: Final = f"/templates/{KIND}"
FATHER: Final = sample_family("d", NOW.date()).draft


def changed(language: str, old: str, new: str, kind: str = KIND) -> bytes:
    """The shipped letter with one phrase of its words replaced, as Word would save it."""
    out = io.BytesIO()
    with zipfile.ZipFile(LETTERS / f"{kind}.{language}.docx") as file, zipfile.ZipFile(out, "w") as copy:
        for name in file.namelist():
            body = file.read(name)
            if name == "word/document.xml":
                assert old.encode() in body
                body = body.replace(old.encode(), new.encode(), 1)
            copy.writestr(name, body, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def with_new_words(**words: str) -> dict[str, bytes]:
    return {
        one: changed(one, "{{ reference }}", f"{{{{ reference }}}} {said}") for one, said in words.items()
    }


def send(client: TestClient, files: dict[str, bytes], what: str = "Kinder words") -> Response:
    sent = {one: (f"{KIND}.{one}.docx", data, "application/octet-stream") for one, data in files.items()}
    return client.post(AT, files=sent, data={"what_changed": what})


def by_name(session: Session, username: str) -> Staff:
    """As the person signs in."""
    person = PEOPLE_BY_NAME[username]
    return Staff(staff_id(session, username), person.name, person.roles)


def waiting_version(hall: Hall, who: str = "noor", **words: str) -> str:
    """The page of a version somebody brought in."""
    answer = send(hall.as_(who), with_new_words(**words))
    assert answer.status_code == 200, text(answer)
    return str(answer.url.path)


def test_files_that_must_be_mended_are_told_whole_and_nothing_is_kept(hall: Hall) -> None:
    noor = hall.as_("noor")
    assert "Choose the Word file in Spanish too." in text(send(noor, with_new_words(en="Please call us")))
    bad = {
        "en": changed("en", "{{ reference }}", "{{ case_type }} for victims"),
        "es": (LETTERS / "itinerary.es.docx").read_bytes() + b"x" * 2_200_000,
    }
    answer = send(noor, bad)
    said = text(answer)
    assert answer.status_code == 422
    for told in (
        "information_request.en.docx case_type a field this letter does not have",
        "the word “victims”",
        "information_request.es.docx the whole file 2,",
    ):
        assert told in said, said
    assert 'name="what_changed" rows="2">Kinder words<' in answer.text
    assert "Version 1" not in text(noor.get(AT))
    assert noor.get(f"{AT}/en/{'0' * 64}.docx").status_code == 404


def test_a_version_is_seen_filled_in_and_approved_by_a_second_person(hall: Hall) -> None:
    house = hall.house
    shipped = house.renderer.template_hash(KIND, "es")
    page = waiting_version(hall, en="Please call us", es="Por favor, llámenos")
    noor, ada = hall.as_("noor"), hall.as_("ada")
    shown = noor.get(page)
    assert page in ada.get("/").text, "it is on the work list of whoever may say yes, and of nobody else"
    assert page not in noor.get("/").text
    assert "Another rules author looks at it" in text(shown)
    assert "Por favor, llámenos" in text(shown)
    own = noor.post(f"{page}/approve")
    assert own.status_code == 403
    assert "You brought these files in" in text(own)
    assert noor.post(f"{page}/decline", data={"reason": "not good"}).status_code == 403
    assert send(ada, with_new_words(en="x", es="y")).status_code == 409, "one waits at a time"

    pictures = re.findall(rf'src="({AT}/es/([0-9a-f]{{64}}).png)"', shown.text)
    assert [sha for _, sha in pictures][1] == shipped, "beside the version in force"
    assert Image.open(io.BytesIO(noor.get(pictures[0][0]).content)).width == 850
    assert house.renderer.template_hash(KIND, "es") == shipped, "nothing changes before the second yes"

    assert "In force" in text(ada.post(f"{page}/approve"))
    assert ada.post(f"{page}/approve").status_code == 409
    new = house.renderer.template_hash(KIND, "es")
    assert new == pictures[0][1]
    letter = sample(fields.of_kind(LETTERS, KIND), "es")
    assert "Por favor, llámenos" in text_of(house.renderer.render(KIND, "es", letter))
    before = text_of(house.renderer.render(KIND, "es", letter, template=shipped))
    assert "Por favor, llámenos" not in before, "what was approved before is rendered as it was"
    assert "As shipped with this release" in text(ada.get(AT))

    back = ada.post(f"{AT}/again", data={"number": "0"})
    assert "Back to version 0" in text(back)
    the_tables_refuse_what_the_pages_refuse(
        hall, str(back.url.path).rpartition("/")[2], by="ada", other="noor"
    )
    assert "Withdrawn" in text(ada.post(f"{back.url.path}/withdraw", data={"reason": "It may stay"}))
    assert house.renderer.template_hash(KIND, "es") == new


def test_others_read_every_version_and_change_none(hall: Hall) -> None:
    dee = hall.as_("dee")
    assert "Information request" in text(dee.get("/templates"))
    page = dee.get(AT)
    assert "Bring in a new version" not in text(page)
    assert send(dee, with_new_words(en="x", es="y")).status_code == 403
    (docx, *_) = re.findall(rf'href="({AT}/en/[0-9a-f]{{64}}.docx)"', page.text)
    assert dee.get(docx).content.startswith(b"PK")


def test_what_no_longer_fits_is_told_before_it_is_approved_and_by_the_doctor(hall: Hall) -> None:
    """A release took away the field it prints, or somebody wrote past the pages."""
    with hall.house.db.work() as session:
        noor, ada = (by_name(session, one) for one in ("noor", "ada"))
        old = {one: changed(one, "{{ reference }}", "{{ reference }} {{ old_name }}") for one in ("en", "es")}
        new = template_actions.propose(
            session,
            kind=KIND,
            files=old,
            findings=[],
            in_force={},
            what_changed="A name",
            by=noor,
            now=NOW,
        )
    told = "old_name: a field this letter does not have"
    answer = hall.as_("ada").post(f"/templates/versions/{new}/approve")
    assert (answer.status_code, told in text(answer)) == (422, True), text(answer)
    with hall.house.db.work() as session:
        template_actions.approve(session, version_id=new, by=ada, now=NOW)
    assert [told in str(one) for one in cli.of_versions_in_force(hall.house.db)[0]] == [True, True]


def test_an_award_keeps_the_letter_it_was_approved_with(hall: Hall) -> None:
    """A template that changes between the two yeses stops no money, and changes no letter."""
    ana, ben, carla = (hall.as_(one) for one in ("ana", "ben", "carla"))
    kept = ana.post("/api/v1/requests", json=FATHER).json()["id"]
    ana.post(f"/api/v1/requests/{kept}/submission", json=AGAIN)
    hall.work_off()
    award = ana.get(f"/api/v1/requests/{kept}/progress").json()["award"]["id"]
    assert ben.post(f"/api/v1/awards/{award}/approval").status_code == 200
    renderer = hall.house.renderer
    before = renderer.template_hash("approval_letter", "en")
    template_acts.keep_shipped(hall.house)
    with hall.house.db.read() as session:
        kept_file = template_queries.content(session, before)
    assert kept_file == (LETTERS / "approval_letter.en.docx").read_bytes(), (
        "the next release may ship another"
    )
    with hall.house.db.work() as session:
        noor, ada = (by_name(session, one) for one in ("noor", "ada"))
        files = {
            one: changed(one, "{{ reference }}", "{{ reference }}!", "approval_letter")
            for one in ("en", "es")
        }
        said: dict[str, Any] = {
            "kind": "approval_letter",
            "findings": [],
            "in_force": {},
            "what_changed": "A sign",
        }
        new = template_actions.propose(session, files=files, by=noor, now=NOW, **said)
        template_actions.approve(session, version_id=new, by=ada, now=NOW)
    assert renderer.template_hash("approval_letter", "en") != before
    assert carla.post(f"/api/v1/awards/{award}/release").status_code == 200
    hall.work_off()
    with hall.house.db.read() as session:
        papers = documents.list_for_request(session, RequestId(UUID(kept)))
    assert [one.template_hash for one in papers if one.kind == "approval_letter"] == [before]


def the_tables_refuse_what_the_pages_refuse(hall: Hall, version: str, *, by: str, other: str) -> None:
    decide = sa.text(
        "INSERT INTO template_decisions"
        " (version_id, state, reason, proposed_by, decided_by, decided_for, decided_at)"
        " SELECT v.id, :state, 'because', p.id, d.id,"
        " CASE WHEN :stands THEN ARRAY[v.proposed_by] ELSE '{}' END, v.proposed_at + interval '1 hour'"
        " FROM template_versions v, staff p, staff d"
        " WHERE v.id = :version AND p.username = :proposer AND d.username = :decider"
    )
    refusals = [
        ("approved", by, by, False, "approved_by_another"),
        ("approved", by, other, True, "approved_by_another"),
        ("approved", other, by, False, "names_who_proposed"),
        ("withdrawn", by, other, False, "withdrawn_by_who_proposed"),
    ]
    for state, proposer, decider, stands, broken in refusals:
        said = {
            "state": state,
            "version": version,
            "proposer": proposer,
            "decider": decider,
            "stands": stands,
        }
        assert f"ck_template_decisions_{broken}" in refused(hall, decide, said)
    for change in ("UPDATE template_versions SET number = 9", "DELETE FROM template_files"):
        assert "permission denied" in refused(hall, sa.text(change), {})


def refused(hall: Hall, statement: sa.TextClause, said: dict[str, object]) -> str:
    """What the database says to the application that tries it."""
    try:
        with hall.house.db.work() as session:
            session.execute(statement, said)
    except sa.exc.DBAPIError as wrong:
        return str(wrong)
    pytest.fail(f"{statement} was done")
