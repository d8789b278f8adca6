"""What is true: who is told what, once; and the ladder of calls while an award waits."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from reunify.db import Base, among
from reunify.kernel.ids import new_id
from reunify.notices import policy
from reunify.vault.columns import sealed_text


class EscalationRecord(Base):
    """An emergency award that waits for a person, at one stage. `ended_because`: why nobody is told now."""

    __tablename__ = "escalations"
    __table_args__ = (
        sa.CheckConstraint(among("state", policy.ESCALATION.states), name="state_known"),
        sa.CheckConstraint(among("stage", policy.Stage), name="stage_known"),
        sa.CheckConstraint("(state = 'ended') = (ended_at IS NOT NULL)", name="end_has_a_time"),
        sa.CheckConstraint("(ended_at IS NULL) = (ended_because IS NULL)", name="end_has_a_reason"),
        sa.CheckConstraint("ended_because IN ('decided', 'quiet')", name="reason_known"),
        sa.UniqueConstraint("award_id", "stage"),
        sa.Index("ix_escalations_open", "award_id", postgresql_where=sa.text("state = 'open'")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    award_id: Mapped[UUID] = mapped_column(sa.ForeignKey("awards.id"))
    request_id: Mapped[UUID] = mapped_column(sa.ForeignKey("requests.id"), index=True)
    stage: Mapped[str]
    state: Mapped[str]
    began_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    ended_because: Mapped[str | None]


class EscalationEvent(Base):
    """A rung that was told, or a person's "I have it". Append-only."""

    __tablename__ = "escalation_events"
    __table_args__ = (
        sa.CheckConstraint(
            "(moved = 'tell' AND minutes IS NOT NULL AND staff_id IS NULL) "
            "OR (moved = 'acknowledge' AND minutes IS NULL AND staff_id IS NOT NULL)",
            name="rung_or_person",
        ),
        sa.Index(
            "uq_escalation_events_rung_once",
            "escalation_id",
            "minutes",
            unique=True,
            postgresql_where=sa.text("moved = 'tell'"),
        ),
        sa.Index(
            "uq_escalation_events_person_once",
            "escalation_id",
            "staff_id",
            unique=True,
            postgresql_where=sa.text("moved = 'acknowledge'"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    escalation_id: Mapped[UUID] = mapped_column(sa.ForeignKey("escalations.id"), index=True)
    moved: Mapped[str]
    minutes: Mapped[int | None]
    staff_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("staff.id"))
    at: Mapped[datetime]


class NoticeRecord(Base):
    """One message to one person about one move. Its id is the key the gateway knows it by.

    `move`: what happened, in our codes. `person`: `staff:<id>`, or `reader:<key>` of the request's travelers.
    `number` and `body` are frozen by the first try; without a request (a house's own notice) the house keeps
    them. `link_hash`: of the secret in a staff member's link.
    """

    __tablename__ = "notices"
    __table_args__ = (
        sa.CheckConstraint(among("state", policy.NOTICE.states), name="state_known"),
        sa.CheckConstraint(among("kind", policy.Kind), name="kind_known"),
        sa.CheckConstraint(among("channel", policy.Channel), name="channel_known"),
        sa.CheckConstraint("language IN ('en', 'es')", name="language_known"),
        sa.CheckConstraint("tries >= 0", name="tries_not_negative"),
        sa.CheckConstraint(
            "state NOT IN ('sent', 'delivered') OR gateway_id IS NOT NULL", name="sent_has_id"
        ),
        sa.CheckConstraint("state <> 'sending' OR number IS NOT NULL", name="sending_is_frozen"),
        sa.CheckConstraint(
            "(state = 'told_otherwise') = (told_by IS NOT NULL)", name="told_otherwise_by_someone"
        ),
        sa.CheckConstraint("(staff_id IS NULL) = starts_with(person, 'reader:')", name="staff_or_reader"),
        sa.UniqueConstraint("move", "person", "kind", "channel"),
        sa.Index(
            "ix_notices_next_at",
            "next_at",
            postgresql_where=sa.text("state IN ('planned', 'sending', 'sent')"),
        ),
        sa.Index("ix_notices_undelivered", "planned_at", postgresql_where=sa.text("state = 'undelivered'")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    move: Mapped[str]
    person: Mapped[str]
    kind: Mapped[str]
    channel: Mapped[str]
    language: Mapped[str]
    request_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("requests.id"), index=True)
    award_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("awards.id"), index=True)
    escalation_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("escalations.id"), index=True)
    staff_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("staff.id"))
    about_time: Mapped[datetime | None]  # the time said in it
    state: Mapped[str]
    number = sealed_text(keeper="request_id", optional=True)
    body = sealed_text(keeper="request_id", optional=True)
    link_hash: Mapped[str | None] = mapped_column(unique=True)
    planned_at: Mapped[datetime]
    useful_until: Mapped[datetime]
    next_at: Mapped[datetime]
    tries: Mapped[int] = mapped_column(server_default="0", default=0)
    gateway_id: Mapped[str | None]
    code: Mapped[str | None]  # of the last thing that went wrong, from a closed list or the gateway
    moved_at: Mapped[datetime]
    told_by: Mapped[UUID | None] = mapped_column(sa.ForeignKey("staff.id"))
