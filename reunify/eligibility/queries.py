"""What we show: why a request got the answer it got, and whether a stored answer can be repeated."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.eligibility import reproducing
from reunify.eligibility.explained import Explanation
from reunify.eligibility.from_stored import question_view, source_view
from reunify.eligibility.records import AssessmentRecord, DeterminationRecord
from reunify.kernel.ids import RequestId, VersionId
from reunify.kernel.refusals import NotFound
from reunify.rates.fields import dictionary


def explanation(session: Session, request_id: UUID) -> Explanation:
    """Raises NotFound while no version has been assessed."""
    kept = session.scalar(
        sa.select(AssessmentRecord)
        .where(AssessmentRecord.request_id == request_id)
        .order_by(AssessmentRecord.number.desc())
        .limit(1)
    )
    return _explained(session, kept)


def explanation_of_version(session: Session, version_id: UUID) -> Explanation:
    """Raises NotFound while this version has not been assessed."""
    return _explained(
        session,
        session.scalar(sa.select(AssessmentRecord).where(AssessmentRecord.version_id == version_id)),
    )


def assessed(session: Session, version_ids: Collection[UUID]) -> frozenset[VersionId]:
    """Which of these versions have an assessment."""
    rows = session.scalars(
        sa.select(AssessmentRecord.version_id).where(AssessmentRecord.version_id.in_(version_ids))
    )
    return frozenset(VersionId(i) for i in rows)


def outcomes(session: Session, request_ids: Collection[UUID]) -> dict[RequestId, str]:
    """The outcome of the newest assessed version of each request, for lists. Nothing is unsealed."""
    rows = session.execute(
        sa.select(AssessmentRecord.request_id, AssessmentRecord.outcome)
        .where(AssessmentRecord.request_id.in_(request_ids))
        .order_by(AssessmentRecord.number)
    )
    return {RequestId(request): outcome for request, outcome in rows}


def reproduce(session: Session, determination_id: UUID) -> bool:
    """Decide again from the stored rule bytes and facts; True if every byte of the answer is the same.

    Raises NotFound. An answer of another engine version that comes out differently is not reproduced.
    """
    return reproducing.reproduce(session, determination_id).same is True


def _explained(session: Session, kept: AssessmentRecord | None) -> Explanation:
    if kept is None:
        raise NotFound("This request has not been assessed yet.")
    rows = session.scalars(
        sa.select(DeterminationRecord)
        .where(DeterminationRecord.assessment_id == kept.id)
        .order_by(DeterminationRecord.source)
    )
    words = dictionary()
    return Explanation(
        assessment_id=kept.id,
        request_id=RequestId(kept.request_id),
        version_id=VersionId(kept.version_id),
        number=kept.number,
        outcome=kept.outcome,
        at=kept.at,
        run=kept.run,
        sources=tuple(
            source_view(
                row.content,
                words,
                determination_id=row.id,
                rule_sha256=row.rule_sha256,
                answer_hash=row.answer_hash,
            )
            for row in rows
        ),
        questions=tuple(question_view(q) for q in kept.questions["blocking"]),
        elsewhere_questions=tuple(question_view(q) for q in kept.questions["elsewhere"]),
        why_not=kept.questions.get("why_not", ""),
    )
