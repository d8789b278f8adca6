"""What is true: papers sent in, their bytes as sent and as shown, and who agreed to hand one over."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from reunify.db import Base
from reunify.files.evidence_policy import EVIDENCE, Kind, Reason
from reunify.files.records import InStore, in_one_place
from reunify.kernel.ids import new_id
from reunify.vault.columns import sealed_bytes, sealed_text


def _one_of(column: str, words: list[str]) -> str:
    return f"{column} IN ({', '.join(repr(str(word)) for word in words)})"


class Evidence(Base):
    """One paper. A file that was not taken leaves a row too, without bytes: staff see who needs a call."""

    __tablename__ = "evidence"
    __table_args__ = (
        sa.CheckConstraint(_one_of("kind", list(Kind)), name="kind_known"),
        sa.CheckConstraint(_one_of("state", EVIDENCE.states), name="state_known"),
        sa.CheckConstraint("sender IN ('staff', 'family')", name="sender_known"),
        sa.CheckConstraint("size >= 0", name="size_not_negative"),
        sa.CheckConstraint(
            "(state = 'refused') = (reason IS NOT NULL) AND "
            f"(reason IS NULL OR {_one_of('reason', list(Reason))})",
            name="refused_says_why",
        ),
        sa.CheckConstraint("state = 'refused' OR original_mark IS NOT NULL", name="kept_has_mark"),
        sa.CheckConstraint(
            "(state = 'quarantined') = (quarantined_at IS NOT NULL)", name="quarantined_says_when"
        ),
        sa.CheckConstraint("(state = 'infected') <= (finding IS NOT NULL)", name="infected_says_what"),
        sa.Index("ix_evidence_waiting", "sent_at", postgresql_where=sa.text("state = 'not_scanned'")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    request_id: Mapped[UUID] = mapped_column(index=True)
    kind: Mapped[str]
    state: Mapped[str]
    sender: Mapped[str]
    sender_id: Mapped[UUID]  # a member of staff, or a family's link
    reader: Mapped[str]  # whose link it was, by the traveler's key: their next link shows it too
    file_name = sealed_text(keeper="request_id")  # as the sender called it
    media_type: Mapped[str | None]  # by content
    safe_type: Mapped[str | None]  # of the picture drawn again
    size: Mapped[int]
    # Keyed, so that the table does not say which known file this is; equal for the same content.
    original_mark: Mapped[bytes | None] = mapped_column(index=True)
    safe_mark: Mapped[bytes | None] = mapped_column(index=True)
    reason: Mapped[str | None]
    finding: Mapped[str | None]  # the scanner's word
    sent_at: Mapped[datetime]
    scanned_at: Mapped[datetime | None]
    quarantined_at: Mapped[datetime | None]
    quarantined_by: Mapped[UUID | None]  # None: the same file was quarantined already
    removed_at: Mapped[datetime | None]

    @property
    def keeper_of_bytes(self) -> UUID:
        """An identity paper has a key of its own, destroyed after the trip, long before the family's."""
        return self.id if self.kind == Kind.IDENTITY else self.request_id


class EvidenceBytes(InStore, Base):
    """`original`: as it was sent, never shown while it is a picture. `safe`: the picture drawn again."""

    __tablename__ = "evidence_bytes"
    __table_args__ = (
        sa.UniqueConstraint("evidence_id", "part"),
        sa.CheckConstraint("part IN ('original', 'safe')", name="part_known"),
        sa.CheckConstraint("keeper IN (request_id, evidence_id)", name="keeper_known"),
        in_one_place(),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    evidence_id: Mapped[UUID] = mapped_column(sa.ForeignKey("evidence.id"))
    part: Mapped[str]
    request_id: Mapped[UUID] = mapped_column(index=True)
    keeper: Mapped[UUID]
    content = sealed_bytes(keeper="keeper", optional=True)


class HandOver(Base):
    """Two people agree that one quarantined file goes to the police or the CyberTipline, once."""

    __tablename__ = "evidence_hand_overs"
    __table_args__ = (
        sa.CheckConstraint("agreed_by <> asked_by", name="two_people"),
        sa.CheckConstraint("(agreed_by IS NULL) = (agreed_at IS NULL)", name="agreed_says_when"),
        sa.CheckConstraint("taken_at IS NULL OR agreed_at IS NOT NULL", name="taken_after_agreed"),
        sa.CheckConstraint("ends_at > asked_at", name="ends_later"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    evidence_id: Mapped[UUID] = mapped_column(sa.ForeignKey("evidence.id"), index=True)
    request_id: Mapped[UUID]
    handed_to = sealed_text(keeper="request_id")  # agency, officer, report number
    asked_by: Mapped[UUID]
    asked_at: Mapped[datetime]
    agreed_by: Mapped[UUID | None]
    agreed_at: Mapped[datetime | None]
    taken_at: Mapped[datetime | None]
    ends_at: Mapped[datetime]
