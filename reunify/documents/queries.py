"""Show the documents of a request, and their bytes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.documents.genuine import grouped
from reunify.documents.records import DocumentRecord
from reunify.files import queries as files
from reunify.kernel.ids import AwardId, DocumentId, RequestId
from reunify.kernel.refusals import NotFound

Format = Literal["docx", "pdf", "ics"]


class DocumentMissing(NotFound):
    """There is no such document, or not in that form."""


@dataclass(frozen=True, slots=True)
class Document:
    """`number` is the request version answered; `formats` what can be fetched with `content`.

    `revision`: how many changes of the bookings a plan holds; 0 for every other letter.
    `concerning`: which ask, leg or payment it is about; empty where a request has one of its kind.
    `code`: as printed on it; none on papers from before there were codes.
    """

    id: DocumentId
    request_id: RequestId
    award_id: AwardId | None
    number: int
    kind: str
    language: str
    household: str
    template_hash: str
    context_hash: str
    award_digest: str | None
    formats: tuple[Format, ...]
    pdf_tagged: bool
    made_at: datetime
    run: str | None
    revision: int = 0
    concerning: str = ""
    code: str | None = None


@dataclass(frozen=True, slots=True)
class Content:
    """`file_name` carries no name and no place."""

    body: bytes
    media_type: str
    file_name: str


def list_for_request(session: Session, request_id: RequestId) -> list[Document]:
    """Newest version first; then by kind and language."""
    rows = session.scalars(
        sa.select(DocumentRecord)
        .where(DocumentRecord.request_id == request_id)
        .order_by(
            DocumentRecord.number.desc(),
            DocumentRecord.made_at.desc(),
            DocumentRecord.kind,
            DocumentRecord.language,
        )
    )
    return [shown(row) for row in rows]


def request_of(session: Session, document_id: DocumentId) -> RequestId:
    """Raises DocumentMissing."""
    found = session.scalar(sa.select(DocumentRecord.request_id).where(DocumentRecord.id == document_id))
    if found is None:
        raise DocumentMissing("There is no such document, or not in that form.")
    return RequestId(found)


def document(session: Session, document_id: DocumentId) -> Document:
    """Raises DocumentMissing."""
    row = session.get(DocumentRecord, document_id)
    if row is None:
        raise DocumentMissing("There is no such document, or not in that form.")
    return shown(row)


def content(session: Session, document_id: DocumentId, format: Format) -> Content:
    """The bytes as they were made. The caller decides who may read them. Raises DocumentMissing."""
    row = session.get(DocumentRecord, document_id)
    sha256 = (
        {"docx": row.docx_sha256, "pdf": row.pdf_sha256, "ics": row.ics_sha256}.get(format) if row else None
    )
    if row is None or sha256 is None:
        raise DocumentMissing("There is no such document, or not in that form.")
    kept = files.get(session, sha256, row.request_id)
    name = f"{row.kind.replace('_', '-')}-{row.number}-{row.language}.{format}"
    return Content(kept.content, kept.media_type, name)


def shown(row: DocumentRecord) -> Document:
    """The row as others may see it."""
    formats: tuple[Format, ...] = ("docx", "pdf", "ics") if row.ics_sha256 else ("docx", "pdf")
    return Document(
        id=DocumentId(row.id),
        request_id=RequestId(row.request_id),
        award_id=AwardId(row.award_id) if row.award_id else None,
        number=row.number,
        kind=row.kind,
        language=row.language,
        household=row.household,
        template_hash=row.template_hash,
        context_hash=row.context_hash,
        award_digest=row.award_digest,
        formats=formats,
        pdf_tagged=row.pdf_tagged,
        made_at=row.made_at,
        run=row.run,
        revision=row.revision,
        concerning=row.concerning,
        code=grouped(row.code) if row.code else None,
    )
