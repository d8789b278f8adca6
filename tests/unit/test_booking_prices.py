"""What a booked price moves: always to the cent, never more than is held, whatever the holds were before."""

from __future__ import annotations

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from reunify.bookings import prices
from reunify.bookings.prices import Moving
from reunify.kernel.ids import FundId
from reunify.ledger.policy import BudgetCategory, Hold, Unit

CENTS = st.integers(0, 100_000)
FUND = FundId(UUID(int=9))


def hold(number: int, reserved: int, obligated: int = 0, expended: int = 0) -> Hold:
    ceiling = reserved + obligated + expended
    name, category = UUID(int=number), BudgetCategory.TRANSPORT
    return Hold(name, FUND, category, Unit.CENTS, ceiling, reserved, obligated, expended)


@st.composite
def priced(draw: st.DrawFn) -> tuple[int, list[Hold]]:
    """One to four holds in any mix of reserved, obligated and expended, and a price at or under them all."""
    amounts = draw(st.lists(st.tuples(CENTS, CENTS, CENTS), min_size=1, max_size=4))
    holds = [hold(number, *one) for number, one in enumerate(amounts)]
    return draw(st.integers(0, prices.limit(holds))), holds


def after(holds: list[Hold], moving: Moving) -> list[tuple[int, int, int]]:
    """reserved, obligated, expended of each hold once it was posted."""
    return [
        (
            h.reserved - moving.obligate.get(h.id, 0) + moving.unobligate.get(h.id, 0)
            - moving.unreserve.get(h.id, 0),
            h.obligated + moving.obligate.get(h.id, 0) - moving.unobligate.get(h.id, 0)
            - moving.fail.get(h.id, 0),
            h.expended,
        )
        for h in holds
    ]  # fmt: skip


@given(priced())
def test_a_ticket_leaves_nothing_reserved_and_the_price_obligated_or_spent(
    case: tuple[int, list[Hold]],
) -> None:
    price, holds = case
    moving = prices.when_ticketed(price, holds)
    now = after(holds, moving)
    assert all(reserved == 0 and obligated >= 0 for reserved, obligated, _ in now)
    owed = sum(obligated for _, obligated, _ in now)
    assert owed == prices.to_pay(price, holds)
    shares = prices.divided(price, holds)
    assert sum(shares.values()) == price
    for h, (_, obligated, expended) in zip(holds, now, strict=True):
        assert obligated + expended == max(shares[h.id], h.expended)


@given(priced())
def test_no_posting_takes_more_than_is_there_nor_moves_one_cent_two_ways(
    case: tuple[int, list[Hold]],
) -> None:
    price, holds = case
    for moving in (
        prices.when_ticketed(price, holds),
        prices.when_changed(holds),
        prices.when_cancelled(holds),
    ):
        for h in holds:
            assert moving.obligate.get(h.id, 0) + moving.unreserve.get(h.id, 0) <= h.reserved
            assert moving.fail.get(h.id, 0) + moving.unobligate.get(h.id, 0) <= h.obligated
            assert h.id not in moving.obligate or h.id not in moving.fail


@given(priced())
def test_a_change_keeps_everything_held_and_a_cancellation_only_what_was_spent(
    case: tuple[int, list[Hold]],
) -> None:
    _, holds = case
    changed = after(holds, prices.when_changed(holds))
    assert [sum(one) for one in changed] == [h.live for h in holds]
    assert all(obligated == 0 for _, obligated, _ in changed)
    cancelled = after(holds, prices.when_cancelled(holds))
    assert [one[:2] for one in cancelled] == [(0, 0)] * len(holds)


def test_the_first_fund_of_the_plan_is_used_up_before_the_next() -> None:
    first, second = hold(1, 30_000), hold(2, 20_000)
    moving = prices.when_ticketed(31_240, [first, second])
    assert moving.obligate == {first.id: 30_000, second.id: 1_240}
    assert moving.unreserve == {second.id: 18_760}


def test_a_cheaper_fare_than_the_release_obligated_gives_the_difference_back() -> None:
    only = hold(1, 1_000, 30_000)
    assert prices.when_ticketed(29_000, [only]) == Moving(fail={only.id: 1_000}, unreserve={only.id: 1_000})


def test_a_fare_that_was_paid_and_became_cheaper_binds_us_to_nothing_more() -> None:
    only = hold(1, 0, 0, 30_000)
    assert prices.when_ticketed(25_000, [only]) == Moving()
    assert prices.to_pay(25_000, [only]) == 0
