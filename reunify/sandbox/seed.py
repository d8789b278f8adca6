"""Fills an empty demo: the organisation, its people, its funds. Safe to run again."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify import bootstrap
from reunify.funds import queries as funds
from reunify.rates.policy import OrganisationNotSetUp
from reunify.rates.queries import organisation
from reunify.sandbox import people
from reunify.sandbox.money import open_sample_funds
from reunify.settings import Settings


def run(settings: Settings) -> list[str]:
    """Returns the lines to print: who can sign in, and with what."""
    house = bootstrap.build(settings)
    try:
        with house.db.work() as session:
            fill(session, now=house.now())
    finally:
        house.db.dispose()
    return [
        f"Sign in as {p.username} / {p.password}: {p.name}, "
        + " and ".join(sorted(r.value.replace("_", " ") for r in p.roles))
        for p in people.PEOPLE
    ]


def fill(session: Session, *, now: datetime) -> None:
    """The sample organisation, people and funds, unless they are there."""
    session.execute(sa.select(sa.func.pg_advisory_xact_lock(20_011)))
    try:
        organisation(session, on=now.date())
    except OrganisationNotSetUp:
        people.settle_in(session, now=now)
    if not funds.all_funds(session):
        open_sample_funds(session, now=now)
