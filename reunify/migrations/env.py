"""What Alembic runs for each command. The connection is the caller's; the tables are those of every room."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import context

from reunify.db import Base


def run() -> None:
    connection: sa.Connection | None = context.config.attributes.get("connection")
    if connection is None:
        raise RuntimeError("call reunify.migrations.upgrade(owner_url); there is no alembic.ini")
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        transaction_per_migration=True,
        compare_type=True,
    )
    with context.begin_transaction():
        context.run_migrations()


run()
