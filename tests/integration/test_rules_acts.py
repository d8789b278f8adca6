"""Acts of two people that wait beside one another, rules that come back, and what the tables refuse."""

from __future__ import annotations

import shutil
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from reunify.audit.records import AuditEntry
from reunify.kernel.people import System
from reunify.rates import queries as rates
from reunify.rates.places import rules_folder
from reunify.rules import actions, drafts, moving, policy, queries
from reunify.rules.moving import subject
from reunify.rules.policy import IN_FORCE
from reunify.sandbox import people as sandbox
from tests.integration.rules_world import (
    EXAMPLES,
    OTHER_WORDS,
    RULES,
    SAID,
    SOURCE,
    STRICTER,
    STRICTER_EXAMPLES,
    Rules,
)
from tests.integration.test_rules_two_people import ready


def ask_suspension(rules: Rules, by: str = "ann") -> None:
    actions.ask_suspension(rules.session, source=SOURCE, reason=SAID, **rules.who(by))


def waiting(rules: Rules, sha256: str) -> dict[str, str]:
    return {act.asked: act.by for act in queries.version(rules.session, sha256).row.pending}


# Beside one another -----------------------------------------------------------------------------------------
@pytest.mark.parametrize("first", ["suspension", "retirement"])
def test_two_acts_wait_beside_one_another_each_with_its_own_people(rules: Rules, first: str) -> None:
    sha256 = rules.approved("ann")
    if first == "suspension":
        ask_suspension(rules)
    actions.retire(rules.session, sha256=sha256, reason=SAID, **rules.who("cy"))
    if first == "retirement":
        ask_suspension(rules)
    assert waiting(rules, sha256) == {"ask_suspension": "Ann", "ask_retirement": "Cy"}
    (source,) = queries.sources(rules.session)
    assert [(act.asked, act.by) for act in source.pending] == [("ask_suspension", "Ann")]
    assert actions.retire(rules.session, sha256=sha256, reason=SAID, confirms=True, **rules.who("ann"))


def test_whoever_means_to_ask_does_not_retire_and_whoever_confirms_finds_what_was_asked(rules: Rules) -> None:
    sha256 = rules.approved("ann")
    with pytest.raises(policy.NobodyAsked):
        actions.retire(rules.session, sha256=sha256, reason=SAID, confirms=True, **rules.who("bob"))
    assert not actions.retire(rules.session, sha256=sha256, reason=SAID, **rules.who("ann"))
    with pytest.raises(policy.AlreadyAsked):
        actions.retire(rules.session, sha256=sha256, reason=SAID, **rules.who("bob"))
    assert rules.status(sha256) in IN_FORCE


def test_no_newer_version_takes_the_place_of_one_that_somebody_asked_to_suspend(rules: Rules) -> None:
    old = rules.approved("ann")
    words = rules.submitted("ann", OTHER_WORDS, based_on=old)
    ask_suspension(rules)
    with pytest.raises(policy.SuspensionAsked, match="confirms that first"):
        rules.approve(words, "bob")
    actions.confirm_suspension(rules.session, source=SOURCE, **rules.who("sue"))
    assert rules.approve(words, "bob")
    assert rules.status(words) == "suspended"


# Both typed by one operator ---------------------------------------------------------------------------------
def test_of_two_people_one_at_most_is_typed_for(rules: Rules) -> None:
    sha256 = rules.approved("ann")
    moving.typed_here(rules.session, for_both=False)
    ask_suspension(rules)
    with pytest.raises(policy.SecondAtCommandLine, match="with a passkey"):
        actions.confirm_suspension(rules.session, source=SOURCE, **rules.who("bob"))
    rules.session.info.clear()  # another session: Bob's own page
    actions.confirm_suspension(rules.session, source=SOURCE, **rules.who("bob"))
    moves = queries.version(rules.session, sha256).history[-2:]
    assert [(m.verb, m.typed) for m in moves] == [("ask_suspension", True), ("confirm_suspension", False)]
    rows = rules.session.scalars(sa.select(AuditEntry).where(AuditEntry.subject_id == subject(sha256)))
    assert [e.verb for e in rows if e.detail.get("typed")] == ["ask_suspension"]


def test_the_second_is_typed_where_the_first_was_on_the_page_and_in_a_demo(rules: Rules) -> None:
    rules.approved("ann")
    ask_suspension(rules)
    moving.typed_here(rules.session, for_both=False)
    actions.confirm_suspension(rules.session, source=SOURCE, **rules.who("bob"))
    moving.typed_here(rules.session, for_both=True)
    actions.ask_resumption(rules.session, source=SOURCE, reason=SAID, **rules.who("ann"))
    actions.confirm_resumption(rules.session, source=SOURCE, **rules.who("bob"))


# Sent back, withdrawn, and back again ---------------------------------------------------------------------
def shipped(rules: Rules, folder: Path) -> tuple[str, ...]:
    place = folder / SOURCE
    place.mkdir(exist_ok=True)
    shutil.copy(rules_folder() / "_fields.yaml", folder)
    (place / "2027-01-01.yaml").write_text(RULES)
    (place / "2027-01-01.examples.yaml").write_text(EXAMPLES)
    rules.now += timedelta(minutes=1)
    return actions.load_shipped(rules.session, folder=folder, by=System("release"), now=rules.now)


def withdraw(rules: Rules, sha256: str) -> None:
    assert actions.retire(rules.session, sha256=sha256, reason=SAID, **rules.who("ann"))


def test_what_was_shipped_is_withdrawn_and_loaded_again(rules: Rules, tmp_path: Path) -> None:
    (sha256,) = shipped(rules, tmp_path)
    with pytest.raises(policy.NoDraftBehind, match="Withdraw it"):
        actions.send_back(rules.session, sha256=sha256, reason=SAID, **rules.who("ann"))
    rules.replayed()
    assert rules.approve(sha256, "ann") is False
    withdraw(rules, sha256)
    assert shipped(rules, tmp_path) == (sha256,)
    assert shipped(rules, tmp_path) == ()
    assert rules.status(sha256) == "in_review"
    assert rules.approve(sha256, "bob") is False, "what was said before it was withdrawn no longer counts"
    with pytest.raises(policy.ReplayNeeded):
        rules.approve(sha256, "cy")
    rules.replayed()
    assert rules.approve(sha256, "cy") is True


def test_what_was_in_force_once_is_not_loaded_again(rules: Rules, tmp_path: Path) -> None:
    (sha256,) = shipped(rules, tmp_path)
    rules.replayed()
    rules.approve(sha256, "ann")
    rules.approve(sha256, "bob")
    rules.approved("ann", STRICTER, STRICTER_EXAMPLES, based_on=sha256)
    assert rules.status(sha256) == "retired"
    assert shipped(rules, tmp_path) == ()


@pytest.mark.parametrize("from_the_release", [True, False])
def test_yesterdays_bytes_come_back_by_two_people_and_a_fresh_replay(
    rules: Rules, tmp_path: Path, from_the_release: bool
) -> None:
    if from_the_release:
        (old,) = shipped(rules, tmp_path)
        rules.replayed()
        rules.approve(old, "ann")
        rules.approve(old, "bob")
    else:
        old = rules.approved("ann")
    new = rules.approved("ann", STRICTER, STRICTER_EXAMPLES, based_on=old)
    assert rules.submitted("cy", based_on=new) == old
    assert rules.status(old) == "in_review"
    with pytest.raises(policy.ReplayNeeded):
        rules.approve(old, "bob")
    rules.replayed()
    with pytest.raises(policy.AuthorMayNotApprove):
        rules.approve(old, "cy")
    assert rules.approve(old, "bob")
    assert (rules.status(old), rules.status(new)) == ("approved", "retired")
    assert queries.version(rules.session, old).row.author == "Cy"
    assert [b.sha256 for b in queries.in_force(rules.session).versions[SOURCE]] == [old]


def test_what_came_back_goes_back_to_the_draft_it_came_from(rules: Rules) -> None:
    old = rules.approved("ann")
    rules.approved("ann", STRICTER, STRICTER_EXAMPLES, based_on=old)
    rules.submitted("cy")
    actions.send_back(rules.session, sha256=old, reason=SAID, **rules.who("bob"))
    draft_id = queries.version(rules.session, old).draft_id
    assert draft_id is not None
    draft = queries.draft(rules.session, draft_id)
    assert (draft.started_by, draft.state) == ("Cy", "open")
    with pytest.raises(policy.AlreadyAVersion):
        rules.submitted("ann")
    assert actions.submit(rules.session, draft_id=draft_id, **rules.who("cy")) == old


# Dates ------------------------------------------------------------------------------------------------------
TABLES = "tables:\n  - {id: SH-CAPS, file: 2027-01-01.caps.csv, hit: unique}\n"
TABLED = (
    RULES.replace("kind: elsewhere", "kind: held")
    .replace("Your child is in another state.", "Trips from 2027-01-01. Ask us.")
    .replace("at: page 1}", 'at: "file: 2027-01-01.caps.csv, as amended 2027-01-01."}')
    .replace("requirements:", f"{TABLES}requirements:")
)


def test_a_draft_for_another_day_leaves_the_dates_in_sentences_and_citations(rules: Rules) -> None:
    dated = RULES.replace("Your child is in another state.", "Begun 2027-01-01. Ask us.").replace(
        "at: page 1", 'at: "as amended 2027-01-01. and from: 2027-01-01"'
    )
    old = rules.approved("ann", "# from: 2027-01-01 on\n" + dated)
    draft_id = actions.begin_draft(
        rules.session, source=SOURCE, effective_from=date(2027, 7, 1), based_on=old, **rules.who("ann")
    )
    expected = ("# from: 2027-01-01 on\n" + dated).replace(
        "effective: {from: 2027-01-01", "effective: {from: 2027-07-01"
    )
    assert queries.draft(rules.session, draft_id).rules == expected


def test_the_names_of_tables_follow_the_day() -> None:
    text, names = drafts._dated(TABLED, {"2027-01-01.caps.csv"}, date(2027, 1, 1), date(2027, 7, 1))
    assert names == {"2027-01-01.caps.csv": "2027-07-01.caps.csv"}
    assert "{id: SH-CAPS, file: 2027-07-01.caps.csv, hit: unique}" in text
    assert 'at: "file: 2027-01-01.caps.csv, as amended 2027-01-01."' in text


def test_the_day_is_the_organisations(rules: Rules) -> None:
    sandbox.settle_in(rules.session, now=rules.now)
    zone = rates.organisation(rules.session, on=rules.now.date()).zone
    rules.now = datetime(2027, 1, 1, 21, 0, tzinfo=zone)
    assert rules.now.astimezone(UTC).date() == date(2027, 1, 2)
    sha256 = ready(rules)
    assert rules.approve(sha256)
