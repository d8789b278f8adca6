"""What binds a source is dated rows: terms, limits, conditions, unit values, drawdowns, its period."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from threading import Thread
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from reunify.db import Database
from reunify.funds import actions, drawing, paying, policy, queries, setting_policy, typed
from reunify.funds.policy import FundKind
from reunify.funds.terms import DEFAULT, Release, Terms, terms_of
from reunify.kernel.ids import FundId
from reunify.ledger.policy import Account, BudgetCategory, Cash, Scope, Unit
from tests.integration.ledger_world import BY, LODGING, MEALS, TRANSPORT, Books, open_books

TODAY = date(2026, 11, 25)
TOMORROW = TODAY + timedelta(days=1)
ENDS = date(2026, 12, 31)


@pytest.fixture
def books(db: Database, now: datetime) -> Books:
    return open_books(db, now)


def do(books: Books, act: str, code: str = "cash", **said: Any) -> Any:
    with books.db.work() as session:
        return getattr(actions, act)(session, code=code, by=BY, now=books.now, **said)


def award(books: Books, amount: int = 100_000, **more: Any) -> FundId:
    books.funds["award"] = do(
        books,
        "open_fund",
        "award",
        name="Sample award",
        public_name="Travel help",
        kind=FundKind.HELD,
        unit=Unit.CENTS,
        amounts={TRANSPORT: amount},
        period_start=date(2026, 1, 1),
        period_end=ENDS,
        organisation_set=False,
        award_number="15PSAM-00-GG-00001",
        assistance_listing="99.999",
        **more,
    )
    return books.funds["award"]


def one(books: Books, code: str) -> queries.Fund:
    with books.db.read() as session:
        return queries.fund_called(session, code)


def told(books: Books, verb: str) -> list[dict[str, Any]]:
    """The audit rows of a verb on sources."""
    with books.db.read() as session:
        rows = session.execute(
            sa.text("SELECT detail FROM audit_entries WHERE subject = 'fund' AND verb = :verb ORDER BY id"),
            {"verb": verb},
        )
        return [dict(row.detail) for row in rows]


def test_a_federal_award_is_paid_out_120_days_after_its_period(books: Books) -> None:
    award(books)
    found = one(books, "award")
    assert (found.federal, found.liquidation_date) == (True, date(2027, 4, 30))
    assert (one(books, "cash").federal, one(books, "cash").liquidation_date) == (False, None)


def test_an_extension_keeps_the_earlier_days(books: Books) -> None:
    award(books)
    more = {"document": "Extension notice 1", "reason": "families still travel"}
    do(books, "extend", "award", period_end=date(2027, 3, 31), **more)
    assert one(books, "award").period_end == date(2027, 3, 31)
    assert one(books, "award").liquidation_date == date(2027, 7, 29)
    with books.db.read() as session:
        kept = session.scalars(
            sa.text("SELECT period_end FROM fund_periods WHERE fund_id = :fund ORDER BY number"),
            {"fund": books.funds["award"]},
        ).all()
    assert kept == [ENDS, date(2027, 3, 31)]
    with pytest.raises(policy.FundDoesNotFit) as refused:
        do(books, "extend", "award", period_end=None, **more)
    assert refused.value.field == "/period_end"
    assert told(books, "extend")[0]["period_end"] == "2027-03-31"


def test_terms_hold_from_their_day_and_the_newest_counts(books: Books) -> None:
    fund = award(books)
    paced = Terms(release=Release.PACED, tranches=12, minimum_slice=500)
    do(books, "set_terms", "award", terms=paced, effective_from=TOMORROW, reason="as the board decided")
    do(books, "set_terms", "award", terms=Terms(match_percent=25), effective_from=TODAY, reason="as agreed")
    with books.db.read() as session:
        assert terms_of(session, on=TODAY)[fund] == Terms(match_percent=25)
        assert terms_of(session, on=TOMORROW)[fund] == paced
        assert terms_of(session, on=TODAY).get(books.funds["cash"], DEFAULT) == DEFAULT


def test_soonest_first_of_a_federal_award_names_the_paper_that_allows_it(books: Books) -> None:
    award(books)
    said: dict[str, Any] = {
        "terms": Terms(soonest_first=True),
        "effective_from": TODAY,
        "reason": "it lapses soon",
    }
    with pytest.raises(setting_policy.TermsDoNotFit) as refused:
        do(books, "set_terms", "award", **said)
    assert refused.value.field == "/document"
    do(books, "set_terms", "award", document="Special condition 12", **said)


def test_a_condition_stands_in_the_way_until_the_funder_approves(books: Books) -> None:
    fund = award(books)
    number = do(
        books,
        "condition",
        "award",
        budget_category=TRANSPORT,
        text="Travel abroad needs prior approval",
        cite="Special condition 7",
        effective_from=TODAY,
    )
    assert standing(books, fund, TRANSPORT) == ["Travel abroad needs prior approval"]
    assert standing(books, fund, LODGING) == []
    assert standing(books, fund, TRANSPORT, on=TODAY - timedelta(days=1)) == []
    lift = {"number": number, "document": "Approval 2026-14", "reason": "asked and granted"}
    with pytest.raises(setting_policy.NotYet) as refused:
        do(books, "lift", "award", approved_on=TOMORROW, **lift)
    assert refused.value.field == "/approved_on"
    do(books, "lift", "award", approved_on=TODAY, **lift)
    assert standing(books, fund, TRANSPORT) == []
    with pytest.raises(setting_policy.AlreadyLifted):
        do(books, "lift", "award", approved_on=TODAY, **lift)
    with pytest.raises(setting_policy.NoSuchCondition):
        do(books, "lift", "cash", approved_on=TODAY, **lift)


def standing(books: Books, fund: FundId, category: BudgetCategory, on: date = TODAY) -> list[str]:
    with books.db.read() as session:
        return [c.text for c in queries.conditions(session, on).get(fund, ()) if c.covers(category)]


def test_limits_are_of_a_scope_and_a_category_and_the_newest_counts(books: Books) -> None:
    fund = books.funds["cash"]
    for scope, category, most in (
        (Scope.TRIP, None, 9_000),
        (Scope.TRIP, MEALS, 500),
        (Scope.TRIP, None, 8_000),
        (Scope.LIFETIME, None, 2),
    ):
        do(books, "limit", scope=scope, budget_category=category, at_most=most, effective_from=TODAY)
    with books.db.read() as session:
        assert queries.limits(session, on=TODAY)[fund] == {Scope.TRIP: 8_000, Scope.LIFETIME: 2}
        assert queries.limits_by_category(session, on=TODAY)[fund][Scope.TRIP, MEALS] == 500
        assert queries.limits(session, on=TODAY - timedelta(days=1)) == {}


def test_what_a_night_is_worth_never_enters_the_cash_books(books: Books) -> None:
    said = {"basis": "published lodging rate", "effective_from": TODAY}
    with pytest.raises(setting_policy.ValueDoesNotFit):
        do(books, "value_unit", "cash", cents=14_000, **said)
    before = entries(books)
    do(books, "value_unit", "nights", cents=14_000, **said)
    do(books, "value_unit", "nights", cents=15_000, **{**said, "effective_from": TOMORROW})
    with books.db.read() as session:
        assert queries.unit_values(session, TODAY) == {books.funds["nights"]: 14_000}
        assert queries.unit_values(session, TOMORROW) == {books.funds["nights"]: 15_000}
    assert entries(books) == before


def entries(books: Books) -> int:
    with books.db.read() as session:
        return int(session.scalar(sa.text("SELECT count(*) FROM ledger_entries")) or 0)


def draw(books: Books, cents: int, reference: str = "P-1", code: str = "award", day: date = TODAY) -> Any:
    return do(
        books,
        "draw",
        code,
        reference=reference,
        cents=cents,
        cash=Cash.BANK,
        received_on=day,
        reason="needed this week",
    )


def test_no_more_is_drawn_than_is_authorized_less_what_was_drawn(books: Books) -> None:
    award(books)
    assert draw(books, 60_000).left_to_draw == 40_000
    with pytest.raises(drawing.MoreThanAuthorized, match=r"\$400.00") as refused:
        draw(books, 40_001, "P-2")
    assert refused.value.field == "/amount"
    assert draw(books, 40_000, "P-2").on_hand == 100_000


def test_cash_on_hand_is_shown_against_what_is_needed_at_once(books: Books) -> None:
    award(books)
    draw(books, 60_000)
    line = books.line(45_000, code="award")
    books.reserve(line)
    books.do("obligate", line.hold_id, 45_000)
    assert money(books) == (60_000, 45_000, 15_000)
    books.do("expend", line.hold_id, 45_000, cash=Cash.BANK)
    assert money(books) == (15_000, 0, 15_000)


def money(books: Books) -> tuple[int, int, int]:
    with books.db.read() as session:
        found = drawing.money_of(session, books.funds["award"])
    return found.on_hand, found.needed_now, found.more_than_needed


def test_only_money_that_has_come_is_drawn(books: Books) -> None:
    award(books)
    with pytest.raises(setting_policy.NotYet):
        draw(books, 1, day=TOMORROW)
    with pytest.raises(drawing.DrawDoesNotFit):
        draw(books, 1, code="nights")
    with pytest.raises(typed.Missing):
        draw(books, 1, " ")


def test_two_people_never_draw_the_same_dollar(books: Books) -> None:
    award(books)
    outcomes: list[str] = []

    def try_to_draw(number: int) -> None:
        try:
            draw(books, 60_000, f"P-{number}")
            outcomes.append("drawn")
        except drawing.MoreThanAuthorized:
            outcomes.append("refused")

    threads = [Thread(target=try_to_draw, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["drawn", "refused", "refused", "refused"]
    with books.db.read() as session:
        assert drawing.money_of(session, books.funds["award"]).drawn == 60_000
        said = session.scalar(
            sa.text("SELECT sum(amount) FROM ledger_entries WHERE fund_id = :fund AND account = :account"),
            {"fund": books.funds["award"], "account": Account.CASH_BANK.value},
        )
    assert said == 60_000


def held_on_award(books: Books) -> UUID:
    award(books)
    line = books.line(100, code="award")
    books.reserve(line)
    return line.hold_id


@pytest.mark.parametrize(
    ("day", "obligates", "pays"),
    [
        (date(2026, 12, 31), True, True),
        (date(2027, 1, 1), False, True),
        (date(2027, 4, 30), False, True),
        (date(2027, 5, 1), False, False),
    ],
)
def test_after_the_period_nothing_is_obligated_and_after_the_last_day_nothing_paid(
    books: Books, day: date, obligates: bool, pays: bool
) -> None:
    hold = held_on_award(books)
    noon = datetime.combine(day, datetime.min.time(), books.now.tzinfo) + timedelta(hours=17)
    with books.db.read() as session:
        for check, may in ((paying.check_may_obligate, obligates), (paying.check_may_pay, pays)):
            if may:
                check(session, [hold], now=noon)
                continue
            with pytest.raises((policy.PeriodOver, policy.LiquidationOver), match="Sample award"):
                check(session, [hold], now=noon)


def test_the_day_is_the_organisations_own(books: Books) -> None:
    hold = held_on_award(books)
    with books.db.read() as session:
        paying.check_may_obligate(session, [hold], now=datetime(2027, 1, 1, 4, tzinfo=books.now.tzinfo))


def test_every_dated_row_is_kept_as_written(books: Books, owner_url: str) -> None:
    award(books)
    engine = sa.create_engine(owner_url, poolclass=sa.NullPool)
    with pytest.raises(sa.exc.IntegrityError, match="keeps what was written"), engine.begin() as connection:
        connection.execute(sa.text("UPDATE fund_periods SET period_end = NULL"))
    engine.dispose()
