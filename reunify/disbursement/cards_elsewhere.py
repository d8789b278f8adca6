"""Whether somebody stopped a trip's card at Stripe, or lets it buy more there than was approved."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.disbursement.cards_ports import CardNow
from reunify.disbursement.cards_records import TravelCardRecord
from reunify.kernel.money import Money


def changed(session: Session, found: CardNow) -> tuple[bool, Money] | None:
    """Whether it differs from what we asked for, and what we let it buy at most; None: not ours.

    We end a card in our books before Stripe is told, and we never let one buy more.
    """
    card = session.scalar(sa.select(TravelCardRecord).where(TravelCardRecord.stripe_id == found.id))
    if card is None:
        return None
    most = Money(card.limit_cents)
    widened = found.most is None or most < found.most
    return card.state == "active" and (found.status != "active" or widened), most
