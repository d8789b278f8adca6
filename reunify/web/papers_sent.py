"""Papers through the web: how a form with files is read, and how bytes go out so that nothing runs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import Depends, Request
from fastapi.responses import Response
from starlette.datastructures import FormData, UploadFile

from reunify.bootstrap import House
from reunify.files import evidence
from reunify.files.evidence import Opened, Sent
from reunify.files.evidence_policy import (
    LARGEST_EVIDENCE,
    MOST_AT_ONCE,
    FileNotTaken,
    Kind,
    Reason,
    shown_name,
)
from reunify.intake.queries import lock_request
from reunify.kernel.ids import RequestId
from reunify.kernel.people import Family, Staff
from reunify.kernel.refusals import NotAllowed

ACCEPT: Final = "image/jpeg,image/png,application/pdf"  # an iPhone asked for JPEG converts by itself
_MOST_PARTS = 40
# A download, a picture on our own page, a program, an old browser. Never a frame, a script, an object.
_DESTINATIONS: Final = {"document", "image", "empty"}


class ShownElsewhere(NotAllowed):
    """The paper was asked for to be shown inside something else."""


async def _uploaded(request: Request) -> AsyncIterator[FormData]:
    """Files beyond 1 MB wait in an unnamed file on disk, gone when the answer is."""
    async with request.form(max_files=_MOST_PARTS, max_fields=_MOST_PARTS) as form:
        yield form


# Name it after the audience in a route: nobody's files are read before it is known who sends them.
UploadForm = Annotated[FormData, Depends(_uploaded)]


@dataclass(frozen=True, slots=True)
class NotTaken:
    """`name`: the sender's own, cleaned."""

    name: str
    reason: Reason


@dataclass(frozen=True, slots=True)
class Batch:
    """What the form holds: None where it has to be mended."""

    kind: Kind | None
    files: list[UploadFile]

    @property
    def too_many(self) -> bool:
        return len(self.files) > MOST_AT_ONCE


def batch_of(form: FormData) -> Batch:
    said = form.get("kind")
    kind = Kind(said) if isinstance(said, str) and said in list(Kind) else None
    files = [one for one in form.getlist("files") if isinstance(one, UploadFile)]
    return Batch(kind, [one for one in files if one.filename or one.size])


def take_in(at: House, batch: Batch, *, request_id: RequestId, by: Staff | Family) -> list[NotTaken]:
    """Each file by itself: one that is not taken costs the others nothing.

    Raises TooManyPapers, Busy, vault's Erased.
    """
    assert batch.kind is not None
    refused = []
    for upload in batch.files:
        content = upload.file.read(LARGEST_EVIDENCE + 1)
        sent = Sent(content, batch.kind, upload.filename)
        try:
            examined = at.examiner.examine(content)
        except FileNotTaken as wrong:
            refused.append(NotTaken(shown_name(upload.filename), wrong.reason))
            with at.db.work() as session:
                lock_request(session, request_id)
                evidence.note_refused(
                    session, request_id=request_id, sent=sent, reason=wrong.reason, by=by, now=at.now()
                )
            continue
        with at.db.work(wake=True) as session:
            lock_request(session, request_id)  # an erasure under way goes first: then nothing is "received"
            evidence.keep(session, request_id=request_id, sent=sent, examined=examined, by=by, now=at.now())
    return refused


def one_file(form: FormData, name: str, *, largest: int) -> bytes:
    """The bytes of the one file under this name, at most one more than `largest`; empty without a file."""
    sent = [one for one in form.getlist(name) if isinstance(one, UploadFile)]
    return sent[0].file.read(largest + 1) if len(sent) == 1 else b""


def attachment(request: Request, opened: Opened) -> Response:
    """As a file under our own name (RFC 6266), in a sandbox that allows nothing. Raises ShownElsewhere."""
    if request.headers.get("sec-fetch-dest", "empty") not in _DESTINATIONS:
        raise ShownElsewhere("Papers are opened from their own page, or saved as a file.")
    return Response(
        opened.content,
        media_type=opened.media_type,
        headers={
            "content-disposition": f'attachment; filename="{opened.file_name}"',
            "content-security-policy": "sandbox; default-src 'none'",
        },
    )
