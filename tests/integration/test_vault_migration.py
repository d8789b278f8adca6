"""An installation from before families had keys: its files get owners, its payments their request."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from alembic import command
from sqlalchemy.orm import Session

from reunify.adapters.embedded_postgres import Urls
from reunify.documents.records import DocumentRecord
from reunify.migrations import config
from reunify.vault import keyring, sealing
from tests.integration import vault_world as world

LETTER = b"a letter"
SHA256 = hashlib.sha256(LETTER).hexdigest()
_ANY: dict[str, Any] = {
    "uuid": uuid4,
    "text": lambda: "x",
    "bigint": lambda: 1,
    "smallint": lambda: 1,
    "boolean": lambda: False,
    "date": lambda: date(2026, 11, 25),
    "timestamp with time zone": lambda: datetime(2026, 11, 25, tzinfo=UTC),
    "bytea": lambda: b"x" * 40,
    "jsonb": lambda: "{}",
    "ARRAY": lambda: "{}",
}


@pytest.fixture
def before(blank_owner_url: str, server: Urls) -> Iterator[sa.Connection]:
    """The database one step earlier, with foreign keys asleep: a test fills only the tables it speaks of."""
    url = sa.make_url(server.superuser).set(database=sa.make_url(blank_owner_url).database)
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.connect() as connection:
        connection.execute(sa.text("SET session_replication_role = replica"))
        command.upgrade(config(connection), "0003")
        yield connection
    engine.dispose()


def fill(connection: sa.Connection, table: str, **given: object) -> UUID:
    """A row with the given values, and anything at all in the other columns that need a value."""
    columns = connection.execute(
        sa.text(
            "SELECT column_name, data_type FROM information_schema.columns WHERE table_name = :table "
            "AND is_nullable = 'NO' AND column_default IS NULL AND is_identity = 'NO'"
        ),
        {"table": table},
    )
    values = {name: _ANY[kind]() for name, kind in columns} | given
    names = ", ".join(values)
    connection.execute(
        sa.text(f"INSERT INTO {table} ({names}) VALUES ({', '.join(':' + name for name in values)})"), values
    )
    return values.get("id", uuid4())  # type: ignore[return-value]


def test_files_become_each_familys_own_and_payments_know_their_request(before: sa.Connection) -> None:
    one = fill(before, "requests", state="draft", reference="R-1")
    other = fill(before, "requests", state="draft", reference="R-2")
    sealed = world.first_layout(keyring.current(), LETTER, "files_blobs.content")
    fill(before, "files_blobs", sha256=SHA256, content=sealed, size=len(LETTER))
    fill(before, "files_blobs", sha256="0" * 64)  # no document needs it any more
    for request in (one, other):
        papers = {"docx_sha256": SHA256, "pdf_sha256": SHA256}
        fill(before, "documents", request_id=request, kind="refusal_letter", language="en", **papers)
    award = fill(before, "awards", request_id=other, state="awaiting_approval")
    instruction = fill(before, "instructions", award_id=award, rail="logged", state="recorded")
    payment = fill(
        before, "logged_payments", instruction_id=instruction, instrument="check", state="recorded"
    )
    before.commit()
    before.execute(sa.text("SET session_replication_role = origin"))
    command.upgrade(config(before), "0004")
    before.commit()
    kept = before.execute(sa.text("SELECT keeper, sha256 FROM files_blobs")).all()
    assert {(keeper, name) for keeper, name in kept} == {(one, SHA256), (other, SHA256)}
    assert before.execute(sa.text("SELECT id, request_id FROM logged_payments")).all() == [(payment, other)]
    with Session(before) as session:
        assert session.scalars(sa.select(DocumentRecord.request_id)).all() == [one, other]
        for request in (one, other):
            (sealed,) = session.scalars(
                sa.text("SELECT content FROM files_blobs WHERE keeper = :keeper"), {"keeper": request}
            )
            row = f"{request}/{SHA256}"
            about = {"keeper": request, "place": "files_blobs.content", "row": row}
            assert sealing.unseal(session, sealed=bytes(sealed), **about) == LETTER
