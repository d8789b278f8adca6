"""What is held in suspense, how old it is, and how much of it may be explained. Pure."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from reunify.kernel.refusals import NotFound, OutOfStep, Refused


class Why(StrEnum):
    """What nobody can explain yet."""

    CARD_CHARGE = "card_charge"
    CARD_OVER_CAPTURE = "card_over_capture"
    CARD_REFUND = "card_refund"
    OUTAGE_PAYMENT = "outage_payment"
    PAYMENT_NOT_OURS = "payment_not_ours"
    OTHER = "other"


class Age(StrEnum):
    """By whole days since it was held."""

    WEEK = "0-7"
    MONTH = "8-30"
    QUARTER = "31-90"
    OVER = "over 90"


class NoSuspenseFund(OutOfStep):
    """Nobody has said whose books hold what cannot be explained yet."""


class NoSuchItem(NotFound):
    """Nothing was held in suspense under this name."""


class MoreThanHeld(OutOfStep):
    """More was to be explained than is left in suspense, or with the other sign."""


class OtherContent(OutOfStep):
    """The same money was held, or the same part explained, before with another amount or account."""


class StillInSuspense(OutOfStep):
    """Words explain no money: what it was is posted, and it leaves suspense by that."""


class NotAnOwner(Refused):
    """A case is given to a person of finance."""


def days_old(held_at: datetime, now: datetime) -> int:
    """Whole days, never below zero."""
    return max((now - held_at).days, 0)


def age(days: int) -> Age:
    if days <= 7:
        return Age.WEEK
    if days <= 30:
        return Age.MONTH
    return Age.QUARTER if days <= 90 else Age.OVER


def check_part(*, left: int, cents: int) -> int:
    """What is left after so many cents are explained. Raises MoreThanHeld."""
    if cents == 0 or (cents > 0) != (left > 0) or abs(cents) > abs(left):
        raise MoreThanHeld(
            f"{left} cents are left in suspense and {cents} were to be explained: "
            "explain at most what is left, with its sign.",
            field="/cents",
        )
    return left - cents
