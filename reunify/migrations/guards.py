"""What the database itself refuses, whoever asks: to change what was written, to do more than the app needs.

Two roles: the owner migrates; the application (`reunify_app`) reads and writes rows. Append-only tables
refuse UPDATE, DELETE and TRUNCATE by trigger (the owner too) and by privilege (the application).
"""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa

APP_ROLE = "reunify_app"

# Kept for ever as written. A correction is a new row.
APPEND_ONLY = frozenset(
    {
        "account_proofs",
        "allocation_lines",
        "allocation_warnings",
        "allocations",
        "assessments",
        "audit_entries",
        "consent_asks",
        "consent_releases",
        "consent_revocations",
        "consents",
        "audit_seals",
        "avoided_words",
        "booking_events",
        "card_answers",
        "card_borne_refunds",
        "card_charge_parts",
        "card_charges_borne",
        "card_excess_refunds",
        "card_refunds",
        "determinations",
        "documents",
        "duplicate_looks",
        "empty_splits",
        "envelope_lines",
        "erasures",
        "escalation_events",
        "files_looks",
        "final_reports",
        "fund_amounts",
        "fund_condition_lifts",
        "fund_conditions",
        "fund_drawdowns",
        "fund_limits",
        "fund_periods",
        "fund_terms",
        "fund_unit_values",
        "funder_ask_consents",
        "funder_ask_lines",
        "funder_decision_amounts",
        "hand_off_consents",
        "instruction_lines",
        "ledger_cost_moves",
        "ledger_entries",
        "ledger_events",
        "ledger_hold_caps",
        "ledger_periods",
        "logged_proofs",
        "organisation_settings",
        "outage_proofs",
        "overlap_reasons",
        "payments_let_go",
        "referral_checks",
        "referrals",
        "replay_yeses",
        "request_versions",
        "retention_periods",
        "rule_files",
        "rule_moves",
        "rule_versions",
        "sf425_events",
        "sf425_reports",
        "staff_decisions",
        "suspense_parts",
        "template_decisions",
        "template_files",
        "template_versions",
    }
)

_FUNCTION = """
CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION USING
    ERRCODE = 'restrict_violation',
    MESSAGE = TG_TABLE_NAME || ' keeps what was written, a row in it is never changed or removed.',
    HINT = 'Write a new row that corrects the old one.';
END $$"""


def append_only(table: str) -> list[str]:
    """SQL that makes the table refuse UPDATE, DELETE and TRUNCATE. Needs `function()` to have run."""
    name = _quoted(table)
    trigger = _quoted(f"{table}_append_only")
    return [
        f"DROP TRIGGER IF EXISTS {trigger} ON {name}",
        f"CREATE TRIGGER {trigger} BEFORE UPDATE OR DELETE OR TRUNCATE ON {name} "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()",
    ]


def grants(table: str, *, is_append_only: bool) -> list[str]:
    """SQL that gives the application what it needs on the table, and takes the rest."""
    name = _quoted(table)
    rights = "SELECT, INSERT" if is_append_only else "SELECT, INSERT, UPDATE, DELETE"
    return [f"REVOKE ALL ON {name} FROM {APP_ROLE}", f"GRANT {rights} ON {name} TO {APP_ROLE}"]


def function() -> str:
    """SQL of the trigger function, created once."""
    return _FUNCTION


def statements(tables: Iterable[str], *, append_only_tables: Iterable[str] = APPEND_ONLY) -> list[str]:
    """All the SQL for these tables, in order. A migration calls it with the tables it made.

    In a migration: `for statement in guards.statements([...]): op.execute(statement)`
    """
    kept = frozenset(append_only_tables)
    said = [function(), f"GRANT USAGE ON SCHEMA public TO {APP_ROLE}"]
    for table in tables:
        if table in kept:
            said += append_only(table)
        said += grants(table, is_append_only=table in kept)
    said.append(f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {APP_ROLE}")
    return said


def apply(connection: sa.Connection, tables: Iterable[str]) -> None:
    """Run the statements on a connection of the owner."""
    for statement in statements(tables):
        connection.exec_driver_sql(statement)


def _quoted(name: str) -> str:
    if not name.isidentifier():
        raise ValueError(f"{name!r} is not the name of a table of ours")
    return f'"{name}"'
