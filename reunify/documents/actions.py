"""Issue a document: check its fields, render, convert, keep, record. The same document is made once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from reunify.audit import actions as audit
from reunify.documents import calendar, genuine
from reunify.documents import context as letters
from reunify.documents.genuine import Named
from reunify.documents.ports import PdfConverter, Renderer
from reunify.documents.queries import Document, shown
from reunify.documents.records import DocumentRecord, PlansFollowed
from reunify.files import actions as files
from reunify.intake.form import Language
from reunify.intake.households import HOME
from reunify.kernel.canonical import digest_of
from reunify.kernel.ids import AwardId, RequestId, new_id
from reunify.kernel.may import may
from reunify.kernel.people import Actor
from reunify.kernel.refusals import Refused

DOCX_TYPE: Final = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
PDF_TYPE: Final = "application/pdf"


class ApprovalNotFinal(Refused):
    """ "Approved" is told to a family only after the last money gate."""


@may(system=True)
def issue(
    session: Session,
    *,
    request_id: RequestId,
    number: int,
    kind: str,
    language: Language,
    context: Mapping[str, Any],
    award_id: AwardId | None,
    digest: str | None,
    renderer: Renderer,
    converter: PdfConverter,
    own_url: str,
    by: Actor,
    now: datetime,
    run: str | None,
    ics: bytes | None = None,
    household: str = HOME,
    revision: int = 0,
) -> Document:
    """Returns the document, made now or found. For an approval letter `context` is the frozen facts.

    `household`: who reads it, where two share the child; the context holds what that household may read.
    `revision`: how many changes of the bookings a plan holds; a later one is another document.
    `own_url`: of our pages, where anybody can ask with the code on the paper whether it is genuine.

    Raises ApprovalNotFinal, LetterDoesNotFit, LetterIncomplete, TemplateMissing, CannotMakePdf.
    """
    if kind == "approval_letter" and (award_id is None or digest is None):
        raise ApprovalNotFinal("Release the award first: the letter is made from what was released.")
    _one_at_a_time(session, request_id, number, kind, language, digest, household, revision)
    found = _found(session, request_id, number, kind, language, digest, household, revision)
    if found is not None:
        return shown(found)
    spoken = letters.approval_letter(context, language) if kind == "approval_letter" else dict(context)
    hashes = (renderer.template_hash(kind, language), digest_of(dict(context)))
    made_from = Named(new_id(), kind, language, number, revision, *hashes)
    code = genuine.code_of(made_from)
    docx = renderer.render(kind, language, spoken, genuine.printed(code, own_url))
    (pdf,) = converter.convert([docx])
    kept = _keep(session, request_id, {DOCX_TYPE: docx, PDF_TYPE: pdf, calendar.MEDIA_TYPE: ics}, now)
    record = DocumentRecord(
        id=made_from.document_id,
        request_id=request_id,
        award_id=award_id,
        number=number,
        kind=kind,
        language=language,
        household=household,
        revision=revision,
        template_hash=made_from.template_hash,
        context_hash=made_from.context_hash,
        award_digest=digest,
        **dict(zip(("docx_sha256", "pdf_sha256", "ics_sha256"), kept, strict=True)),
        code=code,
        files_proof=genuine.files_proof(code, [one or "" for one in kept]),
        pdf_tagged=converter.tagged,
        made_at=now,
        run=run,
    )
    session.add(record)
    session.flush()
    told = {"kind": kind, "language": language, "number": number, "docx_sha256": record.docx_sha256}
    audit.record(session, by=by, at=now, subject="document", subject_id=record.id, moved="issue", detail=told)
    return shown(record)


def _keep(
    session: Session, request_id: RequestId, made: Mapping[str, bytes | None], now: datetime
) -> list[str | None]:
    """The SHA-256 of each, in order; None where there is none."""
    return [
        files.put(session, content=content, media_type=media_type, keeper=request_id, now=now)
        if content
        else None
        for media_type, content in made.items()
    ]


def follow(session: Session, *, award_id: AwardId, digest: str, changes: int) -> None:
    """Every household's plan of this award holds the first so many changes of its bookings."""
    row = insert(PlansFollowed).values(award_id=award_id, award_digest=digest, changes=changes)
    kept = {"award_digest": digest, "changes": changes}
    session.execute(row.on_conflict_do_update(index_elements=[PlansFollowed.award_id], set_=kept))


def _one_at_a_time(session: Session, *key: object) -> None:
    """Two workers on one letter: the second waits, then finds the first one's."""
    number = int(digest_of([str(part) for part in ("documents", *key)])[:15], 16)
    session.execute(sa.select(sa.func.pg_advisory_xact_lock(number)))


def _found(
    session: Session,
    request_id: RequestId,
    number: int,
    kind: str,
    language: str,
    digest: str | None,
    household: str,
    revision: int,
) -> DocumentRecord | None:
    return session.scalar(
        sa.select(DocumentRecord).where(
            DocumentRecord.request_id == request_id,
            DocumentRecord.number == number,
            DocumentRecord.kind == kind,
            DocumentRecord.language == language,
            DocumentRecord.award_digest.is_not_distinct_from(digest),
            DocumentRecord.household == household,
            DocumentRecord.revision == revision,
        )
    )
