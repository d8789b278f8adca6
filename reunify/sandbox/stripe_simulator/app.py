"""The simulator's FastAPI application: Stripe's paths, the hosted page, the control plane."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from threading import Thread
from typing import Annotated, TypeVar

from fastapi import Depends, FastAPI, Request, Response
from pydantic import BaseModel
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.types import Receive, Scope, Send

from reunify.sandbox import authenticator_door
from reunify.sandbox.stripe_simulator import (
    balance_app,
    control,
    control_cards,
    issuing_app,
    page_app,
    shapes,
    wire,
)
from reunify.sandbox.stripe_simulator.bank import PAYMENTS_PATH, Bank
from reunify.sandbox.stripe_simulator.gate import Answer, Call, Gate
from reunify.sandbox.stripe_simulator.issuing import Issuing
from reunify.sandbox.stripe_simulator.log import RequestLog
from reunify.sandbox.stripe_simulator.options import Options
from reunify.sandbox.stripe_simulator.paging import listed
from reunify.sandbox.stripe_simulator.postman import Postman
from reunify.sandbox.stripe_simulator.problems import Asked, Problem, missing
from reunify.sandbox.stripe_simulator.store import Store, Thing

M = TypeVar("M", bound=BaseModel)
_LARGEST_BODY = 64 * 1024


class LostOnTheWay(RuntimeError):
    """Raised on purpose after the work is done: the server then drops the connection."""


class Broken(Response):
    """Promises more bytes than it sends, so that the client sees a dropped or cut answer."""

    def __init__(self, whole: bytes, sent: bytes) -> None:
        super().__init__(b"", media_type="application/json")
        self._length, self._sent = len(whole), sent

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(b"content-type", b"application/json"), (b"content-length", str(self._length).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": self._sent, "more_body": True})
        raise LostOnTheWay


class Simulator:
    """One data folder, one balance, one webhook address."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.store = Store(options.data)
        self.bank = Bank(self.store, options)
        self.issuing = Issuing(self.store, options)
        self.log = RequestLog(self.store)
        self.gate = Gate(self.store, self.log, rate_limit=options.rate_limit)
        self.postman = Postman(self.store, options)
        self._threads: list[Thread] = []

    def start(self) -> None:
        bodies: list[Callable[[], None]] = [self.bank.run_clock]
        if self.options.webhook_url:
            bodies.append(self.postman.run)
        self._threads = [Thread(target=body, daemon=True) for body in bodies]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self.bank.stop()
        self.postman.stop()
        for thread in self._threads:
            thread.join(timeout=10)
        self.store.close()


async def _call(request: Request) -> Call:
    body = await request.body()
    if len(body) > _LARGEST_BODY:
        body = b"too large"
    return Call(request.method, request.url.path, request.headers, body, request.url.query)


Asks = Annotated[Call, Depends(_call)]


def _respond(answer: Answer) -> Response:
    body = json.dumps(answer.body).encode()
    if answer.lost:
        return Broken(body, b"")
    if answer.raw is not None:
        return Response(answer.raw, answer.status, answer.headers, media_type="text/html")
    if answer.cut:
        half = body[: len(body) // 2]
        return Response(half, 200, answer.headers, media_type="application/json")
    return Response(body, answer.status, answer.headers, media_type="application/json")


def make_app(simulator: Simulator) -> FastAPI:
    """The application; its two threads (clock, postman) live as long as it serves."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        simulator.start()
        yield
        simulator.stop()

    app = FastAPI(
        title="Stripe simulator", docs_url=None, redoc_url=None, openapi_url=None, lifespan=lifespan
    )
    # A web page elsewhere must not reach this port by a name it controls (DNS rebinding).
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost", "[::1]"])
    _add_accounts(app, simulator)
    _add_money(app, simulator)
    _add_statement(app, simulator)
    _add_recipients_money(app, simulator)
    app.include_router(control.router(simulator))
    app.include_router(control_cards.router(simulator.issuing))
    app.include_router(issuing_app.router(simulator.issuing, simulator.gate, _respond))
    app.include_router(balance_app.router(simulator.issuing, simulator.gate, _respond))
    app.include_router(page_app.router(simulator.bank, simulator.issuing))
    app.include_router(authenticator_door.router)

    def _unknown(request: Request, exc: Exception) -> Response:
        message = f"Unrecognized request URL ({request.method}: {request.url.path})"
        problem = Problem(404, "invalid_request_error", "unrecognized_url", message)
        return _respond(Answer(404, {"error": problem.error}, {"Request-Id": "req_none"}))

    app.add_exception_handler(404, _unknown)
    return app


def _add_accounts(app: FastAPI, simulator: Simulator) -> None:
    bank, gate = simulator.bank, simulator.gate

    def answer(call: Call, model: type[M], work: Callable[[M, Asked], Thing]) -> Response:
        return _respond(gate.answer(call, model, work))

    def read(call: Call, work: Callable[[], Thing]) -> Response:
        return _respond(gate.answer(call, wire.Nothing, lambda _, __: work()))

    @app.post("/v2/core/accounts")
    def create_account(call: Asks) -> Response:
        return answer(call, wire.AccountCreate, bank.create_account)

    @app.get("/v2/core/accounts/{id_}")
    def retrieve_account(call: Asks, id_: str, request: Request) -> Response:
        include = [v for k, v in request.query_params.multi_items() if k.startswith("include")]
        return read(call, lambda: shapes.shown(bank.account(id_), include))

    @app.post("/v2/core/accounts/{id_}")
    def update_account(call: Asks, id_: str) -> Response:
        return answer(call, wire.AccountUpdate, lambda asked, by: bank.update_account(id_, asked, by))

    @app.post("/v2/core/account_links")
    def create_link(call: Asks) -> Response:
        return answer(call, wire.AccountLinkCreate, lambda asked, _: bank.create_link(asked))

    @app.get("/v2/core/events/{id_}")
    def retrieve_event(call: Asks, id_: str) -> Response:
        return read(call, lambda: bank.found("event", id_))

    @app.get("/v2/core/events")
    def list_events(call: Asks, request: Request) -> Response:
        return read(call, lambda: listed(simulator.store.all("event"), request.url))


def _add_money(app: FastAPI, simulator: Simulator) -> None:
    bank, gate, store = simulator.bank, simulator.gate, simulator.store

    def answer(call: Call, model: type[M], work: Callable[[M, Asked], Thing]) -> Response:
        return _respond(gate.answer(call, model, work))

    def read(call: Call, work: Callable[[], Thing]) -> Response:
        return _respond(gate.answer(call, wire.Nothing, lambda _, __: work()))

    @app.post(PAYMENTS_PATH)
    def create_payment(call: Asks) -> Response:
        return answer(call, wire.OutboundPaymentCreate, bank.create_payment)

    @app.get(PAYMENTS_PATH)
    def list_payments(call: Asks, request: Request) -> Response:
        return read(call, lambda: listed(store.all("payment"), request.url))

    @app.get(PAYMENTS_PATH + "/{id_}")
    def retrieve_payment(call: Asks, id_: str) -> Response:
        return read(call, lambda: bank.payment(id_))

    @app.post(PAYMENTS_PATH + "/{id_}/cancel")
    def cancel_payment(call: Asks, id_: str) -> Response:
        return answer(call, wire.Nothing, lambda _, asked: bank.cancel(id_, asked))


def _add_statement(app: FastAPI, simulator: Simulator) -> None:
    bank, gate, store = simulator.bank, simulator.gate, simulator.store
    accounts, transactions = "/v2/money_management/financial_accounts", "/v2/money_management/transactions"

    def read(call: Call, work: Callable[[], Thing]) -> Response:
        return _respond(gate.answer(call, wire.Nothing, lambda _, __: work()))

    @app.get(accounts)
    def list_financial_accounts(call: Asks, request: Request) -> Response:
        return read(call, lambda: listed([bank.financial_account()], request.url))

    @app.get(accounts + "/{id_}")
    def retrieve_financial_account(call: Asks, id_: str) -> Response:
        def work() -> Thing:
            if id_ != shapes.FINANCIAL_ACCOUNT:
                raise missing("financial account", id_)
            return bank.financial_account()

        return read(call, work)

    @app.get(transactions)
    def list_transactions(call: Asks, request: Request) -> Response:
        return read(call, lambda: listed(store.all("transaction"), request.url))

    @app.get(transactions + "/{id_}")
    def retrieve_transaction(call: Asks, id_: str) -> Response:
        return read(call, lambda: bank.found("transaction", id_))


def _add_recipients_money(app: FastAPI, simulator: Simulator) -> None:
    bank, gate, store = simulator.bank, simulator.gate, simulator.store
    credits, methods = "/v2/money_management/received_credits", "/v2/money_management/payout_methods"

    def read(call: Call, work: Callable[[], Thing]) -> Response:
        return _respond(gate.answer(call, wire.Nothing, lambda _, __: work()))

    @app.get(credits)
    def list_credits(call: Asks, request: Request) -> Response:
        return read(call, lambda: listed(store.all("received_credit"), request.url))

    @app.get(credits + "/{id_}")
    def retrieve_credit(call: Asks, id_: str) -> Response:
        return read(call, lambda: bank.found("received_credit", id_))

    @app.get(methods)
    def list_methods(call: Asks, request: Request) -> Response:
        """Of the recipient named in the header `Stripe-Context`."""
        whose = request.headers.get("stripe-context", "")
        return read(call, lambda: listed(bank.payout_methods(whose), request.url))

    @app.get(methods + "/{id_}")
    def retrieve_method(call: Asks, id_: str) -> Response:
        return read(call, lambda: bank.found("payout_method", id_))
