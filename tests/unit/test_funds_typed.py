"""Words, days and amounts about a source: what is kept, and what is refused at its field."""

from __future__ import annotations

from datetime import date

import pytest

from reunify.funds import typed
from reunify.kernel.money import LARGEST_CENTS, Money
from reunify.ledger.policy import Unit

HIDDEN = ("a\0b", "Tra\u202evel", "bell\x07", "half\ud800")


@pytest.mark.parametrize("text", HIDDEN, ids=ascii)
def test_hidden_characters_are_refused(text: str) -> None:
    for check in (typed.check_line, typed.check_said):
        with pytest.raises(typed.NotPlain) as refused:
            check(text, "/name", "what staff call it")
        assert refused.value.field == "/name"
    with pytest.raises(typed.NotPlain):
        typed.check_reason(f"why {text}")


def test_a_name_is_one_line_and_a_reason_may_have_several() -> None:
    assert typed.check_line("  Sample award ", "/name", "it") == "Sample award"
    for lines in ("one\ntwo", "one\r\ntwo", "one\u2028two", "one\ttwo"):
        with pytest.raises(typed.NotPlain):
            typed.check_line(lines, "/name", "it")
    assert typed.check_reason("as agreed\r\nin June ") == "as agreed\nin June"


def test_nothing_longer_is_kept_than_is_read() -> None:
    assert len(typed.check_line("x" * typed.MOST_LINE, "/name", "it")) == typed.MOST_LINE
    assert len(typed.check_reason("x" * typed.MOST_TEXT)) == typed.MOST_TEXT
    with pytest.raises(typed.TooLong):
        typed.check_line("x" * (typed.MOST_LINE + 1), "/name", "it")
    with pytest.raises(typed.TooLong):
        typed.check_reason("x" * (typed.MOST_TEXT + 1))


def test_what_is_left_out_is_said() -> None:
    with pytest.raises(typed.Missing, match="Say what staff call it"):
        typed.check_line("  ", "/name", "what staff call it")
    with pytest.raises(typed.ReasonNeeded):
        typed.check_reason(" x ")


def test_days_lie_within_a_century() -> None:
    for kept in (None, typed.FIRST_DAY, typed.LAST_DAY):
        typed.check_day(kept, "/period_end")
    for wrong in (date.min, date(1999, 12, 31), date(2101, 1, 1), date.max):
        with pytest.raises(typed.DayOutOfRange) as refused:
            typed.check_day(wrong, "/period_end")
        assert refused.value.field == "/period_end"


def test_the_most_of_every_source_can_still_be_added_up() -> None:
    for unit, most in ((Unit.CENTS, typed.MOST_CENTS), (Unit.NIGHT, typed.MOST_UNITS)):
        typed.check_most(most, unit, "/authorized")
        with pytest.raises(typed.TooMuch):
            typed.check_most(most + 1, unit, "/authorized")
    assert 4 * Money(typed.MOST_CENTS).cents * 20 < LARGEST_CENTS
    assert Money(typed.MOST_UNITS * typed.MOST_VALUE)
