"""Fills an empty demo: the organisation, its people, its funds. Safe to run again."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify import bootstrap
from reunify.funds import queries as funds
from reunify.intake import actions as requests
from reunify.intake import queries as intake
from reunify.rates.policy import OrganisationNotSetUp
from reunify.rates.queries import organisation, today
from reunify.sandbox import helpers, nights, people, rules
from reunify.sandbox.families import sample_families
from reunify.sandbox.money import open_asked_award, open_sample_funds, sign_envelope
from reunify.settings import Settings


def run(settings: Settings) -> list[str]:
    """Returns the lines to print: who can sign in, and with what."""
    house = bootstrap.build(settings)
    try:
        with house.db.work() as session:
            now = house.now()
            fill(session, now=now)
            people.join(session, now=now)
            nights.plan(session, now=now)
            helpers.enter(session, today=today(session, now=now), now=now)
            open_asked_award(session, now=now)
            sign_envelope(session, now=now)
    finally:
        house.db.dispose()
    signs_in = [
        f"Sign in as {p.username} / {p.password}: {p.name}, "
        + " and ".join(sorted(r.value.replace("_", " ") for r in p.roles))
        + (f", team {p.team}" if p.team else "")
        for p in people.EVERYBODY
    ]
    return [*signs_in, 'Then press "Use the demo\'s software passkey"; it also confirms what needs one.']


def enter_families(settings: Settings) -> None:
    """What a demo opens with: the sample families, unless somebody has entered something.

    Eli, of another team, has one of them; the others are Ana's.
    """
    house = bootstrap.build(settings)
    try:
        with house.db.work(wake=True) as session:
            if intake.requests(session, limit=1):
                return
            now = house.now()
            ana, eli = (people.known_as(session, name) for name in ("ana", "eli"))
            for family in sample_families(now.date()):
                by = eli if family.letter == "d" else ana
                draft = requests.create(session, draft=family.entered, by=by, now=now)
                requests.submit(session, request_id=draft.id, case_types=house.case_types, by=by, now=now)
    finally:
        house.db.dispose()


def fill(session: Session, *, now: datetime) -> None:
    """The sample organisation, people, rules and funds, unless they are there."""
    session.execute(sa.select(sa.func.pg_advisory_xact_lock(20_011)))
    try:
        organisation(session, on=now.date())
    except OrganisationNotSetUp:
        people.settle_in(session, now=now)
    people.join(session, now=now, whom=people.AUTHORS)
    rules.adopt(session, now)
    if not funds.all_funds(session):
        open_sample_funds(session, now=now)
