"""`reunify audit` and `reunify retention`, as an operator types them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from reunify.adapters.embedded_postgres import Urls
from reunify.cli import trail
from reunify.cli.commands import app
from reunify.cli.keeping import NotAPlan
from reunify.db import Database
from reunify.retention import planning, queries
from reunify.retention.policy import NoSuchPlan, PlanNotApproved
from reunify.settings import load
from reunify.vault import keyring
from tests.retention_world import Office, office_over
from tests.town import Clock

YEAR_AGO = datetime.now(UTC) - timedelta(days=365)


@pytest.fixture
def office(db: Database, owner_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    """A year ago; the commands themselves run today."""
    before = keyring.current()
    monkeypatch.setenv("REUNIFY_DATA", str(tmp_path))
    monkeypatch.setenv("REUNIFY_DATABASE_URL", db.url)
    monkeypatch.setenv("REUNIFY_OWNER_DATABASE_URL", owner_url)
    yield office_over(db, Clock(YEAR_AGO))
    keyring.use(before)


def typed(*words: str, ends: int = 0) -> str:
    """What the command prints."""
    done = CliRunner().invoke(app, list(words), catch_exceptions=False)
    assert done.exit_code == ends, done.output
    return done.output


def test_the_trail_is_sealed_given_out_and_proved(office: Office, server: Urls, database_name: str) -> None:
    office.drafted()
    assert "rows wait for a seal since" in trail.examine(load())[0]
    assert re.match(r"Seal 1 covers \d+ audit rows\.", typed("audit", "seal"))
    assert "none was ever kept outside" in trail.examine(load())[0]
    assert typed("audit", "seal") == "No audit row waits for a seal.\n"
    kept = typed("audit", "publish").strip()
    assert re.fullmatch(r"1:[0-9a-f]{64}", kept)
    assert "The audit trail holds." in typed("audit", "verify", "--published", kept)
    assert trail.examine(load())[1] is None
    other = f"1:{'0' * 64}"
    assert "The published seal 1 is not among" in typed("audit", "verify", "--published", other, ends=1)
    with pytest.raises(trail.NotAPublishedSeal):
        typed("audit", "verify", "--published", "the first one")
    engine = sa.create_engine(sa.make_url(server.superuser).set(database=database_name))
    with engine.begin() as connection:
        connection.execute(sa.text("SET session_replication_role = replica"))
        row = connection.scalar(
            sa.text("UPDATE audit_entries SET verb = 'x' WHERE verb = 'create' RETURNING id")
        )
    engine.dispose()
    said = typed("audit", "verify", ends=1)
    assert f"Audit row {row} was changed, sealed by seal 1." in said
    assert "1 differences" in said


def test_what_is_due_is_told_planned_approved_and_erased(office: Office) -> None:
    first, held = office.drafted(), office.drafted()
    office.held(request_id=held)
    dry = typed("retention", "run")
    assert "Due: 1 (draft 1)" in dry
    assert "Due but held: 1 (draft 1)" in dry
    assert "Nothing was erased, and no plan was written." in dry
    with office.db.read() as session:
        assert queries.plans(session) == []
    plan_id = re.findall(r"Plan ([0-9a-f-]{36})", typed("retention", "plan"))[0]
    with pytest.raises(PlanNotApproved, match="This plan is planned"):
        typed("retention", "run", "--plan", plan_id)
    with office.db.work() as session:
        digest = queries.plan(session, UUID(plan_id)).digest
        for by in (office.ada, office.sue):  # nobody is named at the command line: one more takes it on
            planning.approve_plan(session, plan_id=UUID(plan_id), digest=digest, by=by, now=datetime.now(UTC))
    done = typed("retention", "run", "--plan", plan_id)
    assert re.search(r"1 of 1: R-\w{6} erased", done)
    assert "Done: 1 erased." in done
    with office.db.read() as session:
        assert queries.erased_on(session, first) is not None
        assert queries.erased_on(session, held) is None


def test_a_plan_that_is_none_is_refused_in_words(office: Office) -> None:
    with pytest.raises(NotAPlan):
        typed("retention", "run", "--plan", "the newest")
    with pytest.raises(NoSuchPlan):
        typed("retention", "run", "--plan", str(UUID(int=7)))
