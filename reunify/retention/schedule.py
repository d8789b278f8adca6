"""The dated file that says how long each kind of record is kept; read closed, a word unknown is refused."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import Final

from reunify.kernel.canonical import digest_of
from reunify.rates.closed_yaml import Reader, read
from reunify.retention.policy import Basis, Event, How, Period, check_period

FILE: Final = Path(__file__).with_name("schedule.yaml")
_KEEP: Final = re.compile(r"(0|[1-9]\d{0,2}) (days|years)")


@dataclass(frozen=True, slots=True)
class Kept:
    """One row of the schedule. `period` None: for ever."""

    record: str
    what: str
    period: Period | None
    event: Event
    basis: Basis
    source: str
    how: How


@dataclass(frozen=True, slots=True)
class Schedule:
    """`digest` names exactly these rows: a plan keeps it."""

    version: date
    rows: Mapping[str, Kept]

    @property
    def digest(self) -> str:
        return digest_of(
            {
                "version": self.version,
                "rows": [[r.record, str(r.period), r.event, r.basis, r.how] for r in self.rows.values()],
            }
        )

    def period(self, record: str) -> Period:
        """Raises KeyError for a record kept for ever: nobody asks how long for ever is."""
        found = self.rows[record].period
        if found is None:
            raise KeyError(record)
        return found

    def lengthened(self, own: Mapping[str, Period]) -> Schedule:
        """With the organisation's own periods. Raises ShorterThanTheLaw."""
        rows = dict(self.rows)
        for record, period in own.items():
            row = rows[record]
            check_period(period, of=row.period, basis=row.basis)
            rows[record] = replace(row, period=period)
        return Schedule(self.version, rows)


@cache
def published() -> Schedule:
    """The schedule that came with the program."""
    return parse(FILE.read_bytes(), FILE.name)


def parse(body: bytes, file: str) -> Schedule:
    """Raises RuleFileBroken, saying where and what is allowed there."""
    top = Reader(read(body, file), file, "top")
    try:
        version = date.fromisoformat(top.text("version"))
    except ValueError:
        raise top.broken("version", "no date", "a date such as 2026-01-01") from None
    rows = top.part("records")
    kept = {name: _row(name, rows.part(name)) for name in rows.names()}
    top.done()
    return Schedule(version, kept)


def _row(name: str, row: Reader) -> Kept:
    how = How(row.one_of("by", tuple(How)))
    kept = Kept(
        record=name,
        what=row.text("what"),
        period=_period(row),
        event=Event(row.one_of("from", tuple(Event))),
        basis=Basis(row.one_of("basis", tuple(Basis))),
        source=row.text("source"),
        how=how,
    )
    if (kept.period is None) != (how is How.KEPT) or (kept.event is Event.NOTHING) != (how is How.KEPT):
        raise row.broken("by", f"`{how.value}`", "`kept` with `for ever` and `nothing`, and only with them")
    row.done()
    return kept


def _period(row: Reader) -> Period | None:
    said = row.text("keep")
    if said == "for ever":
        return None
    found = _KEEP.fullmatch(said)
    if found is None:
        raise row.broken("keep", f"`{said[:40]}`", "such as `90 days`, `3 years` or `for ever`")
    number = int(found[1])
    return Period(years=number) if found[2] == "years" else Period(days=number)
