"""The account's own paths (API v1): balance, its transactions, top-ups, and snapshot events."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import APIRouter, Request
from fastapi.responses import Response

from reunify.sandbox.stripe_simulator import issuing_wire as wire
from reunify.sandbox.stripe_simulator.gate import Answer, Call, Gate
from reunify.sandbox.stripe_simulator.issuing import Issuing
from reunify.sandbox.stripe_simulator.issuing_app import FormAsks
from reunify.sandbox.stripe_simulator.paging import listed_v1
from reunify.sandbox.stripe_simulator.store import Thing


def router(issuing: Issuing, gate: Gate, respond: Callable[[Answer], Response]) -> APIRouter:
    routes = APIRouter()

    def read(call: Call, work: Callable[[], Thing]) -> Response:
        return respond(gate.answer(call, wire.Empty, lambda _, __: work()))

    def page_of(call: Call, request: Request, kind: str, filters: set[str]) -> Response:
        found = issuing.store.all(kind)
        return read(call, lambda: listed_v1(found, request.url, filters=frozenset(filters)))

    @routes.get("/v1/balance")
    def balance(call: FormAsks) -> Response:
        return read(call, issuing.balance)

    @routes.get("/v1/balance_transactions")
    def list_movements(call: FormAsks, request: Request) -> Response:
        known = {"created", "currency", "payout", "source", "type"}
        return page_of(call, request, "balance_transaction", known)

    @routes.get("/v1/balance_transactions/{id_}")
    def retrieve_movement(call: FormAsks, id_: str) -> Response:
        return read(call, lambda: issuing.found("balance_transaction", id_))

    @routes.post("/v1/topups")
    def create_topup(call: FormAsks) -> Response:
        return respond(gate.answer(call, wire.TopupCreate, issuing.create_topup))

    @routes.get("/v1/topups")
    def list_topups(call: FormAsks, request: Request) -> Response:
        return page_of(call, request, "topup", {"amount", "created", "status"})

    @routes.get("/v1/topups/{id_}")
    def retrieve_topup(call: FormAsks, id_: str) -> Response:
        return read(call, lambda: issuing.found("topup", id_))

    @routes.post("/v1/topups/{id_}/cancel")
    def cancel_topup(call: FormAsks, id_: str) -> Response:
        return respond(gate.answer(call, wire.Empty, lambda _, __: issuing.cancel_topup(id_)))

    @routes.get("/v1/events")
    def list_events(call: FormAsks, request: Request) -> Response:
        return page_of(call, request, "event_of_card", {"created", "type"})

    @routes.get("/v1/events/{id_}")
    def retrieve_event(call: FormAsks, id_: str) -> Response:
        return read(call, lambda: issuing.found("event_of_card", id_))

    return routes
