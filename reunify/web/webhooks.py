"""Where Stripe's signed events arrive: verify the raw bytes, keep, answer; a flow handles them."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse, Response
from starlette.concurrency import run_in_threadpool

from reunify.adapters.stripe_client import API_VERSION
from reunify.kernel.people import System
from reunify.reconciliation import actions as reconciliation
from reunify.reconciliation import cards_asked
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


@router.post("/webhooks/stripe/authorisations", dependencies=[Depends(anyone)])
async def may_card_pay(request: Request, at: AtHouse) -> Response:
    """`{"approved": bool}` within Stripe's two seconds. Its own secret's signature is the audience."""
    raw = await request.body()
    signature = request.headers.get("stripe-signature", "")

    def decide() -> bool:
        return cards_asked.answer(
            at.db,
            raw=raw,
            signature=signature,
            secrets=at.card_answer_secrets,
            live=at.live,
            by=System("cards"),
            clock=at.now,
        )

    approved = await run_in_threadpool(decide)
    return JSONResponse({"approved": approved}, headers={"Stripe-Version": API_VERSION})
