"""Settings: what the environment may say, and how a mistake is answered."""

from __future__ import annotations

from pathlib import Path

import pytest

from reunify.settings import (
    SettingsRefused,
    load,
    prefect_client_environment,
    prefect_server_environment,
    stripe_problem,
)

STRIPE = "https://api.stripe.com"


def test_nothing_set_means_the_embedded_database_and_no_stripe() -> None:
    settings = load({})
    assert settings.data == Path(".reunify")
    assert settings.database_url is None
    assert not settings.stripe_rail
    assert not settings.log_to_stripe
    assert (settings.api_port, settings.prefect_port, settings.simulator_port) == (8080, 4200, 12111)


@pytest.mark.parametrize(
    ("key", "base"),
    [
        (None, STRIPE),
        ("sk_live_1", STRIPE),
        ("rk_live_1", STRIPE),
        ("sk_test_1", STRIPE),
        ("rk_test_1", "http://127.0.0.1:12111"),
        ("sk_test_1", "http://localhost:12111"),
        ("sk_test_1", "http://[::1]:12111"),
    ],
)
def test_a_key_may_go_where_it_belongs(key: str | None, base: str) -> None:
    assert stripe_problem(key, base) is None


@pytest.mark.parametrize(
    ("key", "base"),
    [
        ("sk_live_1", "http://127.0.0.1:12111"),
        ("sk_live_1", "https://api.stripe.com.evil.example"),
        ("sk_test_1", "https://evil.example"),
        ("sk_test_1", "http://127.0.0.1.evil.example"),
        ("sk_test_1", "http://127.0.0.1@evil.example"),
        ("sk_test_1", "http://user@127.0.0.1"),
        ("sk_test_1", "http://api.stripe.com"),
        ("sk_test_1", "ftp://127.0.0.1"),
        ("sk_live_1", "https://api.stripe.com/"),
        ("pk_test_1", STRIPE),
        ("anything", STRIPE),
        ("", STRIPE),
    ],
)
def test_a_key_is_refused_anywhere_else(key: str, base: str) -> None:
    problem = stripe_problem(key, base)
    assert problem
    assert "REUNIFY_STRIPE_" in problem
    assert "sk_live_1" not in problem


def test_the_sandbox_refuses_a_live_key() -> None:
    assert "live key" in (stripe_problem("sk_live_1", STRIPE, sandbox=True) or "")


def test_a_mistake_is_named_and_its_value_is_not_repeated() -> None:
    with pytest.raises(SettingsRefused, match="REUNIFY_API_PORT") as refused:
        load({"REUNIFY_API_PORT": "secret-by-mistake"})
    assert "secret-by-mistake" not in str(refused.value)


def test_an_unknown_name_is_refused_because_it_is_a_typo() -> None:
    with pytest.raises(SettingsRefused, match="REUNIFY_STRIPE_KEYS"):
        load({"REUNIFY_STRIPE_KEYS": "sk_test_1"})


def test_another_programs_names_are_none_of_our_business() -> None:
    assert load({"DATABASE_URL": "mysql://x", "STRIPE_KEY": "sk_live_1"}).stripe_key is None


def test_the_rail_without_a_key_is_refused() -> None:
    with pytest.raises(SettingsRefused, match="set REUNIFY_STRIPE_KEY"):
        load({"REUNIFY_STRIPE_RAIL": "on"})


def test_a_database_address_gets_the_driver_we_use() -> None:
    settings = load({"REUNIFY_DATABASE_URL": "postgres://app:pw@db/reunify"})
    assert settings.database_url is not None
    assert settings.database_url.get_secret_value() == "postgresql+psycopg://app:pw@db/reunify"
    with pytest.raises(SettingsRefused, match="REUNIFY_DATABASE_URL"):
        load({"REUNIFY_DATABASE_URL": "sqlite:///x"})


def test_secrets_do_not_show_when_settings_are_printed() -> None:
    settings = load(
        {"REUNIFY_STRIPE_KEY": "sk_test_hush", "REUNIFY_STRIPE_WEBHOOK_SECRETS": "whsec_a,whsec_b"}
    )
    assert len(settings.stripe_webhook_secrets) == 2
    assert "hush" not in repr(settings)
    assert "whsec" not in repr(settings)


def test_a_child_process_reads_the_same_settings_without_any_database_address() -> None:
    given = {
        "REUNIFY_DATA": "/srv/reunify",
        "REUNIFY_STRIPE_RAIL": "yes",
        "REUNIFY_STRIPE_KEY": "sk_test_1",
        "REUNIFY_STRIPE_WEBHOOK_SECRETS": "whsec_a,whsec_b",
        "REUNIFY_WORKER_BEAT_SECONDS": "0.5",
    }
    settings = load(given | {"REUNIFY_OWNER_DATABASE_URL": "postgres://o:pw@db/r"})
    passed = settings.as_environment()
    assert not any("DATABASE" in name for name in passed)
    assert load(passed) == load(given)


def test_prefect_is_told_to_be_quiet_closed_and_its_own_origin_only() -> None:
    server = prefect_server_environment(
        data=Path("/d"), port=4200, auth="u:p", database_url="postgresql+asyncpg://x/y"
    )
    assert server["PREFECT_SERVER_ANALYTICS_ENABLED"] == "false"
    assert server["DO_NOT_TRACK"] == "1"
    assert server["PREFECT_SERVER_API_HOST"] == "127.0.0.1"
    assert server["PREFECT_SERVER_CORS_ALLOWED_ORIGINS"] == "http://127.0.0.1:4200"
    assert server["PREFECT_SERVER_CSRF_PROTECTION_ENABLED"] == "true"
    assert server["PREFECT_SERVER_API_AUTH_STRING"] == "u:p"
    client = prefect_client_environment("http://127.0.0.1:4200/api", "u:p")
    assert client["PREFECT_CLIENT_MAX_RETRIES"] == "3"
    assert client["PREFECT_SERVER_ALLOW_EPHEMERAL_MODE"] == "false"
