"""Which way a payee may be paid, and why. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from reunify.intake.form import Settlement


class Rail(StrEnum):
    """`global_payout`: Stripe sends it to a bank account. `travel_card`: the desk pays with the trip's own
    virtual card. `logged`: paid elsewhere, noted by two people."""

    GLOBAL_PAYOUT = "global_payout"
    TRAVEL_CARD = "travel_card"
    LOGGED = "logged"


@dataclass(frozen=True, slots=True)
class RailChoice:
    rail: Rail
    reason: str


class Payable(Protocol):
    """What the choice needs to know of a payee."""

    @property
    def kind(self) -> str: ...
    @property
    def has_email(self) -> bool: ...


_BY_PAYOUT = frozenset({Settlement.ADVANCE, Settlement.REPAID, Settlement.VENDOR_BILLED})


def rail_for(
    payee: Payable,
    settlement: Settlement,
    rail_on: bool,
    *,
    agreed: bool,
    paid_with: str | None = None,
    card_on: bool = False,
) -> RailChoice:
    """The rail for one settlement. Stripe learns a name and e-mail only while the payee's consent stands.

    `paid_with`: what the desk said of a booking. `card_on`: this award has a card of its own.
    """
    if settlement is Settlement.PARTNER_GIVES:
        return RailChoice(Rail.LOGGED, "A partner gives this in kind; no money moves.")
    if settlement is Settlement.ORGANISATION_BOOKS:
        return _desk_pays(paid_with, card_on)
    if settlement not in _BY_PAYOUT or payee.kind == "partner":
        return RailChoice(Rail.LOGGED, "A partner is settled outside Stripe.")
    if not rail_on:
        return RailChoice(Rail.LOGGED, "Stripe payouts are switched off.")
    if not agreed:
        return RailChoice(Rail.LOGGED, "The payee has not agreed in writing to be paid through Stripe.")
    if not payee.has_email:
        return RailChoice(Rail.LOGGED, "Stripe needs an e-mail address, and none is known.")
    return RailChoice(Rail.GLOBAL_PAYOUT, "The payee agreed to be paid through Stripe.")


def _desk_pays(paid_with: str | None, card_on: bool) -> RailChoice:
    """What the desk books is paid by the trip's card when it said so, else with the organisation's means."""
    if paid_with != Rail.TRAVEL_CARD:
        return RailChoice(Rail.LOGGED, "The booking desk pays with the organisation's own means.")
    if not card_on:
        return RailChoice(Rail.LOGGED, "This trip has no card of its own: what was paid is logged.")
    return RailChoice(Rail.TRAVEL_CARD, "The booking desk paid with this trip's own card.")
