"""Bytes kept by fingerprint: rule files, their examples, field dictionaries. Nothing is ever changed."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from reunify.kernel.refusals import NotFound
from reunify.rules.records import RuleFile

DICTIONARY, EXAMPLES = "_fields", "_examples"


@dataclass(frozen=True, slots=True)
class Kept:
    """`source`: the funding source, or `_fields`, or `_examples`."""

    sha256: str
    source: str
    body: bytes


def keep(session: Session, files: Iterable[Kept]) -> None:
    """Only what is new is written."""
    by_sha = {f.sha256: f for f in files}
    known = set(session.scalars(sa.select(RuleFile.sha256).where(RuleFile.sha256.in_(list(by_sha)))))
    missing = [
        {"sha256": f.sha256, "source": f.source, "body": f.body} for s, f in by_sha.items() if s not in known
    ]
    if missing:
        session.execute(insert(RuleFile).values(missing).on_conflict_do_nothing())


def kept(session: Session, fingerprints: Collection[str]) -> dict[str, Kept]:
    """Each of them, in one statement. Raises NotFound if one is missing."""
    rows = session.execute(
        sa.select(RuleFile.sha256, RuleFile.source, RuleFile.body).where(
            RuleFile.sha256.in_(list(fingerprints))
        )
    )
    found = {sha: Kept(sha, source, body) for sha, source, body in rows}
    if missing := sorted(set(fingerprints) - set(found)):
        raise NotFound(f"No rule file has the fingerprint {missing[0][:12]}.")
    return found
