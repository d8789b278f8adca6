"""Consents, protected addresses, links for each household."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from reunify.migrations import guards

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_KINDS = "recipient_kind IN ('processor', 'funder', 'partner', 'carrier', 'agency')"
_WHAT = "what IN ('payment_details', 'travel_details', 'room_details', 'contact_details', 'case_summary')"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    _consents()
    _links()
    _documents_and_payees()
    made = ["consent_asks", "consents", "consent_revocations", "consent_releases", "family_link_vouchers"]
    for statement in guards.statements(made):
        op.execute(statement)


def _consents() -> None:
    op.create_table(
        "consent_asks",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("recipient_kind", sa.Text(), nullable=False),
        sa.Column("recipient", sa.LargeBinary(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(_KINDS, name=op.f("ck_consent_asks_recipient_kind_known")),
        sa.CheckConstraint(_WHAT, name=op.f("ck_consent_asks_what_known")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent_asks")),
    )
    op.create_index(op.f("ix_consent_asks_request_id"), "consent_asks", ["request_id"], unique=False)
    op.create_table(
        "consents",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("ask_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("giver", sa.Text(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("how", sa.Text(), nullable=False),
        sa.Column("text_version", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("signed_name", sa.LargeBinary(), nullable=True),
        sa.Column("link_id", sa.Uuid(), nullable=True),
        sa.Column("witness", sa.Uuid(), nullable=True),
        sa.Column("paper_reference", sa.LargeBinary(), nullable=True),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("answer IN ('yes', 'no')", name=op.f("ck_consents_answer_known")),
        sa.CheckConstraint("how IN ('page', 'paper')", name=op.f("ck_consents_how_known")),
        sa.CheckConstraint("language IN ('en', 'es')", name=op.f("ck_consents_language_known")),
        sa.CheckConstraint(
            "(answer = 'yes') = (ends_at IS NOT NULL) AND (answer = 'yes') = (signed_name IS NOT NULL)",
            name=op.f("ck_consents_yes_is_signed_and_ends"),
        ),
        sa.CheckConstraint(
            "ends_at > given_at AND ends_at <= given_at + interval '366 days'",
            name=op.f("ck_consents_ends_within_a_year"),
        ),
        sa.CheckConstraint(
            "(how = 'page') = (link_id IS NOT NULL)", name=op.f("ck_consents_page_names_its_link")
        ),
        sa.CheckConstraint(
            "how <> 'paper' OR (witness IS NOT NULL AND paper_reference IS NOT NULL)",
            name=op.f("ck_consents_paper_is_witnessed"),
        ),
        sa.ForeignKeyConstraint(["ask_id"], ["consent_asks.id"], name=op.f("fk_consents_ask_id")),
        sa.ForeignKeyConstraint(["link_id"], ["family_links.id"], name=op.f("fk_consents_link_id")),
        sa.ForeignKeyConstraint(["witness"], ["staff.id"], name=op.f("fk_consents_witness")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consents")),
    )
    op.create_index(op.f("ix_consents_request_id"), "consents", ["request_id"], unique=False)
    op.create_index(op.f("ix_consents_ask_id"), "consents", ["ask_id"], unique=False)
    op.create_table(
        "consent_revocations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("consent_id", sa.Uuid(), nullable=False),
        sa.Column("how", sa.Text(), nullable=False),
        sa.Column("taken_by", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("how IN ('page', 'told')", name=op.f("ck_consent_revocations_how_known")),
        sa.ForeignKeyConstraint(
            ["consent_id"], ["consents.id"], name=op.f("fk_consent_revocations_consent_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent_revocations")),
        sa.UniqueConstraint("consent_id", name=op.f("uq_consent_revocations_consent_id")),
    )
    op.create_index(
        op.f("ix_consent_revocations_request_id"), "consent_revocations", ["request_id"], unique=False
    )
    op.create_table(
        "consent_releases",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("recipient_kind", sa.Text(), nullable=False),
        sa.Column("recipient", sa.LargeBinary(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(_KINDS, name=op.f("ck_consent_releases_recipient_kind_known")),
        sa.CheckConstraint(_WHAT, name=op.f("ck_consent_releases_what_known")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent_releases")),
    )
    op.create_index(op.f("ix_consent_releases_request_id"), "consent_releases", ["request_id"], unique=False)


def _links() -> None:
    """A link made before was nobody's in particular: it is closed, and staff make the reader a new one."""
    op.create_table(
        "family_link_vouchers",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("reader", sa.Text(), nullable=False),
        sa.Column("how_known", sa.LargeBinary(), nullable=False),
        sa.Column("vouched_by", sa.Uuid(), nullable=False),
        sa.Column("vouched_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["vouched_by"], ["staff.id"], name=op.f("fk_family_link_vouchers_vouched_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_family_link_vouchers")),
    )
    op.create_index(
        op.f("ix_family_link_vouchers_request_id"), "family_link_vouchers", ["request_id"], unique=False
    )
    op.execute("UPDATE family_links SET revoked_at = now() WHERE revoked_at IS NULL")
    op.add_column("family_links", sa.Column("reader", sa.Text(), nullable=False, server_default="-"))
    op.add_column("family_links", sa.Column("code_index", sa.LargeBinary(), nullable=True))
    op.execute("UPDATE family_links SET code_index = uuid_send(id)")
    op.alter_column("family_links", "code_index", nullable=False)
    op.add_column("family_links", sa.Column("how", sa.Text(), nullable=False, server_default="first"))
    op.alter_column("family_links", "reader", server_default=None)
    op.alter_column("family_links", "how", server_default=None)
    op.add_column("family_links", sa.Column("called_ending", sa.Text(), nullable=True))
    op.add_column("family_links", sa.Column("spoke_with", sa.LargeBinary(), nullable=True))
    op.add_column("family_links", sa.Column("vouched_by", sa.Uuid(), nullable=True))
    op.create_foreign_key(op.f("fk_family_links_vouched_by"), "family_links", "staff", ["vouched_by"], ["id"])
    op.create_unique_constraint(op.f("uq_family_links_code_index"), "family_links", ["code_index"])
    for name, check in (
        ("how_known", "how IN ('first', 'call_back', 'second_person')"),
        (
            "call_back_is_told",
            "how <> 'call_back' OR (called_ending IS NOT NULL AND spoke_with IS NOT NULL)",
        ),
        ("second_person_is_named", "(how = 'second_person') = (vouched_by IS NOT NULL)"),
        ("second_person_is_another", "vouched_by <> made_by"),
    ):
        op.create_check_constraint(op.f(f"ck_family_links_{name}"), "family_links", check)
    op.create_index(
        "uq_family_links_one_open",
        "family_links",
        ["request_id", "reader"],
        unique=True,
        postgresql_where=sa.text("revoked_at IS NULL"),
    )


def _documents_and_payees() -> None:
    """Whose document it is; and a payee may agree on their own page after the request was entered."""
    op.add_column("documents", sa.Column("household", sa.Text(), nullable=False, server_default="home"))
    op.drop_constraint("uq_documents_once", "documents", type_="unique")
    op.create_unique_constraint(
        "uq_documents_once",
        "documents",
        ["request_id", "number", "kind", "language", "award_digest", "household"],
        postgresql_nulls_not_distinct=True,
    )
    op.drop_constraint(op.f("ck_payees_recipient_needs_consent"), "payees", type_="check")
    op.create_check_constraint(
        op.f("ck_payees_recipient_needs_email"), "payees", "stripe_recipient IS NULL OR email IS NOT NULL"
    )
