"""A card of its own for each trip that the organisation books: made, its charges explained, ended."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from flows.work import Every, Work
from reunify import logs
from reunify.bootstrap import House
from reunify.db import Database
from reunify.disbursement import cards_limits, cards_opening, cards_queries
from reunify.disbursement.cards_policy import Trip
from reunify.kernel.ids import AwardId
from reunify.kernel.people import System
from reunify.kernel.refusals import Refused, Retryable
from reunify.reconciliation import cards
from reunify.reporting import waiting_cards

log = logs.named("worker")
BY = System("cards")
ASK_AGAIN_AFTER = timedelta(minutes=1)
LOOK_AT_TRIPS_EVERY = timedelta(minutes=10)
# Our own answer to a merchant counts what is given up at once; Stripe's limit is the second lock.
LOWER_EVERY = timedelta(minutes=1)


def works(house: House) -> list[Work]:
    """Nothing while cards are switched off: what was made stays as it is, and is read at Stripe."""
    if house.cards is None:
        return []
    ask, again, end = Asking(house), Again(house), Ending(house)
    match, lower = Matching(house), Lowering(house)
    return [
        Work("open_cards", ask.find, ask.run, acts_as=BY, verbs=(cards_opening.open_card, cards.hear_again)),
        Work(
            "open_cards_again",
            again.find,
            again.run,
            acts_as=BY,
            verbs=(cards_opening.open_again, cards.hear_again),
        ),
        Work("match_card_charges", match.find, match.run, acts_as=BY, verbs=(cards.match,)),
        Work("lower_card_limits", lower.find, lower.run, acts_as=BY, verbs=(cards_limits.lower,)),
        Work("end_cards", end.find, end.run, acts_as=BY, verbs=(cards_opening.end_card,)),
    ]


class Asking:
    """Trips without a card. When Stripe does not answer, it is left alone for a while."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._patience = Patience(house)

    def find(self, db: Database, limit: int) -> list[UUID]:
        if not self._patience.is_over():
            return []
        with db.read() as session:
            return waiting_cards.awards_to_card(session, limit=limit)

    def run(self, ids: list[UUID], run: str | None) -> int:
        """One card for each award; returns how many were asked for."""
        house, asked = self._house, 0
        assert house.cards is not None
        for award_id in ids:
            try:
                state = cards_opening.open_card(
                    house.db, house.cards, award_id=AwardId(award_id), by=BY, clock=house.now
                )
                asked += 1
                _hear_of(house, state)
            except (Refused, Retryable) as later:
                self._patience.begin()
                log.warning("card_waits", piece=award_id, kind=type(later).__name__)
        return asked


class Again:
    """Cards nobody has heard of: the same bytes under the same key."""

    def __init__(self, house: House) -> None:
        self._house = house

    def find(self, db: Database, limit: int) -> list[UUID]:
        with db.read() as session:
            return cards_queries.to_reissue(session, now=self._house.now(), limit=limit)

    def run(self, ids: list[UUID], run: str | None) -> int:
        house = self._house
        assert house.cards is not None
        for card_id in ids:
            state = cards_opening.open_again(house.db, house.cards, card_id=card_id, by=BY, clock=house.now)
            _hear_of(house, state)
        return len(ids)


class Ending:
    """Cards whose bookings are over, or whose trip is."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._patience = Patience(house)
        self._trips = Every(LOOK_AT_TRIPS_EVERY)

    def find(self, db: Database, limit: int) -> list[UUID]:
        if not self._patience.is_over():
            return []
        return list(self._due(db, limit, look_at_trips=self._trips.begin(self._house.now())))

    def run(self, ids: list[UUID], run: str | None) -> int:
        """Returns how many are cancelled."""
        house, ended = self._house, 0
        assert house.cards is not None
        due = self._due(house.db, len(ids))
        for card_id in ids:
            try:
                ended += cards_opening.end_card(
                    house.db,
                    house.cards,
                    card_id=card_id,
                    trip=due.get(card_id, Trip.GOING),
                    by=BY,
                    clock=house.now,
                )
            except (Refused, Retryable) as later:
                self._patience.begin()
                log.warning("card_waits", piece=card_id, kind=type(later).__name__)
        return ended

    def _due(self, db: Database, limit: int, *, look_at_trips: bool = True) -> dict[UUID, Trip]:
        with db.read() as session:
            return waiting_cards.cards_to_end(
                session, now=self._house.now(), limit=limit, look_at_trips=look_at_trips
            )


class Lowering:
    """Cards of which a line was given up: Stripe lets them buy less, too."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._patience = Patience(house)
        self._pace = Every(LOWER_EVERY)

    def find(self, db: Database, limit: int) -> list[UUID]:
        if not self._patience.is_over() or not self._pace.begin(self._house.now()):
            return []
        with db.read() as session:
            return waiting_cards.cards_to_lower(session, limit=limit)

    def run(self, ids: list[UUID], run: str | None) -> int:
        """Returns how many may buy less now."""
        house, lowered = self._house, 0
        assert house.cards is not None
        for card_id in ids:
            try:
                lowered += cards_limits.lower(house.db, house.cards, card_id=card_id, by=BY, clock=house.now)
            except (Refused, Retryable) as later:
                self._patience.begin()
                log.warning("card_waits", piece=card_id, kind=type(later).__name__)
        return lowered


class Matching:
    """Charges that came before their booking was ticketed. What the books refuse is looked at again later."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._refused: dict[UUID, datetime] = {}

    def find(self, db: Database, limit: int) -> list[UUID]:
        now = self._house.now()
        with db.read() as session:
            found = waiting_cards.cards_to_match(session, limit=limit)
        return [id_ for id_ in found if self._refused.get(id_, now) <= now]

    def run(self, ids: list[UUID], run: str | None) -> int:
        """Returns how many charges are explained now."""
        house, explained = self._house, 0
        for card_id in ids:
            with house.db.work(wake=True) as session:
                done, refused = cards.match(session, card_id=card_id, by=BY, now=house.now())
            explained += done
            self._refused.pop(card_id, None)
            if refused:
                self._refused[card_id] = house.now() + ASK_AGAIN_AFTER
        return explained


def _hear_of(house: House, state: str | None) -> None:
    """A merchant may have been quicker than Stripe's answer that the card is made."""
    if state == "active":
        with house.db.work(wake=True) as session:
            cards.hear_again(session, by=BY, now=house.now())


class Patience:
    """Stripe did not answer, or would not: nothing more is asked of it until a while has passed."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._until: datetime | None = None

    def begin(self) -> None:
        self._until = self._house.now() + ASK_AGAIN_AFTER

    def is_over(self) -> bool:
        return self._until is None or self._house.now() >= self._until
