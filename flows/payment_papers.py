"""Tell families on paper about money: each payment that reached them, and, after the trip, all of it.

Drafted from what the books say, made outside any transaction, and kept only if they still say so.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from flows import papers
from flows.work import Every, Work
from reunify.bootstrap import House
from reunify.db import Database
from reunify.documents import actions as documents
from reunify.documents.drafts import Draft
from reunify.documents.making import Made, in_batches
from reunify.kernel.people import System
from reunify.kernel.refusals import Refused
from reunify.reporting import money_left, money_papers

BY: Final = System("payment_papers")
# A payment is told of within the minute; a trip is over for a day before its letter.
ADVISE_EVERY: Final = timedelta(minutes=1)
CLOSE_EVERY: Final = timedelta(hours=1)
ASK_ANEW_EVERY: Final = timedelta(hours=1)

Owed = Callable[..., list[UUID]]  # (session, now=, limit=)
Drafts = Callable[..., list[Draft]]  # (session, id, now=)


def works(house: House) -> list[Work]:
    return [
        _work(house, "advise_payments", ADVISE_EVERY, money_left.payments_to_advise, money_papers.advices),
        _work(house, "close_trips", CLOSE_EVERY, money_left.awards_to_close, money_papers.closings),
    ]


def _work(house: House, name: str, every: timedelta, owed: Owed, drafts: Drafts) -> Work:
    turn = Turn(house, every, owed, drafts)
    return Work(name, turn.find, turn.run, acts_as=BY, verbs=(documents.keep,))


class Turn:
    """One kind of paper. `owed` finds what waits; `drafts`: what one is owed as things stand."""

    def __init__(self, house: House, every: timedelta, owed: Owed, drafts: Drafts) -> None:
        self._house = house
        self._pace = Every(every)
        self._owed = owed
        self._owed_one = drafts
        self._nobodys: set[UUID] = set()  # whose paper nobody may read: asked anew each hour
        self._anew = Every(ASK_ANEW_EVERY)

    def find(self, db: Database, limit: int) -> list[UUID]:
        """What nobody may read is passed over for an hour: it holds up no other family's paper."""
        now = self._house.now()
        if not self._pace.begin(now):
            return []
        if self._anew.begin(now):
            self._nobodys.clear()
        with db.read() as session:
            found = self._owed(session, now=now, limit=limit + len(self._nobodys))
        wanted = [one for one in found if one not in self._nobodys][:limit]
        if len(wanted) == limit:
            self._pace.again()
        return wanted

    def run(self, ids: list[UUID], run: str | None) -> int:
        """What is no longer owed, or says something else, once it is made is not kept: it is drafted anew.

        Raises the first refusal, after all the others are kept.
        """
        done, refused = 0, []
        for some in in_batches(ids):
            found, wrong = papers.drafted(self._house, some, self._drafts)
            self._nobodys.update(one for one, drafts in found.items() if not drafts)
            made = papers.made(self._house, [draft for drafts in found.values() for draft in drafts])
            refused += [*wrong, *(paper for paper in made.values() if isinstance(paper, Refused))]
            for one in (one for one, drafts in found.items() if drafts):
                try:
                    done += self._keep(one, made, run)
                except Refused as why:  # as where a family was erased meanwhile
                    refused.append(why)
        if refused:
            raise refused[0]
        return done

    def _drafts(self, session: Session, one: UUID) -> list[Draft]:
        return self._owed_one(session, one, now=self._house.now())

    def _keep(self, one: UUID, made: papers.Papers, run: str | None) -> int:
        """One transaction for one payment or trip; a paper made twice is the same paper."""
        house, kept = self._house, 0
        with house.db.work() as session:
            for draft in self._drafts(session, one):
                paper = made.get(draft.once)
                if isinstance(paper, Made) and paper.draft.says_the_same_as(draft):
                    documents.keep(session, made=paper, by=BY, now=house.now(), run=run)
                    kept = 1
        return kept
