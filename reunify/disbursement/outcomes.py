"""What can come of asking for a payment. Confusing `NotSent` with `Unclear` pays twice."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from reunify.kernel.money import Money

TOO_LITTLE_MONEY = "insufficient_funds"  # in the payout balance; the processor's code


class Status(StrEnum):
    """Where a payment stands. `posted` does not mean received: it can still be returned, even weeks later."""

    PROCESSING = "processing"
    POSTED = "posted"
    FAILED = "failed"
    CANCELED = "canceled"
    RETURNED = "returned"


@dataclass(frozen=True, slots=True)
class Payment:
    """One payment as the processor describes it now. `reference` is ours (the instruction's id).

    `posted_at`, `returned_at`: when it came to that, by the processor's clock; None where it does not say.
    `payout_method`: the processor's name of the bank account it goes to.
    """

    id: str
    status: Status
    amount: Money
    reference: UUID | None = None
    reason: str | None = None
    posted_at: datetime | None = None
    returned_at: datetime | None = None
    payout_method: str | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """The payment exists."""

    payment: Payment


@dataclass(frozen=True, slots=True)
class NotSent:
    """A typed answer computed for this attempt: no money moved."""

    code: str


@dataclass(frozen=True, slots=True)
class NotTried:
    """The request was turned away at the door (401, 403, 429): the same key, later.

    `refuses_us`: whoever asks is not let in at all, however late (401, 403).
    """

    code: str
    refuses_us: bool = False


@dataclass(frozen=True, slots=True)
class Unclear:
    """Time-out, dropped connection, 5xx, cut answer: money may have moved. The same key only."""

    code: str


@dataclass(frozen=True, slots=True)
class Misused:
    """The key was first used with other parameters: our own fault, a person must look."""

    code: str


Outcome = Known | NotSent | NotTried | Unclear | Misused
