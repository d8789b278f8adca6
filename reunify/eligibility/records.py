"""What is true: assessments with their determinations, and staff decisions. All three are append-only.

The rule files that made an answer are the rules' own table; a determination names them by fingerprint.
"""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from reunify.db import Base, among
from reunify.eligibility.assessment import AssessmentOutcome
from reunify.eligibility.policy import DECISIONS
from reunify.kernel.ids import new_id
from reunify.rules.answers import Answer
from reunify.vault.columns import sealed_json, sealed_text


class AssessmentRecord(Base):
    """One version of a request judged whole."""

    __tablename__ = "assessments"
    __table_args__ = (
        sa.CheckConstraint(among("outcome", AssessmentOutcome), name="outcome_known"),
        sa.CheckConstraint("number >= 1", name="numbered_from_one"),
        sa.Index("ix_assessments_request_number", "request_id", "number"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    request_id: Mapped[UUID] = mapped_column(sa.ForeignKey("requests.id"))
    version_id: Mapped[UUID] = mapped_column(sa.ForeignKey("request_versions.id"), unique=True)
    number: Mapped[int]
    outcome: Mapped[str] = mapped_column(index=True)
    asks_family: Mapped[bool]  # questions are sealed; this says whether a letter is owed for them
    questions = sealed_json(keeper="request_id")
    owed_by: Mapped[date | None]  # the first day something attested must be in by
    at: Mapped[datetime]
    run: Mapped[str | None]


class DeterminationRecord(Base):
    """One source's answer, with everything needed to repeat it byte for byte."""

    __tablename__ = "determinations"
    __table_args__ = (
        sa.UniqueConstraint("version_id", "source"),
        sa.CheckConstraint(among("answer", Answer), name="answer_known"),
        sa.CheckConstraint("number >= 1", name="numbered_from_one"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    assessment_id: Mapped[UUID] = mapped_column(sa.ForeignKey("assessments.id"), index=True)
    request_id: Mapped[UUID] = mapped_column(sa.ForeignKey("requests.id"), index=True)
    version_id: Mapped[UUID] = mapped_column(sa.ForeignKey("request_versions.id"))
    number: Mapped[int]
    source: Mapped[str]
    answer: Mapped[str]
    provisional: Mapped[bool]
    content = sealed_json(keeper="request_id")
    facts = sealed_json(keeper="request_id")
    facts_hash: Mapped[str]
    rule_sha256: Mapped[str] = mapped_column(sa.ForeignKey("rule_files.sha256"))
    fields_sha256: Mapped[str] = mapped_column(sa.ForeignKey("rule_files.sha256"))
    parameters_sha256: Mapped[str] = mapped_column(sa.ForeignKey("rule_files.sha256"))
    engine_version: Mapped[str]
    answer_hash: Mapped[str]
    at: Mapped[datetime]
    run: Mapped[str | None]


class StaffDecision(Base):
    """A person's judgement on one requirement the rules leave to people. The newest one counts."""

    __tablename__ = "staff_decisions"
    __table_args__ = (sa.CheckConstraint(among("decision", DECISIONS), name="decision_known"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    sequence: Mapped[int] = mapped_column(sa.Identity(always=True), unique=True)
    request_id: Mapped[UUID] = mapped_column(sa.ForeignKey("requests.id"), index=True)
    requirement: Mapped[str]
    decision: Mapped[str]
    about = sealed_text(keeper="request_id", optional=True)  # the fingerprint of what was decided on
    reason = sealed_text(keeper="request_id")
    decided_by: Mapped[UUID] = mapped_column(sa.ForeignKey("staff.id"))
    at: Mapped[datetime]
