"""The rules in the database: drafts, frozen versions, every move of a version, replays, what is in force."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from reunify.migrations import guards

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

TABLES = ("rule_drafts", "rule_versions", "rule_replays", "rule_moves", "rule_in_force")

KNOWN_MOVES = (
    "'(new) submit in_review', '(new) register in_review', 'draft submit in_review', "
    "'in_review take_on in_review', 'in_review send_back draft', 'in_review approve approved', "
    "'in_review approve_suspended suspended', 'draft withdraw retired', 'in_review withdraw retired', "
    "'approved replace retired', 'suspended replace retired', 'retired submit in_review', "
    "'retired register in_review', 'approved ask_retirement approved', "
    "'suspended ask_retirement suspended', 'approved retire retired', 'suspended retire retired', "
    "'approved ask_suspension approved', 'approved confirm_suspension suspended', "
    "'suspended ask_resumption suspended', 'suspended confirm_resumption approved', "
    "'approved withdraw_retirement_ask approved', 'suspended withdraw_retirement_ask suspended', "
    "'approved withdraw_suspension_ask approved', 'suspended withdraw_resumption_ask suspended'"
)
APPROVES = "verb IN ('approve', 'approve_suspended')"
CONFIRMS = "verb IN ('retire', 'confirm_suspension', 'confirm_resumption')"

# A CHECK sees one row. These look at the others: the move follows the newest one, the second person follows a
# first one whose ask nobody withdrew, nobody's stand-in is left out, and what is approved was replayed after it was submitted.
MOVE_HOLDS = """
CREATE FUNCTION rule_move_holds() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  version rule_versions;
  newest rule_moves;
  submitted rule_moves;
  first_person rule_moves;
  changed_at bigint;
  wanted text;
  wrong text;
BEGIN
  SELECT * INTO version FROM rule_versions WHERE sha256 = NEW.sha256;
  PERFORM pg_advisory_xact_lock(20012, hashtext(version.source));
  SELECT * INTO newest FROM rule_moves WHERE sha256 = NEW.sha256 ORDER BY sequence DESC LIMIT 1;
  SELECT * INTO submitted FROM rule_moves
    WHERE sha256 = NEW.sha256 AND verb IN ('submit', 'register') ORDER BY sequence DESC LIMIT 1;
  SELECT max(sequence) INTO changed_at FROM rule_moves
    WHERE sha256 = NEW.sha256 AND from_state IS DISTINCT FROM to_state;
  wanted := CASE NEW.verb
    WHEN 'approve' THEN 'take_on' WHEN 'approve_suspended' THEN 'take_on'
    WHEN 'retire' THEN 'ask_retirement' WHEN 'confirm_suspension' THEN 'ask_suspension'
    WHEN 'confirm_resumption' THEN 'ask_resumption' WHEN 'withdraw_retirement_ask' THEN 'ask_retirement'
    WHEN 'withdraw_suspension_ask' THEN 'ask_suspension'
    WHEN 'withdraw_resumption_ask' THEN 'ask_resumption' END;
  SELECT * INTO first_person FROM rule_moves
    WHERE sha256 = NEW.sha256 AND verb IN (wanted, replace(wanted, 'ask_', 'withdraw_') || '_ask')
      AND sequence > changed_at ORDER BY sequence DESC LIMIT 1;
  IF first_person.verb <> wanted THEN first_person := NULL; END IF;

  IF newest.to_state IS DISTINCT FROM NEW.from_state THEN
    wrong := 'ck_rule_moves_follows_the_newest';
  ELSIF NEW.at < newest.at THEN
    wrong := 'ck_rule_moves_in_order';
  ELSIF (NEW.verb = 'register' AND (version.author IS NOT NULL OR newest.verb <> 'withdraw'))
     OR (NEW.verb = 'submit' AND version.author IS NULL AND newest IS NULL) THEN
    wrong := 'ck_rule_moves_written_or_shipped';
  ELSIF NEW.moved_by IS NOT NULL AND NOT NEW.moved_for @> stood_for(NEW.moved_by, NEW.at) THEN
    wrong := 'ck_rule_moves_moved_for_whole';
  ELSIF NEW.asked_by IS NOT NULL AND (
    first_person.moved_by IS DISTINCT FROM NEW.asked_by OR NOT NEW.asked_for @> first_person.moved_for
    OR NOT NEW.asked_for @> stood_for(NEW.asked_by, NEW.at)
  ) THEN
    wrong := 'ck_rule_moves_asked_first';
  ELSIF NEW.verb LIKE 'withdraw%ask' AND first_person.sequence IS NULL THEN
    wrong := 'ck_rule_moves_withdrawn_after_asking';
  ELSIF NEW.verb IN ('approve', 'approve_suspended') THEN
    IF NOT NEW.authors @> (
      SELECT coalesce(array_agg(DISTINCT author), '{}') FROM rule_moves, unnest(authors) AS author
      WHERE sha256 = NEW.sha256 AND verb = 'submit'
    ) THEN
      wrong := 'ck_rule_moves_authors_whole';
    ELSIF submitted.verb = 'register' AND NEW.asked_by IS NULL THEN
      wrong := 'ck_rule_moves_shipped_needs_two';
    ELSIF NEW.verb = 'approve' AND (
      EXISTS (SELECT FROM rule_in_force WHERE source = version.source AND state = 'suspended')
      OR EXISTS (
        SELECT FROM rule_moves JOIN rule_versions ON rule_versions.sha256 = rule_moves.sha256
        WHERE rule_versions.source = version.source AND rule_moves.verb = 'replace'
          AND rule_moves.from_state = 'suspended' AND rule_moves.at = NEW.at
      )
    ) THEN
      wrong := 'ck_rule_moves_stays_suspended';
    ELSIF NEW.replay_id IS NULL AND NOT (version.wording_only AND EXISTS (
      SELECT FROM rule_moves JOIN rule_versions ON rule_versions.sha256 = rule_moves.sha256
      WHERE rule_moves.sha256 = version.based_on AND rule_moves.verb = 'replace' AND rule_moves.at = NEW.at
        AND rule_versions.source = version.source AND rule_versions.effective_from = version.effective_from
    )) THEN
      wrong := 'ck_rule_moves_replayed';
    ELSIF NEW.replay_id IS NOT NULL AND NOT EXISTS (
      SELECT FROM rule_replays
      WHERE id = NEW.replay_id AND since IS NULL AND follows IS NULL AND state = 'done'
        AND finished_at >= submitted.at AND fields_sha256 = NEW.fields_sha256
    ) THEN
      wrong := 'ck_rule_moves_replayed';
    END IF;
  END IF;
  IF wrong IS NULL THEN RETURN NEW; END IF;
  RAISE EXCEPTION USING ERRCODE = 'check_violation', CONSTRAINT = wrong, TABLE = TG_TABLE_NAME,
    MESSAGE = 'A move of a rule version follows the newest one, names everyone, and what is approved was replayed.';
END $$"""
# The report that an approval rests on is what the flow wrote: nobody writes it otherwise, or a step too early.
REPLAY_HOLDS = """
CREATE FUNCTION rule_replay_holds() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  wrong text;
BEGIN
  IF TG_OP = 'INSERT' THEN
    IF NEW.state <> 'waiting' THEN wrong := 'ck_rule_replays_begins_waiting'; END IF;
  ELSIF OLD.state IN ('done', 'failed') THEN
    wrong := 'ck_rule_replays_final';
  ELSIF (NEW.id, NEW.sha256, NEW.since, NEW.follows, NEW.asked_by, NEW.asked_at)
    IS DISTINCT FROM (OLD.id, OLD.sha256, OLD.since, OLD.follows, OLD.asked_by, OLD.asked_at) THEN
    wrong := 'ck_rule_replays_asked_once';
  ELSIF OLD.state || ' ' || NEW.state NOT IN
    ('waiting waiting', 'waiting running', 'running running', 'running done', 'running failed') THEN
    wrong := 'ck_rule_replays_in_order';
  ELSIF NEW.begun_at < NEW.asked_at THEN
    wrong := 'ck_rule_replays_in_order';
  ELSIF NEW.state IN ('done', 'failed')
    AND (NEW.begun_at, NEW.fields_sha256) IS DISTINCT FROM (OLD.begun_at, OLD.fields_sha256) THEN
    wrong := 'ck_rule_replays_final';
  END IF;
  IF wrong IS NULL THEN RETURN NEW; END IF;
  RAISE EXCEPTION USING ERRCODE = 'check_violation', CONSTRAINT = wrong, TABLE = TG_TABLE_NAME,
    MESSAGE = 'A replay waits, runs and ends; what was asked for, and what it reported, never changes.';
END $$"""
# With the owner's rights: the application itself may only read what is in force. A change waits for the checks
# that act on what it ends (reunify/rules/moving.py, keep_in_force).
IN_FORCE_FOLLOWS = """
CREATE FUNCTION rule_in_force_follows() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF NEW.from_state IS DISTINCT FROM NEW.to_state THEN
    PERFORM pg_advisory_xact_lock(20013);
  END IF;
  IF NEW.to_state IN ('approved', 'suspended') THEN
    INSERT INTO rule_in_force (source, effective_from, sha256, state, since)
    SELECT source, effective_from, sha256, NEW.to_state, NEW.at FROM rule_versions WHERE sha256 = NEW.sha256
    ON CONFLICT (sha256) DO UPDATE SET state = EXCLUDED.state, since = EXCLUDED.since
    WHERE rule_in_force.state <> EXCLUDED.state;
  ELSE
    DELETE FROM rule_in_force WHERE sha256 = NEW.sha256;
  END IF;
  RETURN NULL;
END $$"""


def _people(name: str) -> sa.Column[object]:
    return sa.Column(name, postgresql.ARRAY(sa.Uuid()), server_default="{}", nullable=False)


def _moment(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=nullable)


def _uuid(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.Uuid(), nullable=nullable)


def upgrade() -> None:
    """The rules a release ships are registered by `reunify rules load`, and approved by two people."""
    op.execute("SET LOCAL lock_timeout = '5s'")
    _drafts()
    _versions()
    _replays()
    _moves()
    _in_force()
    for statement in guards.statements(TABLES):
        op.execute(statement)
    op.execute(f"REVOKE INSERT, UPDATE, DELETE ON rule_in_force FROM {guards.APP_ROLE}")
    op.execute(f"REVOKE DELETE ON rule_replays FROM {guards.APP_ROLE}")


def _drafts() -> None:
    op.create_table(
        "rule_drafts",
        _uuid("id"),
        _text("source"),
        sa.Column("effective_from", sa.Date(), nullable=False),
        _text("rules"),
        sa.Column("tables", postgresql.JSONB(), nullable=False),
        _text("examples"),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        _text("based_on", nullable=True),
        _uuid("started_by"),
        _people("authors"),
        _text("state"),
        _moment("started_at"),
        _moment("saved_at"),
        sa.CheckConstraint(
            "state IN ('open', 'submitted', 'abandoned')", name=op.f("ck_rule_drafts_state_known")
        ),
        sa.CheckConstraint("revision >= 1", name=op.f("ck_rule_drafts_revision_counted")),
        sa.CheckConstraint("started_by = ANY (authors)", name=op.f("ck_rule_drafts_starter_is_an_author")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rule_drafts")),
        sa.ForeignKeyConstraint(["based_on"], ["rule_files.sha256"], name=op.f("fk_rule_drafts_based_on")),
        sa.ForeignKeyConstraint(["started_by"], ["staff.id"], name=op.f("fk_rule_drafts_started_by")),
    )
    op.create_index(op.f("ix_rule_drafts_source"), "rule_drafts", ["source"])


def _versions() -> None:
    op.create_table(
        "rule_versions",
        _text("sha256"),
        _text("source"),
        sa.Column("effective_from", sa.Date(), nullable=False),
        sa.Column("effective_to", sa.Date(), nullable=True),
        _uuid("author", nullable=True),
        _uuid("draft_id", nullable=True),
        _text("based_on", nullable=True),
        sa.Column("wording_only", sa.Boolean(), nullable=False),
        _moment("at"),
        sa.CheckConstraint(
            "effective_to >= effective_from", name=op.f("ck_rule_versions_ends_after_it_begins")
        ),
        sa.CheckConstraint(
            "(author IS NULL) = (draft_id IS NULL)", name=op.f("ck_rule_versions_written_or_shipped")
        ),
        sa.CheckConstraint("based_on <> sha256", name=op.f("ck_rule_versions_not_based_on_itself")),
        sa.CheckConstraint(
            "NOT wording_only OR based_on IS NOT NULL", name=op.f("ck_rule_versions_wording_of_something")
        ),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_rule_versions")),
        sa.UniqueConstraint("sha256", "source", "effective_from", name="uq_rule_versions_slot"),
        sa.ForeignKeyConstraint(["sha256"], ["rule_files.sha256"], name=op.f("fk_rule_versions_sha256")),
        sa.ForeignKeyConstraint(["author"], ["staff.id"], name=op.f("fk_rule_versions_author")),
        sa.ForeignKeyConstraint(["draft_id"], ["rule_drafts.id"], name=op.f("fk_rule_versions_draft_id")),
        sa.ForeignKeyConstraint(
            ["based_on"], ["rule_versions.sha256"], name=op.f("fk_rule_versions_based_on")
        ),
    )
    op.create_index(op.f("ix_rule_versions_source"), "rule_versions", ["source"])


def _replays() -> None:
    op.create_table(
        "rule_replays",
        _uuid("id"),
        _text("sha256"),
        sa.Column("since", sa.Date(), nullable=True),
        _uuid("follows", nullable=True),
        _text("fields_sha256", nullable=True),
        _uuid("asked_by", nullable=True),
        _text("state"),
        sa.Column("report", postgresql.JSONB(none_as_null=True), nullable=True),
        _moment("asked_at"),
        _moment("begun_at", nullable=True),
        _moment("finished_at", nullable=True),
        _text("run", nullable=True),
        sa.CheckConstraint(
            "state IN ('waiting', 'running', 'done', 'failed')", name=op.f("ck_rule_replays_state_known")
        ),
        sa.CheckConstraint(
            "(state = 'done') = (report IS NOT NULL)", name=op.f("ck_rule_replays_report_when_done")
        ),
        sa.CheckConstraint(
            "(state = 'waiting') = (begun_at IS NULL)", name=op.f("ck_rule_replays_begun_unless_waiting")
        ),
        sa.CheckConstraint(
            "(state IN ('done', 'failed')) = (finished_at IS NOT NULL)",
            name=op.f("ck_rule_replays_finished_paired"),
        ),
        sa.CheckConstraint("finished_at >= begun_at", name=op.f("ck_rule_replays_ends_after_it_begins")),
        sa.CheckConstraint(
            "(fields_sha256 IS NULL) = (begun_at IS NULL)", name=op.f("ck_rule_replays_dictionary_when_begun")
        ),
        sa.CheckConstraint("follows IS NULL OR since IS NULL", name=op.f("ck_rule_replays_follows_or_since")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rule_replays")),
        sa.UniqueConstraint("id", "sha256", name="uq_rule_replays_of_version"),
        sa.ForeignKeyConstraint(["sha256"], ["rule_versions.sha256"], name=op.f("fk_rule_replays_sha256")),
        sa.ForeignKeyConstraint(["asked_by"], ["staff.id"], name=op.f("fk_rule_replays_asked_by")),
        sa.ForeignKeyConstraint(["follows"], ["rule_replays.id"], name=op.f("fk_rule_replays_follows")),
    )
    op.create_index(op.f("ix_rule_replays_sha256"), "rule_replays", ["sha256"])
    op.create_index(
        "uq_rule_replays_one_unfinished",
        "rule_replays",
        ["sha256"],
        unique=True,
        postgresql_where=sa.text("state IN ('waiting', 'running') AND follows IS NULL"),
    )
    op.execute(REPLAY_HOLDS)
    op.execute(
        "CREATE TRIGGER rule_replay_holds BEFORE INSERT OR UPDATE ON rule_replays "
        "FOR EACH ROW EXECUTE FUNCTION rule_replay_holds()"
    )


def _moves() -> None:
    keys = {
        "sha256": "rule_versions.sha256",
        "moved_by": "staff.id",
        "asked_by": "staff.id",
        "examples_sha256": "rule_files.sha256",
        "fields_sha256": "rule_files.sha256",
        "draft_id": "rule_drafts.id",
    }
    checks = {
        "move_known": f"coalesce(from_state, '(new)') || ' ' || verb || ' ' || to_state IN ({KNOWN_MOVES})",
        "moved_by_someone": "(moved_by IS NULL) = (verb = 'register')",
        "moved_for_someone": "moved_by IS NOT NULL OR moved_for = '{}'",
        "asked_for_someone": "asked_by IS NOT NULL OR asked_for = '{}'",
        "submitter_is_an_author": "(verb = 'submit') <= (moved_by = ANY (authors))",
        "examples_when_submitted": "(verb IN ('submit', 'register')) = (examples_sha256 IS NOT NULL)",
        "draft_when_submitted": "(verb = 'submit') = (draft_id IS NOT NULL)",
        "dictionary_when_approved": f"({APPROVES}) = (fields_sha256 IS NOT NULL)",
        "author_never_approves": f"NOT ({APPROVES}) OR NOT authors && (moved_for || moved_by)",
        "shipped_needs_two": f"NOT ({APPROVES}) OR authors <> '{{}}' OR asked_by IS NOT NULL",
        "confirmed_after_asking": f"NOT ({CONFIRMS}) OR asked_by IS NOT NULL",
        "asker_never_confirms": (
            "asked_by IS NULL OR NOT (asked_for || asked_by) && (moved_for || moved_by)"
        ),
    }
    op.create_table(
        "rule_moves",
        sa.Column("sequence", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        _text("sha256"),
        _text("verb"),
        _text("from_state", nullable=True),
        _text("to_state"),
        _uuid("moved_by", nullable=True),
        _people("moved_for"),
        _uuid("asked_by", nullable=True),
        _people("asked_for"),
        _people("authors"),
        _text("reason"),
        _text("examples_sha256", nullable=True),
        _text("fields_sha256", nullable=True),
        _uuid("replay_id", nullable=True),
        _uuid("draft_id", nullable=True),
        sa.Column("typed", sa.Boolean(), server_default=sa.false(), nullable=False),
        _moment("at"),
        *(sa.CheckConstraint(said, name=op.f(f"ck_rule_moves_{name}")) for name, said in checks.items()),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_rule_moves")),
        *(
            sa.ForeignKeyConstraint([name], [target], name=op.f(f"fk_rule_moves_{name}"))
            for name, target in keys.items()
        ),
        sa.ForeignKeyConstraint(
            ["replay_id", "sha256"],
            ["rule_replays.id", "rule_replays.sha256"],
            name=op.f("fk_rule_moves_replay_id"),
        ),
    )
    op.create_index("ix_rule_moves_newest", "rule_moves", ["sha256", "sequence"])
    op.execute(MOVE_HOLDS)
    op.execute(
        "CREATE TRIGGER rule_move_holds BEFORE INSERT ON rule_moves "
        "FOR EACH ROW EXECUTE FUNCTION rule_move_holds()"
    )


def _in_force() -> None:
    op.create_table(
        "rule_in_force",
        _text("source"),
        sa.Column("effective_from", sa.Date(), nullable=False),
        _text("sha256"),
        _text("state"),
        _moment("since"),
        sa.CheckConstraint("state IN ('approved', 'suspended')", name=op.f("ck_rule_in_force_state_known")),
        sa.PrimaryKeyConstraint("source", "effective_from", name=op.f("pk_rule_in_force")),
        sa.UniqueConstraint("sha256", name=op.f("uq_rule_in_force_sha256")),
        sa.ForeignKeyConstraint(
            ["sha256", "source", "effective_from"],
            ["rule_versions.sha256", "rule_versions.source", "rule_versions.effective_from"],
            name=op.f("fk_rule_in_force_sha256"),
        ),
    )
    op.execute(IN_FORCE_FOLLOWS)
    op.execute(
        "CREATE TRIGGER rule_in_force_follows AFTER INSERT ON rule_moves "
        "FOR EACH ROW EXECUTE FUNCTION rule_in_force_follows()"
    )
