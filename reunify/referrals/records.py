"""What is true: whom families are told of, and each time somebody checked or ended it. Append-only.

A changed number is a new row: what a paper said on a day can be read from what stood on that day.
"""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from reunify.db import Base, among
from reunify.kernel.ids import new_id
from reunify.referrals.policy import Kind


class ReferralRecord(Base):
    """Somebody to turn to. Says nothing of any family."""

    __tablename__ = "referrals"
    __table_args__ = (
        sa.CheckConstraint(among("kind", Kind), name="kind_known"),
        sa.CheckConstraint("area ~ '^([A-Z]{2})?$'", name="area_is_a_state"),
        sa.CheckConstraint(
            "what_en <> '' AND what_es <> '' AND hours_en <> '' AND hours_es <> ''", name="in_both_languages"
        ),
        sa.CheckConstraint("phone ~ '^[+]?[0-9][0-9 ()-]*[0-9]$'", name="phone_can_be_dialled"),
        sa.CheckConstraint("""speaks IN ('["en"]', '["es"]', '["en", "es"]')""", name="speaks_known"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    kind: Mapped[str]
    neutral: Mapped[bool]
    what_en: Mapped[str]
    what_es: Mapped[str]
    phone: Mapped[str]
    hours_en: Mapped[str]
    hours_es: Mapped[str]
    area: Mapped[str]
    speaks: Mapped[list[str]]
    added_by: Mapped[UUID] = mapped_column(sa.ForeignKey("staff.id"))
    added_at: Mapped[datetime]


class ReferralCheck(Base):
    """Somebody called the number: it is still right (`verified`), or it ends (`retired`) for good."""

    __tablename__ = "referral_checks"
    __table_args__ = (
        sa.CheckConstraint(among("outcome", ("verified", "retired")), name="outcome_known"),
        sa.CheckConstraint("note <> ''", name="says_how"),
        sa.Index(
            "uq_referral_checks_one_end",
            "referral_id",
            unique=True,
            postgresql_where=sa.text("outcome = 'retired'"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    sequence: Mapped[int] = mapped_column(sa.Identity(always=True))  # the order in which they were said
    referral_id: Mapped[UUID] = mapped_column(sa.ForeignKey("referrals.id"), index=True)
    outcome: Mapped[str]
    checked_on: Mapped[date]
    note: Mapped[str]  # who answered, or where it is published
    checked_by: Mapped[UUID] = mapped_column(sa.ForeignKey("staff.id"))
    checked_at: Mapped[datetime]
