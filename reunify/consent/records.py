"""What is true: what was asked, what each giver answered, what was taken back, what was told. Append-only.

`request_id` is no foreign key: a yes taken back must not wait for whoever holds the request's row.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from reunify.consent.policy import RecipientKind, Told
from reunify.db import Base
from reunify.kernel.ids import new_id
from reunify.vault.columns import sealed_text


def _listed(values: type[StrEnum]) -> str:
    return "(" + ", ".join(f"'{v.value}'" for v in values) + ")"


class ConsentAsk(Base):
    """One question: may this recipient be told this about this person? `about` is a key of the request."""

    __tablename__ = "consent_asks"
    __table_args__ = (
        sa.CheckConstraint(f"recipient_kind IN {_listed(RecipientKind)}", name="recipient_kind_known"),
        sa.CheckConstraint(f"what IN {_listed(Told)}", name="what_known"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    request_id: Mapped[UUID] = mapped_column(index=True)
    recipient_kind: Mapped[str]
    recipient = sealed_text(keeper="request_id")  # an agency tells a place
    what: Mapped[str]
    about: Mapped[str]
    asked_by: Mapped[str]  # staff:<id> or system:<name>
    asked_at: Mapped[datetime]


class ConsentRecord(Base):
    """One giver's answer to one question. A later answer of the same giver stands instead of it."""

    __tablename__ = "consents"
    __table_args__ = (
        sa.CheckConstraint("answer IN ('yes', 'no')", name="answer_known"),
        sa.CheckConstraint("how IN ('page', 'paper')", name="how_known"),
        sa.CheckConstraint("language IN ('en', 'es')", name="language_known"),
        sa.CheckConstraint(
            "(answer = 'yes') = (ends_at IS NOT NULL) AND (answer = 'yes') = (signed_name IS NOT NULL)",
            name="yes_is_signed_and_ends",
        ),
        sa.CheckConstraint(
            "ends_at > given_at AND ends_at <= given_at + interval '366 days'", name="ends_within_a_year"
        ),
        sa.CheckConstraint("(how = 'page') = (link_id IS NOT NULL)", name="page_names_its_link"),
        sa.CheckConstraint(
            "how <> 'paper' OR (witness IS NOT NULL AND paper_reference IS NOT NULL)",
            name="paper_is_witnessed",
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    request_id: Mapped[UUID] = mapped_column(index=True)
    ask_id: Mapped[UUID] = mapped_column(sa.ForeignKey("consent_asks.id"), index=True)
    number: Mapped[int] = mapped_column(sa.BigInteger, sa.Identity(always=True))  # which came last
    giver: Mapped[str]  # a key of the request, or @custodian
    answer: Mapped[str]
    how: Mapped[str]
    text_version: Mapped[str]
    language: Mapped[str]
    signed_name = sealed_text(keeper="request_id", optional=True)
    link_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("family_links.id"))
    witness: Mapped[UUID | None] = mapped_column(sa.ForeignKey("staff.id"))
    paper_reference = sealed_text(keeper="request_id", optional=True)
    given_at: Mapped[datetime]
    ends_at: Mapped[datetime | None]


class ConsentRevocation(Base):
    """Taken back, by the giver on the page or told to a member of staff."""

    __tablename__ = "consent_revocations"
    __table_args__ = (sa.CheckConstraint("how IN ('page', 'told')", name="how_known"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    request_id: Mapped[UUID] = mapped_column(index=True)
    consent_id: Mapped[UUID] = mapped_column(sa.ForeignKey("consents.id"), unique=True)
    how: Mapped[str]
    taken_by: Mapped[str]  # family:<link> or staff:<id>
    at: Mapped[datetime]


class ReleaseRecord(Base):
    """Something was told, under a permit. Once per recipient, kind and person; repeats tell nothing new."""

    __tablename__ = "consent_releases"
    __table_args__ = (
        sa.CheckConstraint(f"recipient_kind IN {_listed(RecipientKind)}", name="recipient_kind_known"),
        sa.CheckConstraint(f"what IN {_listed(Told)}", name="what_known"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    request_id: Mapped[UUID] = mapped_column(index=True)
    recipient_kind: Mapped[str]
    recipient = sealed_text(keeper="request_id")
    what: Mapped[str]
    about: Mapped[str]
    told_at: Mapped[datetime]
