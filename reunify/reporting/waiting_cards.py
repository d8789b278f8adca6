"""What waits for a travel card, by state: trips to make one for, charges to explain, cards to end."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.approval.records import AwardRecord
from reunify.bookings import policy as bookings
from reunify.bookings.records import BookingRecord
from reunify.disbursement import cards_limits, cards_policy, cards_queries
from reunify.disbursement.cards_policy import ChargeKind, Trip
from reunify.disbursement.cards_records import (
    CardAuthorisationRecord,
    CardChargePartRecord,
    CardChargeRecord,
    CardLimitRecord,
    TravelCardRecord,
)
from reunify.disbursement.records import InstructionRecord
from reunify.intake import outcomes
from reunify.intake.form import Settlement
from reunify.intake.records import VersionRecord
from reunify.kernel.ids import AwardId
from reunify.payees.policy import Rail
from reunify.rates import queries as rates
from reunify.reporting.ending import trip_ends

_A, _B, _C, _I, _T = AwardRecord, BookingRecord, CardChargeRecord, InstructionRecord, TravelCardRecord


@dataclass(frozen=True, slots=True)
class InTrouble:
    """A card somebody must look at. `since`: when it was asked for, or the trip began to wait for it."""

    award: AwardId
    state: str
    since: datetime

    @property
    def sentence(self) -> str:
        return cards_policy.sentence(self.state, on=True)


def awards_to_card(session: Session, *, limit: int) -> list[UUID]:
    """Released awards of which something is still to be bought by the organisation, and no card was made.

    One that Stripe refused is not asked for again: the page says how to pay instead.
    """
    return list(session.scalars(sa.select(_A.id).where(_waits()).order_by(_A.released_at).limit(limit)))


def _waits() -> sa.ColumnElement[bool]:
    to_buy = sa.exists().where(
        _B.award_id == _A.id,
        _B.settlement == Settlement.ORGANISATION_BOOKS.value,
        _B.category.in_(sorted(category.value for category in cards_policy.MERCHANTS)),
        _B.state.not_in(bookings.ENDED),
        _B.ceiling_cents > 0,
    )
    return sa.and_(
        _A.state == "released",
        to_buy,
        ~sa.exists().where(_T.award_id == _A.id, _T.state != "cancelled"),
        # A change after the release is for people to look at first.
        ~sa.exists().where(
            VersionRecord.request_id == _A.request_id, VersionRecord.number > _A.version_number
        ),
        ~outcomes.quiet_of(_A.request_id),
    )


def late(session: Session, *, now: datetime, limit: int = 200) -> list[InTrouble]:
    """Trips that have waited for their card for long, the longest first; ask only while cards are on."""
    waits = sa.and_(_waits(), _A.released_at <= now - cards_policy.LATE)
    asked = sa.select(_A.id, _A.released_at).where(waits).order_by(_A.released_at).limit(limit)
    return [InTrouble(AwardId(row.id), "late", row.released_at) for row in session.execute(asked)]


def cards_to_match(session: Session, *, limit: int) -> list[UUID]:
    """Cards with an authorisation that just one ticketed booking explains now, or with captures that do."""
    held, other = CardAuthorisationRecord, sa.orm.aliased(CardAuthorisationRecord)
    booked = (
        sa.select(sa.func.count())
        .select_from(_B)
        .where(
            _B.award_id == _T.award_id,
            _B.state == "ticketed",
            _B.paid_with == Rail.TRAVEL_CARD.value,
            _B.price_cents == held.amount_cents,
            ~sa.exists().where(other.booking_id == _B.id, other.state != "reversed"),
        )
        .correlate(_T, held)
        .scalar_subquery()
    )
    promises = sa.exists().where(
        held.card_id == _T.id,
        held.approved,
        held.booking_id.is_(None),
        held.state != "reversed",
        booked == 1,
    )
    found = list(session.scalars(sa.select(_T.id).where(promises).limit(limit)))
    return list(dict.fromkeys([*found, *_charges_fit(session)]))[:limit]


def _charges_fit(session: Session) -> list[UUID]:
    """Cards of which a charge that has paid nothing fits now. Those that still wait are cases: a handful."""
    touched = sa.exists().where(CardChargePartRecord.charge_id == _C.id)
    taken = sa.exists().where(_C.card_id == _T.id, _C.kind == ChargeKind.CAPTURE.value, ~touched)
    owed = sa.exists().where(
        _I.award_id == _T.award_id, _I.rail == Rail.TRAVEL_CARD.value, _I.state == "on_card"
    )
    both = session.execute(sa.select(_T.id, _T.award_id).where(taken, owed).order_by(_T.first_sent_at))
    return [card.id for card in both.all() if cards_queries.fitting(session, card.id, card.award_id)]


def cards_to_end(
    session: Session, *, now: datetime, limit: int, look_at_trips: bool = True
) -> dict[UUID, Trip]:
    """Cards to cancel, each with how far its trip is.

    Their bookings have all ended and none waits for its charge; or the trip is over; or Stripe has not said.
    `look_at_trips`: a version of each request is unsealed for it, so not at each beat.
    """
    open_booking = sa.exists().where(
        _B.award_id == _T.award_id,
        _B.settlement == Settlement.ORGANISATION_BOOKS.value,
        _B.state.not_in(bookings.ENDED),
    )
    owed = sa.exists().where(_I.award_id == _T.award_id, _I.state == "on_card")
    due = sa.or_(_T.state == "ending", sa.and_(_T.state == "active", ~open_booking, ~owed))
    ended = session.scalars(
        sa.select(_T.id).where(due, _T.try_after <= now).order_by(_T.first_sent_at).limit(limit)
    )
    found = dict.fromkeys(ended, Trip.GOING)
    return found | _over(session, now, limit) if look_at_trips else found


def need_person(session: Session, *, limit: int = 200) -> list[InTrouble]:
    """Refused while something of the trip is still to be booked; nobody knows whether it was made; or Stripe
    does not cancel it. The oldest first."""
    to_book = sa.exists().where(
        _B.award_id == _T.award_id,
        _B.settlement == Settlement.ORGANISATION_BOOKS.value,
        _B.state.in_(bookings.OPEN),
    )
    asked = sa.or_(
        sa.and_(_T.state == "refused", to_book),
        _T.state == "stuck",
        sa.and_(_T.state == "ending", _T.tries >= cards_policy.MANY_TRIES),
    )
    rows = session.execute(
        sa.select(_T.award_id, _T.state, _T.first_sent_at)
        .where(asked)
        .order_by(_T.first_sent_at)
        .limit(limit)
    )
    return [InTrouble(AwardId(row.award_id), row.state, row.first_sent_at) for row in rows]


def cards_to_lower(session: Session, *, limit: int) -> list[UUID]:
    """Active cards that may buy less since a line was given up, or of which Stripe has not taken that yet."""
    unheard = sa.exists().where(CardLimitRecord.card_id == _T.id, CardLimitRecord.heard_at.is_(None))
    given_up = sa.exists().where(
        _B.award_id == _T.award_id,
        _B.settlement == Settlement.ORGANISATION_BOOKS.value,
        sa.or_(
            _B.state.in_(("changed", "cancelled")),
            _B.paid_with != Rail.TRAVEL_CARD.value,
        ),
    )
    rows = session.execute(
        sa.select(_T, unheard)
        .where(_T.state == "active", sa.or_(unheard, given_up))
        .order_by(_T.first_sent_at)
    ).all()
    due = (card.id for card, waits in rows if waits or cards_limits.given_up(session, card) is not None)
    return list(islice(due, limit))


def _over(session: Session, now: datetime, limit: int) -> dict[UUID, Trip]:
    """Active cards of trips whose last leg is over: at once where nothing is to be booked or charged any
    more, the others when a hotel would have charged. Only cards that may be so are looked at."""
    owed = sa.exists().where(_I.award_id == _T.award_id, _I.state == "on_card")
    to_book = sa.exists().where(
        _B.award_id == _T.award_id,
        _B.settlement == Settlement.ORGANISATION_BOOKS.value,
        _B.state.in_(bookings.OPEN),
    )
    promise = CardAuthorisationRecord
    promised = sa.exists().where(promise.card_id == _T.id, promise.approved, promise.state == "pending")
    done = sa.and_(~owed, ~to_book, ~promised)
    rows = session.execute(
        sa.select(_T.id, _A.request_id, done.label("done"))
        .join(_A, _A.id == _T.award_id)
        .where(
            _T.state == "active",
            _T.try_after <= now,
            sa.or_(done, _T.first_sent_at < now - cards_policy.KEPT_AFTER_TRIP),
        )
        .order_by(_T.first_sent_at)
        .limit(limit)
    ).all()
    ends, today = trip_ends(session, {row.request_id for row in rows}), rates.today(session, now=now)
    found: dict[UUID, Trip] = {}
    for row in rows:
        end = ends.get(row.request_id)
        if end is not None and end < today - cards_policy.KEPT_AFTER_TRIP:
            found[row.id] = Trip.LONG_OVER
        elif end is not None and end < today and row.done:
            found[row.id] = Trip.OVER
    return found
