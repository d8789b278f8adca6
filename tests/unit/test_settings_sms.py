"""Where texts go: over HTTPS with a key, in the sandbox to this machine and nowhere else."""

from __future__ import annotations

import pytest

from reunify.settings import SettingsRefused, load

URL = "https://texts.example.org"


def test_a_gateway_is_named_with_its_key_or_not_at_all() -> None:
    assert load({}).sms_url is None
    assert load({"REUNIFY_SMS_URL": URL, "REUNIFY_SMS_KEY": "k"}).sms_url == URL


@pytest.mark.parametrize("left_out", ["REUNIFY_SMS_KEY", "REUNIFY_SMS_URL"])
def test_half_a_gateway_is_refused(left_out: str) -> None:
    given = {"REUNIFY_SMS_URL": URL, "REUNIFY_SMS_KEY": "k"}
    del given[left_out]
    with pytest.raises(SettingsRefused, match="REUNIFY_SMS_URL and REUNIFY_SMS_KEY together"):
        load(given)


@pytest.mark.parametrize(
    ("url", "sandbox"), [("http://texts.example.org", "false"), ("https://texts.example.org", "true")]
)
def test_texts_never_go_unsealed_nor_out_of_the_sandbox(url: str, sandbox: str) -> None:
    given = {"REUNIFY_SMS_URL": url, "REUNIFY_SMS_KEY": "a-secret-key", "REUNIFY_SANDBOX": sandbox}
    with pytest.raises(SettingsRefused, match="REUNIFY_SMS_URL must start with https://") as refused:
        load(given)
    assert "a-secret-key" not in str(refused.value)
