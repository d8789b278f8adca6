"""One payment through a real Stripe test account, told line by line: `make stripe-sandbox-smoke`.

docs/guides/stripe-sandbox-smoke.md says what it needs. Never part of `make test`, and never with a live key.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from reunify.adapters.stripe_gateway import StripeGateway
from reunify.adapters.stripe_rules import LIVE_BASE, UnsafeSetup
from reunify.disbursement.outcomes import Known, Outcome
from reunify.disbursement.ports import GatewayUnavailable, PaymentOrder, RecipientRefused
from reunify.kernel.ids import PayeeId, RequestId
from reunify.kernel.money import Money
from reunify.kernel.refusals import NotFound
from reunify.payees.queries import Payee
from tests.permits import for_stripe

Say = Callable[[str], object]
ONE_DOLLAR = Money(1_00)
INVENTED = Payee(
    id=PayeeId(uuid4()),
    request_id=RequestId(uuid4()),
    key="mother",
    version=1,
    kind="person",
    legal_name="Sample Traveler",
    email="sample.traveler@example.org",
    country="US",
    stripe_consent=True,
    stripe_recipient=None,
)


def main(said: Mapping[str, str], say: Say) -> int:
    """0: every step was done. 1: one was not, and the last line says which. 2: the settings forbid it."""
    key, account = said.get("REUNIFY_SMOKE_KEY", ""), said.get("REUNIFY_SMOKE_FINANCIAL_ACCOUNT", "")
    if not key.startswith("sk_test_"):
        say("Set REUNIFY_SMOKE_KEY to a key of your test account: it begins with sk_test_.")
        return 2
    if not account:
        say("Set REUNIFY_SMOKE_FINANCIAL_ACCOUNT to the financial account of your test account: fa_test_...")
        return 2
    try:
        gateway = StripeGateway(
            key=key, financial_account=account, base=said.get("REUNIFY_SMOKE_BASE", LIVE_BASE)
        )
    except UnsafeSetup as unsafe:
        say(f"Refused: {unsafe}.")
        return 2
    try:
        return _steps(gateway, say)
    except (GatewayUnavailable, RecipientRefused, NotFound) as refused:
        say(f"STOPPED: {refused}")
        return 1
    finally:
        gateway.close()


def _steps(gateway: StripeGateway, say: Say) -> int:
    balance = gateway.balance()
    say(f"balance: {balance.available} available, {balance.outbound_pending} on its way out")
    permit = for_stripe(INVENTED.request_id, payee=INVENTED.id)
    recipient = gateway.ensure_recipient(INVENTED, permit)
    say(f"payee: {recipient.id}, {'ready' if recipient.ready else 'bank details are missing'}")
    if gateway.ensure_recipient(INVENTED, permit).id != recipient.id:
        say("STOPPED: the same payee was made twice.")
        return 1
    say("payee asked for again with the same key: the same one")
    if not recipient.ready:
        link = gateway.bank_details_link(
            recipient=recipient.id, return_to="https://example.org/", permit=permit, payee=INVENTED.id
        )
        say(f"give test bank details at {link}")
    reference = uuid4()
    order = PaymentOrder(reference, recipient.id, ONE_DOLLAR, permit, INVENTED.id)
    params, key = gateway.prepare(order), f"reunify:disb:{reference}:1"
    first = gateway.send(params, key=key)
    say(f"payment of {ONE_DOLLAR}: {_words(first)}")
    if not isinstance(first, Known):
        say("No payment was made; what Stripe says above is what a finance person would be shown.")
        return 0 if not recipient.ready else 1
    again = gateway.send(params, key=key)
    if not isinstance(again, Known) or again.payment.id != first.payment.id:
        say(f"STOPPED: the same key did not give the same payment: {_words(again)}")
        return 1
    say("the same bytes with the same key: the same payment")
    found = gateway.look_up(first.payment.id)
    say(
        f"looked up: {found.status}, our reference {'is' if found.reference == reference else 'is NOT'} there"
    )
    listed = gateway.payments(since=datetime.now(UTC) - timedelta(hours=1))
    say(f"listed: {sum(p.reference == reference for p in listed)} payment with our reference")
    moved = [m for m in gateway.movements(since=None) if m.payment == first.payment.id]
    say(f"statement: {', '.join(f'{m.category} {m.amount} {m.status}' for m in moved) or 'nothing yet'}")
    return 0 if found.reference == reference else 1


def _words(outcome: Outcome) -> str:
    if isinstance(outcome, Known):
        return f"{outcome.payment.id}, {outcome.payment.status}"
    return f"{type(outcome).__name__} ({outcome.code})"


if __name__ == "__main__":
    sys.exit(main(os.environ, lambda line: sys.stdout.write(line + "\n")))
