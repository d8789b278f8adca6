"""Envelopes signed by two people for the night, and the review the next working day."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from reunify.migrations import guards

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

TABLES = ("envelopes", "envelope_lines", "envelope_holds", "envelope_draws", "envelope_reviews")
_CATEGORIES = "('transport', 'lodging', 'meals', 'other')"
_REASONS = "'funder_decided_after_bridging', 'charged_to_the_wrong_source', 'not_allowable_where_it_is', 'correct_budget_category'"
# Signed is signed: only what the moves change may change. Of one source one envelope is open at a time.
_KEPT = """
CREATE FUNCTION envelopes_kept() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  free text[] := '{state,confirmed_by,confirmed_for,confirmed_at,ended_at,ended_reason}';
  wrong text;
BEGIN
  IF TG_OP = 'UPDATE' AND (OLD.ended_at IS NOT NULL OR to_jsonb(OLD) - free <> to_jsonb(NEW) - free
    OR (OLD.confirmed_by IS NOT NULL AND OLD.confirmed_by IS DISTINCT FROM NEW.confirmed_by))
    THEN wrong := 'ck_envelopes_kept_as_signed';
  ELSIF NOT NEW.signed_for @> stood_for(NEW.signed_by, NEW.signed_at)
    OR NOT NEW.confirmed_for @> stood_for(NEW.confirmed_by, NEW.confirmed_at)
    THEN wrong := 'ck_envelopes_signers_whole';
  ELSIF NEW.state = 'in_force' AND EXISTS (
    SELECT FROM envelopes e WHERE e.fund_id = NEW.fund_id AND e.id <> NEW.id AND e.state = 'in_force'
      AND e.starts_at < NEW.ends_at AND NEW.starts_at < e.ends_at)
    THEN wrong := 'ck_envelopes_one_at_a_time';
  ELSE RETURN NEW;
  END IF;
  RAISE EXCEPTION USING ERRCODE = 'check_violation', CONSTRAINT = wrong, TABLE = TG_TABLE_NAME,
    MESSAGE = 'An envelope keeps what two people signed, and is the only one of its source then.';
END $$"""
_DRAWN = """
CREATE FUNCTION envelope_draws_fit() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE wrong text;
BEGIN
  IF TG_OP = 'UPDATE' THEN
    IF to_jsonb(OLD) - '{returned}'::text[] <> to_jsonb(NEW) - '{returned}'::text[] OR NEW.returned < OLD.returned
      THEN wrong := 'ck_envelope_draws_kept_as_drawn';
    ELSE RETURN NEW;
    END IF;
  ELSIF NOT EXISTS (
    SELECT FROM envelope_holds h WHERE h.hold_id = NEW.from_hold AND h.ended_at IS NULL
      AND h.starts_at <= NEW.at AND NEW.at < h.ends_at)
    THEN wrong := 'ck_envelope_draws_while_open';
  ELSIF NOT EXISTS (SELECT FROM requests r WHERE r.id = NEW.request_id AND r.lane = 'emergency')
    THEN wrong := 'ck_envelope_draws_of_an_emergency';
  ELSIF NEW.amount + (
    SELECT coalesce(sum(d.amount - d.returned), 0) FROM envelope_draws d
    JOIN envelope_holds o ON o.hold_id = d.from_hold
    JOIN envelope_holds h ON h.envelope_id = o.envelope_id
    WHERE h.hold_id = NEW.from_hold AND d.request_id = NEW.request_id
  ) > (SELECT per_request_cents FROM envelope_holds WHERE hold_id = NEW.from_hold)
    THEN wrong := 'ck_envelope_draws_within_one_request';
  ELSE RETURN NEW;
  END IF;
  RAISE EXCEPTION USING ERRCODE = 'check_violation', CONSTRAINT = wrong, TABLE = TG_TABLE_NAME,
    MESSAGE = 'Only an emergency draws on an envelope, while it is open and within the limit of one request.';
END $$"""
# Above the small amount one person may do both only here: wholly inside, in time, and on call.
_AWARDS = """
CREATE FUNCTION awards_inside_envelopes() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE wrong text;
BEGIN
  IF TG_OP = 'UPDATE' AND (NEW.enveloped <> OLD.enveloped OR NEW.enveloped AND
    (NEW.ceiling_cents, NEW.small_limit_cents, NEW.allocation_id)
      <> (OLD.ceiling_cents, OLD.small_limit_cents, OLD.allocation_id))
    THEN wrong := 'ck_awards_enveloped_kept';
  ELSIF NOT NEW.enveloped THEN RETURN NEW;
  ELSIF TG_OP = 'INSERT' AND (NEW.ceiling_cents = 0 OR NEW.ceiling_cents <> (
    SELECT coalesce(sum(amount - returned), 0) FROM envelope_draws WHERE allocation_id = NEW.allocation_id))
    THEN wrong := 'ck_awards_wholly_inside';
  ELSIF NEW.released_by IS NULL OR (TG_OP = 'UPDATE' AND OLD.released_by IS NOT NULL)
    OR NEW.ceiling_cents <= NEW.small_limit_cents
    OR NOT (NEW.approved_for || NEW.approved_by) && (NEW.released_for || NEW.released_by)
    THEN RETURN NEW;
  ELSIF NOT EXISTS (
    SELECT FROM shifts s WHERE s.duty = 'night_finance' AND s.withdrawn_at IS NULL
      AND s.starts_at <= NEW.released_at AND NEW.released_at < s.ends_at
      AND NEW.released_by IN (s.person_id, s.backup_id))
    THEN wrong := 'ck_awards_one_act_on_call';
  ELSIF EXISTS (
    SELECT FROM envelope_draws d JOIN envelope_holds h ON h.hold_id = d.from_hold
    WHERE d.allocation_id = NEW.allocation_id AND (h.ended_at IS NOT NULL OR d.returned > 0
      OR NOT (h.starts_at <= NEW.released_at AND NEW.released_at < h.ends_at)))
    THEN wrong := 'ck_awards_one_act_while_open';
  ELSE RETURN NEW;
  END IF;
  RAISE EXCEPTION USING ERRCODE = 'check_violation', CONSTRAINT = wrong, TABLE = TG_TABLE_NAME,
    MESSAGE = 'One person approves and releases only on call, and wholly inside an open envelope.';
END $$"""
_REVIEWED = """
CREATE FUNCTION awards_reviewed_afterwards() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.enveloped AND NEW.released_by IS NOT NULL AND NEW.ceiling_cents > NEW.small_limit_cents
    AND (NEW.approved_for || NEW.approved_by) && (NEW.released_for || NEW.released_by)
    AND NOT EXISTS (SELECT FROM envelope_reviews r WHERE r.award_id = NEW.id)
  THEN RAISE EXCEPTION USING ERRCODE = 'check_violation', CONSTRAINT = 'ck_awards_review_due',
    TABLE = TG_TABLE_NAME, MESSAGE = 'What one person approved and released waits for a third to review it.';
  END IF;
  RETURN NULL;
END $$"""
_REVIEWS = """
CREATE FUNCTION envelope_reviews_by_a_third() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  free text[] := '{state,barred,reviewed_by,reviewed_for,reviewed_at,reason,borne_at}';
  wrong text;
BEGIN
  IF TG_OP = 'UPDATE' AND (to_jsonb(OLD) - free <> to_jsonb(NEW) - free OR NOT NEW.barred @> OLD.barred
    OR (OLD.reviewed_by IS NOT NULL AND OLD.reviewed_by IS DISTINCT FROM NEW.reviewed_by))
    THEN wrong := 'ck_envelope_reviews_kept';
  ELSIF EXISTS (
    SELECT FROM awards a WHERE a.id = NEW.award_id AND NOT NEW.barred @> (
      a.authors || a.requested_by || a.submitted_by || a.approved_for || a.approved_by
      || a.released_for || a.released_by)
    UNION ALL
    SELECT FROM envelope_draws d JOIN envelope_holds h ON h.hold_id = d.from_hold
    JOIN envelopes e ON e.id = h.envelope_id JOIN awards a ON a.allocation_id = d.allocation_id
    WHERE a.id = NEW.award_id AND NOT NEW.barred @> (
      e.signed_for || e.signed_by || e.confirmed_for || e.confirmed_by)
  ) THEN wrong := 'ck_envelope_reviews_barred_whole';
  ELSIF NOT NEW.reviewed_for @> stood_for(NEW.reviewed_by, NEW.reviewed_at)
    THEN wrong := 'ck_envelope_reviews_reviewed_for_whole';
  ELSE RETURN NEW;
  END IF;
  RAISE EXCEPTION USING ERRCODE = 'check_violation', CONSTRAINT = wrong, TABLE = TG_TABLE_NAME,
    MESSAGE = 'Whoever reviews neither wrote, approved, released nor signed.';
END $$"""


def upgrade() -> None:
    _envelopes()
    _money()
    _reviews()
    _awards()
    _costs()
    for statement in guards.statements(TABLES):
        op.execute(statement)
    for function, body, when, table in (
        ("envelopes_kept", _KEPT, "BEFORE INSERT OR UPDATE", "envelopes"),
        ("envelope_draws_fit", _DRAWN, "BEFORE INSERT OR UPDATE", "envelope_draws"),
        ("awards_inside_envelopes", _AWARDS, "BEFORE INSERT OR UPDATE", "awards"),
        ("envelope_reviews_by_a_third", _REVIEWS, "BEFORE INSERT OR UPDATE", "envelope_reviews"),
    ):
        op.execute(body)
        op.execute(f"CREATE TRIGGER {function} {when} ON {table} FOR EACH ROW EXECUTE FUNCTION {function}()")
    op.execute(_REVIEWED)
    op.execute(
        "CREATE CONSTRAINT TRIGGER awards_reviewed_afterwards AFTER INSERT OR UPDATE ON awards "
        "DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.enveloped) "
        "EXECUTE FUNCTION awards_reviewed_afterwards()"
    )
    for table in ("envelopes", "envelope_holds", "envelope_draws", "envelope_reviews"):
        op.execute(f"REVOKE DELETE ON {table} FROM {guards.APP_ROLE}")


def _uuid(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.Uuid(), nullable=nullable)


def _cents(name: str, **more: Any) -> sa.Column[Any]:
    return sa.Column(name, sa.BigInteger(), nullable=False, **more)


def _at(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _people(name: str) -> sa.Column[Any]:
    return sa.Column(name, postgresql.ARRAY(sa.Uuid()), server_default="{}", nullable=False)


def _rules(table: str, said: dict[str, str], links: dict[str, str], key: list[str]) -> list[sa.Constraint]:
    return [
        *(sa.CheckConstraint(rule, name=op.f(f"ck_{table}_{name}")) for name, rule in said.items()),
        *(
            sa.ForeignKeyConstraint([column], [target], name=op.f(f"fk_{table}_{column}"))
            for column, target in links.items()
        ),
        sa.PrimaryKeyConstraint(*key, name=op.f(f"pk_{table}")),
    ]


def _envelopes() -> None:
    said = {
        "state_known": "state IN ('proposed', 'in_force', 'withdrawn', 'closed', 'expired')",
        "per_request_positive": "per_request_cents > 0",
        "at_most_31_days": "ends_at > starts_at AND ends_at <= starts_at + interval '31 days'",
        "another_signs": "confirmed_by IS NULL OR NOT (signed_for || signed_by) && (confirmed_for || confirmed_by)",
        "confirmed_for_someone": "confirmed_by IS NOT NULL OR confirmed_for = '{}'",
        "confirmed_paired": "(confirmed_by IS NULL) = (confirmed_at IS NULL)",
        "in_force_by_two": "(state IN ('in_force', 'closed', 'expired')) = (confirmed_by IS NOT NULL)",
        "ended_when_over": "(state IN ('withdrawn', 'closed', 'expired')) = (ended_at IS NOT NULL)",
        "ended_says_why": "(state IN ('withdrawn', 'closed')) = (ended_reason IS NOT NULL)",
    }
    links = {"fund_id": "funding_sources.id", "signed_by": "staff.id", "confirmed_by": "staff.id"}
    op.create_table(
        "envelopes",
        _uuid("id"),
        sa.Column("reference", sa.Text(), nullable=False),
        _uuid("fund_id"),
        _cents("per_request_cents"),
        _at("starts_at"),
        _at("ends_at"),
        sa.Column("state", sa.Text(), nullable=False),
        _uuid("signed_by"),
        _people("signed_for"),
        _at("signed_at"),
        _uuid("confirmed_by", nullable=True),
        _people("confirmed_for"),
        _at("confirmed_at", nullable=True),
        _at("ended_at", nullable=True),
        sa.Column("ended_reason", sa.Text(), nullable=True),
        *_rules("envelopes", said, links, ["id"]),
        sa.UniqueConstraint("reference", name=op.f("uq_envelopes_reference")),
        sa.UniqueConstraint(
            "id", "fund_id", "per_request_cents", "starts_at", "ends_at", name="uq_envelopes_as_signed"
        ),
    )
    op.create_index(op.f("ix_envelopes_fund_id"), "envelopes", ["fund_id"])
    op.create_table(
        "envelope_lines",
        _uuid("envelope_id"),
        sa.Column("budget_category", sa.Text(), nullable=False),
        _cents("amount_cents"),
        *_rules(
            "envelope_lines",
            {
                "budget_category_known": f"budget_category IN {_CATEGORIES}",
                "amount_positive": "amount_cents > 0",
            },
            {"envelope_id": "envelopes.id"},
            ["envelope_id", "budget_category"],
        ),
    )


def _money() -> None:
    copied = ["envelope_id", "fund_id", "per_request_cents", "starts_at", "ends_at"]
    op.create_table(
        "envelope_holds",
        _uuid("hold_id"),
        _uuid("envelope_id"),
        _uuid("fund_id"),
        sa.Column("budget_category", sa.Text(), nullable=False),
        _cents("per_request_cents"),
        _at("starts_at"),
        _at("ends_at"),
        _at("ended_at", nullable=True),
        sa.ForeignKeyConstraint(
            copied,
            [f"envelopes.{name}" for name in ("id", *copied[1:])],
            name=op.f(f"fk_envelope_holds_{'_'.join(copied)}"),
        ),
        sa.UniqueConstraint(
            "envelope_id", "budget_category", name=op.f("uq_envelope_holds_envelope_id_budget_category")
        ),
        *_rules("envelope_holds", {}, {"hold_id": "ledger_holds.id"}, ["hold_id"]),
    )
    op.create_index(
        "ix_envelope_holds_open", "envelope_holds", ["hold_id"], postgresql_where=sa.text("ended_at IS NULL")
    )
    links = {
        "hold_id": "ledger_holds.id",
        "from_hold": "envelope_holds.hold_id",
        "allocation_id": "allocations.id",
        "request_id": "requests.id",
    }
    said = {"amount_positive": "amount > 0", "returned_within": "returned BETWEEN 0 AND amount"}
    op.create_table(
        "envelope_draws",
        *(_uuid(name) for name in links),
        _cents("amount"),
        _cents("returned", server_default="0"),
        _at("at"),
        *_rules("envelope_draws", said, links, ["hold_id"]),
    )
    for name in ("from_hold", "allocation_id", "request_id"):
        op.create_index(op.f(f"ix_envelope_draws_{name}"), "envelope_draws", [name])


def _reviews() -> None:
    said = {
        "state_known": "state IN ('due', 'agreed', 'refused', 'borne')",
        "third_person": "reviewed_by IS NULL OR NOT barred && (reviewed_for || reviewed_by)",
        "reviewed_for_someone": "reviewed_by IS NOT NULL OR reviewed_for = '{}'",
        "reviewed_by_someone": "num_nonnulls(reviewed_by, reviewed_at) = CASE state WHEN 'due' THEN 0 ELSE 2 END",
        "no_says_why": "(state IN ('refused', 'borne')) = (reason IS NOT NULL)",
        "borne_paired": "(state = 'borne') = (borne_at IS NOT NULL)",
    }
    links = {"award_id": "awards.id", "request_id": "requests.id", "reviewed_by": "staff.id"}
    op.create_table(
        "envelope_reviews",
        _uuid("award_id"),
        _uuid("request_id"),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        _people("barred"),
        _at("opened_at"),
        _uuid("reviewed_by", nullable=True),
        _people("reviewed_for"),
        _at("reviewed_at", nullable=True),
        sa.Column("reason", sa.LargeBinary(), nullable=True),
        _at("borne_at", nullable=True),
        *_rules("envelope_reviews", said, links, ["award_id"]),
    )
    op.create_index(op.f("ix_envelope_reviews_request_id"), "envelope_reviews", ["request_id"])
    op.create_index(
        "ix_envelope_reviews_open",
        "envelope_reviews",
        ["due_on"],
        postgresql_where=sa.text("state IN ('due', 'refused')"),
    )


def _awards() -> None:
    op.add_column("awards", sa.Column("enveloped", sa.Boolean(), server_default="false", nullable=False))
    name = op.f("ck_awards_two_finance_people_above_limit")
    op.drop_constraint(name, "awards", type_="check")
    op.create_check_constraint(
        name,
        "awards",
        "released_by IS NULL OR ceiling_cents <= small_limit_cents OR enveloped "
        "OR NOT (approved_for || approved_by) && (released_for || released_by)",
    )


def _costs() -> None:
    """A night decision that the review turns down is a reason to move its cost to our own money."""
    name = op.f("ck_cost_transfers_reason_known")
    op.drop_constraint(name, "cost_transfers", type_="check")
    op.create_check_constraint(
        name, "cost_transfers", f"reason IN ({_REASONS}, 'review_of_a_night_decision')"
    )
