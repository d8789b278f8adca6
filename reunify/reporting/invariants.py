"""The proof of what must always be true: `check` finds every row that breaks it, and says so in words.

It reads the tables as they are and trusts no cache, no trigger and no code of the rooms. Each rule is one
question in SQL whose rows are the faults. Tables of rooms that are not installed yet are passed over.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.reporting.invariants_asked import ASKED
from reunify.reporting.invariants_attempts import ATTEMPTS
from reunify.reporting.invariants_awards import AWARDS, LINES
from reunify.reporting.invariants_caches import CACHES
from reunify.reporting.invariants_cards import CARDS
from reunify.reporting.invariants_charges import CHARGES
from reunify.reporting.invariants_closeout import CLOSEOUT
from reunify.reporting.invariants_desk import DESK
from reunify.reporting.invariants_entries import ENTRIES
from reunify.reporting.invariants_files import FILES
from reunify.reporting.invariants_history import HISTORY
from reunify.reporting.invariants_night import NIGHT
from reunify.reporting.invariants_outage import OUTAGE
from reunify.reporting.invariants_payouts import PAYOUTS
from reunify.reporting.invariants_quiet import QUIET
from reunify.reporting.invariants_suspense import SUSPENSE


@dataclass(frozen=True, slots=True)
class Finding:
    """`entry_id` is the ledger entry at fault, when one can be named. Ids and amounts only."""

    rule: str
    sentence: str
    entry_id: UUID | None = None

    def __str__(self) -> str:
        return f"{self.rule}: {self.sentence}"


RULES = (
    *ENTRIES,
    *CACHES,
    *HISTORY,
    *LINES,
    *ATTEMPTS,
    *AWARDS,
    *DESK,
    *CARDS,
    *CHARGES,
    *PAYOUTS,
    *SUSPENSE,
    *OUTAGE,
    *ASKED,
    *CLOSEOUT,
    *NIGHT,
    *QUIET,
    *FILES,
)


def check(session: Session) -> list[Finding]:
    """Every broken rule, the ledger's first; empty when the books agree. Read-only."""
    there = set(
        session.scalars(
            sa.text("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'")
        )
    )
    found = []
    for rule in RULES:
        if there.issuperset(rule.tables):
            for row in session.execute(sa.text(rule.sql)).mappings():
                found.append(Finding(rule.name, row["sentence"], row.get("entry_id")))
    return found
