"""Who says that no booking is behind what lies in suspense, and who puts it on our own money. Pure."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from reunify.kernel.may import FINANCE
from reunify.kernel.moves import START, Move, Moves
from reunify.kernel.people import Actor, Staff, check_role
from reunify.kernel.refusals import NotAllowed, OutOfStep
from reunify.reconciliation.suspense_policy import Why

FINDING = Moves(
    "suspense_finding",
    Move(START, "report", "reported", "finance"),
    Move("reported", "bear", "borne", "another person of finance: the organisation's own money"),
)
# What was paid in an outage is reported and borne where its paper is.
ON_A_CARD = (Why.CARD_CHARGE, Why.CARD_OVER_CAPTURE)
MAY_BE_BORNE = (*ON_A_CARD, Why.PAYMENT_NOT_OURS)


class NotBorneHere(OutOfStep):
    """This kind of item is explained another way."""


class NotABorneRefund(OutOfStep):
    """Only money that came back to a travel card can be of a charge we bore."""


class FinderIsAuthor(NotAllowed):
    """Whoever entered the request says nothing of what was taken for it."""


class BearerIsFinder(NotAllowed):
    """Who says that no booking is behind it does not also put it on the organisation's own money."""


def check_kind(kind: Why) -> None:
    """Raises NotBorneHere."""
    if kind not in MAY_BE_BORNE:
        raise NotBorneHere(
            "Only what a merchant took from a travel card, or what was paid past us, is put on the "
            "organisation's own money here: name the payment a refund is of, or look under Paid in outages."
        )


def check_refund(kind: Why) -> None:
    """Raises NotABorneRefund."""
    if kind is not Why.CARD_REFUND:
        raise NotABorneRefund(
            "This did not come back to a travel card: name its payment, or report that none is behind it."
        )


def check_finder(by: Actor, *, authors: Collection[UUID], first: Collection[UUID] = ()) -> Staff:
    """`authors`: of the request, with all they stood for; `first`: who reported it, likewise.

    Raises FinderIsAuthor, BearerIsFinder, NotAllowed.
    """
    check_role(by, *FINANCE)
    if not isinstance(by, Staff):
        raise NotAllowed("Only a person of finance can say what lies in suspense.")
    if not by.selves.isdisjoint(authors):
        raise FinderIsAuthor(
            "You, or a colleague you stand in for, entered or changed this request: ask another colleague."
        )
    if not by.selves.isdisjoint(first):
        raise BearerIsFinder(
            "You, or a colleague you stand in for, said that no booking is behind it: ask another colleague "
            "of finance to put it on the organisation's own money."
        )
    return by
