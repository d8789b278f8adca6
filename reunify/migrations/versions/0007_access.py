"""Whose case it is, cases opened in an emergency, and true names told by order."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from reunify.migrations import guards

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

TABLES = ("case_openings", "disclosures", "disclosed_cases")


def upgrade() -> None:
    """Every case so far is its requester's, and of the requester's team."""
    op.add_column("requests", sa.Column("handled_by", sa.Uuid(), nullable=True))
    op.add_column("requests", sa.Column("team", sa.Text(), nullable=True))
    op.execute(
        "UPDATE requests SET handled_by = requested_by,"
        " team = (SELECT team FROM staff WHERE staff.id = requests.requested_by)"
    )
    op.alter_column("requests", "handled_by", nullable=False)
    op.create_foreign_key(op.f("fk_requests_handled_by"), "requests", "staff", ["handled_by"], ["id"])
    op.create_index(op.f("ix_requests_handled_by"), "requests", ["handled_by"])
    op.create_index(op.f("ix_requests_team"), "requests", ["team"])
    op.create_table(
        "case_openings",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("opened_by", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.LargeBinary(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_by", sa.Uuid(), nullable=True),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("ends_at > opened_at", name=op.f("ck_case_openings_ends_after_it_opens")),
        sa.ForeignKeyConstraint(["request_id"], ["requests.id"], name=op.f("fk_case_openings_request_id")),
        sa.ForeignKeyConstraint(["opened_by"], ["staff.id"], name=op.f("fk_case_openings_opened_by")),
        sa.ForeignKeyConstraint(["seen_by"], ["staff.id"], name=op.f("fk_case_openings_seen_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_openings")),
    )
    op.create_index(op.f("ix_case_openings_request_id"), "case_openings", ["request_id"])
    op.create_index(op.f("ix_case_openings_opened_by"), "case_openings", ["opened_by"])
    op.add_column("family_links", sa.Column("opening_id", sa.Uuid(), nullable=True))
    op.create_index(op.f("ix_family_links_opening_id"), "family_links", ["opening_id"])
    op.create_table(
        "disclosures",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("reader_id", sa.Uuid(), nullable=False),
        sa.Column("asked_by", sa.LargeBinary(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("paper", sa.LargeBinary(), nullable=False),
        sa.Column("file_keeper", sa.Uuid(), nullable=False),
        sa.Column("file_sha256", sa.Text(), nullable=False),
        sa.Column("shown_sha256", sa.Text(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("proposed_by", sa.Uuid(), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_by", sa.Uuid(), nullable=True),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.Uuid(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "basis IN ('agency_head', 'court_order')", name=op.f("ck_disclosures_basis_known")
        ),
        sa.CheckConstraint(
            "ends_at > starts_at AND ends_at <= starts_at + interval '30 days'",
            name=op.f("ck_disclosures_thirty_days_at_most"),
        ),
        sa.CheckConstraint(
            "confirmed_by <> proposed_by AND reader_id <> proposed_by AND reader_id <> confirmed_by",
            name=op.f("ck_disclosures_three_different_people"),
        ),
        sa.CheckConstraint(
            "num_nonnulls(confirmed_by, confirmed_at) <> 1", name=op.f("ck_disclosures_confirmed_whole")
        ),
        sa.CheckConstraint("num_nonnulls(ended_by, ended_at) <> 1", name=op.f("ck_disclosures_ended_whole")),
        sa.CheckConstraint(
            "file_keeper = '00000000-0000-0000-0000-000000000000'",
            name=op.f("ck_disclosures_house_keeps_its_paper"),
        ),
        sa.ForeignKeyConstraint(
            ["file_keeper", "file_sha256"],
            ["files_blobs.keeper", "files_blobs.sha256"],
            name=op.f("fk_disclosures_file_keeper_file_sha256"),
        ),
        sa.ForeignKeyConstraint(
            ["file_keeper", "shown_sha256"],
            ["files_blobs.keeper", "files_blobs.sha256"],
            name=op.f("fk_disclosures_file_keeper_shown_sha256"),
        ),
        sa.ForeignKeyConstraint(["reader_id"], ["staff.id"], name=op.f("fk_disclosures_reader_id")),
        sa.ForeignKeyConstraint(["proposed_by"], ["staff.id"], name=op.f("fk_disclosures_proposed_by")),
        sa.ForeignKeyConstraint(["confirmed_by"], ["staff.id"], name=op.f("fk_disclosures_confirmed_by")),
        sa.ForeignKeyConstraint(["ended_by"], ["staff.id"], name=op.f("fk_disclosures_ended_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_disclosures")),
    )
    op.create_index(op.f("ix_disclosures_reader_id"), "disclosures", ["reader_id"])
    op.create_table(
        "disclosed_cases",
        sa.Column("disclosure_id", sa.Uuid(), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("told_by", sa.Uuid(), nullable=True),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("num_nonnulls(told_by, told_at) <> 1", name=op.f("ck_disclosed_cases_told_whole")),
        sa.ForeignKeyConstraint(
            ["disclosure_id"], ["disclosures.id"], name=op.f("fk_disclosed_cases_disclosure_id")
        ),
        sa.ForeignKeyConstraint(["request_id"], ["requests.id"], name=op.f("fk_disclosed_cases_request_id")),
        sa.ForeignKeyConstraint(["told_by"], ["staff.id"], name=op.f("fk_disclosed_cases_told_by")),
        sa.PrimaryKeyConstraint("disclosure_id", "request_id", name=op.f("pk_disclosed_cases")),
    )
    op.create_index(op.f("ix_disclosed_cases_request_id"), "disclosed_cases", ["request_id"])
    for statement in guards.statements(TABLES):
        op.execute(statement)
