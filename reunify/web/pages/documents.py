"""Papers as files: always an attachment, never shown inside the site. Masked copies for the others."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from reunify.approval import queries as approval
from reunify.audit import actions as audit
from reunify.documents import outside_papers, queries
from reunify.documents.fields import FOR_OTHERS
from reunify.documents.queries import Content
from reunify.intake.reach import Reach
from reunify.kernel.ids import DocumentId
from reunify.kernel.sight import Sight
from reunify.reporting import sheet
from reunify.web import reading
from reunify.web.audience import AnyStaff, AtHouse
from reunify.web.scope import SeenCase, case_at

router = APIRouter(include_in_schema=False)
DocumentFormat = Literal["docx", "pdf", "ics"]
NamedCase = Annotated[Reach, Depends(case_at(AnyStaff, Sight.WHOLE))]


@router.get("/documents/{document_id}/masked")
def masked(document_id: UUID, by: AnyStaff, at: AtHouse, case: SeenCase) -> Response:
    """What finance and auditors read instead of the letter."""
    with at.db.work() as session:
        paper = queries.document(session, DocumentId(document_id))
        award = approval.award(session, paper.award_id) if paper.award_id else None
        lines = sheet.of_document(session, paper, award, case.sight)
        reading.one(session, by=by, at=at.now(), subject="document", subject_id=document_id, sight=case.sight)
    return masked_sheet(lines, f"masked-{paper.kind.replace('_', '-')}-{paper.number}-{paper.language}")


@router.get("/documents/{document_id}/{format}")
def download(
    document_id: UUID, format: DocumentFormat, by: AnyStaff, at: AtHouse, case: NamedCase
) -> Response:
    """Letters carry names: only who sees the case whole may have them.

    One for somebody outside goes no further once a consent it told under is taken back; who reads true names
    by order still reads what was told.
    """
    with at.db.work() as session:
        paper = queries.document(session, DocumentId(document_id))
        if paper.kind in FOR_OTHERS and not case.disclosed:
            outside_papers.check_may_be_sent(session, paper, now=at.now())
        content = queries.content(session, DocumentId(document_id), format)
        audit.record(
            session, by=by, at=at.now(), subject="document", subject_id=document_id, moved="download"
        )
    return sent(content)


def masked_sheet(lines: list[str], name: str) -> Response:
    return sent(Content("\n".join(lines).encode() + b"\n", "text/plain; charset=utf-8", f"{name}.txt"))


def sent(content: Content) -> Response:
    return Response(
        content.body,
        media_type=content.media_type,
        headers={"content-disposition": f'attachment; filename="{content.file_name}"'},
    )
