"""What is true: each document issued, and the hashes of all it was made from. Append-only."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from reunify.db import Base
from reunify.documents.fields import KEPT, NEVER_REVISED
from reunify.documents.genuine import LENGTH, SIGNS
from reunify.kernel.ids import new_id

_KEPT = ", ".join(f"'{kind}'" for kind in KEPT)
_NEVER_REVISED = ", ".join(f"'{kind}'" for kind in NEVER_REVISED)


class DocumentRecord(Base):
    """One letter in one language. An approval letter names the award and digest it was made from."""

    __tablename__ = "documents"
    __table_args__ = (
        *(
            sa.ForeignKeyConstraint(
                ["request_id", f"{form}_sha256"], ["files_blobs.keeper", "files_blobs.sha256"]
            )
            for form in ("docx", "pdf", "ics")
        ),
        sa.UniqueConstraint(
            "request_id",
            "number",
            "kind",
            "language",
            "award_digest",
            "household",
            "revision",
            "concerning",
            name="uq_documents_once",
            postgresql_nulls_not_distinct=True,
        ),
        sa.CheckConstraint(f"kind IN ({_KEPT})", name="kind_known"),
        sa.CheckConstraint("language IN ('en', 'es')", name="language_known"),
        sa.CheckConstraint("number >= 1", name="numbered_from_one"),
        sa.CheckConstraint(
            f"revision = 0 OR (revision > 0 AND kind NOT IN ({_NEVER_REVISED}))", name="letters_stay"
        ),
        sa.CheckConstraint(
            "kind <> 'approval_letter' OR (award_id IS NOT NULL AND award_digest IS NOT NULL)",
            name="approval_letter_names_its_award",
        ),
        sa.UniqueConstraint("code", name="uq_documents_code"),
        sa.CheckConstraint(f"code ~ '^[{SIGNS}]{{{LENGTH}}}$'", name="code_spelled"),
        sa.CheckConstraint("num_nonnulls(code, files_proof) <> 1", name="code_binds_its_files"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    request_id: Mapped[UUID] = mapped_column(sa.ForeignKey("requests.id"), index=True)
    award_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("awards.id"), index=True)
    number: Mapped[int]  # the request version it answers
    kind: Mapped[str]
    language: Mapped[str]
    household: Mapped[str] = mapped_column(server_default="home")  # whose it is, where two share the child
    # Of a plan: the changes of this household's bookings it holds; it is made again when there are more.
    # Of an advice: how many payments came back before this one. Of a closing letter: the postings of this
    # household's costs it holds. Of any other: how often it was made again as what it says had changed.
    revision: Mapped[int] = mapped_column(server_default="0", default=0)
    # Which ask, leg or payment it is about, where one request has several; else empty.
    concerning: Mapped[str] = mapped_column(server_default="", default="")
    template_hash: Mapped[str]
    context_hash: Mapped[str]
    award_digest: Mapped[str | None]
    docx_sha256: Mapped[str]
    pdf_sha256: Mapped[str]
    ics_sha256: Mapped[str | None]
    # Printed on the paper, and what binds the files above to it; none on papers from before there were codes.
    code: Mapped[str | None]
    files_proof: Mapped[bytes | None]
    pdf_tagged: Mapped[bool]
    made_at: Mapped[datetime]
    run: Mapped[str | None]  # the flow run, when there was one


class PlansFollowed(Base):
    """Up to which change of an award's bookings all its plans were looked at; which of them were made again
    stands in `documents`, for each household."""

    __tablename__ = "plans_followed"

    award_id: Mapped[UUID] = mapped_column(sa.ForeignKey("awards.id"), primary_key=True)
    award_digest: Mapped[str]
    changes: Mapped[int]
