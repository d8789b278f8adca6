"""What approval hands over: a released award, line by line, with its digest."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from reunify.intake.form import Settlement
from reunify.kernel.ids import AwardId, FundId, LineId, PayeeId


@dataclass(frozen=True, slots=True)
class LineToPay:
    """One allocation line. `amount` is whole cents when `unit` is `cents`, else whole nights or miles."""

    allocation_line: LineId
    payee: PayeeId
    fund: FundId
    budget_category: str
    settlement: Settlement
    unit: str
    amount: int
    hold: UUID  # the ledger's reservation for this line
    paid_with: str | None = None  # of a ticket: how the desk said it is paid


@dataclass(frozen=True, slots=True)
class Ticket:
    """Which ticketing of which booking is paid."""

    booking: UUID
    number: int


@dataclass(frozen=True, slots=True)
class AwardToPay:
    """`digest` is what people approved; a payment refuses when it is no longer current.

    `ticket`: the lines are those of one ticketed booking, with its price.
    """

    award: AwardId
    digest: str
    lines: tuple[LineToPay, ...]
    ticket: Ticket | None = None
