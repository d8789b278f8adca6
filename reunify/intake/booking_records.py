"""What is true: the facts told for booking only, apart from the rest, so that they can be erased alone."""

from __future__ import annotations

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from reunify.db import Base
from reunify.vault.columns import sealed_json


class BookingFacts(Base):
    """Of one frozen version, or of the draft (`id` is the request's). Sealed by a key of their own."""

    __tablename__ = "booking_facts"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    request_id: Mapped[UUID] = mapped_column(sa.ForeignKey("requests.id"), index=True)
    keeper: Mapped[UUID]
    facts = sealed_json(keeper="keeper")
