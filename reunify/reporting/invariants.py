"""The proof of what must always be true: `check` finds every row that breaks it, and says so in words.

It reads the tables as they are and trusts no cache, no trigger and no code of the rooms. Each rule is one
question in SQL whose rows are the faults. Tables of rooms that are not installed yet are passed over.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session


@dataclass(frozen=True, slots=True)
class Finding:
    """`entry_id` is the ledger entry at fault, when one can be named. Ids and amounts only."""

    rule: str
    sentence: str
    entry_id: UUID | None = None

    def __str__(self) -> str:
        return f"{self.rule}: {self.sentence}"


@dataclass(frozen=True, slots=True)
class _Rule:
    """`sql` selects `sentence` and optionally `entry_id`; `tables` must exist for it to be asked."""

    name: str
    tables: tuple[str, ...]
    sql: str


_LEDGER = ("ledger_events", "ledger_entries", "ledger_balances", "ledger_holds", "ledger_caps")

# Entries as balances: what each cache must say, from nothing but the entries.
_PROVED = """
  SELECT e.fund_id, e.budget_category, e.unit,
    -coalesce(sum(e.amount) FILTER (WHERE e.account = 'authorized'), 0) AS authorized,
    coalesce(sum(e.amount) FILTER (WHERE e.account = 'available'), 0) AS available,
    coalesce(sum(e.amount) FILTER (WHERE e.account = 'reserved'), 0) AS reserved,
    coalesce(sum(e.amount) FILTER (WHERE e.account = 'obligated'), 0) AS obligated,
    coalesce(sum(e.amount) FILTER (WHERE e.account = 'expended'), 0) AS expended
  FROM ledger_entries e WHERE e.book <> 'actual' GROUP BY e.fund_id, e.budget_category, e.unit
"""
_HELD = """
  SELECT e.hold_id,
    coalesce(sum(e.amount) FILTER (WHERE e.account = 'reserved'), 0) AS reserved,
    coalesce(sum(e.amount) FILTER (WHERE e.account = 'obligated'), 0) AS obligated,
    coalesce(sum(e.amount) FILTER (WHERE e.account = 'expended'), 0) AS expended
  FROM ledger_entries e WHERE e.book <> 'actual' AND e.hold_id IS NOT NULL GROUP BY e.hold_id
"""
# What was sent or may still be sent. A payment still to be written down binds us only at the entry.
_SENT = """
  SELECT il.allocation_line_id, sum(il.amount) AS amount
  FROM instruction_lines il JOIN instructions i ON i.id = il.instruction_id
  WHERE i.state NOT IN ('withdrawn', 'returned')
    AND NOT (i.state = 'to_log' AND il.settlement IN ('partner_gives', 'organisation_books'))
  GROUP BY il.allocation_line_id
"""

_ENTRIES = (
    _Rule(
        "entry changed",
        _LEDGER,
        """
        SELECT 'Entry ' || e.id || ' of event ' || v.external_ref || ' is not as it was written.' AS sentence,
          e.id AS entry_id
        FROM ledger_entries e JOIN ledger_events v ON v.id = e.event_id
        WHERE e.fingerprint <> encode(sha256(convert_to(concat_ws('|', e.id, e.event_id, e.book, e.fund_id,
          coalesce(e.budget_category, ''), e.account, e.unit, e.amount, coalesce(e.hold_id::text, '')),
          'UTF8')), 'hex')
        """,
    ),
    _Rule(
        "event not balanced",
        _LEDGER,
        """
        SELECT 'Event ' || v.external_ref || ' is off by ' || sum(e.amount) || ' ' || e.unit || ' in the '
          || e.book || ' book.' AS sentence
        FROM ledger_entries e JOIN ledger_events v ON v.id = e.event_id
        GROUP BY v.external_ref, e.event_id, e.book, e.fund_id, e.unit HAVING sum(e.amount) <> 0
        """,
    ),
    _Rule(
        "event without entries",
        _LEDGER,
        """
        SELECT 'Event ' || v.external_ref || ' has no entries.' AS sentence FROM ledger_events v
        WHERE NOT EXISTS (SELECT FROM ledger_entries e WHERE e.event_id = v.id)
        """,
    ),
    _Rule(
        "spent is not what left",
        _LEDGER,
        """
        SELECT 'Event ' || v.external_ref || ' spends ' || sum(e.amount) FILTER (WHERE e.account = 'expended')
          || ' cents of the budget and another amount of money.' AS sentence
        FROM ledger_entries e JOIN ledger_events v ON v.id = e.event_id
        WHERE e.unit = 'cents' AND e.account IN ('expended', 'expense', 'bank_fees')
        GROUP BY v.external_ref, e.event_id, e.fund_id, e.budget_category
        HAVING sum(CASE WHEN e.account = 'expended' THEN e.amount ELSE -e.amount END) <> 0
        """,
    ),
)

_CACHES = (
    _Rule(
        "fund does not add up",
        _LEDGER,
        f"""
        SELECT f.code || ' ' || p.budget_category || ': authorized ' || p.authorized || ' is not available '
          || p.available || ' + reserved ' || p.reserved || ' + obligated ' || p.obligated || ' + expended '
          || p.expended || ' ' || p.unit || '.' AS sentence
        FROM ({_PROVED}) p JOIN funding_sources f ON f.id = p.fund_id
        WHERE p.authorized <> p.available + p.reserved + p.obligated + p.expended
        """,  # noqa: S608 - constants only
    ),
    _Rule(
        "below zero",
        _LEDGER,
        f"""
        SELECT f.code || ' ' || p.budget_category || ' is below zero.' AS sentence
        FROM ({_PROVED}) p JOIN funding_sources f ON f.id = p.fund_id
        WHERE least(p.authorized, p.available, p.reserved, p.obligated, p.expended) < 0
        """,  # noqa: S608 - constants only
    ),
    _Rule(
        "balance is not its entries",
        _LEDGER,
        f"""
        SELECT f.code || ' ' || coalesce(b.budget_category, p.budget_category) || ' shows '
          || concat_ws('/', b.authorized, b.available, b.reserved, b.obligated, b.expended)
          || ', its entries sum to '
          || concat_ws('/', p.authorized, p.available, p.reserved, p.obligated, p.expended)
          || ' ' || coalesce(b.unit, p.unit) || ' (authorized/available/reserved/obligated/expended).'
          AS sentence
        FROM ledger_balances b FULL JOIN ({_PROVED}) p
          ON (b.fund_id, b.budget_category, b.unit) = (p.fund_id, p.budget_category, p.unit)
        JOIN funding_sources f ON f.id = coalesce(b.fund_id, p.fund_id)
        WHERE (coalesce(b.authorized, 0), coalesce(b.available, 0), coalesce(b.reserved, 0),
               coalesce(b.obligated, 0), coalesce(b.expended, 0))
          <> (coalesce(p.authorized, 0), coalesce(p.available, 0), coalesce(p.reserved, 0),
              coalesce(p.obligated, 0), coalesce(p.expended, 0))
        """,  # noqa: S608 - constants only
    ),
    _Rule(
        "hold is not its entries",
        _LEDGER,
        f"""
        SELECT 'Hold ' || h.id || ' shows ' || concat_ws('/', h.reserved, h.obligated, h.expended)
          || ', its entries sum to ' || concat_ws('/', coalesce(p.reserved, 0), coalesce(p.obligated, 0),
          coalesce(p.expended, 0)) || ' (reserved/obligated/expended).' AS sentence
        FROM ledger_holds h LEFT JOIN ({_HELD}) p ON p.hold_id = h.id
        WHERE (h.reserved, h.obligated, h.expended)
          <> (coalesce(p.reserved, 0), coalesce(p.obligated, 0), coalesce(p.expended, 0))
        """,  # noqa: S608 - constants only
    ),
    _Rule(
        "hold above its ceiling",
        _LEDGER,
        """
        SELECT 'Hold ' || h.id || ' holds ' || h.reserved + h.obligated + h.expended || ' of at most '
          || h.ceiling || '.' AS sentence
        FROM ledger_holds h WHERE h.reserved + h.obligated + h.expended > h.ceiling
        """,
    ),
    _Rule(
        "cap miscounted",
        _LEDGER,
        """
        SELECT 'Cap ' || c.id || ' (' || c.scope || ') counts ' || c.used || ' of at most ' || c.at_most
          || ', its holds sum to ' || coalesce(sum(h.reserved + h.obligated + h.expended), 0) || '.'
          AS sentence
        FROM ledger_caps c LEFT JOIN ledger_hold_caps l ON l.cap_id = c.id
        LEFT JOIN ledger_holds h ON h.id = l.hold_id
        GROUP BY c.id HAVING c.used > c.at_most
          OR c.used <> coalesce(sum(h.reserved + h.obligated + h.expended), 0)
        """,
    ),
)

_LINES = (
    _Rule(
        "line is not its hold",
        ("allocation_lines", "ledger_holds"),
        """
        SELECT 'Award line ' || l.id || ' has a ceiling of ' || l.ceiling || ' ' || l.unit
          || ' and its hold was made for ' || h.ceiling || ' ' || h.unit || '.' AS sentence
        FROM allocation_lines l JOIN ledger_holds h ON h.id = l.hold_id
        WHERE (l.ceiling, l.unit, l.fund_id, l.budget_category)
          <> (h.ceiling, h.unit, h.fund_id, h.budget_category)
        """,
    ),
    _Rule(
        "more than approved",
        ("allocation_lines", "ledger_entries"),
        f"""
        SELECT 'Award line ' || l.id || ': obligated and expended are ' || p.obligated + p.expended
          || ', approved were at most ' || l.ceiling || ' ' || l.unit || '.' AS sentence
        FROM allocation_lines l JOIN ({_HELD}) p ON p.hold_id = l.hold_id
        WHERE p.obligated + p.expended > l.ceiling
        """,  # noqa: S608 - constants only
    ),
    _Rule(
        "more than obligated",
        ("allocation_lines", "instruction_lines", "instructions", "ledger_entries"),
        f"""
        SELECT 'Award line ' || l.id || ': ' || s.amount || ' ' || l.unit || ' were or may still be sent, '
          || coalesce(p.obligated + p.expended, 0) || ' are obligated and expended.' AS sentence
        FROM ({_SENT}) s JOIN allocation_lines l ON l.id = s.allocation_line_id
        LEFT JOIN ({_HELD}) p ON p.hold_id = l.hold_id
        WHERE s.amount > coalesce(p.obligated + p.expended, 0)
        """,  # noqa: S608 - constants only
    ),
    _Rule(
        "sent twice",
        ("attempts", "instructions"),
        """
        SELECT 'Instruction ' || a.instruction_id || ' has ' || count(*)
          || ' attempts that went out or still may.' AS sentence
        FROM attempts a WHERE a.state IN ('open', 'unknown', 'in_flight', 'stuck', 'posted')
        GROUP BY a.instruction_id HAVING count(*) > 1
        """,
    ),
)

_AWARDS = (
    _Rule(
        "the requester approved or released",
        ("awards",),
        """
        SELECT 'Award ' || a.id || ' was approved or released by who asked or answered for the family.'
          AS sentence
        FROM awards a WHERE a.requested_by IN (a.approved_by, a.released_by)
          OR a.submitted_by IN (a.approved_by, a.released_by)
        """,
    ),
    _Rule(
        "one person did both",
        ("awards",),
        """
        SELECT 'Award ' || a.id || ' was approved and released by one person above the small-amount limit.'
          AS sentence
        FROM awards a WHERE a.approved_by = a.released_by AND a.ceiling_cents > a.small_limit_cents
        """,
    ),
    _Rule(
        "ceiling is not its lines",
        ("awards", "allocation_lines"),
        """
        SELECT 'Award ' || a.id || ' was judged as ' || a.ceiling_cents || ' cents, its lines sum to '
          || coalesce(sum(l.ceiling), 0) || '.' AS sentence
        FROM awards a LEFT JOIN allocation_lines l ON l.allocation_id = a.allocation_id AND l.unit = 'cents'
        GROUP BY a.id HAVING a.ceiling_cents <> coalesce(sum(l.ceiling), 0)
        """,
    ),
    _Rule(
        "released without approval",
        ("awards",),
        """
        SELECT 'Award ' || a.id || ' was released without an approval and its digest.' AS sentence
        FROM awards a WHERE a.released_by IS NOT NULL AND (a.approved_by IS NULL OR a.digest IS NULL)
        """,
    ),
    _Rule(
        "not what was approved",
        ("awards", "instructions"),
        """
        SELECT 'Instruction ' || i.id || ' was made from another digest than award ' || a.id || ' carries.'
          AS sentence
        FROM instructions i JOIN awards a ON a.id = i.award_id
        WHERE i.award_digest IS DISTINCT FROM a.digest AND i.state <> 'withdrawn'
        """,
    ),
)

RULES = (*_ENTRIES, *_CACHES, *_LINES, *_AWARDS)


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
