"""What is true of travel cards: who holds them, each card with its limits, what was authorised and charged.

No number and no security code is ever here: they stay at Stripe. Nor where something was bought.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from reunify.db import Base
from reunify.disbursement import cards_policy
from reunify.kernel.ids import new_id

_STATES = ", ".join(f"'{state}'" for state in cards_policy.CARD.states)
_ENDED = ", ".join(f"'{state}'" for state in cards_policy.ENDED)
_MADE = ", ".join(f"'{state}'" for state in cards_policy.MADE)
_KINDS = ", ".join(f"'{kind.value}'" for kind in cards_policy.ChargeKind)


class CardHolderRecord(Base):
    """The organisation as Stripe's cardholder: a row for each key it was asked for with. The one that has
    Stripe's id is used; the first of two."""

    __tablename__ = "card_holders"
    __table_args__ = (sa.CheckConstraint("number >= 1", name="numbered_from_one"),)

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    idempotency_key: Mapped[str] = mapped_column(unique=True)
    params: Mapped[dict[str, Any]]
    stripe_id: Mapped[str | None]
    made_at: Mapped[datetime]  # first asked; at Stripe, once it is made


class TravelCardRecord(Base):
    """One virtual card of one award. Key and parameters are committed before the call and never change."""

    __tablename__ = "travel_cards"
    __table_args__ = (
        sa.CheckConstraint(f"state IN ({_STATES})", name="state_known"),
        sa.CheckConstraint("limit_cents > 0", name="limit_positive"),
        sa.CheckConstraint("last4 ~ '^[0-9]{4}$'", name="last4_is_four_digits"),
        sa.CheckConstraint(f"state NOT IN ({_MADE}) OR stripe_id IS NOT NULL", name="made_has_its_id"),
        sa.UniqueConstraint("award_id", "number"),
        sa.Index(
            "uq_travel_cards_one_live",
            "award_id",
            unique=True,
            postgresql_where=sa.text(f"state NOT IN ({_ENDED})"),
        ),
        sa.Index("ix_travel_cards_state", "state"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    award_id: Mapped[UUID] = mapped_column(sa.ForeignKey("awards.id"))
    number: Mapped[int]
    idempotency_key: Mapped[str] = mapped_column(unique=True)
    params: Mapped[dict[str, Any]]
    limit_cents: Mapped[int]
    state: Mapped[str]
    stripe_id: Mapped[str | None] = mapped_column(unique=True)
    last4: Mapped[str | None]
    outcome: Mapped[str | None]  # the last code heard
    first_sent_at: Mapped[datetime]
    calling_since: Mapped[datetime | None]  # set before the call, cleared with its outcome
    tries: Mapped[int]
    try_after: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class CardLimitRecord(Base):
    """The card may buy less. Key and parameters are committed before Stripe is told, and never change."""

    __tablename__ = "card_limits"
    __table_args__ = (
        sa.CheckConstraint("limit_cents > 0", name="limit_positive"),
        sa.CheckConstraint("number >= 1", name="numbered_from_one"),
    )

    card_id: Mapped[UUID] = mapped_column(sa.ForeignKey("travel_cards.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    idempotency_key: Mapped[str] = mapped_column(unique=True)
    params: Mapped[dict[str, Any]]
    limit_cents: Mapped[int]
    made_at: Mapped[datetime]
    heard_at: Mapped[datetime | None]  # Stripe has taken it


class CardAuthorisationRecord(Base):
    """A merchant asked for money: promised, not paid. Follows Stripe; the booking is ours to find."""

    __tablename__ = "card_authorisations"
    __table_args__ = (
        sa.CheckConstraint("amount_cents >= 0", name="amount_not_negative"),
        sa.CheckConstraint("state IN ('pending', 'closed', 'reversed', 'expired')", name="state_known"),
        sa.CheckConstraint("taken_cents >= 0", name="taken_not_negative"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)  # Stripe's
    card_id: Mapped[UUID] = mapped_column(sa.ForeignKey("travel_cards.id"), index=True)
    booking_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("bookings.id"))
    amount_cents: Mapped[int]
    approved: Mapped[bool]
    state: Mapped[str]
    taken_cents: Mapped[int | None]  # captured of it in all, as Stripe said with its newest word
    authorised_at: Mapped[datetime]


class CardChargeRecord(Base):
    """Money that left, or came back. What of a capture pays no booking (see its parts) waits for a person.

    Where a merchant charged another currency: its minor units, and what one of them was in cents, as an exact
    fraction."""

    __tablename__ = "card_charges"
    __table_args__ = (
        sa.CheckConstraint("amount_cents > 0", name="amount_positive"),
        sa.CheckConstraint(f"kind IN ({_KINDS})", name="kind_known"),
        sa.CheckConstraint(
            "num_nulls(original_amount, original_currency, rate, rate_source) IN (0, 4)",
            name="foreign_is_whole",
        ),
    )

    id: Mapped[str] = mapped_column(primary_key=True)  # Stripe's
    card_id: Mapped[UUID] = mapped_column(sa.ForeignKey("travel_cards.id"), index=True)
    authorisation_id: Mapped[str | None]
    kind: Mapped[str]
    amount_cents: Mapped[int]
    original_amount: Mapped[int | None]
    original_currency: Mapped[str | None]
    rate: Mapped[str | None]  # cents/minor units, as two whole numbers
    rate_source: Mapped[str | None]
    charged_at: Mapped[datetime]
    place: Mapped[int | None]  # among those of its authorisation, as Stripe lists them: of one second


class CardChargePartRecord(Base):
    """So much of a capture is this booking's payment. Append-only."""

    __tablename__ = "card_charge_parts"
    __table_args__ = (sa.CheckConstraint("cents > 0", name="cents_positive"),)

    charge_id: Mapped[str] = mapped_column(sa.ForeignKey("card_charges.id"), primary_key=True)
    instruction_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("instructions.id"), primary_key=True, index=True
    )
    cents: Mapped[int]
    placed_at: Mapped[datetime]
