"""What is typed about a source: in order, once, within bounds, and never over what somebody else just set."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from reunify.db import Database
from reunify.funds import drawing, policy, queries, setting_policy, typed
from reunify.funds.terms import Terms
from reunify.ledger.policy import Cash, Scope
from tests.integration.ledger_world import MEALS, TRANSPORT, Books, open_books
from tests.integration.test_funds_rows import TODAY, TOMORROW, award, do, draw, one, told

YESTERDAY = TODAY - timedelta(days=1)
LARGEST = 10**13  # the largest amount of money there is
CHANGES: dict[str, tuple[str, dict[str, Any]]] = {
    "amend": ("cash", {"budget_category": MEALS, "authorized": 40_000}),
    "limit": ("cash", {"scope": Scope.TRIP, "at_most": 9_000}),
    "set_terms": ("cash", {"terms": Terms(match_percent=25)}),
    "value_unit": ("nights", {"cents": 14_000, "basis": "published lodging rate"}),
}


@pytest.fixture
def books(db: Database, now: datetime) -> Books:
    return open_books(db, now)


def change(books: Books, act: str, starts: date = TODAY, **more: Any) -> None:
    code, said = CHANGES[act]
    reason = {} if act == "value_unit" else {"reason": "as agreed"}
    do(books, act, code, effective_from=starts, **(said | reason | more))


def shown(books: Books, act: str) -> int:
    """How many rows the form of this change shows."""
    table = {
        "amend": "fund_amounts",
        "limit": "fund_limits",
        "set_terms": "fund_terms",
        "value_unit": "fund_unit_values",
    }[act]
    with books.db.read() as session:
        found = session.scalar(
            sa.text(f"SELECT count(*) FROM {table} WHERE fund_id = :fund"),
            {"fund": books.funds[CHANGES[act][0]]},
        )
    return int(found or 0)


@pytest.mark.parametrize("act", sorted(CHANGES))
def test_of_two_forms_that_show_the_same_the_second_is_told_to_look(books: Books, act: str) -> None:
    seen = shown(books, act)
    change(books, act, seen=seen)
    with pytest.raises(policy.ChangedMeanwhile):
        change(books, act, seen=seen)
    assert shown(books, act) == seen + 1
    change(books, act, seen=seen + 1)


def test_a_period_is_not_extended_over_somebody_elses_extension(books: Books) -> None:
    award(books)
    said: dict[str, Any] = {"document": "Notice 1", "reason": "more time", "seen": 1}
    do(books, "extend", "award", period_end=date(2027, 3, 31), **said)
    with pytest.raises(policy.ChangedMeanwhile):
        do(books, "extend", "award", period_end=date(2027, 6, 30), **said)
    assert one(books, "award").period_end == date(2027, 3, 31)


@pytest.mark.parametrize("act", sorted(CHANGES))
def test_what_would_never_hold_is_not_kept(books: Books, act: str) -> None:
    change(books, act)
    before = shown(books, act)
    with pytest.raises(policy.NotInOrder) as refused:
        change(books, act, starts=YESTERDAY)
    assert refused.value.field == "/effective_from"
    assert shown(books, act) == before
    change(books, act, starts=TOMORROW)


def test_a_limit_of_one_category_may_begin_before_that_of_another(books: Books) -> None:
    change(books, "limit")
    change(books, "limit", starts=YESTERDAY, budget_category=TRANSPORT)


def test_the_same_condition_sent_twice_is_one(books: Books) -> None:
    said: dict[str, Any] = {"text": "Travel abroad", "cite": "Term 7", "effective_from": TODAY}
    assert do(books, "condition", budget_category=TRANSPORT, **said) == 1
    assert do(books, "condition", budget_category=TRANSPORT, **said) == 1
    assert do(books, "condition", budget_category=None, **said) == 2
    do(books, "lift", number=1, document="Letter 14", approved_on=TODAY, reason="asked and granted")
    assert do(books, "condition", budget_category=TRANSPORT, **said) == 3
    assert len(told(books, "condition")) == 3


def test_no_amount_is_kept_that_the_pages_could_not_add_up(books: Books) -> None:
    with pytest.raises(typed.TooMuch):
        change(books, "amend", authorized=LARGEST)
    with pytest.raises(typed.TooMuch):
        change(books, "limit", at_most=LARGEST)
    with pytest.raises(typed.TooMuch):
        change(books, "set_terms", terms=Terms(minimum_grant=LARGEST))
    change(books, "amend", authorized=typed.MOST_CENTS)


def test_a_drawdown_happened_on_the_day_it_arrived(books: Books) -> None:
    award(books)
    draw(books, 60_000, day=TODAY - timedelta(days=2))
    with books.db.read() as session:
        event = session.execute(
            sa.text("SELECT day, happened_on FROM ledger_events WHERE external_ref LIKE 'draw:%'")
        ).one()
    assert tuple(event) == (TODAY, TODAY - timedelta(days=2))


def test_the_same_drawdown_is_written_down_once(books: Books) -> None:
    award(books)
    draw(books, 60_000)
    assert draw(books, 60_000).drawn == 60_000
    with pytest.raises(drawing.ReferenceTaken):
        draw(books, 30_000)
    assert len(told(books, "draw")) == 1


def test_no_money_of_a_source_arrives_before_its_period(books: Books) -> None:
    award(books)
    with pytest.raises(drawing.DrawDoesNotFit) as refused:
        draw(books, 1, day=date(2025, 12, 31))
    assert refused.value.field == "/received_on"
    draw(books, 1, day=date(2026, 1, 1))


def test_what_was_drawn_and_is_no_longer_authorized_goes_back(books: Books) -> None:
    award(books)
    draw(books, 60_000)
    do(
        books, "amend", "award", budget_category=TRANSPORT, authorized=50_000, effective_from=TODAY,
        reason="the funder takes some back",
    )  # fmt: skip
    with books.db.read() as session:
        money = drawing.money_of(session, books.funds["award"])
    assert (money.above_authorized, money.left_to_draw) == (10_000, 0)


@pytest.mark.parametrize("day", [date.min, date(1999, 12, 31), date(2101, 1, 1), date.max], ids=str)
def test_a_year_with_a_wrong_digit_is_refused_at_its_field(books: Books, day: date) -> None:
    award(books)
    kept: dict[str, tuple[str, dict[str, Any]]] = {
        "/approved_on": ("lift", {"number": 1, "document": "Letter 14", "approved_on": day}),
        "/period_end": ("extend", {"period_end": day, "document": "Notice 2"}),
        "/liquidation_date": (
            "extend",
            {"period_end": TODAY, "liquidation_date": day, "document": "Notice 2"},
        ),
        "/received_on": (
            "draw",
            {"reference": "P-1", "cents": 1, "cash": Cash.BANK, "received_on": day},
        ),
        "/effective_from": ("limit", {"scope": Scope.TRIP, "at_most": 1, "effective_from": day}),
    }
    for field, (act, said) in kept.items():
        with pytest.raises(typed.DayOutOfRange) as refused:
            do(books, act, "award", reason="as agreed", **said)
        assert refused.value.field == field
    with pytest.raises(typed.DayOutOfRange):
        do(books, "condition", "award", budget_category=None, text="x", cite="y", effective_from=day)


def test_what_cannot_be_a_code_is_not_asked_of_the_database(books: Books) -> None:
    for code in ("a\0b", "a\ud800", "x" * 10_000, ""):
        with books.db.read() as session, pytest.raises(policy.NoSuchFund):
            queries.fund_called(session, code)
        with pytest.raises(policy.NoSuchFund):
            do(books, "move", code, verb="freeze", reason="looked into")


def test_a_source_of_nights_has_no_limit_of_meals(books: Books) -> None:
    with pytest.raises(setting_policy.LimitDoesNotFit) as refused:
        do(books, "limit", "nights", scope=Scope.TRIP, budget_category=MEALS, at_most=2, effective_from=TODAY)
    assert refused.value.field == "/budget_category"
