"""Which awards are quiet: a quiet outcome stands on their request."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import sqlalchemy as sa

from reunify.approval.records import AwardRecord
from reunify.intake.outcomes import standing_id


def outcome_of(award_id: Any) -> sa.ScalarSelect[UUID]:
    """SQL: the id of the outcome that stands on the request of this award; NULL if none does."""
    award = sa.select(AwardRecord.request_id).where(AwardRecord.id == award_id)
    # Two levels down nothing is correlated by itself.
    return standing_id(award.correlate_except(AwardRecord).scalar_subquery())
