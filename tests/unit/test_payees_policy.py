"""Which way a payee may be paid, and why."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import pytest

from reunify.intake.form import Settlement
from reunify.payees.policy import Rail, rail_for


@dataclass(frozen=True)
class Someone:
    kind: str = "person"
    has_email: bool = True
    agreed: bool = True


@pytest.mark.parametrize("settlement", [Settlement.ADVANCE, Settlement.REPAID, Settlement.VENDOR_BILLED])
@pytest.mark.parametrize("kind", ["person", "vendor"])
def test_with_consent_and_email_and_the_rail_on_stripe_pays(kind: str, settlement: Settlement) -> None:
    assert rail_for(Someone(kind), settlement, rail_on=True, agreed=True).rail is Rail.GLOBAL_PAYOUT


@pytest.mark.parametrize(
    ("payee", "settlement", "rail_on", "reason"),
    [
        (Someone(agreed=False), Settlement.ADVANCE, True, "not agreed"),
        (Someone(has_email=False), Settlement.REPAID, True, "e-mail"),
        (Someone(), Settlement.ADVANCE, False, "switched off"),
        (Someone("partner"), Settlement.PARTNER_GIVES, True, "in kind"),
        (Someone("partner"), Settlement.VENDOR_BILLED, True, "outside Stripe"),
        (Someone("vendor"), Settlement.ORGANISATION_BOOKS, True, "booking desk"),
    ],
)
def test_otherwise_it_is_paid_elsewhere_and_logged_with_the_reason(
    payee: Someone, settlement: Settlement, rail_on: bool, reason: str
) -> None:
    choice = rail_for(payee, settlement, rail_on, agreed=payee.agreed)
    assert choice.rail is Rail.LOGGED
    assert reason in choice.reason


def test_stripe_never_learns_of_anyone_without_consent_whatever_else_holds() -> None:
    for kind, settlement, rail_on in product(("person", "vendor", "partner"), Settlement, (True, False)):
        choice = rail_for(Someone(kind), settlement, rail_on, agreed=False)
        assert choice.rail is Rail.LOGGED
