"""What the tables refuse, whoever writes to them: forged bytes, forged reports, moves out of their order."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, IntegrityError

from reunify.rules import actions, policy, queries
from tests.integration.rules_world import FLOW, REPORT, STRICTER, STRICTER_EXAMPLES, Rules
from tests.integration.test_rules_acts import shipped, withdraw
from tests.integration.test_rules_two_people import approval, constraint, move


def refused(rules: Rules, said: str, **values: Any) -> str:
    """The constraint that says no to this statement; empty where nothing does. Undone either way."""
    nested = rules.session.begin_nested()
    try:
        rules.session.execute(sa.text(said), values)
    except IntegrityError as error:
        return str(error.orig.diag.constraint_name)  # type: ignore[union-attr]
    finally:
        nested.rollback()
    return ""


def test_bytes_are_kept_under_their_own_fingerprint_alone(rules: Rules) -> None:
    said = "INSERT INTO rule_files VALUES (:sha, 'sample_help', 'hello'::bytea)"
    assert refused(rules, said, sha="ab" * 32) == "ck_rule_files_fingerprint"
    right = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
    assert refused(rules, said, sha=right) == ""


FORGED = "UPDATE rule_replays SET state = 'done', report = '{}', finished_at = :now"


def test_a_report_is_written_by_a_replay_that_ran_and_never_again(rules: Rules) -> None:
    sha256 = rules.submitted("ann")
    (replay_id,) = queries.replays_waiting(rules.session, limit=5)
    skipped = f"{FORGED}, begun_at = :now, fields_sha256 = 'x'"
    assert refused(rules, skipped, now=rules.now) == "ck_rule_replays_in_order"
    begun = (
        "INSERT INTO rule_replays (id, sha256, state, asked_at, begun_at, finished_at, fields_sha256, report)"
    )
    made = f"{begun} VALUES (gen_random_uuid(), :sha, 'done', :now, :now, :now, 'x', '{{}}')"
    assert refused(rules, made, now=rules.now, sha=sha256) == "ck_rule_replays_begins_waiting"
    actions.begin_replay(rules.session, replay_id=replay_id, by=FLOW, now=rules.now)
    early = rules.now - timedelta(seconds=1)
    assert refused(rules, FORGED, now=early) == "ck_rule_replays_ends_after_it_begins"
    assert refused(rules, "UPDATE rule_replays SET since = '2026-01-01'") == "ck_rule_replays_asked_once"
    assert refused(rules, f"{FORGED}, fields_sha256 = 'x'", now=rules.now) == "ck_rule_replays_final"
    actions.report_replay(rules.session, replay_id=replay_id, report=REPORT, by=FLOW, now=rules.now)
    for change in ("state = 'failed', report = NULL", "report = '{}'", "run = 'other'", "state = 'running'"):
        assert refused(rules, f"UPDATE rule_replays SET {change}") == "ck_rule_replays_final", change
    with pytest.raises(DBAPIError, match="permission denied"), rules.session.begin_nested():
        rules.session.execute(sa.text("DELETE FROM rule_replays"))


def test_no_move_is_dated_before_the_one_it_follows(rules: Rules) -> None:
    sha256 = rules.approved("ann")
    last = queries.version(rules.session, sha256).history[-1].at
    late = move(rules, sha256, "ask_suspension", "bob", at=last)
    assert constraint(rules, late) == ""
    early = move(rules, sha256, "ask_suspension", "bob", at=last - timedelta(microseconds=1))
    assert constraint(rules, early) == "ck_rule_moves_in_order"


def test_nothing_answers_in_a_source_that_is_suspended(rules: Rules) -> None:
    old = rules.approved("ann")
    new = rules.submitted("ann", STRICTER, STRICTER_EXAMPLES, based_on=old)
    rules.replayed()
    rules.suspended()
    assert constraint(rules, approval(rules, new, "bob")) == "ck_rule_moves_stays_suspended"
    replaced = move(rules, old, "replace", "bob")
    with rules.session.begin_nested() as nested:
        rules.session.add(replaced)
        rules.session.flush()
        same_time = approval(rules, new, "bob", at=replaced.at)
        assert constraint(rules, same_time) == "ck_rule_moves_stays_suspended"
        nested.rollback()


def test_what_the_release_registers_again_needs_two_people_in_the_tables_too(
    rules: Rules, tmp_path: Path
) -> None:
    (sha256,) = shipped(rules, tmp_path)
    withdraw(rules, sha256)
    assert rules.submitted("ann") == sha256
    withdraw(rules, sha256)
    shipped(rules, tmp_path)
    rules.replayed()
    alone = approval(rules, sha256, "bob")
    assert constraint(rules, alone) == "ck_rule_moves_shipped_needs_two"
    with pytest.raises(policy.AuthorMayNotApprove):
        rules.approve(sha256, "ann")
    assert rules.approve(sha256, "bob") is False
    assert rules.approve(sha256, "cy") is True
