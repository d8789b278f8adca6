"""Sign in and out; who am I; is the house awake."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict

from reunify.identity import actions as identity
from reunify.identity.policy import WrongSignIn
from reunify.kernel.text import SafeText
from reunify.web.audience import AnyStaff, AtHouse, anyone, staff_token

router = APIRouter(tags=["sessions"])


class SignIn(BaseModel):
    model_config = ConfigDict(extra="forbid")
    username: SafeText
    password: SafeText


@router.post("/sessions", status_code=201, dependencies=[Depends(anyone)])
def sign_in(body: SignIn, at: AtHouse) -> dict[str, str]:
    """A bearer token for this person; it ends after 30 idle minutes or 12 hours."""
    with at.db.work() as session:
        token = identity.sign_in(session, username=body.username, password=body.password, now=at.now())
    if token is None:
        raise WrongSignIn("The name or the password is not right.")
    return {"token": token}


@router.delete("/sessions", status_code=204)
def sign_out(request: Request, by: AnyStaff, at: AtHouse) -> None:
    """Ends this session on the server."""
    with at.db.work() as session:
        identity.sign_out(session, token=staff_token(request) or "")


@router.get("/sessions/me")
def who_am_i(by: AnyStaff) -> dict[str, Any]:
    """The signed-in person."""
    return {"id": str(by.id), "name": by.name, "roles": sorted(by.roles)}


@router.get("/health", dependencies=[Depends(anyone)])
def health(at: AtHouse) -> dict[str, str]:
    """Answers when the database answers."""
    with at.db.read() as session:
        session.connection()
    return {"status": "ready"}
