"""The history of a line's dollar: which funds bore it, when, and by which event."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.orm import Session

from reunify.closeout.spent import Spent
from reunify.kernel.ids import FundId
from reunify.ledger import queries as books
from reunify.ledger.policy import Account, BudgetCategory
from reunify.ledger.queries import Line


@dataclass(frozen=True, slots=True)
class Borne:
    """So many cents of one fund and budget category; of a step, more or less than before it."""

    fund_id: FundId
    budget_category: BudgetCategory
    cents: int


@dataclass(frozen=True, slots=True)
class Step:
    """One event that changed who bears the cost of a line, and who bears it since. `corrects`: the event that
    this one reversed."""

    event_id: UUID
    kind: str
    external_ref: str
    day: date
    happened_on: date
    at: datetime
    changes: tuple[Borne, ...]
    bears: tuple[Borne, ...]
    corrects: UUID | None


def steps(session: Session, lines: Sequence[Spent]) -> list[tuple[Spent, list[Step]]]:
    """Of each line, the oldest first: paid, moved, come back, recovered, corrected. One question for all."""
    entries = books.history(session, [hold for line in lines for hold in line.holds])
    return [(line, told([entry for entry in entries if entry.hold_id in line.holds])) for line in lines]


def told(entries: Sequence[Line]) -> list[Step]:
    """Of the entries of one line's holds, in order. Pure."""
    by_event: dict[UUID, list[Line]] = {}
    for entry in entries:
        if entry.account == Account.EXPENDED:
            by_event.setdefault(entry.event_id, []).append(entry)
    bears: dict[tuple[FundId, str], int] = {}
    found = []
    for event_id, its in by_event.items():
        changes: dict[tuple[FundId, str], int] = {}
        for entry in its:
            key = (entry.fund_id, entry.budget_category or "")
            changes[key] = changes.get(key, 0) + entry.amount
        for key, cents in changes.items():
            bears[key] = bears.get(key, 0) + cents
        first = its[0]
        found.append(
            Step(
                event_id=event_id,
                kind=first.kind,
                external_ref=first.external_ref,
                day=first.day,
                happened_on=first.happened_on,
                at=first.at,
                changes=_borne(changes),
                bears=_borne(bears),
                corrects=first.corrects,
            )
        )
    return found


def _borne(amounts: dict[tuple[FundId, str], int]) -> tuple[Borne, ...]:
    return tuple(
        Borne(fund, BudgetCategory(category), cents)
        for (fund, category), cents in sorted(amounts.items(), key=lambda item: (str(item[0][0]), item[0][1]))
        if cents
    )
