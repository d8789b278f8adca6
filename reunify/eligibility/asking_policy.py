"""Asking a funder for one family: what may be asked, what its decision authorises, what it covers. Pure.

Amounts are whole cents, or whole nights or miles where the source gives in kind.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any, Final, NamedTuple
from uuid import UUID

from reunify.kernel.ids import FundId
from reunify.kernel.money import Money
from reunify.kernel.moves import START, Move, Moves
from reunify.ledger.policy import BudgetCategory

_SECOND = "a second person of the team who sees the whole case: a case manager or the supervisor"
ASK_MOVES = Moves(
    "ask of a funder",
    Move(START, "ask", "open", "case manager"),
    Move("open", "answer", "answered", "whoever puts the decision in force"),
    Move("answered", "answer", "answered", "whoever puts the next decision in force"),
    Move("closed", "answer", "answered", "whoever puts the next decision in force"),
    Move("open", "close", "closed", "flow, once the request has ended"),
    Move("answered", "close", "closed", "flow, once the request has ended"),
    Move("closed", "close", "closed", "flow, when money came back after the end"),
)
DECISION_MOVES = Moves(
    "decision of a funder",
    Move(START, "record", "waiting", "case manager"),
    Move(START, "record_no", "in_force", "case manager"),
    Move(START, "take_back", "in_force", "flow"),
    Move("waiting", "confirm", "in_force", _SECOND),
    Move("waiting", "strike", "struck", "whoever keeps the case, the recorder too"),
    Move("in_force", "supersede", "superseded", "the next decision"),
)
# What a cost transfer may still move to a grant stays authorised so long after the decision (2 CFR 200.405
# names no number; the organisation's own, as for every cost transfer).
BRIDGE_DAYS: Final = 90


class How(StrEnum):
    """How the request went to the funder."""

    LETTER = "letter"
    EMAIL = "email"
    PORTAL = "portal"
    PHONE = "phone"


class Decided(StrEnum):
    """`WITHDRAWN`: a yes taken back by the funder. `CLOSED`: what was not used, when the request ended."""

    FULL = "full"
    PARTIAL = "partial"
    NO = "no"
    WITHDRAWN = "withdrawn"
    CLOSED = "closed"


BY_PEOPLE = (Decided.FULL, Decided.PARTIAL, Decided.NO, Decided.WITHDRAWN)
Amounts = Mapping[BudgetCategory, int]


@dataclass(frozen=True, slots=True)
class AskedLine:
    """One cost line of the request and how much of it the funder is asked for."""

    line_key: str
    budget_category: BudgetCategory
    amount: int


@dataclass(frozen=True, slots=True)
class PendingAsk:
    """Asked, and nothing decided yet. `answer_due`: the day after which somebody asks again."""

    id: UUID
    source: str
    fund_id: FundId
    asked_on: date
    answer_due: date
    departs_on: date | None
    lines: tuple[AskedLine, ...]


@dataclass(frozen=True, slots=True)
class Grant:
    """What a funder granted to one request, over all its decisions in force.

    `used`: reserved, obligated or spent of it. `caps`: the ledger's counters that only this request draws on.
    `decision_id` names the newest decision of the funder itself, `decided_on` and `document` are its day and
    its evidence, where that is kept here: giving up what was not used changes the amounts alone.
    """

    fund_id: FundId
    by_category: Amounts
    decided_on: date
    document: UUID | None
    decision_id: UUID
    lines: frozenset[str]
    used: Amounts
    caps: Mapping[BudgetCategory, UUID]

    def left(self, category: BudgetCategory) -> int:
        return max(0, self.by_category.get(category, 0) - self.used.get(category, 0))


class GrantLimit(NamedTuple):
    """What this request may still take of one budget category of one granted fund, and the counter that every
    hold of it must name. None: nothing of that category was granted, so nothing of it is taken."""

    fund_id: FundId
    budget_category: BudgetCategory
    name: str
    left: int
    cap: UUID | None


def totals(lines: Iterable[AskedLine]) -> dict[BudgetCategory, int]:
    """By budget category."""
    found: dict[BudgetCategory, int] = {}
    for line in lines:
        found[line.budget_category] = found.get(line.budget_category, 0) + line.amount
    return found


def gives_more(after: Amounts, before: Amounts) -> bool:
    """In any budget category."""
    return any(amount > before.get(category, 0) for category, amount in after.items())


def in_words(amount: int, unit: str) -> str:
    """`$20.00`, `2 nights`, `1 mile`."""
    return str(Money(amount)) if unit == "cents" else f"{amount:,} {unit}{'' if amount == 1 else 's'}"


def cap_scope_id(request_id: UUID, category: BudgetCategory) -> str:
    """Under which the ledger counts what this request draws of a grant."""
    return f"asked:{request_id}:{category}"


def grant_limits(grants: Mapping[str, Grant], names: Mapping[str, str]) -> list[GrantLimit]:
    """The extra limits of a request's split, for every category of every granted fund. `names`: by fund code,
    as the certificate calls the fund."""
    return [
        GrantLimit(
            grant.fund_id,
            category,
            f"{names[code]}: what the funder granted of {category} for this request",
            grant.left(category),
            grant.caps.get(category),
        )
        for code, grant in sorted(grants.items())
        if code in names
        for category in BudgetCategory
    ]


def awaiting(
    pieces: Iterable[tuple[str, str, int]], asks: Sequence[PendingAsk], unrestricted: Collection[str]
) -> list[dict[str, Any]]:
    """The lines our own unrestricted money pays while a funder has not decided: kept with the split.

    `pieces`: line, fund code, amount. JSON values only.
    """
    paid = sorted((line, fund, amount) for line, fund, amount in pieces if fund in unrestricted)
    return [
        {
            "line": line,
            "fund": fund,
            "amount": amount,
            "awaits": ask.source,
            "asked_on": ask.asked_on.isoformat(),
            "departs_on": ask.departs_on.isoformat() if ask.departs_on else None,
        }
        for ask in asks
        for line, fund, amount in paid
        if line in {asked.line_key for asked in ask.lines}
    ]


def cover(spent: Sequence[tuple[str, BudgetCategory, int, int]], grant: Grant) -> list[tuple[int, int]]:
    """How much of each line's (obligated, expended) a grant covers, in the order given.

    `spent`: line key, budget category, obligated, expended. What is expended is covered first: only that can
    be moved now.
    """
    left = {category: grant.left(category) for category in grant.by_category}
    taken = [[0, 0] for _ in spent]
    for part in (1, 0):
        for i, (line, category, *amounts) in enumerate(spent):
            if line in grant.lines:
                covered = min(amounts[part], left.get(category, 0))
                left[category] = left.get(category, 0) - covered
                taken[i][part] = covered
    return [(obligated, expended) for obligated, expended in taken]


def working_days_after(start: date, count: int) -> date:
    """Monday to Friday; a holiday counts as one of them, so a reminder may come a day early."""
    day = start
    while count > 0:
        day += timedelta(days=1)
        count -= day.weekday() < 5
    return day


def why_chased(*, answer_due: date, departs_on: date | None, today: date) -> str | None:
    """`departs_first`: the trip begins before an answer can be expected. `overdue`: it should be here."""
    if departs_on is not None and departs_on <= answer_due:
        return "departs_first"
    return "overdue" if today > answer_due else None
