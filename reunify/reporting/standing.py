"""Where a case stands, as far as keeping its papers goes. Pure; no name, no place."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID


class CaseStanding(StrEnum):
    DRAFT = "draft"
    PAID = "paid"
    WITHOUT_PAYMENT = "without_payment"
    OPEN = "open"  # people still have something to do


@dataclass(frozen=True, slots=True)
class Charged:
    """One federal award that paid for the case, and when its final report was sent."""

    fund: str
    final_report: date | None


@dataclass(frozen=True, slots=True)
class Case:
    """What periods are counted from. Dates are on the organisation's clock."""

    request_id: UUID
    reference: str
    child: UUID | None
    version_number: int
    standing: CaseStanding
    changed_on: date
    closed_on: date | None = None
    trip_ends_on: date | None = None
    federal: tuple[Charged, ...] = ()
    consent_ends_on: date | None = None
