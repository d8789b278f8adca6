"""What our own books say of the payments Stripe made for us."""

from __future__ import annotations

from sqlalchemy.orm import Session

from reunify.disbursement import queries as disbursement
from reunify.kernel.money import Money
from reunify.ledger import queries as ledger
from reunify.ledger.policy import Cash
from reunify.reconciliation.policy import NOTHING, Booked


def asked_for(session: Session) -> dict[str, Money]:
    """Each payment that answered one of our attempts, with the amount we asked for."""
    return {
        payment: Money(attempt.amount) for payment, attempt in disbursement.payments_known(session).items()
    }


def booked(session: Session) -> dict[str, Booked]:
    """Cash at Stripe by payment, from the ledger's references `<payment>:posted` and `<payment>:returned`."""
    result: dict[str, Booked] = {}
    for line in ledger.history(session, disbursement.holds_paid_by_stripe(session)):
        if line.account != Cash.STRIPE.value:
            continue
        payment, _, what = line.external_ref.rpartition(":")
        before = result.get(payment, Booked(NOTHING, NOTHING))
        amount = Money(line.amount)
        if what == "posted":
            result[payment] = Booked(before.spent + amount, before.given_back)
        else:
            result[payment] = Booked(before.spent, before.given_back + amount)
    return result


def cash_at_stripe(session: Session) -> Money:
    """All that the ledger says we hold there."""
    return ledger.cash(session, Cash.STRIPE)
