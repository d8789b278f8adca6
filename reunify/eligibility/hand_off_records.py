"""What is true: to whose source a family was handed over, under which consents, and what became of it."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from reunify.db import Base, among
from reunify.eligibility.hand_off_policy import HAND_OFF_MOVES
from reunify.kernel.ids import new_id
from reunify.vault.columns import sealed_text


class HandOff(Base):
    """One hand-off. `number`: the version judged then; `rule_sha256`: whose card it went by.

    Days are in the open, so that a list can say what is due without unsealing a case.
    """

    __tablename__ = "hand_offs"
    __table_args__ = (
        sa.CheckConstraint(among("state", HAND_OFF_MOVES.states), name="state_known"),
        sa.CheckConstraint("follow_up_on > handed_on", name="followed_up_later"),
        sa.CheckConstraint(
            "(state = 'handed_over') = (ended_at IS NULL)"
            " AND num_nonnulls(ended_at, ended_by, reason) IN (0, 3)",
            name="ended_by_somebody_with_a_reason",
        ),
        sa.Index(
            "uq_hand_offs_open",
            "request_id",
            "source",
            unique=True,
            postgresql_where=sa.text("state = 'handed_over'"),
        ),
        sa.Index("ix_hand_offs_follow_up", "follow_up_on", postgresql_where=sa.text("state = 'handed_over'")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    request_id: Mapped[UUID] = mapped_column(sa.ForeignKey("requests.id"), index=True)
    number: Mapped[int]
    source: Mapped[str]
    rule_sha256: Mapped[str] = mapped_column(sa.ForeignKey("rule_files.sha256"))
    state: Mapped[str]
    told = sealed_text(keeper="request_id")
    phone: Mapped[str | None]  # of the card, as it was then
    form: Mapped[str | None]
    deadline: Mapped[str]
    handed_on: Mapped[date]
    follow_up_on: Mapped[date | None]
    handed_by: Mapped[UUID] = mapped_column(sa.ForeignKey("staff.id"))
    handed_at: Mapped[datetime]
    reason = sealed_text(keeper="request_id", optional=True)
    ended_by: Mapped[UUID | None] = mapped_column(sa.ForeignKey("staff.id"))
    ended_at: Mapped[datetime | None]


class HandOffConsent(Base):
    """Under which consent it was told something, and until when that stood then. Append-only."""

    __tablename__ = "hand_off_consents"

    hand_off_id: Mapped[UUID] = mapped_column(sa.ForeignKey("hand_offs.id"), primary_key=True)
    consent_ask_id: Mapped[UUID] = mapped_column(sa.ForeignKey("consent_asks.id"), primary_key=True)
    until: Mapped[datetime]
