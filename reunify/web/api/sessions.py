"""Sign in with two proofs, step up, sign out; who am I; is the house awake."""

from __future__ import annotations

import json
from typing import Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict

from reunify.disbursement import rail
from reunify.files import looking
from reunify.identity import actions as identity
from reunify.identity import passkeys, sessions
from reunify.identity.limits import Kind
from reunify.identity.passkeys import Use
from reunify.identity.policy import PasskeyRefused, WrongSignIn
from reunify.kernel.text import SafeText
from reunify.rules import health as rules_health
from reunify.web.audience import AnyStaff, AtHouse, anyone, staff_token
from reunify.web.doors import Password, browser_of, keep_session, site
from reunify.web.limits import limited

router = APIRouter(tags=["sessions"])
_DOOR = [Depends(anyone), Depends(limited(Kind.SIGN_IN))]


class SignIn(BaseModel):
    model_config = ConfigDict(extra="forbid")
    username: SafeText
    password: Password


class SecondFactor(BaseModel):
    """The six digits, or what the passkey answered."""

    model_config = ConfigDict(extra="forbid")
    half_way: SafeText
    code: SafeText | None = None
    passkey: dict[str, Any] | None = None


class Proof(BaseModel):
    """What the passkey answered."""

    model_config = ConfigDict(extra="forbid")
    passkey: dict[str, Any]


@router.post("/sessions", status_code=202, dependencies=_DOOR)
def sign_in(body: SignIn, at: AtHouse) -> dict[str, Any]:
    """The first half. `half_way` and the second factor, within five minutes, make a session."""
    options = None
    with at.db.work() as session:
        half = identity.sign_in(session, username=body.username, password=body.password, now=at.now())
        if half is not None and half.passkeys:
            options = identity.ask_passkey(session, token=half.token, site=site(at), now=at.now())
    if half is None:
        raise WrongSignIn("The name or the password is not right.")
    return {
        "half_way": half.token,
        "code": half.totp,
        "passkey_options": json.loads(options) if options else None,
    }


@router.post("/sessions/second-factor", status_code=201, dependencies=_DOOR)
def second_factor(request: Request, body: SecondFactor, at: AtHouse) -> dict[str, str]:
    """A bearer token for this person; it ends after 30 idle minutes or 12 hours."""
    with at.db.work() as session:
        if body.passkey is not None:
            token = identity.finish_with_passkey(
                session,
                token=body.half_way,
                site=site(at),
                answer=body.passkey,
                browser=browser_of(request),
                now=at.now(),
            )
        else:
            token = identity.finish_with_code(
                session,
                token=body.half_way,
                code=body.code or "",
                browser=browser_of(request),
                now=at.now(),
            )
    if token is None:
        raise WrongSignIn("That did not prove who you are. Please begin again.")
    return {"token": token}


@router.post("/sessions/step-up/options")
def step_up_options(request: Request, by: AnyStaff, at: AtHouse) -> dict[str, Any]:
    """What a passkey of this person is to sign; used once, within five minutes."""
    with at.db.work() as session:
        options = passkeys.ask(
            session,
            token=staff_token(request) or "",
            use=Use.STEP_UP,
            site=site(at),
            staff_id=by.id,
            now=at.now(),
        )
    return dict(json.loads(options))


@router.post("/sessions/step-up", response_model=None)
def step_up(request: Request, body: Proof, by: AnyStaff, at: AtHouse) -> Response:
    """A new token for the same session, good for five minutes of what needs a passkey. The old one ends."""
    old = staff_token(request) or ""
    with at.db.work() as session:
        fresh = identity.step_up(session, token=old, site=site(at), answer=body.passkey, by=by, now=at.now())
    if fresh is None:
        raise PasskeyRefused(
            "That passkey proves nothing here: it is somebody else's, or too new to confirm acts of weight."
        )
    if "authorization" in request.headers:
        return JSONResponse({"token": fresh})
    answer = JSONResponse({})
    keep_session(answer, fresh)
    return answer


@router.delete("/sessions", status_code=204)
def sign_out(request: Request, by: AnyStaff, at: AtHouse) -> None:
    """Ends this session on the server."""
    with at.db.work() as session:
        sessions.sign_out(session, token=staff_token(request) or "", by=by, now=at.now())


@router.get("/sessions/me")
def who_am_i(by: AnyStaff) -> dict[str, Any]:
    """The signed-in person."""
    return {"id": str(by.id), "name": by.name, "roles": sorted(by.roles)}


@router.get("/health", dependencies=[Depends(anyone)])
def health(at: AtHouse) -> dict[str, str]:
    """Answers when the database answers. `rules`: ok, or a sentence without a word of what a file says.

    `payouts`: off, not_enabled, lacks_capability or ready, and nothing of any payment. `files`: ok, lost or
    not_compared, as the daily comparison of rows and sealed objects found them.
    """
    with at.db.read() as session:
        standing = rules_health.health(session, today=at.now().date())
        payouts = rail.rail_now(session, on=at.gateway is not None)
        files = looking.last_look(session)
    return {
        "status": "ready",
        "rules": standing.public,
        "payouts": payouts.state.value,
        "files": looking.in_a_word(files),
    }
