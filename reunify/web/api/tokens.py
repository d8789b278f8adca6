"""Tokens for programs of partners, for administrators' scripts. A token itself opens none of this."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field

from reunify.identity import tokens
from reunify.identity.tokens import USUAL, Scope
from reunify.kernel.ids import StaffId
from reunify.kernel.people import Role, Staff
from reunify.kernel.text import SafeText
from reunify.web.audience import AtHouse, SteppedUpAdministrator, staff

router = APIRouter(tags=["tokens"])
Administrator = Annotated[Staff, Depends(staff(Role.ADMINISTRATOR))]


class NewToken(BaseModel):
    """`owner_id`: the case manager who counts as author of what the program enters."""

    model_config = ConfigDict(extra="forbid")
    name: SafeText
    scopes: Annotated[set[Scope], Field(min_length=1)]
    owner_id: UUID
    days: int = USUAL.days


@router.post("/tokens", status_code=201)
def make(body: NewToken, by: SteppedUpAdministrator, at: AtHouse) -> dict[str, str]:
    """The token, shown once."""
    with at.db.work() as session:
        token_id, token = tokens.make(
            session,
            name=body.name,
            scopes=body.scopes,
            owner_id=StaffId(body.owner_id),
            days=body.days,
            by=by,
            now=at.now(),
        )
    return {"id": str(token_id), "token": token}


@router.get("/tokens")
def show(by: Administrator, at: AtHouse) -> list[dict[str, Any]]:
    """Every token there was, without what would open anything."""
    with at.db.read() as session:
        found = tokens.tokens(session)
    return [
        {
            "id": str(t.id),
            "name": t.name,
            "hint": t.hint,
            "scopes": list(t.scopes),
            "owner_id": str(t.owner_id),
            "ends_at": t.ends_at.isoformat(),
            "used_at": t.used_at.isoformat() if t.used_at else None,
            "revoked_at": t.revoked_at.isoformat() if t.revoked_at else None,
        }
        for t in found
    ]


@router.delete("/tokens/{token_id}", status_code=204)
def revoke(token_id: UUID, by: SteppedUpAdministrator, at: AtHouse) -> None:
    """Dead at once."""
    with at.db.work() as session:
        tokens.revoke(session, token_id=token_id, by=by, now=at.now())
