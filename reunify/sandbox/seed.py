"""Fills an empty demo: the organisation, its people, its funds. Safe to run again."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify import bootstrap
from reunify.funds import queries as funds
from reunify.identity import queries as identity
from reunify.intake import actions as requests
from reunify.intake import queries as intake
from reunify.kernel.people import Staff
from reunify.rates.policy import OrganisationNotSetUp
from reunify.rates.queries import organisation
from reunify.sandbox import people
from reunify.sandbox.families import sample_families
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
    signs_in = [
        f"Sign in as {p.username} / {p.password}: {p.name}, "
        + " and ".join(sorted(r.value.replace("_", " ") for r in p.roles))
        for p in people.PEOPLE
    ]
    return [*signs_in, 'Then press "Use the demo\'s software passkey"; it also confirms what needs one.']


def enter_families(settings: Settings) -> None:
    """What a demo opens with: each sample family entered by Ana, unless somebody has entered something."""
    house = bootstrap.build(settings)
    ana = people.PEOPLE_BY_NAME["ana"]
    try:
        with house.db.work(wake=True) as session:
            if intake.requests(session, limit=1):
                return
            staff_id = identity.staff_id(session, ana.username)
            by = Staff(staff_id, ana.name, ana.roles)
            now = house.now()
            for family in sample_families(now.date()):
                draft = requests.create(session, draft=family.draft, by=by, now=now)
                requests.submit(session, request_id=draft.id, case_types=house.case_types, by=by, now=now)
    finally:
        house.db.dispose()


def fill(session: Session, *, now: datetime) -> None:
    """The sample organisation, people and funds, unless they are there."""
    session.execute(sa.select(sa.func.pg_advisory_xact_lock(20_011)))
    try:
        organisation(session, on=now.date())
    except OrganisationNotSetUp:
        people.settle_in(session, now=now)
    if not funds.all_funds(session):
        open_sample_funds(session, now=now)
