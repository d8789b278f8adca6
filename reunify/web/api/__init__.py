"""JSON for agencies' systems, operators' scripts and the demo driver."""

from fastapi import APIRouter

from reunify.web.api import awards, payments, requests, sessions, tokens

router = APIRouter()
for part in (sessions, requests, awards, payments, tokens):
    router.include_router(part.router)
