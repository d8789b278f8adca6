"""Every call to Stripe and every word that may be in it: whatever is not listed here does not leave.

The door (`stripe_client`) holds each request against this list at the last moment, as it will be sent, so
that no adapter can go round it: method, address, parameters, body, idempotency key and headers. A new call is
a new line here. Imports no SDK.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from reunify.adapters.stripe_rules import DESCRIPTOR, METADATA, NotForStripe
from reunify.disbursement.cards_policy import MERCHANTS

Forms = Mapping[str, str]
Leaf = tuple[str, str]

_UUID = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_CENTS = r"[0-9]{1,13}"
_USD = r"usd"
# What Stripe calls what it made.
_ID = r"(acct|card|fa|iauth|ic|ich|ipi|obp|txn|usba)_(test_)?[A-Za-z0-9_]{1,250}"
_SECOND = r"[0-9]{1,12}"
_STAMP = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}(\.[0-9]{1,6})?Z"
_MERCHANTS = "|".join(sorted({category for kind in MERCHANTS.values() for category in kind}))
# What Stripe is told of a payee who agreed: the legal name as it is written, the e-mail, the country.
_NAME = r"[^\x00-\x1f\x7f]{1,500}"
_EMAIL = r"[^@\s<>\"]{1,64}@[^@\s<>\"]{1,201}"
_PAGE_OF_OURS = r"https?://[A-Za-z0-9.:\[\]-]+(/[A-Za-z0-9_./-]*)?"
_PLACE = r"[^\x00-\x1f\x7f]{1,200}"  # the organisation's own address, from its settings

_OUR_KEY = re.compile(
    rf"{_UUID}|reunify:payee:{_UUID}|reunify:disb:{_UUID}:[0-9]+|reunify:note:acct_\w+:{_UUID}"
    rf"|reunify:cardholder:[0-9]+|reunify:card:{_UUID}:[0-9]+(:(cancel|limit)(:[0-9]+)?)?",
    re.ASCII,
)
_HEADERS: Mapping[str, str] = {
    "authorization": r"Bearer [sr]k_(test|live)_\w+",
    "content-type": r"application/(json|x-www-form-urlencoded)",
    "stripe-context": r"acct_\w+",
    "stripe-version": r"[0-9]{4}-[0-9]{2}-[0-9]{2}\.[a-z]+",
    "user-agent": r"Stripe/v[12] PythonBindings/[0-9.]+",
}


def _under(name: str, forms: Forms) -> dict[str, str]:
    return {f"{name}.{inner}": form for inner, form in forms.items()}


_MARKS = _under("metadata", {name: form.pattern for name, form in METADATA.items()})
_LIMITS = _under(
    "spending_controls",
    {
        "allowed_categories.*": _MERCHANTS,
        "spending_limits.*.amount": _CENTS,
        "spending_limits.*.interval": r"all_time",
    },
)
_PAGED = {"limit": r"[0-9]{1,3}", "starting_after": _ID, "page": r"[A-Za-z0-9_=-]{1,500}"}
_SINCE = {**_PAGED, "created.gte": _SECOND}
_SINCE_V2 = {**_PAGED, "created.gte": _STAMP}
_INCLUDE = {"include.*": r"configuration\.recipient"}
_CARD = {
    "cardholder": _ID,
    "currency": _USD,
    "type": r"virtual",
    "status": r"active|inactive",
    "lifecycle_controls.cancel_after.payment_count": r"[0-9]{1,3}",
    **_LIMITS,
    **_MARKS,
}
_PAYMENT = {
    "from.financial_account": _ID,
    "from.currency": _USD,
    "to.recipient": r"acct_\w+",
    "to.payout_method": _ID,
    "to.currency": _USD,
    "amount.value": _CENTS,
    "amount.currency": _USD,
    "statement_descriptor": re.escape(DESCRIPTOR),
    "recipient_notification.setting": r"none",
    **_MARKS,
}
_RECIPIENT = {
    "contact_email": _EMAIL,
    "display_name": _NAME,
    "identity.country": r"[A-Z]{2}",
    "identity.entity_type": r"individual|company",
    "configuration.recipient.capabilities.bank_accounts.ach.requested": r"true",
    "configuration.recipient.capabilities.bank_accounts.rtp.requested": r"true",
    "dashboard": r"none",
    **_INCLUDE,
}
_LINK = {
    "account": r"acct_\w+",
    "use_case.type": r"account_onboarding",
    "use_case.account_onboarding.configurations.*": r"recipient",
    "use_case.account_onboarding.refresh_url": _PAGE_OF_OURS,
    "use_case.account_onboarding.return_url": _PAGE_OF_OURS,
}
_HOLDER = {
    "type": r"company",
    "name": r"[A-Za-z][A-Za-z .'-]{0,23}",
    "billing.address.line1": _PLACE,
    "billing.address.city": _PLACE,
    "billing.address.state": _PLACE,
    "billing.address.postal_code": _PLACE,
    "billing.address.country": r"US",
}


@dataclass(frozen=True, slots=True)
class Door:
    """One call: what its parameters and its body may say, by dotted name (`*`: any place of a list), and what
    the body may never be without. Each form is a regular expression for the whole value as text."""

    method: str
    path: str
    query: Forms = field(default_factory=dict)
    body: Forms = field(default_factory=dict)
    always: frozenset[str] = frozenset()


_NEUTRAL = frozenset({"statement_descriptor", "recipient_notification.setting"})
_BOUND = frozenset({"type", "spending_controls.spending_limits.*.amount"})
DOORS: tuple[Door, ...] = (
    Door("post", "/v2/core/accounts", body=_RECIPIENT),
    Door("get", "/v2/core/accounts/{id}", query=_INCLUDE),
    Door("post", "/v2/core/accounts/{id}", body=_MARKS),
    Door("post", "/v2/core/account_links", body=_LINK),
    Door("post", "/v2/money_management/outbound_payments", body=_PAYMENT, always=_NEUTRAL),
    Door("get", "/v2/money_management/outbound_payments", query=_SINCE_V2),
    Door("get", "/v2/money_management/outbound_payments/{id}"),
    Door("post", "/v2/money_management/outbound_payments/{id}/cancel"),
    Door("get", "/v2/money_management/payout_methods", query=_PAGED),
    Door("get", "/v2/money_management/financial_accounts/{id}"),
    Door("get", "/v2/money_management/transactions", query={**_SINCE_V2, "financial_account": _ID}),
    Door("get", "/v1/balance"),
    Door("get", "/v1/balance_transactions", query=_SINCE),
    Door("post", "/v1/issuing/cardholders", body=_HOLDER),
    Door("post", "/v1/issuing/cards", body=_CARD, always=_BOUND),
    Door("post", "/v1/issuing/cards/{id}", body={"status": r"active|inactive|canceled", **_LIMITS}),
    Door("get", "/v1/issuing/cards/{id}"),
    Door("get", "/v1/issuing/authorizations/{id}"),
    Door("get", "/v1/issuing/transactions/{id}"),
    Door("get", "/v1/issuing/transactions", query=_SINCE),
)


def check_payment(params: Mapping[str, Any]) -> None:
    """Frozen parameters of a payment, just before they leave. Raises NotForStripe."""
    _check_body(door_of("post", "/v2/money_management/outbound_payments"), leaves(params))


def check_card(params: Mapping[str, Any]) -> None:
    """Frozen parameters of a card, just before they leave. Raises NotForStripe."""
    _check_body(door_of("post", "/v1/issuing/cards"), leaves(params))


def check_request(method: str, url: str, headers: Mapping[str, str], body: object) -> dict[str, str]:
    """The headers to send with it, the SDK's own remarks about this machine left out.

    Raises NotForStripe; its words name the field and never repeat what was in it.
    """
    address = urlsplit(url)
    door = door_of(method.lower(), address.path)
    _fits(door.query, _form(address.query), f"the parameters of {door.path}")
    _check_body(door, _body(address.path, body))
    return _checked_headers(headers)


def door_of(method: str, path: str) -> Door:
    """Raises NotForStripe for a call that is in no line of the list."""
    for door in DOORS:
        if door.method == method and re.fullmatch(door.path.replace("{id}", _ID), path):
            return door
    raise NotForStripe("this call to Stripe is not on the list: add it to stripe_outgoing.DOORS")


def leaves(said: object, name: str = "") -> Iterator[Leaf]:
    """Every value within, with its dotted name. What is empty counts as a value."""
    if isinstance(said, Mapping) and (said or not name):
        for key, inner in said.items():
            yield from leaves(inner, f"{name}.{key}" if name else str(key))
    elif isinstance(said, list | tuple) and said:
        for inner in said:
            yield from leaves(inner, f"{name}.*")
    else:
        yield name, said if isinstance(said, str) else json.dumps(said)


def _check_body(door: Door, said: Iterator[Leaf]) -> None:
    seen = _fits(door.body, said, f"the body of {door.path}")
    if door.always - seen:
        missing = ", ".join(sorted(door.always - seen))
        raise NotForStripe(f"the body of {door.path} is never without {missing}")


def _fits(forms: Forms, said: Iterator[Leaf], where: str) -> set[str]:
    """Which fields were there. A field that is not listed is not named: its name may be somebody's."""
    seen: set[str] = set()
    for name, value in said:
        form = forms.get(name)
        if form is None:
            raise NotForStripe(f"{where} may hold only what stripe_outgoing lists for it")
        if re.fullmatch(form, value, re.ASCII) is None:
            raise NotForStripe(f"{name} in {where} does not have the form that stripe_outgoing lists")
        seen.add(name)
    return seen


def _body(path: str, body: object) -> Iterator[Leaf]:
    """Stripe's v2 speaks JSON, v1 forms; files are sent by no call of ours."""
    text = body.decode() if isinstance(body, bytes) else body
    if text is None or text == "":
        return iter(())
    if not isinstance(text, str):
        raise NotForStripe("a body is text: no file goes to Stripe")
    if path.startswith("/v1/"):
        return _form(text)
    said = json.loads(text)
    if not isinstance(said, dict):
        raise NotForStripe("a body is an object with named fields")
    return leaves(said)


def _form(text: str) -> Iterator[Leaf]:
    """`a[b][0]=x` as `a.b.*`."""
    for name, value in parse_qsl(text, keep_blank_values=True):
        parts = name.replace("]", "").split("[")
        yield ".".join("*" if part.isdigit() or part == "" else part for part in parts), value


def _checked_headers(headers: Mapping[str, str]) -> dict[str, str]:
    kept: dict[str, str] = {}
    for name, value in headers.items():
        known = name.lower()
        if known.startswith("x-stripe-client-"):
            continue
        if known == "idempotency-key":
            allowed = _OUR_KEY.fullmatch(value)
        else:
            value = " ".join(value.split(" ")[:2])
            allowed = re.fullmatch(_HEADERS.get(known, r"(?!)"), value, re.ASCII)
        if allowed is None:
            raise NotForStripe("an idempotency key or a header has no form that stripe_outgoing lists")
        kept[name] = value
    return kept
