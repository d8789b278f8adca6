"""Changing the rules, by the verbs that the pages call."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from pytest_bdd import given, parsers, then, when
from sqlalchemy.orm import Session

from reunify.kernel.people import Role
from reunify.kernel.refusals import Refused
from reunify.rules import actions, queries
from reunify.sandbox.people import PEOPLE_BY_NAME
from tests.bdd.staff_moves import acting, hired, lend

FUND = "domestic_reunification"
WHY = "The office has read the sources again."


def in_force(session: Session) -> Any:
    return queries.in_force(session).versions[FUND][-1]


def attempt(story: Any, act: Any) -> None:
    """One transaction a minute later; what refuses it is remembered."""
    story.town.clock.at += timedelta(minutes=1)
    story.refused = None
    try:
        with story.town.house.db.work() as session:
            act(session, story.town.clock())
    except Refused as refused:
        story.refused = refused


def drafted(story: Any, who: str, was: str, becomes: str) -> None:
    """A draft: the rules in force with one thing written otherwise; `was` is a pattern."""

    def act(session: Session, now: Any) -> None:
        old = queries.version(session, in_force(session).sha256)
        text, changed = re.subn(was, becomes, old.rules, count=1, flags=re.MULTILINE)
        assert changed == 1
        by = acting(session, who, now)
        story.draft_id = actions.begin_draft(
            session,
            source=FUND,
            effective_from=old.row.effective_from,
            based_on=old.row.sha256,
            by=by,
            now=now,
        )
        actions.save_draft(
            session, draft_id=story.draft_id, expected_revision=1, rules=text, tables=old.tables,
            examples=old.examples, by=by, now=now,
        )  # fmt: skip
        story.text, story.old = text, old.row.sha256

    attempt(story, act)
    assert story.refused is None


def submit(story: Any, who: str) -> None:
    def act(session: Session, now: Any) -> None:
        story.sha256 = actions.submit(session, draft_id=story.draft_id, by=acting(session, who, now), now=now)

    attempt(story, act)


def next_family(story: Any) -> str:
    request_id = story.town.submitted(story.family("d"))
    return str(story.town.progress(request_id)["answers"][FUND])


@given("Noor has submitted the domestic fund's rules in other words")
def other_words(story: Any) -> None:
    drafted(story, "noor", r"^name: .*$", "name: The fund in other words")
    submit(story, "noor")
    assert story.refused is None


@given("Noor has submitted a new review date for the domestic fund")
def new_review_date(story: Any) -> None:
    drafted(story, "noor", r"^review_by: .*$", "review_by: 2028-03-31")
    submit(story, "noor")
    assert story.refused is None


@given("Noor has written a rule for the domestic fund about a fact nobody knows of")
def unknown_fact(story: Any) -> None:
    drafted(story, "noor", r"require: \{\w+", "require: {shoe_size")


@given("Sam covers for Noor while she is on holiday")
def sam_covers(story: Any) -> None:
    hired(story, PEOPLE_BY_NAME["sam"])
    lend(story, "noor", "sam", Role.RULES_AUTHOR)


@when("Noor submits it")
def noor_submits(story: Any) -> None:
    submit(story, "noor")


@when(parsers.parse("{who} approves them"))
def approves(story: Any, who: str) -> None:
    def act(session: Session, now: Any) -> None:
        by = acting(session, who.lower(), now)
        assert actions.approve(session, sha256=story.sha256, reason=WHY, by=by, now=now)

    attempt(story, act)


@when("the past has been replayed")
def replayed(story: Any) -> None:
    story.town.work()
    with story.town.house.db.read() as session:
        replay = queries.version(session, story.sha256).replay
    assert replay is not None
    assert replay.state == "done"


@then(parsers.parse("it is refused, because somebody else must {verb}"))
def somebody_else(story: Any, verb: str) -> None:
    assert re.search(rf"Somebody (else|who stands for neither) must {verb}", str(story.refused))


@then("it is refused, because nobody has seen what it would have answered in the past")
def not_replayed(story: Any) -> None:
    assert "Replay it over past determinations first" in str(story.refused)


@then(parsers.parse("the domestic fund answers by the new {what}"))
def answers_by_the_new(story: Any, what: str) -> None:
    assert story.refused is None
    with story.town.house.db.read() as session:
        assert in_force(session).sha256 == story.sha256
        assert queries.version(session, story.old).row.status == "retired"
    assert next_family(story) == "eligible"


@then("she is told which fact is not known")
def told_which(story: Any) -> None:
    assert "unknown field `shoe_size`" in str(story.refused)


@then("her text is still there")
def text_kept(story: Any) -> None:
    with story.town.house.db.read() as session:
        assert queries.draft(session, story.draft_id).rules == story.text


@then("the domestic fund answers by the old rules")
def answers_by_the_old(story: Any) -> None:
    with story.town.house.db.read() as session:
        assert in_force(session).sha256 == story.old


@given("a family whose trip the domestic fund may pay")
def may_pay(story: Any) -> None:
    story.request_id = story.town.submitted(story.family("d"))
    assert story.progress["answers"][FUND] == "eligible"


@given("Noor asks to suspend the domestic fund's rules")
def asks_to_suspend(story: Any) -> None:
    def act(session: Session, now: Any) -> None:
        by = acting(session, "noor", now)
        actions.ask_suspension(session, source=FUND, reason=WHY, by=by, now=now)

    attempt(story, act)


@when(parsers.parse("{who} confirms the suspension"))
def confirms(story: Any, who: str) -> None:
    def act(session: Session, now: Any) -> None:
        by = acting(session, who.lower(), now)
        actions.confirm_suspension(session, source=FUND, by=by, now=now)

    attempt(story, act)


@given("the domestic fund's rules are suspended")
def are_suspended(story: Any) -> None:
    asks_to_suspend(story)
    confirms(story, "Ada")
    assert next_family(story) == "needs_staff_decision"


@when("Noor asks to resume them and Ada confirms")
def resumed(story: Any) -> None:
    def asks(session: Session, now: Any) -> None:
        by = acting(session, "noor", now)
        actions.ask_resumption(session, source=FUND, reason=WHY, by=by, now=now)

    def says_yes(session: Session, now: Any) -> None:
        actions.confirm_resumption(session, source=FUND, by=acting(session, "ada", now), now=now)

    for act in (asks, says_yes):
        attempt(story, act)
        assert story.refused is None


@then("the domestic fund still answers by itself")
def still_answers(story: Any) -> None:
    assert next_family(story) == "eligible"


@then("a person decides about the domestic fund for the next family")
def a_person_decides(story: Any) -> None:
    assert story.refused is None
    assert next_family(story) == "needs_staff_decision"


@then("the first family keeps its answer")
def keeps_its_answer(story: Any) -> None:
    assert story.progress["answers"][FUND] == "eligible"


@then("the domestic fund answers the next family by itself")
def eligible_again(story: Any) -> None:
    assert next_family(story) == "eligible"
