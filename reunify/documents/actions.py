"""Keep a document that was made, with its files and what it was made from. The same document is kept once.

Papers are drafted from what is true, made outside any transaction (`making`), and kept here.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from reunify.audit import actions as audit
from reunify.documents import calendar, genuine
from reunify.documents.drafts import Draft
from reunify.documents.making import Made
from reunify.documents.queries import Document, shown
from reunify.documents.records import DocumentRecord, PlansFollowed
from reunify.files import actions as files
from reunify.kernel.canonical import digest_of
from reunify.kernel.ids import AwardId
from reunify.kernel.may import may
from reunify.kernel.people import Actor

DOCX_TYPE: Final = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
PDF_TYPE: Final = "application/pdf"


# In the order of `Draft.once`.
_ONCE: Final = (
    DocumentRecord.request_id,
    DocumentRecord.number,
    DocumentRecord.kind,
    DocumentRecord.language,
    DocumentRecord.award_digest,
    DocumentRecord.household,
    DocumentRecord.revision,
    DocumentRecord.concerning,
)


@may(system=True)
def keep(session: Session, *, made: Made, by: Actor, now: datetime, run: str | None) -> Document:
    """The paper as it was made, or the same one that somebody kept before it."""
    draft = made.draft
    _one_at_a_time(session, *draft.once)
    found = session.scalar(sa.select(DocumentRecord).where(_is(draft)))
    if found is not None:
        return shown(found)
    files_kept = _keep(session, made, now)
    record = DocumentRecord(
        id=made.named.document_id,
        request_id=draft.request_id,
        award_id=draft.award_id,
        number=draft.number,
        kind=draft.kind,
        language=draft.language,
        household=draft.household,
        revision=draft.revision,
        concerning=draft.concerning,
        template_hash=made.named.template_hash,
        context_hash=made.named.context_hash,
        award_digest=draft.digest,
        **dict(zip(("docx_sha256", "pdf_sha256", "ics_sha256"), files_kept, strict=True)),
        code=made.code,
        files_proof=genuine.files_proof(made.code, [one or "" for one in files_kept]),
        pdf_tagged=made.pdf_tagged,
        made_at=now,
        run=run,
    )
    session.add(record)
    session.flush()
    told = {
        "kind": draft.kind,
        "language": draft.language,
        "number": draft.number,
        "docx_sha256": record.docx_sha256,
    }
    audit.record(session, by=by, at=now, subject="document", subject_id=record.id, moved="issue", detail=told)
    return shown(record)


def missing(session: Session, *, drafts: Sequence[Draft]) -> list[Draft]:
    """Those that are not kept yet, in the same order. One question, however many."""
    if not drafts:
        return []
    kept = session.execute(
        sa.select(*_ONCE).where(DocumentRecord.request_id.in_({draft.request_id for draft in drafts}))
    )
    there = {tuple(row) for row in kept}
    return [draft for draft in drafts if draft.once not in there]


def _is(draft: Draft) -> sa.ColumnElement[bool]:
    return sa.and_(
        *(
            column.is_not_distinct_from(value) if value is None else column == value
            for column, value in zip(_ONCE, draft.once, strict=True)
        )
    )


def _keep(session: Session, made: Made, now: datetime) -> list[str | None]:
    """The SHA-256 of Word file, PDF and calendar; None where there is none."""
    forms = ((made.docx, DOCX_TYPE), (made.pdf, PDF_TYPE), (made.draft.ics, calendar.MEDIA_TYPE))
    return [
        files.put(session, content=content, media_type=media_type, keeper=made.draft.request_id, now=now)
        if content
        else None
        for content, media_type in forms
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
