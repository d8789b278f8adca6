"""What is left of an explanation once its case is erased: what was never sealed."""

from __future__ import annotations

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.eligibility.explained import Explanation, SourceView
from reunify.eligibility.queries import explanation
from reunify.eligibility.records import AssessmentRecord, DeterminationRecord
from reunify.kernel.ids import RequestId, VersionId
from reunify.rates.fields import Words
from reunify.vault.keepers import Erased


def explanation_left(session: Session, request_id: UUID) -> Explanation:
    """The explanation; of an erased case the outcome and each source's answer, without a question or a
    requirement. Raises NotFound while no version has been assessed."""
    try:
        return explanation(session, request_id)
    except Erased:
        pass
    newest = sa.select(AssessmentRecord).where(AssessmentRecord.request_id == request_id)
    kept = session.scalars(newest.order_by(AssessmentRecord.number.desc()).limit(1)).one()
    d = DeterminationRecord
    rows = session.scalars(sa.select(d).where(d.assessment_id == kept.id).order_by(d.source))
    return Explanation(
        assessment_id=kept.id,
        request_id=RequestId(kept.request_id),
        version_id=VersionId(kept.version_id),
        number=kept.number,
        outcome=kept.outcome,
        at=kept.at,
        run=kept.run,
        sources=tuple(_source_left(row) for row in rows),
        questions=(),
        elsewhere_questions=(),
    )


def _source_left(row: DeterminationRecord) -> SourceView:
    return SourceView(
        id=row.id,
        source=row.source,
        name=row.source,
        public_name=Words(row.source, row.source),
        kind="",
        unit=None,
        organisation_set=False,
        answer=row.answer,
        provisional=row.provisional,
        requirements=(),
        lines=(),
        hand_off=None,
        rule_sha256=row.rule_sha256,
        answer_hash=row.answer_hash,
    )
