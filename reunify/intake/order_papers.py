"""The order itself: the approval or court paper true names hang on, looked into, kept by the house, shown."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from reunify.audit import actions as audit
from reunify.files import actions as files
from reunify.files import queries as kept
from reunify.files.evidence import Opened
from reunify.files.evidence_policy import (
    LARGEST_EVIDENCE,
    FileNotTaken,
    Kind,
    MediaType,
    attachment_name,
)
from reunify.files.ports import Examiner, Infected, Scanner, Unavailable
from reunify.intake.case_records import DisclosureRecord
from reunify.kernel.may import may
from reunify.kernel.people import Role, Staff
from reunify.kernel.refusals import NotFound, Refused
from reunify.vault.keepers import HOUSE

LARGEST = LARGEST_EVIDENCE  # bytes, as for a family's papers


class OrderNotTaken(Refused):
    """The paper is not there, is no paper, or could not be found free of malware."""


@dataclass(frozen=True, slots=True)
class OrderPaper:
    """Looked into and scanned. `shown`: what people open; of a picture, the one drawn again."""

    original: bytes = field(repr=False)
    original_type: MediaType
    shown: bytes = field(repr=False)
    shown_type: MediaType


@dataclass(frozen=True, slots=True)
class KeptPaper:
    """SHA-256 in hex, of the paper as it came and of what is shown."""

    original: str
    shown: str


def looked_into(content: bytes, *, examiner: Examiner, scanner: Scanner | None) -> OrderPaper:
    """Outside any transaction: it takes seconds. Raises OrderNotTaken.

    Nothing waits for a scan here. Where no scanner answers, a picture is safe drawn again, and a PDF is not
    taken.
    """
    if not content:
        raise OrderNotTaken("Attach the approval or the order: a PDF or a photo of it.", field="/file")
    try:
        examined = examiner.examine(content)
    except FileNotTaken as wrong:
        raise OrderNotTaken(str(wrong), field="/file") from None
    scanned = scanner.scan(content) if scanner is not None else Unavailable("no scanner is connected")
    if isinstance(scanned, Infected):
        raise OrderNotTaken("The scan found malware in this paper. Attach a photo of it.", field="/file")
    shown, shown_type = examined.safe_copy, examined.safe_type
    if shown is None or shown_type is None:
        if isinstance(scanned, Unavailable):
            raise OrderNotTaken(
                "No malware scanner answers, so a PDF cannot be taken now. Attach photos of the paper as one "
                "picture, or try again later.",
                field="/file",
            )
        shown, shown_type = content, examined.media_type
    return OrderPaper(content, examined.media_type, shown, shown_type)


def keep(session: Session, paper: OrderPaper, *, now: datetime) -> KeptPaper:
    """Sealed under the house's key: it is of no one family. Raises FileTooLarge."""
    original, shown = (
        files.put(session, content=content, media_type=media_type, keeper=HOUSE, now=now)
        for content, media_type in (
            (paper.original, paper.original_type),
            (paper.shown, paper.shown_type),
        )
    )
    return KeptPaper(original, shown)


@may(Role.ADMINISTRATOR, Role.SUPERVISOR)
def show(session: Session, *, disclosure_id: UUID, by: Staff, now: datetime) -> Opened:
    """The bytes of the paper, and the note that somebody opened it. Raises NotFound, FileMissing."""
    record = session.get(DisclosureRecord, disclosure_id)
    if record is None:
        raise NotFound("There is no such disclosure.")
    found = kept.get(session, record.shown_sha256, HOUSE)
    audit.record(session, by=by, at=now, subject="disclosure", subject_id=record.id, moved="download")
    media_type = MediaType(found.media_type)
    name = attachment_name(record.id.hex[:8], Kind.COURT_ORDER, media_type)
    return Opened(found.content, media_type, name)
