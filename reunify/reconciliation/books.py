"""What our own books say of the payments Stripe made for us."""

from __future__ import annotations

from sqlalchemy.orm import Session

from reunify.disbursement import queries as disbursement
from reunify.kernel.money import Money
from reunify.ledger import fund_queries as accounts
from reunify.ledger import queries as ledger
from reunify.ledger.policy import Cash, Kind
from reunify.reconciliation.policy import NOTHING, Booked


def asked_for(session: Session) -> dict[str, Money]:
    """Each payment that answered one of our attempts, with the amount we asked for."""
    return {
        payment: Money(attempt.amount) for payment, attempt in disbursement.payments_known(session).items()
    }


def returned(session: Session) -> set[str]:
    """The payments whose return our attempts know of."""
    known = disbursement.payments_known(session)
    return {payment for payment, attempt in known.items() if attempt.state == "returned"}


def booked(session: Session) -> dict[str, Booked]:
    """Cash at Stripe by payment, from the ledger's references `<payment>:posted` and `<payment>:returned`.

    A return is booked where the cost lay, which a cost transfer may have moved. The transfer itself moves no
    cash, and what was reversed never happened.
    """
    result: dict[str, Booked] = {}
    for (reference, kind), amount in accounts.cash_by_event(session, Cash.STRIPE).items():
        payment, _, _ = reference.partition(":")
        before = result.get(payment, Booked(NOTHING, NOTHING))
        if kind is Kind.EXPEND:
            result[payment] = Booked(before.spent + amount, before.given_back)
        elif kind is Kind.GIVE_BACK:
            result[payment] = Booked(before.spent, before.given_back + amount)
    return result


def drawn(session: Session, account: Cash) -> list[Money]:
    """What people wrote down as having come from a source into this account, and nobody has corrected."""
    return list(accounts.cash_by_event(session, account, [Kind.DRAW_DOWN]).values())


def cash_at_stripe(session: Session) -> Money:
    """All that the ledger says we hold there."""
    return ledger.cash(session, Cash.STRIPE)


def cash_of_cards(session: Session) -> Money:
    """All that the ledger says the cards can draw on."""
    return ledger.cash(session, Cash.CARD)
