"""What we show of travel cards, and what waits for a charge."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.bookings import queries as bookings
from reunify.disbursement import cards_policy, policy
from reunify.disbursement.cards_answer_records import CardRefundRecord
from reunify.disbursement.cards_match_policy import Paid, Taken, match
from reunify.disbursement.cards_policy import ChargeKind, Owed
from reunify.disbursement.cards_records import (
    CardAuthorisationRecord,
    CardChargePartRecord,
    CardChargeRecord,
    TravelCardRecord,
)
from reunify.disbursement.records import InstructionRecord
from reunify.intake.form import Settlement
from reunify.kernel.ids import AwardId, InstructionId
from reunify.kernel.money import Money, total
from reunify.payees.policy import Rail


@dataclass(frozen=True, slots=True)
class Charge:
    """`instructions`: the payments this capture is, `rest` what of it is none; a refund is no payment."""

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
    taken = session.scalars(sa.select(c).where(c.card_id.in_(ids)).order_by(c.charged_at, c.id)).all()
    part = CardChargePartRecord
    parts = session.scalars(sa.select(part).where(part.charge_id.in_([one.id for one in taken])))
    return _as_card(newest[0], held.all(), taken, parts.all())


def waiting_state(session: Session, award_id: UUID) -> str:
    """Of an award without a card: `waiting`, or `none` where the organisation books nothing."""
    return "waiting" if _books(session, award_id) else "none"


def owed(session: Session, award_id: UUID) -> list[Owed]:
    """What was ticketed on the card and is not charged yet, in the order it was ticketed."""
    i = InstructionRecord
    rows = session.execute(
        sa.select(i.id, i.booking_id, i.amount)
        .where(i.award_id == award_id, i.rail == Rail.TRAVEL_CARD.value, i.state == "on_card")
        .order_by(i.created_at, i.id)
    )
    return [Owed(row.id, row.booking_id, Money(row.amount)) for row in rows]


def could_pay(session: Session, instruction_id: UUID) -> list[Charge]:
    """Captures on the trip's card that no booking explains, and that would pay this payment's price: alone,
    or with the others that the same merchant took of the same promise."""
    made = session.get(InstructionRecord, instruction_id)
    if made is None or made.state != "on_card":
        return []
    card = of_award(session, made.award_id)
    if card is None:
        return []
    return [c for c in card.unexplained if sum(t.left.cents for t in together(session, c.id)) >= made.amount]


def promised(session: Session, booking_id: UUID) -> Money | None:
    """What merchants hold of the trip's card for this booking and have not taken; None when nothing."""
    a = CardAuthorisationRecord
    held = sa.select(sa.func.sum(a.amount_cents)).where(
        a.booking_id == booking_id, a.approved, a.state == "pending"
    )
    cents = session.scalar(held)
    return Money(int(cents)) if cents else None


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
        .order_by(c.charged_at, c.id)
    ).all()
    if not rows:
        return []
    a = CardAuthorisationRecord
    asked = sa.select(a.id, a.booking_id).where(a.card_id == card_id, a.booking_id.is_not(None))
    promised_to = {row.id: row.booking_id for row in session.execute(asked)}
    taken = [Taken(row.id, Money(row.amount_cents), row.authorisation_id) for row in rows]
    return match(taken, owed(session, award_id), promised_to)


def together(session: Session, charge_id: str) -> list[Taken]:
    """What is left of this capture, then of the others of its authorisation, in the order they came."""
    c = CardChargeRecord
    first = session.get(c, charge_id)
    if first is None:
        return []
    same = sa.select(c).where(
        c.card_id == first.card_id,
        c.kind == ChargeKind.CAPTURE.value,
        c.authorisation_id == first.authorisation_id,
        c.id != first.id,
    )
    found = [first, *session.scalars(same.order_by(c.charged_at, c.id))]
    left = rest_of(session, [one.id for one in found])
    return [Taken(one.id, Money(left[one.id]), one.authorisation_id) for one in found if left[one.id]]


def rest_of(session: Session, charges: Collection[str]) -> dict[str, int]:
    """By charge, the cents that are no booking's payment; of a refund, none once it went back."""
    c, p, r = CardChargeRecord, CardChargePartRecord, CardRefundRecord
    placed = sa.select(sa.func.coalesce(sa.func.sum(p.cents), 0)).where(p.charge_id == c.id)
    went = sa.exists().where(r.charge_id == c.id)
    left = sa.case((went, 0), else_=c.amount_cents - placed.scalar_subquery())
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
    held: Sequence[CardAuthorisationRecord],
    taken: Sequence[CardChargeRecord],
    parts: Sequence[CardChargePartRecord],
) -> Card:
    return Card(
        record.id,
        AwardId(record.award_id),
        record.state,
        Money(record.limit_cents),
        tuple(record.params["spending_controls"]["allowed_categories"]),
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
                Money(c.amount_cents - sum(p.cents for p in parts if p.charge_id == c.id)),
                c.charged_at,
            )
            for c in taken
        ),
    )
