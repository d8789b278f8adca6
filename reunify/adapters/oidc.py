"""Sign-in with the organisation's own identity provider: OpenID Connect Core 1.0, code flow with PKCE.

What is believed (ASVS 9.1.1, 9.1.2, 9.2.1, 9.2.3, 10.5.1, 10.5.2, 10.5.4): an ID token signed by a key of the
configured issuer with one of three algorithms, made for us, for this visit, not over. Roles are never read.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet

from reunify.identity.provider import Proof, ProofRefused, ProviderDown, Visit

ALGORITHMS = ("RS256", "ES256", "PS256")  # never `none`, never a shared secret
FRESH = timedelta(minutes=5)
_LEEWAY = 60
_KEPT_SECONDS = 600.0  # how long its description and keys are believed
_KEYS_AGAIN_SECONDS = 30.0  # an unknown key asks for them anew, but not at every forged token
_PATIENCE = httpx.Timeout(5.0)
_LARGEST = 256 * 1024
_REFUSED = "The provider's answer does not prove who you are. Please sign in again."


@dataclass(frozen=True, slots=True)
class _Known:
    """What the provider said of itself, and when we heard it (monotonic seconds)."""

    about: Mapping[str, Any]
    keys: KeySet
    at: float


class OidcProvider:
    """One issuer, one client. Threads may share it."""

    def __init__(
        self, *, name: str, issuer: str, client_id: str, client_secret: str, enough: Collection[str] = ()
    ) -> None:
        """`enough`: the acr values that count as the provider's own second factor."""
        self.name = name
        self._issuer = issuer.rstrip("/")
        self._client_id = client_id
        self._secret = client_secret
        self._enough = frozenset(enough)
        self._http = httpx.Client(timeout=_PATIENCE, follow_redirects=False)
        self._known: _Known | None = None
        self._lock = threading.Lock()

    def begin(self, *, back: str, step_up: bool) -> Visit:
        about = self._learnt().about
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        asked = {
            "response_type": "code",
            "scope": "openid email",
            "client_id": self._client_id,
            "redirect_uri": back,
            "state": state,
            "nonce": nonce,
            "code_challenge": create_s256_code_challenge(verifier),
            "code_challenge_method": "S256",
        }
        if step_up:
            asked |= {"prompt": "login", "max_age": str(int(FRESH.total_seconds()))}
        if self._enough:
            asked["acr_values"] = " ".join(sorted(self._enough))
        address = str(about["authorization_endpoint"])
        address += ("&" if "?" in address else "?") + urlencode(asked)
        return Visit(address, state, nonce, verifier)

    def finish(
        self, *, code: str, back: str, nonce: str, verifier: str, step_up: bool, now: datetime
    ) -> Proof:
        answer = self._token(code, back, verifier)
        token = answer.get("id_token")
        if not isinstance(token, str):
            raise ProofRefused(_REFUSED)
        claims = self._claims(token, answer.get("access_token"), nonce, step_up, now)
        return self._proof(claims, step_up=step_up, now=now)

    def counts_as_second_factor(self, proof: Proof) -> bool:
        return proof.acr is not None and proof.acr in self._enough

    def close(self) -> None:
        self._http.close()

    def _token(self, code: str, back: str, verifier: str) -> dict[str, Any]:
        about = self._learnt().about
        body = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": back,
            "code_verifier": verifier,
            "client_id": self._client_id,
        }
        ways = about.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        basic = "client_secret_basic" in ways
        if not basic:
            body["client_secret"] = self._secret
        try:
            answer = self._http.post(
                str(about["token_endpoint"]),
                data=body,
                auth=httpx.BasicAuth(self._client_id, self._secret) if basic else httpx.USE_CLIENT_DEFAULT,
                headers={"accept": "application/json"},
            )
        except httpx.HTTPError:
            raise self._down() from None
        if answer.status_code >= 500:
            raise self._down()
        if answer.status_code != 200:
            raise ProofRefused(_REFUSED)
        return _object(answer) or {}

    def _claims(
        self, token: str, access_token: Any, nonce: str, step_up: bool, now: datetime
    ) -> Mapping[str, Any]:
        try:
            decoded = self._decoded(token)
            claims = CodeIDToken(
                decoded.claims,
                decoded.header,
                options={
                    "iss": {"essential": True, "value": self._learnt().about["issuer"]},
                    "aud": {"essential": True, "value": self._client_id},
                },
                params={
                    "nonce": nonce,
                    "client_id": self._client_id,
                    "access_token": access_token,
                    "max_age": int(FRESH.total_seconds()) if step_up else None,
                },
            )
            claims.validate(now=int(now.timestamp()), leeway=_LEEWAY)
        except (JoseError, ValueError, TypeError, KeyError):
            raise ProofRefused(_REFUSED) from None
        return claims  # type: ignore[no-any-return]

    def _decoded(self, token: str) -> jwt.Token:
        try:
            return jwt.decode(token, self._learnt().keys, algorithms=ALGORITHMS)
        except InvalidKeyIdError:
            return jwt.decode(token, self._learnt(older=_KEYS_AGAIN_SECONDS).keys, algorithms=ALGORITHMS)

    def _proof(self, claims: Mapping[str, Any], *, step_up: bool, now: datetime) -> Proof:
        subject, email, acr = claims.get("sub"), claims.get("email"), claims.get("acr")
        auth_time = _moment(claims.get("auth_time"))
        leeway = timedelta(seconds=_LEEWAY)
        if not isinstance(subject, str) or not 0 < len(subject) <= 255:
            raise ProofRefused(_REFUSED)
        if auth_time is not None and auth_time > now + leeway:
            raise ProofRefused(_REFUSED)
        if step_up and (auth_time is None or auth_time < now - FRESH - leeway):
            raise ProofRefused("The provider did not ask you to sign in again. Please use your passkey.")
        verified = claims.get("email_verified") is True and isinstance(email, str)
        return Proof(
            str(claims["iss"]),
            subject,
            email if verified else None,
            acr if isinstance(acr, str) else None,
            auth_time,
        )

    def _learnt(self, *, older: float = _KEPT_SECONDS) -> _Known:
        """Its description and keys, heard less than `older` seconds ago. Raises ProviderDown."""
        with self._lock:
            if self._known is not None and time.monotonic() - self._known.at < older:
                return self._known
            about = self._fetch(f"{self._issuer}/.well-known/openid-configuration")
            if str(about.get("issuer", "")).rstrip("/") != self._issuer:
                raise self._down()
            for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
                if not _as_safe(str(about.get(name, "")), self._issuer):
                    raise self._down()
            listed = self._fetch(str(about["jwks_uri"])).get("keys")
            self._known = _Known(about, self._keys(listed), time.monotonic())
            return self._known

    def _keys(self, listed: Any) -> KeySet:
        """Public keys for signatures only: a shared secret in the list must never verify anything."""
        usable = [
            key
            for key in (listed if isinstance(listed, list) else [])
            if isinstance(key, dict) and key.get("kty") in ("RSA", "EC") and key.get("use", "sig") == "sig"
        ]
        try:
            return KeySet.import_key_set({"keys": usable})
        except (JoseError, ValueError, TypeError, KeyError):
            raise self._down() from None

    def _fetch(self, address: str) -> dict[str, Any]:
        try:
            answer = self._http.get(address, headers={"accept": "application/json"})
        except httpx.HTTPError:
            raise self._down() from None
        found = _object(answer) if answer.status_code == 200 else None
        if found is None:
            raise self._down()
        return found

    def _down(self) -> ProviderDown:
        return ProviderDown(f"{self.name} does not answer just now. Sign in with your passkey or password.")


def _object(answer: httpx.Response) -> dict[str, Any] | None:
    if len(answer.content) > _LARGEST:
        return None
    try:
        read = answer.json()
    except ValueError:
        return None
    return read if isinstance(read, dict) else None


def _moment(seconds: Any) -> datetime | None:
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        return None
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, ValueError, OSError):
        return None


def _as_safe(address: str, issuer: str) -> bool:
    """Encrypted like the issuer itself; a plain-text issuer is one on this machine (settings see to it)."""
    scheme = urlsplit(address).scheme
    return scheme == "https" or scheme == urlsplit(issuer).scheme
