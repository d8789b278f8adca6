"""What is true: one row per human being, however many requests name them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from reunify.db import Base
from reunify.kernel.ids import new_id
from reunify.vault.columns import sealed_text


class PersonRecord(Base):
    """One human being, however many requests name them."""

    __tablename__ = "persons"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    name = sealed_text(keeper="id")
    registered_at: Mapped[datetime]


class PersonKey(Base):
    """A blind index by which a person is found again: name with birth date, or name with case number."""

    __tablename__ = "person_keys"

    index: Mapped[bytes] = mapped_column(sa.LargeBinary, primary_key=True)
    person_id: Mapped[UUID] = mapped_column(sa.ForeignKey("persons.id"), index=True)
