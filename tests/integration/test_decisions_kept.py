"""What a case manager decided is kept with what it was about, and counts in later checks for that alone."""

from __future__ import annotations

import copy
import re
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from reunify.db import Database
from reunify.eligibility import actions as eligibility
from reunify.eligibility import reproducing
from reunify.eligibility.records import AssessmentRecord, DeterminationRecord, StaffDecision
from reunify.intake import actions as intake
from reunify.kernel.ids import RequestId
from reunify.rules import actions as rules
from reunify.rules import queries
from reunify.rules.model import suspended_id
from reunify.sandbox.families import sample_family
from tests.integration.replay_world import FUND, LIMIT, Office

INCOME = "DR-05"


@pytest.fixture
def office(settled_db: Database, now: datetime) -> Office:
    return Office(settled_db, now)


def newest(office: Office, request_id: RequestId) -> tuple[str, set[str]]:
    """The fund's newest answer, and what waits for a person about its cost lines."""
    d = DeterminationRecord
    asked = sa.select(d).where(d.request_id == request_id, d.source == FUND).order_by(d.number.desc())
    with office.db.read() as session:
        found = session.scalars(asked.limit(1)).one()
        assert reproducing.reproduce(session, found.id).same is True  # whatever counted is frozen with it
        return found.answer, {name for line in found.content["lines"] for name in line["decides"]}


def answer(office: Office, request_id: RequestId) -> str:
    return newest(office, request_id)[0]


def waiting(office: Office, request_id: RequestId) -> set[str]:
    return newest(office, request_id)[1]


def decide(office: Office, request_id: RequestId, name: str, word: str) -> None:
    with office.db.work() as session:
        eligibility.decide_requirement(
            session,
            request_id=request_id,
            requirement=name,
            decision=word,
            reason="The agency's own letter says so.",
            rulebooks=queries.in_force(session),
            by=office.person("ana"),
            now=office.now,
        )


def suspend(office: Office) -> None:
    with office.db.work() as session:
        rules.ask_suspension(session, source=FUND, reason="A limit.", by=office.person("ada"), now=office.now)
        rules.confirm_suspension(session, source=FUND, by=office.person("noor"), now=office.now)


def resume(office: Office) -> None:
    with office.db.work() as session:
        rules.ask_resumption(session, source=FUND, reason="Mended.", by=office.person("ada"), now=office.now)
        rules.confirm_resumption(session, source=FUND, by=office.person("noor"), now=office.now)


def test_a_word_given_under_one_suspension_ends_with_it(office: Office) -> None:
    suspend(office)
    family = office.family(LIMIT + 1)
    assert answer(office, family) == "needs_staff_decision"
    decide(office, family, suspended_id(FUND), "met")
    office.again(family)
    assert answer(office, family) == "eligible"
    resume(office)
    office.again(family)
    assert answer(office, family) == "ineligible"
    suspend(office)
    office.again(family)
    assert answer(office, family) == "needs_staff_decision"


def test_a_word_sent_after_the_next_suspension_began_is_still_about_the_one_that_was_shown(
    office: Office,
) -> None:
    suspend(office)
    family = office.family(LIMIT + 1)
    resume(office)
    suspend(office)
    decide(office, family, suspended_id(FUND), "met")
    office.again(family)
    assert answer(office, family) == "needs_staff_decision"
    decide(office, family, suspended_id(FUND), "met")
    office.again(family)
    assert answer(office, family) == "eligible"


@pytest.mark.parametrize(
    ("late", "found"),
    [(10, "eligible_provisional"), (11, "needs_information")],
    ids=["owed today", "overdue"],
)
def test_what_is_attested_and_overdue_is_asked_for_again(office: Office, late: int, found: str) -> None:
    family = office.family(None)
    decide(office, family, INCOME, "attested")
    office.now += timedelta(days=late)
    office.again(family)
    assert answer(office, family) == found
    if late == 11:  # it may be attested anew, with a reason of that day
        decide(office, family, INCOME, "attested")
        office.again(family)
        assert answer(office, family) == "eligible_provisional"


def test_the_days_of_what_is_owed_are_those_of_the_organisation(office: Office) -> None:
    """At 02:00 UTC it is still the evening before in the office."""
    family = office.family(None)
    office.now = office.now.replace(hour=2) + timedelta(days=1)
    decide(office, family, INCOME, "attested")
    office.again(family)
    local = (office.now - timedelta(days=1)).date()
    with office.db.read() as session:
        owed = sa.select(AssessmentRecord.owed_by).where(AssessmentRecord.request_id == family)
        assert session.scalar(owed.order_by(AssessmentRecord.number.desc()).limit(1)) == local + timedelta(10)
    office.now += timedelta(days=10)  # the tenth day, still evening there
    office.again(family)
    assert answer(office, family) == "eligible_provisional"
    office.now += timedelta(hours=6)
    office.again(family)
    assert answer(office, family) == "needs_information"


def fare_above_economy(office: Office, cents: int) -> dict[str, Any]:
    draft = copy.deepcopy(sample_family("d", office.now.date()).draft)
    first = draft["cost_lines"][0]
    first |= {
        "category": "air_fare",
        "fare_class": "above_economy",
        "quote_cents": cents,
        "ceiling_cents": cents,
    }
    return draft


@pytest.mark.parametrize(
    ("field", "value"), [("ceiling_cents", 90_000), ("what", "A suite in the sky")], ids=["dearer", "another"]
)
def test_a_yes_to_a_fare_does_not_outlive_a_change_of_it(office: Office, field: str, value: object) -> None:
    family = office.submitted(fare_above_economy(office, 40_000))
    office.check(family)
    (name,) = waiting(office, family)
    decide(office, family, name, "met")
    office.again(family)
    assert waiting(office, family) == set()
    change(office, family, {f"/cost_lines/0/{field}": value})
    (now,) = waiting(office, family)
    assert (now == name) is (field == "what")  # the price is in the name; all else is sealed with the word
    decide(office, family, now, "met")
    office.again(family)
    assert waiting(office, family) == set()


def change(office: Office, family: RequestId, answers: dict[str, object]) -> None:
    with office.db.work() as session:
        intake.answer(
            session,
            request_id=family,
            answers=answers,
            award_stands=False,
            case_types=queries.in_force(session).dictionary.case_types,
            by=office.person("ana"),
            now=office.now,
        )
    office.check(family)


def test_what_a_decision_was_about_is_sealed_and_its_name_says_nothing_of_a_family(office: Office) -> None:
    family = office.submitted(fare_above_economy(office, 40_000))
    office.check(family)
    (name,) = waiting(office, family)
    decide(office, family, name, "met")
    with office.db.read() as session:
        kept = session.scalars(sa.select(StaffDecision)).one()
        about, name = kept.about, kept.requirement
        shown = session.scalars(sa.text("SELECT staff_decisions::text FROM staff_decisions")).one()
    assert about is not None
    assert about not in shown
    assert re.fullmatch(r"line:1:TR-003:[0-9a-f]{8}", name)
