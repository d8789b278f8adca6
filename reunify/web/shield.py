"""Pure ASGI around every call: its number, size limit, own hosts only, no calls from other sites, security
headers on every answer, one line in the log."""

from __future__ import annotations

import ipaddress
import re
import time
from collections.abc import Awaitable, Callable, Collection
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from reunify import logs
from reunify.kernel.ids import new_reference
from reunify.kernel.people import Staff

LARGEST_BODY = 1024 * 1024
# Whole paths that take a larger body, and how large.
LARGER: tuple[tuple[re.Pattern[str], int], ...] = (
    (
        re.compile(r"/family/papers|/requests/[0-9a-f-]{36}/papers"),
        51 * 1024 * 1024,
    ),  # five papers and a form
    (re.compile(r"/disclosures"), 11 * 1024 * 1024),  # one order and a form
    (re.compile(r"/templates/[a-z_]{1,40}"), 5 * 1024 * 1024),  # a letter in two languages
)
_TOO_LARGE = "This is too large."
_OTHER_SITE = "This call came from another site. Open the page again from our own address and repeat it."
_TWICE = "The address names something twice. Open the page again from the work list or from your link."
_OTHER_HOST = "There is no such site here."
CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "content-security-policy": CSP,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
    "strict-transport-security": "max-age=63072000; includeSubDomains",
}
CALL_HEADER = "x-request-id"
API = "/api/v1"
HEALTH = f"{API}/health"
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}
_METHODS = _SAFE_METHODS | {"POST", "PUT", "PATCH", "DELETE"}
_HOST = re.compile(r"(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?")
AtFault = Callable[[Request, Exception], Awaitable[Response]]
log = logs.named("web")


def limit_for(path: str) -> int:
    """How many bytes a call to this path may carry."""
    return next((size for pattern, size in LARGER if pattern.fullmatch(path)), LARGEST_BODY)


class TooLarge(Exception):
    """The body outgrew the limit while it was read."""


class BrokenOff(Exception):
    """Something went wrong after the answer had begun; the connection ends without words."""


class Shield:
    """Wraps the whole application. `at_fault` answers an exception nobody expected; `hosts` are our names.

    `loopback_only`, for the sandbox: whatever address a server was started on, others are not answered.

    No exception passes on to the server: it would print the text, which may hold what a family told us.
    """

    def __init__(
        self, app: ASGIApp, at_fault: AtFault, hosts: Collection[str], *, loopback_only: bool = False
    ) -> None:
        self.app = app
        self._loopback_only = loopback_only
        self._at_fault = at_fault
        self._hosts = frozenset(host.casefold() for host in hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        number, began = new_reference("C", 12), time.perf_counter()
        scope.setdefault("state", {})["call"] = number
        passage = _Passage(scope, receive, send, number)
        with logs.bound(call=number):
            try:
                await self._pass(passage)
            finally:
                log.info(
                    "answered",
                    method=scope["method"] if scope["method"] in _METHODS else "other",
                    route=route_of(scope),
                    status=passage.status,
                    ms=round((time.perf_counter() - began) * 1000, 1),
                    staff=staff_of(scope),
                )

    async def _pass(self, passage: _Passage) -> None:
        refusal = self._refusal(passage.scope)
        if refusal:
            await passage.refuse(*refusal)
            return
        try:
            await self.app(passage.scope, passage.receive, passage.send)
        except Exception as wrong:
            if passage.begun:
                raise BrokenOff(type(wrong).__name__) from None
            if not passage.too_large:
                await self._explain(passage, wrong)
        if passage.too_large and not passage.begun:
            await passage.refuse(413, _TOO_LARGE)

    def _refusal(self, scope: Scope) -> tuple[int, str] | None:
        headers = Headers(scope=scope)
        if self._loopback_only and not on_loopback(scope):
            return 403, "The sandbox answers only on this machine."
        if not self._is_ours(scope, headers):
            return 421, _OTHER_HOST
        if scope["method"] not in _METHODS:
            return 405, "This address does not take that method."
        if from_another_site(scope, headers):
            return 403, _OTHER_SITE
        if says_twice(scope):
            return 400, _TWICE
        declared = headers.get("content-length", "0")
        if not declared.isdigit() or int(declared) > limit_for(scope["path"]):
            return 413, _TOO_LARGE
        return None

    def _is_ours(self, scope: Scope, headers: Headers) -> bool:
        """The supervisor asks this machine for its health by the machine's own name."""
        said = headers.getlist("host")
        if len(said) != 1 or not _HOST.fullmatch(said[0]):
            return False
        name = (urlsplit(f"//{said[0]}").hostname or "").casefold()
        return name in self._hosts or (name in LOOPBACK and scope["path"] == HEALTH)

    async def _explain(self, passage: _Passage, wrong: Exception) -> None:
        try:
            answer = await self._at_fault(Request(passage.scope), wrong)
        except Exception:  # whatever broke also broke the page that would have said so
            await passage.refuse(500, "Something went wrong on our side. Nothing was lost.")
        else:
            await answer(passage.scope, passage.receive, passage.send)


class _Passage:
    """One call on its way in and out: counts what is read, guards what is sent."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, number: str) -> None:
        self.scope = scope
        self.begun = False
        self.too_large = False
        self.status: int | None = None
        self._number = number
        self._limit = limit_for(scope["path"])
        self._read = 0
        self._receive = receive
        self._send = send

    async def receive(self) -> Message:
        message = await self._receive()
        self._read += len(message.get("body", b""))
        if self._read > self._limit:
            self.too_large = True
            raise TooLarge
        return message

    async def send(self, message: Message) -> None:
        if self.too_large and not self.begun:
            return  # whatever the application makes of the broken body, the answer is 413
        if message["type"] == "http.response.start":
            self.begun = True
            self.status = message["status"]
            _guard(MutableHeaders(scope=message), self.scope["path"], message["status"])
            MutableHeaders(scope=message)[CALL_HEADER] = self._number
        await self._send(message)

    async def refuse(self, status: int, words: str) -> None:
        self.too_large = False
        headers = {"allow": ", ".join(sorted(_METHODS))} if status == 405 else None
        answer = PlainTextResponse(words, status_code=status, headers=headers)
        await answer(self.scope, self._receive, self.send)


def on_loopback(scope: Scope) -> bool:
    """Whether the connection came in on an address only this machine has. Without one (a test) it did."""
    try:
        return ipaddress.ip_address((scope.get("server") or ("",))[0]).is_loopback
    except ValueError:
        return True


def says_twice(scope: Scope) -> bool:
    """Two values for one name: whoever checks the first and uses the second would be fooled (ASVS 15.3.7)."""
    names = [name for name, _ in parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)]
    return len(names) != len(set(names))


def route_of(scope: Scope) -> str:
    """The pattern, never the address: that may hold the secret of a family's link."""
    if scope["path"].startswith("/static/"):
        return "/static"
    route: Any = scope.get("route")
    pattern = getattr(route, "path", None)
    if pattern is None:
        return "none"
    return f"{API}{pattern}" if scope["path"].startswith(f"{API}/") else str(pattern)


def staff_of(scope: Scope) -> str | None:
    """The id of the member of staff the call turned out to come from; `audience.staff` leaves it there."""
    me = scope.get("state", {}).get("me")
    return str(me.id) if isinstance(me, Staff) else None


def from_another_site(scope: Scope, headers: Headers) -> bool:
    """An unsafe call must come from our own pages (Sec-Fetch-Site, else Origin), cookie or not.

    Another site must not sign somebody in either. Programs send neither header; a bearer token and Stripe's
    signature are nothing another site's page can send.
    """
    if scope["method"] in _SAFE_METHODS:
        return False
    carries_cookie = "cookie" in headers
    bearer = headers.get("authorization", "").casefold().startswith("bearer ")
    if not carries_cookie and (bearer or scope["path"].startswith("/webhooks/")):
        return False
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site not in {"same-origin", "none"}
    origin = headers.get("origin")
    if origin is None:
        return carries_cookie
    return urlsplit(origin).netloc != headers.get("host")


def _guard(headers: MutableHeaders, path: str, status: int) -> None:
    for name, value in HEADERS.items():
        headers.setdefault(name, value)
    # Asked again each time, answered "unchanged": a new release never meets an old style sheet.
    static = path.startswith("/static/") and status in (200, 206, 304)
    headers.setdefault("cache-control", "no-cache" if static else "no-store")
