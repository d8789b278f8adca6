"""A vendor's bill: which line is of which booking, whatever the lines and in whatever order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from random import Random
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reunify.bookings.policy import Days
from reunify.disbursement.statements_files import StatementBroken, read_statement
from reunify.disbursement.statements_likeness import is_same_vendor
from reunify.disbursement.statements_policy import Billed, Bookable, Verdict, match, plain_locator
from reunify.kernel.money import Money

DAY = date(2026, 10, 1)
HEAD = "locator,amount,date,reference\n"
LOCATORS = st.sampled_from(["QK7P2M", "qk7-p2m", "ZZ1", "zz 1", "A9"])
CENTS = st.sampled_from([19_999, 20_000, 20_001])
ON = st.integers(0, 3).map(lambda later: DAY + timedelta(days=later))
STAYS = st.none() | st.tuples(ON, st.integers(0, 2)).map(
    lambda said: Days(said[0], said[0] + timedelta(days=said[1]))
)
BOOKINGS = st.lists(
    st.builds(
        Bookable,
        st.just(UUID(int=0)),
        LOCATORS,
        CENTS.map(Money),
        st.booleans(),
        st.booleans(),
        st.sampled_from(["", "Prairie Air", "Harbor Coaches"]),
        STAYS,
    ),
    max_size=6,
).map(lambda drawn: [replace(booking, id=UUID(int=n)) for n, booking in enumerate(drawn)])
LINES = st.lists(st.tuples(LOCATORS, CENTS, ON), max_size=8)


def booked(
    number: int, locator: str, cents: int, *, cancelled: bool = False, billed: bool = False
) -> Bookable:
    return Bookable(UUID(int=number), locator, Money(cents), cancelled, billed)


def line(number: int, locator: str, cents: int, on: date = DAY) -> Billed:
    return Billed(number, locator, Money(cents), on, None)


def verdicts(
    lines: Sequence[tuple[str, int] | tuple[str, int, date]], bookings: list[Bookable], vendor: str = ""
) -> list[str]:
    listed = [line(number, *said) for number, said in enumerate(lines, 2)]
    return [judged.verdict.value for judged in match(listed, bookings, vendor=vendor)]


@given(BOOKINGS, LINES, st.randoms(use_true_random=False))
def test_only_a_standing_booking_is_matched_once_by_its_price_vendor_and_day_in_whatever_order(
    drawn: list[Bookable], lines: list[tuple[str, int, date]], chance: Random
) -> None:
    bookings = {booking.id: booking for booking in drawn}
    found = match(
        [line(n, *said) for n, said in enumerate(lines, 2)], bookings.values(), vendor="PRAIRIE AIR INC."
    )
    matched = [one for one in found if one.verdict is Verdict.MATCHED]
    assert [one.line.number for one in found] == list(range(2, len(lines) + 2))
    assert len({one.booking for one in matched}) == len(matched)
    for one in matched:
        assert one.booking is not None
        booking = bookings[one.booking]
        assert booking.price == one.line.amount
        assert plain_locator(booking.locator) == plain_locator(one.line.locator)
        assert not booking.cancelled
        assert not booking.billed
        assert booking.vendor != "Harbor Coaches"
        assert booking.days is None or one.line.on in booking.days

    def told(listed: list[tuple[str, int, date]]) -> Counter[tuple[str, int, date, str]]:
        said = zip(listed, verdicts(listed, drawn, "PRAIRIE AIR INC."), strict=True)
        return Counter((plain_locator(at), cents, on, verdict) for (at, cents, on), verdict in said)

    shuffled = list(lines)
    chance.shuffle(shuffled)
    assert told(lines) == told(shuffled)


def test_three_nights_of_one_stay_are_billed_by_their_days_and_a_fourth_is_a_case() -> None:
    nights = [replace(booked(n, "QK7P2M", 100), days=Days(*later(n, n + 1))) for n in (1, 2, 3)]
    on = {n: later(n)[0] for n in range(9)}
    assert verdicts([("QK7P2M", 100, on[n]) for n in (3, 1, 2)], nights) == ["matched"] * 3
    assert verdicts([("QK7P2M", 100, on[n]) for n in (2, 3, 4)], nights) == ["matched"] * 3  # as they leave
    said = [("QK7P2M", 100, on[n]) for n in (1, 1, 7)]
    assert verdicts(said, nights) == ["matched", "other_days", "other_days"]
    ours = [replace(night, vendor="Harbor Hotel El Paso") for night in nights]
    assert verdicts([("QK7P2M", 100, on[1])], ours, "HARBOR HOTEL, Inc.") == ["matched"]
    assert verdicts([("QK7P2M", 100, on[1])], ours, "Harbor Air") == ["other_vendor"]


def later(*days: int) -> list[date]:
    return [DAY + timedelta(days=n) for n in days]


def test_a_vendors_name_is_the_same_however_it_is_written() -> None:
    same = (
        ("PRAIRIE AIR, LLC", "Prairie Air"),
        ("Jose's Taxi", "JOSÉS TAXI CO."),
        ("PrairieAir", "Prairie Air"),
    )
    for billed, booked_with in (*same, ("The Company", "the company"), ("Anybody", "")):
        assert is_same_vendor(billed, booked_with)
    for billed, booked_with in (("Prairie Hotel", "Prairie Air"), ("Air", "Airport Inn"), ("--", "Prairie")):
        assert not is_same_vendor(billed, booked_with)


def test_each_line_is_told_apart() -> None:
    bookings = [
        booked(1, "QK7P2M", 30_000),
        booked(2, "ZZ1", 30_000, cancelled=True),
        booked(3, "A9", 30_000, billed=True),
    ]
    assert verdicts([("qk7 p2m", 30_000), ("QK7P2M", 30_000)], bookings) == ["matched", "billed_twice"]
    assert verdicts([("QK7P2M", 30_001)], bookings) == ["other_amount"]
    assert verdicts([("ZZ1", 30_000)], bookings) == ["cancelled_booking"]
    assert verdicts([("A9", 30_000), ("B1", 30_000)], bookings) == ["billed_twice", "unknown"]


def test_two_travelers_of_one_locator_are_two_lines_of_a_bill() -> None:
    bookings = [booked(1, "QK7P2M", 30_000), booked(2, "QK7P2M", 30_000)]
    assert verdicts([("QK7P2M", 30_000)] * 3, bookings) == ["matched", "matched", "billed_twice"]


def test_a_bill_is_read_whole() -> None:
    body = (
        b"\xef\xbb\xbfReference,locator,AMOUNT,date\r\n"
        b'F-77,QK7P2M,"$1,284.50",2026-10-01\r\n\r\n,ZZ1,5,2026-10-02\r\n'
    )
    assert read_statement(body) == [
        Billed(2, "QK7P2M", Money(128_450), DAY, "F-77"),
        Billed(4, "ZZ1", Money(500), date(2026, 10, 2), None),
    ]


BROKEN = {
    "a bomb of lines": (HEAD + "Q1,1,2026-10-01,\n" * 501, "501 lines"),
    "a column twice": ("locator,locator,amount,date,reference\n", "`locator` twice"),
    "a control character": (HEAD + "Q\u202e1,1,2026-10-01,\n", "line 2: found hidden"),
    "a credit": (HEAD + "Q1,-5.00,2026-10-01,\n", "line 2, `amount`"),
    "a fraction of a cent": (HEAD + "Q1,5.001,2026-10-01,\n", "line 2, `amount`"),
    "a formula": (HEAD + '"=HYPERLINK(""http://x"")",1,2026-10-01,\n', "line 2, `locator`: found a sign"),
    "a formula in the reference": (HEAD + "Q1,1,2026-10-01,@SUM(A1)\n", "line 2, `reference`"),
    "a guest's name": (HEAD + "Q1,1,2026-10-01,Maria Lopez\n", "without a guest's name"),
    "a missing column": ("locator,amount,date\n", "no column `reference`"),
    "a quote left open": (HEAD + '"Q1,1,2026-10-01,\n', "quotes that do not match"),
    "a second line in a cell": (HEAD + '"Q\n1",1,2026-10-01,\n', "a line break in a cell"),
    "a short line": (HEAD + "Q1,1\n", "2 cells"),
    "an impossible day": (HEAD + "Q1,1,2026-02-30,\n", "line 2, `date`"),
    "an unknown column": ("locator,amount,date,reference,guest\n", "column 5: found an unknown column"),
    "no line": (HEAD, "no lines"),
    "no locator": (HEAD + "--,1,2026-10-01,\n", "line 2, `locator`"),
    "nothing": ("", "whole file"),
    "zero": (HEAD + "Q1,0.00,2026-10-01,\n", "line 2, `amount`"),
}


@pytest.mark.parametrize("case", sorted(BROKEN))
def test_hostile_content_is_refused_with_its_place_and_never_said_back(case: str) -> None:
    body, said = BROKEN[case]
    with pytest.raises(StatementBroken) as refused:
        read_statement(body.encode())
    assert said in str(refused.value)
    assert "Allowed: " in str(refused.value)
    assert "Lopez" not in str(refused.value)
    assert "HYPERLINK" not in str(refused.value)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("locator".encode("utf-16"), "UTF-16"),
        (HEAD.encode() + b"Q\xff,1,2026-10-01,\n", "line 2: found bytes that are not text"),
        (b"x" * 200_001, "more than 200000 bytes"),
    ],
)
def test_other_encodings_and_sizes_are_refused(body: bytes, said: str) -> None:
    with pytest.raises(StatementBroken, match=said):
        read_statement(body)
