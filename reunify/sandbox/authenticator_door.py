"""`POST /authenticator`: the demo people's software passkeys sign for browsers that have none."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict

from reunify.sandbox.authenticator import SoftwarePasskey
from reunify.sandbox.people import PEOPLE_BY_NAME

router = APIRouter()


class ToSign(BaseModel):
    """`options`: as the house made them; `origin`: where the browser is."""

    model_config = ConfigDict(extra="forbid")
    username: str
    options: dict[str, Any]
    origin: str


@router.post("/authenticator")
def sign(asked: ToSign) -> JSONResponse:
    """404 for anybody who is not of the demo."""
    if asked.username not in PEOPLE_BY_NAME:
        return JSONResponse({}, status_code=404)
    return JSONResponse(SoftwarePasskey(asked.username).sign(asked.options, asked.origin))
