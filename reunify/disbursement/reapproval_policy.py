"""When a payment may be tried anew on the old approval, and who approves it anew. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection
from uuid import UUID

from reunify.disbursement.policy import check_decider
from reunify.kernel.moves import START, Move, Moves
from reunify.kernel.people import Actor, Staff
from reunify.kernel.refusals import NotAllowed, OutOfStep

REAPPROVAL = Moves(
    "fresh approval of a payment",
    Move(START, "ask", "asked", "system"),
    Move("asked", "approve_first", "half_approved", "finance"),
    Move("half_approved", "approve_second", "approved", "another finance person"),
)
WAITING = ("asked", "half_approved")


class BankChanged(OutOfStep):
    """The money would go to another bank account than the attempt before it."""


class SecondIsFirst(NotAllowed):
    """A fresh approval needs two people."""


class ApproverIsAuthor(NotAllowed):
    """Whoever wrote the request approves none of its payments anew."""


def digest(*, award_digest: str, instruction: UUID, payee: UUID, amount: int, after: int, bank: str) -> str:
    """What two people approve: sha256 over payee, cents, bank (Stripe's id) and the attempt before."""
    said = {
        "after": after,
        "amount": amount,
        "award": award_digest,
        "bank": bank,
        "instruction": str(instruction),
        "payee": str(payee),
    }
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def check_bank(before: str | None, bank: str | None, *, approved: Collection[str], wanted: str) -> None:
    """`before`: where an earlier attempt would have paid; None where none came so far.

    `approved`: the digests that two people have approved anew; `wanted`: the one of this attempt.
    Raises BankChanged.
    """
    if before is None or bank == before or (bank is not None and wanted in approved):
        return
    raise BankChanged(
        "The payee's bank account changed since the last attempt: two finance people must approve this "
        "payment anew before it is sent."
    )


def check_approver(by: Actor, first: Collection[UUID], *, authors: Collection[UUID]) -> Staff:
    """`first`: who approved it before, and whom they stood for; empty for the first of the two.

    Raises NotAllowed, SecondIsFirst, ApproverIsAuthor.
    """
    check_decider(by)
    if not isinstance(by, Staff):
        raise NotAllowed("Only a signed-in finance person can approve a payment anew.")
    if not by.selves.isdisjoint(first):
        raise SecondIsFirst(
            "You, or a colleague you stand in for, approved this already: ask another colleague in finance."
        )
    if not by.selves.isdisjoint(authors):
        raise ApproverIsAuthor(
            "You, or a colleague you stand in for, entered or changed this request: ask another colleague to "
            "approve its payment anew."
        )
    return by
