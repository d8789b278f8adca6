"""What the books must say, kept in the plainest way; and acts that are done to the books and to the model.

Every act is a change of amounts. It is accepted if all that must be true is still true afterwards.
"""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.ledger.correcting_policy import CORRECTABLE
from reunify.ledger.policy import BudgetCategory, Cash, Kind
from reunify.ledger.records import LedgerEvent

Key = tuple[str, BudgetCategory]
FAMILY_CAP, TRIPS_CAP = 60_000, 2
CORRECTED = {str(kind) for kind in CORRECTABLE}


@dataclass
class Change:
    """Signed cents: by hold and account, spent on fees, in our accounts, and authorized."""

    lines: Counter[tuple[UUID, str]] = field(default_factory=Counter)
    fees: Counter[Key] = field(default_factory=Counter)
    cash: Counter[Cash] = field(default_factory=Counter)
    authorized: Counter[Key] = field(default_factory=Counter)

    def add(self, other: Change, sign: int = 1) -> None:
        for mine, theirs in zip(self.parts(), other.parts(), strict=True):
            for what, amount in theirs.items():
                mine[what] += sign * amount

    def parts(self) -> tuple[Counter[object], ...]:
        return self.lines, self.fees, self.cash, self.authorized  # type: ignore[return-value]


@dataclass
class Line:
    key: Key
    capped: bool
    trip: str  # empty: not counted
    bears_moved: bool = False


@dataclass
class Posted:
    """An event the model knows, to be repeated, reversed or moved on from."""

    kind: str
    change: Change
    corrected: bool = False
    moved: tuple[datetime, UUID, UUID] | None = None  # when, from, to


class Model:
    def __init__(self, authorized: dict[Key, int]) -> None:
        self.sums = Change(authorized=Counter(authorized))
        self.lines: dict[UUID, Line] = {}
        self.posted: dict[str, Posted] = {}
        self.closed: date | None = None

    # What it says ------------------------------------------------------------------------------------
    def of(self, hold: UUID, account: str) -> int:
        return self.sums.lines[hold, account]

    def live(self, hold: UUID) -> int:
        return sum(self.of(hold, account) for account in ("reserved", "obligated", "expended"))

    def shown(self, key: Key) -> tuple[int, int, int, int]:
        holds = [hold for hold, line in self.lines.items() if line.key == key]
        reserved, obligated, expended = (
            sum(self.of(hold, account) for hold in holds) for account in ("reserved", "obligated", "expended")
        )
        expended += self.sums.fees[key]
        return self.sums.authorized[key] - reserved - obligated - expended, reserved, obligated, expended

    def trips(self, code: str) -> set[str]:
        return {
            line.trip
            for hold, line in self.lines.items()
            if line.key[0] == code and line.trip and self.live(hold)
        }

    def in_order(self) -> bool:
        """Design 4.1: nothing below zero anywhere, no limit passed."""
        keys = {line.key for line in self.lines.values()} | set(self.sums.authorized)
        return (
            all(amount >= 0 for amount in self.sums.lines.values())
            and all(self.sums.authorized[key] >= 0 and self.shown(key)[0] >= 0 for key in keys)
            and sum(self.live(hold) for hold, line in self.lines.items() if line.capped) <= FAMILY_CAP
            and all(len(self.trips(code)) <= TRIPS_CAP for code in ("cash", "gift"))
        )

    # What becomes of it --------------------------------------------------------------------------------
    def take(self, ref: str, event: Posted, line: tuple[UUID, Line] | None = None) -> bool:
        """Accept the event, or leave all as it was."""
        if line is not None:
            self.lines[line[0]] = line[1]
        self.sums.add(event.change)
        if self.in_order():
            self.posted[ref] = event
            return True
        self.sums.add(event.change, -1)
        if line is not None:
            del self.lines[line[0]]
        return False

    def below(self, hold: UUID) -> list[UUID]:
        """Where its cost was moved to and on, the newest move first."""
        moves = [p.moved for p in self.posted.values() if p.moved is not None and not p.corrected]
        reached, before = {hold}, 0
        while len(reached) > before:
            before = len(reached)
            reached |= {to for _, source, to in moves if source in reached}
        newest = sorted(moves, key=lambda move: (-move[0].timestamp(), move[2]))
        return [to for _, _, to in newest if to in reached and to != hold]

    def back(self, hold: UUID, amount: int, *, pay_again: bool, cash: Cash) -> Change | None:
        change = Change(cash=Counter({cash: amount}))
        for place in (*self.below(hold), hold):
            part = min(amount, self.of(place, "expended"))
            amount -= part
            change.lines[place, "expended"] -= part
            if pay_again and place == hold and not self.lines[hold].bears_moved:
                change.lines[place, "obligated"] += part
        return None if amount else change


@dataclass(frozen=True)
class Act:
    """`expect` does it to the model, `do` to the books; `ref` makes a repeat the same event."""

    name: str
    ref: str
    expect: Callable[[Model], bool]
    do: Callable[[Session, datetime], object]

    def on(self, model: Model) -> tuple[bool, Model]:
        after = copy.deepcopy(model)
        return self.expect(after), after


def of_event(session: Session, ref: str) -> UUID:
    return session.scalars(sa.select(LedgerEvent.id).where(LedgerEvent.external_ref == ref)).one()


def shift(hold: UUID, source: str, target: str, amount: int, cash: Cash | None = None) -> Change:
    """From one account of a hold to another; an empty one is what is available."""
    change = Change()
    for account, sign in ((source, -1), (target, 1)):
        if account:
            change.lines[hold, account] += sign * amount
    if cash is not None:
        change.cash[cash] -= amount
    return change


def correction(of: str, ref: str, expect_kind: str = Kind.CORRECT) -> Callable[[Model], bool]:
    """Once, of a fact about money, and only if all is in order afterwards."""

    def expect(model: Model) -> bool:
        wrong = model.posted[of]
        if wrong.corrected or wrong.kind not in CORRECTED:
            return False
        reverse = Change()
        reverse.add(wrong.change, -1)
        done = model.take(ref, Posted(expect_kind, reverse))
        wrong.corrected = done
        return done

    return expect
