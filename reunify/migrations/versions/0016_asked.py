"""What a funder was asked, and what it decided."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from reunify.migrations import guards

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

TABLES = (
    "funder_asks",
    "funder_ask_lines",
    "funder_ask_consents",
    "funder_decisions",
    "funder_decision_amounts",
)
_CATEGORY = "budget_category IN ('transport', 'lodging', 'meals', 'other')"
_KEYS = (
    "key IN ('name', 'time_zone', 'letterhead', 'day_phone', 'night_phone', 'email', "
    "'small_amount_limit_cents', 'guideline_limit_percent', 'fare_contingency_percent', "
    "'funder_answer_working_days')"
)

# What may change of a row. Sealed again under another key, a word is still the same word: the bytes of a
# sealed column may change, but no word comes or goes.
_KEPT = {
    "funder_asks": (
        "INSERT OR UPDATE OR DELETE",
        """
        BEGIN
          IF TG_OP = 'INSERT' AND NEW.state = 'open' THEN RETURN NEW; END IF;
          IF TG_OP = 'UPDATE' THEN
            IF (NEW.state = OLD.state OR NEW.state <> 'open')
              AND to_jsonb(OLD) - '{state,reference}'::text[] = to_jsonb(NEW) - '{state,reference}'::text[]
            THEN RETURN NEW; END IF;
          END IF;
          RAISE EXCEPTION 'funder_asks: an ask begins open, changes only its state and is never removed'
            USING ERRCODE = 'check_violation';
        END """,
    ),
    "funder_ask_lines": (
        "INSERT",
        """
        BEGIN
          IF EXISTS (SELECT FROM funder_asks a WHERE a.id = NEW.ask_id AND a.state = 'open')
            AND NOT EXISTS (SELECT FROM funder_decisions d WHERE d.ask_id = NEW.ask_id)
          THEN RETURN NEW; END IF;
          RAISE EXCEPTION 'funder_ask_lines: what was asked is written down before it is answered'
            USING ERRCODE = 'check_violation';
        END """,
    ),
    "funder_decisions": (
        "INSERT OR UPDATE OR DELETE",
        """
        DECLARE
          free text[] := '{state,conditions,reference,struck_reason}';
          move text;
        BEGIN
          IF TG_OP = 'INSERT' THEN
            IF num_nonnulls(NEW.confirmed_by, NEW.struck_by) = 0 AND (
              NEW.state = 'waiting' AND NEW.decided <> 'closed'
              OR NEW.state = 'in_force' AND NEW.decided IN ('no', 'closed'))
            THEN RETURN NEW; END IF;
          ELSIF TG_OP = 'UPDATE' THEN
            move := OLD.state || ' ' || NEW.state;
            free := free || CASE move
              WHEN 'waiting in_force' THEN '{confirmed_by,confirmed_for,confirmed_at}'::text[]
              WHEN 'waiting struck' THEN '{struck_by,struck_at}'::text[]
              ELSE '{}'::text[] END;
            IF (OLD.state = NEW.state OR move = 'in_force superseded' OR move = 'waiting struck'
                OR move = 'waiting in_force' AND (NEW.confirmed_by IS NOT NULL OR NEW.decided <> 'no'))
              AND to_jsonb(OLD) - free = to_jsonb(NEW) - free
              AND (OLD.conditions IS NULL) = (NEW.conditions IS NULL)
              AND (OLD.reference IS NULL) = (NEW.reference IS NULL)
            THEN RETURN NEW; END IF;
          END IF;
          RAISE EXCEPTION 'funder_decisions: recorded once, confirmed or struck once, superseded, never removed'
            USING ERRCODE = 'check_violation';
        END """,
    ),
    "funder_decision_amounts": (
        "INSERT",
        """
        DECLARE
          decision funder_decisions;
          most bigint := 0;
        BEGIN
          SELECT * INTO decision FROM funder_decisions WHERE id = NEW.decision_id;
          IF decision.state = 'waiting' AND decision.decided IN ('full', 'partial') THEN
            SELECT sum(l.amount) INTO most FROM funder_ask_lines l
            WHERE l.ask_id = decision.ask_id AND l.budget_category = NEW.budget_category;
          ELSIF decision.state = 'in_force' AND decision.decided = 'closed' AND NOT EXISTS (
            SELECT FROM ledger_events v WHERE v.external_ref IN (
              SELECT concat_ws(':', 'asked', decision.id, category)
              FROM unnest('{transport,lodging,meals,other}'::text[]) category))
          THEN
            SELECT sum(m.amount) INTO most FROM funder_decision_amounts m
            WHERE m.budget_category = NEW.budget_category AND m.decision_id = (
              SELECT d.id FROM funder_decisions d WHERE d.ask_id = decision.ask_id AND d.state = 'superseded'
              ORDER BY d.number DESC LIMIT 1);
          END IF;
          IF NEW.amount > coalesce(most, 0) THEN
            RAISE EXCEPTION 'funder_decision_amounts: more than was asked, or than was granted before it ended'
              USING ERRCODE = 'check_violation';
          END IF;
          RETURN NEW;
        END """,
    ),
}


def upgrade() -> None:
    name = op.f("ck_organisation_settings_key_known")
    op.drop_constraint(name, "organisation_settings", type_="check")
    op.create_check_constraint(name, "organisation_settings", _KEYS)
    _asks()
    _lines()
    _decisions()
    for statement in guards.statements(TABLES):
        op.execute(statement)
    for table in ("funder_asks", "funder_decisions"):
        op.execute(f"REVOKE DELETE ON {table} FROM {guards.APP_ROLE}")
    for table, (events, body) in _KEPT.items():
        op.execute(f"CREATE FUNCTION {table}_kept() RETURNS trigger LANGUAGE plpgsql AS $${body}$$")
        op.execute(
            f"CREATE TRIGGER {table}_kept BEFORE {events} ON {table} "
            f"FOR EACH ROW EXECUTE FUNCTION {table}_kept()"
        )


def _asks() -> None:
    op.create_table(
        "funder_asks",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("fund_id", sa.Uuid(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("asked_on", sa.Date(), nullable=False),
        sa.Column("how", sa.Text(), nullable=False),
        sa.Column("reference", sa.LargeBinary(), nullable=False),
        sa.Column("names_family", sa.Boolean(), nullable=False),
        sa.Column("departs_on", sa.Date(), nullable=True),
        sa.Column("answer_due", sa.Date(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("asked_by", sa.Uuid(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "how IN ('letter', 'email', 'portal', 'phone')", name=op.f("ck_funder_asks_how_known")
        ),
        sa.CheckConstraint("unit IN ('cents', 'night', 'mile')", name=op.f("ck_funder_asks_unit_known")),
        sa.CheckConstraint(
            "state IN ('open', 'answered', 'closed')", name=op.f("ck_funder_asks_state_known")
        ),
        sa.CheckConstraint("answer_due >= asked_on", name=op.f("ck_funder_asks_due_after_asked")),
        sa.ForeignKeyConstraint(["request_id"], ["requests.id"], name=op.f("fk_funder_asks_request_id")),
        sa.ForeignKeyConstraint(["fund_id"], ["funding_sources.id"], name=op.f("fk_funder_asks_fund_id")),
        sa.ForeignKeyConstraint(["asked_by"], ["staff.id"], name=op.f("fk_funder_asks_asked_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_funder_asks")),
        sa.UniqueConstraint("id", "request_id", name=op.f("uq_funder_asks_id_request_id")),
    )
    op.create_index(op.f("ix_funder_asks_request_id"), "funder_asks", ["request_id"])
    op.create_index(
        "uq_funder_asks_open",
        "funder_asks",
        ["request_id", "fund_id"],
        unique=True,
        postgresql_where=sa.text("state = 'open'"),
    )


def _lines() -> None:
    op.create_table(
        "funder_ask_lines",
        sa.Column("ask_id", sa.Uuid(), nullable=False),
        sa.Column("line_key", sa.Text(), nullable=False),
        sa.Column("budget_category", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(_CATEGORY, name=op.f("ck_funder_ask_lines_budget_category_known")),
        sa.CheckConstraint("amount > 0", name=op.f("ck_funder_ask_lines_amount_positive")),
        sa.ForeignKeyConstraint(["ask_id"], ["funder_asks.id"], name=op.f("fk_funder_ask_lines_ask_id")),
        sa.PrimaryKeyConstraint("ask_id", "line_key", name=op.f("pk_funder_ask_lines")),
    )
    op.create_table(
        "funder_ask_consents",
        sa.Column("ask_id", sa.Uuid(), nullable=False),
        sa.Column("consent_ask_id", sa.Uuid(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["ask_id"], ["funder_asks.id"], name=op.f("fk_funder_ask_consents_ask_id")),
        sa.ForeignKeyConstraint(
            ["consent_ask_id"], ["consent_asks.id"], name=op.f("fk_funder_ask_consents_consent_ask_id")
        ),
        sa.PrimaryKeyConstraint("ask_id", "consent_ask_id", name=op.f("pk_funder_ask_consents")),
    )


def _decisions() -> None:
    op.create_table(
        "funder_decisions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("ask_id", sa.Uuid(), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("decided", sa.Text(), nullable=False),
        sa.Column("decided_on", sa.Date(), nullable=False),
        sa.Column("conditions", sa.LargeBinary(), nullable=True),
        sa.Column("evidence_id", sa.Uuid(), nullable=True),
        sa.Column("reference", sa.LargeBinary(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=True),
        sa.Column("recorded_for", postgresql.ARRAY(sa.Uuid()), server_default="{}", nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_by", sa.Uuid(), nullable=True),
        sa.Column("confirmed_for", postgresql.ARRAY(sa.Uuid()), server_default="{}", nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("struck_by", sa.Uuid(), nullable=True),
        sa.Column("struck_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("struck_reason", sa.LargeBinary(), nullable=True),
        *_checks(),
        sa.ForeignKeyConstraint(
            ["ask_id", "request_id"],
            ["funder_asks.id", "funder_asks.request_id"],
            name=op.f("fk_funder_decisions_ask_id_request_id"),
        ),
        sa.ForeignKeyConstraint(
            ["evidence_id"], ["evidence.id"], name=op.f("fk_funder_decisions_evidence_id")
        ),
        *(
            sa.ForeignKeyConstraint([who], ["staff.id"], name=op.f(f"fk_funder_decisions_{who}"))
            for who in ("recorded_by", "confirmed_by", "struck_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_funder_decisions")),
        sa.UniqueConstraint("ask_id", "number", name=op.f("uq_funder_decisions_ask_id_number")),
    )
    op.create_index(op.f("ix_funder_decisions_request_id"), "funder_decisions", ["request_id"])
    for state in ("in_force", "waiting"):
        op.create_index(
            f"uq_funder_decisions_{state}",
            "funder_decisions",
            ["ask_id"],
            unique=True,
            postgresql_where=sa.text(f"state = '{state}'"),
        )
    op.create_table(
        "funder_decision_amounts",
        sa.Column("decision_id", sa.Uuid(), nullable=False),
        sa.Column("budget_category", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(_CATEGORY, name=op.f("ck_funder_decision_amounts_budget_category_known")),
        sa.CheckConstraint("amount > 0", name=op.f("ck_funder_decision_amounts_amount_positive")),
        sa.ForeignKeyConstraint(
            ["decision_id"], ["funder_decisions.id"], name=op.f("fk_funder_decision_amounts_decision_id")
        ),
        sa.PrimaryKeyConstraint("decision_id", "budget_category", name=op.f("pk_funder_decision_amounts")),
    )


def _checks() -> list[sa.CheckConstraint]:
    said = {
        "decided_known": "decided IN ('full', 'partial', 'no', 'withdrawn', 'closed')",
        "state_known": "state IN ('waiting', 'in_force', 'struck', 'superseded')",
        "numbered_from_one": "number >= 1",
        "recorded_by_a_person": "(recorded_by IS NULL) = (decided = 'closed')",
        "two_people": "confirmed_by IS NULL "
        "OR NOT (recorded_for || recorded_by) && (confirmed_for || confirmed_by)",
        "recorded_for_someone": "recorded_by IS NOT NULL OR recorded_for = '{}'",
        "confirmed_for_someone": "confirmed_by IS NOT NULL OR confirmed_for = '{}'",
        "confirmed_says_when": "(confirmed_by IS NULL) = (confirmed_at IS NULL)",
        "in_force_is_confirmed": "decided NOT IN ('full', 'partial', 'withdrawn') OR confirmed_by IS NOT NULL "
        "OR state IN ('waiting', 'struck')",
        "paper_is_named": "decided = 'closed' OR evidence_id IS NOT NULL OR reference IS NOT NULL",
        "struck_says_why": "num_nonnulls(struck_by, struck_at, struck_reason) "
        "= CASE state WHEN 'struck' THEN 3 ELSE 0 END",
    }
    return [sa.CheckConstraint(rule, name=op.f(f"ck_funder_decisions_{name}")) for name, rule in said.items()]
