"""A family is erased by destroying its key: at once, whole, and no other family with it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from reunify.adapters.embedded_postgres import Urls
from reunify.db import Database
from reunify.files import actions as files
from reunify.files import queries as kept_files
from reunify.intake.records import RequestRecord
from reunify.kernel.ids import RequestId
from reunify.kernel.people import Staff
from reunify.payees import queries as payees
from reunify.payees.records import PayeeRecord
from reunify.vault import keepers
from reunify.vault.keepers import HOUSE, Erased
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


def paid(db: Database, family: UUID, now: datetime, key: str = "mother") -> UUID:
    with db.work() as session:
        record = world.payee(family, now, key)
        session.add(record)
        session.flush()
        return record.id


@pytest.mark.asvs("14.2.7")
def test_a_destroyed_key_takes_everything_of_its_family_and_nothing_of_others(
    db: Database, ana: Staff, rosas: UUID, now: datetime
) -> None:
    mother, other = paid(db, rosas, now), world.family(db, ana, now)
    with db.work() as session:
        letter = files.put(session, content=b"a letter", media_type="text/plain", keeper=rosas, now=now)
    with db.work() as session:
        assert keepers.destroy(session, keeper=rosas, now=now)
        assert not keepers.destroy(session, keeper=rosas, now=now)
        with pytest.raises(Erased):
            _ = session.get_one(PayeeRecord, mother).legal_name
    with db.read() as session:
        assert keepers.erased_on(session, rosas) == now
        record = session.get_one(PayeeRecord, mother)
        with pytest.raises(
            Erased, match="This was erased on November 25, 2026, as the retention schedule says"
        ):
            _ = record.legal_name
        assert payees.newest(session, RequestId(rosas))["mother"].legal_name == "(erased)"
        assert not payees.newest(session, RequestId(rosas))["mother"].has_email
        with pytest.raises(Erased):
            _ = session.get_one(RequestRecord, rosas).draft
        with pytest.raises(Erased):
            kept_files.get(session, letter, rosas)
        assert session.get_one(RequestRecord, other).draft == {"told": "Rosa's words"}
        assert keepers.erased_on(session, other) is None


def test_nothing_is_written_for_a_family_that_was_erased(db: Database, rosas: UUID, now: datetime) -> None:
    never_had_one = uuid4()
    with db.work() as session:
        assert keepers.destroy(session, keeper=rosas, now=now)
        assert keepers.destroy(session, keeper=never_had_one, now=now)
    with pytest.raises(Erased), db.work() as session:
        session.add(world.payee(rosas, now))
    with pytest.raises(Erased), db.work() as session:
        files.put(session, content=b"late", media_type="text/plain", keeper=never_had_one, now=now)
    with pytest.raises(keepers.HouseKeepsItsKey), db.work() as session:
        keepers.destroy(session, keeper=HOUSE, now=now)


def test_a_key_destroyed_elsewhere_is_gone_in_the_next_transaction(
    db: Database, rosas: UUID, now: datetime
) -> None:
    another = Database(db.url)
    with db.read() as session:
        assert session.get_one(RequestRecord, rosas).draft
    with another.work() as session:
        session.execute(
            sa.text(
                "UPDATE family_keys SET wrapped = NULL, ring_key = NULL, destroyed_at = :now "
                "WHERE keeper = :rosas"
            ),
            {"now": now, "rosas": rosas},
        )
    another.dispose()
    with db.read() as session, pytest.raises(Erased):
        _ = session.get_one(RequestRecord, rosas).draft
