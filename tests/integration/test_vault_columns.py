"""Sealed columns: used like any other, open only in their own row, column and family, gone with their key."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import datetime
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from reunify.adapters.embedded_postgres import Urls
from reunify.db import Database
from reunify.files import actions as files
from reunify.files import queries as kept_files
from reunify.files.records import FileBlob
from reunify.identity.person_records import PersonRecord
from reunify.intake.records import RequestRecord
from reunify.kernel.people import Staff
from reunify.payees.records import PayeeRecord
from reunify.vault import keepers, keyring, layout, sealing
from reunify.vault.columns import NotSealed
from reunify.vault.keepers import HOUSE, Erased
from reunify.vault.layout import CannotUnseal
from reunify.vault.records import FamilyKey
from reunify.vault.sealing import KeeperChanged, ReadOutsideItsSession
from tests.integration import vault_world as world
from tests.lasting import lasting_database


@pytest.fixture(scope="module")
def db(server: Urls, administrator: sa.Engine, template: str) -> Iterator[Database]:
    """One for the whole module: each test brings families of its own."""
    with lasting_database(server, administrator, template) as db:
        yield db


@pytest.fixture(scope="module")
def ana(db: Database) -> Staff:
    return world.case_manager(db)


@pytest.fixture
def rosas(db: Database, ana: Staff, now: datetime) -> UUID:
    return world.family(db, ana, now)


def raw(db: Database, column: str, row: UUID, table: str = "payees") -> bytes:
    with db.read() as session:
        return bytes(session.scalar(sa.text(f"SELECT {column} FROM {table} WHERE id = :id"), {"id": row}))


def put(db: Database, column: str, row: UUID, value: bytes) -> None:
    """As somebody would who can write to the database, but has no key."""
    with db.work() as session:
        session.execute(
            sa.text(f"UPDATE payees SET {column} = :value WHERE id = :id"), {"value": value, "id": row}
        )


def paid(db: Database, family: UUID, now: datetime, key: str = "mother") -> UUID:
    with db.work() as session:
        record = world.payee(family, now, key)
        session.add(record)
        session.flush()
        return record.id


def test_a_sealed_attribute_is_set_read_and_changed_like_any_other(
    db: Database, rosas: UUID, now: datetime
) -> None:
    with db.work() as session:
        record = world.payee(rosas, now, email=None)
        assert (record.legal_name, record.email) == ("Rosa mother", None)
        session.add(record)
        session.flush()
        assert record.legal_name == "Rosa mother"
        row = record.id
    first = raw(db, "legal_name", row)
    assert layout.version(first) == layout.BOUND
    assert b"Rosa" not in first
    with db.work() as session:
        record = session.get_one(PayeeRecord, row)
        assert (record.legal_name, record.email) == ("Rosa mother", None)
        record.legal_name, record.email = "Rosa Delgado", "rosa@example.org"
        assert record.legal_name == "Rosa Delgado"
    with db.read() as session:
        record = session.get_one(PayeeRecord, row)
        assert (record.legal_name, record.email) == ("Rosa Delgado", "rosa@example.org")
    with db.work() as session:
        session.get_one(PayeeRecord, row).email = None
    with db.read() as session:
        assert session.get_one(PayeeRecord, row).email is None


@pytest.mark.asvs("11.3.3")
def test_a_ciphertext_pasted_into_another_row_column_or_family_does_not_open(
    db: Database, ana: Staff, rosas: UUID, now: datetime
) -> None:
    mother, aunt = paid(db, rosas, now), paid(db, rosas, now, "aunt")
    stranger = paid(db, world.family(db, ana, now), now)
    for column, target, source_column, source in (
        ("legal_name", mother, "legal_name", aunt),
        ("email", mother, "legal_name", mother),
        ("legal_name", stranger, "legal_name", mother),
    ):
        whole = raw(db, column, target)
        put(db, column, target, raw(db, source_column, source))
        with db.read() as session:
            record = session.get_one(PayeeRecord, target)
            with pytest.raises(
                CannotUnseal, match=rf"payees\.{column}: the sealed value was changed or moved"
            ):
                getattr(record, column)
        put(db, column, target, whole)
    with db.read() as session:
        assert session.get_one(PayeeRecord, mother).legal_name == "Rosa mother"


def test_a_row_moved_whole_to_another_family_does_not_open(
    db: Database, ana: Staff, rosas: UUID, now: datetime
) -> None:
    mother, other = paid(db, rosas, now), world.family(db, ana, now)
    with db.work() as session:
        session.execute(sa.update(PayeeRecord).where(PayeeRecord.id == mother).values(request_id=other))
    with db.read() as session, pytest.raises(CannotUnseal):
        _ = session.get_one(PayeeRecord, mother).legal_name
    with pytest.raises(KeeperChanged, match=r"payees\.legal_name"), db.work() as session:
        session.get_one(PayeeRecord, mother).request_id = rosas


def test_a_wrapped_key_pasted_into_another_family_does_not_open(
    db: Database, ana: Staff, rosas: UUID, now: datetime
) -> None:
    other = world.family(db, ana, now)
    with db.work() as session:
        session.execute(
            sa.text(
                "UPDATE family_keys SET wrapped = (SELECT wrapped FROM family_keys WHERE keeper = :mine) "
                "WHERE keeper = :other"
            ),
            {"mine": rosas, "other": other},
        )
    with db.read() as session, pytest.raises(CannotUnseal):
        _ = session.get_one(RequestRecord, other).draft


def test_the_keys_of_many_families_are_asked_for_once(db: Database, ana: Staff, now: datetime) -> None:
    families = [world.family(db, ana, now) for _ in range(4)]
    with world.statements(db) as heard, db.work() as session:
        session.add_all([world.payee(f, now, key) for f in families for key in ("mother", "aunt", "uncle")])
    assert len(world.about_keys(heard)) == 1
    with world.statements(db) as heard, db.read() as session:
        theirs = sa.select(PayeeRecord).where(PayeeRecord.request_id.in_(families))
        rows = session.scalars(theirs).all()
        told = {(row.legal_name, row.email) for row in rows}
        drafts = [session.get_one(RequestRecord, f).draft for f in families]
    assert len(told) == 3
    assert len(drafts) == 4
    assert len(world.about_keys(heard)) == 1


def test_a_new_family_costs_one_statement_for_its_key(db: Database, ana: Staff, now: datetime) -> None:
    with world.statements(db) as heard:
        world.family(db, ana, now)
    assert len(world.about_keys(heard)) == 1
    with world.statements(db) as heard, db.work() as session:
        session.add_all([PersonRecord(name=f"Child {n}", registered_at=now) for n in range(20)])
    assert len(world.about_keys(heard)) == 1


def test_nothing_unsealed_is_ever_written(db: Database, rosas: UUID, now: datetime) -> None:
    for value in (b"Rosa", "Rosa", b"", b"\x02"):
        with pytest.raises((NotSealed, sa.exc.StatementError)) as refused, db.work() as session:
            session.execute(
                sa.update(RequestRecord)
                .where(RequestRecord.id == rosas)
                .values({RequestRecord.draft.attribute: value})
            )
        assert "NotSealed" in repr(refused.value) or isinstance(refused.value, NotSealed)
        assert "Rosa" not in str(refused.value)


def test_a_sealed_value_is_not_opened_once_its_session_is_over(
    db: Database, rosas: UUID, now: datetime
) -> None:
    with db.read() as session:
        record = session.get_one(RequestRecord, rosas)
        session.expunge(record)
    with pytest.raises(ReadOutsideItsSession, match=r"requests\.draft"):
        _ = record.draft


def test_a_value_sealed_before_families_had_keys_opens_and_is_written_anew(
    db: Database, rosas: UUID, now: datetime
) -> None:
    mother = paid(db, rosas, now)
    put(db, "legal_name", mother, world.first_layout(keyring.current(), b"Rosa of old", "payees.legal_name"))
    with db.work() as session:
        record = session.get_one(PayeeRecord, mother)
        assert record.legal_name == "Rosa of old"
        record.country = "MX"
    assert layout.version(raw(db, "legal_name", mother)) == layout.FIRST
    with db.work() as session:
        session.get_one(PayeeRecord, mother).legal_name = "Rosa"
    assert layout.version(raw(db, "legal_name", mother)) == layout.BOUND
    put(db, "email", mother, world.first_layout(keyring.current(), b"old@example.org", "payees.email"))
    with db.work() as session:
        assert session.get_one(PayeeRecord, mother).email == "old@example.org"
        keepers.destroy(session, keeper=rosas, now=now)
    with db.read() as session, pytest.raises(Erased):
        _ = session.get_one(PayeeRecord, mother).email


def test_a_value_of_the_first_layout_opens_in_its_own_column_only(
    db: Database, rosas: UUID, now: datetime
) -> None:
    mother = paid(db, rosas, now)
    put(db, "email", mother, world.first_layout(keyring.current(), b"x", "payees.legal_name"))
    with db.read() as session, pytest.raises(CannotUnseal, match=r"payees\.email"):
        _ = session.get_one(PayeeRecord, mother).email


def test_a_key_made_in_a_transaction_that_failed_is_made_again(db: Database, now: datetime) -> None:
    keeper = uuid4()

    def letter(content: bytes) -> None:
        files.put(session, content=content, media_type="text/plain", keeper=keeper, now=now)

    with db.work() as session:
        undone = session.begin_nested()
        letter(b"one")
        undone.rollback()
        letter(b"two")
    with db.read() as session:
        (sha256,) = session.scalars(sa.select(FileBlob.sha256).where(FileBlob.keeper == keeper)).all()
        assert kept_files.get(session, sha256, keeper).content == b"two"


def test_two_transactions_that_need_a_familys_first_key_share_it(db: Database, now: datetime) -> None:
    keeper, both = uuid4(), threading.Barrier(2)
    kept: list[str] = []

    def write(content: bytes) -> None:
        with db.work() as session:
            both.wait(10)
            kept.append(files.put(session, content=content, media_type="a/b", keeper=keeper, now=now))

    threads = [threading.Thread(target=write, args=(content,)) for content in (b"one", b"two")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    with db.read() as session:
        assert {kept_files.get(session, sha256, keeper).content for sha256 in kept} == {b"one", b"two"}
        asked = sa.select(sa.func.count()).where(FamilyKey.keeper == keeper)
        assert session.scalar(asked) == 1


def test_the_house_keeps_what_belongs_to_no_family(db: Database, now: datetime) -> None:
    with db.work() as session:
        sealed = sealing.seal(session, keeper=HOUSE, place="t.c", row="1", plain=b"a secret")
    with db.read() as session:
        assert sealing.unseal(session, keeper=HOUSE, place="t.c", row="1", sealed=sealed) == b"a secret"
        with pytest.raises(CannotUnseal, match="no key was ever made"):
            sealing.unseal(session, keeper=uuid4(), place="t.c", row="1", sealed=sealed)
