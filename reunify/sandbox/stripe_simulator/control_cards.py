"""The control plane of the cards: what the desk, merchants and the card network do. Not Stripe's."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from pydantic import Field

from reunify.sandbox.stripe_simulator import issuing_wire as wire
from reunify.sandbox.stripe_simulator.control import Order, told
from reunify.sandbox.stripe_simulator.issuing import NOBODY, Issuing
from reunify.sandbox.stripe_simulator.issuing_shapes import Price

Whole = Annotated[int, Field(gt=0)]


class Priced(Order):
    """`merchant_amount` in `merchant_currency`: where the merchant sells in another than the card's."""

    amount: Whole
    merchant_amount: Whole | None = None
    merchant_currency: wire.Currency | None = None

    @property
    def price(self) -> Price:
        return Price.of(self.amount, self.merchant_amount, self.merchant_currency)


class Purchase(Priced):
    category: str = "airlines_air_carriers"
    capture: bool = True


class Charge(Priced):
    category: str = "airlines_air_carriers"
    name: str | None = None


class Captured(Priced):
    close: bool = True


class Answering(Order):
    seconds: Annotated[float, Field(gt=0, le=60)] | None = None
    at_timeout: Literal["approve", "decline"] | None = None
    fallback: bool | None = None


def router(issuing: Issuing) -> APIRouter:
    """JSON bodies only, as the rest of the control plane."""
    control = APIRouter(prefix="/_control")

    @control.post("/cards/{id_}/pay")
    def pay(id_: str, order: Purchase) -> JSONResponse:
        foreign = None
        if order.merchant_amount is not None and order.merchant_currency is not None:
            foreign = (order.merchant_amount, order.merchant_currency)
        return told(
            lambda: issuing.pay(id_, order.amount, order.category, capture=order.capture, merchant=foreign)
        )

    @control.post("/cards/{id_}/charge")
    def charge(id_: str, order: Charge) -> JSONResponse:
        said = wire.MerchantData(category=order.category, name=order.name)
        asked = wire.ForceCapture(amount=order.amount, card=id_, merchant_data=said)
        return told(lambda: issuing.force_capture(asked, NOBODY, order.price))

    @control.post("/authorizations/{id_}/capture")
    def capture(id_: str, order: Captured) -> JSONResponse:
        return told(lambda: issuing.capture_at(id_, order.price, NOBODY, close=order.close))

    @control.post("/authorisations")
    def answering(order: Answering) -> JSONResponse:
        desk = issuing.desk
        desk.seconds = order.seconds or desk.seconds
        desk.at_timeout = order.at_timeout or desk.at_timeout
        desk.fallback = desk.fallback if order.fallback is None else order.fallback
        said = {"seconds": desk.seconds, "at_timeout": desk.at_timeout, "fallback": desk.fallback}
        return JSONResponse({**said, "asked_at": desk.url})

    return control
