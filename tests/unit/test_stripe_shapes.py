"""The simulator's requests and answers held against the types in Stripe's own SDK."""

from __future__ import annotations

import builtins
import functools
import importlib
import operator
import sys
import types
import typing
from typing import Any, get_args, get_origin

import pytest
import stripe
import typing_extensions
from pydantic import TypeAdapter, ValidationError
from stripe import StripeObject
from stripe._api_version import _ApiVersion
from stripe.v2.core import Account, AccountLink, Event
from stripe.v2.money_management import FinancialAccount, OutboundPayment, Transaction

from reunify.adapters.stripe_client import API_VERSION
from reunify.sandbox.stripe_simulator import gate, shapes, wire

CREATE_ACCOUNT = ("stripe.params.v2.core._account_create_params", "AccountCreateParams")
UPDATE_ACCOUNT = ("stripe.params.v2.core._account_update_params", "AccountUpdateParams")
CREATE_LINK = ("stripe.params.v2.core._account_link_create_params", "AccountLinkCreateParams")
CREATE_PAYMENT = (
    "stripe.params.v2.money_management._outbound_payment_create_params",
    "OutboundPaymentCreateParams",
)

ACCOUNT: dict[str, Any] = {
    "contact_email": "payee@example.org",
    "display_name": "Ana Reyes",
    "identity": {"country": "US", "entity_type": "individual"},
    "configuration": {"recipient": {"capabilities": {"bank_accounts": {"ach": {"requested": True}}}}},
    "dashboard": "none",
    "include": ["configuration.recipient", "identity"],
    "metadata": {"env": "demo"},
}
PAYMENT: dict[str, Any] = {
    "from": {"financial_account": shapes.FINANCIAL_ACCOUNT, "currency": "usd"},
    "to": {"recipient": "acct_1", "currency": "usd"},
    "amount": {"value": 40000, "currency": "usd"},
    "statement_descriptor": "FAMILY SVC",
    "recipient_notification": {"setting": "none"},
    "metadata": {"schema": "1"},
}
LINK: dict[str, Any] = {
    "account": "acct_1",
    "use_case": {"type": "account_onboarding", "account_onboarding": {"refresh_url": "http://127.0.0.1/"}},
}


def strict(module: str, name: str) -> TypeAdapter[Any]:
    """The SDK's TypedDict as a schema that forbids what it does not name."""
    home = importlib.import_module(module)
    # Calls of v1 list the options of a request as well, with two names that Python looks for in this module.
    names = {"StripeContext": stripe.StripeContext, "Mapping": typing.Mapping}
    vars(home).update({name: kind for name, kind in names.items() if name not in vars(home)})
    for thing in list(vars(home).values()):
        if typing_extensions.is_typeddict(thing):
            settings = {"extra": "forbid", "strict": True, "arbitrary_types_allowed": True}
            setattr(thing, "__pydantic_config__", settings)  # noqa: B010
    return TypeAdapter(getattr(home, name))


def missing_and_invented(kind: type[StripeObject], body: Any, where: str = "") -> list[str]:
    """Fields the SDK says are always there and are not, and fields it has never heard of."""
    renamed = getattr(kind, "_field_remappings", {})
    hints = fields_of(kind)
    found: list[str] = []
    names = {renamed.get(name, name): hint for name, hint in hints.items()}
    for name, hint in names.items():
        if name not in body:
            if not optional(hint):
                found.append(f"missing {where}{name}")
            continue
        found += inside(hint, body[name], f"{where}{name}.")
    return found + [f"invented {where}{name}" for name in body if name not in names]


def inside(hint: Any, value: Any, where: str) -> list[str]:
    """Look into nested objects and lists of them; check closed sets and plain types."""
    if optional(hint):
        inner = functools.reduce(operator.or_, [a for a in get_args(hint) if a is not type(None)])
        return [] if value is None else inside(inner, value, where)
    origin = get_origin(hint)
    if origin in (list, typing.List):  # noqa: UP006
        return [f for item in value for f in inside(get_args(hint)[0], item, where)]
    if origin is not None and isinstance(origin, type) and issubclass(origin, StripeObject):
        return [] if isinstance(value, dict) else [f"not a mapping {where}"]
    if isinstance(hint, type) and issubclass(hint, StripeObject):
        return missing_and_invented(hint, value, where)
    literals = set(literal_values(hint))
    if literals and value not in literals:
        return [f"not a listed value {where}{value}"]
    if isinstance(hint, type) and hint in (str, int, bool) and type(value) is not hint:
        return [f"not {hint.__name__} {where}"]
    return []


def literal_values(hint: Any) -> list[Any]:
    if get_origin(hint) in (typing.Literal, typing_extensions.Literal):
        return list(get_args(hint))
    if get_origin(hint) in (typing.Union, types.UnionType):
        return [v for a in get_args(hint) for v in literal_values(a)]
    return []


def optional(hint: Any) -> bool:
    return get_origin(hint) in (typing.Union, types.UnionType) and type(None) in get_args(hint)


def fields_of(kind: type[StripeObject]) -> dict[str, Any]:
    scope = dict(vars(sys.modules[kind.__module__]))
    for outer in enclosing(kind):
        scope.update(vars(outer))
    own = {k: v for k, v in vars(kind).get("__annotations__", {}).items() if not k.startswith("_")}
    names = Named(scope)
    resolved = {k: eval(v, {}, names) if isinstance(v, str) else v for k, v in own.items()}
    return {k: v for k, v in resolved.items() if get_origin(v) is not typing.ClassVar}


class Named(dict[str, Any]):
    """Names as the module has them; what the SDK imports only for type checkers may be anything."""

    def __missing__(self, name: str) -> Any:
        return getattr(builtins, name, Any)


def enclosing(kind: type) -> list[type]:
    found: list[type] = []
    here: Any = sys.modules[kind.__module__]
    for part in kind.__qualname__.split("."):
        here = getattr(here, part)
        found.append(here)
    return found


def made_payment() -> dict[str, Any]:
    asked = wire.OutboundPaymentCreate.model_validate(PAYMENT)
    return shapes.payment(asked, payout_method="usba_test_1", arrives="2026-11-26T00:00:00.000Z")


@pytest.mark.parametrize(
    ("params", "model", "good"),
    [
        (CREATE_ACCOUNT, wire.AccountCreate, ACCOUNT),
        (UPDATE_ACCOUNT, wire.AccountUpdate, {"metadata": {"schema": "1"}}),
        (CREATE_LINK, wire.AccountLinkCreate, LINK),
        (CREATE_PAYMENT, wire.OutboundPaymentCreate, PAYMENT),
    ],
)
def test_what_we_send_is_what_the_sdk_allows_and_the_simulator_accepts(
    params: tuple[str, str], model: type[wire.Wire], good: dict[str, Any]
) -> None:
    strict(*params).validate_python(good)
    model.model_validate(good)


@pytest.mark.parametrize(
    "wrong",
    [
        {k: v for k, v in PAYMENT.items() if k != "to"},
        {**PAYMENT, "bogus": 1},
        {**PAYMENT, "delivery_options": {}},
        {**PAYMENT, "amount": {"value": 400.5, "currency": "usd"}},
        {**PAYMENT, "recipient_notification": {"setting": "loud"}},
    ],
    ids=["no recipient", "unknown", "old name", "float", "closed set"],
)
def test_what_the_sdk_forbids_the_simulator_refuses(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        strict(*CREATE_PAYMENT).validate_python(wrong)
    with pytest.raises(ValidationError):
        wire.OutboundPaymentCreate.model_validate(wrong)


def test_the_simulator_accepts_no_parameter_the_sdk_does_not_know() -> None:
    pairs: list[tuple[tuple[str, str], type[wire.Wire]]] = [
        (CREATE_ACCOUNT, wire.AccountCreate),
        (UPDATE_ACCOUNT, wire.AccountUpdate),
        (CREATE_LINK, wire.AccountLinkCreate),
        (CREATE_PAYMENT, wire.OutboundPaymentCreate),
    ]
    for (module, name), model in pairs:
        known = typing_extensions.get_type_hints(getattr(importlib.import_module(module), name))
        assert {f.alias or n for n, f in model.model_fields.items()} <= set(known)


def test_every_answer_has_the_shape_the_sdk_expects() -> None:
    account = shapes.account(wire.AccountCreate.model_validate(ACCOUNT), ready=False)
    payment = made_payment()
    returned = {
        **payment,
        "status": "returned",
        "status_details": {"returned": {"reason": "payout_method_closed"}},
    }
    pending = shapes.transaction(-40000, category="outbound_payment", payment="obp_1", pending=True)
    posted = shapes.transaction(500000, category="received_credit", credit="rc_1")
    whole = shapes.financial_account([pending, posted], created=posted["created"])
    link = shapes.account_link(
        wire.AccountLinkCreate.model_validate(LINK), base="http://127.0.0.1:1", expires=posted["created"]
    )
    event = shapes.event("v2.x", about=payment, path="/v2", request=("req_1", "key"))
    assert missing_and_invented(Account, account) == []
    assert missing_and_invented(Account, shapes.shown(account, [])) == []
    assert missing_and_invented(OutboundPayment, payment) == []
    assert missing_and_invented(OutboundPayment, returned) == []
    assert missing_and_invented(Transaction, pending) == []
    assert missing_and_invented(Transaction, posted) == []
    assert missing_and_invented(FinancialAccount, whole) == []
    assert missing_and_invented(AccountLink, {k: v for k, v in link.items() if k != "id"}) == []
    assert missing_and_invented(Event, {k: v for k, v in event.items() if k != "related_object"}) == []


def test_the_check_itself_finds_a_missing_an_invented_and_a_wrong_field() -> None:
    payment = made_payment()
    payment["to"].pop("credited")
    payment["colour"] = "red"
    payment["status"] = "sent"
    payment["cancelable"] = "yes"
    assert set(missing_and_invented(OutboundPayment, payment)) == {
        "missing to.credited",
        "invented colour",
        "not a listed value status.sent",
        "not bool cancelable.",
    }


def test_the_version_we_pin_is_the_one_the_sdk_was_made_for() -> None:
    assert API_VERSION == _ApiVersion.CURRENT == gate.API_VERSION


def test_a_pending_payment_is_out_of_available_and_in_outbound_pending() -> None:
    opening = shapes.transaction(100000, category="received_credit", credit="rc_1")
    leaving = shapes.transaction(-40000, category="outbound_payment", payment="obp_1", pending=True)
    balance = shapes.financial_account([opening, leaving], created="")["balance"]
    assert balance["available"]["usd"]["value"] == 60000
    assert balance["outbound_pending"]["usd"]["value"] == 40000


def test_importing_the_gateway_switches_telemetry_off() -> None:
    assert stripe.enable_telemetry is False
