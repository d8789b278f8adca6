"""How the payout rail stands, and why one payee cannot be reached by it. Pure.

Stripe's words: v2 account `configuration.recipient.capabilities.bank_accounts.*.{status, status_details}` and
the errors of `outbound_payments.create`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from enum import StrEnum

from reunify.disbursement.outcomes import TOO_LITTLE_MONEY, Known, NotTried, Outcome
from reunify.kernel.refusals import OutOfStep

FEATURE_OFF = "feature_not_enabled"
NOT_PERMITTED = "not_permitted"
# These say nothing of one payment: until they end, none is sent.
OF_THE_RAIL = (FEATURE_OFF, NOT_PERMITTED)

NO_BANK = "bank_details_missing"
PENDING = "capability_pending"
RESTRICTED = "capability_restricted"
UNSUPPORTED = "capability_unsupported"
COUNTRY = "unsupported_country"
REJECTED = "payee_rejected"
CANNOT_BE_REACHED = (RESTRICTED, UNSUPPORTED, COUNTRY, REJECTED, "capability_not_enabled")

Networks = Mapping[str, tuple[str, Collection[str]]]  # status and Stripe's reasons, by network


class Rail(StrEnum):
    OFF = "off"
    NOT_ENABLED = "not_enabled"
    LACKS_CAPABILITY = "lacks_capability"
    READY = "ready"


class NothingHeldUp(OutOfStep):
    """No payment waits for the rail."""


def rail(*, on: bool, troubles: Collection[str]) -> Rail:
    """`troubles`: of the payments that are to go this way and wait."""
    if not on:
        return Rail.OFF
    if not set(OF_THE_RAIL).isdisjoint(troubles):
        return Rail.NOT_ENABLED
    return Rail.READY if set(CANNOT_BE_REACHED).isdisjoint(troubles) else Rail.LACKS_CAPABILITY


def sentence(state: Rail, *, troubles: Collection[str] = ()) -> str:
    """What it means and what to do."""
    if state is Rail.OFF:
        return "Stripe payouts are switched off: every payment is made another way and written down here."
    if state is Rail.READY:
        return "Stripe payouts are on, and nothing holds them up."
    if state is Rail.LACKS_CAPABILITY:
        return (
            "Stripe payouts are on. Some payees cannot be reached by Stripe: open each payment below and pay "
            "it another way."
        )
    if FEATURE_OFF in troubles:
        return (
            "Stripe has not enabled payouts for this organisation, so none is sent. Ask Stripe to enable "
            "Global Payouts, then send what waits; or pay the urgent ones another way."
        )
    return (
        "Stripe does not let our key make payouts, so none is sent. An administrator checks the key and its "
        "permissions in the Dashboard; then send what waits, or pay the urgent ones another way."
    )


def lacks(networks: Networks) -> str | None:
    """Why no bank of this payee can be paid, as one code; None when one network is active."""
    statuses = {status for status, _ in networks.values()}
    reasons = {reason for _, said in networks.values() for reason in said}
    if "active" in statuses:
        return None
    if any(reason.startswith("rejected_") for reason in reasons):
        return REJECTED
    if statuses == {"unsupported"}:
        return COUNTRY if COUNTRY in reasons else UNSUPPORTED
    if "requirements_past_due" in reasons:
        return NO_BANK
    if "pending" in statuses:
        return PENDING
    return RESTRICTED if "restricted" in statuses and "restricted_other" in reasons else NO_BANK


def after_no(code: str) -> str:
    """What a definite no means for the instruction: too little money passes by itself, a rail that is not
    enabled holds it up, the rest is a person's."""
    return {TOO_LITTLE_MONEY: "wait_for_money", FEATURE_OFF: "wait_for_rail"}.get(code, "fail")


def trouble_after(trouble: str | None, outcome: Outcome) -> str | None:
    """Turned away at the door is the rail's trouble and not this payment's; heard, and it is over."""
    if isinstance(outcome, NotTried) and outcome.refuses_us:
        return NOT_PERMITTED
    return None if isinstance(outcome, Known) and trouble in OF_THE_RAIL else trouble
