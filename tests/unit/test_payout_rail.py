"""Why a payee cannot be reached, how the rail stands, and what a payout will cost: told before it is sent."""

from __future__ import annotations

import pytest

from reunify.disbursement import rail_policy
from reunify.disbursement.outcomes import Known, NotTried, Payment, Status, Unclear
from reunify.disbursement.rail_policy import Rail, lacks
from reunify.kernel.money import Money
from reunify.rates import fees
from reunify.rates.policy import Setting, stored
from reunify.web.pages.labels import label

LET_IN = Known(Payment("obp_1", Status.PROCESSING, Money(100)))


@pytest.mark.parametrize(
    ("ach", "rtp", "why"),
    [
        (("active", ()), ("unsupported", ("unsupported_country",)), None),
        (("pending", ("determining_status",)), ("unsupported", ()), "capability_pending"),
        (("restricted", ("rejected_other",)), ("restricted", ()), "payee_rejected"),
        (("restricted", ("requirements_past_due",)), ("pending", ()), "bank_details_missing"),
        (("restricted", ("restricted_other",)), ("unsupported", ()), "capability_restricted"),
        (("unsupported", ("unsupported_business",)), ("unsupported", ()), "capability_unsupported"),
        (("unsupported", ("unsupported_country",)), ("unsupported", ()), "unsupported_country"),
    ],
)
def test_one_active_network_is_enough_and_the_reason_is_named_otherwise(
    ach: tuple[str, tuple[str, ...]], rtp: tuple[str, tuple[str, ...]], why: str | None
) -> None:
    assert lacks({"ach": ach, "rtp": rtp}) == why
    if why in rail_policy.CANNOT_BE_REACHED:
        assert "pay it another way" in label(str(why))


def test_what_holds_up_the_rail_is_told_before_what_holds_up_one_payee() -> None:
    both = ("unsupported_country", "feature_not_enabled")
    assert rail_policy.rail(on=False, troubles=both) is Rail.OFF
    assert rail_policy.rail(on=True, troubles=both) is Rail.NOT_ENABLED
    assert rail_policy.rail(on=True, troubles=both[:1]) is Rail.LACKS_CAPABILITY
    assert rail_policy.rail(on=True, troubles=("bank_details_missing",)) is Rail.READY
    sentences = {rail_policy.sentence(state, troubles=both) for state in Rail}
    assert len(sentences) == len(Rail)
    assert "checks the key" in rail_policy.sentence(Rail.NOT_ENABLED, troubles=("not_permitted",))


def test_only_a_key_that_is_not_let_in_is_the_rails_trouble() -> None:
    after = rail_policy.trouble_after
    assert after(None, NotTried("forbidden", refuses_us=True)) == "not_permitted"
    assert after(None, NotTried("rate_limit")) is None
    assert after("not_permitted", Unclear("timeout")) == "not_permitted"
    assert after("not_permitted", LET_IN) is None
    assert after("insufficient_funds", LET_IN) == "insufficient_funds"


@pytest.mark.parametrize(
    ("written", "cents", "fee"),
    [
        ("1.50", 100_000, 150),
        ("1.50 + 0.75%", 100_001, 901),
        ("1.50 + 0.75%, at least 2.00", 1_000, 200),
        ("25.00", 1, 2_500),
    ],
)
def test_a_fee_is_read_as_it_is_written_and_rounded_up(written: str, cents: int, fee: int) -> None:
    assert stored(Setting.PAYOUT_FEE_INSTANT, f" {written} ") == (None, written)
    assert fees.read(written).of(Money(cents)) == Money(fee)


@pytest.mark.parametrize("written", ["1.5", "free", "1.50 + 0,75%", "-1.50", "1.50 at least 2.00"])
def test_a_fee_that_cannot_be_read_is_refused_with_an_example(written: str) -> None:
    with pytest.raises(fees.NotAFee, match=r"1\.50 \+ 0\.75%"):
        stored(Setting.PAYOUT_FEE_STANDARD, written)
