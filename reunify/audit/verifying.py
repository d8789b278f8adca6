"""Prove the audit trail: every row's hash, every seal's root, and the chain of the seals."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.audit import merkle
from reunify.audit.actions import hash_of
from reunify.audit.records import AuditEntry
from reunify.audit.seal_records import AuditSeal
from reunify.audit.sealing import Seal, as_seal
from reunify.vault.layout import CannotUnseal

_HASHED: Final = (
    "at",
    "actor",
    "verb",
    "subject",
    "subject_id",
    "source",
    "target",
    "why_sealed",
    "family",
    "detail",
)
_AT_ONCE: Final = 5000


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it was written. `row` is the audit row's id, `seal` the seal's number."""

    what: str  # changed, removed, added, seal_changed, chain_broken, published_missing
    row: int | None
    seal: int | None

    @property
    def sentence(self) -> str:
        match self.what:
            case "changed" | "removed":
                where = f", sealed by seal {self.seal}" if self.seal else ""
                return f"Audit row {self.row} was {self.what}{where}."
            case "added":
                return f"Audit row {self.row} was added among the rows of seal {self.seal} after it was made."
            case "seal_changed":
                return f"Seal {self.seal} was rewritten: it no longer says what it was made of."
            case "chain_broken":
                return f"Seal {self.seal} does not follow the seal before it: one was removed or rewritten."
            case _:
                return f"The published seal {self.seal} is not among the seals: the trail was made anew."


@dataclass(frozen=True, slots=True)
class Verdict:
    """The findings, the first row first. `rows` and `seals` were read; `waiting` rows have no seal yet."""

    rows: int
    seals: int
    waiting: int
    findings: tuple[Finding, ...]

    @property
    def holds(self) -> bool:
        return not self.findings


@dataclass(frozen=True, slots=True)
class _Row:
    id: int
    xid: int
    leaf: bytes
    intact: bool


class _Trail:
    """The rows in the order of their transactions, taken seal by seal."""

    def __init__(self, rows: Iterator[_Row]) -> None:
        self._rows = rows
        self._ahead = next(rows, None)
        self.seen = 0

    def below(self, xid: int | None) -> list[_Row]:
        """The next rows of transactions below this one; all that are left for None."""
        taken = []
        while self._ahead is not None and (xid is None or self._ahead.xid < xid):
            taken.append(self._ahead)
            self._ahead = next(self._rows, None)
        self.seen += len(taken)
        return taken


def verify(session: Session, *, published: tuple[int, str] | None = None) -> Verdict:
    """Read everything once, as of one moment (`db.read()`).

    `published`: number and hash of a seal that was kept outside; it must still be in the chain.
    """
    trail = _Trail(_rows(session))
    findings: list[Finding] = []
    last: Seal | None = None
    count = 0
    published_found = published is None
    records = session.scalars(sa.select(AuditSeal).order_by(AuditSeal.number).execution_options(yield_per=20))
    for record in records:
        seal = as_seal(record)
        count += 1
        published_found = published_found or (seal.number, seal.hash) == published
        findings += _seal_findings(seal, record.leaves, last)
        findings += _row_findings(seal, record.leaves, trail.below(seal.to_xid))
        last = seal
    unsealed = trail.below(None)
    findings += [Finding("changed", row.id, None) for row in unsealed if not row.intact]
    if published is not None and not published_found:
        findings.append(Finding("published_missing", None, published[0]))
    return Verdict(trail.seen, count, len(unsealed), tuple(findings))


def _rows(session: Session) -> Iterator[_Row]:
    """Reasons stay sealed: a row is proved without reading what people wrote, erased or not."""
    columns = [getattr(AuditEntry, name) for name in _HASHED]
    found = session.execute(
        sa.select(AuditEntry.id, AuditEntry.xid, AuditEntry.hash, *columns)
        .order_by(AuditEntry.xid, AuditEntry.id)
        .execution_options(yield_per=_AT_ONCE)
    )
    for row_id, xid, kept, *said in found:
        body: dict[str, Any] = dict(zip(_HASHED, said, strict=True))
        yield _Row(row_id, xid, merkle.leaf(row_id, kept), _is_intact(kept, body))


def _is_intact(kept: str, body: dict[str, Any]) -> bool:
    try:
        return hash_of(**body) == kept
    except CannotUnseal:
        return False  # bytes that nobody sealed


def _seal_findings(seal: Seal, leaves: bytes, last: Seal | None) -> list[Finding]:
    """Whether the seal says what it was made of, and follows the one before."""
    found = []
    kept = [one for _, one in merkle.leaves_of(leaves)]
    if seal.own_hash != seal.hash or not kept or merkle.root(kept) != seal.root:
        found.append(Finding("seal_changed", None, seal.number))
    before = (last.number, last.to_xid, last.hash) if last else (0, 0, None)
    if (seal.number - 1, seal.from_xid, seal.previous) != before:
        found.append(Finding("chain_broken", None, seal.number))
    return found


def _row_findings(seal: Seal, leaves: bytes, rows: list[_Row]) -> list[Finding]:
    """Each row of the interval against the leaf the seal keeps of it."""
    sealed = dict(merkle.leaves_of(leaves))
    there = {row.id: row for row in rows}
    found = []
    for row_id in sorted(sealed.keys() | there.keys()):
        row = there.get(row_id)
        if row is None:
            found.append(Finding("removed", row_id, seal.number))
        elif row_id not in sealed:
            found.append(Finding("added", row_id, seal.number))
        elif not row.intact or sealed[row_id] != row.leaf:
            found.append(Finding("changed", row_id, seal.number))
    return found
