"""Money never loses a cent; moves refuse in words; text is safe; canonical JSON has one spelling."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reunify.kernel.canonical import canonical, digest_of
from reunify.kernel.ids import SAFE_ALPHABET, new_reference
from reunify.kernel.money import Money, NotMoney, total
from reunify.kernel.moves import START, Move, Moves, WrongState
from reunify.kernel.text import cleaned, is_safe

cents = st.integers(min_value=0, max_value=10**9)


@given(cents, st.lists(st.integers(0, 1000), min_size=1, max_size=8).filter(any))
def test_parts_of_a_split_sum_exactly(amount: int, weights: list[int]) -> None:
    parts = Money(amount).split(weights)
    assert total(parts) == Money(amount)
    assert all(not part for part, weight in zip(parts, weights, strict=True) if weight == 0)


@given(cents)
def test_money_written_out_reads_back(amount: int) -> None:
    assert Money.parse(str(Money(amount))) == Money(amount)


@pytest.mark.parametrize("value", [1.5, True, "12", None, Decimal("1")])
def test_money_refuses_anything_but_whole_cents(value: object) -> None:
    with pytest.raises(NotMoney):
        Money(value)  # type: ignore[arg-type]


@pytest.mark.parametrize("written", ["", "1.5", "1,28.00", "-3.00", "12.345", "1e3", "$"])
def test_money_that_cannot_be_read_says_how_to_write_it(written: str) -> None:
    with pytest.raises(NotMoney, match="dollars and cents"):
        Money.parse(written)


def test_currencies_do_not_mix() -> None:
    with pytest.raises(NotMoney, match="cannot combine USD with EUR"):
        Money(1) + Money(1, "EUR")


def test_a_published_rate_with_a_fraction_of_a_cent_is_refused() -> None:
    assert Money.from_dollars(Decimal("64.50")) == Money(6450)
    with pytest.raises(NotMoney):
        Money.from_dollars(Decimal("0.725"))


DOOR = Moves("door", Move(START, "hang", "shut", "joiner"), Move("shut", "open", "open", "anyone"))


@dataclass
class Door:
    state: str


@pytest.mark.parametrize("state", ["shut", "open"])
@pytest.mark.parametrize("verb", ["hang", "open"])
def test_only_the_listed_moves_are_possible(state: str, verb: str) -> None:
    door = Door(state)
    if (state, verb) == ("shut", "open"):
        assert DOOR.apply(door, verb).target == door.state == "open"
    else:
        with pytest.raises(WrongState, match=f"This door is {state}"):
            DOOR.apply(door, verb)
        assert door.state == state


def test_the_picture_shows_every_move() -> None:
    assert DOOR.mermaid().splitlines()[1:] == [
        "    [*] --> shut: hang (joiner)",
        "    shut --> open: open (anyone)",
    ]


@pytest.mark.parametrize("text", ["a\x00b", "\u202eabc", "x\x1b[0m", "\ud800", "\ufeff", "\u2066a"])
def test_hidden_characters_are_not_safe(text: str) -> None:
    assert not is_safe(text)
    assert is_safe(cleaned(text))


@pytest.mark.parametrize("text", ["Peña & Söhne <b>", "מיכל", "田中", "line\nbreak\ttab", "🧸"])
def test_names_of_all_peoples_are_safe(text: str) -> None:
    assert is_safe(text)


def test_canonical_json_has_one_spelling_and_no_floats() -> None:
    assert canonical({"b": 1, "a": "é"}) == '{"a":"é","b":1}'.encode()
    assert digest_of({"a": 1, "b": 2}) == digest_of({"b": 2, "a": 1})
    with pytest.raises(TypeError, match="float"):
        canonical({"a": [1.0]})


def test_a_reference_can_be_read_down_a_phone_line() -> None:
    letters = new_reference("R").removeprefix("R-")
    assert len(letters) == 6
    assert set(letters) <= set(SAFE_ALPHABET)
    assert not set(SAFE_ALPHABET) & set("AEIOU0OIL1Z2S5B8")
