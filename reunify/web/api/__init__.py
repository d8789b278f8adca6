"""JSON for agencies' systems, operators' scripts and the demo driver."""

from fastapi import APIRouter

from reunify.web.api import (
    awards,
    bookings,
    cards,
    cash,
    emergencies,
    envelopes,
    hand_offs,
    outage,
    outcomes,
    outside,
    payment_proofs,
    payments,
    payouts,
    requests,
    sessions,
    statements,
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
    cash,
    telling,
    envelopes,
    outage,
    payment_proofs,
    payments,
    payouts,
    statements,
    hand_offs,
    outcomes,
    outside,
    tokens,
):
    router.include_router(part.router)
