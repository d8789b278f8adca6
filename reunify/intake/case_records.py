"""What is true: cases opened in an emergency, and true names told to an outsider."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from reunify.db import Base
from reunify.kernel.ids import new_id
from reunify.vault.columns import sealed_text
from reunify.vault.keepers import HOUSE

_FILE = ["files_blobs.keeper", "files_blobs.sha256"]


class CaseOpening(Base):
    """A case manager opened another team's case at night, for a while, with a reason."""

    __tablename__ = "case_openings"
    __table_args__ = (sa.CheckConstraint("ends_at > opened_at", name="ends_after_it_opens"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    request_id: Mapped[UUID] = mapped_column(sa.ForeignKey("requests.id"), index=True)
    opened_by: Mapped[UUID] = mapped_column(sa.ForeignKey("staff.id"), index=True)
    reason = sealed_text(keeper="request_id")
    opened_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    seen_by: Mapped[UUID | None] = mapped_column(sa.ForeignKey("staff.id"))  # a supervisor looked at it
    seen_at: Mapped[datetime | None]


class DisclosureRecord(Base):
    """True names for one named auditor, by order of the agency's head or a court (2 CFR 200.337(b))."""

    __tablename__ = "disclosures"
    __table_args__ = (
        sa.CheckConstraint("basis IN ('agency_head', 'court_order')", name="basis_known"),
        sa.CheckConstraint(
            "ends_at > starts_at AND ends_at <= starts_at + interval '30 days'", name="thirty_days_at_most"
        ),
        sa.CheckConstraint(
            "confirmed_by <> proposed_by AND reader_id <> proposed_by AND reader_id <> confirmed_by",
            name="three_different_people",
        ),
        sa.CheckConstraint("num_nonnulls(confirmed_by, confirmed_at) <> 1", name="confirmed_whole"),
        sa.CheckConstraint("num_nonnulls(ended_by, ended_at) <> 1", name="ended_whole"),
        sa.ForeignKeyConstraint(["file_keeper", "file_sha256"], _FILE),
        sa.ForeignKeyConstraint(["file_keeper", "shown_sha256"], _FILE),
        sa.CheckConstraint(f"file_keeper = '{HOUSE}'", name="house_keeps_its_paper"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    reader_id: Mapped[UUID] = mapped_column(sa.ForeignKey("staff.id"), index=True)
    asked_by = sealed_text()  # no one family's: the house keeps it
    basis: Mapped[str]
    paper = sealed_text()  # its number, and where it is kept
    file_keeper: Mapped[UUID] = mapped_column(default=HOUSE)
    file_sha256: Mapped[str]  # of the attached paper as it came
    shown_sha256: Mapped[str]  # of what people open: of a picture, the one drawn again
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    proposed_by: Mapped[UUID] = mapped_column(sa.ForeignKey("staff.id"))
    proposed_at: Mapped[datetime]
    confirmed_by: Mapped[UUID | None] = mapped_column(sa.ForeignKey("staff.id"))
    confirmed_at: Mapped[datetime | None]
    ended_by: Mapped[UUID | None] = mapped_column(sa.ForeignKey("staff.id"))
    ended_at: Mapped[datetime | None]


class DisclosedCase(Base):
    """One case of a disclosure, and when its family was told."""

    __tablename__ = "disclosed_cases"
    __table_args__ = (sa.CheckConstraint("num_nonnulls(told_by, told_at) <> 1", name="told_whole"),)

    disclosure_id: Mapped[UUID] = mapped_column(sa.ForeignKey("disclosures.id"), primary_key=True)
    request_id: Mapped[UUID] = mapped_column(sa.ForeignKey("requests.id"), primary_key=True, index=True)
    told_by: Mapped[UUID | None] = mapped_column(sa.ForeignKey("staff.id"))
    told_at: Mapped[datetime | None]
