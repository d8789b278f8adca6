"""What a grant covers, what waits for a funder, and when somebody asks again."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from reunify.consent.policy import Needed, Standing
from reunify.eligibility.asking_checks import ToldWithoutLeave, check_had_leave, may_look_second
from reunify.eligibility.asking_policy import (
    AskedLine,
    Grant,
    PendingAsk,
    awaiting,
    cover,
    gives_more,
    grant_limits,
    why_chased,
    working_days_after,
)
from reunify.kernel.ids import FundId, StaffId, new_id
from reunify.kernel.people import Role, Staff
from reunify.ledger.policy import BudgetCategory

MONEY, MEALS, ROOM = BudgetCategory.TRANSPORT, BudgetCategory.MEALS, BudgetCategory.LODGING
DAY = date(2026, 11, 25)  # a Wednesday
FUND, CAP = FundId(new_id()), new_id()


def grant(cents: int, *lines: str, used: int = 0, caps: dict[BudgetCategory, UUID] | None = None) -> Grant:
    return Grant(
        FUND, {MONEY: cents}, DAY, None, new_id(), frozenset(lines), {MONEY: used}, caps or {MONEY: CAP}
    )


@pytest.mark.parametrize(
    ("start", "count", "day"),
    [
        (DAY, 0, DAY),
        (DAY, 1, date(2026, 11, 26)),
        (DAY, 2, date(2026, 11, 27)),
        (DAY, 3, date(2026, 11, 30)),
        (DAY, 5, date(2026, 12, 2)),
        (date(2026, 11, 28), 1, date(2026, 11, 30)),
        (date(2026, 11, 29), 5, date(2026, 12, 4)),
    ],
)
def test_working_days_leave_out_weekends(start: date, count: int, day: date) -> None:
    assert working_days_after(start, count) == day


@pytest.mark.parametrize(
    ("departs_on", "today", "why"),
    [
        (None, date(2026, 12, 2), None),
        (None, date(2026, 12, 3), "overdue"),
        (date(2026, 12, 2), DAY, "departs_first"),
        (date(2026, 12, 3), DAY, None),
        (date(2026, 12, 3), date(2026, 12, 3), "overdue"),
    ],
)
def test_a_funder_is_asked_again_past_its_day_or_where_the_trip_comes_first(
    departs_on: date | None, today: date, why: str | None
) -> None:
    assert why_chased(answer_due=date(2026, 12, 2), departs_on=departs_on, today=today) == why


def test_a_grant_limits_every_category_and_what_was_not_granted_takes_nothing() -> None:
    found = grant_limits({"far": grant(500, "fare", used=120), "gone": grant(1, "fare")}, {"far": "Far Fund"})
    assert {(f.budget_category, f.left, f.cap) for f in found} == {
        (MONEY, 380, CAP),
        (ROOM, 0, None),
        (MEALS, 0, None),
        (BudgetCategory.OTHER, 0, None),
    }
    assert all(f.name.startswith("Far Fund: what the funder granted") for f in found)


def test_what_is_expended_is_covered_before_what_is_obligated_and_only_lines_that_were_asked_for() -> None:
    spent = [
        ("fare", MONEY, 300, 100),
        ("taxi", MONEY, 50, 200),
        ("other", MONEY, 0, 900),
        ("meal", MEALS, 0, 9),
    ]
    assert cover(spent, grant(350, "fare", "taxi", "meal")) == [(50, 100), (0, 200), (0, 0), (0, 0)]
    assert cover(spent, grant(350, "fare", "taxi", used=350)) == [(0, 0)] * 4
    assert cover(spent, grant(650, "fare", "taxi")) == [(300, 100), (50, 200), (0, 0), (0, 0)]


def test_only_unrestricted_money_on_a_line_that_was_asked_for_bridges() -> None:
    ask = PendingAsk(new_id(), "far", FUND, DAY, DAY, None, (AskedLine("fare", MONEY, 400),))
    pieces = [("fare", "own", 300), ("fare", "grant", 100), ("meals", "own", 50)]
    (found,) = awaiting(pieces, [ask], {"own"})
    assert (found["line"], found["fund"], found["amount"], found["awaits"]) == ("fare", "own", 300, "far")
    assert awaiting(pieces, [], {"own"}) == []


@pytest.mark.parametrize(
    ("after", "more"),
    [
        ({MONEY: 5}, False),
        ({MONEY: 6}, True),
        ({MONEY: 4}, False),
        ({}, False),
        ({MONEY: 4, MEALS: 1}, True),
    ],
)
def test_a_decision_gives_more_where_one_category_does(after: dict[BudgetCategory, int], more: bool) -> None:
    assert gives_more(after, {MONEY: 5}) is more


@pytest.mark.parametrize(
    ("recorded", "stood_for", "me", "i_stand_for", "may"),
    [
        ("ana", "", "sam", "", True),
        ("ana", "", "ana", "", False),
        ("ana", "sam", "sam", "", False),
        ("ana", "", "sam", "ana", False),
        ("ana", "eli", "sam", "eli", False),
        ("ana", "eli", "sam", "ben", True),
    ],
)
def test_the_second_look_is_by_nobody_who_counts_as_the_first(
    recorded: str, stood_for: str, me: str, i_stand_for: str, may: bool
) -> None:
    people = {name: StaffId(UUID(int=n)) for n, name in enumerate(("ana", "sam", "eli", "ben"), start=1)}
    by = Staff(people[me], me, frozenset({Role.CASE_MANAGER}), stands_for=_of(people, i_stand_for))
    assert may_look_second(by, people[recorded], _of(people, stood_for)) is may
    assert not may_look_second(by, None, ()), "what a flow wrote waits for nobody"


def _of(people: dict[str, StaffId], name: str) -> frozenset[StaffId]:
    return frozenset({people[name]} if name else ())


AT = datetime(2026, 11, 25, 23, tzinfo=UTC)


@pytest.mark.parametrize(
    ("given", "ends", "revoked", "had_leave"),
    [
        (-1, 30, None, True),
        (0, 30, None, True),
        (1, 30, None, False),
        (-40, 0, None, False),
        (-1, 30, 0, False),
        (-1, 30, 1, True),
    ],
)
def test_leave_is_what_the_family_had_agreed_to_on_the_day_of_the_letter(
    given: int, ends: int, revoked: int | None, had_leave: bool
) -> None:
    def at(days: int) -> datetime:
        return AT + timedelta(days=days)

    answers = [
        (at(-90), Standing("mother", "no", None, None)),
        (at(given), Standing("mother", "yes", at(ends), None if revoked is None else at(revoked))),
    ]
    if had_leave:
        check_had_leave(answers, Needed(("mother",)), AT)
    else:
        with pytest.raises(ToldWithoutLeave, match="Tell your supervisor"):
            check_had_leave(answers, Needed(("mother",)), AT)
    with pytest.raises(ToldWithoutLeave):
        check_had_leave(answers, Needed(("mother", "child")), AT)
    with pytest.raises(ToldWithoutLeave):
        check_had_leave(answers, Needed(()), AT)
