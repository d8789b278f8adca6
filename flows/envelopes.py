"""Envelopes whose time is over give back the rest; what a review turned down is borne by our own money."""

from __future__ import annotations

from functools import partial
from uuid import UUID

from flows.work import Work
from reunify.approval import envelope_queries as envelopes
from reunify.approval import envelope_reviews
from reunify.approval.envelopes import expire
from reunify.bootstrap import House
from reunify.closeout import bearing
from reunify.db import Database
from reunify.kernel.people import System

BY = System("envelopes")


def works(house: House) -> list[Work]:
    return [
        Work(
            "expire_envelopes",
            partial(_over, house),
            partial(_expire, house),
            acts_as=BY,
            verbs=(expire,),
        ),
        Work(
            "bear_refused",
            _refused,
            partial(_bear, house),
            acts_as=BY,
            verbs=(bearing.bear_refused, envelope_reviews.bear),
        ),
    ]


def _over(house: House, db: Database, limit: int) -> list[UUID]:
    with db.read() as session:
        return envelopes.to_expire(session, now=house.now(), limit=limit)


def _expire(house: House, ids: list[UUID], run: str | None) -> int:
    """One transaction for each."""
    done = 0
    for envelope_id in ids:
        with house.db.work(wake=True) as session:
            done += expire(session, envelope_id=envelope_id, by=BY, now=house.now())
    return done


def _refused(db: Database, limit: int) -> list[UUID]:
    with db.read() as session:
        return bearing.to_bear(session, limit=limit)


def _bear(house: House, ids: list[UUID], run: str | None) -> int:
    done = 0
    for award_id in ids:
        with house.db.work() as session:
            done += bearing.bear_refused(session, award_id=award_id, by=BY, now=house.now())
    return done
