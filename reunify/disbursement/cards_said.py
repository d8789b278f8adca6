"""What merchants were answered, the newest first: amounts and reasons, never who asked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.disbursement.cards_answer_policy import SENTENCES, Reason
from reunify.disbursement.cards_answer_records import CardAnswerRecord
from reunify.disbursement.cards_records import TravelCardRecord
from reunify.kernel.money import Money

_A = CardAnswerRecord


@dataclass(frozen=True, slots=True)
class Answer:
    """`amount`: None where the question could not be read."""

    approved: bool
    reason: Reason
    amount: Money | None
    milliseconds: int
    answered_at: datetime

    @property
    def sentence(self) -> str:
        return SENTENCES[self.reason]


def of_award(session: Session, award_id: UUID, *, limit: int = 20) -> list[Answer]:
    """To what was asked of any card of this award."""
    theirs = sa.select(TravelCardRecord.id).where(TravelCardRecord.award_id == award_id)
    return _found(session, _A.card_id.in_(theirs), limit)


def of_no_card(session: Session, *, since: datetime, limit: int = 20) -> list[Answer]:
    """To what named no card of ours, could not be read, or was asked while our books could not be."""
    return _found(session, sa.and_(_A.card_id.is_(None), _A.answered_at >= since), limit)


def _found(session: Session, which: sa.ColumnElement[bool], limit: int) -> list[Answer]:
    newest = sa.select(_A).where(which).order_by(_A.answered_at.desc(), _A.event_id)
    rows = session.scalars(newest.limit(limit))
    return [
        Answer(
            row.approved,
            Reason(row.reason),
            None if row.cents is None else Money(row.cents),
            row.milliseconds,
            row.answered_at,
        )
        for row in rows
    ]
