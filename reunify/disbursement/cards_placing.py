"""What a person may say of a charge on the trip's card, or of a refund: which payment it is of."""

from __future__ import annotations

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.disbursement import cards_queries
from reunify.disbursement.cards_match_policy import Taken
from reunify.disbursement.cards_policy import PROMISE_OVER, ChargeKind
from reunify.disbursement.cards_queries import Charge
from reunify.disbursement.cards_records import (
    CardAuthorisationRecord,
    CardChargePartRecord,
    CardChargeRecord,
)
from reunify.disbursement.cards_refunds import not_back
from reunify.disbursement.records import InstructionRecord
from reunify.kernel.money import Money
from reunify.payees.policy import Rail

_A, _C, _I, _P = CardAuthorisationRecord, CardChargeRecord, InstructionRecord, CardChargePartRecord


def could_pay(session: Session, instruction_id: UUID) -> list[Charge]:
    """Of a payment that waits for its charge: captures on the trip's card that no booking explains and that
    would pay its price, alone or with the others of the same promise, or for less where that promise is
    closed. Of one that this card has made: refunds that nobody has placed, of at most what has not come back.
    """
    made = session.get(_I, instruction_id)
    if made is None or made.rail != Rail.TRAVEL_CARD or made.state not in ("on_card", "settled"):
        return []
    card = cards_queries.of_award(session, made.award_id)
    if card is None:
        return []
    if made.state == "settled":
        back = [c for c in card.charges if c.kind is ChargeKind.REFUND and c.rest.cents]
        most = not_back(session, made.id) if back else 0
        return [c for c in back if c.amount.cents <= most]
    found = []
    for charge in card.unexplained:
        taken = together(session, charge.id)
        reaches = sum(one.left.cents for one in taken) >= made.amount
        if reaches or is_closed(session, taken, price=Money(made.amount)):
            found.append(charge)
    return found


def together(session: Session, charge_id: str) -> list[Taken]:
    """What is left of this capture, then of the others of its authorisation, in the order they came."""
    first = session.get(_C, charge_id)
    if first is None:
        return []
    same = sa.select(_C).where(
        _C.card_id == first.card_id,
        _C.kind == ChargeKind.CAPTURE.value,
        _C.authorisation_id == first.authorisation_id,
        _C.id != first.id,
    )
    found = [first, *session.scalars(same.order_by(*cards_queries.in_order()))]
    left = cards_queries.rest_of(session, [one.id for one in found])
    return [Taken(one.id, Money(left[one.id]), one.authorisation_id) for one in found if left[one.id]]


def is_closed(session: Session, taken: list[Taken], *, price: Money) -> bool:
    """These are all that was ever taken of one promise of at least this price, and nothing more will be."""
    promise = session.get(_A, taken[0].authorisation) if taken and taken[0].authorisation else None
    is_over = promise is not None and promise.state in PROMISE_OVER
    if promise is None or not is_over or promise.amount_cents < price.cents:
        return False
    return promise.taken_cents == sum(one.left.cents for one in taken)
