"""The card of an award, as the award's page and the API tell of it: never its number."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from reunify.bootstrap import House
from reunify.disbursement import cards_policy, cards_queries
from reunify.disbursement.cards_queries import Card


@dataclass(frozen=True, slots=True)
class CardShown:
    """`state` is the card's, or `off`, `none`, `waiting`. `address`: where its number is read, at Stripe."""

    state: str
    sentence: str
    card: Card | None
    address: str | None

    @property
    def worth_showing(self) -> bool:
        """A trip that needs no card says nothing of one."""
        return self.state != "none"


def of_award(session: Session, at: House, award_id: UUID) -> CardShown:
    """What is to be said of this award's card, whether there is one or not."""
    found = cards_queries.of_award(session, award_id)
    state = found.state if found else cards_queries.waiting_state(session, award_id)
    sentence = cards_policy.sentence(state, on=at.cards is not None)
    shown = "off" if sentence == cards_policy.OFF and state != "none" else state
    address = None
    if at.cards is not None and found is not None and found.at_stripe and found.state == "active":
        address = at.cards.address_of(found.at_stripe)
    return CardShown(shown, sentence, found, address)
