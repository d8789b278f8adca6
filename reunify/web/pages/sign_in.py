"""Sign in with a password and a second factor, or with a passkey alone; sign out."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import Response

from reunify.bootstrap import House
from reunify.identity import actions as identity
from reunify.identity import factors, half_way, queries, sessions
from reunify.identity.half_way import Purpose
from reunify.identity.limits import Kind
from reunify.identity.policy import EnrolFirst, TooManyTries
from reunify.kernel.refusals import NotFound
from reunify.kernel.text import SafeText
from reunify.web.audience import STAFF_COOKIE, AnyStaff, AtHouse, anyone, staff_token
from reunify.web.doors import (
    Password,
    browser_of,
    credential,
    drop_half_way,
    half_way_token,
    json_text,
    keep_half_way,
    keep_session,
    site,
)
from reunify.web.limits import limited
from reunify.web.pages.view import go, staff_page

router = APIRouter(include_in_schema=False)
DOOR = [Depends(anyone), Depends(limited(Kind.SIGN_IN))]
_AGAIN = "That did not prove who you are. Please try again."


@router.get("/sign-in", dependencies=[Depends(anyone)])
def door(request: Request, at: AtHouse) -> Response:
    """The first step; for whoever has taken it, the second."""
    return _second(request, at) or sign_in_page(request)


@router.post("/sign-in", dependencies=DOOR)
def sign_in(
    request: Request,
    at: AtHouse,
    username: Annotated[SafeText, Form()],
    password: Annotated[Password, Form()],
) -> Response:
    """Half-way in; the wrong half is never named."""
    try:
        with at.db.work() as session:
            half = identity.sign_in(session, username=username, password=password, now=at.now())
    except TooManyTries as paused:
        return sign_in_page(request, username=username, wrong=str(paused), status=429)
    except EnrolFirst:
        return go("/enrol", "enrol_first")
    if half is None:
        wrong = "The name or the password is not right. Please try again."
        return sign_in_page(request, username=username, wrong=wrong, status=401)
    answer = go("/sign-in")
    keep_half_way(answer, half.token)
    return answer


@router.post("/sign-in/code", dependencies=DOOR)
def code(request: Request, at: AtHouse, code: Annotated[SafeText, Form()]) -> Response:
    """The six digits finish it."""
    token = half_way_token(request)
    try:
        with at.db.work() as session:
            made = identity.finish_with_code(
                session, token=token, code=code, browser=browser_of(request), now=at.now()
            )
    except TooManyTries as paused:
        return _not_proved(request, at, str(paused), 429)
    if made is None:
        return _not_proved(
            request, at, "These are not the six digits shown now. Wait for the next ones.", 401
        )
    return welcome(request, at, made)


@router.post("/sign-in/passkey/options", dependencies=DOOR)
def passkey_options(request: Request, at: AtHouse) -> Response:
    """What a passkey is to sign: of whoever stands half-way, or of anybody it belongs to."""
    token = half_way_token(request)
    with at.db.work() as session:
        options = identity.ask_passkey(session, token=token, site=site(at), now=at.now())
        if options is None:
            token = half_way.begin(session, purpose=Purpose.PASSKEY, staff_id=None, now=at.now())
            options = identity.ask_passkey(session, token=token, site=site(at), now=at.now())
    answer = json_text(options or "{}")
    keep_half_way(answer, token)
    return answer


@router.post("/sign-in/passkey", dependencies=DOOR)
def passkey(request: Request, at: AtHouse, credential_: Annotated[str, Form(alias="credential")]) -> Response:
    with at.db.work() as session:
        made = identity.finish_with_passkey(
            session,
            token=half_way_token(request),
            site=site(at),
            answer=credential(credential_),
            browser=browser_of(request),
            now=at.now(),
        )
    return welcome(request, at, made) if made else _not_proved(request, at, _AGAIN, 401)


@router.post("/sign-in/demo", dependencies=DOOR)
def demo(request: Request, at: AtHouse) -> Response:
    """The sandbox's software passkey signs for a browser that has none. Not there outside the sandbox."""
    if at.demo_authenticator is None:
        raise NotFound("There is nothing at this address.")
    token, made = half_way_token(request), None
    with at.db.work() as session:
        standing = half_way.find(session, token=token, now=at.now())
        options = identity.ask_passkey(session, token=token, site=site(at), now=at.now())
        who = queries.username(session, standing.staff_id) if standing and standing.staff_id else None
    if who and options:
        signed = at.demo_authenticator.sign(username=who, options=options, origin=site(at).origin)
        with at.db.work() as session:
            made = identity.finish_with_passkey(
                session,
                token=token,
                site=site(at),
                answer=signed or {},
                browser=browser_of(request),
                now=at.now(),
            )
    return welcome(request, at, made) if made else _not_proved(request, at, _AGAIN, 401)


@router.post("/sign-in/again", dependencies=[Depends(anyone)])
def again(request: Request, at: AtHouse) -> Response:
    """Somebody else's turn: the half-way state is gone."""
    with at.db.work() as session:
        half_way.spend(session, token=half_way_token(request))
    answer = go("/sign-in")
    drop_half_way(answer)
    return answer


@router.post("/sign-out")
def sign_out(request: Request, by: AnyStaff, at: AtHouse) -> Response:
    """Ends the session on the server, and everything of it in the browser (ASVS 7.4.1, 14.3.1)."""
    with at.db.work() as session:
        sessions.sign_out(session, token=staff_token(request) or "", by=by, now=at.now())
    answer = go("/sign-in", "signed_out")
    answer.delete_cookie(STAFF_COOKIE, secure=True, httponly=True, samesite="lax")
    answer.headers["clear-site-data"] = '"cache", "cookies", "storage"'
    return answer


@router.post("/still-here", status_code=204)
def still_here(by: AnyStaff) -> None:
    """Typing is activity: a long form never ends its own session."""


def welcome(request: Request, at: House, token: str) -> Response:
    """Into the house with a new session; the one this browser had before is dead (ASVS 7.2.4)."""
    before = request.cookies.get(STAFF_COOKIE)
    if before:
        with at.db.work() as session:
            sessions.drop(session, token=before)
    answer = go("/")
    keep_session(answer, token)
    drop_half_way(answer)
    return answer


def sign_in_page(request: Request, *, username: str = "", wrong: str = "", status: int = 200) -> Response:
    return staff_page(request, "staff/sign_in.html", me=None, status=status, username=username, wrong=wrong)


def _second(request: Request, at: House, *, wrong: str = "", status: int = 200) -> Response | None:
    with at.db.read() as session:
        standing = half_way.find(session, token=half_way_token(request), now=at.now())
        if standing is None or standing.purpose is not Purpose.SECOND_FACTOR or standing.staff_id is None:
            return None
        has = factors.of(session, standing.staff_id)
    return staff_page(
        request,
        "staff/second_factor.html",
        me=None,
        status=status,
        has=has,
        demo=at.demo_authenticator is not None,
        wrong=wrong,
    )


def _not_proved(request: Request, at: House, wrong: str, status: int) -> Response:
    return _second(request, at, wrong=wrong, status=status) or sign_in_page(
        request, wrong=wrong, status=status
    )
