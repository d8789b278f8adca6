"""Staff: teams, delegation, the on-call roster, tokens for programs; whom an approver stood for, on the award."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from reunify.migrations import guards

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

ROLES = (
    "'case_manager', 'supervisor', 'finance_approver', 'finance_releaser', 'fund_manager', 'rules_author', "
    "'auditor', 'administrator'"
)
KNOWN = "[" + ROLES.replace("'", '"') + "]"
APART = {
    "cases_apart_from_money": (
        "'case_manager', 'supervisor'",
        "'finance_approver', 'finance_releaser', 'fund_manager'",
    ),
    "auditor_only_reads": (
        "'auditor'",
        "'case_manager', 'supervisor', 'finance_approver', 'finance_releaser', 'fund_manager', 'rules_author', "
        "'administrator'",
    ),
    "administrator_apart": (
        "'administrator'",
        "'case_manager', 'supervisor', 'finance_approver', 'finance_releaser', 'fund_manager'",
    ),
    "rules_apart_from_paying": ("'rules_author'", "'finance_approver', 'finance_releaser'"),
    "funds_apart_from_release": ("'fund_manager'", "'finance_releaser'"),
}
# Whom this person counted as one with at that moment: by the delegations as they were, and for a day by the
# recoveries that were used, whoever of the two vouched.
STOOD_FOR = """
CREATE FUNCTION stood_for(person uuid, moment timestamptz) RETURNS uuid[] LANGUAGE sql STABLE AS $$
  SELECT coalesce(array_agg(DISTINCT other), '{}') FROM (
    SELECT lender_id AS other FROM delegations
    WHERE receiver_id = person AND starts_at <= moment AND ends_at > moment
      AND (revoked_at IS NULL OR revoked_at > moment)
    UNION
    SELECT CASE WHEN staff_id = person THEN voucher ELSE staff_id END
    FROM recoveries, LATERAL (VALUES (opened_by), (confirmed_by)) AS vouchers (voucher)
    WHERE person IN (staff_id, voucher) AND used_at <= moment AND used_at > moment - interval '24 hours'
  ) AS others
$$"""
# A CHECK cannot look into other tables. What it compares must be whole: every author of any version of the
# request, and everyone an approver or releaser stood for.
AWARD_PEOPLE = """
CREATE FUNCTION award_people_are_whole() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE missing text;
BEGIN
  IF NEW.state IN ('replaced', 'declined') THEN RETURN NEW; END IF;
  IF EXISTS (
    SELECT requested_by FROM requests WHERE id = NEW.request_id AND NOT requested_by = ANY (NEW.authors)
    UNION ALL
    SELECT submitted_by FROM request_versions
    WHERE request_id = NEW.request_id AND NOT submitted_by = ANY (NEW.authors)
  ) THEN missing := 'ck_awards_authors_whole';
  ELSIF NOT NEW.approved_for @> stood_for(NEW.approved_by, NEW.approved_at)
    THEN missing := 'ck_awards_approved_for_whole';
  ELSIF NOT NEW.released_for @> stood_for(NEW.released_by, NEW.released_at)
    THEN missing := 'ck_awards_released_for_whole';
  ELSE RETURN NEW;
  END IF;
  RAISE EXCEPTION USING ERRCODE = 'check_violation', CONSTRAINT = missing, TABLE = TG_TABLE_NAME,
    MESSAGE = 'An award must name every author, and everyone its approver and releaser stand for.';
END $$"""
LOGGED_PEOPLE = """
CREATE FUNCTION logged_people_are_whole() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE missing text;
BEGIN
  IF NOT NEW.recorded_for @> stood_for(NEW.recorder, NEW.recorded_at)
    THEN missing := 'ck_logged_payments_recorded_for_whole';
  ELSIF NOT NEW.verified_for @> stood_for(NEW.verifier, NEW.verified_at)
    THEN missing := 'ck_logged_payments_verified_for_whole';
  ELSE RETURN NEW;
  END IF;
  RAISE EXCEPTION USING ERRCODE = 'check_violation', CONSTRAINT = missing, TABLE = TG_TABLE_NAME,
    MESSAGE = 'A logged payment must name everyone its recorder and verifier stand for.';
END $$"""


def _array(listed: str) -> str:
    return f"array[{listed}]"


def _people(name: str) -> sa.Column[object]:
    return sa.Column(name, postgresql.ARRAY(sa.Uuid()), server_default="{}", nullable=False)


def _moment(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    _staff()
    _delegations()
    _roster()
    _programs()
    _staff_changes()
    for statement in guards.statements(
        ["delegations", "shifts", "hand_overs", "api_tokens", "provider_visits", "staff_changes"]
    ):
        op.execute(statement)
    # What was lent stays written: awards are judged by it. It may only be ended early.
    op.execute(f"REVOKE UPDATE, DELETE ON delegations FROM {guards.APP_ROLE}")
    op.execute(f"GRANT UPDATE (revoked_at, revoked_by) ON delegations TO {guards.APP_ROLE}")
    # Whoever asked, and when, and for which kind of change, stays as it was written.
    op.execute(f"REVOKE UPDATE, DELETE ON staff_changes FROM {guards.APP_ROLE}")
    op.execute(
        "GRANT UPDATE (staff_id, payload, confirmed_by, confirmed_at, withdrawn_at) ON staff_changes "
        f"TO {guards.APP_ROLE}"
    )
    _two_people()


def _staff() -> None:
    op.add_column("staff", sa.Column("team", sa.Text(), nullable=True))
    op.add_column("staff", sa.Column("phone_on_file", sa.LargeBinary(), nullable=True))
    op.add_column("staff", sa.Column("oidc_email", sa.LargeBinary(), nullable=True))
    op.add_column("staff", sa.Column("oidc_email_index", sa.LargeBinary(), nullable=True))
    op.add_column("staff", sa.Column("oidc_issuer", sa.Text(), nullable=True))
    op.add_column("staff", sa.Column("oidc_subject", sa.Text(), nullable=True))
    op.create_index(op.f("ix_staff_team"), "staff", ["team"], unique=False)
    op.create_unique_constraint(op.f("uq_staff_oidc_email_index"), "staff", ["oidc_email_index"])
    op.create_unique_constraint(
        op.f("uq_staff_oidc_issuer_oidc_subject"), "staff", ["oidc_issuer", "oidc_subject"]
    )
    op.create_check_constraint(
        op.f("ck_staff_bound_to_one_subject"), "staff", "(oidc_issuer IS NULL) = (oidc_subject IS NULL)"
    )
    op.create_check_constraint(
        op.f("ck_staff_roles_known"), "staff", f"roles <@ '{KNOWN}'::jsonb AND jsonb_typeof(roles) = 'array'"
    )
    for name, (one, other) in APART.items():
        op.create_check_constraint(
            op.f(f"ck_staff_{name}"),
            "staff",
            f"NOT (roles ?| {_array(one)} AND roles ?| {_array(other)})",
        )


def _delegations() -> None:
    op.create_table(
        "delegations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("lender_id", sa.Uuid(), nullable=False),
        sa.Column("receiver_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        _moment("starts_at"),
        _moment("ends_at"),
        sa.Column("made_by", sa.Uuid(), nullable=False),
        _moment("made_at"),
        _moment("revoked_at", nullable=True),
        sa.Column("revoked_by", sa.Text(), nullable=True),
        sa.CheckConstraint("lender_id <> receiver_id", name=op.f("ck_delegations_to_another")),
        sa.CheckConstraint(f"role IN ({ROLES})", name=op.f("ck_delegations_role_known")),
        sa.CheckConstraint(
            "ends_at > starts_at AND ends_at <= starts_at + interval '30 days'",
            name=op.f("ck_delegations_at_most_30_days"),
        ),
        sa.CheckConstraint("starts_at >= made_at", name=op.f("ck_delegations_never_backdated")),
        sa.CheckConstraint(
            "(revoked_at IS NULL) = (revoked_by IS NULL)", name=op.f("ck_delegations_revocation_paired")
        ),
        sa.CheckConstraint("revoked_at >= made_at", name=op.f("ck_delegations_revoked_after_made")),
        sa.ForeignKeyConstraint(["lender_id"], ["staff.id"], name=op.f("fk_delegations_lender_id")),
        sa.ForeignKeyConstraint(["receiver_id"], ["staff.id"], name=op.f("fk_delegations_receiver_id")),
        sa.ForeignKeyConstraint(["made_by"], ["staff.id"], name=op.f("fk_delegations_made_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delegations")),
    )
    op.create_index(op.f("ix_delegations_lender_id"), "delegations", ["lender_id"], unique=False)
    op.create_index(op.f("ix_delegations_receiver_id"), "delegations", ["receiver_id"], unique=False)
    op.execute(STOOD_FOR)


def _roster() -> None:
    op.create_table(
        "shifts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("duty", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("backup_id", sa.Uuid(), nullable=True),
        _moment("starts_at"),
        _moment("ends_at"),
        sa.Column("made_by", sa.Uuid(), nullable=False),
        _moment("made_at"),
        _moment("withdrawn_at", nullable=True),
        sa.CheckConstraint(
            "duty IN ('night_case_manager', 'night_finance')", name=op.f("ck_shifts_duty_known")
        ),
        sa.CheckConstraint(
            "ends_at > starts_at AND ends_at <= starts_at + interval '7 days'",
            name=op.f("ck_shifts_at_most_7_days"),
        ),
        sa.CheckConstraint("person_id <> backup_id", name=op.f("ck_shifts_backup_is_another")),
        *(
            postgresql.ExcludeConstraint(
                (sa.text("tstzrange(starts_at, ends_at)"), "&&"),
                where=sa.text(f"duty = '{duty}' AND withdrawn_at IS NULL"),
                using="gist",
                name=f"ex_shifts_one_{duty}",
            )
            for duty in ("night_case_manager", "night_finance")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["staff.id"], name=op.f("fk_shifts_person_id")),
        sa.ForeignKeyConstraint(["backup_id"], ["staff.id"], name=op.f("fk_shifts_backup_id")),
        sa.ForeignKeyConstraint(["made_by"], ["staff.id"], name=op.f("fk_shifts_made_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shifts")),
    )
    op.create_index(op.f("ix_shifts_person_id"), "shifts", ["person_id"], unique=False)
    op.create_index(op.f("ix_shifts_backup_id"), "shifts", ["backup_id"], unique=False)
    op.create_index("ix_shifts_ends_at", "shifts", ["ends_at"], unique=False)
    op.create_table(
        "hand_overs",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("shift_id", sa.Uuid(), nullable=False),
        sa.Column("from_id", sa.Uuid(), nullable=False),
        sa.Column("to_id", sa.Uuid(), nullable=False),
        sa.Column("note", sa.LargeBinary(), nullable=False),
        _moment("offered_at"),
        sa.Column("outcome", sa.Text(), nullable=True),
        _moment("closed_at", nullable=True),
        sa.CheckConstraint("from_id <> to_id", name=op.f("ck_hand_overs_to_another")),
        sa.CheckConstraint(
            "(outcome IS NULL) = (closed_at IS NULL) AND outcome IN ('accepted', 'declined', 'withdrawn')",
            name=op.f("ck_hand_overs_outcome_known"),
        ),
        sa.ForeignKeyConstraint(["shift_id"], ["shifts.id"], name=op.f("fk_hand_overs_shift_id")),
        sa.ForeignKeyConstraint(["from_id"], ["staff.id"], name=op.f("fk_hand_overs_from_id")),
        sa.ForeignKeyConstraint(["to_id"], ["staff.id"], name=op.f("fk_hand_overs_to_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hand_overs")),
    )
    op.create_index(op.f("ix_hand_overs_shift_id"), "hand_overs", ["shift_id"], unique=False)
    op.create_index(
        "uq_hand_overs_one_open",
        "hand_overs",
        ["shift_id"],
        unique=True,
        postgresql_where=sa.text("outcome IS NULL"),
    )


def _programs() -> None:
    op.create_table(
        "api_tokens",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("token_hash", sa.Text(), nullable=False),
        sa.Column("hint", sa.Text(), nullable=False),
        sa.Column("scopes", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("made_by", sa.Uuid(), nullable=False),
        _moment("made_at"),
        _moment("ends_at"),
        _moment("used_at", nullable=True),
        _moment("revoked_at", nullable=True),
        sa.CheckConstraint(
            "ends_at > made_at AND ends_at <= made_at + interval '365 days'", name=op.f("ck_api_tokens_ends")
        ),
        sa.CheckConstraint("jsonb_array_length(scopes) > 0", name=op.f("ck_api_tokens_allows_something")),
        sa.CheckConstraint("token_hash ~ '^[0-9a-f]{64}$'", name=op.f("ck_api_tokens_hash_only")),
        sa.CheckConstraint("made_by <> owner_id", name=op.f("ck_api_tokens_owner_is_another")),
        sa.ForeignKeyConstraint(["owner_id"], ["staff.id"], name=op.f("fk_api_tokens_owner_id")),
        sa.ForeignKeyConstraint(["made_by"], ["staff.id"], name=op.f("fk_api_tokens_made_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_tokens")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_api_tokens_token_hash")),
    )
    op.create_index(op.f("ix_api_tokens_owner_id"), "api_tokens", ["owner_id"], unique=False)
    op.create_table(
        "provider_visits",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("state_hash", sa.Text(), nullable=False),
        sa.Column("browser_hash", sa.Text(), nullable=False),
        sa.Column("nonce", sa.LargeBinary(), nullable=False),
        sa.Column("verifier", sa.LargeBinary(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=True),
        sa.Column("goes_to", sa.Text(), nullable=False),
        _moment("made_at"),
        _moment("ends_at"),
        sa.CheckConstraint(
            "purpose IN ('sign_in', 'step_up')", name=op.f("ck_provider_visits_purpose_known")
        ),
        sa.CheckConstraint(
            "(purpose = 'step_up') = (staff_id IS NOT NULL)",
            name=op.f("ck_provider_visits_step_up_of_someone"),
        ),
        sa.CheckConstraint(
            "ends_at <= made_at + interval '10 minutes'", name=op.f("ck_provider_visits_ten_minutes")
        ),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_provider_visits_staff_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_provider_visits")),
        sa.UniqueConstraint("state_hash", name=op.f("uq_provider_visits_state_hash")),
    )
    op.create_index(op.f("ix_provider_visits_ends_at"), "provider_visits", ["ends_at"], unique=False)


def _staff_changes() -> None:
    """A person, a role, a way into an account: one asks, another confirms."""
    op.create_table(
        "staff_changes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=True),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("made_by", sa.Uuid(), nullable=False),
        _moment("made_at"),
        sa.Column("alone", sa.Boolean(), nullable=False),
        sa.Column("confirmed_by", sa.Uuid(), nullable=True),
        _moment("confirmed_at", nullable=True),
        _moment("withdrawn_at", nullable=True),
        *(
            sa.CheckConstraint(rule, name=op.f(f"ck_staff_changes_{name}"))
            for name, rule in (
                ("kind_known", "kind IN ('add', 'roles', 'reach', 'code')"),
                ("two_people", "confirmed_by <> made_by"),
                ("not_about_themselves", "confirmed_by <> staff_id"),
                (
                    "confirmed_by_someone",
                    "(confirmed_by IS NOT NULL) = (confirmed_at IS NOT NULL AND NOT alone)",
                ),
                ("alone_at_once", "NOT alone OR confirmed_at IS NOT NULL"),
                ("one_end", "confirmed_at IS NULL OR withdrawn_at IS NULL"),
                ("person_known", "(staff_id IS NULL) = (kind = 'add' AND confirmed_at IS NULL)"),
                ("in_order", "confirmed_at >= made_at AND withdrawn_at >= made_at"),
            )
        ),
        *(
            sa.ForeignKeyConstraint([column], ["staff.id"], name=op.f(f"fk_staff_changes_{column}"))
            for column in ("staff_id", "made_by", "confirmed_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_changes")),
    )
    op.create_index(op.f("ix_staff_changes_staff_id"), "staff_changes", ["staff_id"], unique=False)
    op.create_index(
        "uq_staff_changes_one_open",
        "staff_changes",
        ["staff_id", "kind"],
        unique=True,
        postgresql_where=sa.text("confirmed_at IS NULL AND withdrawn_at IS NULL"),
    )


def _two_people() -> None:
    """Dual control counts a person and everyone they stand for as one, and every author of every version."""
    for name in ("authors", "approved_for", "released_for"):
        op.add_column("awards", _people(name))
    op.execute(
        "UPDATE awards a SET authors = (SELECT array_agg(DISTINCT who) FROM ("
        "SELECT a.requested_by AS who UNION SELECT submitted_by FROM request_versions v "
        "WHERE v.request_id = a.request_id) every)"
    )
    for name in ("author_never_approves", "author_never_releases", "two_finance_people_above_limit"):
        op.drop_constraint(op.f(f"ck_awards_{name}"), "awards", type_="check")
    for verb, name in (("approved", "author_never_approves"), ("released", "author_never_releases")):
        op.create_check_constraint(
            op.f(f"ck_awards_{name}"),
            "awards",
            f"{verb}_by IS NULL OR NOT (authors || requested_by || submitted_by) && ({verb}_for || {verb}_by)",
        )
        op.create_check_constraint(
            op.f(f"ck_awards_{verb}_for_someone"), "awards", f"{verb}_by IS NOT NULL OR {verb}_for = '{{}}'"
        )
    op.create_check_constraint(
        op.f("ck_awards_two_finance_people_above_limit"),
        "awards",
        "released_by IS NULL OR ceiling_cents <= small_limit_cents "
        "OR NOT (approved_for || approved_by) && (released_for || released_by)",
    )
    for name in ("recorded_for", "verified_for"):
        op.add_column("logged_payments", _people(name))
    op.drop_constraint(op.f("ck_logged_payments_verifier_is_another"), "logged_payments", type_="check")
    op.create_check_constraint(
        op.f("ck_logged_payments_verifier_is_another"),
        "logged_payments",
        "verifier IS NULL OR NOT (recorded_for || recorder) && (verified_for || verifier)",
    )
    for table, function, body in (
        ("awards", "award_people_are_whole", AWARD_PEOPLE),
        ("logged_payments", "logged_people_are_whole", LOGGED_PEOPLE),
    ):
        op.execute(body)
        op.execute(
            f"CREATE TRIGGER {function} BEFORE INSERT OR UPDATE ON {table} "
            f"FOR EACH ROW EXECUTE FUNCTION {function}()"
        )
