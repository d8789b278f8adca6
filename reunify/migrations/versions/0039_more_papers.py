"""Papers for funders, partners and carriers are kept; the family is told of payments and of the end."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None

_KEPT = (
    "kind IN ('approval_letter', 'refusal_letter', 'information_request', 'itinerary', 'payment_advice', 'closeout_letter', "
    "'funder_request', 'partner_request', 'minor_request', 'supervision_request')"
)
_STAY = "revision = 0 OR (revision > 0 AND kind NOT IN ('approval_letter', 'refusal_letter', 'information_request'))"
_ONCE = ["request_id", "number", "kind", "language", "award_digest", "household", "revision", "concerning"]


def upgrade() -> None:
    """A paper may be one of several of its kind for one request."""
    op.add_column("documents", sa.Column("concerning", sa.Text(), server_default="", nullable=False))
    op.drop_constraint("uq_documents_once", "documents", type_="unique")
    op.create_unique_constraint("uq_documents_once", "documents", _ONCE, postgresql_nulls_not_distinct=True)
    op.drop_constraint(op.f("ck_documents_kind_known"), "documents", type_="check")
    op.create_check_constraint(op.f("ck_documents_kind_known"), "documents", _KEPT)
    op.drop_constraint(op.f("ck_documents_only_the_plan_is_revised"), "documents", type_="check")
    op.create_check_constraint(op.f("ck_documents_letters_stay"), "documents", _STAY)
