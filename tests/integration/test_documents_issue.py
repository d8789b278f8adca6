"""Issuing: each document is made once, kept sealed, and says what it was made from."""

from __future__ import annotations

import copy
import hashlib
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.adapters.docx_renderer import DocxRenderer, LetterIncomplete
from reunify.adapters.pdf_converter import DxpdfConverter
from reunify.db import Database
from reunify.documents import confirming, genuine, queries
from reunify.documents.drafts import Draft
from reunify.documents.making import ApprovalNotFinal
from reunify.documents.queries import Document, DocumentMissing
from reunify.files import actions as files
from reunify.files import queries as kept
from reunify.files.actions import FileTooLarge
from reunify.files.queries import FileMissing
from reunify.intake import actions as intake
from reunify.kernel.canonical import digest_of
from reunify.kernel.ids import DocumentId, RequestId
from reunify.kernel.people import Staff
from reunify.sandbox import people
from reunify.sandbox.families import sample_family
from tests.issued import issued
from tests.objects import stored
from tests.unit.test_documents_samples import TEMPLATES, contexts, frozen, text_of

RENDERER = DocxRenderer(TEMPLATES)


@pytest.fixture
def request_id(db: Database, now: datetime) -> RequestId:
    with db.work() as session:
        ids = people.settle_in(session, now=now)
    ana = next(p for p in people.PEOPLE if p.username == "ana")
    draft = copy.deepcopy(sample_family("b", now.date()).draft)
    with db.work() as session:
        by = Staff(ids["ana"], ana.name, ana.roles)
        return RequestId(intake.create(session, draft=draft, by=by, now=now).id)


def _issue(
    db: Database,
    request_id: RequestId,
    now: datetime,
    *,
    kind: str = "refusal_letter",
    context: dict[str, Any] | None = None,
    ics: bytes | None = None,
) -> Document:
    with db.work() as session:
        said = contexts("es")[kind] if context is None else context
        return issued(
            session,
            Draft(request_id, 1, kind, "es", said, ics=ics),
            renderer=RENDERER,
            converter=DxpdfConverter(),
            own_url="https://reunify.example",
            now=now,
            run="flow-run-1",
        )


def test_a_document_is_kept_with_the_hashes_of_all_it_was_made_from(
    db: Database, request_id: RequestId, now: datetime
) -> None:
    made = _issue(db, request_id, now, kind="itinerary", ics=b"BEGIN:VCALENDAR")
    assert made.context_hash == digest_of(contexts("es")["itinerary"])
    assert made.template_hash == RENDERER.template_hash("itinerary", "es")
    assert made.formats == ("docx", "pdf", "ics")
    assert not made.pdf_tagged
    with db.read() as session:
        assert queries.list_for_request(session, request_id) == [made]
        assert "PLANEADO." in text_of(queries.content(session, made.id, "docx").body)
        pdf = queries.content(session, made.id, "pdf")
        assert pdf.body.startswith(b"%PDF-")
        assert pdf.file_name == "itinerary-1-es.pdf"
        assert queries.content(session, made.id, "ics").body == b"BEGIN:VCALENDAR"
        audited = session.scalars(sa.text("SELECT verb FROM audit_entries WHERE subject = 'document'")).all()
    assert audited == ["issue"]


def test_the_code_on_a_paper_confirms_it_and_its_files_and_nothing_else(
    db: Database, request_id: RequestId, now: datetime
) -> None:
    made = _issue(db, request_id, now, kind="itinerary", ics=b"BEGIN:VCALENDAR")
    assert made.code is not None
    code = genuine.typed(made.code) or ""
    with db.read() as session:
        found = confirming.confirm(session, code)
        files = [queries.content(session, made.id, form).body for form in made.formats]
        assert confirming.confirm(session, code[::-1]) is None
    assert found is not None
    assert (found.code, found.issued_on, found.kind) == (made.code, now.date(), "itinerary")
    assert all(found.holds(confirming.hash_of(one)) for one in files)
    assert not found.holds(confirming.hash_of(files[0] + b" "))
    assert f"Busque el código {made.code} en reunify.example/genuine" in text_of(files[0])


def _copied(session: Session, made: Document, code: str | None, proof: bytes | None) -> None:
    """A row as somebody who may write rows would add it."""
    session.execute(
        sa.text(
            "INSERT INTO documents (id, request_id, number, kind, language, household, revision, "
            "template_hash, context_hash, docx_sha256, pdf_sha256, pdf_tagged, made_at, code, files_proof) "
            "SELECT gen_random_uuid(), request_id, number + 1, kind, language, household, revision, "
            "template_hash, context_hash, docx_sha256, pdf_sha256, pdf_tagged, made_at, :code, :proof "
            "FROM documents WHERE id = :id"
        ),
        {"id": made.id, "code": code, "proof": proof},
    )


def test_a_row_written_by_hand_is_not_genuine_and_a_paper_from_before_codes_still_opens(
    db: Database, request_id: RequestId, now: datetime
) -> None:
    made = _issue(db, request_id, now)
    forged = "0123456789AB"
    with db.work() as session:
        _copied(session, made, forged, b"12345678")
    with db.read() as session:
        assert confirming.confirm(session, forged) is None
        old = queries.list_for_request(session, request_id)[0]
        assert old.number == 2
    with db.work() as session:
        _copied(session, old, None, None)
    with db.read() as session:
        oldest = queries.list_for_request(session, request_id)[0]
        assert (oldest.number, oldest.code) == (3, None)
        assert queries.content(session, oldest.id, "pdf").body.startswith(b"%PDF-")


def test_issuing_again_gives_the_same_document(db: Database, request_id: RequestId, now: datetime) -> None:
    with ThreadPoolExecutor(3) as pool:
        made = list(pool.map(lambda _: _issue(db, request_id, now), range(3)))
    assert len({document.id for document in made}) == 1
    with db.read() as session:
        assert len(queries.list_for_request(session, request_id)) == 1
        assert session.scalar(sa.text("SELECT count(*) FROM documents")) == 1


def test_no_approval_letter_before_the_award_is_released(
    db: Database, request_id: RequestId, now: datetime
) -> None:
    with pytest.raises(ApprovalNotFinal):
        _issue(db, request_id, now, kind="approval_letter", context=frozen())


def test_a_letter_that_cannot_be_made_leaves_nothing_behind(
    db: Database, request_id: RequestId, now: datetime
) -> None:
    with pytest.raises(LetterIncomplete):
        _issue(db, request_id, now, context={"reference": "R-1"})
    with db.read() as session:
        assert session.scalar(sa.text("SELECT count(*) FROM documents")) == 0
        assert session.scalar(sa.text("SELECT count(*) FROM files_blobs")) == 0


def test_a_document_is_only_shown_in_the_forms_it_has(
    db: Database, request_id: RequestId, now: datetime
) -> None:
    made = _issue(db, request_id, now)
    with db.read() as session:
        with pytest.raises(DocumentMissing):
            queries.content(session, made.id, "ics")
        with pytest.raises(DocumentMissing):
            queries.content(session, DocumentId(uuid4()), "pdf")


def test_files_are_kept_once_for_each_family_and_sealed(db: Database, now: datetime) -> None:
    letter = {"content": b"a letter for Rosa", "media_type": "text/plain", "now": now}
    rosas, others = uuid4(), uuid4()
    with db.work() as session:
        first = files.put(session, keeper=rosas, **letter)
        again = files.put(session, keeper=rosas, **letter)
        theirs = files.put(session, keeper=others, **letter)
    assert first == again == theirs == hashlib.sha256(b"a letter for Rosa").hexdigest()
    with db.read() as session:
        assert kept.get(session, first, rosas).content == b"a letter for Rosa"
        assert kept.get(session, first, others).content == b"a letter for Rosa"
        sealed = stored(session)
        assert len(sealed) == 2
        assert not any(b"Rosa" in content for content in sealed)
        for sha256, keeper in (("0" * 64, rosas), (first, uuid4())):
            with pytest.raises(FileMissing):
                kept.get(session, sha256, keeper)


def test_a_file_too_large_is_refused_in_words(db: Database, now: datetime) -> None:
    with db.work() as session, pytest.raises(FileTooLarge, match="20 MB"):
        files.put(
            session,
            content=b"x" * (files.LARGEST_BYTES + 1),
            media_type="text/plain",
            keeper=uuid4(),
            now=now,
        )
