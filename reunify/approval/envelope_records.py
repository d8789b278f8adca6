"""What is true: envelopes as two people signed them, and what a third says of a night decision.

Triggers (migration 0023) refuse any change of what was signed, a second open envelope of one source, and a
reviewer who had a part in it.
"""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from reunify.approval.envelope_policy import ENVELOPE_MOVES, REVIEW_MOVES
from reunify.db import Base, among
from reunify.kernel.ids import new_id
from reunify.ledger.policy import BudgetCategory
from reunify.vault.columns import sealed_text


def _people() -> Mapped[list[UUID]]:
    return mapped_column(ARRAY(sa.Uuid()), server_default="{}", default=list)


class EnvelopeRecord(Base):
    """Money of one source that emergencies may draw on from `starts_at` up to `ends_at`.

    `per_request_cents`: the most one request takes of it. `signed_*`: the first signature, which proposes it;
    `confirmed_*`: the second, which puts it in force.
    """

    __tablename__ = "envelopes"
    __table_args__ = (
        sa.CheckConstraint(among("state", ENVELOPE_MOVES.states), name="state_known"),
        sa.CheckConstraint("per_request_cents > 0", name="per_request_positive"),
        sa.CheckConstraint(
            "ends_at > starts_at AND ends_at <= starts_at + interval '31 days'", name="at_most_31_days"
        ),
        sa.CheckConstraint(
            "confirmed_by IS NULL OR NOT (signed_for || signed_by) && (confirmed_for || confirmed_by)",
            name="another_signs",
        ),
        sa.CheckConstraint("confirmed_by IS NOT NULL OR confirmed_for = '{}'", name="confirmed_for_someone"),
        sa.CheckConstraint("(confirmed_by IS NULL) = (confirmed_at IS NULL)", name="confirmed_paired"),
        sa.CheckConstraint(
            "(state IN ('in_force', 'closed', 'expired')) = (confirmed_by IS NOT NULL)",
            name="in_force_by_two",
        ),
        sa.CheckConstraint(
            "(state IN ('withdrawn', 'closed', 'expired')) = (ended_at IS NOT NULL)", name="ended_when_over"
        ),
        sa.CheckConstraint(
            "(state IN ('withdrawn', 'closed')) = (ended_reason IS NOT NULL)", name="ended_says_why"
        ),
        sa.UniqueConstraint(
            "id", "fund_id", "per_request_cents", "starts_at", "ends_at", name="uq_envelopes_as_signed"
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    reference: Mapped[str] = mapped_column(unique=True)
    fund_id: Mapped[UUID] = mapped_column(sa.ForeignKey("funding_sources.id"), index=True)
    per_request_cents: Mapped[int]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    state: Mapped[str]
    signed_by: Mapped[UUID] = mapped_column(sa.ForeignKey("staff.id"))
    signed_for: Mapped[list[UUID]] = _people()
    signed_at: Mapped[datetime]
    confirmed_by: Mapped[UUID | None] = mapped_column(sa.ForeignKey("staff.id"))
    confirmed_for: Mapped[list[UUID]] = _people()
    confirmed_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    ended_reason: Mapped[str | None]  # about money alone; nobody's family is named


class EnvelopeLine(Base):
    """What an envelope is to hold of one budget category, in cents. Append-only."""

    __tablename__ = "envelope_lines"
    __table_args__ = (
        sa.CheckConstraint(among("budget_category", BudgetCategory), name="budget_category_known"),
        sa.CheckConstraint("amount_cents > 0", name="amount_positive"),
    )

    envelope_id: Mapped[UUID] = mapped_column(sa.ForeignKey("envelopes.id"), primary_key=True)
    budget_category: Mapped[str] = mapped_column(primary_key=True)
    amount_cents: Mapped[int]


class EnvelopeReview(Base):
    """One person approved and released: a third looks at it by `due_on`.

    `barred`: everyone who wrote, approved, released or signed, and whom they stood for. `refused` lasts until
    the organisation's own money has borne it all (`borne`); the family is never asked.
    """

    __tablename__ = "envelope_reviews"
    __table_args__ = (
        sa.CheckConstraint(among("state", REVIEW_MOVES.states), name="state_known"),
        sa.CheckConstraint(
            "reviewed_by IS NULL OR NOT barred && (reviewed_for || reviewed_by)", name="third_person"
        ),
        sa.CheckConstraint("reviewed_by IS NOT NULL OR reviewed_for = '{}'", name="reviewed_for_someone"),
        sa.CheckConstraint(
            "num_nonnulls(reviewed_by, reviewed_at) = CASE state WHEN 'due' THEN 0 ELSE 2 END",
            name="reviewed_by_someone",
        ),
        sa.CheckConstraint("(state IN ('refused', 'borne')) = (reason IS NOT NULL)", name="no_says_why"),
        sa.CheckConstraint("(state = 'borne') = (borne_at IS NOT NULL)", name="borne_paired"),
        sa.Index(
            "ix_envelope_reviews_open", "due_on", postgresql_where=sa.text("state IN ('due', 'refused')")
        ),
    )

    award_id: Mapped[UUID] = mapped_column(sa.ForeignKey("awards.id"), primary_key=True)
    request_id: Mapped[UUID] = mapped_column(sa.ForeignKey("requests.id"), index=True)
    due_on: Mapped[date]
    state: Mapped[str]
    barred: Mapped[list[UUID]] = _people()
    opened_at: Mapped[datetime]
    reviewed_by: Mapped[UUID | None] = mapped_column(sa.ForeignKey("staff.id"))
    reviewed_for: Mapped[list[UUID]] = _people()
    reviewed_at: Mapped[datetime | None]
    reason = sealed_text(keeper="request_id", optional=True)
    borne_at: Mapped[datetime | None]
