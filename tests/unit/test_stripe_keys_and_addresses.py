"""Every kind of key with every kind of address: settings and the adapter give the same verdict."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import pytest
import requests

from reunify.adapters.stripe_client import StripeDoor
from reunify.adapters.stripe_rules import LIVE_BASE, StripeSetup, UnsafeSetup, check_setup
from reunify.settings import stripe_problem

LIVE = ("rk_live_1", "sk_live_1")
TEST = ("rk_test_1", "sk_test_1")
NO_KEYS = ("", " sk_test_1", "SK_LIVE_1", "pk_live_1", "pk_test_1", "sk_liv_1", "whsec_1")
HERE = ("http://127.0.0.1:12111", "http://[::1]:12111", "http://localhost:12111")
ELSEWHERE = (
    "http://10.0.0.7:12111",
    "http://127.0.0.1.example.org",
    "http://127.0.0.1@example.org",
    "http://api.stripe.com",
    "https://api.stripe.com.example.org",
    "https://api.stripe.com@example.org",
    "https://example.org",
    "https://example.org/https://api.stripe.com",
)
PAIRS = sorted(product((*LIVE, *TEST, *NO_KEYS), (LIVE_BASE, *HERE, *ELSEWHERE)))


def belongs(key: str, base: str) -> bool:
    if key in LIVE:
        return base == LIVE_BASE
    return key in TEST and (base == LIVE_BASE or base in HERE)


@pytest.mark.parametrize("key", sorted({key for key, _ in PAIRS}))
def test_a_key_starts_only_where_it_belongs(key: str) -> None:
    for base in sorted({base for _, base in PAIRS}):
        allowed = belongs(key, base)
        assert (stripe_problem(key, base) is None) is allowed, base
        if allowed:
            check_setup(StripeSetup(key, "fa_1", base))
        else:
            with pytest.raises(UnsafeSetup):
                check_setup(StripeSetup(key, "fa_1", base))


def test_the_way_out_is_the_machines_and_the_key_is_ours(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A proxy of the environment is used; a password file of the machine never stands in for the key."""
    passwords = tmp_path / "netrc"
    passwords.write_text("machine api.stripe.com login somebody password else\n")
    passwords.chmod(0o600)
    monkeypatch.setenv("NETRC", str(passwords))
    monkeypatch.setenv("HTTPS_PROXY", "http://10.0.0.7:3128")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("https_proxy", raising=False)
    door = StripeDoor(StripeSetup("sk_live_1", "fa_1", LIVE_BASE))
    said = requests.Request("GET", LIVE_BASE, headers={"Authorization": "Bearer sk_live_1"})
    assert door._session.prepare_request(said).headers["Authorization"] == "Bearer sk_live_1"
    assert door._session.proxies["https"] == "http://10.0.0.7:3128"
    door.close()
