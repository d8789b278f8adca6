"""What the pages of the sources show: bars, balances, days left; and one source whole."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sized
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy.orm import Session

from reunify.funds import drawing, history, policy
from reunify.funds import queries as funds
from reunify.funds.drawing import Drawdown, FundMoney
from reunify.funds.history import Amendment, LimitSet, PeriodSet, TermsSet, ValueSet
from reunify.funds.policy import OpenHold
from reunify.funds.queries import Condition, Fund, FundBalance
from reunify.funds.terms import DEFAULT, Terms, terms_of
from reunify.identity.queries import staff_names
from reunify.ledger.policy import Unit


@dataclass(frozen=True, slots=True)
class Bar:
    """Parts of what was authorized, each as (class, from, width) of a hundred."""

    parts: tuple[tuple[str, float, float], ...]


@dataclass(frozen=True, slots=True)
class FundShown:
    """Totals over the budget categories; whole cents or units, as the fund's unit says."""

    fund: Fund
    rows: list[FundBalance]
    authorized: int
    available: int
    reserved: int
    obligated: int
    expended: int
    days_left: int | None
    lapsed: bool

    @property
    def bar(self) -> Bar:
        return _bar(self.authorized, self.expended, self.obligated, self.reserved)


@dataclass(frozen=True, slots=True)
class FundWhole:
    """`named`: who set something, by what is written of them. `seen`: by form, how many rows it shows."""

    fund: Fund
    shown: FundShown
    bars: dict[str, Bar]
    money: FundMoney | None
    drawdowns: list[Drawdown]
    terms: Terms
    terms_set: list[TermsSet]
    amendments: list[Amendment]
    periods: list[PeriodSet]
    limits: list[LimitSet]
    conditions: tuple[Condition, ...]
    values: list[ValueSet]
    holds: list[OpenHold]
    named: dict[str, str]
    may_pay: bool

    @property
    def seen(self) -> dict[str, int]:
        rows: dict[str, Sized] = {
            "amend": self.amendments,
            "extend": self.periods,
            "terms": self.terms_set,
            "limit": self.limits,
            "value": self.values,
        }
        return {form: len(shown) for form, shown in rows.items()}

    @property
    def standing(self) -> list[Condition]:
        """Conditions not lifted yet."""
        return [c for c in self.conditions if not c.lifted]


def every_fund(session: Session, *, on: date) -> list[FundShown]:
    rows = funds.held_balances(session)
    return [_shown(fund, rows, on) for fund in funds.all_funds(session)]


def one_fund(session: Session, fund: Fund, *, on: date, held_for: Mapping[UUID, str]) -> FundWhole:
    """All there is to read about it. `held_for`: what each hold is for, where the reader may know."""
    shown = _shown(fund, funds.held_balances(session), on)
    amendments = history.amendments(session, fund.id, on=on)
    periods = history.periods(session, fund.id)
    terms_set = history.terms_set(session, fund.id)
    limits = history.limits_set(session, fund.id, on=on)
    values = history.values_set(session, fund.id)
    drawdowns = drawing.drawdowns(session, fund.id)
    cents = fund.unit is Unit.CENTS and fund.kind is not policy.FundKind.ELSEWHERE
    who = [row.set_by for rows in (amendments, periods, terms_set, limits, values, drawdowns) for row in rows]
    return FundWhole(
        fund=fund,
        shown=shown,
        bars={b.budget_category: _bar(b.authorized, b.expended, b.obligated, b.reserved) for b in shown.rows},
        money=drawing.money_of(session, fund.id) if cents else None,
        drawdowns=drawdowns,
        terms=terms_of(session, on=on).get(fund.id, DEFAULT),
        terms_set=terms_set,
        amendments=amendments,
        periods=periods,
        limits=limits,
        conditions=funds.conditions(session, date.max).get(fund.id, ()),
        values=values,
        holds=funds.open_holds(session, fund.id, named=held_for),
        named=_named(session, who),
        may_pay=fund.liquidation_date is None or on <= fund.liquidation_date,
    )


def _shown(fund: Fund, rows: list[FundBalance], on: date) -> FundShown:
    own = [row for row in rows if row.fund.id == fund.id]
    return FundShown(
        fund=fund,
        rows=own,
        authorized=sum(r.authorized for r in own),
        available=sum(r.available for r in own),
        reserved=sum(r.reserved for r in own),
        obligated=sum(r.obligated for r in own),
        expended=sum(r.expended for r in own),
        days_left=policy.days_left(fund, on),
        lapsed=policy.lapses(fund, on),
    )


def _bar(authorized: int, expended: int, obligated: int, reserved: int) -> Bar:
    """Spent, owed, set aside, one after the other; what is left of the width is available."""
    parts: list[tuple[str, float, float]] = []
    start = 0.0
    for name, amount in (("spent", expended), ("owed", obligated), ("kept", reserved)):
        width = 100 * amount / authorized if authorized else 0.0  # drawn, never booked
        if width:
            parts.append((name, round(start, 2), round(width, 2)))
        start += width
    return Bar(tuple(parts))


def _named(session: Session, written: Iterable[str]) -> dict[str, str]:
    """`staff:<id>` as a name; what the system did is said as that."""
    said = set(written)
    ids = {w: UUID(w.removeprefix("staff:")) for w in said if w.startswith("staff:")}
    names = staff_names(session, ids.values())
    return {w: names.get(ids[w], "a colleague") if w in ids else "the system" for w in said}
