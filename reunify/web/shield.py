"""Pure ASGI: size limit, cross-site refusal and security headers around every answer."""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LARGEST_BODY = 1024 * 1024
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


class TooLarge(Exception):
    """The body outgrew the limit while it was read."""


class Shield:
    """Wraps the whole application."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        refusal = _cross_site(scope, headers) or _declared_too_large(headers)
        if refusal:
            await PlainTextResponse(refusal[1], status_code=refusal[0], headers=HEADERS)(scope, receive, send)
            return
        read = 0

        async def counted() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > LARGEST_BODY:
                raise TooLarge
            return message

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                _guard(MutableHeaders(scope=message), scope["path"])
            await send(message)

        try:
            await self.app(scope, counted, guarded)
        except TooLarge:
            body = PlainTextResponse("This is too large.", status_code=413, headers=HEADERS)
            await body(scope, receive, send)


def _guard(headers: MutableHeaders, path: str) -> None:
    for name, value in HEADERS.items():
        headers.setdefault(name, value)
    if not path.startswith("/static/"):
        headers.setdefault("cache-control", "no-store")


def _declared_too_large(headers: Headers) -> tuple[int, str] | None:
    declared = headers.get("content-length", "0")
    if not declared.isdigit() or int(declared) > LARGEST_BODY:
        return 413, "This is too large."
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
