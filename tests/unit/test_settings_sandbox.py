"""The sandbox stays on this machine, away from real money; production has an address families can trust."""

from __future__ import annotations

import pytest

from reunify.cli.database import HouseRefused
from reunify.cli.demo import demo_settings
from reunify.cli.doctor import examine
from reunify.settings import SettingsRefused, load

SANDBOX = {"REUNIFY_SANDBOX": "true"}
LIVE = ("sk_live_x", "rk_live_x")


@pytest.mark.parametrize("key", LIVE)
@pytest.mark.parametrize("rail", ["true", "false"])
@pytest.mark.parametrize("address", [None, "http://localhost:8080"])
def test_the_sandbox_refuses_a_live_key_whatever_else_is_set(
    key: str, rail: str, address: str | None
) -> None:
    said = SANDBOX | {"REUNIFY_STRIPE_KEY": key, "REUNIFY_STRIPE_RAIL": rail}
    said |= {"REUNIFY_PUBLIC_URL": address} if address else {}
    with pytest.raises(SettingsRefused, match="live key") as refused:
        load(said)
    assert key not in str(refused.value)


@pytest.mark.parametrize("key", LIVE)
def test_the_demo_refuses_a_live_key_instead_of_quietly_using_another(
    key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("REUNIFY_DATABASE_URL", raising=False)
    monkeypatch.setenv("REUNIFY_STRIPE_KEY", key)
    with pytest.raises(HouseRefused, match="live key"):
        demo_settings(headless=True)


def test_the_demo_refuses_a_public_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("REUNIFY_DATABASE_URL", raising=False)
    monkeypatch.setenv("REUNIFY_PUBLIC_URL", "https://travel.example.org")
    with pytest.raises(HouseRefused, match="REUNIFY_PUBLIC_URL"):
        demo_settings(headless=False)


@pytest.mark.parametrize(
    "address",
    ["https://travel.example.org", "https://203.0.113.5", "https://[2001:db8::1]", "https://10.0.0.1"],
)
def test_the_sandbox_refuses_an_address_others_can_reach(address: str) -> None:
    with pytest.raises(SettingsRefused, match="this machine only"):
        load(SANDBOX | {"REUNIFY_PUBLIC_URL": address})
    assert load({"REUNIFY_PUBLIC_URL": address}).own_url == address


@pytest.mark.parametrize("address", ["http://localhost:8080", "http://127.0.0.1:9", "http://[::1]:9"])
@pytest.mark.parametrize("said", [SANDBOX, {}])
def test_this_machines_own_address_is_fine_for_both(address: str, said: dict[str, str]) -> None:
    assert load(said | {"REUNIFY_PUBLIC_URL": address}).own_url == address


@pytest.mark.parametrize(
    "address",
    [
        "http://travel.example.org",
        "ftp://travel.example.org",
        "travel.example.org",
        "//travel.example.org",
        "https://",
        "https://user:secret@travel.example.org",
        "https://travel.example.org/app",
        "https://travel.example.org?x=1",
        "https://travel.example.org#x",
        "http://127.0.0.1.evil.example",
    ],
)
def test_production_refuses_an_address_a_family_could_not_trust(address: str) -> None:
    with pytest.raises(SettingsRefused, match="REUNIFY_PUBLIC_URL must be https://") as refused:
        load({"REUNIFY_PUBLIC_URL": address})
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"REUNIFY_PUBLIC_URL": "http://travel.example.org"}, "REUNIFY_PUBLIC_URL"),
        (
            {"REUNIFY_OIDC_ISSUER": "https://login.example.org", "REUNIFY_OIDC_CLIENT_ID": "x"},
            "CLIENT_SECRET",
        ),
        (SANDBOX | {"REUNIFY_STRIPE_KEY": "sk_live_x"}, "live key"),
        (SANDBOX | {"REUNIFY_PUBLIC_URL": "https://travel.example.org"}, "this machine only"),
        ({"REUNIFY_TRUSTED_PROXIES": "everybody"}, "REUNIFY_TRUSTED_PROXIES"),
        ({"REUNIFY_DEBUG": "1"}, "REUNIFY_DEBUG"),  # there is no such mode
    ],
)
def test_the_doctor_says_it_in_words(
    said: dict[str, str], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in said.items():
        monkeypatch.setenv(name, value)
    findings = [f for f in examine() if f.failed]
    assert [f.what for f in findings] == ["settings"]
    assert words in findings[0].said
