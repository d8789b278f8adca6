"""May a merchant take this from the trip's card? Answered from our own books, and no when in doubt. Pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from reunify.kernel.money import Money


class Reason(StrEnum):
    """Why a merchant got this answer. Never who the merchant is."""

    APPROVED = "approved"
    UNREADABLE = "unreadable"  # signed by Stripe, and not what we know how to read
    CARD_UNKNOWN = "card_unknown"
    CARD_NOT_ACTIVE = "card_not_active"
    AWARD_NOT_STANDING = "award_not_standing"  # not released any more, or changed since
    QUIET = "quiet"
    OTHER_CURRENCY = "other_currency"
    NOTHING_ASKED = "nothing_asked"
    OTHER_CATEGORY = "other_category"  # sells nothing that a line of this trip was approved for
    MORE_THAN_HELD = "more_than_held"
    TOO_SLOW = "too_slow"  # our own books could not be read in time


SENTENCES = {
    Reason.APPROVED: "It is within what this trip still holds.",
    Reason.UNREADABLE: "Stripe asked in a form that we do not know.",
    Reason.CARD_UNKNOWN: "We have no such card.",
    Reason.CARD_NOT_ACTIVE: "The card is not active any more.",
    Reason.AWARD_NOT_STANDING: "The award is not released, or has changed since: have it approved again.",
    Reason.QUIET: "A quiet outcome stands on this request.",
    Reason.OTHER_CURRENCY: "It was asked in another currency than the card's.",
    Reason.NOTHING_ASKED: "No amount was asked for.",
    Reason.OTHER_CATEGORY: "No line of this trip is bought from merchants of this kind.",
    Reason.MORE_THAN_HELD: "It is more than this trip has left: what it holds, less what is promised, "
    "charged and not explained, or paid in an outage.",
    Reason.TOO_SLOW: "Our books could not be read in time: have the merchant try again.",
}


@dataclass(frozen=True, slots=True)
class Asking:
    """What a merchant asks for, in our words. `event` and `authorisation` are Stripe's ids.

    `cents`: of the card's own currency, the new part alone where an earlier promise is made larger.
    """

    event: str
    authorisation: str
    card: str
    cents: int
    currency: str
    category: str


@dataclass(frozen=True, slots=True)
class Standing:
    """How things stand with the card's trip now.

    `held`: cents that its lines still hold and a card may pay. `spoken_for`: promised to merchants, or taken
    and not explained yet. `merchants`: the categories that sell what was approved.
    """

    is_active: bool
    award_stands: bool
    is_quiet: bool
    merchants: Collection[str]
    held: Money
    spoken_for: Money


def decide(asked: Asking, standing: Standing | None) -> Reason:
    """APPROVED, or the first reason to decline. `standing`: None for a card that is not ours."""
    if standing is None:
        return Reason.CARD_UNKNOWN
    if not standing.is_active:
        return Reason.CARD_NOT_ACTIVE
    if not standing.award_stands:
        return Reason.AWARD_NOT_STANDING
    if standing.is_quiet:
        return Reason.QUIET
    if asked.currency.upper() != standing.held.currency:
        return Reason.OTHER_CURRENCY
    if asked.cents <= 0:
        return Reason.NOTHING_ASKED
    if asked.category not in standing.merchants:
        return Reason.OTHER_CATEGORY
    if standing.spoken_for.cents + asked.cents > standing.held.cents:
        return Reason.MORE_THAN_HELD
    return Reason.APPROVED
