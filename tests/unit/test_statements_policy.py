"""A vendor's bill: which line is of which booking, whatever the lines and in whatever order."""

from __future__ import annotations

from collections import Counter
from datetime import date
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reunify.disbursement.statements_files import StatementBroken, read_statement
from reunify.disbursement.statements_policy import Billed, Bookable, Verdict, match, plain_locator
from reunify.kernel.money import Money

DAY = date(2026, 10, 1)
HEAD = "locator,amount,date,reference\n"
LOCATORS = st.sampled_from(["QK7P2M", "qk7-p2m", "ZZ1", "zz 1", "A9"])
CENTS = st.sampled_from([19_999, 20_000, 20_001])
BOOKINGS = st.lists(st.tuples(LOCATORS, CENTS, st.booleans(), st.booleans()), max_size=6)
LINES = st.lists(st.tuples(LOCATORS, CENTS), max_size=8)


def booked(
    number: int, locator: str, cents: int, *, cancelled: bool = False, billed: bool = False
) -> Bookable:
    return Bookable(UUID(int=number), locator, Money(cents), cancelled, billed)


def line(number: int, locator: str, cents: int) -> Billed:
    return Billed(number, locator, Money(cents), DAY, None)


def verdicts(lines: list[tuple[str, int]], bookings: list[Bookable]) -> list[str]:
    listed = [line(number, *said) for number, said in enumerate(lines, 2)]
    return [judged.verdict.value for judged in match(listed, bookings)]


@given(BOOKINGS, LINES)
def test_only_a_standing_booking_is_matched_once_and_by_exactly_its_price(
    drawn: list[tuple[str, int, bool, bool]], lines: list[tuple[str, int]]
) -> None:
    bookings = {
        UUID(int=n): Bookable(UUID(int=n), b[0], Money(b[1]), b[2], b[3]) for n, b in enumerate(drawn)
    }
    found = match([line(n, *said) for n, said in enumerate(lines, 2)], bookings.values())
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


@given(BOOKINGS, LINES, st.randoms(use_true_random=False))
def test_the_order_of_the_lines_changes_nothing(
    drawn: list[tuple[str, int, bool, bool]], lines: list[tuple[str, int]], chance: object
) -> None:
    bookings = [Bookable(UUID(int=n), b[0], Money(b[1]), b[2], b[3]) for n, b in enumerate(drawn)]
    shuffled = list(lines)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]

    def told(listed: list[tuple[str, int]]) -> Counter[tuple[str, int, str]]:
        said = zip(listed, verdicts(listed, bookings), strict=True)
        return Counter((plain_locator(locator), cents, verdict) for (locator, cents), verdict in said)

    assert told(lines) == told(shuffled)


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
