"""The control plane (`/_control/...`): settle, fail, return, hold, faults, untidy delivery. Not Stripe's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Body
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict

from reunify.sandbox.stripe_simulator.bank import Bank, Problem
from reunify.sandbox.stripe_simulator.gate import Gate
from reunify.sandbox.stripe_simulator.postman import Postman
from reunify.sandbox.stripe_simulator.store import Thing


class Order(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Reason(Order):
    reason: str | None = None


class Delay(Order):
    seconds: float | None = None


class Trouble(Order):
    kind: str
    times: int = 1
    path: str = ""
    seconds: float = 1.0


class Settings(Order):
    settle_after: float | None = None
    manual: bool = False  # settle only when told to
    banks_ready: bool | None = None


class Mail(Order):
    shuffle: bool = False
    copies: int = 1
    paused: bool = False
    secrets: list[str] | None = None


class Announced(Order):
    type: str
    payment: str | None = None


def _told(work: Callable[[], Thing]) -> JSONResponse:
    try:
        return JSONResponse(work())
    except Problem as problem:
        return JSONResponse({"error": problem.error}, problem.status)


def router(bank: Bank, gate: Gate, postman: Postman) -> APIRouter:
    """JSON bodies only: a form on some web page cannot send one here without being asked first."""
    control = APIRouter(prefix="/_control")
    _add_payments(control, bank)
    _add_trouble(control, bank, gate, postman)
    return control


def _add_payments(control: APIRouter, bank: Bank) -> None:
    @control.post("/payments/{id_}/settle")
    def settle(id_: str, order: Annotated[Order, Body()]) -> JSONResponse:
        return _told(lambda: bank.settle(id_))

    @control.post("/payments/{id_}/fail")
    def fail(id_: str, order: Reason) -> JSONResponse:
        return _told(lambda: bank.fail(id_, order.reason or "payout_method_declined"))

    @control.post("/payments/{id_}/return")
    def give_back(id_: str, order: Reason) -> JSONResponse:
        return _told(lambda: bank.give_back(id_, order.reason or "payout_method_closed"))

    @control.post("/payments/{id_}/delay")
    def delay(id_: str, order: Delay) -> JSONResponse:
        return _told(lambda: bank.hold(id_, order.seconds))

    @control.post("/accounts/{id_}/bank_details")
    def bank_details(id_: str, order: Annotated[Order, Body()]) -> JSONResponse:
        def collect() -> Thing:
            bank.collect_bank_details(id_)
            return bank.account(id_)

        return _told(collect)


def _add_trouble(control: APIRouter, bank: Bank, gate: Gate, postman: Postman) -> None:
    @control.post("/faults")
    def faults(order: Trouble) -> JSONResponse:
        def ordered() -> Thing:
            gate.faults.order(order.kind, times=order.times, path=order.path, seconds=order.seconds)
            return {"ordered": order.kind}

        return _told(ordered)

    @control.post("/settings")
    def settings(order: Settings) -> JSONResponse:
        if order.manual or order.settle_after is not None:
            bank.settle_after = None if order.manual else order.settle_after
        if order.banks_ready is not None:
            bank.banks_ready = order.banks_ready
        return JSONResponse({"settle_after": bank.settle_after, "banks_ready": bank.banks_ready})

    @control.post("/mail")
    def mail(order: Mail) -> JSONResponse:
        postman.shuffle, postman.copies, postman.paused = order.shuffle, order.copies, order.paused
        postman.secrets = order.secrets or postman.secrets
        return JSONResponse({"waiting": bank.store.undelivered()})

    @control.post("/events")
    def announce(order: Announced) -> JSONResponse:
        return _told(
            lambda: bank.announce(order.type, bank.payment(order.payment) if order.payment else None)
        )

    @control.get("/health")
    def health() -> JSONResponse:
        return JSONResponse({"ok": True, "waiting": bank.store.undelivered()})
