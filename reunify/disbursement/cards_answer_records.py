"""What we answered merchants who asked for a trip's card, and where money that came back went."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from reunify.db import Base
from reunify.disbursement.cards_answer_policy import Reason

_REASONS = ", ".join(f"'{reason.value}'" for reason in Reason)


class CardAnswerRecord(Base):
    """One answer to one question of Stripe's, with the milliseconds it took. No merchant. Append-only."""

    __tablename__ = "card_answers"
    __table_args__ = (
        sa.CheckConstraint(f"reason IN ({_REASONS})", name="reason_known"),
        sa.CheckConstraint("approved = (reason = 'approved')", name="approved_says_so"),
        sa.CheckConstraint("NOT approved OR (card_id IS NOT NULL AND cents > 0)", name="approved_is_whole"),
        sa.CheckConstraint("milliseconds >= 0", name="milliseconds_not_negative"),
    )

    event_id: Mapped[str] = mapped_column(primary_key=True)  # Stripe's
    authorisation_id: Mapped[str | None] = mapped_column(index=True)
    card_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("travel_cards.id"), index=True)
    cents: Mapped[int | None]
    approved: Mapped[bool]
    reason: Mapped[str]
    milliseconds: Mapped[int]
    answered_at: Mapped[datetime]


class CardRefundRecord(Base):
    """A refund is money of this payment that came back: whole, to the funds that paid. Append-only."""

    __tablename__ = "card_refunds"

    charge_id: Mapped[str] = mapped_column(sa.ForeignKey("card_charges.id"), primary_key=True)
    instruction_id: Mapped[UUID] = mapped_column(sa.ForeignKey("instructions.id"), index=True)
    placed_at: Mapped[datetime]


class CardExcessRefundRecord(Base):
    """So much of a refund is what a capture had taken beyond its booking's price. Append-only."""

    __tablename__ = "card_excess_refunds"
    __table_args__ = (sa.CheckConstraint("cents > 0", name="cents_positive"),)

    refund_id: Mapped[str] = mapped_column(sa.ForeignKey("card_charges.id"), primary_key=True)
    charge_id: Mapped[str] = mapped_column(sa.ForeignKey("card_charges.id"), primary_key=True, index=True)
    cents: Mapped[int]
    paired_at: Mapped[datetime]
