"""`reunify funds forecast` and `funds duplicates`, in lines."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy.orm import Session

from reunify.funds.changing import today
from reunify.funds.policy import written
from reunify.ledger.policy import Unit
from reunify.reporting.duplicates import WORDS, Line
from reunify.reporting.duplicates_queries import LOOKED_BACK, Suspected, report
from reunify.reporting.forecast import NO_BASIS, FundAhead, Month
from reunify.reporting.forecast_queries import every_fund_ahead
from reunify.reporting.forecast_requests import MOST

_LONGEST = 24  # signs of the longest bar


def forecast(session: Session, now: datetime) -> tuple[list[str], bool]:
    """A block for each source, the soonest lapse first; never anything owed."""
    found, more = every_fund_ahead(session, on=today(session, now))
    lines = [NO_BASIS]
    for ahead in found:
        lines += ["", *_ahead(ahead)]
    if more:
        lines += ["", f"More requests are open than the {MOST} that wait longest, which were looked at."]
    return lines if found else ["There is no source of our own yet."], False


def _ahead(a: FundAhead) -> Iterator[str]:
    def of(amount: int) -> str:
        return written(amount, a.fund.unit)

    ends = f"period to {a.fund.period_end.isoformat()}" if a.fund.period_end else "without an end"
    yield f"{a.fund.code} ({a.fund.state}, {ends}): {a.fund.name}"
    yield f"  available {of(a.total('available'))}, committed {of(a.total('committed'))}"
    for lapse in a.lapses:
        yield (
            f"  lapses at the end of {lapse.on.isoformat()}: {of(lapse.amount)} of "
            f"{lapse.budget_category}, if still {lapse.what}"
        )
    yield f"  estimate: the last {a.pace_days} days spent {of(a.total('spent_lately'))}"
    if a.unspent is not None and a.expected is not None and a.fund.period_end is not None:
        yield (
            f"  estimate: at that pace {of(a.expected)} more by {a.fund.period_end.isoformat()}, "
            f"and {of(a.unspent)} left"
        )
        for category, amount in a.by_category.items():
            yield f"    {category}: {of(amount)} left"
    yield from _bars(a)
    yield f"  open requests it may pay: {len(a.requests)}, up to {of(a.allocable)} not covered yet"
    for r in a.requests:
        yield f"    {r.reference} ({r.stage.replace('_', ' ')}): up to {of(r.amount)} of {r.lines} lines"


def _bars(a: FundAhead) -> Iterator[str]:
    """`#` is spent, `~` the estimate at the pace."""
    most = max([1, *(m.total for m in a.months)])
    for month in a.months:
        spent = max(0, month.spent) * _LONGEST // most
        bar = "#" * spent + "~" * (month.total * _LONGEST // most - spent)
        yield f"  {month.first:%Y-%m} {bar:<{_LONGEST}} {_month_words(month, a.fund.unit)}".rstrip()


def _month_words(month: Month, unit: Unit) -> str:
    said = [f"{written(month.spent, unit)} spent"] if month.spent or not month.estimated else []
    said += [f"about {written(month.estimated, unit)}"] if month.estimated else []
    said += [month.ends] if month.ends else []
    return ", ".join(said)


def duplicates(session: Session, now: datetime, *, everything: bool) -> tuple[list[str], bool]:
    """A block for each suspicion; whether one is still to be looked at."""
    found = report(session, now=now)
    lines: list[str] = []
    for row in found.rows if everything else found.owed:
        lines += [*_suspected(row), ""]
    if found.more:
        lines.append("There were too many requests to compare them all: the oldest are left out.")
    if not found.owed:
        lines.append(f"Nothing of the last {LOOKED_BACK.days} days that looks paid twice waits for a look.")
    return lines, bool(found.owed)


def _suspected(row: Suspected) -> Iterator[str]:
    s = row.suspicion
    state = "to be looked at" if row.owed else "looked at: no duplicate"
    much = " and ".join(written(amount, unit) for unit, amount in s.twice) or "nothing yet"
    yield f"{WORDS[s.why]} ({s.because}): at most {much} paid twice; {state}"
    for line in s.lines:
        yield from _of_line(line)
    for look in row.looks:
        yield f"  {look.at:%Y-%m-%d} {look.verdict.replace('_', ' ')}: {look.reason}"


def _of_line(line: Line) -> Iterator[str]:
    days = line.first.isoformat() + (f" to {line.last.isoformat()}" if line.last != line.first else "")
    called = f"  {line.reference}, line {line.number}, {line.category.replace('_', ' ')}, {days}"
    for share in line.shares:
        yield f"{called}: {share.fund} {written(share.live, share.unit)}"
    for e in line.elsewhere:
        waits = f", {written(e.waiting, Unit.CENTS)} of it not verified" if e.waiting else ""
        yield f"{called}: {e.fund} paid back {written(e.verified + e.waiting, Unit.CENTS)}{waits}"
