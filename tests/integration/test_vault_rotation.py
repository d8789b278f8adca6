"""Keys are rotated while the house works; nothing is lost; an old key leaves when nothing needs it."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from pydantic import SecretStr

from reunify.adapters.key_sources import FileKeys
from reunify.cli import keys
from reunify.cli.keys import FileThere, RotationRunning
from reunify.db import Database
from reunify.intake.records import RequestRecord, VersionRecord
from reunify.kernel.people import Staff
from reunify.payees.records import PayeeRecord
from reunify.settings import Settings
from reunify.vault import keepers, keyring, layout
from reunify.vault.keepers import Erased
from reunify.vault.keyring import KeyRing
from reunify.vault.records import FamilyKey
from reunify.vault.rotation import KeyInUse, KeyNotRetirable, sealed_columns
from tests.integration import vault_worker
from tests.integration import vault_world as world

ROOT = Path(__file__).parents[2]


@pytest.fixture
def source(tmp_path: Path) -> Iterator[FileKeys]:
    """The installation's key file, in use by this process."""
    before, file = keyring.current(), FileKeys(tmp_path / "keys.json")
    file.write_first(KeyRing.fresh().to_json())
    keyring.use(KeyRing.from_json(file.read()), file)
    yield file
    keyring.use(before)


@pytest.fixture
def settings(db: Database, owner_url: str, source: FileKeys, tmp_path: Path) -> Settings:
    return Settings(data=tmp_path, database_url=SecretStr(db.url), owner_database_url=SecretStr(owner_url))


@pytest.fixture
def ana(db: Database, source: FileKeys) -> Staff:
    return world.case_manager(db)


def rotate(settings: Settings, at_once: int = 500) -> list[str]:
    said: list[str] = []
    keys.rotate(settings, said.append, at_once=at_once)
    return said


def wrapped_with(db: Database) -> dict[int | None, int]:
    with db.read() as session:
        asked = sa.select(FamilyKey.ring_key, sa.func.count()).group_by(FamilyKey.ring_key)
        return {number: count for number, count in session.execute(asked)}


def on_the_ring(source: FileKeys) -> list[int]:
    return sorted(KeyRing.from_json(source.read()).keys)


def read_by(db: Database, source: FileKeys, family: UUID) -> object:
    """As a process that starts now would read it."""
    keyring.use(KeyRing.from_json(source.read()), source)
    with db.read() as session:
        return session.get_one(RequestRecord, family).draft


@pytest.mark.asvs("11.2.2")
def test_keys_are_rotated_beside_processes_that_read_and_write(
    db: Database, settings: Settings, source: FileKeys, ana: Staff, now: datetime
) -> None:
    first = [world.family(db, ana, now) for _ in range(15)]
    command = [sys.executable, "-m", "tests.integration.vault_worker", db.url, str(source.path), str(ana.id)]
    worker = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    stop = threading.Event()
    here: list[UUID] = []

    def work_here() -> None:
        while not stop.is_set():
            here.append(vault_worker.one_round(db, ana))

    thread = threading.Thread(target=work_here)
    try:
        assert worker.stdout is not None
        assert worker.stdout.readline() == "ready\n"
        thread.start()
        rotate(settings, at_once=5)
        said = rotate(settings, at_once=5)
        stop.set()
        thread.join(20)
        ended, _ = worker.communicate(timeout=30)
    finally:
        stop.set()
        worker.kill()
        worker.wait()
    assert worker.returncode == 0
    assert int(ended) > 1
    assert on_the_ring(source) == [1, 2, 3]
    assert sum("data keys wrapped anew" in line for line in said) > 2
    rotate_and_retire(settings, source)
    for family in first + here:
        assert read_by(db, source, family) == {"told": "Rosa's words"}
    with db.read() as session:
        assert len({row.legal_name for row in session.scalars(sa.select(PayeeRecord))}) == 1


def rotate_and_retire(settings: Settings, source: FileKeys) -> None:
    rotate(settings)
    for number in on_the_ring(source)[:-1]:
        assert f"Key {number} is off the ring" in keys.retire(settings, number)
    assert len(on_the_ring(source)) == 1


def test_a_rotation_stopped_half_way_goes_on_without_another_key(
    db: Database, settings: Settings, source: FileKeys, ana: Staff, now: datetime
) -> None:
    for _ in range(12):
        world.family(db, ana, now)

    class PowerCut(Exception):
        pass

    def cut(line: str) -> None:
        if line.startswith("5 of "):
            raise PowerCut

    with pytest.raises(PowerCut):
        keys.rotate(settings, cut, at_once=5)
    assert wrapped_with(db) == {1: 7, 2: 6}  # 12 families, and the house's own, made with the new key
    said = rotate(settings)
    assert said[0] == "Going on with an earlier rotation: 7 data keys are left."
    assert "7 of 7 data keys wrapped anew." in said
    assert wrapped_with(db) == {2: 13}
    assert on_the_ring(source) == [1, 2]


def test_a_process_that_has_not_heard_of_the_new_key_does_not_wrap_with_the_old_one(
    db: Database, settings: Settings, source: FileKeys, ana: Staff, now: datetime
) -> None:
    old = keyring.current()
    rotate(settings)
    keyring.use(old, source)
    family = world.family(db, ana, now)
    assert wrapped_with(db) == {2: 2}
    assert keyring.current().active == 2
    assert read_by(db, source, family) == {"told": "Rosa's words"}


def test_two_rotations_at_once_are_refused(db: Database, settings: Settings, source: FileKeys) -> None:
    with db.engine.connect() as other:
        other.execute(sa.text("SELECT pg_advisory_lock(7341904)"))
        with pytest.raises(RotationRunning):
            rotate(settings)
        with pytest.raises(RotationRunning):
            keys.retire(settings, 1)
        other.invalidate()
    assert on_the_ring(source) == [1]


def test_a_key_is_not_retired_while_anything_needs_it(
    db: Database, settings: Settings, source: FileKeys, ana: Staff, now: datetime
) -> None:
    world.family(db, ana, now)
    with pytest.raises(KeyNotRetirable, match="active"):
        keys.retire(settings, 1)
    with pytest.raises(KeyNotRetirable, match="not on the ring"):
        keys.retire(settings, 7)
    ring = KeyRing.from_json(source.read())
    source.write(ring.with_new_key().to_json())
    with pytest.raises(KeyInUse, match="still wraps 1 data keys"):
        keys.retire(settings, 1)
    rotate_and_retire(settings, source)


def test_what_was_sealed_before_families_had_keys_is_sealed_anew_where_rows_may_change(
    db: Database, settings: Settings, source: FileKeys, ana: Staff, now: datetime
) -> None:
    family, erased, ring = world.family(db, ana, now), world.family(db, ana, now), keyring.current()
    told = world.first_layout(ring, b'{"told":"long ago"}', "requests.draft")
    frozen = world.first_layout(ring, b'{"told":"long ago"}', "request_versions.content")
    with db.work() as session:
        session.execute(sa.update(RequestRecord).values({RequestRecord.draft.attribute: told}))
        keepers.destroy(session, keeper=erased, now=now)
        version = {VersionRecord.content.attribute: frozen, "content_hash": "x", "kind": "submission"}
        session.execute(
            sa.insert(VersionRecord).values(
                id=uuid4(), request_id=family, number=1, submitted_by=ana.id, submitted_at=now, **version
            )
        )
    assert "2 of 2 older values sealed anew." in rotate(settings)
    with db.read() as session:
        assert session.get_one(RequestRecord, family).draft == {"told": "long ago"}
        kept = session.get_one(RequestRecord, family)
        assert layout.version(RequestRecord.draft.bytes_of(kept) or b"") == layout.BOUND
        with pytest.raises(Erased):
            _ = session.get_one(RequestRecord, erased).draft
        assert session.scalars(sa.select(VersionRecord)).one().content == {"told": "long ago"}
    assert "  1 values of request_versions.content from before families had keys" in keys.status(settings)
    with pytest.raises(KeyInUse, match=r"request_versions\.content"):
        keys.retire(settings, 1)
    assert on_the_ring(source) == [1, 2]


def test_the_status_says_what_each_key_opens(
    db: Database, settings: Settings, source: FileKeys, ana: Staff, now: datetime
) -> None:
    family = world.family(db, ana, now)
    rotate(settings)
    with db.work() as session:
        keepers.destroy(session, keeper=family, now=now)
    assert list(keys.status(settings)) == [
        f"Keys from {source.path}; new data keys are wrapped with key 2.",
        "Key 1 (unused): wraps 0 data keys.",
        "Key 2 (active): wraps 1 data keys.",
        "Erased: 1 data keys.",
    ]
    source.write(KeyRing.from_json(source.read()).with_new_key().without(2).to_json())
    assert any("Key 2 (older): wraps 1 data keys. NOT ON THE RING" in line for line in keys.status(settings))


def test_a_ring_that_is_the_operators_is_moved_to_once_its_new_key_is_there(
    db: Database, settings: Settings, source: FileKeys, ana: Staff, now: datetime
) -> None:
    family, ring = world.family(db, ana, now), KeyRing.from_json(source.read())
    theirs = settings.model_copy(update={"keys": SecretStr(ring.to_json())})
    said = rotate(theirs)
    assert 'Put a new key beside the others: "2"' in said[0]
    assert wrapped_with(db) == {1: 2}
    newer = ring.with_new_key()
    theirs = settings.model_copy(update={"keys": SecretStr(newer.to_json())})
    assert "2 of 2 data keys wrapped anew." in rotate(theirs)
    assert wrapped_with(db) == {2: 2}
    assert "Remove it from REUNIFY_KEYS" in keys.retire(theirs, 1)
    assert on_the_ring(source) == [1]
    keyring.use(newer.without(1))
    with db.read() as session:
        assert session.get_one(RequestRecord, family).draft == {"told": "Rosa's words"}


def test_new_keys_never_replace_a_ring(tmp_path: Path) -> None:
    file = tmp_path / "ring" / "keys.json"
    assert str(file) in keys.new(file)
    made = file.read_text()
    with pytest.raises(FileThere, match="stays as it is"):
        keys.new(file)
    assert file.read_text() == made
    assert KeyRing.from_json(made).origin == "file"


def test_every_sealed_column_of_the_house_is_known_to_the_rotation() -> None:
    places = [column.place for _, column in sealed_columns()]
    assert len(places) == len(set(places))
    assert {"requests.draft", "files_blobs.content", "audit_entries.why", "persons.name"} <= set(places)
