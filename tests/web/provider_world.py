"""Identity providers for the sign-in tests: a real one in its own process, and one that lies on order."""

from __future__ import annotations

import base64
import json
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

from reunify.cli.ports import free_port

CLIENT_ID, SECRET = "reunify", "a-secret-of-the-test"


@contextmanager
def real_provider(*people: dict[str, Any]) -> Iterator[str]:
    """oidc-provider-mock over HTTP; its issuer. Each of `people` has `sub` and claims."""
    port = free_port()
    command = [sys.executable, "-m", "oidc_provider_mock", "--port", str(port), "--require-nonce", "true"]
    for person in people:
        command += ["--user-claims", json.dumps(person)]
    environment = {**os.environ, "NO_PROXY": "*", "PYTHONWARNINGS": "ignore"}
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    issuer = f"http://127.0.0.1:{port}"
    try:
        for _ in range(600):
            assert process.poll() is None, "the provider ended by itself"
            try:
                httpx.get(f"{issuer}/.well-known/openid-configuration", trust_env=False)
            except httpx.TransportError:
                time.sleep(0.05)
            else:
                break
        yield issuer
    finally:
        process.terminate()
        process.wait(timeout=10)


def sign_in_there(address: str, subject: str) -> str:
    """What a person does on the real provider's page; the address it sends the browser back to."""
    with httpx.Client(trust_env=False, follow_redirects=False) as web:
        page = web.get(address)
        assert page.status_code == 200, page.text
        answer = web.post(address, data={"sub": subject})
    assert answer.status_code == 302, answer.text
    return answer.headers["location"]


def address_on(page: Any) -> str:
    """Where the page sends the browser on to, as its refresh says."""
    found = re.search(r'http-equiv="refresh" content="0; url=([^"]+)"', page.text)
    assert found, page.text
    return found[1].replace("&amp;", "&")


@dataclass
class Lies:
    """What our own provider does wrong, and what it says when it tells the truth."""

    claims: dict[str, Any] = field(default_factory=dict)
    without: tuple[str, ...] = ()
    algorithm: str = "RS256"
    key: Any = None
    status: int = 200


class _Server(ThreadingHTTPServer):
    daemon_threads = True


class OwnProvider:
    """A few lines of OpenID Connect: one client, PKCE checked, codes used once, tokens made to order."""

    def __init__(self) -> None:
        self.lies = Lies()
        self.key = RSAKey.generate_key(2048, {"kid": "one", "use": "sig", "alg": "RS256"})
        self.other = RSAKey.generate_key(2048, {"kid": "one", "use": "sig", "alg": "RS256"})
        self.shared = OctKey.import_key(b"a shared secret that is public knowledge", {"kid": "one"})
        self.listed: list[dict[str, Any]] = [self.key.as_dict(private=False)]
        self.asked: list[dict[str, str]] = []
        self.codes: dict[str, dict[str, str]] = {}
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._say(*provider.get(self.path))

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"])).decode()
                self._say(*provider.token({k: v[0] for k, v in parse_qs(body).items()}))

            def _say(self, status: int, body: dict[str, Any]) -> None:
                said = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(said)))
                self.end_headers()
                self.wfile.write(said)

            def log_message(self, *said: Any) -> None:
                return

        self._server = _Server(("127.0.0.1", 0), Handler)
        self.issuer = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def get(self, path: str) -> tuple[int, dict[str, Any]]:
        if path.startswith("/.well-known/"):
            return 200, {
                "issuer": self.issuer,
                "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token",
                "jwks_uri": f"{self.issuer}/keys",
            }
        return 200, {"keys": self.listed}

    def back_from(self, address: str) -> str:
        """As if a person had signed in on our page."""
        asked = {k: v[0] for k, v in parse_qs(urlsplit(address).query).items()}
        self.asked.append(asked)
        code = f"code-{len(self.asked)}"
        self.codes[code] = asked
        return asked["redirect_uri"] + "?" + urlencode({"code": code, "state": asked["state"]})

    def token(self, body: dict[str, str]) -> tuple[int, dict[str, Any]]:
        asked = self.codes.pop(body.get("code", ""), None)
        challenge = create_s256_code_challenge(body.get("code_verifier", ""))
        if asked is None or challenge != asked["code_challenge"] or self.lies.status != 200:
            return max(self.lies.status, 400), {"error": "invalid_grant"}
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "sub": "s-1",
            "aud": CLIENT_ID,
            "iat": now,
            "exp": now + 3600,
            "auth_time": now,
            "nonce": asked["nonce"],
        }
        claims = {k: v for k, v in (claims | self.lies.claims).items() if k not in self.lies.without}
        return 200, {"access_token": "a", "token_type": "Bearer", "id_token": self._signed(claims)}

    def _signed(self, claims: dict[str, Any]) -> str:
        header = {"alg": self.lies.algorithm, "kid": "one"}
        if self.lies.algorithm == "none":
            parts = [json.dumps(part).encode() for part in ({"alg": "none", "kid": "one"}, claims)]
            return ".".join(_base64(part) for part in parts) + "."
        return jwt.encode(header, claims, self.lies.key or self.key, algorithms=[self.lies.algorithm])


def _base64(said: bytes) -> str:
    return base64.urlsafe_b64encode(said).rstrip(b"=").decode()
