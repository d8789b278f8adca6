"""Passwords, the words for a browser, and the sandbox's own authenticator against the real library."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import webauthn
from webauthn.helpers import bytes_to_base64url
from webauthn.helpers.exceptions import InvalidAuthenticationResponse
from webauthn.helpers.structs import PublicKeyCredentialRequestOptions

from reunify.identity import enrolment, passkeys, passwords, policy
from reunify.identity.policy import WeakPassword, browser_words
from reunify.sandbox.authenticator import SoftwarePasskey

ORIGIN = "http://localhost:8080"
LONG = "quarry-thimble-oatmeal-violin"


@pytest.mark.asvs("6.2.1", "6.2.9")
@pytest.mark.parametrize("length", [policy.PASSWORD_SHORTEST - 1, policy.PASSWORD_LONGEST + 1])
def test_a_password_one_character_outside_the_limits_is_refused(length: int) -> None:
    with pytest.raises(WeakPassword) as refused:
        passwords.check_new((LONG * 6)[:length], about=())
    assert refused.value.field == "/password"


@pytest.mark.asvs("6.2.1", "6.2.9")
@pytest.mark.parametrize("length", [64, policy.PASSWORD_LONGEST])
def test_a_password_at_the_limits_is_taken(length: int) -> None:
    passwords.check_new((LONG * 6)[:length], about=())
    passwords.check_new("tqz vhd 9kw·"[: policy.PASSWORD_SHORTEST], about=())


@pytest.mark.asvs("6.2.5")
@pytest.mark.parametrize(
    "password", ["hollow tractor mint gazette", "ñandú über 火車 lámpara", "wmqkzhvbnrtj"]
)
@pytest.mark.asvs("6.2.8")
def test_any_characters_will_do_in_any_mixture(password: str) -> None:
    passwords.check_new(password, about=())


@pytest.mark.asvs("6.2.4")
@pytest.mark.parametrize("password", ["password1234", "qwertyuiop12", "aaaaaaaaaaaaaaaa", "iloveyou2026"])
def test_common_and_repeating_passwords_are_refused(password: str) -> None:
    with pytest.raises(WeakPassword):
        passwords.check_new(password, about=())


@pytest.mark.asvs("6.2.11")
def test_a_password_made_of_the_persons_own_words_is_refused() -> None:
    passwords.check_new("whitfield-kestrelhouse", about=("Somebody Else",))
    with pytest.raises(WeakPassword):
        passwords.check_new("whitfield-kestrelhouse", about=("Ana Whitfield", "Kestrelhouse Families"))


@pytest.mark.asvs("6.2.12")
@pytest.mark.parametrize("stolen", ["first", "middle", "last", "none"])
def test_a_stolen_password_is_found_wherever_it_stands_in_the_list(tmp_path: Path, stolen: str) -> None:
    others = sorted(hashlib.sha1(f"other {n}".encode()).hexdigest().upper() for n in range(2001))
    mine = hashlib.sha1(LONG.encode()).hexdigest().upper()
    lines = {
        "first": [mine, *(o for o in others if o > mine)],
        "last": [*(o for o in others if o < mine), mine],
        "middle": sorted([*others, mine]),
        "none": others,
    }[stolen]
    listed = tmp_path / "stolen.txt"
    listed.write_text("".join(f"{line}:{n % 90_000}\n" for n, line in enumerate(lines)))
    assert passwords.is_listed(listed, LONG) is (stolen != "none")
    if stolen != "none":
        with pytest.raises(WeakPassword, match="stolen"):
            passwords.check_new(LONG, about=(), breached=listed)


def test_an_empty_list_of_stolen_passwords_holds_none(tmp_path: Path) -> None:
    listed = tmp_path / "stolen.txt"
    listed.touch()
    assert not passwords.is_listed(listed, LONG)


def test_a_proof_counts_for_five_minutes_and_not_a_second_longer() -> None:
    now = datetime(2026, 11, 25, 14, 0, tzinfo=UTC)
    assert policy.is_fresh(now - timedelta(minutes=5), now=now)
    assert not policy.is_fresh(now - timedelta(minutes=5, seconds=1), now=now)
    assert not policy.is_fresh(None, now=now)


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("Mozilla/5.0 (Windows NT 10.0; rv:141.0) Gecko/20100101 Firefox/141.0", "Firefox on Windows"),
        ("Mozilla/5.0 (X11; Linux x86_64) Chrome/150.0 Safari/537.36 Edg/150.0", "Edge on Linux"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 19) Version/19 Mobile Safari/604.1", "Safari on an iPhone"),
        ("<script>alert(1)</script>", "A program"),
        ("", "A program"),
    ],
)
def test_only_words_of_a_closed_list_are_kept_of_a_browser(said: str, words: str) -> None:
    assert browser_words(said) == words


def test_a_code_is_read_in_any_case_with_any_spaces() -> None:
    code = enrolment.new_code(3)
    assert enrolment.as_read(f" {code.lower().replace('-', ' ')} ") == code.replace("-", "")


def _asked(challenge: bytes) -> PublicKeyCredentialRequestOptions:
    return webauthn.generate_authentication_options(rp_id="localhost", challenge=challenge)


def test_the_software_passkey_convinces_the_real_library() -> None:
    options = webauthn.generate_registration_options(rp_id="localhost", rp_name="Reunify", user_name="ana")
    key = SoftwarePasskey("ana")
    user = bytes_to_base64url(options.user.id)
    asked = {
        "challenge": bytes_to_base64url(options.challenge),
        "rp": {"id": "localhost"},
        "user": {"id": user},
    }
    made = webauthn.verify_registration_response(
        credential=key.make(asked, ORIGIN),
        expected_challenge=options.challenge,
        expected_rp_id="localhost",
        expected_origin=ORIGIN,
        require_user_verification=True,
    )
    assert (made.credential_id, made.credential_public_key) == (key.credential_id, key.public_key)

    request = _asked(b"c" * 32)
    signed = key.sign({"challenge": bytes_to_base64url(request.challenge), "rpId": "localhost"}, ORIGIN)
    for challenge, convinced in ((request.challenge, True), (b"d" * 32, False)):
        try:
            webauthn.verify_authentication_response(
                credential=signed,
                expected_challenge=challenge,
                expected_rp_id="localhost",
                expected_origin=ORIGIN,
                credential_public_key=made.credential_public_key,
                credential_current_sign_count=made.sign_count,
                require_user_verification=True,
            )
        except InvalidAuthenticationResponse:
            assert not convinced
        else:
            assert convinced


@pytest.mark.parametrize(
    ("own_url", "rp_id", "origin"),
    [
        ("http://localhost:8080", "localhost", "http://localhost:8080"),
        ("https://travel.example.org/", "travel.example.org", "https://travel.example.org"),
    ],
)
def test_a_passkey_is_for_the_houses_own_address(own_url: str, rp_id: str, origin: str) -> None:
    assert passkeys.site_of(own_url) == passkeys.Site(rp_id, origin)
