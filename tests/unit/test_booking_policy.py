"""What the desk may say of a booking, and when its alarm rings."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from reunify.bookings import policy
from reunify.bookings.policy import OverCeiling, Step, ToBook
from reunify.intake.form import Category, Settlement
from reunify.kernel.money import Money
from reunify.kernel.moves import START

NOW = datetime(2026, 11, 26, 2, 40, tzinfo=UTC)
SEAT = ToBook("flight", Step.TICKETED, "Prairie Air", "QK7P2M", 31_240, 0, "travel_card")


def wrong(told: ToBook, settlement: str = "organisation_books") -> list[str]:
    return [p.pointer for p in policy.problems(told, settlement, at="/lines/0", now=NOW)]


def test_a_ticket_with_its_number_and_price_needs_nothing_more() -> None:
    assert wrong(SEAT) == []


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"vendor": " "}, "vendor"),
        ({"vendor": "Prairie\u202eAir"}, "vendor"),
        ({"locator": ""}, "locator"),
        ({"fare_rules": "x" * 2001}, "fare_rules"),
        ({"price_cents": -1}, "price_cents"),
        ({"tax_cents": 31_241}, "tax_cents"),
        ({"tax_cents": -1}, "tax_cents"),
        ({"paid_with": "partner"}, "paid_with"),
        ({"paid_with": "coins"}, "paid_with"),
        ({"deposit": "the mother"}, "deposit"),
        ({"cancel_by": NOW}, "cancel_by"),
        ({"cancel_by": datetime(2026, 11, 27, 2)}, "cancel_by"),
        ({"step": Step.HELD}, "cancel_by"),
    ],
)
def test_what_is_missing_or_impossible_is_named_at_its_field(change: dict[str, object], field: str) -> None:
    assert f"/lines/0/{field}" in wrong(replace(SEAT, **change))  # type: ignore[arg-type]


def test_what_is_only_booked_may_wait_for_its_number() -> None:
    assert wrong(replace(SEAT, step=Step.BOOKED, locator="")) == []


def test_what_a_partner_gives_costs_nothing() -> None:
    gift = replace(SEAT, paid_with="partner", price_cents=0)
    assert wrong(gift, "partner_gives") == []
    assert wrong(replace(gift, price_cents=1), "partner_gives") == ["/lines/0/price_cents"]


@pytest.mark.parametrize(("price", "over"), [(29_999, None), (30_000, None), (30_001, 1)])
def test_at_or_under_the_ceiling_nobody_is_asked_and_one_cent_over_is_named(
    price: int, over: int | None
) -> None:
    if over is None:
        policy.check_price("Line flight", Money(price), limit=Money(30_000), field="/x")
        return
    with pytest.raises(OverCeiling, match=r"\$0\.01 more than the \$300\.00") as refused:
        policy.check_price("Line flight", Money(price), limit=Money(30_000), field="/x")
    assert refused.value.over == Money(over)


def test_everything_with_a_ticket_or_a_bed_is_booked_when_it_is_not_the_familys_to_pay() -> None:
    booked = {(s, c) for s in Settlement for c in Category if policy.is_booked(s, c)}
    assert (Settlement.ORGANISATION_BOOKS, Category.UNACCOMPANIED_MINOR_FEE) in booked
    assert not {s for s, _ in booked} & {Settlement.ADVANCE, Settlement.REPAID}
    assert not {c for _, c in booked} & {Category.MEALS, Category.MILEAGE, Category.LOCAL_TRANSPORT}
    for_us = {c for s, c in booked if policy.paid_when_ticketed(s, c)}
    assert for_us == policy.BOOKED


BY = NOW + timedelta(hours=24)


@pytest.mark.parametrize(
    ("state", "minutes", "rings"),
    [
        ("ticketed", -1, False),
        ("ticketed", 0, True),
        ("ticketed", 24 * 60, False),  # too late to cancel without cost: nothing left to decide
        ("held", 24 * 60, True),  # what was only held has lapsed, and somebody must see it
        ("cancelled", 0, False),
        ("used", 0, False),
        ("wanted", 0, False),
    ],
)
def test_the_alarm_rings_a_day_before_the_last_moment_to_cancel(
    state: str, minutes: int, rings: bool
) -> None:
    at = NOW + timedelta(minutes=minutes)
    assert policy.alarms(state, BY, None, now=at) is rings
    assert not policy.alarms(state, BY, at, now=at)  # somebody said: keep it
    assert not policy.alarms(state, None, None, now=at)


def test_every_pair_of_state_and_verb_is_a_move_or_refused() -> None:
    verbs = {move.verb for move in policy.BOOKING}
    table = {(m.source, m.verb): m.target for m in policy.BOOKING}
    states = [START, *policy.BOOKING.states]
    assert {state for state in states if not any((state, v) in table for v in verbs)} == set(policy.ENDED)
    assert set(policy.OPEN) | set(policy.PRICED) | {"cancelled"} == set(policy.BOOKING.states)
    assert all((state, "cancel") in table for state in (*policy.OPEN, "ticketed"))
