"""The smoke run, against the simulator: so that it works on the day somebody has a real test account."""

from __future__ import annotations

from pathlib import Path

import pytest

from reunify.sandbox.stripe_simulator.options import Options
from reunify.sandbox.stripe_simulator.serving import running
from reunify.sandbox.stripe_simulator.shapes import FINANCIAL_ACCOUNT
from tests.stripe_sandbox_smoke import main


def test_it_pays_one_dollar_once_and_says_each_step(tmp_path: Path) -> None:
    told: list[str] = []
    with running(Options(data=tmp_path, settle_after=None)) as simulator:
        said = {
            "REUNIFY_SMOKE_KEY": "sk_test_sandbox",
            "REUNIFY_SMOKE_FINANCIAL_ACCOUNT": FINANCIAL_ACCOUNT,
            "REUNIFY_SMOKE_BASE": simulator.url,
        }
        assert main(said, told.append) == 0
        assert len(simulator.bank.store.all("payment")) == 1
        assert len(simulator.bank.store.all("account")) == 1
    assert [line.split(":")[0] for line in told] == [
        "balance",
        "payee",
        "payee asked for again with the same key",
        "payment of $1.00",
        "the same bytes with the same key",
        "looked up",
        "listed",
        "statement",
    ]


@pytest.mark.parametrize("key", ["", "rk_live_1", "sk_live_1"])
def test_without_a_test_key_nothing_is_asked(key: str) -> None:
    told: list[str] = []
    said = {"REUNIFY_SMOKE_KEY": key, "REUNIFY_SMOKE_FINANCIAL_ACCOUNT": "fa_test_1"}
    assert main(said, told.append) == 2
    assert told == ["Set REUNIFY_SMOKE_KEY to a key of your test account: it begins with sk_test_."]


def test_a_test_key_goes_to_no_other_host() -> None:
    told: list[str] = []
    said = {
        "REUNIFY_SMOKE_KEY": "sk_test_1",
        "REUNIFY_SMOKE_FINANCIAL_ACCOUNT": "fa_test_1",
        "REUNIFY_SMOKE_BASE": "https://stripe.example.org",
    }
    assert main(said, told.append) == 2
    assert told[0].startswith("Refused: ")
