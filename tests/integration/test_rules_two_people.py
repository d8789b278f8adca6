"""Two people for every change of what is in force: in the verbs, and again where no bug in Python reaches."""

from __future__ import annotations

from datetime import timedelta
from hashlib import sha256 as sha256_of
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, IntegrityError

from reunify.audit.records import AuditEntry
from reunify.identity.roster_records import StaffChangeRecord
from reunify.kernel.moves import START, Moves, WrongState
from reunify.rules import actions, current, files, policy, queries
from reunify.rules.files import DICTIONARY, Kept
from reunify.rules.policy import MOVES
from reunify.rules.records import RuleMove, RuleVersion
from tests.integration.rules_world import (
    OTHER_WORDS,
    SAID,
    SOURCE,
    STRICTER,
    STRICTER_EXAMPLES,
    Rules,
)


def ready(rules: Rules) -> str:
    """In review, replayed, written by Ann."""
    sha256 = rules.submitted("ann")
    rules.replayed()
    return sha256


def test_who_covers_for_the_author_does_not_approve_nor_whom_the_author_covers_for(rules: Rules) -> None:
    rules.lend("bob", "sue")
    sha256 = ready(rules)
    rules.lend("ann", "abe")
    with pytest.raises(policy.StandsForTheAuthor, match="stand in for"):
        rules.approve(sha256, "abe")
    assert rules.approve(sha256, "sue")  # she covers for Bob, who wrote nothing


def test_an_author_who_covers_for_somebody_writes_for_both(rules: Rules) -> None:
    rules.lend("bob", "sue")
    sha256 = rules.submitted("sue")
    rules.replayed()
    with pytest.raises(policy.AuthorMayNotApprove):
        rules.approve(sha256, "bob")
    assert rules.approve(sha256, "cy")


def test_when_the_cover_has_ended_they_are_two_people_again(rules: Rules) -> None:
    sha256 = ready(rules)
    rules.lend("cy", "sue", days=1)
    rules.now += timedelta(days=2)
    rules.as_they_stand()
    assert rules.approve(sha256, "cy", SAID)


def test_a_newcomer_brought_in_by_the_author_does_not_approve_for_a_week(rules: Rules) -> None:
    sha256 = ready(rules)
    bob, ann = rules.people["bob"], rules.people["ann"]
    rules.session.add(
        StaffChangeRecord(
            kind="add",
            staff_id=bob.id,
            payload={},
            made_by=ann.id,
            made_at=rules.now,
            alone=True,
            confirmed_at=rules.now,
        )
    )
    rules.session.flush()
    with pytest.raises(policy.SecondPersonNeeded, match="7 days"):
        rules.approve(sha256, "bob")
    assert rules.approve(sha256, "cy")


def test_what_a_release_ships_is_taken_on_by_one_and_approved_by_another(rules: Rules) -> None:
    new = actions.load_shipped(rules.session, **rules.who("abe"))
    assert len(new) >= 3
    assert actions.load_shipped(rules.session, **rules.who("abe")) == ()
    loaded = sa.select(AuditEntry.actor).where(AuditEntry.verb == "load")
    assert set(rules.session.scalars(loaded)) == {f"staff:{rules.people['abe'].id}"}
    assert len(queries.replays_waiting(rules.session, limit=100)) == len(new)
    rules.replayed()
    sha256 = new[0]
    assert rules.approve(sha256, "ann", SAID) is False
    (act,) = queries.version(rules.session, sha256).row.pending
    assert (act.asked, act.confirms, act.by) == ("take_on", "approve", "Ann")
    with pytest.raises(policy.SecondPersonNeeded):
        rules.approve(sha256, "ann", SAID)
    rules.lend("ann", "sue")
    with pytest.raises(policy.SecondPersonNeeded):
        rules.approve(sha256, "sue", SAID)
    assert rules.status(sha256) == "in_review"
    assert rules.approve(sha256, "bob", SAID) is True
    view = queries.version(rules.session, sha256)
    assert view.row.author is None
    assert (view.history[-1].by, view.history[-1].asked_by) == ("Bob", "Ann")


@pytest.mark.parametrize("confirmer", ["bob", "sue", "abe"])
def test_a_suspension_takes_a_rules_author_and_another_of_three_roles(rules: Rules, confirmer: str) -> None:
    sha256 = rules.approved("ann")
    asked: dict[str, Any] = {"source": SOURCE, "reason": SAID}
    actions.ask_suspension(rules.session, **asked, **rules.who("ann"))
    assert queries.in_force(rules.session).suspended == frozenset()
    with pytest.raises(policy.AlreadyAsked):
        actions.ask_suspension(rules.session, **asked, **rules.who("bob"))
    with pytest.raises(policy.SecondPersonNeeded):
        actions.confirm_suspension(rules.session, source=SOURCE, **rules.who("ann"))
    actions.confirm_suspension(rules.session, source=SOURCE, **rules.who(confirmer))
    assert rules.status(sha256) == "suspended"
    assert queries.in_force(rules.session).suspended == {SOURCE}
    (source,) = queries.sources(rules.session)
    assert source.suspended


def test_who_covers_for_the_asker_does_not_confirm_even_when_the_cover_began_later(rules: Rules) -> None:
    rules.approved("ann")
    actions.ask_suspension(rules.session, source=SOURCE, reason=SAID, **rules.who("ann"))
    rules.lend("ann", "sue")
    with pytest.raises(policy.SecondPersonNeeded):
        actions.confirm_suspension(rules.session, source=SOURCE, **rules.who("sue"))
    rules.lend("bob", "abe")
    actions.confirm_suspension(rules.session, source=SOURCE, **rules.who("abe"))


def test_suspended_rules_answer_again_when_two_people_say_so(rules: Rules) -> None:
    sha256 = rules.approved("ann")
    with pytest.raises(policy.NobodyAsked):
        actions.confirm_suspension(rules.session, source=SOURCE, **rules.who("sue"))
    with pytest.raises(policy.NothingSuspended):
        actions.ask_resumption(rules.session, source=SOURCE, reason=SAID, **rules.who("ann"))
    rules.suspended()
    with pytest.raises(policy.NothingToSuspend):
        actions.ask_suspension(rules.session, source=SOURCE, reason=SAID, **rules.who("ann"))
    actions.ask_resumption(rules.session, source=SOURCE, reason=SAID, **rules.who("ann"))
    with pytest.raises(policy.SecondPersonNeeded):
        actions.confirm_resumption(rules.session, source=SOURCE, **rules.who("ann"))
    actions.confirm_resumption(rules.session, source=SOURCE, **rules.who("bob"))
    assert rules.status(sha256) == "approved"
    assert queries.in_force(rules.session).suspended == frozenset()


def test_a_source_that_is_not_in_force_is_not_suspended(rules: Rules) -> None:
    rules.submitted("ann")
    with pytest.raises(policy.NoSuchSource, match="reunify rules status"):
        actions.ask_suspension(rules.session, source=SOURCE, reason=SAID, **rules.who("ann"))


def test_corrected_rules_approved_meanwhile_stay_suspended_until_two_people_resume(rules: Rules) -> None:
    old = rules.approved("ann")
    rules.suspended()
    new = rules.approved("ann", STRICTER, STRICTER_EXAMPLES, based_on=old)
    assert (rules.status(old), rules.status(new)) == ("retired", "suspended")
    assert queries.in_force(rules.session).suspended == {SOURCE}


# What the database refuses, whoever asks.


def constraint(rules: Rules, row: object) -> str:
    """The one that says no; empty if nothing does. Undone either way."""
    nested = rules.session.begin_nested()
    try:
        rules.session.add(row)
        rules.session.flush()
    except IntegrityError as error:
        return str(error.orig.diag.constraint_name)  # type: ignore[union-attr]
    finally:
        nested.rollback()
    return ""


def move(rules: Rules, sha256: str, verb: str, by: str, **more: Any) -> RuleMove:
    """The row a bug would write: all that the table wants, but for what the test changes."""
    rules.now += timedelta(minutes=1)
    state = queries.version(rules.session, sha256).row.status
    made: dict[str, Any] = {
        "sha256": sha256,
        "verb": verb,
        "from_state": state,
        "to_state": MOVES.check(state, verb).target,
        "moved_by": rules.people[by].id,
        "moved_for": sorted(rules.people[by].stands_for),
        "reason": "",
        "at": rules.now,
    }
    return RuleMove(**made | more)


def approval(rules: Rules, sha256: str, by: str, **more: Any) -> RuleMove:
    view, words = queries.version(rules.session, sha256), current.dictionary()
    files.keep(rules.session, [Kept(words.sha256, DICTIONARY, words.dictionary.body)])
    whole: dict[str, Any] = {
        "authors": sorted(view.authors),
        "replay_id": view.replay.id if view.replay else None,
        "fields_sha256": words.sha256,
    }
    return move(rules, sha256, "approve", by, **whole | more)


def test_the_tables_let_a_good_approval_through_and_refuse_the_author(rules: Rules) -> None:
    sha256 = ready(rules)
    assert constraint(rules, approval(rules, sha256, "bob")) == ""
    assert constraint(rules, approval(rules, sha256, "ann")) == "ck_rule_moves_author_never_approves"
    nobody = approval(rules, sha256, "ann", authors=[])
    assert constraint(rules, nobody) in ("ck_rule_moves_shipped_needs_two", "ck_rule_moves_authors_whole")
    other = approval(rules, sha256, "ann", authors=[rules.people["cy"].id])
    assert constraint(rules, other) == "ck_rule_moves_authors_whole"


def test_the_tables_refuse_a_stand_in_even_when_the_row_leaves_the_lender_out(rules: Rules) -> None:
    sha256 = ready(rules)
    rules.lend("ann", "sue")
    assert constraint(rules, approval(rules, sha256, "sue")) == "ck_rule_moves_author_never_approves"
    left_out = approval(rules, sha256, "sue", moved_for=[])
    assert constraint(rules, left_out) == "ck_rule_moves_moved_for_whole"


def test_the_tables_refuse_what_was_not_replayed_since_it_was_submitted(rules: Rules) -> None:
    sha256 = rules.submitted("ann")
    assert constraint(rules, approval(rules, sha256, "bob")) == "ck_rule_moves_replayed"
    assert constraint(rules, approval(rules, sha256, "bob", replay_id=None)) == "ck_rule_moves_replayed"
    rules.replayed()
    actions.send_back(rules.session, sha256=sha256, reason=SAID, **rules.who("bob"))
    draft_id = queries.version(rules.session, sha256).draft_id
    assert draft_id is not None
    old = queries.version(rules.session, sha256).replay
    actions.submit(rules.session, draft_id=draft_id, **rules.who("ann"))
    assert old is not None
    late = approval(rules, sha256, "bob", replay_id=old.id)
    assert constraint(rules, late) == "ck_rule_moves_replayed"


def test_the_tables_refuse_the_replay_of_another_version(rules: Rules) -> None:
    first, second = ready(rules), rules.submitted("cy", STRICTER, STRICTER_EXAMPLES)
    rules.replayed()
    other = queries.version(rules.session, second).replay
    assert other is not None
    assert constraint(rules, approval(rules, first, "bob", replay_id=other.id)) == "fk_rule_moves_replay_id"


def test_the_tables_refuse_only_words_that_undo_something_else(rules: Rules) -> None:
    old = rules.approved("ann")
    words = rules.submitted("ann", OTHER_WORDS, based_on=old)
    rules.approved("cy", STRICTER, STRICTER_EXAMPLES, based_on=old)
    assert constraint(rules, approval(rules, words, "bob", replay_id=None)) == "ck_rule_moves_replayed"


def test_the_tables_refuse_a_second_version_in_force_for_the_same_day(rules: Rules) -> None:
    old = rules.approved("ann")
    new = rules.submitted("ann", STRICTER, STRICTER_EXAMPLES, based_on=old)
    rules.replayed()
    assert constraint(rules, approval(rules, new, "bob")) == "pk_rule_in_force"


def test_the_tables_refuse_one_person_for_two(rules: Rules) -> None:
    sha256 = rules.approved("ann")
    alone = move(rules, sha256, "confirm_suspension", "bob")
    assert constraint(rules, alone) == "ck_rule_moves_confirmed_after_asking"
    invented = move(rules, sha256, "confirm_suspension", "bob", asked_by=rules.people["ann"].id)
    assert constraint(rules, invented) == "ck_rule_moves_asked_first"
    actions.ask_suspension(rules.session, source=SOURCE, reason=SAID, **rules.who("ann"))
    ann, sue = rules.people["ann"].id, rules.people["sue"].id
    own = move(rules, sha256, "confirm_suspension", "ann", asked_by=ann)
    assert constraint(rules, own) == "ck_rule_moves_asker_never_confirms"
    other = move(rules, sha256, "confirm_suspension", "bob", asked_by=sue)
    assert constraint(rules, other) == "ck_rule_moves_asked_first"
    rules.lend("ann", "sue")
    hidden = move(rules, sha256, "confirm_suspension", "bob", asked_by=ann, asked_for=[])
    assert constraint(rules, hidden) == ""  # Ann lends; she counts as nobody else by it
    cover = move(rules, sha256, "confirm_suspension", "sue", asked_by=ann)
    assert constraint(rules, cover) == "ck_rule_moves_asker_never_confirms"


def test_what_was_asked_before_the_state_changed_is_no_longer_asked(rules: Rules) -> None:
    sha256 = rules.approved("ann")
    actions.retire(rules.session, sha256=sha256, reason=SAID, **rules.who("ann"))
    rules.suspended()
    late = move(rules, sha256, "retire", "bob", asked_by=rules.people["ann"].id)
    assert constraint(rules, late) == "ck_rule_moves_asked_first"
    assert queries.version(rules.session, sha256).row.pending == ()
    assert actions.retire(rules.session, sha256=sha256, reason=SAID, **rules.who("bob")) is False


OF_NOTHING = sha256_of(b"").hexdigest()
EVERY_STATE = ("draft", "in_review", "approved", "retired", "suspended")


@pytest.mark.parametrize("state", EVERY_STATE)
def test_a_move_that_is_not_in_the_table_is_refused_by_python_and_by_the_database(
    rules: Rules, state: str
) -> None:
    sha256 = ready(rules)
    verbs = sorted({m.verb for m in MOVES})
    listed = {(m.source, m.verb, m.target) for m in MOVES}
    for verb in verbs:
        if not MOVES.can(state, verb):
            with pytest.raises(WrongState):
                MOVES.check(state, verb)
        for target in EVERY_STATE:
            if (state, verb, target) in listed:
                continue
            row = RuleMove(
                sha256=sha256, verb=verb, from_state=state, to_state=target, reason="", at=rules.now,
                moved_by=rules.people["bob"].id,
            )  # fmt: skip
            assert constraint(rules, row).startswith("ck_rule_moves_")


def test_a_move_follows_the_newest_one(rules: Rules) -> None:
    sha256 = rules.approved("ann")
    row = move(rules, sha256, "ask_suspension", "bob")
    assert constraint(rules, row) == ""
    row = move(rules, sha256, "ask_suspension", "bob")
    row.verb, row.from_state, row.to_state = "ask_resumption", "suspended", "suspended"
    assert constraint(rules, row) == "ck_rule_moves_follows_the_newest"


@pytest.mark.parametrize(
    "said",
    [
        "UPDATE rule_moves SET reason = ''",
        "DELETE FROM rule_moves",
        "UPDATE rule_versions SET wording_only = true",
        "DELETE FROM rule_versions",
        "INSERT INTO rule_in_force SELECT source, '2028-01-01', sha256, 'approved', now() FROM rule_versions",
        "UPDATE rule_in_force SET state = 'suspended'",
        "DELETE FROM rule_in_force",
    ],
)
def test_the_application_changes_neither_the_history_nor_what_is_in_force(rules: Rules, said: str) -> None:
    rules.approved("ann")
    with pytest.raises(DBAPIError, match="permission denied"), rules.session.begin_nested():
        rules.session.execute(sa.text(said))


def test_a_version_is_written_by_somebody_or_shipped_by_the_release(rules: Rules) -> None:
    sha256 = ready(rules)
    with rules.session.begin_nested():
        rules.session.execute(
            sa.text("INSERT INTO rule_files VALUES (:sha, 'sample_help', ''::bytea)"), {"sha": OF_NOTHING}
        )
    view = queries.version(rules.session, sha256)
    more: dict[str, Any] = {
        "sha256": OF_NOTHING, "source": SOURCE, "effective_from": view.row.effective_from,
        "wording_only": False, "at": rules.now,
    }  # fmt: skip
    half = RuleVersion(**more, author=rules.people["ann"].id)
    assert constraint(rules, half) == "ck_rule_versions_written_or_shipped"
    ends = RuleVersion(**more, effective_to=view.row.effective_from - timedelta(days=1))
    assert constraint(rules, ends) == "ck_rule_versions_ends_after_it_begins"
    words = RuleVersion(**more | {"wording_only": True})
    assert constraint(rules, words) == "ck_rule_versions_wording_of_something"


def test_every_first_person_has_a_second() -> None:
    tables: Moves = MOVES
    asks = {m.verb for m in tables if m.source == m.target}
    assert asks == {"take_on", *policy.ASKED_FOR.values(), *policy.WITHDRAWN_BY.values()}
    assert set(policy.WITHDRAWN_BY) == set(policy.ASKED_FOR.values())
    assert all(tables.can(START, verb) for verb in ("submit", "register"))
