"""The booking desk of a story: bought with the award's card at the vendor, then written down in one act."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import httpx

from reunify.sandbox.driver import StoryBroke
from reunify.sandbox.tale import Tale


def book(tale: Tale, award_id: str, bookings: Sequence[Mapping[str, Any]]) -> None:
    """Each seat and room is paid with the card, as on a vendor's own page; then all are booked in one act."""
    card = tale.card(award_id)
    for booking in bookings:
        _pay(tale, card, booking)
    tale.team["ana"].act(tale.diary, "book", f"/awards/{award_id}/bookings", {"lines": lines(bookings)})


def lines(bookings: Sequence[Mapping[str, Any]], paid_with: str = "travel_card") -> list[dict[str, Any]]:
    return [
        {k: v for k, v in booking.items() if k != "category"} | {"step": "ticketed", "paid_with": paid_with}
        for booking in bookings
    ]


def _pay(tale: Tale, card: str, booking: Mapping[str, Any]) -> None:
    """What the vendor does with the card's number, which never comes to us."""
    said = {"amount": booking["price_cents"], "category": booking["category"]}
    answer = httpx.post(f"{tale.team.stripe}/_control/cards/{card}/pay", json=said, timeout=30)
    if answer.is_error or not answer.json()["approved"]:
        raise StoryBroke(f"the card did not pay for {booking['line']}: {answer.status_code} {answer.text}")
