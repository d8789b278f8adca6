"""A key for each family; sealed values bound to their row.

What was sealed before stays as it is and still opens; it gets its family's key when its row is next written,
or from `reunify keys rotate`.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from reunify.migrations import guards

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_FORMS = ("docx", "pdf", "ics")

# The same letter of two families was kept once: each family now has its own copy.
COPY_BLOBS = """
INSERT INTO files_blobs (keeper, sha256, content, size, media_type, kept_at)
SELECT DISTINCT d.request_id, b.sha256, b.content, b.size, b.media_type, b.kept_at
FROM documents d JOIN files_blobs b ON b.sha256 IN (d.docx_sha256, d.pdf_sha256, d.ics_sha256)
WHERE b.keeper IS NULL"""

REQUEST_OF_PAYMENT = """
UPDATE logged_payments p SET request_id = a.request_id
FROM instructions i JOIN awards a ON a.id = i.award_id WHERE i.id = p.instruction_id"""


def upgrade() -> None:
    op.create_table(
        "family_keys",
        sa.Column("keeper", sa.Uuid(), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=True),
        sa.Column("ring_key", sa.SmallInteger(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.Column("destroyed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(wrapped IS NULL) = (destroyed_at IS NOT NULL)",
            name=op.f("ck_family_keys_wrapped_until_destroyed"),
        ),
        sa.CheckConstraint(
            "(wrapped IS NULL) = (ring_key IS NULL)", name=op.f("ck_family_keys_ring_key_paired")
        ),
        sa.CheckConstraint(
            "get_byte(wrapped, 1) = ring_key", name=op.f("ck_family_keys_ring_key_as_wrapped")
        ),
        sa.PrimaryKeyConstraint("keeper", name=op.f("pk_family_keys")),
    )
    op.create_index(op.f("ix_family_keys_ring_key"), "family_keys", ["ring_key"])
    for statement in guards.statements(["family_keys"]):
        op.execute(statement)
    op.add_column("audit_entries", sa.Column("family", sa.Uuid(), nullable=True))
    _own_files()
    _payments_know_their_request()


def _own_files() -> None:
    for form in _FORMS:
        op.drop_constraint(op.f(f"fk_documents_{form}_sha256"), "documents", type_="foreignkey")
    op.drop_constraint(op.f("pk_files_blobs"), "files_blobs", type_="primary")
    op.add_column("files_blobs", sa.Column("keeper", sa.Uuid(), nullable=True))
    op.execute(COPY_BLOBS)
    op.execute("DELETE FROM files_blobs WHERE keeper IS NULL")
    op.alter_column("files_blobs", "keeper", nullable=False)
    op.create_primary_key(op.f("pk_files_blobs"), "files_blobs", ["keeper", "sha256"])
    for form in _FORMS:
        op.create_foreign_key(
            op.f(f"fk_documents_request_id_{form}_sha256"),
            "documents",
            "files_blobs",
            ["request_id", f"{form}_sha256"],
            ["keeper", "sha256"],
        )


def _payments_know_their_request() -> None:
    op.add_column("logged_payments", sa.Column("request_id", sa.Uuid(), nullable=True))
    op.execute(REQUEST_OF_PAYMENT)
    op.alter_column("logged_payments", "request_id", nullable=False)
    op.create_foreign_key(
        op.f("fk_logged_payments_request_id"), "logged_payments", "requests", ["request_id"], ["id"]
    )
