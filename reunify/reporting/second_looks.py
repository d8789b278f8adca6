"""Families whom approved rules may help after all: for whoever has the case, and for their supervisor."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.eligibility.look_back_records import LookBack
from reunify.intake.outcomes import quiet_of
from reunify.intake.records import RequestRecord
from reunify.kernel.ids import RequestId, StaffId
from reunify.kernel.people import Role, Staff
from reunify.vault.records import FamilyKey

MOST = 200


@dataclass(frozen=True, slots=True)
class SecondLook:
    """A request with at least one open look back. No name, no place."""

    request_id: RequestId
    reference: str
    handled_by: StaffId
    owed_since: datetime


def owed(session: Session, *, me: Staff) -> list[SecondLook]:
    """Of the cases this person has, covers or leads, the longest owed first. Who was erased is left out.

    Nothing is asked for anybody else.
    """
    r = RequestRecord
    ways: list[sa.ColumnElement[bool]] = []
    if Role.CASE_MANAGER in me.roles:
        ways.append(r.handled_by.in_({me.id, *me.covers}))
    if Role.SUPERVISOR in me.roles:
        ways.append(r.team.in_(me.supervises))
    if not ways:
        return []
    erased = sa.exists().where(FamilyKey.keeper == r.id, FamilyKey.destroyed_at.is_not(None))
    since = sa.func.min(LookBack.owed_since)
    rows = session.execute(
        sa.select(r.id, r.reference, r.handled_by, since)
        .join(LookBack, LookBack.request_id == r.id)
        .where(LookBack.state == "open", sa.or_(*ways), ~erased, ~quiet_of(r.id))
        .group_by(r.id)
        .order_by(since, r.id)
        .limit(MOST)
    )
    return [SecondLook(RequestId(i), reference, StaffId(who), at) for i, reference, who, at in rows]
