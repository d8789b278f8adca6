"""Issuing's paths (API v1, forms), and those of Stripe's test helpers, where merchants act."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, TypeVar

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from pydantic import BaseModel

from reunify.sandbox.stripe_simulator import issuing_wire as wire
from reunify.sandbox.stripe_simulator.forms import as_json
from reunify.sandbox.stripe_simulator.gate import Answer, Call, Gate
from reunify.sandbox.stripe_simulator.issuing import Issuing
from reunify.sandbox.stripe_simulator.paging import listed_v1
from reunify.sandbox.stripe_simulator.problems import Asked
from reunify.sandbox.stripe_simulator.store import Thing

M = TypeVar("M", bound=BaseModel)
Answered = Callable[[Answer], Response]
_TEST = "/v1/test_helpers/issuing"


async def form_call(request: Request) -> Call:
    sent = await request.body()
    return Call(request.method, request.url.path, request.headers, as_json(sent), request.url.query, sent)


FormAsks = Annotated[Call, Depends(form_call)]


def router(issuing: Issuing, gate: Gate, respond: Answered) -> APIRouter:
    """All of it."""
    routes = APIRouter()
    _add_cards(routes, issuing, gate, respond)
    _add_lists(routes, issuing, gate, respond)
    _add_merchants(routes, issuing, gate, respond)
    return routes


def _add_cards(routes: APIRouter, issuing: Issuing, gate: Gate, respond: Answered) -> None:
    def answer(call: Call, model: type[M], work: Callable[[M, Asked], Thing]) -> Response:
        return respond(gate.answer(call, model, work))

    def read(call: Call, work: Callable[[], Thing]) -> Response:
        return respond(gate.answer(call, wire.Empty, lambda _, __: work()))

    @routes.post("/v1/issuing/cardholders")
    def create_cardholder(call: FormAsks) -> Response:
        return answer(call, wire.CardholderCreate, issuing.create_cardholder)

    @routes.post("/v1/issuing/cards")
    def create_card(call: FormAsks) -> Response:
        return answer(call, wire.CardCreate, issuing.create_card)

    @routes.get("/v1/issuing/cards/{id_}")
    def retrieve_card(call: FormAsks, id_: str) -> Response:
        return read(call, lambda: issuing.found("card", id_))

    @routes.post("/v1/issuing/cards/{id_}")
    def update_card(call: FormAsks, id_: str) -> Response:
        return answer(call, wire.CardUpdate, lambda asked, by: issuing.update_card(id_, asked, by))


def _add_lists(routes: APIRouter, issuing: Issuing, gate: Gate, respond: Answered) -> None:
    def read(call: Call, work: Callable[[], Thing]) -> Response:
        return respond(gate.answer(call, wire.Empty, lambda _, __: work()))

    def page_of(call: Call, request: Request, kind: str, filters: set[str]) -> Response:
        found = issuing.store.all(kind)
        return read(call, lambda: listed_v1(found, request.url, filters=frozenset(filters)))

    @routes.get("/v1/issuing/authorizations/{id_}")
    def retrieve_authorization(call: FormAsks, id_: str) -> Response:
        return read(call, lambda: issuing.found("authorization", id_))

    @routes.get("/v1/issuing/transactions/{id_}")
    def retrieve_transaction(call: FormAsks, id_: str) -> Response:
        return read(call, lambda: issuing.found("transaction_of_card", id_))

    @routes.get("/v1/issuing/transactions")
    def list_transactions(call: FormAsks, request: Request) -> Response:
        return page_of(call, request, "transaction_of_card", {"card", "cardholder", "created", "type"})

    @routes.get("/v1/issuing/authorizations")
    def list_authorizations(call: FormAsks, request: Request) -> Response:
        return page_of(call, request, "authorization", {"card", "cardholder", "created", "status"})

    @routes.get("/v1/issuing/cards")
    def list_cards(call: FormAsks, request: Request) -> Response:
        known = {"cardholder", "created", "exp_month", "exp_year", "last4", "status", "type"}
        return page_of(call, request, "card", known)


def _add_merchants(routes: APIRouter, issuing: Issuing, gate: Gate, respond: Answered) -> None:
    def answer(call: Call, model: type[M], work: Callable[[M, Asked], Thing]) -> Response:
        return respond(gate.answer(call, model, work))

    @routes.post(f"{_TEST}/authorizations")
    def authorise(call: FormAsks) -> Response:
        return respond(gate.answer(call, wire.AuthorizationCreate, issuing.authorise, alone=True))

    @routes.post(f"{_TEST}/authorizations/{{id_}}/increment")
    def increment(call: FormAsks, id_: str) -> Response:
        def work(asked: wire.AuthorizationIncrement, by: Asked) -> Thing:
            return issuing.increment(id_, asked, by)

        return respond(gate.answer(call, wire.AuthorizationIncrement, work, alone=True))

    @routes.post(f"{_TEST}/authorizations/{{id_}}/capture")
    def capture(call: FormAsks, id_: str) -> Response:
        return answer(call, wire.AuthorizationCapture, lambda asked, by: issuing.capture(id_, asked, by))

    @routes.post(f"{_TEST}/authorizations/{{id_}}/reverse")
    def reverse(call: FormAsks, id_: str) -> Response:
        def work(asked: wire.AuthorizationReverse, by: Asked) -> Thing:
            return issuing.reverse(id_, by, asked.reverse_amount)

        return answer(call, wire.AuthorizationReverse, work)

    @routes.post(f"{_TEST}/authorizations/{{id_}}/expire")
    def expire(call: FormAsks, id_: str) -> Response:
        return answer(call, wire.Empty, lambda _, by: issuing.expire(id_, by))

    @routes.post(f"{_TEST}/transactions/create_force_capture")
    def force_capture(call: FormAsks) -> Response:
        return answer(call, wire.ForceCapture, issuing.force_capture)

    @routes.post(f"{_TEST}/transactions/create_unlinked_refund")
    def refund_unlinked(call: FormAsks) -> Response:
        return answer(call, wire.UnlinkedRefund, issuing.refund_unlinked)

    @routes.post(f"{_TEST}/transactions/{{id_}}/refund")
    def refund(call: FormAsks, id_: str) -> Response:
        return answer(call, wire.Refund, lambda asked, by: issuing.refund(id_, asked, by))
