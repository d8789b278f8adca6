"""Where Stripe's signed events arrive: verify the raw bytes, keep, answer; a flow handles them."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from reunify.reconciliation import actions as reconciliation
from reunify.web.audience import AtHouse, anyone

router = APIRouter(include_in_schema=False)


@router.post("/webhooks/stripe", dependencies=[Depends(anyone)])
async def stripe_event(request: Request, at: AtHouse) -> Response:
    """The signature is the audience: an unsigned call is refused."""
    raw = await request.body()
    signature = request.headers.get("stripe-signature", "")

    def keep() -> None:
        with at.db.work(wake=True) as session:
            reconciliation.receive(
                session,
                raw=raw,
                signature=signature,
                secrets=at.webhook_secrets,
                now=at.now(),
                live=at.live,
            )

    await run_in_threadpool(keep)
    return Response(status_code=200)
