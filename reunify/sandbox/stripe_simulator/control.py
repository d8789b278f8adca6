"""The control plane (`/_control/...`): settle, fail, return, hold, faults, untidy delivery. Not Stripe's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Literal, Protocol

from fastapi import APIRouter, Body
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from reunify.sandbox.stripe_simulator.bank import Bank
from reunify.sandbox.stripe_simulator.gate import Gate
from reunify.sandbox.stripe_simulator.issuing import Issuing
from reunify.sandbox.stripe_simulator.log import RequestLog
from reunify.sandbox.stripe_simulator.postman import Postman
from reunify.sandbox.stripe_simulator.problems import Problem
from reunify.sandbox.stripe_simulator.store import Thing, stamp


class Controlled(Protocol):
    """The parts of the simulator that may be told something here."""

    bank: Bank
    issuing: Issuing
    gate: Gate
    postman: Postman
    log: RequestLog


class Order(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Reason(Order):
    """`after_days`: on the simulator's clock; 0: now."""

    reason: str | None = None
    after_days: Annotated[float, Field(ge=0)] = 0


class Delay(Order):
    seconds: float | None = None


class Trouble(Order):
    kind: str
    times: int = 1
    path: str = ""
    seconds: float = 1.0
    method: str = "POST"
    after: int = 0
    code: str = "invalid_request_error"
    status: int = 400


class Settings(Order):
    settle_after: float | None = None
    manual: bool = False  # settle only when told to
    banks_ready: bool | None = None
    payout_fee_cents: Annotated[int, Field(ge=0)] | None = None
    card_fee_cents: Annotated[int, Field(ge=0)] | None = None
    rate_limit: Annotated[int, Field(ge=0)] | None = None  # 0: none
    rail: Literal["enabled", "not_enabled", "forbidden"] | None = None


class Mail(Order):
    shuffle: bool = False
    copies: int = 1
    paused: bool = False
    secrets: list[str] | None = None
    delay: Annotated[float, Field(ge=0)] = 0
    lost: bool = False


class Announced(Order):
    type: str
    payment: str | None = None


class Capability(Order):
    network: str
    status: str


class Later(Order):
    seconds: Annotated[float, Field(ge=0)] = 0
    days: Annotated[float, Field(ge=0)] = 0


class Paid(Order):
    cents: int
    account: Literal["card", "payout"] = "payout"


class Dashboard(Order):
    cents: int
    recipient: str | None = None


def told(work: Callable[[], Thing]) -> JSONResponse:
    try:
        return JSONResponse(work())
    except Problem as problem:
        return JSONResponse({"error": problem.error}, problem.status)


def router(simulator: Controlled) -> APIRouter:
    """JSON bodies only: a form on some web page cannot send one here without being asked first."""
    control = APIRouter(prefix="/_control")
    _add_payments(control, simulator.bank)
    _add_money(control, simulator)
    _add_trouble(control, simulator)
    _add_settings(control, simulator)
    _add_log(control, simulator)
    return control


def _add_payments(control: APIRouter, bank: Bank) -> None:
    @control.post("/payments/{id_}/settle")
    def settle(id_: str, order: Annotated[Order, Body()]) -> JSONResponse:
        return told(lambda: bank.settle(id_))

    @control.post("/payments/{id_}/fail")
    def fail(id_: str, order: Reason) -> JSONResponse:
        reason = order.reason or "payout_method_declined"
        return told(lambda: bank.fail(id_, reason, after_days=order.after_days))

    @control.post("/payments/{id_}/return")
    def give_back(id_: str, order: Reason) -> JSONResponse:
        reason = order.reason or "payout_method_closed"
        return told(lambda: bank.give_back(id_, reason, after_days=order.after_days))

    @control.post("/payments/{id_}/review")
    def review(id_: str, order: Annotated[Order, Body()]) -> JSONResponse:
        return told(lambda: bank.review(id_))

    @control.post("/payments/{id_}/uncancelable")
    def uncancelable(id_: str, order: Annotated[Order, Body()]) -> JSONResponse:
        return told(lambda: bank.make_uncancelable(id_))

    @control.post("/payments/{id_}/delay")
    def delay(id_: str, order: Delay) -> JSONResponse:
        return told(lambda: bank.hold(id_, order.seconds))

    @control.post("/accounts/{id_}/bank_details")
    def bank_details(id_: str, order: Annotated[Order, Body()]) -> JSONResponse:
        def collect() -> Thing:
            bank.collect_bank_details(id_)
            return bank.account(id_)

        return told(collect)


def _add_money(control: APIRouter, simulator: Controlled) -> None:
    bank, issuing = simulator.bank, simulator.issuing

    @control.post("/accounts/{id_}/capability")
    def capability(id_: str, order: Capability) -> JSONResponse:
        return told(lambda: bank.set_capability(id_, order.network, order.status))

    @control.post("/topups")
    def top_up(order: Paid) -> JSONResponse:
        return told(lambda: (bank if order.account == "payout" else issuing).top_up(order.cents))

    @control.post("/dashboard/payments")
    def pay_from_dashboard(order: Dashboard) -> JSONResponse:
        return told(lambda: bank.pay_from_dashboard(order.cents, order.recipient))

    @control.post("/clock")
    def advance(order: Later) -> JSONResponse:
        bank.clock.advance(seconds=order.seconds, days=order.days)
        bank.keep_time()
        return clock()

    @control.get("/clock")
    def clock() -> JSONResponse:
        return JSONResponse({"now": stamp(bank.clock.now()), "ahead_seconds": bank.clock.ahead})


def _add_trouble(control: APIRouter, simulator: Controlled) -> None:
    bank, postman = simulator.bank, simulator.postman

    @control.post("/faults")
    def faults(order: Trouble) -> JSONResponse:
        def ordered() -> Thing:
            said = order.model_dump()
            simulator.gate.faults.order(said.pop("kind"), **said)
            return {"ordered": order.kind}

        return told(ordered)

    @control.post("/mail")
    def mail(order: Mail) -> JSONResponse:
        postman.shuffle, postman.copies, postman.paused = order.shuffle, order.copies, order.paused
        postman.delay, postman.lost = order.delay, order.lost
        postman.secrets = order.secrets or postman.secrets
        return JSONResponse({"waiting": bank.store.undelivered()})

    @control.post("/events")
    def announce(order: Announced) -> JSONResponse:
        return told(lambda: bank.announce(order.type, bank.payment(order.payment) if order.payment else None))


def _add_settings(control: APIRouter, simulator: Controlled) -> None:
    bank, issuing, limiter = simulator.bank, simulator.issuing, simulator.gate.limiter

    @control.post("/settings")
    def settings(order: Settings) -> JSONResponse:
        if order.manual or order.settle_after is not None:
            bank.settle_after = None if order.manual else order.settle_after
        if order.banks_ready is not None:
            bank.banks_ready = order.banks_ready
        if order.payout_fee_cents is not None:
            bank.fee_cents = order.payout_fee_cents
        if order.card_fee_cents is not None:
            issuing.fee_cents = order.card_fee_cents
        if order.rate_limit is not None:
            limiter.most = order.rate_limit or None
        bank.rail = order.rail or bank.rail
        return JSONResponse(
            {
                "settle_after": bank.settle_after,
                "banks_ready": bank.banks_ready,
                "payout_fee_cents": bank.fee_cents,
                "card_fee_cents": issuing.fee_cents,
                "rate_limit": limiter.most,
                "rail": bank.rail,
            }
        )

    @control.get("/health")
    def health() -> JSONResponse:
        waiting = bank.store.undelivered()
        return JSONResponse({"ok": True, "waiting": waiting, "turned_away": limiter.turned_away})


def _add_log(control: APIRouter, simulator: Controlled) -> None:
    @control.get("/requests")
    def requests(since: int = 0, path: str = "") -> JSONResponse:
        return JSONResponse({"requests": simulator.log.requests(since=since, path=path)})

    @control.post("/requests/clear")
    def clear(order: Annotated[Order, Body()]) -> JSONResponse:
        simulator.log.clear()
        return JSONResponse({"cleared": True})
