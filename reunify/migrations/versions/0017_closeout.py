"""Costs moved by two people, and money recovered from elsewhere."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from reunify.migrations import guards

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

TABLES = ("cost_transfers", "cost_recoveries")
_CATEGORIES = "('transport', 'lodging', 'meals', 'other')"
# What may still change while the row waits; everything else stays as it was asked.
_ENDS = {
    "cost_transfers": (
        "asked",
        (
            "state",
            "confirmed_by",
            "confirmed_for",
            "confirmed_at",
            "confirmed_on",
            "event_id",
            "to_hold",
            "basis",
            "finding",
            "closed_by",
            "closed_at",
            "closed_reason",
        ),
    ),
    "cost_recoveries": (
        "recorded",
        (
            "state",
            "verified_by",
            "verified_for",
            "verified_at",
            "event_id",
            "struck_by",
            "struck_at",
            "struck_reason",
        ),
    ),
}
# Sealed again under another key, a word is still the same word: bytes of a sealed column may change.
_SEALED = {
    "cost_transfers": ("justification", "why_charged", "why_belongs", "why_late", "finding", "closed_reason"),
    "cost_recoveries": ("bank_reference", "evidence", "struck_reason"),
}


def upgrade() -> None:
    _transfers()
    _recoveries()
    for statement in guards.statements(TABLES):
        op.execute(statement)
    for table in TABLES:
        _keep(table)


def _uuid(*names: str, nullable: bool = False) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.Uuid(), nullable=nullable) for name in names]


def _text(*names: str, nullable: bool = False) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.Text(), nullable=nullable) for name in names]


def _sealed(*names: str, nullable: bool = False) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.LargeBinary(), nullable=nullable) for name in names]


def _people(name: str) -> sa.Column[Any]:
    return sa.Column(name, postgresql.ARRAY(sa.Uuid()), server_default="{}", nullable=False)


def _at(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _rules(table: str, said: dict[str, str], links: dict[str, str]) -> list[sa.Constraint]:
    return [
        *(sa.CheckConstraint(rule, name=op.f(f"ck_{table}_{name}")) for name, rule in said.items()),
        *(
            sa.ForeignKeyConstraint([column], [target], name=op.f(f"fk_{table}_{column}"))
            for column, target in links.items()
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint("event_id", name=op.f(f"uq_{table}_event_id")),
    ]


def _transfers() -> None:
    said = {
        "state_known": "state IN ('asked', 'confirmed', 'turned_down', 'withdrawn')",
        "reason_known": "reason IN ('funder_decided_after_bridging', 'charged_to_the_wrong_source', 'not_allowable_where_it_is', 'correct_budget_category')",
        "from_category_known": f"from_category IN {_CATEGORIES}",
        "to_category_known": f"to_category IN {_CATEGORIES}",
        "amount_positive": "amount > 0",
        "moves_somewhere": "(from_fund, from_category) <> (to_fund, to_category)",
        "category_within_a_fund": "(reason = 'correct_budget_category') = (from_fund = to_fund)",
        "another_confirms": "confirmed_by IS NULL OR NOT (asked_for || asked_by) && (confirmed_for || confirmed_by)",
        "confirmed_for_someone": "confirmed_by IS NOT NULL OR confirmed_for = '{}'",
        "confirmed_by_someone": "num_nonnulls(confirmed_by, confirmed_at, confirmed_on, event_id, to_hold) = CASE state WHEN 'confirmed' THEN 5 ELSE 0 END",
        "closed_says_why": "num_nonnulls(closed_by, closed_at, closed_reason) = CASE WHEN state IN ('turned_down', 'withdrawn') THEN 3 ELSE 0 END",
        "lateness_explained": "coalesce(confirmed_on, asked_on) - posted_on <= 90 OR num_nonnulls(why_charged, why_belongs, why_late) = 3",
        "days_in_order": "asked_on >= posted_on AND confirmed_on >= asked_on",
        "allocability_recorded": "state <> 'confirmed' OR num_nonnulls(basis, finding) > 0",
    }
    links = {
        "request_id": "requests.id",
        "line_id": "allocation_lines.id",
        "from_hold": "ledger_holds.id",
        "from_fund": "funding_sources.id",
        "to_fund": "funding_sources.id",
        "asked_by": "staff.id",
        "confirmed_by": "staff.id",
        "event_id": "ledger_events.id",
        "to_hold": "ledger_holds.id",
        "closed_by": "staff.id",
    }
    op.create_table(
        "cost_transfers",
        *_uuid("id", "request_id", "line_id", "from_hold", "from_fund"),
        *_text("from_category"),
        *_uuid("to_fund"),
        *_text("to_category"),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        *_text("reason"),
        *_sealed("justification"),
        *_sealed("why_charged", "why_belongs", "why_late", nullable=True),
        sa.Column("posted_on", sa.Date(), nullable=False),
        sa.Column("incurred_on", sa.Date(), nullable=False),
        *_text("basis", nullable=True),
        *_sealed("finding", nullable=True),
        *_text("state"),
        *_uuid("asked_by"),
        _people("asked_for"),
        _at("asked_at"),
        sa.Column("asked_on", sa.Date(), nullable=False),
        *_uuid("confirmed_by", nullable=True),
        _people("confirmed_for"),
        _at("confirmed_at", nullable=True),
        sa.Column("confirmed_on", sa.Date(), nullable=True),
        *_uuid("event_id", "to_hold", "closed_by", nullable=True),
        _at("closed_at", nullable=True),
        *_sealed("closed_reason", nullable=True),
        *_rules("cost_transfers", said, links),
        sa.UniqueConstraint("to_hold", name=op.f("uq_cost_transfers_to_hold")),
    )
    op.create_index(op.f("ix_cost_transfers_request_id"), "cost_transfers", ["request_id"])
    op.create_index(
        "ix_cost_transfers_asked", "cost_transfers", ["asked_at"], postgresql_where=sa.text("state = 'asked'")
    )


def _recoveries() -> None:
    said = {
        "state_known": "state IN ('recorded', 'verified', 'struck')",
        "cash_known": "cash IN ('cash_stripe', 'cash_bank')",
        "amount_positive": "amount > 0",
        "happened_before_recorded": "happened_on <= recorded_on",
        "another_verifies": "verified_by IS NULL OR NOT (recorded_for || recorded_by) && (verified_for || verified_by)",
        "verified_for_someone": "verified_by IS NOT NULL OR verified_for = '{}'",
        "verified_by_someone": "num_nonnulls(verified_by, verified_at, event_id) = CASE state WHEN 'verified' THEN 3 ELSE 0 END",
        "struck_says_why": "num_nonnulls(struck_by, struck_at, struck_reason) = CASE state WHEN 'struck' THEN 3 ELSE 0 END",
    }
    links = {
        "request_id": "requests.id",
        "line_id": "allocation_lines.id",
        "hold_id": "ledger_holds.id",
        "source_fund": "funding_sources.id",
        "recorded_by": "staff.id",
        "verified_by": "staff.id",
        "event_id": "ledger_events.id",
        "struck_by": "staff.id",
    }
    op.create_table(
        "cost_recoveries",
        *_uuid("id", "request_id", "line_id", "hold_id", "source_fund"),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        *_text("cash"),
        sa.Column("happened_on", sa.Date(), nullable=False),
        *_sealed("bank_reference", "evidence"),
        *_text("state"),
        *_uuid("recorded_by"),
        _people("recorded_for"),
        _at("recorded_at"),
        sa.Column("recorded_on", sa.Date(), nullable=False),
        *_uuid("verified_by", nullable=True),
        _people("verified_for"),
        _at("verified_at", nullable=True),
        *_uuid("event_id", "struck_by", nullable=True),
        _at("struck_at", nullable=True),
        *_sealed("struck_reason", nullable=True),
        *_rules("cost_recoveries", said, links),
    )
    for column in ("request_id", "hold_id"):
        op.create_index(op.f(f"ix_cost_recoveries_{column}"), "cost_recoveries", [column])
    op.create_index(
        "ix_cost_recoveries_recorded",
        "cost_recoveries",
        ["recorded_at"],
        postgresql_where=sa.text("state = 'recorded'"),
    )


def _keep(table: str) -> None:
    """Asked for once, ended once, never removed. A word may only be sealed anew, never come or go."""
    first, ends = _ENDS[table]
    free = ", ".join(f"'{name}'" for name in sorted({*ends, *_SEALED[table]}))
    words = "".join(
        f" OR (OLD.{name} IS NULL) <> (NEW.{name} IS NULL)" for name in _SEALED[table] if name not in ends
    )
    sealed = ", ".join(f"'{name}'" for name in _SEALED[table])
    op.execute(
        f"""
        CREATE FUNCTION {table}_kept() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE
          free text[] := ARRAY[{free}];
        BEGIN
          IF TG_OP = 'INSERT' THEN
            IF NEW.state = '{first}' THEN RETURN NEW; END IF;
            RAISE EXCEPTION '{table}: a row begins as {first}' USING ERRCODE = 'check_violation';
          END IF;
          IF TG_OP = 'DELETE' THEN
            RAISE EXCEPTION '{table}: a row is never removed' USING ERRCODE = 'check_violation';
          END IF;
          IF OLD.state <> '{first}' THEN
            free := ARRAY[{sealed}];
          END IF;
          IF to_jsonb(OLD) - free IS DISTINCT FROM to_jsonb(NEW) - free{words} THEN
            RAISE EXCEPTION '{table}: a row that was asked for, or has ended, stays as it is'
              USING ERRCODE = 'check_violation';
          END IF;
          RETURN NEW;
        END $$"""
    )
    op.execute(
        f"CREATE TRIGGER {table}_kept BEFORE INSERT OR UPDATE OR DELETE ON {table} "
        f"FOR EACH ROW EXECUTE FUNCTION {table}_kept()"
    )
