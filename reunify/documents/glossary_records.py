"""What is true: words staff asked us to avoid beside the shipped ones, and took back. Append-only."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from reunify.db import Base, among
from reunify.kernel.ids import new_id


class AvoidedWord(Base):
    """The newest row of a word in a language holds: it is avoided from then on, or no longer."""

    __tablename__ = "avoided_words"
    __table_args__ = (
        sa.CheckConstraint(among("language", ("en", "es")), name="language_known"),
        sa.CheckConstraint("word <> '' AND because <> ''", name="says_why"),
        sa.CheckConstraint("avoided = (say <> '')", name="says_what_instead"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    sequence: Mapped[int] = mapped_column(sa.Identity(always=True))  # the order in which they were said
    language: Mapped[str]
    word: Mapped[str]
    avoided: Mapped[bool]
    because: Mapped[str]
    say: Mapped[str]
    said_by: Mapped[UUID] = mapped_column(sa.ForeignKey("staff.id"))
    said_at: Mapped[datetime]
