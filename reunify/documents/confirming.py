"""Whether a paper is ours, for whoever holds it. Told without a name, an amount or anything of the case."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, date
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.documents import genuine
from reunify.documents.genuine import Named
from reunify.documents.records import DocumentRecord
from reunify.kernel.refusals import Refused

HASH_SIGNS: Final = 64


class NoHash(Refused):
    """Something else than a SHA-256 was typed."""


@dataclass(frozen=True, slots=True)
class Confirmed:
    """A paper of ours: the day it was issued (UTC, as every paper is dated), what kind it is, its files."""

    code: str
    issued_on: date
    kind: str
    files: frozenset[str] = field(repr=False)

    def holds(self, sha256: str) -> bool:
        """Whether a file (SHA-256, hex) is one of those we made, byte for byte."""
        return sha256 in self.files


def confirm(session: Session, code: str) -> Confirmed | None:
    """The paper of this code, as `genuine.typed` gives it; None if none of ours has it.

    A row that its own code or proof does not hold for is none of ours either, whoever wrote it.
    """
    row = session.scalar(sa.select(DocumentRecord).where(DocumentRecord.code == code))
    if row is None or not _is_ours(row):
        return None
    files = frozenset(one for one in _files(row) if one)
    return Confirmed(genuine.grouped(code), row.made_at.astimezone(UTC).date(), row.kind, files)


def hash_of(content: bytes) -> str:
    """SHA-256 (hex), as files are named here."""
    return hashlib.sha256(content).hexdigest()


def typed_hash(text: str) -> str:
    """A SHA-256 as programs print it, in any case and spacing. Raises NoHash."""
    found = "".join(text.split()).casefold()
    if len(found) != HASH_SIGNS or not set(found) <= set("0123456789abcdef"):
        raise NoHash("A SHA-256 has 64 signs, 0 to 9 and a to f.", field="/sha256")
    return found


def _is_ours(row: DocumentRecord) -> bool:
    if row.code is None or row.files_proof is None:
        return False
    named = Named(
        document_id=row.id,
        kind=row.kind,
        language=row.language,
        number=row.number,
        revision=row.revision,
        template_hash=row.template_hash,
        context_hash=row.context_hash,
    )
    return genuine.is_code_of(row.code, named) and genuine.is_files_proof(
        row.files_proof, row.code, _files(row)
    )


def _files(row: DocumentRecord) -> list[str]:
    return [row.docx_sha256, row.pdf_sha256, row.ics_sha256 or ""]
