"""An ask withdrawn before a second person confirms it; and who is told on the work list of what waits."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from reunify.audit.records import AuditEntry
from reunify.kernel.refusals import NotAllowed
from reunify.rates.closed_yaml import RuleFileBroken
from reunify.reporting import rules_waiting as waiting
from reunify.rules import actions, current, policy, queries
from reunify.rules.records import RuleInForce, RuleMove
from tests.integration.rules_world import SAID, SOURCE, STRICTER, STRICTER_EXAMPLES, Rules
from tests.integration.test_rules_two_people import constraint, move

Verb = Callable[..., Any]
SLIP = "I took it for another source."
# Of each thing two people do: the first one's act, the second one's, and how the first one's is withdrawn.
ACTS: dict[str, tuple[Verb, Verb, Verb]] = {
    "retirement": (
        partial(actions.retire, reason=SAID),
        partial(actions.retire, reason=SAID, confirms=True),
        partial(actions.withdraw_retirement_ask, reason=SLIP),
    ),
    "suspension": (
        partial(actions.ask_suspension, reason=SAID),
        actions.confirm_suspension,
        partial(actions.withdraw_suspension_ask, reason=SLIP),
    ),
    "resumption": (
        partial(actions.ask_resumption, reason=SAID),
        actions.confirm_resumption,
        partial(actions.withdraw_resumption_ask, reason=SLIP),
    ),
}
EVERY = sorted(ACTS)


def standing(rules: Rules, kind: str) -> tuple[str, dict[str, Any]]:
    """A version this can be asked of, and how the verbs name it."""
    sha256 = rules.approved("ann")
    if kind == "resumption":
        rules.suspended()
    return sha256, {"sha256": sha256} if kind == "retirement" else {"source": SOURCE}


def in_force(rules: Rules) -> list[Any]:
    return [tuple(row) for row in rules.session.execute(sa.select(RuleInForce.__table__))]


def pending(rules: Rules, sha256: str) -> list[str]:
    return [act.asked for act in queries.version(rules.session, sha256).row.pending]


# Withdrawn ---------------------------------------------------------------------------------------------
@pytest.mark.parametrize("by", ["ann", "bob"])
@pytest.mark.parametrize("kind", EVERY)
def test_what_was_asked_is_withdrawn_by_the_asker_or_a_colleague_and_nothing_changes_in_force(
    rules: Rules, kind: str, by: str
) -> None:
    ask, confirm, withdraw = ACTS[kind]
    sha256, about = standing(rules, kind)
    before = in_force(rules)
    ask(rules.session, **about, **rules.who("ann"))
    assert pending(rules, sha256) == [f"ask_{kind}"]
    withdraw(rules.session, **about, **rules.who(by))
    assert pending(rules, sha256) == []
    assert in_force(rules) == before
    with pytest.raises(policy.NobodyAsked):
        confirm(rules.session, **about, **rules.who("cy"))
    newest = queries.version(rules.session, sha256).history[-1]
    assert (newest.verb, newest.reason) == (f"withdraw_{kind}_ask", SLIP)
    entry = rules.session.scalars(sa.select(AuditEntry).order_by(AuditEntry.id.desc()).limit(1)).one()
    assert (entry.verb, entry.actor) == (f"withdraw_{kind}_ask", f"staff:{rules.people[by].id}")


@pytest.mark.parametrize("kind", EVERY)
def test_what_was_withdrawn_is_asked_anew_by_another_and_the_first_asker_may_then_confirm(
    rules: Rules, kind: str
) -> None:
    ask, confirm, withdraw = ACTS[kind]
    sha256, about = standing(rules, kind)
    for _ in range(2):
        ask(rules.session, **about, **rules.who("ann"))
        withdraw(rules.session, **about, **rules.who("ann"))
    ask(rules.session, **about, **rules.who("bob"))
    with pytest.raises(policy.SecondPersonNeeded):
        confirm(rules.session, **about, **rules.who("bob"))
    confirm(rules.session, **about, **rules.who("ann"))
    assert rules.status(sha256) == {"retirement": "retired", "suspension": "suspended"}.get(kind, "approved")


@pytest.mark.parametrize("kind", EVERY)
def test_there_is_nothing_to_withdraw_before_it_is_asked_nor_once_it_is_confirmed(
    rules: Rules, kind: str
) -> None:
    ask, confirm, withdraw = ACTS[kind]
    sha256, about = standing(rules, kind)
    with pytest.raises(policy.NobodyAsked, match="nothing to withdraw"):
        withdraw(rules.session, **about, **rules.who("ann"))
    bare = move(rules, sha256, f"withdraw_{kind}_ask", "bob")
    assert constraint(rules, bare) == "ck_rule_moves_withdrawn_after_asking"
    ask(rules.session, **about, **rules.who("ann"))
    confirm(rules.session, **about, **rules.who("bob"))
    with pytest.raises((policy.NobodyAsked, policy.NoSuchSource)):
        withdraw(rules.session, **about, **rules.who("ann"))


@pytest.mark.parametrize("kind", EVERY)
def test_the_tables_refuse_to_confirm_what_was_withdrawn(rules: Rules, kind: str) -> None:
    ask, _, withdraw = ACTS[kind]
    sha256, about = standing(rules, kind)
    ask(rules.session, **about, **rules.who("ann"))
    second = "retire" if kind == "retirement" else f"confirm_{kind}"
    asked_by = rules.people["ann"].id
    assert constraint(rules, move(rules, sha256, second, "bob", asked_by=asked_by)) == ""
    withdraw(rules.session, **about, **rules.who("ann"))
    late = move(rules, sha256, second, "bob", asked_by=asked_by)
    assert constraint(rules, late) == "ck_rule_moves_asked_first"
    again = move(rules, sha256, f"withdraw_{kind}_ask", "bob")
    assert constraint(rules, again) == "ck_rule_moves_withdrawn_after_asking"


@pytest.mark.parametrize("kind", EVERY)
def test_only_a_rules_author_withdraws_and_says_why(rules: Rules, kind: str) -> None:
    ask, _, withdraw = ACTS[kind]
    sha256, about = standing(rules, kind)
    ask(rules.session, **about, **rules.who("ann"))
    for other in ("sue", "abe", "ivy"):
        with pytest.raises(NotAllowed):
            withdraw(rules.session, **about, **rules.who(other))
    with pytest.raises(policy.ReasonNeeded):
        withdraw(rules.session, **about, **rules.who("ann") | {"reason": " "})
    assert pending(rules, sha256) == [f"ask_{kind}"]


def test_one_ask_withdrawn_leaves_the_other_waiting(rules: Rules) -> None:
    sha256 = rules.approved("ann")
    actions.ask_suspension(rules.session, source=SOURCE, reason=SAID, **rules.who("ann"))
    actions.retire(rules.session, sha256=sha256, reason=SAID, **rules.who("bob"))
    actions.withdraw_suspension_ask(rules.session, source=SOURCE, reason=SLIP, **rules.who("ann"))
    assert pending(rules, sha256) == ["ask_retirement"]
    assert actions.retire(rules.session, sha256=sha256, reason=SAID, confirms=True, **rules.who("cy"))


def test_a_new_version_waits_for_an_open_ask_to_suspend_and_no_longer_once_it_is_withdrawn(
    rules: Rules,
) -> None:
    old = rules.approved("ann")
    new = rules.submitted("ann", STRICTER, STRICTER_EXAMPLES, based_on=old)
    rules.replayed()
    actions.ask_suspension(rules.session, source=SOURCE, reason=SAID, **rules.who("ann"))
    with pytest.raises(policy.SuspensionAsked):
        rules.approve(new)
    actions.withdraw_suspension_ask(rules.session, source=SOURCE, reason=SLIP, **rules.who("cy"))
    assert rules.approve(new)
    assert rules.status(new) == "approved"


# Whom it waits for -------------------------------------------------------------------------------------
def told(rules: Rules) -> dict[str, list[str]]:
    """What the work list of each person says waits for them."""
    rules.as_they_stand()
    found = {name: waiting.waiting_for(rules.session, me=who) for name, who in rules.people.items()}
    return {name: [act.act for act in acts] for name, acts in found.items() if acts}


def test_a_review_waits_for_every_rules_author_who_did_not_write_it(rules: Rules) -> None:
    sha256 = rules.submitted("ann")
    assert told(rules) == {"bob": ["review"], "cy": ["review"]}
    (act,) = waiting.waiting_for(rules.session, me=rules.people["bob"])
    assert (act.name, act.sha256, act.by, act.of_source) == (
        "Sample help", sha256, rules.people["ann"].name, False
    )  # fmt: skip
    rules.lend("ann", "sue")
    assert told(rules) == {"bob": ["review"], "cy": ["review"]}, "a stand-in counts as one with the author"
    rules.replayed()
    rules.approve(sha256)
    assert told(rules) == {}


def test_an_author_of_an_earlier_text_is_not_asked_to_review_it(rules: Rules) -> None:
    draft_id = rules.draft("ann")
    sha256 = actions.submit(rules.session, draft_id=draft_id, **rules.who("ann"))
    actions.send_back(rules.session, sha256=sha256, reason=SAID, **rules.who("cy"))
    rules.save(draft_id, "bob")
    assert told(rules) == {}
    actions.submit(rules.session, draft_id=draft_id, **rules.who("bob"))
    assert told(rules) == {"cy": ["review"]}


@pytest.mark.parametrize(
    ("kind", "others"),
    [
        ("retirement", {"bob", "cy"}),
        ("suspension", {"bob", "cy", "sue", "abe"}),
        ("resumption", {"bob", "cy"}),
    ],
)
def test_an_ask_waits_for_whoever_may_confirm_it_until_it_is_withdrawn(
    rules: Rules, kind: str, others: set[str]
) -> None:
    ask, _, withdraw = ACTS[kind]
    _, about = standing(rules, kind)
    assert told(rules) == {}
    ask(rules.session, **about, **rules.who("ann"))
    assert told(rules) == {name: [f"ask_{kind}"] for name in others}
    withdraw(rules.session, **about, **rules.who("bob"))
    assert told(rules) == {}


def test_what_the_release_ships_waits_for_any_and_then_for_any_other_rules_author(rules: Rules) -> None:
    shipped = set(actions.load_shipped(rules.session, **rules.who("abe")))
    every = {act.sha256: act for act in waiting.waiting_for(rules.session, me=rules.people["ann"])}
    assert every.keys() == shipped
    assert {act.act for act in every.values()} == {"review"}
    one = min(shipped)
    assert not rules.approve(one, "ann", SAID)
    rest = waiting.waiting_for(rules.session, me=rules.people["ann"])
    assert {act.sha256 for act in rest} == shipped - {one}
    assert one in {
        a.sha256 for a in waiting.waiting_for(rules.session, me=rules.people["bob"]) if a.act == "take_on"
    }


# What nobody can read any more -------------------------------------------------------------------------
@pytest.fixture
def no_longer_read(rules: Rules, monkeypatch: pytest.MonkeyPatch) -> str:
    """In review, written by Ann for a form of rule files this house has left behind."""
    sha256 = rules.submitted("ann")
    reading = current.reading()

    def refuse(body: bytes, *_: Any) -> Any:
        raise RuleFileBroken("sample_help", "top", "unknown part `kind`", "the parts of today")

    monkeypatch.setattr(current, "compile_rulebook", refuse)
    monkeypatch.setattr(reading, "_books", {})
    return sha256


def test_a_review_that_cannot_be_read_waits_for_its_author_too(rules: Rules, no_longer_read: str) -> None:
    assert told(rules) == {name: ["unreadable"] for name in ("ann", "bob", "cy")}
    (act,) = waiting.waiting_for(rules.session, me=rules.people["ann"])
    assert (act.name, act.sha256) == (SOURCE, no_longer_read)


@pytest.mark.parametrize("by", ["ann", "bob"])
def test_it_is_withdrawn_though_nobody_can_read_it(rules: Rules, no_longer_read: str, by: str) -> None:
    assert "unknown part `kind`" in (queries.version(rules.session, no_longer_read).row.problem or "")
    assert actions.retire(rules.session, sha256=no_longer_read, reason=SAID, **rules.who(by))
    view = queries.version(rules.session, no_longer_read)
    assert (view.row.status, view.history[-1].reason) == ("retired", SAID)
    assert told(rules) == {}


def test_it_is_sent_back_to_its_draft_though_nobody_can_read_it(rules: Rules, no_longer_read: str) -> None:
    actions.send_back(rules.session, sha256=no_longer_read, reason=SAID, **rules.who("bob"))
    view = queries.version(rules.session, no_longer_read)
    assert view.row.status == "draft"
    assert isinstance(view.draft_id, UUID)
    assert queries.draft(rules.session, view.draft_id).state == "open"
    assert told(rules) == {}


def test_the_history_of_a_withdrawal_is_rows_that_stay(rules: Rules) -> None:
    sha256 = rules.approved("ann")
    actions.ask_suspension(rules.session, source=SOURCE, reason=SAID, **rules.who("ann"))
    actions.withdraw_suspension_ask(rules.session, source=SOURCE, reason=SLIP, **rules.who("ann"))
    kept = rules.session.scalars(
        sa.select(RuleMove.verb).where(RuleMove.sha256 == sha256).order_by(RuleMove.sequence)
    )
    assert list(kept)[-2:] == ["ask_suspension", "withdraw_suspension_ask"]
