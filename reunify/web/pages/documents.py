"""Papers as files: always an attachment, never shown inside the site."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from reunify.audit import actions as audit
from reunify.documents import queries
from reunify.documents.queries import Content
from reunify.kernel.ids import DocumentId
from reunify.kernel.people import Role, Staff
from reunify.web.audience import AtHouse, staff

router = APIRouter(include_in_schema=False)
DocumentFormat = Literal["docx", "pdf", "ics"]
Reader = Annotated[Staff, Depends(staff(Role.CASE_MANAGER, Role.FINANCE_APPROVER, Role.FINANCE_RELEASER))]


@router.get("/documents/{document_id}/{format}")
def download(document_id: UUID, format: DocumentFormat, by: Reader, at: AtHouse) -> Response:
    """Letters carry names: auditors read masked pages instead."""
    with at.db.work() as session:
        content = queries.content(session, DocumentId(document_id), format)
        audit.record(
            session, by=by, at=at.now(), subject="document", subject_id=document_id, moved="download"
        )
    return sent(content)


def sent(content: Content) -> Response:
    return Response(
        content.body,
        media_type=content.media_type,
        headers={"content-disposition": f'attachment; filename="{content.file_name}"'},
    )
