"""How old a cost is, which fund bore it when, and what an expanded justification owes. Pure."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from reunify.closeout import dollar, policy, spent
from reunify.closeout.policy import Late
from reunify.kernel.ids import FundId
from reunify.kernel.refusals import BadInput
from reunify.ledger.policy import Account, Kind
from reunify.ledger.queries import Line

OWN, GIFT = FundId(uuid4()), FundId(uuid4())
PAID = date(2026, 9, 1)


def entry(
    kind: Kind,
    amount: int,
    day: int,
    *,
    fund: FundId = OWN,
    account: Account = Account.EXPENDED,
    event: UUID | None = None,
    corrects: UUID | None = None,
) -> Line:
    on = PAID + timedelta(days=day)
    return Line(
        event_id=event or uuid4(),
        kind=kind,
        external_ref="ref",
        day=on,
        at=datetime(on.year, on.month, on.day, tzinfo=UTC),
        by="staff:x",
        book="budget",
        fund_id=fund,
        budget_category="transport",
        account=account,
        unit="cents",
        amount=amount,
        hold_id=None,
        happened_on=on,
        corrects=corrects,
    )


@pytest.mark.parametrize(
    ("told", "day"),
    [
        ([(Kind.EXPEND, 100, 0)], 0),
        ([(Kind.EXPEND, 60, 0), (Kind.EXPEND, 40, 20)], 0),
        ([(Kind.EXPEND, 100, 0), (Kind.GIVE_BACK, -100, 5), (Kind.EXPEND, 100, 30)], 30),
        ([(Kind.EXPEND, 60, 0), (Kind.EXPEND, 40, 20), (Kind.GIVE_BACK, -40, 25)], 0),
        ([(Kind.EXPEND, 60, 0), (Kind.EXPEND, 40, 20), (Kind.RECOVER, -99, 25)], 0),
        ([(Kind.EXPEND, 100, 0), (Kind.COST_TRANSFER, -100, 50), (Kind.COST_TRANSFER, 100, 50)], 0),
        ([(Kind.EXPEND, 100, 0), (Kind.GIVE_BACK, -100, 5)], None),
        ([], None),
    ],
)
def test_a_cost_is_as_old_as_its_oldest_payment_that_stands(
    told: list[tuple[Kind, int, int]], day: int | None
) -> None:
    found = spent.posted_on([entry(*one) for one in told])
    assert found == (None if day is None else PAID + timedelta(days=day))


def test_a_transfer_that_was_reversed_leaves_the_age_as_it_was() -> None:
    moved = uuid4()
    told = [
        entry(Kind.EXPEND, 100, 0),
        entry(Kind.COST_TRANSFER, -100, 10, event=moved),
        entry(Kind.CORRECT, 100, 20, corrects=moved),
    ]
    assert spent.posted_on(told) == PAID


def test_a_payment_that_was_reversed_is_as_if_it_had_come_back() -> None:
    first = uuid4()
    told = [
        entry(Kind.EXPEND, 100, 0, event=first),
        entry(Kind.CORRECT, -100, 3, corrects=first),
        entry(Kind.EXPEND, 100, 9),
    ]
    assert spent.posted_on(told) == PAID + timedelta(days=9)


def test_a_line_was_first_paid_when_its_oldest_payment_that_was_not_reversed_took_place() -> None:
    wrong = uuid4()
    told = [
        entry(Kind.OBLIGATE, 100, 0, account=Account.OBLIGATED),
        entry(Kind.EXPEND, 100, 1, event=wrong),
        entry(Kind.CORRECT, -100, 2, corrects=wrong),
        entry(Kind.EXPEND, 100, 4),
        entry(Kind.GIVE_BACK, -100, 6),
        entry(Kind.EXPEND, 100, 9),
        entry(Kind.COST_TRANSFER, 100, 12, fund=GIFT),
    ]
    assert spent.paid_on(told) == PAID + timedelta(days=4)
    assert spent.paid_on(told[:1]) is None


def test_a_cost_is_of_the_day_it_was_obligated_last() -> None:
    told = [
        entry(Kind.OBLIGATE, 100, 1, account=Account.OBLIGATED),
        entry(Kind.UNOBLIGATE, -100, 2, account=Account.OBLIGATED),
        entry(Kind.OBLIGATE, 100, 4, account=Account.OBLIGATED),
        entry(Kind.EXPEND, -100, 8, account=Account.OBLIGATED),
    ]
    assert spent.incurred_on(told) == PAID + timedelta(days=4)
    assert spent.incurred_on([]) is None


def test_the_history_adds_up_at_every_step() -> None:
    moved = uuid4()
    steps = dollar.told(
        [
            entry(Kind.EXPEND, 100, 0),
            entry(Kind.EXPEND, -100, 0, account=Account.OBLIGATED),
            entry(Kind.COST_TRANSFER, -70, 5, event=moved),
            entry(Kind.COST_TRANSFER, 70, 5, fund=GIFT, event=moved),
            entry(Kind.RECOVER, -70, 9, fund=GIFT),
        ]
    )
    bore = [{b.fund_id: b.cents for b in step.bears} for step in steps]
    assert bore == [{OWN: 100}, {OWN: 30, GIFT: 70}, {OWN: 30}]
    assert [{b.fund_id: b.cents for b in step.changes} for step in steps][1] == {OWN: -70, GIFT: 70}


@pytest.mark.parametrize(("day", "left"), [(0, 90), (89, 1), (90, 0), (91, -1)])
def test_the_clock_counts_from_the_day_it_was_posted(day: int, left: int) -> None:
    on = PAID + timedelta(days=day)
    assert policy.days_left(PAID, on) == left
    assert policy.is_late(PAID, on) == (left < 0)


def test_in_time_nothing_more_is_kept_than_was_asked_for() -> None:
    on = PAID + timedelta(days=90)
    assert policy.check_late(Late("a", "b", "c"), posted_on=PAID, on=on) == {}


@pytest.mark.parametrize(("length", "kept"), [(19, False), (20, True), (2_000, True), (2_001, False)])
def test_an_answer_is_a_sentence_and_no_book(length: int, kept: bool) -> None:
    on = PAID + timedelta(days=91)
    late = Late("x" * length, "y" * 20, "z" * 20)
    if kept:
        assert policy.check_late(late, posted_on=PAID, on=on)["why_charged"] == "x" * length
    else:
        with pytest.raises(BadInput) as refused:
            policy.check_late(late, posted_on=PAID, on=on)
        assert [p.pointer for p in refused.value.problems] == ["/why_charged"]
