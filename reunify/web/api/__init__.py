"""JSON for agencies' systems, operators' scripts and the demo driver."""

from fastapi import APIRouter

from reunify.web.api import awards, payments, requests, sessions

router = APIRouter()
for part in (sessions, requests, awards, payments):
    router.include_router(part.router)
