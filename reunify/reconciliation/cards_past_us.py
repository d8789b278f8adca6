"""A trip's card that somebody stopped at Stripe, or lets buy more: a difference until it is as it was."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.disbursement import cards_elsewhere
from reunify.disbursement.cards_ports import CardNow
from reunify.kernel.may import may
from reunify.kernel.people import Actor
from reunify.reconciliation import actions
from reunify.reconciliation.policy import Difference, Kind
from reunify.reconciliation.records import DifferenceRecord

_AS_IT_WAS = "Stripe says that the card is as it was made, or it has ended here."


@may(system=True)
def take_card(session: Session, *, found: CardNow, by: Actor, now: datetime) -> bool:
    """False for a card that is not ours."""
    said = cards_elsewhere.changed(session, found)
    if said is None:
        return False
    changed, most = said
    if changed:
        past_us = Difference(Kind.CARD_CHANGED_PAST_US, found.id, most, found.most)
        actions.report(session, differences=[past_us], now=now)
    else:
        close(session, object_id=found.id, kind=Kind.CARD_CHANGED_PAST_US, why=_AS_IT_WAS, now=now)
    return True


def close(session: Session, *, object_id: str, kind: Kind, why: str, now: datetime) -> None:
    """The one open difference of this kind, if there is one."""
    d = DifferenceRecord
    of_it = sa.and_(d.object_id == object_id, d.kind == kind.value, d.resolved_at.is_(None))
    for row in session.scalars(sa.select(d).where(of_it).with_for_update()):
        row.resolved_at, row.resolution = now, why
