"""What we show of travel cards, and what waits for a charge."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.approval import queries as approval
from reunify.bookings import queries as bookings
from reunify.disbursement import cards_policy, policy
from reunify.disbursement.cards_answer_records import CardExcessRefundRecord, CardRefundRecord
from reunify.disbursement.cards_borne_records import CardBorneRefundRecord, CardChargeBorneRecord
from reunify.disbursement.cards_match_policy import Paid, Taken, match
from reunify.disbursement.cards_policy import ChargeKind, Limits, Owed
from reunify.disbursement.cards_records import (
    CardAuthorisationRecord,
    CardChargePartRecord,
    CardChargeRecord,
    CardLimitRecord,
    TravelCardRecord,
)
from reunify.disbursement.records import InstructionRecord
from reunify.intake.form import Settlement
from reunify.kernel.ids import AwardId, InstructionId
from reunify.kernel.money import Money, total
from reunify.payees.policy import Rail


@dataclass(frozen=True, slots=True)
class Charge:
    """`instructions`: the payments this capture is; `rest`: what is none, or of a refund is unplaced."""

    id: str
    kind: ChargeKind
    amount: Money
    instructions: tuple[InstructionId, ...]
    rest: Money
    charged_at: datetime


@dataclass(frozen=True, slots=True)
class Authorisation:
    id: str
    booking: UUID | None
    amount: Money
    approved: bool
    state: str
    authorised_at: datetime


@dataclass(frozen=True, slots=True)
class Card:
    """One card of one award, without its number. `at_stripe`: its id there; `last4` as Stripe shows it."""

    id: UUID
    award: AwardId
    state: str
    limit: Money
    merchants: tuple[str, ...]
    at_stripe: str | None
    last4: str | None
    outcome: str | None
    authorisations: tuple[Authorisation, ...]
    charges: tuple[Charge, ...]

    @property
    def authorised(self) -> Money:
        """Promised to merchants and not yet taken."""
        return total(a.amount for a in self.authorisations if a.approved and a.state == "pending")

    @property
    def charged(self) -> Money:
        """Taken by merchants, whatever came back since."""
        return total(c.amount for c in self.charges if c.kind is ChargeKind.CAPTURE)

    @property
    def unexplained(self) -> list[Charge]:
        """Captures that no booking of this trip explains whole."""
        return [c for c in self.charges if c.kind is ChargeKind.CAPTURE and c.rest.cents]


def pays(session: Session, award_id: UUID) -> bool:
    """Whether this award has, or had, a card that what the desk bought can have been paid with."""
    t = TravelCardRecord
    made = sa.select(t.id).where(t.award_id == award_id, t.state.in_(cards_policy.MADE))
    return session.scalar(made.limit(1)) is not None


def of_award(session: Session, award_id: UUID) -> Card | None:
    """The newest card of the award, with all that was authorised and charged on any of its cards."""
    t, a, c = TravelCardRecord, CardAuthorisationRecord, CardChargeRecord
    newest = session.scalars(sa.select(t).where(t.award_id == award_id).order_by(t.number.desc())).all()
    if not newest:
        return None
    ids = [card.id for card in newest]
    held = session.scalars(sa.select(a).where(a.card_id.in_(ids)).order_by(a.authorised_at, a.id))
    taken = session.scalars(sa.select(c).where(c.card_id.in_(ids)).order_by(*in_order())).all()
    part, charges = CardChargePartRecord, [one.id for one in taken]
    parts = session.scalars(sa.select(part).where(part.charge_id.in_(charges))).all() if taken else ()
    rest = rest_of(session, charges) if taken else {}
    least = standing_limit(session, newest[0])
    return _as_card(newest[0], least, held.all(), [(one, rest[one.id]) for one in taken], parts)


def standing_limit(session: Session, card: TravelCardRecord) -> Limits:
    """What it may buy in all and from whom: as it was made, or as it was last lowered, heard of or not."""
    least = sa.select(CardLimitRecord).where(CardLimitRecord.card_id == card.id)
    newest = session.scalar(least.order_by(CardLimitRecord.number.desc()).limit(1)) or card
    return Limits(Money(newest.limit_cents), tuple(newest.params["spending_controls"]["allowed_categories"]))


def waiting_state(session: Session, award_id: UUID, *, now: datetime) -> str:
    """Of an award without a card: `waiting`, `late`, or `none` where the organisation books nothing."""
    if not _books(session, award_id):
        return "none"
    since = approval.award(session, award_id).released_at
    return "waiting" if since is None or now - since < cards_policy.LATE else "late"


def owed(session: Session, award_id: UUID) -> list[Owed]:
    """What was ticketed on the card and is not charged yet, in the order it was ticketed."""
    i = InstructionRecord
    rows = session.execute(
        sa.select(i.id, i.booking_id, i.amount)
        .where(i.award_id == award_id, i.rail == Rail.TRAVEL_CARD.value, i.state == "on_card")
        .order_by(i.created_at, i.id)
    )
    return [Owed(row.id, row.booking_id, Money(row.amount)) for row in rows]


def promised(session: Session, booking_id: UUID) -> Money | None:
    """What merchants hold of the trip's card for this booking and have not taken; None when nothing."""
    a = CardAuthorisationRecord
    held = sa.select(sa.func.sum(a.amount_cents)).where(
        a.booking_id == booking_id, a.approved, a.state == "pending"
    )
    cents = session.scalar(held)
    return Money(int(cents)) if cents else None


def is_promised(session: Session, card_id: UUID) -> bool:
    """Whether a merchant may still take something of this card that it was promised."""
    a = CardAuthorisationRecord
    asked = sa.select(a.id).where(a.card_id == card_id, a.approved, a.state == "pending")
    return session.scalar(asked.limit(1)) is not None


def pending(session: Session, *, limit: int = 200) -> list[str]:
    """Promises nobody has heard the end of, by Stripe's id; the oldest first."""
    a = CardAuthorisationRecord
    asked = sa.select(a.id).where(a.approved, a.state == "pending").order_by(a.authorised_at).limit(limit)
    return list(session.scalars(asked))


def fitting(session: Session, card_id: UUID, award_id: UUID) -> list[Paid]:
    """Which bookings this card's captures pay beyond doubt, of those that have paid nothing yet.

    What is left over of one that has paid is for a person.
    """
    c = CardChargeRecord
    touched = sa.exists().where(CardChargePartRecord.charge_id == c.id)
    rows = session.scalars(
        sa.select(c)
        .where(c.card_id == card_id, c.kind == ChargeKind.CAPTURE.value, ~touched)
        .order_by(*in_order())
    ).all()
    if not rows:
        return []
    a = CardAuthorisationRecord
    said = session.execute(sa.select(a).where(a.card_id == card_id, a.booking_id.is_not(None)))
    promises = {promise.id: promise for promise in said.scalars()}
    taken = [Taken(row.id, Money(row.amount_cents), row.authorisation_id) for row in rows]
    sums: dict[str | None, int] = {}
    for one in taken:
        sums[one.authorisation] = sums.get(one.authorisation, 0) + one.left.cents
    return match(
        taken,
        owed(session, award_id),
        {id_: UUID(str(promise.booking_id)) for id_, promise in promises.items()},
        {
            id_
            for id_, promise in promises.items()
            if promise.state in cards_policy.PROMISE_OVER and promise.taken_cents == sums.get(id_)
        },
    )


def in_order() -> tuple[Any, ...]:
    """SQL, of CardChargeRecord: as they were charged; those of one second as Stripe lists them."""
    c = CardChargeRecord
    return c.charged_at, c.place, c.id


def left_of_charge() -> sa.ColumnElement[int]:
    """SQL, of CardChargeRecord: less its parts, what came back of what was too much, and what we bear."""
    c, p, x = CardChargeRecord, CardChargePartRecord, CardExcessRefundRecord
    b = CardChargeBorneRecord
    placed = sa.select(sa.func.coalesce(sa.func.sum(p.cents), 0)).where(p.charge_id == c.id)
    back = sa.select(sa.func.coalesce(sa.func.sum(x.cents), 0)).where(c.id.in_([x.charge_id, x.refund_id]))
    borne = sa.select(sa.func.coalesce(sa.func.sum(b.cents), 0)).where(b.charge_id == c.id)
    return c.amount_cents - placed.scalar_subquery() - back.scalar_subquery() - borne.scalar_subquery()


def rest_of(session: Session, charges: Collection[str]) -> dict[str, int]:
    """By charge, the cents that are no booking's payment and did not come back; of a refund, none once it
    went back, or is what a merchant had taken beyond its price."""
    c, r, b = CardChargeRecord, CardRefundRecord, CardBorneRefundRecord
    went = sa.or_(sa.exists().where(r.charge_id == c.id), sa.exists().where(b.refund_id == c.id))
    left = sa.case((went, 0), else_=left_of_charge())
    return {id_: int(cents) for id_, cents in session.execute(sa.select(c.id, left).where(c.id.in_(charges)))}


def charges_known(session: Session, charges: Collection[str]) -> set[str]:
    """Which of these are written down, by Stripe's id."""
    return set(session.scalars(sa.select(CardChargeRecord.id).where(CardChargeRecord.id.in_(charges))))


def unexplained(session: Session, charges: Collection[str]) -> set[str]:
    """Which of these are more than bookings' payments, or came back from none, by Stripe's id."""
    return {id_ for id_, rest in rest_of(session, charges).items() if rest}


def to_reissue(session: Session, *, now: datetime, limit: int = 200) -> list[UUID]:
    """Cards nobody has heard of since they were asked for, and that it is time to ask for again."""
    t = TravelCardRecord
    return list(
        session.scalars(
            sa.select(t.id)
            .where(
                t.state.in_(cards_policy.UNHEARD),
                t.try_after <= now,
                sa.or_(t.calling_since.is_(None), t.calling_since < now - policy.CALL_LASTS_AT_MOST),
            )
            .order_by(t.try_after)
            .limit(limit)
        )
    )


def _books(session: Session, award_id: UUID) -> bool:
    found = bookings.of_award(session, award_id)
    return any(b.settlement == Settlement.ORGANISATION_BOOKS and b.state != "cancelled" for b in found)


def _as_card(
    record: TravelCardRecord,
    least: Limits,
    held: Sequence[CardAuthorisationRecord],
    taken: Sequence[tuple[CardChargeRecord, int]],
    parts: Sequence[CardChargePartRecord],
) -> Card:
    return Card(
        record.id,
        AwardId(record.award_id),
        record.state,
        least.all_time,
        least.merchants,
        record.stripe_id,
        record.last4,
        record.outcome,
        tuple(
            Authorisation(a.id, a.booking_id, Money(a.amount_cents), a.approved, a.state, a.authorised_at)
            for a in held
        ),
        tuple(
            Charge(
                c.id,
                ChargeKind(c.kind),
                Money(c.amount_cents),
                tuple(InstructionId(p.instruction_id) for p in parts if p.charge_id == c.id),
                Money(rest),
                c.charged_at,
            )
            for c, rest in taken
        ),
    )
