"""Who is on the list, as last checked."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import cast

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from reunify.kernel.ids import StaffId
from reunify.referrals.policy import Entry, Kind, Language, Referral, Standing, in_reach
from reunify.referrals.records import ReferralCheck, ReferralRecord


def kept(session: Session) -> list[Referral]:
    """Every one not ended, the longest unchecked first. One statement."""
    last = (
        sa.select(
            ReferralCheck.outcome,
            ReferralCheck.checked_on,
            ReferralCheck.checked_by,
            ReferralCheck.referral_id,
        )
        .ext(distinct_on(ReferralCheck.referral_id))
        .order_by(ReferralCheck.referral_id, ReferralCheck.sequence.desc())
        .subquery()
    )
    rows = session.execute(
        sa.select(ReferralRecord, last.c.checked_on, last.c.checked_by)
        .join(last, last.c.referral_id == ReferralRecord.id)
        .where(last.c.outcome == "verified")
        .order_by(last.c.checked_on, ReferralRecord.what_en)
    )
    return [Referral(row.id, _entry(row), on, StaffId(by)) for row, on, by in rows]


def for_family(session: Session, *, states: Collection[str], on: date) -> list[Referral]:
    """Those that may be told today to a family with business in these states. The specific ones too."""
    return in_reach(kept(session), states=frozenset(states), on=on)


def to_check(session: Session, *, on: date) -> int:
    """How many wait to be checked again."""
    return sum(r.standing(on) is not Standing.GOOD for r in kept(session))


def _entry(row: ReferralRecord) -> Entry:
    return Entry(
        kind=Kind(row.kind),
        neutral=row.neutral,
        what_en=row.what_en,
        what_es=row.what_es,
        phone=row.phone,
        hours_en=row.hours_en,
        hours_es=row.hours_es,
        area=row.area,
        speaks=cast(tuple[Language, ...], tuple(row.speaks)),
    )
