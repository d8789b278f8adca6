"""What each Issuing call accepts. Forms carry text, so numbers are read from it; unknown names refused."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator

from reunify.sandbox.stripe_simulator.wire import Text, checked_metadata

Cents = Annotated[int, Field(gt=0, le=99_999_999_99)]
Metadata = dict[str, Annotated[str, StringConstraints(max_length=500)]]


class Form(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Address(Form):
    line1: Text
    line2: Text | None = None
    city: Text
    state: Text | None = None
    postal_code: Text
    country: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]


class Billing(Form):
    address: Address


class CardholderCreate(Form):
    billing: Billing
    name: Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z .'-]{0,23}$")]
    type: Literal["company", "individual"] = "individual"
    metadata: Metadata = {}

    _check = field_validator("metadata")(checked_metadata)


class SpendingLimit(Form):
    amount: Cents
    interval: Literal["all_time", "daily", "monthly", "per_authorization", "weekly", "yearly"]


class SpendingControls(Form):
    allowed_categories: list[Text] = []
    spending_limits: list[SpendingLimit] = []


class CancelAfter(Form):
    payment_count: Annotated[int, Field(gt=0)]


class LifecycleControls(Form):
    cancel_after: CancelAfter


class CardCreate(Form):
    cardholder: Text
    currency: Literal["usd"]
    type: Literal["virtual"]
    status: Literal["active", "inactive"] = "inactive"
    spending_controls: SpendingControls = SpendingControls()
    lifecycle_controls: LifecycleControls | None = None
    metadata: Metadata = {}

    _check = field_validator("metadata")(checked_metadata)


class CardUpdate(Form):
    status: Literal["active", "canceled", "inactive"] | None = None
    cancellation_reason: Literal["lost", "stolen"] | None = None
    spending_controls: SpendingControls | None = None
    metadata: dict[str, Annotated[str, StringConstraints(max_length=500)] | None] | None = None

    _check = field_validator("metadata")(checked_metadata)


class MerchantData(Form):
    category: Text = "airlines_air_carriers"
    name: Text | None = None
    city: Text | None = None
    country: Text | None = None


Currency = Annotated[str, StringConstraints(pattern=r"^[a-z]{3}$")]


class AuthorizationCreate(Form):
    amount: Cents
    card: Text
    currency: Literal["usd"] = "usd"
    merchant_amount: Cents | None = None
    merchant_currency: Currency | None = None
    merchant_data: MerchantData = MerchantData()


class AuthorizationCapture(Form):
    capture_amount: Cents | None = None
    close_authorization: bool = True


class AuthorizationIncrement(Form):
    increment_amount: Cents


class AuthorizationReverse(Form):
    reverse_amount: Cents | None = None


class ForceCapture(Form):
    amount: Cents
    card: Text
    currency: Literal["usd"] = "usd"
    merchant_data: MerchantData = MerchantData()


class UnlinkedRefund(ForceCapture):
    """Money comes to a card that nobody took from it."""


class Refund(Form):
    refund_amount: Cents | None = None


class TopupCreate(Form):
    amount: Cents
    currency: Literal["usd"]
    description: Text | None = None
    statement_descriptor: Annotated[str, StringConstraints(min_length=1, max_length=15)] | None = None
    metadata: Metadata = {}

    _check = field_validator("metadata")(checked_metadata)


class Empty(Form):
    """A call that takes no parameters."""
