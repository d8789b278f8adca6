"""Pure ASGI: size limit, cross-site refusal and security headers around every answer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LARGEST_BODY = 1024 * 1024
_TOO_LARGE = "This is too large."
CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "content-security-policy": CSP,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
    "strict-transport-security": "max-age=63072000; includeSubDomains",
}
_SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}
AtFault = Callable[[Request, Exception], Awaitable[Response]]


class TooLarge(Exception):
    """The body outgrew the limit while it was read."""


class BrokenOff(Exception):
    """Something went wrong after the answer had begun; the connection ends without words."""


class Shield:
    """Wraps the whole application. `at_fault` answers an exception nobody expected.

    No exception passes on to the server: it would print the text, which may hold what a family told us.
    """

    def __init__(self, app: ASGIApp, at_fault: AtFault) -> None:
        self.app = app
        self._at_fault = at_fault

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        passage = _Passage(scope, receive, send)
        headers = Headers(scope=scope)
        refusal = _cross_site(scope, headers) or _declared_too_large(headers)
        if refusal:
            await passage.refuse(*refusal)
            return
        try:
            await self.app(scope, passage.receive, passage.send)
        except Exception as wrong:
            if passage.begun:
                raise BrokenOff(type(wrong).__name__) from None
            if not passage.too_large:
                await self._explain(passage, wrong)
        if passage.too_large and not passage.begun:
            await passage.refuse(413, _TOO_LARGE)

    async def _explain(self, passage: _Passage, wrong: Exception) -> None:
        try:
            answer = await self._at_fault(Request(passage.scope), wrong)
        except Exception:  # whatever broke also broke the page that would have said so
            await passage.refuse(500, "Something went wrong on our side. Nothing was lost.")
        else:
            await answer(passage.scope, passage.receive, passage.send)


class _Passage:
    """One call on its way in and out: counts what is read, guards what is sent."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scope = scope
        self.begun = False
        self.too_large = False
        self._read = 0
        self._receive = receive
        self._send = send

    async def receive(self) -> Message:
        message = await self._receive()
        self._read += len(message.get("body", b""))
        if self._read > LARGEST_BODY:
            self.too_large = True
            raise TooLarge
        return message

    async def send(self, message: Message) -> None:
        if self.too_large and not self.begun:
            return  # whatever the application makes of the broken body, the answer is 413
        if message["type"] == "http.response.start":
            self.begun = True
            _guard(MutableHeaders(scope=message), self.scope["path"])
        await self._send(message)

    async def refuse(self, status: int, words: str) -> None:
        self.too_large = False
        await PlainTextResponse(words, status_code=status)(self.scope, self._receive, self.send)


def _guard(headers: MutableHeaders, path: str) -> None:
    for name, value in HEADERS.items():
        headers.setdefault(name, value)
    if not path.startswith("/static/"):
        headers.setdefault("cache-control", "no-store")


def _declared_too_large(headers: Headers) -> tuple[int, str] | None:
    declared = headers.get("content-length", "0")
    if not declared.isdigit() or int(declared) > LARGEST_BODY:
        return 413, _TOO_LARGE
    return None


def _cross_site(scope: Scope, headers: Headers) -> tuple[int, str] | None:
    """An unsafe call carrying a cookie must come from our own pages (Sec-Fetch-Site, else Origin)."""
    if scope["method"] in _SAFE_METHODS or "cookie" not in headers:
        return None
    site = headers.get("sec-fetch-site")
    if site is not None:
        return None if site in {"same-origin", "none"} else (403, "This call came from another site.")
    origin = headers.get("origin")
    if origin and urlsplit(origin).netloc == headers.get("host"):
        return None
    return 403, "This call came from another site."
