"""Look after the object store: remove what is to go, and compare rows with objects once a day.

The store is never asked inside a transaction. Rows are read before objects are listed, and asked again before
one is removed: an object is always there before its row.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.db import Database
from reunify.files import objects
from reunify.files.evidence_records import EvidenceBytes
from reunify.files.records import FileBlob, Leaving, Look
from reunify.kernel.may import may
from reunify.kernel.people import System
from reunify.vault import keepers, sealing
from reunify.vault.layout import CannotUnseal

OLD: Final = timedelta(days=1)  # no transaction lasts that long: an object without a row will never have one
AT_ONCE: Final = 1000
# Which house a store belongs to: sealed with the house's own key, so that another house cannot read it.
MARK: Final = f"00/{'0' * 30}"
_PLACE, _ROW = "files.mark", "house"
_TABLES: Final = (FileBlob, EvidenceBytes)


@dataclass(frozen=True, slots=True)
class Looked:
    """`kept`: rows whose bytes are in the store; `lost`: of them, what it has not got. `without_row`:
    objects older than a day that no row names. `stopped`: why none of these was removed."""

    kept: int
    lost: int
    without_row: int
    removed: int
    stopped: str | None


@may(system=True)
def clear(db: Database, *, by: System) -> int:
    """Remove what was let go while the store was silent, or just now; how many. Raises StoreSilent."""
    cleared = 0
    while keys := _leaving(db):
        objects.current().delete(keys)
        with db.work() as session:
            session.execute(sa.delete(Leaving).where(Leaving.object_key.in_(keys)))
        cleared += len(keys)
    return cleared


@may(system=True)
def look(db: Database, *, by: System, now: datetime, few: bool = True) -> Looked:
    """Compare, remove objects without a row, and write down what was found. Raises StoreSilent.

    `few`: remove only what was there at the look before, so that a database brought back older than the files
    shows it for a day; and stop, rather than remove more than a hundred or a twentieth.
    """
    with db.read() as session:
        kept = kept_keys(session)
        before = session.scalar(sa.select(sa.func.max(Look.at)))
    written = {one.key: one.written_at for one in objects.current().list() if one.key != MARK}
    with db.read() as session:
        kept_now = kept_keys(session)
        lost = (kept - written.keys()) & kept_now
        old = {key for key, at in written.items() if now - at > OLD}
        without = old - kept - kept_now - set(session.scalars(sa.select(Leaving.object_key)))
    seen = {key for key in without if before is not None and written[key] <= before}
    going = sorted(seen if few else without)
    stopped = None
    if not _is_ours(db, all_lost=bool(kept) and len(lost) == len(kept)):
        stopped = "not_ours"
    elif few and len(without) > max(100, len(written) // 20):
        stopped = "too_many"
    elif going:
        objects.current().delete(going)
    removed = 0 if stopped else len(going)
    found = Looked(len(kept), len(lost), len(without), removed, stopped)
    with db.work() as session:
        session.add(Look(at=now, **asdict(found)))
    return found


def last_look(session: Session) -> Looked | None:
    """What the newest look found; None before the first."""
    row = session.scalar(sa.select(Look).order_by(Look.at.desc()).limit(1))
    return None if row is None else Looked(row.kept, row.lost, row.without_row, row.removed, row.stopped)


def in_a_word(found: Looked | None) -> str:
    """For whoever asks how the house is: ok, lost (some are not there) or not_compared."""
    if found is None or found.stopped == "not_ours":
        return "not_compared"
    return "lost" if found.lost else "ok"


def is_due(session: Session, *, now: datetime) -> bool:
    """Whether the last look is a day old, or something is to go."""
    newest = sa.select(sa.func.max(Look.at)).scalar_subquery()
    looked, leaving = session.execute(sa.select(newest, sa.exists().select_from(Leaving))).one()
    return leaving or looked is None or now - looked >= OLD


def kept_keys(session: Session) -> set[str]:
    """Of every row that can still be read."""
    found: set[str] = set()
    for kind in _TABLES:
        there = sa.and_(kind.object_key.is_not(None), ~keepers.is_destroyed(kind.keeper))
        found.update(key for key in session.scalars(sa.select(kind.object_key).where(there)) if key)
    return found


def _leaving(db: Database) -> list[str]:
    with db.read() as session:
        return list(session.scalars(sa.select(Leaving.object_key).limit(AT_ONCE)))


def _is_ours(db: Database, *, all_lost: bool) -> bool:
    """A place without a mark gets ours, unless everything we kept is missing from it."""
    about: dict[str, Any] = {"keeper": keepers.HOUSE, "place": _PLACE, "row": _ROW}
    found = objects.current().get(MARK)
    if found is None and all_lost:
        return False
    with db.work() as session:
        if found is None:
            mark = sealing.seal(session, plain=b"", **about)
        else:
            try:
                sealing.unseal(session, sealed=found, **about)
            except CannotUnseal:
                return False
    if found is None:
        objects.current().put(MARK, mark)
    return True
