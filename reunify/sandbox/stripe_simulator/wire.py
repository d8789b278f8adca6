"""What each call accepts. Strict: an unknown or mistyped parameter is refused, as the real one does."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator

Text = Annotated[str, StringConstraints(min_length=1, max_length=500)]
_MOST_METADATA, _LONGEST_KEY = 50, 40


class Wire(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, populate_by_name=True)


def checked_metadata(value: dict[str, Any] | None) -> dict[str, Any] | None:
    if value and (len(value) > _MOST_METADATA or any(len(k) > _LONGEST_KEY for k in value)):
        raise ValueError("metadata holds at most 50 keys of 40 characters")
    return value


class Amount(Wire):
    value: Annotated[int, Field(gt=0, le=99_999_999_99)]
    currency: Literal["usd"]


class Requested(Wire):
    requested: bool


class BankAccounts(Wire):
    ach: Requested | None = None
    fedwire: Requested | None = None
    fps: Requested | None = None
    local: Requested | None = None
    rtp: Requested | None = None
    sepa: Requested | None = None
    swift: Requested | None = None


class Capabilities(Wire):
    bank_accounts: BankAccounts


class RecipientConfiguration(Wire):
    capabilities: Capabilities


class Configuration(Wire):
    recipient: RecipientConfiguration


class Identity(Wire):
    country: Annotated[str, StringConstraints(pattern=r"^[A-Za-z]{2}$")]
    entity_type: Literal["company", "government_entity", "individual", "non_profit"]


Include = Literal["configuration.recipient", "identity", "requirements"]


class AccountCreate(Wire):
    contact_email: Annotated[str, StringConstraints(pattern=r"^[^@\s]+@[^@\s]+$")]
    display_name: Text
    identity: Identity
    configuration: Configuration
    dashboard: Literal["express", "full", "none"] | None = None
    include: list[Include] = []
    metadata: dict[str, Annotated[str, StringConstraints(max_length=500)]] | None = None

    _check = field_validator("metadata")(checked_metadata)


class AccountUpdate(Wire):
    metadata: dict[str, str | None] | None = None
    contact_email: Text | None = None
    display_name: Text | None = None
    include: list[Include] = []

    _check = field_validator("metadata")(checked_metadata)


class Onboarding(Wire):
    refresh_url: Text
    return_url: Text | None = None


class UseCase(Wire):
    type: Literal["account_onboarding", "account_update"]
    account_onboarding: Onboarding | None = None
    account_update: Onboarding | None = None


class AccountLinkCreate(Wire):
    account: Text
    use_case: UseCase


class From(Wire):
    currency: Literal["usd"]
    financial_account: Text


class Ach(Wire):
    submission: Literal["next_day", "same_day"] | None = None


class NetworkOptions(Wire):
    ach: Ach | None = None


class BankAccountOptions(Wire):
    preferred_networks: list[Literal["ach", "fedwire", "rtp"]] | None = None
    preferred_network_options: NetworkOptions | None = None


class PayoutMethodOptions(Wire):
    bank_account: BankAccountOptions | None = None


class To(Wire):
    recipient: Text
    currency: Literal["usd"] | None = None
    payout_method: Text | None = None
    payout_method_options: PayoutMethodOptions | None = None


class Notification(Wire):
    setting: Literal["configured", "none"]


class OutboundPaymentCreate(Wire):
    from_: Annotated[From, Field(alias="from")]
    to: To
    amount: Amount
    description: Text | None = None
    metadata: dict[str, Annotated[str, StringConstraints(max_length=500)]] | None = None
    recipient_notification: Notification | None = None
    statement_descriptor: Annotated[str, StringConstraints(min_length=3, max_length=22)] | None = None

    _check = field_validator("metadata")(checked_metadata)


class Nothing(Wire):
    """A call that takes no parameters."""
