"""What every way in needs: cookies, what a browser says of itself, where to go on, the typed secrets."""

from __future__ import annotations

import json
from typing import Annotated, Any

from fastapi import Request
from fastapi.responses import Response
from pydantic import AfterValidator, StringConstraints
from sqlalchemy.orm import Session

from reunify.bootstrap import House
from reunify.identity import passkeys
from reunify.identity.passkeys import Site
from reunify.identity.policy import SESSION_LONGEST, SET_UP, browser_words
from reunify.kernel.refusals import Refused
from reunify.rates.queries import organisation
from reunify.web.audience import STAFF_COOKIE

HALF_WAY_COOKIE = "__Host-halfway"
LARGEST_ANSWER = 64 * 1024


def _encodable(text: str) -> str:
    if any("\ud800" <= c <= "\udfff" for c in text):
        raise ValueError("remove hidden characters")
    return text


# Exactly as typed: nothing stripped, any characters (ASVS 6.2.8, 6.2.9). Longer than any password may be.
Password = Annotated[str, StringConstraints(min_length=1, max_length=300), AfterValidator(_encodable)]


def keep_session(answer: Response, token: str) -> None:
    """Out of reach of scripts and of other sites (ASVS 3.3.1 to 3.3.4)."""
    _keep(answer, STAFF_COOKIE, token, int(SESSION_LONGEST.total_seconds()))


def keep_half_way(answer: Response, token: str) -> None:
    _keep(answer, HALF_WAY_COOKIE, token, int(SET_UP.total_seconds()))


def drop_half_way(answer: Response) -> None:
    answer.delete_cookie(HALF_WAY_COOKIE, secure=True, httponly=True, samesite="lax")


def _keep(answer: Response, name: str, token: str, seconds: int) -> None:
    answer.set_cookie(name, token, max_age=seconds, secure=True, httponly=True, samesite="lax")


def half_way_token(request: Request) -> str:
    """Empty if none came."""
    return request.cookies.get(HALF_WAY_COOKIE, "")


def browser_of(request: Request) -> str:
    return browser_words(request.headers.get("user-agent", ""))


def site(at: House) -> Site:
    """Whom this house's passkeys are for."""
    return passkeys.site_of(at.settings.own_url)


def words_of(session: Session, at: House) -> tuple[str, ...]:
    """The organisation's own words, which make bad passwords."""
    try:
        return (organisation(session, on=at.now().date()).name,)
    except Refused:
        return ()


def json_text(text: str) -> Response:
    """Options as the library wrote them."""
    return Response(text, media_type="application/json")


def credential(text: str) -> dict[str, Any]:
    """What a passkey answered, as the browser wrote it; empty for anything that is no such thing."""
    if len(text) > LARGEST_ANSWER:
        return {}
    try:
        read = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return read if isinstance(read, dict) else {}
