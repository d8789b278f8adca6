"""JSON for agencies' systems, operators' scripts and the demo driver."""

from fastapi import APIRouter

from reunify.web.api import (
    awards,
    bookings,
    cards,
    emergencies,
    envelopes,
    hand_offs,
    outcomes,
    payments,
    requests,
    sessions,
    telling,
    tokens,
)

router = APIRouter()
for part in (
    sessions,
    requests,
    emergencies,
    awards,
    bookings,
    cards,
    telling,
    envelopes,
    payments,
    hand_offs,
    outcomes,
    tokens,
):
    router.include_router(part.router)
