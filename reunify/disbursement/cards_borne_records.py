"""What is true: what was taken from a trip's card, is no booking's payment, and the organisation bears.

And what of that came back to the card.
"""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from reunify.db import Base


class CardChargeBorneRecord(Base):
    """All that was left of a charge is the organisation's own cost. Append-only."""

    __tablename__ = "card_charges_borne"
    __table_args__ = (sa.CheckConstraint("cents > 0", name="cents_positive"),)

    charge_id: Mapped[str] = mapped_column(sa.ForeignKey("card_charges.id"), primary_key=True)
    cents: Mapped[int] = mapped_column(sa.BigInteger())
    borne_at: Mapped[datetime]


class CardBorneRefundRecord(Base):
    """A refund is money of what the organisation bore that came back: whole, to that fund. Append-only."""

    __tablename__ = "card_borne_refunds"

    refund_id: Mapped[str] = mapped_column(sa.ForeignKey("card_charges.id"), primary_key=True)
    charge_id: Mapped[str] = mapped_column(sa.ForeignKey("card_charges_borne.charge_id"), index=True)
    placed_at: Mapped[datetime]
