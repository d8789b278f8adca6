"""A card of its own for each trip that the organisation books: made, its charges explained, ended."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from flows.work import Work
from reunify import logs
from reunify.bootstrap import House
from reunify.db import Database
from reunify.disbursement import cards_opening, cards_queries
from reunify.kernel.ids import AwardId
from reunify.kernel.people import System
from reunify.kernel.refusals import Refused, Retryable
from reunify.reconciliation import cards
from reunify.reporting import waiting_cards

log = logs.named("worker")
BY = System("cards")
ASK_AGAIN_AFTER = timedelta(minutes=1)


def works(house: House) -> list[Work]:
    """Nothing while cards are switched off: what was made stays as it is, and is read at Stripe."""
    if house.cards is None:
        return []
    ask, again, end = Asking(house), Again(house), Ending(house)
    match = Work(
        "match_card_charges", find_to_match, partial(match_all, house), acts_as=BY, verbs=(cards.match,)
    )
    return [
        Work("open_cards", ask.find, ask.run, acts_as=BY, verbs=(cards_opening.open_card,)),
        Work("open_cards_again", again.find, again.run, acts_as=BY, verbs=(cards_opening.open_again,)),
        match,
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
                cards_opening.open_card(
                    house.db, house.cards, award_id=AwardId(award_id), by=BY, clock=house.now
                )
                asked += 1
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
            cards_opening.open_again(house.db, house.cards, card_id=card_id, by=BY, clock=house.now)
        return len(ids)


class Ending:
    """Cards whose bookings are over, or whose trip is."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._patience = Patience(house)

    def find(self, db: Database, limit: int) -> list[UUID]:
        return list(self._due(db, limit)) if self._patience.is_over() else []

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
                    trip_over=due.get(card_id, False),
                    by=BY,
                    clock=house.now,
                )
            except (Refused, Retryable) as later:
                self._patience.begin()
                log.warning("card_waits", piece=card_id, kind=type(later).__name__)
        return ended

    def _due(self, db: Database, limit: int) -> dict[UUID, bool]:
        with db.read() as session:
            return waiting_cards.cards_to_end(session, now=self._house.now(), limit=limit)


class Patience:
    """Stripe did not answer, or would not: nothing more is asked of it until a while has passed."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._until: datetime | None = None

    def begin(self) -> None:
        self._until = self._house.now() + ASK_AGAIN_AFTER

    def is_over(self) -> bool:
        return self._until is None or self._house.now() >= self._until


def find_to_match(db: Database, limit: int) -> list[UUID]:
    with db.read() as session:
        return waiting_cards.cards_to_match(session, limit=limit)


def match_all(house: House, ids: list[UUID], run: str | None) -> int:
    """Charges that came before their booking was ticketed; returns how many are explained now."""
    explained = 0
    for card_id in ids:
        with house.db.work(wake=True) as session:
            explained += cards.match(session, card_id=card_id, by=BY, now=house.now())
    return explained
