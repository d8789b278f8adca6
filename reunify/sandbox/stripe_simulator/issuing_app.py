"""Issuing's paths (API v1, forms), the desk's own `pay` (not Stripe's), and the page where a card is read."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from typing import Annotated, TypeVar

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from pydantic import BaseModel, ConfigDict

from reunify.sandbox.stripe_simulator import issuing_wire as wire
from reunify.sandbox.stripe_simulator import page
from reunify.sandbox.stripe_simulator.bank import Asked, Problem
from reunify.sandbox.stripe_simulator.forms import as_json
from reunify.sandbox.stripe_simulator.gate import Answer, Call, Gate
from reunify.sandbox.stripe_simulator.issuing import Issuing
from reunify.sandbox.stripe_simulator.store import Thing

M = TypeVar("M", bound=BaseModel)
Answered = Callable[[Answer], Response]
_TEST = "/v1/test_helpers/issuing"


class Purchase(BaseModel):
    model_config = ConfigDict(extra="forbid")

    amount: int
    category: str = "airlines_air_carriers"
    capture: bool = True


async def _form_call(request: Request) -> Call:
    return Call(request.method, request.url.path, request.headers, as_json(await request.body()))


Asks = Annotated[Call, Depends(_form_call)]


def router(issuing: Issuing, gate: Gate, respond: Answered) -> APIRouter:
    """All of it. Answers are remembered by key as the gate does; v1 also remembers a 500, ours does not."""
    routes = APIRouter()
    _add_cards(routes, issuing, gate, respond)
    _add_merchants(routes, issuing, gate, respond)
    _add_pages(routes, issuing)
    return routes


def _add_cards(routes: APIRouter, issuing: Issuing, gate: Gate, respond: Answered) -> None:
    def answer(call: Call, model: type[M], work: Callable[[M, Asked], Thing]) -> Response:
        return respond(gate.answer(call, model, work))

    def read(call: Call, work: Callable[[], Thing]) -> Response:
        return respond(gate.answer(call, wire.Empty, lambda _, __: work()))

    @routes.post("/v1/issuing/cardholders")
    def create_cardholder(call: Asks) -> Response:
        return answer(call, wire.CardholderCreate, issuing.create_cardholder)

    @routes.post("/v1/issuing/cards")
    def create_card(call: Asks) -> Response:
        return answer(call, wire.CardCreate, issuing.create_card)

    @routes.get("/v1/issuing/cards/{id_}")
    def retrieve_card(call: Asks, id_: str) -> Response:
        return read(call, lambda: issuing.found("card", id_))

    @routes.post("/v1/issuing/cards/{id_}")
    def update_card(call: Asks, id_: str) -> Response:
        return answer(call, wire.CardUpdate, lambda asked, by: issuing.update_card(id_, asked, by))

    @routes.get("/v1/issuing/authorizations/{id_}")
    def retrieve_authorization(call: Asks, id_: str) -> Response:
        return read(call, lambda: issuing.found("authorization", id_))

    @routes.get("/v1/issuing/transactions/{id_}")
    def retrieve_transaction(call: Asks, id_: str) -> Response:
        return read(call, lambda: issuing.found("transaction_of_card", id_))

    @routes.get("/v1/issuing/transactions")
    def list_transactions(call: Asks, request: Request) -> Response:
        asked = request.query_params
        since, limit = int(asked.get("created[gte]", "0")), int(asked.get("limit", "10"))
        after = asked.get("starting_after")
        return read(call, lambda: issuing.transactions(since=since, after=after, limit=limit))


def _add_merchants(routes: APIRouter, issuing: Issuing, gate: Gate, respond: Answered) -> None:
    def answer(call: Call, model: type[M], work: Callable[[M, Asked], Thing]) -> Response:
        return respond(gate.answer(call, model, work))

    @routes.post(f"{_TEST}/authorizations")
    def authorise(call: Asks) -> Response:
        return answer(call, wire.AuthorizationCreate, issuing.authorise)

    @routes.post(f"{_TEST}/authorizations/{{id_}}/capture")
    def capture(call: Asks, id_: str) -> Response:
        return answer(call, wire.AuthorizationCapture, lambda asked, by: issuing.capture(id_, asked, by))

    @routes.post(f"{_TEST}/authorizations/{{id_}}/reverse")
    def reverse(call: Asks, id_: str) -> Response:
        return answer(call, wire.Empty, lambda _, by: issuing.reverse(id_, by))

    @routes.post(f"{_TEST}/transactions/create_force_capture")
    def force_capture(call: Asks) -> Response:
        return answer(call, wire.ForceCapture, issuing.force_capture)

    @routes.post(f"{_TEST}/transactions/{{id_}}/refund")
    def refund(call: Asks, id_: str) -> Response:
        return answer(call, wire.Refund, lambda asked, by: issuing.refund(id_, asked, by))

    @routes.post("/_control/cards/{id_}/pay")
    def pay(id_: str, order: Purchase) -> JSONResponse:
        try:
            return JSONResponse(issuing.pay(id_, order.amount, order.category, capture=order.capture))
        except Problem as problem:
            return JSONResponse({"error": problem.error}, problem.status)


def _add_pages(routes: APIRouter, issuing: Issuing) -> None:
    @routes.get("/issuing/cards/{id_}")
    def card(id_: str) -> HTMLResponse:
        """The stand-in for the page at Stripe where the desk reads the number."""
        found = issuing.store.get("card", id_)
        if found is None:
            return HTMLResponse(page.said("No such page", "No such card."), 404, headers=page.SECURITY)
        return HTMLResponse(page.card(found, issuing.used(id_)), headers=page.SECURITY)

    @routes.post("/issuing/cards/{id_}")
    def pay_by_hand(
        id_: str,
        dollars: Annotated[str, Form(pattern=r"^[0-9]{1,6}\.[0-9]{2}$")],
        category: Annotated[str, Form()],
    ) -> Response:
        """The desk buys at an invented merchant."""
        try:
            done = issuing.pay(id_, int(dollars.replace(".", "")), category, capture=True)
        except Problem as problem:
            said = page.said("Not done", escape(str(problem)))
            return HTMLResponse(said, problem.status, headers=page.SECURITY)
        if not done["approved"]:
            said = page.said("Declined", "The card may not buy this, or not so much.")
            return HTMLResponse(said, headers=page.SECURITY)
        return RedirectResponse(f"/issuing/cards/{id_}", 303)
