"""`reunify ledger check`: what the proof of the invariants found, in words."""

from __future__ import annotations

from reunify.cli.database import opened
from reunify.reporting import invariants
from reunify.settings import Settings


def check(settings: Settings) -> list[str]:
    """A line for each entry that breaks an invariant; empty if the books agree."""
    with opened(settings) as db, db.read() as session:
        return [finding.sentence for finding in invariants.check(session)]
