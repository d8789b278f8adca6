"""What the payouts of an award will cost, told to whoever approves it: an estimate, and who bears it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from reunify.allocation.queries import PlanLine
from reunify.intake.form import Settlement
from reunify.kernel.money import Money
from reunify.kernel.refusals import OutOfStep
from reunify.ledger.policy import Cash
from reunify.payees.policy import Rail, rail_for
from reunify.payees.queries import Payee
from reunify.rates import fees
from reunify.rates.policy import Organisation
from reunify.reconciliation import cash_settings

NOT_KNOWN = "Not known: fees are posted later. An administrator writes them down as `payout_fee_standard`."
NO_PAYOUT = "None: nothing of this is sent by Stripe."
NOBODY = "Nobody has said who bears it yet."


@dataclass(frozen=True, slots=True)
class PayoutFees:
    """`payouts`: at most so many. `total` is None where nobody wrote the fee down. `bearer`: a sentence."""

    payouts: int
    total: Money | None
    bearer: str

    @property
    def said(self) -> str:
        if self.payouts == 0:
            return NO_PAYOUT
        if self.total is None:
            return NOT_KNOWN
        many = "payout" if self.payouts == 1 else "payouts"
        return f"About {self.total} for {self.payouts} {many}. {self.bearer}"


def of_plan(
    session: Session,
    lines: Collection[PlanLine],
    paid: Mapping[str, Payee],
    org: Organisation | None,
    *,
    rail_on: bool,
    now: datetime,
) -> PayoutFees:
    """One payout for each payee whose consent was written down; who has taken it back costs nothing."""
    sums: dict[str, int] = {}
    for line in lines:
        payee = paid.get(line.payee_key)
        if payee is None or line.unit != "cents":
            continue
        way = rail_for(payee, Settlement(line.settlement), rail_on, agreed=payee.stripe_consent)
        if way.rail is Rail.GLOBAL_PAYOUT:
            sums[line.payee_key] = sums.get(line.payee_key, 0) + line.ceiling
    return of_amounts(session, list(sums.values()), org, now=now)


def of_amounts(
    session: Session, amounts: Collection[int], org: Organisation | None, *, now: datetime
) -> PayoutFees:
    """`amounts`: cents of each payout, all by the standard networks (ACH, RTP)."""
    if not amounts or org is None or org.payout_fee_standard is None:
        return PayoutFees(len(amounts), None, NOBODY)
    fee = fees.read(org.payout_fee_standard)
    total = sum((fee.of(Money(cents)) for cents in amounts), Money(0))
    return PayoutFees(len(amounts), total, bearer(session, org, now=now))


def bearer(session: Session, org: Organisation | None, *, now: datetime) -> str:
    """Whose money pays the fees of payouts: never the family's award."""
    if org is None:
        return NOBODY
    try:
        _, category = cash_settings.fees_of(session, Cash.STRIPE, now=now)
    except OutOfStep:
        return NOBODY
    code = (org.fees_cash_stripe or "").partition(" ")[0]
    return f"The fund {code} bears it, as {category.value}; nothing is taken from the payment."


def schedule(org: Organisation | None) -> list[tuple[str, str]]:
    """Network and fee, as written down."""
    if org is None:
        return []
    written = (
        ("Standard (ACH, RTP)", org.payout_fee_standard),
        ("Wire", org.payout_fee_wire),
        ("Instant", org.payout_fee_instant),
    )
    return [(network, f"${fee}") for network, fee in written if fee is not None]
