"""A beginning with a one-time code, or with the halves two colleagues read out: a password, then a factor."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import Response

from reunify.bootstrap import House
from reunify.identity import enrolment, recovery, set_up, totp
from reunify.identity.limits import Kind
from reunify.identity.policy import PasskeyFirst, TooManyTries, WeakPassword
from reunify.kernel.text import SafeText
from reunify.web.audience import AtHouse, anyone
from reunify.web.doors import (
    Password,
    browser_of,
    credential,
    half_way_token,
    json_text,
    keep_half_way,
    site,
    words_of,
)
from reunify.web.limits import address_of, limited
from reunify.web.pages.sign_in import welcome
from reunify.web.pages.view import go, staff_page

router = APIRouter(include_in_schema=False)
_DOOR = [Depends(anyone), Depends(limited(Kind.SHORT_CODE))]
_WRONG = "The name or the code is not right, or its time is over. Ask for a new one if you need it."
_OVER = "Your time to set up is over. Ask for a new code."


@router.get("/enrol", dependencies=[Depends(anyone)])
def show(request: Request, at: AtHouse) -> Response:
    """The codes; for whoever has given them, the next thing to set up."""
    return _page(request, at)


@router.post("/enrol", dependencies=_DOOR)
def begin(
    request: Request, at: AtHouse, username: Annotated[SafeText, Form()], code: Annotated[SafeText, Form()]
) -> Response:
    try:
        with at.db.work() as session:
            token = enrolment.begin_with_code(
                session, username=username, code=code, place=address_of(request), now=at.now()
            )
    except TooManyTries as paused:
        return _page(request, at, wrong=str(paused), status=429)
    return _begun(request, at, token)


@router.post("/enrol/halves", dependencies=_DOOR)
def begin_with_halves(
    request: Request,
    at: AtHouse,
    username: Annotated[SafeText, Form()],
    first: Annotated[SafeText, Form()],
    second: Annotated[SafeText, Form()],
) -> Response:
    try:
        with at.db.work() as session:
            token = recovery.begin_with_halves(
                session,
                username=username,
                first=first,
                second=second,
                place=address_of(request),
                now=at.now(),
            )
    except TooManyTries as paused:
        return _page(request, at, wrong=str(paused), status=429)
    return _begun(request, at, token)


@router.post("/enrol/password", dependencies=_DOOR)
def choose_password(request: Request, at: AtHouse, password: Annotated[Password, Form()]) -> Response:
    try:
        with at.db.work() as session:
            done = set_up.choose_password(
                session,
                token=half_way_token(request),
                new=password,
                about=words_of(session, at),
                breached=at.settings.breached_passwords,
                now=at.now(),
            )
    except WeakPassword as weak:
        return _page(request, at, wrong=str(weak), status=422)
    return go("/enrol") if done else _page(request, at, wrong=_OVER, status=401)


@router.post("/enrol/passkey/options", dependencies=_DOOR)
def passkey_options(request: Request, at: AtHouse) -> Response:
    with at.db.work() as session:
        options = set_up.ask_passkey(session, token=half_way_token(request), site=site(at), now=at.now())
    return json_text(options) if options else _page(request, at, wrong=_OVER, status=401)


@router.post("/enrol/passkey", dependencies=_DOOR)
def add_passkey(
    request: Request,
    at: AtHouse,
    answer: Annotated[str, Form(alias="credential")],
    name: Annotated[SafeText, Form()],
) -> Response:
    with at.db.work() as session:
        made = set_up.add_passkey(
            session,
            token=half_way_token(request),
            site=site(at),
            answer=credential(answer),
            name=name[:60],
            browser=browser_of(request),
            now=at.now(),
        )
    if made is None:
        return _page(request, at, wrong="That passkey could not be added. Please try again.", status=422)
    return welcome(request, at, made)


@router.post("/enrol/app", dependencies=_DOOR)
def begin_app(request: Request, at: AtHouse) -> Response:
    """A secret for an app; it counts once its first code has been typed."""
    try:
        with at.db.work() as session:
            done = set_up.begin_app(
                session, token=half_way_token(request), provider=at.provider is not None, now=at.now()
            )
    except PasskeyFirst as first:
        return _page(request, at, wrong=str(first), status=422)
    return go("/enrol") if done else _page(request, at, wrong=_OVER, status=401)


@router.post("/enrol/app/confirm", dependencies=_DOOR)
def confirm_app(request: Request, at: AtHouse, code: Annotated[SafeText, Form()]) -> Response:
    try:
        with at.db.work() as session:
            made = set_up.confirm_app(
                session,
                token=half_way_token(request),
                code=code,
                provider=at.provider is not None,
                browser=browser_of(request),
                now=at.now(),
            )
    except PasskeyFirst as first:
        return _page(request, at, wrong=str(first), status=422)
    except TooManyTries as paused:
        return _page(request, at, wrong=str(paused), status=429)
    if made is None:
        wrong = "These are not the six digits shown now. Check the phone's clock, and wait for the next ones."
        return _page(request, at, wrong=wrong, status=422)
    return welcome(request, at, made)


def _begun(request: Request, at: House, token: str | None) -> Response:
    if token is None:
        return _page(request, at, wrong=_WRONG, status=401)
    answer = go("/enrol")
    keep_half_way(answer, token)
    return answer


def _page(request: Request, at: House, *, wrong: str = "", status: int = 200) -> Response:
    with at.db.work() as session:
        beginning = set_up.seen(
            session, token=half_way_token(request), provider=at.provider is not None, now=at.now()
        )
    if beginning is None:
        return staff_page(request, "staff/enrol.html", me=None, status=status, wrong=wrong)
    secret = totp.in_groups(beginning.secret) if beginning.secret else None
    return staff_page(
        request,
        "staff/set_up.html",
        me=None,
        status=status,
        beginning=beginning,
        secret=secret,
        wrong=wrong,
    )
