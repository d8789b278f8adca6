"""The migrations make exactly the tables the code describes, once, whoever runs them at the same time."""

from __future__ import annotations

import threading

import pytest
import sqlalchemy as sa

from reunify.migrations import check, differences, upgrade
from reunify.migrations.guards import APPEND_ONLY, grants, statements


def test_an_empty_database_becomes_what_the_code_describes(blank_owner_url: str) -> None:
    assert check(blank_owner_url) != []
    upgrade(blank_owner_url)
    assert check(blank_owner_url) == []
    assert differences(blank_owner_url) == []


def test_two_processes_may_migrate_at_once(blank_owner_url: str) -> None:
    wrong: list[Exception] = []

    def migrate() -> None:
        try:
            upgrade(blank_owner_url)
        except Exception as error:
            wrong.append(error)

    threads = [threading.Thread(target=migrate) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert wrong == []
    assert check(blank_owner_url) == []


def test_every_append_only_table_refuses_change_by_trigger_and_gives_the_application_no_right(
    owner_url: str,
) -> None:
    engine = sa.create_engine(owner_url, poolclass=sa.NullPool)
    with engine.connect() as connection:
        tables = set(sa.inspect(connection).get_table_names())
        guarded = set(
            connection.scalars(
                sa.text(
                    "SELECT relname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid "
                    "WHERE tgname = relname || '_append_only'"
                )
            )
        )
        may_update = {
            table
            for table in tables
            if connection.scalar(
                sa.text("SELECT has_table_privilege('reunify_app', :table, 'UPDATE, DELETE, TRUNCATE')"),
                {"table": table},
            )
        }
    engine.dispose()
    assert guarded == APPEND_ONLY & tables
    assert not may_update & APPEND_ONLY
    assert "audit_entries" in guarded


def test_the_application_may_never_truncate_nor_reference() -> None:
    (_, given) = grants("payees", is_append_only=False)
    assert given == 'GRANT SELECT, INSERT, UPDATE, DELETE ON "payees" TO reunify_app'


def test_a_name_that_is_no_table_of_ours_is_refused() -> None:
    with pytest.raises(ValueError, match="not the name of a table"):
        statements(['payees"; DROP TABLE payees; --'])
