"""Which fund bears how much of each cost line of an award, as the books stand: money and in kind."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID

from sqlalchemy.orm import Session

from reunify.allocation.queries import PlanLine
from reunify.closeout import queries as closeout
from reunify.kernel.ids import FundId, RequestId
from reunify.ledger import queries as books
from reunify.ledger.policy import Unit

Borne = dict[FundId, tuple[int, int]]


def by_line(session: Session, request_id: RequestId, lines: Sequence[PlanLine]) -> dict[str, Borne]:
    """By cost line, (cents, units) of each fund: where it lies now, and who elsewhere paid some back."""
    of = _own_holds(lines, books.moved(session, [line.hold_id for line in lines]))
    held = books.holds(session, of)
    found: dict[str, Borne] = {}
    for hold_id, line in of.items():
        hold = held.get(hold_id)
        if hold is not None and hold.expended:
            _add(found, line.line_key, hold.fund_id, hold.expended, is_money=hold.unit == Unit.CENTS)
    keys = {line.id: line.line_key for line in lines}
    for back in closeout.recoveries_of(session, request_id):
        if back.state == "verified" and back.line_id in keys:
            _add(found, keys[back.line_id], back.source_fund, back.cents, is_money=True)
    return found


def _own_holds(lines: Iterable[PlanLine], moved: Iterable[books.Moved]) -> dict[UUID, PlanLine]:
    """Every hold a line's cost may lie on: its own, and where cost transfers took it."""
    of = {line.hold_id: line for line in lines}
    todo = list(moved)
    while reached := [move for move in todo if move.from_hold in of and move.to_hold not in of]:
        of |= {move.to_hold: of[move.from_hold] for move in reached}
    return of


def _add(found: dict[str, Borne], key: str, fund: FundId, amount: int, *, is_money: bool) -> None:
    funds = found.setdefault(key, {})
    cents, units = funds.get(fund, (0, 0))
    funds[fund] = (cents + amount, units) if is_money else (cents, units + amount)
