"""Money nobody can explain yet is in the books from the first minute, and leaves part by part."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta

import pytest
import sqlalchemy as sa

from reunify.db import Database
from reunify.kernel.people import System
from reunify.ledger import fund_queries
from reunify.ledger.policy import Account, Cash
from reunify.rates.actions import set_organisation
from reunify.reconciliation import suspense, suspense_queries
from reunify.reconciliation.suspense_policy import (
    Age,
    MoreThanHeld,
    NoSuchItem,
    NoSuspenseFund,
    OtherContent,
    Why,
)
from reunify.reporting import invariants
from tests.integration.ledger_world import Books, open_books
from tests.integration.test_invariants_planted import plant

BY = System("tests")
CHARGE = "ipi_late_night"


@pytest.fixture
def books(db: Database, now: datetime) -> Books:
    return open_books(db, now)


@pytest.fixture
def owner(owner_url: str) -> Iterator[sa.Engine]:
    engine = sa.create_engine(owner_url)
    yield engine
    engine.dispose()


def set_fund(books: Books, code: str = "cash") -> None:
    with books.db.work() as session:
        set_organisation(
            session,
            key="suspense_fund",
            value=code,
            effective_from=date(2026, 1, 1),
            by=System("setup"),
            now=books.now,
        )


def hold(books: Books, cents: int = 9_000, object_id: str = CHARGE) -> None:
    with books.db.work() as session:
        suspense.hold(
            session,
            object_id=object_id,
            cash=Cash.CARD,
            cents=cents,
            kind=Why.CARD_CHARGE,
            by=BY,
            now=books.now,
        )


def explain(books: Books, cents: int, part: str, object_id: str = CHARGE) -> int:
    with books.db.work() as session:
        return suspense.explain(
            session,
            object_id=object_id,
            cents=cents,
            part=part,
            why="A room for one night",
            by=BY,
            now=books.now,
        )


def in_books(books: Books) -> tuple[int, int]:
    """In suspense, and what the cards can draw on."""
    with books.db.read() as session:
        found = fund_queries.sums(session, books.funds["cash"], [Account.SUSPENSE, Account.CASH_CARD])
    return found[Account.SUSPENSE], found[Account.CASH_CARD]


def rules_broken(books: Books) -> set[str]:
    with books.db.read() as session:
        return {finding.rule for finding in invariants.check(session)}


def test_a_charge_shows_as_cash_gone_and_leaves_suspense_part_by_part(books: Books) -> None:
    set_fund(books)
    hold(books)
    assert in_books(books) == (9_000, -9_000)
    assert explain(books, 4_000, "room") == 5_000
    assert explain(books, 4_000, "room") == 5_000, "the same part again takes nothing"
    assert explain(books, 5_000, "seat") == 0
    assert in_books(books) == (0, 0)
    assert rules_broken(books) == set()


def test_the_same_charge_is_held_once_and_never_with_another_amount(books: Books) -> None:
    set_fund(books)
    hold(books)
    hold(books)
    assert in_books(books) == (9_000, -9_000)
    with pytest.raises(OtherContent):
        hold(books, 8_000)


def test_a_refund_nobody_knows_is_held_with_its_own_sign(books: Books) -> None:
    set_fund(books)
    hold(books, -2_500, "ipi_refund")
    assert in_books(books) == (-2_500, 2_500)
    with pytest.raises(MoreThanHeld):
        explain(books, 2_500, "room", "ipi_refund")
    assert explain(books, -2_500, "room", "ipi_refund") == 0
    assert rules_broken(books) == set()


def test_no_more_is_explained_than_was_held(books: Books) -> None:
    set_fund(books)
    hold(books)
    with pytest.raises(MoreThanHeld, match="9000 cents are left"):
        explain(books, 9_001, "room")
    with pytest.raises(NoSuchItem):
        explain(books, 1, "room", "ipi_unheard_of")


@pytest.mark.parametrize("code", ["nobody", None])
def test_without_a_fund_named_it_says_what_to_set(books: Books, code: str | None) -> None:
    if code is not None:
        set_fund(books, code)
    with pytest.raises(NoSuspenseFund, match="an administrator sets"):
        hold(books)


def test_an_open_item_grows_old_in_bands(books: Books) -> None:
    set_fund(books)
    hold(books)
    bands = []
    for days in (0, 7, 8, 30, 31, 90, 91):
        with books.db.read() as session:
            (item,) = suspense_queries.open_items(session, now=books.now + timedelta(days=days))
        bands.append(item.age)
    assert bands == [Age.WEEK, Age.WEEK, Age.MONTH, Age.MONTH, Age.QUARTER, Age.QUARTER, Age.OVER]


def test_an_item_that_is_not_its_parts_or_not_in_the_ledger_is_found(books: Books, owner: sa.Engine) -> None:
    set_fund(books)
    hold(books)
    plant(owner, "suspense_items", "UPDATE suspense_items SET left_cents = 8999")
    assert rules_broken(books) == {"suspense is not its items", "suspense item is not its parts"}
