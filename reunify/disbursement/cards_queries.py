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
from reunify.disbursement.cards_policy import ChargeKind, Owed
from reunify.disbursement.cards_records import (
    CardAuthorisationRecord,
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
    """`instruction`: the payment this capture is; None while no booking explains it, and of a refund."""

    id: str
    kind: ChargeKind
    amount: Money
    instruction: InstructionId | None
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
        """Captures that no booking of this trip explains."""
        return [c for c in self.charges if c.kind is ChargeKind.CAPTURE and c.instruction is None]


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
    taken = session.scalars(sa.select(c).where(c.card_id.in_(ids)).order_by(c.charged_at, c.id))
    return _as_card(newest[0], held.all(), taken.all())


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
    """Captures on the trip's card that no booking explains, and that this payment's price would fit."""
    made = session.get(InstructionRecord, instruction_id)
    if made is None or made.state != "on_card":
        return []
    card = of_award(session, made.award_id)
    return [c for c in card.unexplained if c.amount == Money(made.amount)] if card else []


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


def charges_known(session: Session, charges: Collection[str]) -> set[str]:
    """Which of these are written down, by Stripe's id."""
    return set(session.scalars(sa.select(CardChargeRecord.id).where(CardChargeRecord.id.in_(charges))))


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
                InstructionId(c.instruction_id) if c.instruction_id else None,
                c.charged_at,
            )
            for c in taken
        ),
    )
