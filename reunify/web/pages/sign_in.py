"""Sign in and out with a name and a password."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import Response

from reunify.identity import actions as identity
from reunify.identity.policy import SESSION_LONGEST, TooManyTries
from reunify.kernel.text import SafeText
from reunify.web.audience import STAFF_COOKIE, AnyStaff, AtHouse, anyone, staff_token
from reunify.web.pages.view import go, staff_page

router = APIRouter(include_in_schema=False)


@router.get("/sign-in", dependencies=[Depends(anyone)])
def door(request: Request) -> Response:
    return sign_in_page(request)


@router.post("/sign-in", dependencies=[Depends(anyone)])
def sign_in(
    request: Request,
    at: AtHouse,
    username: Annotated[SafeText, Form()],
    password: Annotated[SafeText, Form()],
) -> Response:
    """A new session; the wrong half is never named."""
    try:
        with at.db.work() as session:
            token = identity.sign_in(session, username=username, password=password, now=at.now())
    except TooManyTries as paused:
        return sign_in_page(request, username=username, wrong=str(paused), status=429)
    if token is None:
        wrong = "The name or the password is not right. Please try again."
        return sign_in_page(request, username=username, wrong=wrong, status=401)
    answer = go("/")
    answer.set_cookie(
        STAFF_COOKIE,
        token,
        max_age=int(SESSION_LONGEST.total_seconds()),
        secure=True,
        httponly=True,
        samesite="lax",
    )
    return answer


@router.post("/sign-out")
def sign_out(request: Request, by: AnyStaff, at: AtHouse) -> Response:
    """Ends the session on the server, and the cookie."""
    with at.db.work() as session:
        identity.sign_out(session, token=staff_token(request) or "")
    answer = go("/sign-in", "signed_out")
    answer.delete_cookie(STAFF_COOKIE, secure=True, httponly=True, samesite="lax")
    return answer


@router.post("/still-here", status_code=204)
def still_here(by: AnyStaff) -> None:
    """Typing is activity: a long form never ends its own session."""


def sign_in_page(request: Request, *, username: str = "", wrong: str = "", status: int = 200) -> Response:
    return staff_page(request, "staff/sign_in.html", me=None, status=status, username=username, wrong=wrong)
