"""Tells a household that one of its payees was paid: how much, on which day, how, from which fund. Pure.

Only of money that stands. What came back is told by text and by a person; when it is paid again, this paper
is made again and says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from enum import StrEnum
from typing import Any, Final

from reunify.documents import paid, words
from reunify.documents.context import Heading, Said
from reunify.documents.paid import NothingPaid, PaidLine
from reunify.intake.form import Language, Settlement, TravelRequest


class How(StrEnum):
    """By which way the money went, as a family knows it."""

    BANK = "bank"
    CHECK = "check"
    VOUCHER = "voucher"
    CARD = "card"
    CASH = "cash"
    OTHER = "other"


HOW: Final = {
    How.BANK: Said("by bank transfer", "por transferencia bancaria"),
    How.CHECK: Said("by check", "con un cheque"),
    How.VOUCHER: Said("with a voucher", "con un vale"),
    How.CARD: Said("with a card", "con una tarjeta"),
    How.CASH: Said("in cash", "en efectivo"),
    How.OTHER: Said("", ""),
}
# Working days until it is there at the latest, set by the organisation: Stripe says a transfer is posted one
# to three working days before some banks show it; a check travels by post. Bank holidays are not counted: a
# day too early only brings a call.
_ARRIVES: Final = {How.BANK: 3, How.CHECK: 10}
_ELSE: Final = 3
WAIT: Final = {
    How.BANK: Said("Your bank may need until {day} to show it.", "Su banco puede tardar hasta el {day}."),
    How.CHECK: Said(
        "A check in the mail may need until {day}.", "Un cheque por correo puede tardar hasta el {day}."
    ),
}
WAIT_ELSE: Final = Said("You should have it by {day}.", "Debería tenerlo a más tardar el {day}.")


def payment_advice(
    heading: Heading,
    language: Language,
    *,
    view: TravelRequest,
    payee: str,
    paid_on: date,
    how: How,
    lines: Sequence[PaidLine],
    again: bool = False,
) -> dict[str, Any]:
    """`view`: the request as this household may read it. `payee`: who was paid, of this household.

    `again`: an earlier payment of the same came back. Raises NobodySigns, NothingPaid.
    """
    if not paid.total(lines).cents:
        raise NothingPaid("Name what was paid: a payment advice is about money that left.")
    arrives = words.day(_working_days_after(paid_on, _ARRIVES.get(how, _ELSE)), language, weekday=True)
    return heading.context(language) | {
        "payee": payee,
        "yours": int(payee == heading.addressee.name),
        "paid_on": words.day(paid_on, language, weekday=True),
        "how": HOW[how].in_(language),
        "total": words.money(paid.total(lines), language),
        "lines": [
            {key: row[key] for key in ("what", "source", "amount")}
            for row in paid.table(lines, language, view=view)
        ],
        "wait": WAIT.get(how, WAIT_ELSE).in_(language).format(day=arrives),
        "again": int(again),
        "has_advance": int(any(one.line.settled is Settlement.ADVANCE for one in lines)),
    }


def _working_days_after(day: date, count: int) -> date:
    while count:
        day += timedelta(days=1)
        count -= day.weekday() < 5
    return day
