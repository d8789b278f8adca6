"""A draft becomes a version, a second person brings it into force, and every step is written down."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from reunify.audit.records import AuditEntry
from reunify.kernel.moves import WrongState
from reunify.kernel.refusals import NotAllowed
from reunify.rates.closed_yaml import RuleFileBroken
from reunify.rules import actions, policy, queries
from reunify.rules.amiss import NotInOrder
from reunify.rules.moving import subject
from tests.integration.rules_world import (
    DAY,
    EXAMPLES,
    FLOW,
    OTHER_WORDS,
    REPORT,
    RULES,
    SAID,
    SOURCE,
    STRICTER,
    STRICTER_EXAMPLES,
    Rules,
)


def test_a_draft_is_submitted_replayed_and_approved_by_another_and_then_answers(rules: Rules) -> None:
    sha256 = rules.submitted("ann")
    assert rules.status(sha256) == "in_review"
    with pytest.raises(policy.NoRulesApproved, match="reunify rules load"):
        queries.in_force(rules.session)
    rules.replayed()
    assert rules.approve(sha256, "bob") is True
    books = queries.in_force(rules.session)
    assert [b.sha256 for b in books.versions[SOURCE]] == [sha256]
    assert books.suspended == frozenset()
    view = queries.version(rules.session, sha256)
    assert [(m.verb, m.by) for m in view.history] == [("submit", "Ann"), ("approve", "Bob")]
    assert (view.rules, view.examples, view.tables) == (RULES, EXAMPLES, {})
    assert audited(rules, subject(sha256)) == ["submit", "approve"]
    assert view.draft_id is not None
    assert audited(rules, view.draft_id) == ["begin", "save", "submit"]


def audited(rules: Rules, subject_id: UUID) -> list[str]:
    asked = sa.select(AuditEntry.verb).where(AuditEntry.subject_id == subject_id)
    return list(rules.session.scalars(asked.order_by(AuditEntry.at)))


def test_whoever_wrote_any_of_it_never_approves(rules: Rules) -> None:
    draft_id = rules.draft("ann")
    rules.save(draft_id, "bob", RULES + "# read again\n")
    sha256 = actions.submit(rules.session, draft_id=draft_id, **rules.who("ann"))
    rules.replayed()
    for author in ("ann", "bob"):
        with pytest.raises(policy.AuthorMayNotApprove):
            rules.approve(sha256, author)
    assert rules.approve(sha256, "cy")


@pytest.mark.parametrize("name", ["ivy", "sue", "abe"])
def test_nobody_but_a_rules_author_writes_or_approves(rules: Rules, name: str) -> None:
    with pytest.raises(NotAllowed, match="rules author"):
        rules.draft(name)
    sha256 = rules.submitted("ann")
    rules.replayed()
    with pytest.raises(NotAllowed, match="rules author"):
        rules.approve(sha256, name)


@pytest.mark.parametrize(
    ("broken", "examples", "wrong", "said"),
    [
        (RULES.replace("found_out_of_state", "found_out_of_stat"), EXAMPLES, RuleFileBroken, "unknown field"),
        (RULES.replace("source: sample_help", "source: other_help"), EXAMPLES, policy.WrongSource, "is for"),
        (RULES.replace("from: 2027-01-01", "from: 2027-01-02"), EXAMPLES, policy.WrongSource, "2027-01-02"),
        (RULES, EXAMPLES.replace("unlikely", "ask"), policy.ExamplesFail, "expects ask"),
        (RULES, EXAMPLES[: EXAMPLES.rindex("  - ")], policy.ExamplesFail, "SH-01"),
        (
            RULES,
            EXAMPLES[: EXAMPLES.index("  - ")].replace("s:\n", "s: []\n"),
            policy.ExamplesFail,
            "no example",
        ),
        (RULES, "nonsense", RuleFileBroken, "examples.yaml"),
        (
            RULES.replace("es: Llame al programa de muestra.", "es: Call the sample programme."),
            EXAMPLES,
            NotInOrder,
            "`hand_off`, `staff`: the Spanish is a copy of the English; translate it",
        ),
        ("", "", RuleFileBroken, "sample_help/2027-01-01.yaml"),
    ],
)
def test_what_is_broken_or_not_proved_is_not_submitted_and_nothing_typed_is_lost(
    rules: Rules, broken: str, examples: str, wrong: type[Exception], said: str
) -> None:
    draft_id = rules.draft("ann", broken, examples)
    with pytest.raises(wrong, match=said):
        actions.submit(rules.session, draft_id=draft_id, **rules.who("ann"))
    kept = queries.draft(rules.session, draft_id)
    assert (kept.rules, kept.examples, kept.state) == (broken, examples, "open")


def test_a_draft_says_why_it_could_not_be_submitted_as_it_stands(rules: Rules) -> None:
    draft_id = rules.draft("ann", RULES.replace("confidence: HIGH", "confidence: SURE"))
    assert "HIGH, MEDIUM" in str(queries.draft(rules.session, draft_id).problem)
    rules.save(draft_id, "ann", RULES)
    kept = queries.draft(rules.session, draft_id)
    assert kept.problem is None
    assert kept.rulebook is not None


def test_a_draft_saved_by_a_colleague_meanwhile_is_not_overwritten(rules: Rules) -> None:
    draft_id = rules.draft("ann")
    opened = queries.draft(rules.session, draft_id).revision
    rules.save(draft_id, "bob", RULES + "# Bob's\n")
    with pytest.raises(policy.DraftChanged, match="open the draft again"):
        actions.save_draft(
            rules.session, draft_id=draft_id, expected_revision=opened, rules="", tables={}, examples="",
            **rules.who("ann"),
        )  # fmt: skip
    assert "# Bob's" in queries.draft(rules.session, draft_id).rules


def test_a_draft_is_as_long_as_a_rule_file_may_be_and_not_one_character_longer(rules: Rules) -> None:
    draft_id = rules.draft("ann")
    rules.save(draft_id, "ann", "#" * policy.LARGEST_DRAFT)
    with pytest.raises(policy.DraftTooLarge):
        rules.save(draft_id, "ann", "#" * (policy.LARGEST_DRAFT + 1))


def test_an_abandoned_draft_is_neither_saved_nor_submitted(rules: Rules) -> None:
    draft_id = rules.draft("ann")
    opened = queries.draft(rules.session, draft_id).revision
    rules.save(draft_id, "ann", RULES + "# read again\n")
    with pytest.raises(policy.DraftChanged, match="Open it again"):
        actions.abandon_draft(rules.session, draft_id=draft_id, expected_revision=opened, **rules.who("bob"))
    actions.abandon_draft(rules.session, draft_id=draft_id, expected_revision=opened + 1, **rules.who("bob"))
    assert queries.drafts(rules.session) == ()
    with pytest.raises(WrongState):
        rules.save(draft_id, "ann")
    with pytest.raises(WrongState):
        actions.submit(rules.session, draft_id=draft_id, **rules.who("ann"))


def test_nothing_is_approved_that_was_not_replayed_after_it_was_submitted(rules: Rules) -> None:
    sha256 = rules.submitted("ann")
    (replay_id,) = queries.replays_waiting(rules.session, limit=5)
    with pytest.raises(policy.ReplayNeeded, match="Replay it"):
        rules.approve(sha256)
    assert queries.version(rules.session, sha256).needs_replay
    again = actions.ask_replay(rules.session, sha256=sha256, since=None, **rules.who("bob"))
    assert again == replay_id  # one at a time is enough
    rules.replayed()
    actions.send_back(rules.session, sha256=sha256, reason=SAID, **rules.who("bob"))
    draft_id = queries.version(rules.session, sha256).draft_id
    assert draft_id is not None
    assert actions.submit(rules.session, draft_id=draft_id, **rules.who("ann")) == sha256
    with pytest.raises(policy.ReplayNeeded):  # the report is older than what was submitted
        rules.approve(sha256)
    rules.replayed()
    assert rules.approve(sha256)


def test_a_replay_that_failed_is_no_report(rules: Rules) -> None:
    sha256 = rules.submitted("ann")
    (replay_id,) = queries.replays_waiting(rules.session, limit=5)
    with pytest.raises(WrongState):
        actions.report_replay(rules.session, replay_id=replay_id, report=REPORT, by=FLOW, now=rules.now)
    actions.begin_replay(rules.session, replay_id=replay_id, by=FLOW, now=rules.now)
    actions.fail_replay(rules.session, replay_id=replay_id, by=FLOW, now=rules.now)
    with pytest.raises(policy.ReplayNeeded):
        rules.approve(sha256)
    assert queries.replay(rules.session, replay_id).state == "failed"


def test_sent_back_it_can_be_written_otherwise_and_the_earlier_text_is_withdrawn(rules: Rules) -> None:
    first = rules.submitted("ann")
    with pytest.raises(policy.ReasonNeeded):
        actions.send_back(rules.session, sha256=first, reason=" ", **rules.who("bob"))
    actions.send_back(rules.session, sha256=first, reason=SAID, **rules.who("bob"))
    draft_id = queries.version(rules.session, first).draft_id
    assert draft_id is not None
    assert audited(rules, draft_id) == ["begin", "save", "submit", "send_back"]
    rules.save(draft_id, "ann", STRICTER, EXAMPLES)
    with pytest.raises(policy.ExamplesFail, match="Found in another state"):
        actions.submit(rules.session, draft_id=draft_id, **rules.who("ann"))
    rules.save(draft_id, "ann", STRICTER, STRICTER_EXAMPLES)
    second = actions.submit(rules.session, draft_id=draft_id, **rules.who("ann"))
    assert (rules.status(first), rules.status(second)) == ("retired", "in_review")


def test_the_same_text_is_submitted_once(rules: Rules) -> None:
    rules.submitted("ann")
    with pytest.raises(policy.AlreadyAVersion, match="already"):
        rules.submitted("bob")


def test_a_newer_version_of_the_same_day_retires_the_older_in_the_same_act(rules: Rules) -> None:
    old = rules.approved("ann")
    new = rules.approved("ann", STRICTER, STRICTER_EXAMPLES, based_on=old)
    assert (rules.status(old), rules.status(new)) == ("retired", "approved")
    assert [b.sha256 for b in queries.in_force(rules.session).versions[SOURCE]] == [new]
    with pytest.raises(WrongState):
        rules.approve(old)


def test_other_words_need_a_reviewer_and_no_replay_and_other_conditions_need_both(rules: Rules) -> None:
    old = rules.approved("ann")
    words = rules.submitted("ann", OTHER_WORDS, based_on=old)
    view = queries.version(rules.session, words)
    assert view.wording_only
    assert not view.needs_replay
    assert queries.replays_waiting(rules.session, limit=5) == []
    with pytest.raises(policy.AuthorMayNotApprove):
        rules.approve(words, "ann")
    assert rules.approve(words, "bob")
    assert rules.status(old) == "retired"
    stricter = rules.submitted("ann", STRICTER, STRICTER_EXAMPLES, based_on=words)
    assert not queries.version(rules.session, stricter).wording_only
    with pytest.raises(policy.ReplayNeeded):
        rules.approve(stricter)


def test_only_words_of_what_is_no_longer_in_force_are_more_than_words(rules: Rules) -> None:
    old = rules.approved("ann")
    words = rules.submitted("ann", OTHER_WORDS, based_on=old)
    rules.approved("cy", STRICTER, STRICTER_EXAMPLES, based_on=old)
    with pytest.raises(policy.ReplayNeeded):  # it would undo the stricter condition
        rules.approve(words)
    late = rules.submitted("ann", OTHER_WORDS + "# again\n", based_on=old)
    assert queries.version(rules.session, late).needs_replay
    assert len(queries.replays_waiting(rules.session, limit=5)) == 1  # asked for when it was submitted


def test_a_version_takes_effect_in_the_past_only_with_a_reason(rules: Rules) -> None:
    rules.now += timedelta(days=40)  # 4 January 2027: the first day has passed
    sha256 = rules.submitted("ann")
    rules.replayed()
    with pytest.raises(policy.BackdatedNeedsReason, match="2027-01-01"):
        rules.approve(sha256, "bob")
    assert rules.approve(sha256, "bob", SAID)
    assert queries.version(rules.session, sha256).history[-1].reason == SAID


def test_on_its_first_day_it_needs_no_reason(rules: Rules) -> None:
    rules.now = rules.now.replace(year=2027, month=1, day=1)
    sha256 = rules.submitted("ann")
    rules.replayed()
    assert rules.approve(sha256, "bob")


def test_a_version_of_a_later_day_stands_beside_the_earlier_one(rules: Rules) -> None:
    first = rules.approved("ann")
    later = date(2027, 7, 1)
    draft_id = actions.begin_draft(
        rules.session, source=SOURCE, effective_from=later, based_on=first, **rules.who("ann")
    )
    assert "from: 2027-07-01" in queries.draft(rules.session, draft_id).rules
    second = actions.submit(rules.session, draft_id=draft_id, **rules.who("ann"))
    assert not queries.version(rules.session, second).wording_only
    rules.replayed()
    assert rules.approve(second)
    books = queries.in_force(rules.session)
    assert [b.effective_from for b in books.versions[SOURCE]] == [DAY, later]
    assert [v.sha256 for v in queries.sources(rules.session)[0].versions] == [second, first]


def test_a_version_that_says_it_runs_into_the_next_is_not_approved(rules: Rules) -> None:
    first = rules.approved("ann", RULES.replace("from: 2027-01-01,", "from: 2027-01-01, to: 2027-12-31,"))
    draft_id = actions.begin_draft(
        rules.session, source=SOURCE, effective_from=date(2027, 7, 1), based_on=first, **rules.who("ann")
    )
    second = actions.submit(rules.session, draft_id=draft_id, **rules.who("ann"))
    rules.replayed()
    with pytest.raises(RuleFileBroken, match="overlaps"):
        rules.approve(second)


def test_two_people_retire_what_is_in_force_and_one_withdraws_what_never_was(rules: Rules) -> None:
    sha256 = rules.approved("ann")
    say: dict[str, Any] = {"sha256": sha256, "reason": SAID}
    assert actions.retire(rules.session, **say, **rules.who("ann")) is False
    (act,) = queries.version(rules.session, sha256).row.pending
    assert (act.asked, act.confirms, act.by) == ("ask_retirement", "retire", "Ann")
    with pytest.raises(policy.SecondPersonNeeded):
        actions.retire(rules.session, **say, confirms=True, **rules.who("ann"))
    with pytest.raises(policy.AlreadyAsked):  # his page still said "Ask"
        actions.retire(rules.session, **say, **rules.who("bob"))
    assert rules.status(sha256) == "approved"
    assert actions.retire(rules.session, **say, confirms=True, **rules.who("bob")) is True
    assert rules.status(sha256) == "retired"
    waiting = rules.submitted("ann", STRICTER, STRICTER_EXAMPLES)
    assert actions.retire(rules.session, sha256=waiting, reason=SAID, **rules.who("ann")) is True
    with pytest.raises(policy.NoRulesApproved):
        queries.in_force(rules.session)


def test_what_a_version_is_called_must_be_written_out(rules: Rules) -> None:
    sha256 = rules.submitted("ann")
    assert queries.fingerprint_like(rules.session, sha256[:8].upper()) == sha256
    for written in (sha256[:7], "0" * 8, "_" * 8, "%" * 8):
        with pytest.raises(policy.NoSuchVersion):
            queries.fingerprint_like(rules.session, written)
