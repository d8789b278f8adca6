"""`reunify ledger export`: the journal for a bookkeeper, an auditor or another program."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from itertools import islice
from pathlib import Path
from typing import IO, Final

from sqlalchemy.orm import Session

from reunify.adapters import workbooks
from reunify.cli.database import opened
from reunify.kernel.refusals import Refused
from reunify.reporting import beancount_text, fundcheck, journal
from reunify.settings import Settings

_ROWS_AT_A_TIME: Final = 10_000


class NotExported(Refused):
    """The export was not asked for in a way that gives a whole answer."""


def export(
    settings: Settings, *, form: str, out: Path, since: date | None = None, through: date | None = None
) -> str:
    """Write the journal to `out`, and beside a beancount ledger its plugin. Returns what was written.

    Raises NotExported.
    """
    if form not in _FORMS:
        raise NotExported(f"There is no format {form}: write {', '.join(_FORMS)}.", field="--format")
    if form == "beancount" and (since or through):
        raise NotExported(
            "A beancount ledger is exported whole, so that its balances can be proved: leave the days out, "
            "or take csv or xlsx.",
            field="--since",
        )
    if not out.parent.is_dir():
        raise NotExported(f"There is no folder {out.parent}: make it, or name another.", field="--out")
    with opened(settings) as db, db.read() as session:
        _FORMS[form](session, out, journal.lines(session, since=since, through=through))
    return f"Written: {out}"


def _beancount(session: Session, out: Path, lines: Iterator[journal.JournalLine]) -> None:
    with out.open("w", encoding="utf-8", newline="\n") as into:
        into.writelines(beancount_text.text(lines, journal.asserted(session)))
    plugin = out.with_name(f"{beancount_text.PLUGIN}.py")
    shutil.copyfile(Path(str(fundcheck.__file__)), plugin)


def _csv(session: Session, out: Path, lines: Iterator[journal.JournalLine]) -> None:
    with out.open("w", encoding="utf-8", newline="") as into:
        _write_csv(into, lines)


def _write_csv(into: IO[str], lines: Iterator[journal.JournalLine]) -> None:
    """A part at a time; only the first keeps its header (whose titles hold no line break)."""
    into.write(workbooks.csv_text(journal.sheet(islice(lines, _ROWS_AT_A_TIME))))
    while part := tuple(islice(lines, _ROWS_AT_A_TIME)):
        into.write(workbooks.csv_text(journal.sheet(part)).split("\r\n", 1)[1])


def _xlsx(session: Session, out: Path, lines: Iterator[journal.JournalLine]) -> None:
    out.write_bytes(workbooks.workbook([journal.sheet(lines)]))


_FORMS: Mapping[str, Callable[[Session, Path, Iterator[journal.JournalLine]], None]] = {
    "beancount": _beancount,
    "csv": _csv,
    "xlsx": _xlsx,
}
