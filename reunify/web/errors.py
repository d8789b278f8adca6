"""One table from refusals to HTTP, as RFC 9457 problems. A rejected value is never echoed."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from reunify import logs
from reunify.files.objects import FileLost
from reunify.identity.limits import TooManyCalls
from reunify.identity.policy import StepUpFirst, TooManyTries, WrongSignIn
from reunify.kernel.refusals import BadInput, NotAllowed, NotFound, OutOfStep, Refused, Retryable
from reunify.vault.keepers import Erased
from reunify.web.audience import OpenLinkFirst, SignInFirst
from reunify.web.shield import route_of

log = logs.named("web")

# The most particular first: the first class that fits decides.
STATUS: list[tuple[type[Exception], int, str]] = [
    (BadInput, 422, "Some answers need another look"),
    (SignInFirst, 401, "Please sign in"),
    (OpenLinkFirst, 401, "Please open your link"),
    (StepUpFirst, 401, "Please confirm it is you"),
    (WrongSignIn, 401, "The name or the password is not right"),
    (TooManyTries, 429, "Too many tries"),
    (TooManyCalls, 429, "Too many tries"),
    (NotAllowed, 403, "You may not do this"),
    (NotFound, 404, "Not found"),
    (OutOfStep, 409, "It has moved on"),
    (Erased, 410, "Erased"),
    (FileLost, 410, "Lost"),
    (Refused, 422, "This cannot be done"),
    (Retryable, 503, "Please try again"),
]


# RFC 9470: the caller proves a passkey at /api/v1/sessions/step-up, then asks again.
STEP_UP_CHALLENGE = 'Bearer error="insufficient_user_authentication", max_age=300'


def status_of(refusal: Exception) -> tuple[int, str]:
    return next((code, title) for kind, code, title in STATUS if isinstance(refusal, kind))


def problem(status: int, title: str, detail: str, **more: Any) -> JSONResponse:
    body = {"type": "about:blank", "title": title, "status": status, "detail": detail, **more}
    return JSONResponse(body, status_code=status, media_type="application/problem+json")


def refusal_body(refusal: Refused | Retryable, **more: Any) -> JSONResponse:
    status, title = status_of(refusal)
    if isinstance(refusal, BadInput):
        more["errors"] = [{"pointer": p.pointer, "detail": p.remedy} for p in refusal.problems]
    elif isinstance(refusal, Refused) and refusal.field:
        more["errors"] = [{"pointer": refusal.field, "detail": str(refusal)}]
    return problem(status, title, str(refusal), **more)


def install(app: FastAPI) -> None:
    """JSON answers for /api and machines; `app.state.error_page` takes over for browsers.

    `unexpected` is not among them: Starlette passes what it answers on to the server, with its text.
    """
    app.add_exception_handler(Refused, _refused)
    app.add_exception_handler(Retryable, _refused)
    app.add_exception_handler(RequestValidationError, _unreadable)
    app.add_exception_handler(HTTPException, _http)


def _page(request: Request, status: int, title: str, detail: str) -> Any:
    from_browser = not request.url.path.startswith(("/api/", "/webhooks/"))
    renderer = getattr(request.app.state, "error_page", None)
    return renderer(request, status, title, detail) if from_browser and renderer else None


async def _refused(request: Request, refusal: Exception) -> Any:
    assert isinstance(refusal, Refused | Retryable)
    status, title = status_of(refusal)
    # Who was turned away from what is worth a line (ASVS 16.3.2); what they typed is not.
    log.info("refused", kind=type(refusal).__name__, status=status, route=route_of(request.scope))
    if isinstance(refusal, StepUpFirst) and not request.url.path.startswith("/api/"):
        return await request.app.state.step_up_page(request)
    answer = _page(request, status, title, str(refusal)) or refusal_body(refusal)
    if isinstance(refusal, StepUpFirst):
        answer.headers["www-authenticate"] = STEP_UP_CHALLENGE
    if isinstance(refusal, TooManyCalls):
        answer.headers["retry-after"] = str(refusal.seconds)
    return answer


async def _unreadable(request: Request, wrong: Exception) -> Any:
    assert isinstance(wrong, RequestValidationError)
    errors = []
    for error in wrong.errors():
        where = "/" + "/".join(str(p) for p in error["loc"][1:])
        errors.append({"pointer": where, "detail": "This cannot be read as it stands; check its form."})
    detail = "The call could not be read."
    return _page(request, 422, "Some answers need another look", detail) or problem(
        422, "Some answers need another look", detail, errors=errors
    )


async def _http(request: Request, wrong: Exception) -> Any:
    assert isinstance(wrong, HTTPException)
    detail = {404: "There is nothing at this address.", 405: "This address does not take that method."}
    said = detail.get(wrong.status_code, "The call was refused.")
    answer = _page(request, wrong.status_code, "Not here", said) or problem(
        wrong.status_code, "Not here", said
    )
    if wrong.headers and "Allow" in wrong.headers:
        answer.headers["allow"] = wrong.headers["Allow"]
    return answer


async def unexpected(request: Request, wrong: Exception) -> Any:
    """Our own fault: a number to tell us, and nothing of what went wrong."""
    number = number_of(request)
    # The class, the lines and the route pattern only: messages and paths may carry personal data.
    log.error("unexpected", route=route_of(request.scope), **logs.fault(wrong))
    detail = f"Something went wrong on our side. Nothing was lost. Tell us this number: {number}"
    return _page(request, 500, "Our fault", detail) or problem(500, "Our fault", detail, instance=number)


def number_of(request: Request) -> str:
    """The call's own number: in its answer's header, in its log lines, and on its error page."""
    return str(request.scope.get("state", {}).get("call", "unknown"))
