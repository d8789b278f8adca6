"""What waits for a flow, by state: the tables are the queue, so a crash loses nothing."""

from __future__ import annotations

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.approval.records import AwardRecord, RefusalRecord
from reunify.disbursement.records import InstructionRecord
from reunify.documents.records import DocumentRecord
from reunify.eligibility.records import AssessmentRecord
from reunify.intake.records import VersionRecord


def versions_to_assess(session: Session, *, limit: int) -> list[UUID]:
    """Frozen versions nobody has judged yet, the oldest first. Superseded ones are skipped."""
    newer = sa.orm.aliased(VersionRecord)
    rows = session.scalars(
        sa.select(VersionRecord.id)
        .where(
            ~sa.exists().where(AssessmentRecord.version_id == VersionRecord.id),
            ~sa.exists().where(
                newer.request_id == VersionRecord.request_id, newer.number > VersionRecord.number
            ),
        )
        .order_by(VersionRecord.submitted_at)
        .limit(limit)
    )
    return list(rows)


def requests_to_document(session: Session, *, limit: int) -> list[UUID]:
    """Requests owed a letter: a question to the family, a released award, a confirmed refusal."""
    document = DocumentRecord
    asked = sa.select(AssessmentRecord.request_id).where(
        AssessmentRecord.outcome == "needs_information",
        AssessmentRecord.asks_family,
        ~sa.exists().where(
            document.request_id == AssessmentRecord.request_id,
            document.number == AssessmentRecord.number,
            document.kind == "information_request",
        ),
        ~sa.exists().where(
            VersionRecord.request_id == AssessmentRecord.request_id,
            VersionRecord.number > AssessmentRecord.number,
        ),
    )
    released = sa.select(AwardRecord.request_id).where(
        AwardRecord.state == "released",
        ~sa.exists().where(
            document.award_id == AwardRecord.id,
            document.award_digest == AwardRecord.digest,
            document.kind == "itinerary",
        ),
    )
    refused = sa.select(RefusalRecord.request_id).where(
        RefusalRecord.state == "confirmed",
        ~sa.exists().where(
            document.request_id == RefusalRecord.request_id,
            document.number == RefusalRecord.version_number,
            document.kind == "refusal_letter",
        ),
    )
    return list(session.scalars(sa.union(asked, released, refused).limit(limit)))


def awards_to_instruct(session: Session, *, limit: int) -> list[UUID]:
    """Released awards without payment instructions."""
    rows = session.scalars(
        sa.select(AwardRecord.id)
        .where(
            AwardRecord.state == "released",
            ~sa.exists().where(InstructionRecord.award_id == AwardRecord.id),
            # A change after the release is for people to look at first.
            ~sa.exists().where(
                VersionRecord.request_id == AwardRecord.request_id,
                VersionRecord.number > AwardRecord.version_number,
            ),
        )
        .order_by(AwardRecord.released_at)
        .limit(limit)
    )
    return list(rows)
