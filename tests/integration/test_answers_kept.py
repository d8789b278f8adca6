"""The bytes behind an answer are kept once, asked for once, and never believed before they are committed."""

from __future__ import annotations

import copy
import hashlib
import json
from datetime import datetime
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.db import Database
from reunify.eligibility import actions
from reunify.eligibility.keeping import PARAMETERS
from reunify.eligibility.records import DeterminationRecord
from reunify.intake import actions as intake
from reunify.intake import queries as intake_queries
from reunify.kernel.ids import RequestId
from reunify.kernel.people import Staff, System
from reunify.rates import queries as rates
from reunify.rates.manifest import parameters_manifest
from reunify.rules.library import shipped
from reunify.rules.records import RuleFile
from reunify.sandbox import people
from reunify.sandbox.families import sample_family
from tests.town import AGAIN


@pytest.fixture
def ana(db: Database, now: datetime) -> Staff:
    with db.work() as session:
        ids = people.settle_in(session, now=now)
    found = people.PEOPLE_BY_NAME["ana"]
    return Staff(ids["ana"], found.name, found.roles)


def submitted(db: Database, ana: Staff, now: datetime) -> RequestId:
    draft = copy.deepcopy(sample_family("b", now.date()).draft)
    with db.work() as session:
        request_id = intake.create(session, draft=draft, by=ana, now=now).id
        case_types = shipped().dictionary.case_types
        intake.submit(
            session,
            request_id=request_id,
            case_types=case_types,
            going_on=AGAIN["overlap_reason"],
            by=ana,
            now=now,
        )
    return request_id


def assess(session: Session, request_id: RequestId, now: datetime) -> actions.AssessmentResult:
    version = intake_queries.newest_version(session, request_id)
    return actions.assess(
        session,
        version_id=version.id,
        request_id=request_id,
        number=version.number,
        content=version.content,
        organisation=rates.organisation(session, on=now.date()),
        rulebooks=shipped(),
        by=System("assess"),
        now=now,
        run=None,
    )


def test_an_answer_names_the_published_tables_it_was_made_from(
    db: Database, ana: Staff, now: datetime
) -> None:
    with db.work() as session:
        result = assess(session, submitted(db, ana, now), now)
    with db.read() as session:
        ids = set(session.scalars(sa.select(DeterminationRecord.parameters_sha256)))
        (fingerprint,) = ids
        kept = session.get_one(RuleFile, fingerprint)
        source, body = kept.source, kept.body
    assert source == PARAMETERS
    assert hashlib.sha256(body).hexdigest() == fingerprint
    assert json.loads(body) == dict(parameters_manifest())
    assert {"per_diem.csv", "poverty_guidelines.csv"} <= json.loads(body).keys()
    assert result.determination_ids


def test_a_second_check_asks_for_no_rule_file(db: Database, ana: Staff, now: datetime) -> None:
    first, second = submitted(db, ana, now), submitted(db, ana, now)
    heard: list[str] = []

    def hear(_: Any, __: Any, statement: str, *___: Any) -> None:
        heard.append(statement)

    sa.event.listen(db.engine, "before_cursor_execute", hear)
    with db.work() as session:
        assess(session, first, now)
    assert any("rule_files" in statement for statement in heard)
    heard.clear()
    with db.work() as session:
        assess(session, second, now)
    assert heard
    assert not any("rule_files" in statement for statement in heard)


def test_what_was_undone_is_not_believed_to_be_there(db: Database, ana: Staff, now: datetime) -> None:
    first, second = submitted(db, ana, now), submitted(db, ana, now)
    with db.work() as session:
        assess(session, first, now)
        session.rollback()
    with db.work() as session:
        assert assess(session, second, now).determination_ids
