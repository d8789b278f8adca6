"""The card of an award, as the award's page and the API tell of it: never its number."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from reunify.bootstrap import House
from reunify.disbursement import cards_policy, cards_queries, cards_said
from reunify.disbursement.cards_queries import Card
from reunify.disbursement.cards_said import Answer
from reunify.kernel.may import FINANCE
from reunify.kernel.people import Staff


@dataclass(frozen=True, slots=True)
class CardShown:
    """`state` is the card's, or `off`, `none`, `waiting`. `address`: where its number is read, at Stripe.

    `answers`: what merchants were answered, the newest first. `may_close`: nobody knows whether it was made,
    and whoever looks may say that it was not.
    """

    state: str
    sentence: str
    card: Card | None
    address: str | None
    answers: tuple[Answer, ...] = ()
    may_close: bool = False

    @property
    def worth_showing(self) -> bool:
        """A trip that needs no card says nothing of one."""
        return self.state != "none"


def of_award(session: Session, at: House, award_id: UUID, by: Staff | None = None) -> CardShown:
    """What is to be said of this award's card, whether there is one or not."""
    found = cards_queries.of_award(session, award_id)
    state = found.state if found else cards_queries.waiting_state(session, award_id, now=at.now())
    sentence = cards_policy.sentence(state, on=at.cards is not None)
    shown = "off" if sentence == cards_policy.OFF and state != "none" else state
    address = None
    if at.cards is not None and found is not None and found.at_stripe and found.state == "active":
        address = at.cards.address_of(found.at_stripe)
    answers = tuple(cards_said.of_award(session, award_id)) if found else ()
    may_close = state == "stuck" and by is not None and not by.roles.isdisjoint(FINANCE)
    return CardShown(shown, sentence, found, address, answers, may_close)
