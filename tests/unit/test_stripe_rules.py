"""What may never reach Stripe, and where keys may never be sent."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from reunify.adapters import stripe_gateway  # noqa: F401 pins the logger on import
from reunify.adapters.stripe_outgoing import check_payment
from reunify.adapters.stripe_rules import (
    LIVE_BASE,
    NotForStripe,
    StripeSetup,
    UnsafeSetup,
    allowed_metadata,
    check_setup,
    page_of_stripe,
)
from reunify.sandbox.stripe_simulator.options import NotOnLoopback, Options


def setup(**changes: Any) -> StripeSetup:
    said = {"key": "sk_test_1", "financial_account": "fa_1", "base": LIVE_BASE}
    return StripeSetup(**{**said, **changes})


@pytest.mark.parametrize(
    "changes",
    [
        {"key": "sk_live_1", "base": "http://127.0.0.1:12111"},
        {"key": "sk_live_1", "base": "https://api.stripe.com.example.org"},
        {"key": "sk_test_1", "base": "http://10.0.0.7:12111"},
        {"key": "sk_test_1", "base": "https://example.org"},
        {"key": "pk_test_1"},
    ],
)
def test_a_key_is_never_sent_where_it_does_not_belong(changes: dict[str, str]) -> None:
    with pytest.raises(UnsafeSetup):
        check_setup(setup(**changes))


@pytest.mark.parametrize("base", [LIVE_BASE, "http://127.0.0.1:12111", "http://localhost:12111"])
def test_a_test_key_may_go_to_stripe_or_to_this_machine(base: str) -> None:
    check_setup(setup(base=base))


def test_a_live_key_may_go_to_stripe() -> None:
    check_setup(setup(key="rk_live_1"))


def test_logging_of_whole_requests_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRIPE_LOG", "debug")
    with pytest.raises(UnsafeSetup, match="STRIPE_LOG"):
        check_setup(setup())


def test_the_stripe_logger_never_prints_request_bodies() -> None:
    assert not logging.getLogger("stripe").isEnabledFor(logging.INFO)


def test_the_key_is_not_in_the_repr() -> None:
    assert "sk_test_1" not in repr(setup())


@pytest.mark.parametrize(
    "metadata",
    [
        {"child": "A. R."},
        {"reunify_disbursement": "case 1234567"},
        {"reunify_disbursement": "not-a-uuid"},
        {"env": "Omaha NE"},
        {"schema": "missing child"},
    ],
)
def test_metadata_outside_the_allow_list_is_refused(metadata: dict[str, str]) -> None:
    with pytest.raises(NotForStripe):
        allowed_metadata(metadata)


def test_our_opaque_reference_is_allowed() -> None:
    marks = {"reunify_disbursement": str(uuid4()), "env": "test", "schema": "1"}
    assert allowed_metadata(marks) == marks


@pytest.mark.parametrize(
    "change",
    [
        {"description": "Bus home for the boy"},
        {"statement_descriptor": "MISSING KIDS"},
        {"recipient_notification": {"setting": "configured"}},
        {"metadata": {"note": "x"}},
    ],
)
def test_a_payment_with_anything_more_is_stopped_before_it_leaves(change: dict[str, Any]) -> None:
    good: dict[str, Any] = {
        "statement_descriptor": "FAMILY SVC",
        "recipient_notification": {"setting": "none"},
        "metadata": {"schema": "1"},
    }
    check_payment(good)
    with pytest.raises(NotForStripe):
        check_payment({**good, **change})


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.1.2.3", "example.org", ""])
def test_the_simulator_listens_on_this_machine_only(host: str, tmp_path: Path) -> None:
    with pytest.raises(NotOnLoopback):
        Options(data=tmp_path, host=host)


@pytest.mark.parametrize("url", ["http://example.org/hook", "https://127.0.0.1/hook", "ftp://localhost/"])
def test_the_simulator_delivers_to_this_machine_only(url: str, tmp_path: Path) -> None:
    with pytest.raises(NotOnLoopback):
        Options(data=tmp_path, webhook_url=url)


ELSEWHERE = (
    "http://connect.stripe.com/setup",
    "https://stripe.com.example.org/setup",
    "https://evilstripe.com/setup",
    "https://connect.stripe.com@example.org/",
    "http://127.0.0.1:12111/hosted/bank_details/x",
    "javascript:alert(1)",
)


def test_a_family_is_sent_to_a_page_of_stripes_and_nowhere_else() -> None:
    assert page_of_stripe("https://connect.stripe.com/setup/x", LIVE_BASE).endswith("/setup/x")
    here = "http://127.0.0.1:12111"
    assert page_of_stripe(f"{here}/hosted/bank_details/x", here).startswith(here)
    for address, base in [*((one, LIVE_BASE) for one in ELSEWHERE), ("http://127.0.0.1:9/x", here)]:
        with pytest.raises(ValueError, match=r"no page of Stripe's"):
            page_of_stripe(address, base)
